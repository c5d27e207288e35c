"""The page of an evaluation holds its figures, escapes what came with the data, and refuses what is no evaluation."""

import json

import numpy as np
import pytest

import upweight as uw
from upweight import InputError
from upweight.report import evaluation_page


def facts(**more):
    g = np.random.default_rng(0)
    x = g.exponential(size=800)
    w = uw.ratio(0.7 * np.exp(-0.7 * x), np.exp(-x))
    label = np.where(np.arange(800) % 2, "<script>alert(1)</script>", "plain")
    e = uw.ope.evaluate(1.0 * (x > 1), w, by=label, bounds=(0, 1))
    return json.loads(e.to_json()) | more


def test_the_page_says_the_decision_and_draws_three_pictures():
    d = facts(data="log.csv")
    page = evaluation_page(d)
    assert d["decision"] in page
    assert "log.csv" in page
    assert page.count("<svg") == 3
    assert evaluation_page(d) == page


def test_labels_of_the_data_are_escaped_everywhere():
    page = evaluation_page(facts())
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_figures_without_a_number_are_drawn_to_the_edge():
    d = facts()
    d["value"] |= {"low": "-inf", "high": "inf", "value": None}
    assert "no end" in evaluation_page(d)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"schema": "upweight.verdict/1"}, "`schema` must be 'upweight.evaluation/1'"),
        ({"gain": {}}, "`gain.value` is missing"),
        ({"n": -1}, "`n`"),
    ],
)
def test_what_is_no_evaluation_is_refused(change, text):
    with pytest.raises(InputError, match=text):
        evaluation_page(facts() | change)


def test_a_missing_key_is_named():
    d = facts()
    del d["path"]
    with pytest.raises(InputError, match="`path` is missing"):
        evaluation_page(d)


def test_a_reason_that_is_none_leaves_no_line():
    assert "(blank)" not in evaluation_page(facts(why=""))
