"""The threshold bench in a real headless Chromium: every number it shows is the one the document gives."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


class Expected:
    """What the bench has to show, straight from the document."""

    def __init__(self, facts, name):
        self.share = facts["data"]["prevalence"]
        self.curve = facts["curves"][name]["operating"]

    def counts(self, step):
        tp, fp = self.curve["true_positives"][step], self.curve["false_positives"][step]
        missed = 1000 * self.share - tp
        return {"caught": tp, "missed": missed, "false": fp, "alerts": tp + fp}

    def cost(self, step, alarm, miss):
        now = self.counts(step)
        return alarm * now["false"] + miss * now["missed"]

    def cheapest(self, alarm, miss):
        return min(range(len(self.curve["threshold"])), key=lambda step: self.cost(step, alarm, miss))


def shown(page, key):
    return float(page.locator(f"#{key}").inner_text().replace(",", "").replace("%", "").strip())


def step_of(page):
    return int(page.locator("#threshold").input_value())


def assert_bench_shows(page, expected, alarm, miss):
    step = step_of(page)
    for key, value in expected.counts(step).items():
        assert shown(page, key) == pytest.approx(value, abs=0.0501), key
    now = expected.counts(step)
    assert shown(page, "recall") == pytest.approx(100 * now["caught"] / (1000 * expected.share), abs=0.0501)
    assert shown(page, "precision") == pytest.approx(100 * now["caught"] / now["alerts"], abs=0.0501)
    assert shown(page, "cost") == pytest.approx(expected.cost(step, alarm, miss), abs=0.0501)
    assert float(page.locator("#threshold-shown").inner_text()) == pytest.approx(
        expected.curve["threshold"][step], rel=6e-3
    )


def marker_at(page):
    return page.evaluate(
        "() => document.getElementById('marker').getAttribute('transform').match(/[0-9.]+/g).slice(0, 2).map(Number)"
    )


def test_the_slider_moves_the_counts_to_those_of_the_document(visit, site):
    page, facts = visit("two"), site.facts["two"]
    expected = Expected(facts, "threshold")
    assert_bench_shows(page, expected, 1, 20)
    assert step_of(page) == min(
        range(len(expected.curve["threshold"])), key=lambda i: abs(expected.curve["threshold"][i] - 1 / 21)
    )
    for step in (0, 17, 100, 163, len(expected.curve["threshold"]) - 1):
        page.locator("#threshold").fill(str(step))
        assert step_of(page) == step
        assert_bench_shows(page, expected, 1, 20)


def test_the_marker_moves_along_the_curve(visit, site):
    page = visit("digits")
    expected = Expected(site.facts["digits"], "threshold")
    for step in (40, 120, 190):
        page.locator("#threshold").fill(str(step))
        now = expected.counts(step)
        left, top, right, bottom = page.evaluate("JSON.parse(document.getElementById('facts').textContent).area")
        x = left + (right - left) * now["caught"] / (1000 * expected.share)
        y = bottom - (bottom - top) * now["caught"] / now["alerts"]
        assert marker_at(page) == pytest.approx([x, y], abs=0.06)


def test_another_method_brings_its_own_counts_curve_and_probabilities(visit, site):
    page, facts = visit("digits"), site.facts["digits"]
    for name in ("nearmiss1", "smote", "none"):
        page.locator("#method").select_option(label=name)
        index = str([row["name"] for row in facts["rows"]].index(name))
        assert_bench_shows(page, Expected(facts, name), 1, float(page.locator("#miss").input_value()))
        assert page.locator("#pr .picked").get_attribute("data-row") == index
        assert page.locator("#method-below").input_value() == index
        assert page.locator("#calibration .bins:visible").get_attribute("data-row") == index
        assert page.locator(".panel:visible").get_attribute("data-row") == index
        assert set(page.locator(".picked-name").all_inner_texts()) == {name}
    page.locator("#method-below").select_option(label="tomek")
    assert_bench_shows(page, Expected(facts, "tomek"), 1, float(page.locator("#miss").input_value()))


def test_the_cheapest_threshold_follows_the_prices(visit, site):
    page = visit("digits")
    expected, found = Expected(site.facts["digits"], "threshold"), []
    for alarm, miss in ((1, 1), (1, 5), (1, 50), (10, 3), (0.5, 0)):
        page.locator("#false-alarm").fill(str(alarm))
        page.locator("#miss").fill(str(miss))
        page.locator("#cheapest").click()
        assert step_of(page) == expected.cheapest(alarm, miss)
        assert_bench_shows(page, expected, alarm, miss)
        found.append(step_of(page))
    assert len(set(found)) >= 4
    page.locator("#home").click()
    assert step_of(page) != found[-1]


def test_a_price_that_is_none_is_told_and_no_cost_is_shown(visit):
    page = visit("digits")
    for bad in ("-1", ""):
        page.locator("#miss").fill(bad)
        assert page.locator("#miss").get_attribute("aria-invalid") == "true"
        assert page.locator("#price-error").inner_text() == "A cost must be a number, 0 or more."
        assert page.locator("#cost").inner_text() == "–"
        assert page.locator("#cheapest").is_disabled()
    page.locator("#miss").fill("4")
    assert page.locator("#price-error").inner_text() == ""
    assert page.locator("#cheapest").is_enabled()


def test_a_thousand_shapes_follow_the_slider(visit, site):
    page, expected = visit("digits"), Expected(site.facts["digits"], "threshold")
    count = "kind => (document.getElementById('icons-' + kind).getAttribute('d').match(/M/g) || []).length"
    for step in (0, 60, 150, 200):
        page.locator("#threshold").fill(str(step))
        number = {kind: page.evaluate(count, kind) for kind in ("caught", "missed", "false", "quiet")}
        assert sum(number.values()) == 1000
        assert all(abs(number[k] - expected.counts(step)[k]) <= 1 for k in ("caught", "missed", "false"))


def test_the_change_is_told_once_and_politely(visit):
    page = visit("digits")
    voice = page.locator("[role=status]")
    assert voice.get_attribute("aria-live") == "polite"
    page.locator("#threshold").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(700)
    at, number = page.locator("#threshold-shown").inner_text(), lambda key: page.locator(f"#{key}").inner_text()
    meaning = f"{at}: {number('alerts')} alerts per 1,000 rows, {number('recall')} of the positives found"
    assert page.locator("#threshold").get_attribute("aria-valuetext") == meaning
    rest = (
        f"{number('caught')} positives found, {number('missed')} missed, {number('false')} false alarms per 1,000 rows"
    )
    assert voice.inner_text() == f"{rest}, cost {number('cost')}."  # what the slider itself has not said
    page.locator("#home").click()
    page.wait_for_timeout(700)
    at = page.locator("#threshold-shown").inner_text()
    assert voice.inner_text().startswith(f"Threshold {at}. {number('alerts')} alerts, {number('caught')} positives")


def focus_order(page, most=120):
    """What the Tab key reaches, in order, as `tag#id.class text`."""
    describe = """() => { const e = document.activeElement;
        return e === document.body ? '' : `${e.tagName.toLowerCase()}#${e.id}.${e.className} ${e.textContent.trim().slice(0, 30)}`; }"""
    found = []
    for _ in range(most):
        page.keyboard.press("Tab")
        now = page.evaluate(describe)
        if not now or (found and now == found[0]):
            break
        found.append(now)
    return found


def test_the_keyboard_alone_reaches_and_works_everything(visit, site):
    page = visit("digits")
    order = focus_order(page)
    assert order[0].startswith("a#.skip")
    wanted = [
        "input",
        "button#.sort Method",
        "button#.sort AP",
        "select#method",
        "input#false-alarm",
        "input#miss",
        "input#threshold",
    ]
    wanted += ["button#cheapest", "button#home", "select#method-below", "summary", "pre"]
    places = [next((i for i, now in enumerate(order) if now.startswith(part)), None) for part in wanted]
    assert None not in places, dict(zip(wanted, places, strict=True))
    assert sum(now.startswith("div#.scroll") for now in order) >= 2
    assert len(order) == len(set(order)) or sum(now.startswith("input#.") for now in order) <= 1

    expected = Expected(site.facts["digits"], "threshold")
    miss = float(page.locator("#miss").input_value())
    page.locator("#threshold").focus()
    for key, move in (("Home", None), ("ArrowRight", 1), ("ArrowUp", 1), ("ArrowLeft", -1), ("End", None)):
        before = step_of(page)
        page.keyboard.press(key)
        assert step_of(page) == {"Home": 0, "End": len(expected.curve["threshold"]) - 1}.get(key, before + (move or 0))
        assert_bench_shows(page, expected, 1, miss)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert step_of(page) == expected.cheapest(1, miss)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert_bench_shows(page, expected, 1, miss)

    page.locator(".methods button.sort").nth(2).focus()
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort=descending]").count() == 1
    page.locator("#words summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("#words details").get_attribute("open") is not None
    page.locator("input[name=theme][value=auto]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_without_javascript_the_whole_page_is_there(visit, site):
    page = visit("digits", script=False)
    assert page.locator(".controls").is_hidden()
    assert page.locator(".theme").is_hidden()
    assert page.locator("button:visible").count() == 0
    assert page.locator(".static").is_visible()
    expected = Expected(site.facts["digits"], "threshold")
    steps = expected.curve["threshold"]
    step = min(range(len(steps)), key=lambda i: abs(steps[i] - expected.share))
    for key, value in expected.counts(step).items():
        assert shown(page, key) == pytest.approx(value, abs=0.0501)
    for selector in ("#pr", "#calibration", ".lead", ".methods", ".people svg"):
        assert page.locator(selector).is_visible(), selector
    assert page.locator(".multiples li").count() == 15
    page.locator("#words summary").click()
    assert page.locator(".glossary").is_visible()
