"""The page of a rare event: the same bytes for the same document, everything escaped, and a document that is none is refused."""

import copy

import numpy as np
import pytest

import upweight as uw
from upweight.report import _rare_page, rare_page, write_rare

HOSTILE = '<script>alert(1)</script>"\u202e'


@pytest.fixture(scope="module")
def facts():
    return uw.montecarlo.rare(lambda x: 3 - x[:, 0], 2, rng=0).to_dict()


def test_the_same_document_gives_the_same_bytes(facts, tmp_path):
    page = rare_page(facts)
    assert page == rare_page(copy.deepcopy(facts))
    write_rare(facts, tmp_path / "p.html")
    assert (tmp_path / "p.html").read_text() == page
    assert "converged: P(g &lt;= 0) = 0.001" in page


def test_text_of_the_data_cannot_do_anything(facts):
    bad = facts | {"function": HOSTILE, "note": HOSTILE, "screen": [HOSTILE, HOSTILE], "why": HOSTILE}
    bad["inputs"] = [row | {"name": HOSTILE} for row in facts["inputs"]]
    bad["design_point"] = {HOSTILE: 1.0}
    bad["cloud"] = facts["cloud"] | {"labels": [HOSTILE, HOSTILE]}
    bad["settings"] = {"command": HOSTILE}
    page = rare_page(bad)
    assert "<script" not in page
    assert "\u202e" not in page


def test_an_answer_that_is_not_known_has_a_page():
    r = uw.montecarlo.rare(lambda x: np.ones(len(x)), 2, rng=0)
    page = rare_page(r.to_dict())
    assert "is not known" in page
    assert "No failing point stands behind the answer." in page
    assert "Nothing is known of the probability: it may be anything from 0 to 1." in page
    assert "do not use the number" not in page
    assert "no draw to show" in page


def test_one_input_and_subset_simulation_have_pages():
    for how in ({"d": 1}, {"d": 2, "family": "subset"}):
        r = uw.montecarlo.rare(lambda x: 2 - x[:, 0], how.pop("d"), rng=0, **how)
        assert "failing points, axes from" in rare_page(r.to_dict())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "upweight.shift/1"}, "`schema` must be 'upweight.rare/1'"),
        ({"converged": "yes"}, "converged"),
        ({"calls": "many"}, "calls"),
        ({"screen": []}, "at least one line"),
        ({"history": [3]}, "history"),
        ({"inputs": [{"name": "a"}]}, "inputs"),
        ({"probability": {}}, "`probability.value` is missing"),
        ({"probability": 3}, "probability"),
        ({"cloud": {"labels": ["a"], "u": [[1.0]], "weights": []}}, "a weight for every point"),
        ({"cloud": {"labels": ["a"], "u": [[1.0, 2.0]], "weights": [1.0]}}, "must hold 1 numbers; got 2"),
        ({"cloud": {"labels": ["a"], "u": [["x"]], "weights": [1.0]}}, "cloud.u.0"),
    ],
)
def test_what_is_no_document_is_refused_by_its_key(facts, change, said):
    with pytest.raises(uw.InputError, match=said):
        rare_page(facts | change)
    whole = dict(facts)
    for key in change:
        if key != "probability" and key != "cloud":
            whole.pop(key)
            with pytest.raises(uw.InputError):
                rare_page(whole)


def test_a_probability_that_is_not_known_cannot_have_converged(facts):
    for change in ({"probability": None}, {"probability": {"value": None}}, {"probability": None, "converged": False}):
        with pytest.raises(
            uw.InputError, match="`probability` holds no value, but `converged` or `screen` tell of one"
        ):
            rare_page(facts | change)
    with pytest.raises(uw.InputError, match="`probability` is missing; an upweight.rare/1 document has it, or null"):
        rare_page({k: v for k, v in facts.items() if k != "probability"})


def test_what_is_drawn_of_a_probability_lies_between_0_and_1():
    r = uw.montecarlo.rare(lambda x: x[:, 0] - 9, 2, rng=1)
    assert r.probability.value > 1
    page = rare_page(r.to_dict())
    assert "<dd>1.00<small>" in page
    top = _rare_page._stages(r.to_dict())[1]
    assert top == 1.0


def test_a_note_that_is_none_leaves_no_line(facts):
    for note in ({}, {"note": ""}, {"note": None}):
        assert "(blank)" not in rare_page(facts | note)
