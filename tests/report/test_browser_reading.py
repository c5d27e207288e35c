"""Reading the page in a real headless Chromium: light and dark, wide and narrow, by ear, by key and on paper."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path

import pytest

from upweight.report import write

pytestmark = pytest.mark.browser
PAGES = ("digits", "thirty", "two", "three", "odd", "hostile")


def test_column_heads_sort_and_missing_figures_stay_last(visit, site):
    page, facts = visit("odd"), site.facts["odd"]
    names = lambda: page.locator(".methods tbody th .name").all_inner_texts()
    head = page.get_by_role("columnheader", name="AP", exact=False).nth(0)
    known = [row for row in facts["rows"] if row["ap"] is not None]
    blank = [row["name"] for row in facts["rows"] if row["ap"] is None]
    for direction, sign in (("descending", -1), ("ascending", 1)):
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == direction
        assert names() == [r["name"] for r in sorted(known, key=lambda r: sign * r["ap"])] + blank
    page.get_by_role("button", name="Method", exact=True).click()
    assert names() == sorted(names(), key=str.lower)
    assert page.locator("th[aria-sort]").count() == 1


def test_what_has_the_focus_can_be_seen(visit):
    page = visit("digits")
    for selector in ("#threshold", "#cheapest", "#method", ".methods button.sort", "summary", ".skip", ".scroll"):
        page.locator(selector).first.focus()
        page.keyboard.press("Shift")
        style = page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]; }"
        )
        assert style[0] != "none", selector
        assert style[1] != "0px", selector


@pytest.mark.parametrize("name", PAGES)
def test_every_control_picture_and_region_has_a_name(visit, name):
    page = visit(name)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    roles = {}
    for node in tree:
        if not node.get("ignored"):
            roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", "").strip())
    for role in (
        *("button", "link", "slider", "spinbutton", "combobox", "radio", "textbox", "image", "region"),
        *("table", "navigation", "group", "heading", "columnheader", "rowheader"),
    ):
        for label in roles.get(role, ()):
            assert label or role == "group", (role, roles[role])
    assert len(roles.get("heading", ())) >= 5
    if name == "digits":
        assert roles["slider"] == ["Threshold"]
        assert len(roles["status"]) == 1
        assert {"15 methods compared", "Every figure of the document, one method a row"} <= set(roles["region"])
        assert sorted(roles["spinbutton"]) == ["A false alarm costs", "A miss costs"]
        assert len([b for b in roles["button"] if b in {"Method", "AP", "O/E raw", "Alerts"}]) == 4
        assert "Precision against recall, 15 methods" in roles["image"]


def test_headings_go_down_one_step_at_a_time(visit):
    for name in PAGES:
        levels = visit(name).evaluate(
            "Array.from(document.querySelectorAll('h1,h2,h3,h4,h5,h6')).map(h => Number(h.tagName[1]))"
        )
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(b - a <= 1 for a, b in itertools.pairwise(levels)), levels


CONTRAST = (Path(__file__).parent / "contrast.js").read_text()  # tests/site asks the same


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["digits", "odd", "three"])
def test_text_is_read_easily_in_both_schemes(visit, name, scheme):
    page = visit(name, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    if name == "odd":
        page.locator("#miss").fill("-1")
        page.locator(".methods button.sort").nth(2).click()
    found = page.evaluate(CONTRAST)
    assert found["seen"] > 150
    assert found["bad"] == []


@pytest.mark.parametrize("grade", ["good", "usable", "unreliable", "unusable"])
def test_every_grade_is_read_easily_in_both_schemes(visit, site, grade):
    write(
        site.facts["two"] | {"verdict": site.facts["two"]["verdict"] | {"grade": grade}}, site.folder / f"{grade}.html"
    )
    for scheme in ("light", "dark"):
        assert visit(grade, scheme=scheme).evaluate(CONTRAST)["bad"] == []


def test_light_and_dark_follow_the_reader_and_then_the_choice(visit):
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light, dark = visit("two", scheme="light"), visit("two", scheme="dark")
    white, black = light.evaluate(ground), dark.evaluate(ground)
    assert white != black
    light.locator("input[value=dark]").check()
    dark.locator("input[value=light]").check()
    assert light.evaluate(ground) == black
    assert dark.evaluate(ground) == white
    assert light.evaluate(CONTRAST)["bad"] == []
    assert dark.evaluate(CONTRAST)["bad"] == []
    dark.locator("input[value=auto]").check()
    assert dark.evaluate(ground) == black


@pytest.mark.parametrize("name", PAGES)
def test_the_page_never_scrolls_sideways(visit, name):
    page = visit(name)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    for width in (1280, 768, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_wide_table_scrolls_in_its_own_box_by_key(visit):
    page = visit("digits", width=390)
    inside = page.locator(".scroll").first
    assert inside.evaluate("e => e.scrollWidth > e.clientWidth")
    inside.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)
    assert inside.evaluate("e => e.scrollLeft") > 0


def test_fingers_find_what_they_touch(visit):
    page = visit("digits", width=390)
    for selector in ("#method", "#false-alarm", "#miss", "#cheapest", "#home", "#threshold"):
        assert page.locator(selector).bounding_box()["height"] >= 24, selector


def test_paper_is_light_and_unfolded_and_without_controls(visit):
    page = visit("digits", scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".glossary").is_visible()  # by the script, for browsers that do not unfold by style
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator(".glossary").is_hidden()
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(251, 251, 252)"
    assert page.locator(".controls").is_hidden()
    assert page.locator(".theme").is_hidden()
    assert page.locator(".glossary").is_visible()
    assert page.locator("#pr").is_visible()
    assert page.evaluate(CONTRAST)["bad"] == []
    page.emulate_media(media="screen")
    assert page.locator(".glossary").is_hidden()


def test_the_link_to_the_words_opens_them(visit):
    for by_script in (False, True):  # Chromium unfolds the target of a link by itself; other browsers need the script
        page = visit("digits")
        if by_script:
            page.evaluate("addEventListener('click', (event) => event.preventDefault(), true)")
        page.get_by_role("link", name="What the words mean").click()
        assert page.locator(".glossary").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_lines_of_the_table_run_through_from_the_names_to_the_last_column(visit, width):
    page = visit("digits", width=width)  # a sticky cell stands on whole pixels: rows of 31.4 would lose their lines
    heights = page.locator(".methods tr").evaluate_all("rows => rows.map(r => r.getBoundingClientRect().height)")
    assert len(heights) == 16
    assert [h for h in heights if abs(h - round(h)) > 0.01] == []


PASTED = """text => new Promise((done) => {
  document.addEventListener('copy', (event) => done(event.clipboardData.getData('text/plain')), { once: true });
  if (text) { const s = getSelection(); s.removeAllRanges(); s.selectAllChildren(document.querySelector(text)); document.execCommand('copy'); }
  else document.querySelector('#copy').click();
})"""


def test_the_table_comes_into_a_spreadsheet_as_numbers(visit, site):
    page, facts = visit("odd"), site.facts["odd"]
    for source in (None, "table.methods"):
        lines = [line.split("\t") for line in page.evaluate(PASTED, source).split("\n")]
        assert len(lines) == 1 + len(facts["rows"])
        assert len({len(line) for line in lines}) == 1
        assert lines[0][:6] == [
            "Method",
            "Status (undone by formula?)",
            "AP (ranking)",
            "AP against threshold",
            "low",
            "high",
        ]
        place = lines[0].index("Recall (found)")
        for line, row in zip(lines[1:], facts["rows"], strict=True):
            assert line[0] == row["name"]
            got = [line[2], *line[3:6], line[place]]
            want = [row["ap"], *(row[k] for k in ("ap_diff", "ap_low", "ap_high")), row["recall"]]
            assert got == ["" if value is None else repr(value) for value in want]
    assert page.locator("#copied").inner_text() == "Copied."


def test_copied_figures_are_plain_and_copied_text_is_no_formula(visit, site):
    page = visit("digits")
    page.locator("#methods summary").click()
    lines = [line.split("\t") for line in page.evaluate(PASTED, "table.every").split("\n")]
    diff = [line[lines[0].index("ap_diff")] for line in lines[1:]]
    assert [float(v) for v in diff] == pytest.approx([r["ap_diff"] for r in site.facts["digits"]["rows"]], rel=1e-4)
    facts = copy.deepcopy(site.facts["two"])
    facts["data"]["preprocessing"] = [
        {"column": "=cmd|' /C calc'!A0", "kind": "numeric", "missing": 1204, "note": "-1+x"}
    ]
    write(facts, site.folder / "formula.html")
    page = visit("formula")
    page.locator("#data summary").click()
    pasted = page.evaluate(PASTED, "#data details table").split("\n")
    assert pasted[-1].split("\t") == ["'=cmd|' /C calc'!A0", "numeric", "1204", "'-1+x"]


def test_a_copied_word_stays_a_word(visit):
    page = visit("digits")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.lead'))")
    assert page.evaluate("""() => { let left = null; document.addEventListener('copy', (e) => { left = !e.defaultPrevented; }, { once: true });
        document.execCommand('copy'); return left; }""")


def test_no_status_word_is_broken_on_screen_or_paper(visit, site):
    facts = copy.deepcopy(site.facts["odd"])  # with a cost and a long label: the widest table
    facts["rows"][5]["label"] = "SMOTE with five neighbours, then an ensemble of boosted trees of depth three"
    write(facts, site.folder / "wide.html")
    page = visit("wide")
    lines = """() => Array.from(document.querySelectorAll('.methods tbody td:nth-child(2)')).map((cell) => {
        const range = document.createRange(); range.selectNodeContents(cell);
        return [cell.textContent, new Set(Array.from(range.getClientRects()).map((r) => r.top)).size]; })"""
    for media, width in (("screen", 1280), ("screen", 390), ("print", 1032)):  # A4 landscape within its margins
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media=media)
        found = page.evaluate(lines)
        assert ["approximate", 1] in found
        assert [word for word, n in found if n != 1] == [], (media, width)
