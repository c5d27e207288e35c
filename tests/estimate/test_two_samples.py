"""Estimates of two samples: errors add up, the smaller sample rules, clusters move together, cut intervals."""

import numpy as np
import pytest

import upweight as uw
from upweight._estimate import Symmetric, TwoSamples, Within

STEP = uw.Step("test")


def ones(n):
    return uw.Weights.of(np.ones(n), kind="importance")


def difference(x, y, **more):
    """mean y - mean x, with the influences of both."""
    both = TwoSamples(ones(len(x)), len(y), **more)
    phi = np.append(-(x - x.mean()) / len(x), (y - y.mean()) / len(y))
    return both.estimate([y.mean() - x.mean()], [phi], step=STEP)


def test_errors_of_both_samples_add_up():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=80), rng.normal(2, 3, 50)
    e = difference(x, y)
    assert e.se == pytest.approx(np.sqrt((x.var() / 80 + y.var() / 50) * 130 / 129))
    assert e.influence.shape == (130,)
    assert e.se == pytest.approx(np.sqrt(130 / 129 * (e.influence**2).sum()) / 130)


def test_the_smaller_sample_rules_the_interval():
    rng = np.random.default_rng(1)
    wide = difference(rng.normal(size=1000), rng.normal(size=5))
    low, high = wide.interval()
    assert (high - low) / 2 / wide.se > 2.7  # t with 4 degrees of freedom
    assert "worth 5 rows" in wide.why


def test_repeated_rows_in_clusters_count_once():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=40), rng.normal(size=30)
    once = difference(x, y, cluster=np.arange(70))
    names = np.r_[np.tile(np.arange(40), 2), 40 + np.tile(np.arange(30), 2)]
    assert difference(np.tile(x, 2), np.tile(y, 2), cluster=names).se == pytest.approx(once.se)
    with pytest.raises(uw.InputError, match="source first, 40 \\+ 30; got 3"):
        difference(x, y, cluster=[1, 2, 3])


def test_one_target_row_tells_no_error():
    assert difference(np.arange(9.0), np.array([1.0])).se == np.inf


def test_an_interval_is_cut_to_what_a_share_can_be():
    cut = Within(Symmetric(0.05, 0.1), 0.0, 1.0)
    low, high = cut.ends(0.95, 100)
    assert low == 0.0
    assert 0.2 < high < 0.3
    assert Within(Symmetric(-3.0, 0.1), 0.0, 1.0).ends(0.95, 100) == (0.0, 0.0)
