"""Estimate.of_influence: a figure and its influences are an estimate, as if it had been averaged."""

from __future__ import annotations

import numpy as np
import pytest

from upweight import Estimate, InputError, KindError, Weights


@pytest.mark.parametrize("kind", ["importance", "inclusion", "frequency"])
def test_a_mean_given_by_its_influences_is_that_mean(kind):
    r = np.random.default_rng(0)
    f, w = r.normal(size=400), Weights.of(r.integers(1, 5, 400), kind=kind)
    mean = w.mean(f)
    made = Estimate.of_influence(mean.value, mean.influence, w)
    assert made.se == pytest.approx(mean.se, rel=1e-12)
    assert made.interval(0.9) == pytest.approx(mean.interval(0.9), rel=1e-6)
    np.testing.assert_allclose(made.influence, mean.influence, rtol=1e-12)
    assert made.trail[-1].name == "of_influence"
    assert (made - mean).se == pytest.approx(0, abs=1e-12)


def test_a_ratio_by_its_influences_covers():
    """Ratio of two weighted means, 400 samples of 300 rows at level .9; the error of the coverage is .015, four of them."""
    hit = 0
    for seed in range(400):
        r = np.random.default_rng(seed)
        x = r.exponential(size=300)
        y, w = 2 * x + r.normal(size=300), np.exp(0.2 * r.normal(size=300))
        W = w / w.sum()
        ratio = float(W @ y / (W @ x))
        e = Estimate.of_influence(ratio, 300 * W * (y - ratio * x) / float(W @ x), Weights.of(w))
        low, high = e.interval(0.9)
        hit += low <= 2 <= high
    assert 0.84 <= hit / 400 <= 0.96


def test_bad_input_is_refused():
    w = Weights.of([1.0, 2.0, 3.0])
    for value, influence, words in (
        (1.0, [1.0, 2.0], "one number a row of the weights, shape"),
        (1.0, [1.0, np.nan, 0.0], "got nan at row 1"),
        (np.inf, [0.0, 0.0, 0.0], "got value inf"),
    ):
        with pytest.raises(InputError, match=words):
            Estimate.of_influence(value, influence, w)
    with pytest.raises(KindError):
        Estimate.of_influence(1.0, [0.0, 0.0, 0.0], Weights.of([1.0, 2.0, 3.0], kind="class"))
