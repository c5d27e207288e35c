"""Estimate.of_repeats: the textbook's mean of independent runs, with t on R - 1 degrees of freedom, and no rule about rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from upweight import Estimate, InputError, KindError, Weights


@pytest.mark.parametrize("r", [2, 8, 60])
def test_it_is_the_textbook_mean_with_its_t_interval(r):
    v = np.random.default_rng(r).standard_cauchy(r)  # the heaviest tail: nothing widens for it
    e = Estimate.of_repeats(v)
    assert e.value == pytest.approx(v.mean(), rel=1e-12)
    assert e.se == pytest.approx(v.std(ddof=1) / math.sqrt(r), rel=1e-12)
    assert e.interval(0.9) == pytest.approx(stats.t.interval(0.9, r - 1, v.mean(), e.se), rel=1e-9)
    np.testing.assert_allclose(e.influence, v - v.mean(), atol=1e-12 * abs(v).max())
    assert (e.n, e.ess, e.ess_f, e.inflation, e.ok) == (r, r, pytest.approx(r), 1.0, r >= 8)
    assert math.isnan(e.khat)
    assert f"({r} repeats)" in str(e)
    assert f"{r} repeats" in e._repr_html_()
    assert e.trail[-1].name == "of_repeats"


def test_equal_repeats_have_no_error_however_large():
    e = Estimate.of_repeats(np.full(8, 1e16 + 2))
    assert e.interval() == (1e16 + 2, 1e16 + 2)


def test_columns_and_arithmetic_keep_the_pairing():
    v = np.random.default_rng(0).normal(3, 1, (10, 2))
    e = Estimate.of_repeats(v)
    assert e.value.shape == (2,)
    difference = Estimate.of_repeats(v[:, 0]) - Estimate.of_repeats(v[:, 1])
    whole = Estimate.of_repeats(v[:, 0] - v[:, 1])
    assert difference.se == pytest.approx(whole.se, rel=1e-12)
    assert (e[0] - e[1]).interval() == pytest.approx(whole.interval(), rel=1e-9)
    assert difference.ok
    assert "10 repeats" in str(2 * difference + 1)
    assert e[0].log().ok
    assert not (e[0] - 3.0).log().ok if e[0].value > 3 else True


def test_few_repeats_are_not_believed():
    assert Estimate.of_repeats([1.0, 2.0, 3.0]).why == "3 repeats, 8 needed to tell an error from."


def test_bad_input_is_refused():
    for values, words in (
        ([1.0], "at least 2 of them; got shape"),
        (1.0, "at least 2"),
        (np.ones((8, 0)), "got shape"),
        ([1.0, np.nan, np.inf], "got 2 numbers not so, first in repeat 1"),
    ):
        with pytest.raises(InputError, match=words):
            Estimate.of_repeats(values)
    eight = Estimate.of_repeats(np.arange(8.0))
    with pytest.raises(InputError, match="repeats are paired by number; got 8 and 9"):
        eight - Estimate.of_repeats(np.arange(9.0))
    with pytest.raises(KindError, match="one estimate is of repeats, the other of rows"):
        eight - Weights.of(np.ones(8)).mean(np.arange(8.0))


def test_coverage_is_nominal_from_eight_repeats():
    """2000 samples of 8 exponential averages at level .9: skewness costs a little; the error of the coverage is .007."""
    v = np.random.default_rng(5).exponential(size=(8, 2000, 50)).mean(axis=2)
    low, high = Estimate.of_repeats(v).interval(0.9)
    assert 0.87 <= np.mean((low <= 1) & (high >= 1)) <= 0.93


def test_equal_repeats_are_not_believed():
    e = Estimate.of_repeats(np.full(8, 2.5))
    assert (float(e.value), float(e.se), e.ok) == (2.5, 0.0, False)
    assert e.why == "all 8 repeats are 2.5: no error can be told from them."


@pytest.mark.parametrize("unit", [1e-300, 1e300])
def test_the_unit_of_repeats_changes_nothing(unit):
    v = np.random.default_rng(0).normal(3, 1, 8)
    one, other = Estimate.of_repeats(v), Estimate.of_repeats(unit * v)
    assert other.se / unit == pytest.approx(one.se, rel=1e-12)
    assert other.ok
