"""The pages of a rare event, a posterior and an integral in a real headless Chromium: silent, asking for nothing, read at every width and in both schemes."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from scipy import stats

import upweight as uw
from upweight.report import write_integral, write_posterior, write_rare

pytestmark = pytest.mark.browser
NAMES = ("rare", "refused", "hostile", "posterior", "integral")
ATTACK = '</style><script>alert(1)</script>"><img src=x onerror=alert(2)>' + "W" * 2000


def document(found):
    """A result as a file would give it back."""
    return json.loads(json.dumps(found.to_dict()))


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A folder with these pages: answered, refused, with an attack for every text, and of the two other answers."""
    pytest.importorskip("vegas")
    folder = tmp_path_factory.mktemp("simulation")
    mc = uw.montecarlo
    beam = {"R": stats.norm(4, 1), "S": stats.norm(2, 0.5)}
    rare = document(mc.rare(lambda x: x["R"] - x["S"], beam, rng=0))
    hostile = rare | {"function": ATTACK, "note": ATTACK, "screen": [ATTACK, *rare["screen"]], "why": ATTACK}
    hostile["inputs"] = [row | {"name": ATTACK} for row in rare["inputs"]]
    hostile["cloud"] = rare["cloud"] | {"labels": [ATTACK, ATTACK]}
    write_rare(rare, folder / "rare.html")
    write_rare(document(mc.rare(lambda x: np.ones(len(x)), 2, rng=0)), folder / "refused.html")
    write_rare(hostile, folder / "hostile.html")
    post = mc.evidence(lambda x: stats.binom(20, x["p"]).logpmf(7), {"p": stats.beta(2, 5)}, rng=0)
    write_posterior(document(post), folder / "posterior.html")
    two = mc.integrate(lambda x: np.exp(x), [(0, 1)] * 2, budget=1300, rng=0)
    write_integral(document(two), folder / "integral.html")
    return type("Site", (), {"folder": folder})


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_silent_and_never_scrolls_sideways(visit, name):
    """`visit` fails if anything is said, shown or asked for."""
    page = visit(name)
    for width in (1280, 768, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", NAMES)
def test_headings_go_down_one_step_at_a_time_and_pictures_have_names(visit, name):
    page = visit(name)
    levels = page.evaluate("Array.from(document.querySelectorAll('h1,h2,h3,h4')).map(h => Number(h.tagName[1]))")
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels)), levels
    for picture in page.get_by_role("img").all():
        assert picture.get_attribute("aria-label") or picture.locator("title").first.text_content()


@pytest.mark.parametrize("name", NAMES)
def test_every_link_of_the_head_leads_somewhere(visit, name):
    page = visit(name)
    links = [link.get_attribute("href") for link in page.locator("nav a, a.skip").all()]
    assert len(links) >= 4
    assert all(page.locator(link).count() == 1 for link in links)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_drawn_lies_inside_its_picture(visit, name, scheme):
    page = visit(name, scheme=scheme)
    outside = page.evaluate(
        """() => Array.from(document.querySelectorAll('svg.plot')).flatMap(svg => {
             const box = svg.getBoundingClientRect();
             return Array.from(svg.querySelectorAll('circle, rect, path, line, text')).map(e => e.getBoundingClientRect())
               .filter(r => r.left < box.left - 8 || r.right > box.right + 8 || r.top < box.top - 8 || r.bottom > box.bottom + 8)
               .map(r => [r.left, r.top, r.right, r.bottom]);
           })"""
    )
    assert outside == []


def test_the_answer_is_the_first_thing_read(visit):
    assert "converged: P(g <= 0)" in visit("rare").locator("h1").inner_text()
    assert "is not known" in visit("refused").locator("h1").inner_text()
    assert "Log evidence" in visit("posterior").locator("h1").inner_text()
    assert "Integral 0" in visit("integral").locator("h1").inner_text()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_drawn_can_be_seen(visit, name):
    """Intervals of a rare event were lines without a stroke."""
    unseen = visit(name).evaluate(
        """() => Array.from(document.querySelectorAll('svg circle, svg rect, svg path, svg line')).filter(e => {
             const s = getComputedStyle(e);
             const stroke = s.stroke !== 'none' && parseFloat(s.strokeWidth) > 0;
             return !(stroke || (e.tagName !== 'line' && s.fill !== 'none'));
           }).map(e => e.outerHTML)"""
    )
    assert unseen == []
