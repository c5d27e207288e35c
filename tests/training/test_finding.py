"""A finding speaks as a verdict does; rows learned by heart are found, and only they."""

from __future__ import annotations

import json

import numpy as np
import pytest

from upweight import InputError
from upweight.training import Finding, memorised

HEAVY = np.r_[np.ones(900), np.full(100, 9.0)]


def test_rows_learned_by_heart_are_found():
    rng = np.random.default_rng(0)
    f = memorised(np.zeros(1000), rng.exponential(np.where(HEAVY > 1, 2.0, 0.3)), HEAVY)
    assert list(f.reasons) == ["memorised"]
    assert f.grade == "unreliable"
    assert not f.ok
    assert f.advice.startswith("Flatten the weights, w.temper(ess=0.3)")
    assert f.figures["rows_top"] == 100


def test_equal_gaps_are_not_memorised_in_more_than_a_few_of_400_data_sets():
    found = 0
    for seed in range(400):
        gap = np.random.default_rng(seed).exponential(1.0, 1000)
        found += list(memorised(np.zeros(1000), gap, HEAVY).reasons) == ["memorised"]
    assert found <= 3  # 3 standard errors and twice the rest: expected below .1 % each


def test_the_heaviest_are_those_above_the_border_of_the_top_tenth():
    w = np.r_[np.ones(990), np.full(10, 50.0)]
    assert memorised(np.zeros(1000), np.arange(1000.0), w).figures["rows_top"] == 10
    assert memorised(np.zeros(1000), np.arange(1000.0), np.arange(1000.0)).figures["rows_top"] == 100


def test_a_finding_is_plain_json_and_html_is_escaped():
    f = memorised(np.zeros(1000), np.arange(1000.0), HEAVY)
    d = json.loads(f.to_json())
    assert d["schema"] == "upweight.finding/1"
    assert d["grade"] == f.grade
    assert d["reasons"][0]["code"] == "memorised"
    assert "<script>" not in Finding("good", (), {}, "<script>")._repr_html_()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: memorised(np.zeros(3), np.zeros(4), np.ones(3)), "must be of the same rows; got 3, 4 and 3."),
        (lambda: memorised(np.zeros(3), np.zeros(3), np.ones(3)), "all 3 are equal"),
        (lambda: memorised(np.zeros(3), np.zeros(3), [1, 1, 2]), "two rows are needed among the heaviest"),
    ],
)
def test_what_is_refused_and_how(call, said):
    with pytest.raises(InputError) as error:
        call()
    assert said in str(error.value)
