"""Each page of the built site as a reader has it: on a phone and a desk, light and dark, by key and by ear."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
SITE = Path(os.environ.get("UPWEIGHT_SITE", ".")).resolve()
NOT_OURS = ("digits.html", "genindex.html", "py-modindex.html", "webpack-macros.html")  # the first is tests/report's
PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html") if path.name not in NOT_OURS)
CONTRAST = (Path(__file__).parents[1] / "report" / "contrast.js").read_text()
LEVELS = "Array.from(document.querySelectorAll('h1,h2,h3,h4,h5,h6')).filter(h => h.getClientRects().length && h.closest('article')).map(h => Number(h.tagName[1]))"
WIDE = "document.documentElement.scrollWidth"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_headings_go_down_by_one_and_it_is_read_easily(visit, name):
    page = visit(name, width=390)
    page.wait_for_load_state()
    assert page.evaluate(WIDE) <= 390
    levels = page.evaluate(LEVELS)
    assert name == "search.html" or (levels[:1] == [1] and levels.count(1) == 1)
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels)), levels
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.evaluate(WIDE) <= 1280
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        found = page.evaluate(CONTRAST)
        assert found["seen"] > 10
        assert [b for b in found["bad"] if float(b[3]) < 4.5] == [], scheme


def test_light_and_dark_follow_the_reader_and_then_the_choice(visit):
    ground = "getComputedStyle(document.body).backgroundColor"
    light, dark = visit("index.html", scheme="light"), visit("index.html", scheme="dark")
    white, black = light.evaluate(ground), dark.evaluate(ground)
    assert white != black
    light.locator(".theme-switch-container button:visible, button.theme-switch-button:visible").first.click()
    choices = light.locator("[data-bs-theme-value=dark], .dropdown-item:has-text('Dark')")
    if choices.count():
        choices.first.click()
    light.wait_for_timeout(300)
    assert light.evaluate("document.documentElement.dataset.theme") in ("light", "dark")


def test_the_first_key_offers_to_skip_to_the_text(visit):
    page = visit("compare.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main-content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main-content"


def test_all_that_can_be_done_can_be_reached_by_key_and_seen(visit):
    page = visit("shift.html")
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e); return [e.tagName, e.textContent.trim(), e.getAttribute('aria-label') || '', s.outlineStyle, s.boxShadow]; }"
        )
        reached.append(style)
        if style[0] in ("A", "BUTTON") and style[1]:
            assert style[3] != "none" or style[4] != "none", style
    words = " ".join(f"{s[1]} {s[2]}" for s in reached)
    for needed in ("Guide", "Gallery", "Reference", "Truth"):
        assert needed in words


def test_what_scrolls_sideways_can_be_scrolled_by_key(visit):
    page = visit("compare.html", width=390)
    stuck = """() => Array.from(document.querySelectorAll('article *')).filter(e => {
        const s = getComputedStyle(e);
        return ['auto', 'scroll'].includes(s.overflowX) && e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0 && !e.querySelector('a, button');
      }).map(e => e.tagName + '.' + e.className)"""
    page.wait_for_timeout(500)
    assert page.evaluate(stuck) == []


def test_search_works_without_a_server(visit):
    page = visit("search.html")
    page.goto(page.url + "?q=propensity")
    page.wait_for_selector("ul.search li a", timeout=15_000)
    assert page.locator("ul.search li").count() >= 2


def test_the_report_on_the_home_page_is_alive(visit):
    page = visit("index.html")
    frame = page.frame_locator("iframe.report")
    page.locator("iframe.report").scroll_into_view_if_needed()
    frame.locator("#threshold").wait_for(timeout=15_000)
    before = frame.locator("#threshold").input_value()
    frame.locator("#threshold").press("ArrowRight")
    assert frame.locator("#threshold").input_value() != before
