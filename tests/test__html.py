"""Pieces for notebooks: escaped, colourless, without a script, and they hold the figures."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import upweight as uw
from upweight._html import block, shown

HOSTILE = "<script>alert(1)</script> & \"x\" 'y' $a$ \u202egnp"
VOID: set[str] = set()


class Tree(HTMLParser):
    """Checks that every element is closed in order, and collects tags, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.cells.append(data)


def weights(n=400):
    return uw.Weights.of(np.random.default_rng(0).uniform(0.5, 2, n), kind="importance")


def hostile_balance():
    rng = np.random.default_rng(0)
    source, target = (
        pd.DataFrame({HOSTILE: rng.normal(size=30), "c": rng.choice([HOSTILE, "b"], 30)}) for _ in range(2)
    )
    return uw.balance(source, target, weights=weights(30))


def hostile_resample():
    from upweight.imbalance import RandomUnder

    return RandomUnder(rng=0).resample(np.zeros((30, 1)), np.repeat([HOSTILE, "b"], [10, 20]))


def small_comparison():
    from sklearn.datasets import load_digits

    from upweight.imbalance import RandomUnder, compare

    X, digit = load_digits(return_X_y=True)
    return compare(X[:400, 10:30], digit[:400] == 8, methods={HOSTILE: RandomUnder()}, cv="3x1", rng=0)


OBJECTS = {
    "verdict": lambda: weights().check(),
    "verdict with segments": lambda: uw.Weights.of(weights().values * 3, exact=True).check(
        by=np.repeat([HOSTILE, "b"], 200)
    ),
    "verdict zero": lambda: uw.Weights.of([0.0]).check(),
    "balance": hostile_balance,
    "estimate": lambda: weights().mean(np.arange(400.0)),
    "estimates": lambda: weights().mean(np.arange(800.0).reshape(400, 2)),
    "estimate unbounded": lambda: uw.Weights.of([0.0, 2.0]).mean([3.0, 4.0]),
    "resample": hostile_resample,
    "comparison": small_comparison,
}


@pytest.mark.parametrize("name", OBJECTS)
def test_nothing_runs_is_fetched_or_coloured(name):
    html = OBJECTS[name]()._repr_html_()
    tree = Tree(html)
    assert tree.tags <= {"div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td"}
    assert tree.attributes <= {"style", "class"}
    styles = " ".join(re.findall(r'style="([^"]*)"', html))
    assert not re.search(r"#|rgb|url|background|(?<!-)\bcolor\s*:", styles)
    assert "<script" not in html
    assert "\u202e" not in html


@pytest.mark.parametrize("name", ["balance", "resample", "verdict with segments", "comparison"])
def test_hostile_names_are_shown_as_text(name):
    text = " ".join(Tree(OBJECTS[name]()._repr_html_()).cells)
    start = "<script>alert(1)</script> & \"x\" 'y' $a$ "
    assert (
        start + "[U+202E]gnp" in text or start + r"\u202egnp" in text
    )  # spelled out here, or by what the sentence says


def test_a_verdict_shows_every_line_of_its_screen():
    v = weights().check()
    text = " ".join(Tree(v._repr_html_()).cells)
    assert " ".join(str(v).split()) == " ".join(text.split())


def test_a_balance_table_shows_every_cell():
    b = hostile_balance()
    cells = Tree(b._repr_html_()).cells
    assert all(f"{x:+.3f}" in cells for x in (*b.smd_before, *b.smd_after))


def test_an_estimate_shows_value_interval_and_tail():
    e = weights().mean(np.arange(400.0))
    cells = Tree(e._repr_html_()).cells
    low, high = e.interval()
    assert f"{low:.4g} to {high:.4g}" in cells
    assert f"{e.ess:,.0f} of 400" in cells
    assert e._repr_html_().count("<tr>") == 2


def test_an_estimate_that_cannot_be_believed_says_why():
    e = uw.Weights.of([0.0, 2.0]).mean([3.0, 4.0])
    assert e.why in Tree(e._repr_html_()).cells


def test_a_resample_shows_rows_made_and_weight_of_every_class():
    from upweight.imbalance import SMOTE

    X = np.random.default_rng(0).normal(size=(60, 2))
    r = SMOTE(rng=0).resample(X, np.repeat([0, 1], [45, 15]))
    cells = Tree(r._repr_html_()).cells
    start = cells.index("1")
    assert cells[start : start + 4] == ["1", "45", "30", "45"]


def test_a_comparison_shows_its_verdict_and_every_row():
    c = small_comparison()
    cells = Tree(c._repr_html_()).cells
    assert all(sentence in cells for sentence in c.verdict.sentences if HOSTILE not in sentence)
    assert {"none", "threshold"} <= set(cells)


def test_a_failed_row_of_a_comparison_says_so():
    from upweight.imbalance import Row
    from upweight.imbalance.comparison._screen import table_cells

    head, good, bad = table_cells([Row("a", "a", ap=0.5, folds=3), Row("b", "b", error="it broke")])
    assert len(head) == len(good) == len(bad)
    assert bad[:2] == ["b", "failed"]


def test_text_is_cut_and_unseen_characters_are_spelled():
    assert shown("a\x00b") == "a[U+0000]b"
    assert shown("é \u200dx") == "é \u200dx"
    assert shown("x" * 10, most=5) == "xxxx…"


def test_a_block_without_rows_has_no_table():
    assert "<table" not in block(["one", "two"])
