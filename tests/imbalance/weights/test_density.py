"""Density weights: the paper's formula by brute force, and the laws that weights keep."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upweight import InputError, Weights
from upweight.imbalance import density_weights
from upweight.imbalance.weights._density import binned_density, exact_density, silverman


def brute(y, h, alpha, floor=1e-6, copies=None):
    """w = f / mean f by the formula, rows one by one."""
    copies = np.ones(len(y)) if copies is None else np.asarray(copies, float)
    p = np.array([sum(c * np.exp(-0.5 * ((a - b) / h) ** 2) for b, c in zip(y, copies, strict=True)) for a in y])
    low, high = p[copies > 0].min(), p[copies > 0].max()
    f = np.maximum(1 - alpha * (p - low) / (high - low), floor)
    return copies * f / (copies @ f / copies.sum())


def test_the_page_example_of_six_values():
    w = density_weights([0, 0, 0, 0, 1, 5], bandwidth=1, alpha=0.5)
    np.testing.assert_allclose(w.values, [0.818863] * 4 + [1.086825, 1.637725], atol=5e-7)
    assert w.kind == "cost"


@pytest.mark.parametrize(("alpha", "h"), [(0.3, 0.2), (1.0, 1.0), (2.5, 0.7)])
def test_weights_follow_the_formula(alpha, h):
    y = np.random.default_rng(3).normal(size=60)
    np.testing.assert_allclose(density_weights(y, alpha=alpha, bandwidth=h).values, brute(y, h, alpha), rtol=1e-9)


@pytest.mark.parametrize("shape", ["normal", "heavy tail", "ties", "two far clusters"])
def test_bins_agree_with_the_exact_sums(shape):
    rng = np.random.default_rng(0)
    y = {
        "normal": rng.normal(size=4000),
        "heavy tail": rng.standard_cauchy(4000) * 50,
        "ties": np.round(rng.normal(size=4000), 1),
        "two far clusters": np.r_[rng.normal(size=2000), 1e9 + rng.normal(size=2000)],
    }[shape]
    z = np.unique(y) / 0.1
    mass = rng.integers(1, 5, len(z)).astype(float)
    exact = exact_density(z - z[0], mass)
    assert np.abs(binned_density(z - z[0], mass) - exact).max() <= 1e-9 * exact.max()


def test_more_rows_than_the_exact_form_takes_give_the_same_weights(monkeypatch):
    y = np.random.default_rng(1).lognormal(0, 2, 3000)
    exact = density_weights(y, alpha=0.9).values
    monkeypatch.setattr("upweight.imbalance.weights._density.EXACT_ROWS", 100)
    np.testing.assert_allclose(density_weights(y, alpha=0.9).values, exact, atol=1e-6)


def test_constant_targets_and_equal_densities_give_ones():
    assert density_weights([3.0] * 5).values.tolist() == [1.0] * 5
    assert density_weights([0.0, 1.0], bandwidth=1).values.tolist() == [1.0, 1.0]
    assert density_weights([4.0]).values.tolist() == [1.0]


def test_no_alpha_no_change_and_a_strong_one_reaches_the_floor():
    y = np.random.default_rng(2).normal(size=50)
    assert np.allclose(density_weights(y, alpha=0).values, 1)
    w = density_weights(y, alpha=1e6, floor=1e-3).values
    assert np.isclose(w.min() / w.max(), 1e-3)


@given(st.lists(st.integers(0, 3), min_size=8, max_size=40), st.sampled_from([None, 0.4]))
@settings(max_examples=40, deadline=None)
def test_whole_weights_are_repeated_rows_and_zero_is_removed(copies, h):
    y = np.random.default_rng(len(copies)).normal(size=len(copies)) ** 3
    copies = np.array(copies)
    if copies.sum() < 3:
        copies[:3] = 1
    weighted = density_weights(y, alpha=0.8, bandwidth=h, base=copies).values
    repeated = density_weights(np.repeat(y, copies), alpha=0.8, bandwidth=h).values
    first = np.cumsum(copies) - copies
    live = copies > 0
    np.testing.assert_allclose(weighted[live] / copies[live], repeated[first[live]], rtol=1e-9)
    assert not weighted[~live].any()


def test_moving_and_scaling_the_target_changes_nothing():
    y = np.random.default_rng(4).gamma(2, size=300)
    np.testing.assert_allclose(density_weights(1e6 + 7 * y).values, density_weights(y).values, rtol=1e-6)
    np.testing.assert_allclose(density_weights(-y).values, density_weights(y).values, rtol=1e-9)


def test_silverman_is_his_rule():
    y = np.random.default_rng(5).normal(size=1000)
    iqr = np.subtract(*np.percentile(y, [75, 25])) / 1.349
    assert np.isclose(silverman(y, np.ones(1000)), 0.9 * min(y.std(ddof=1), iqr) * 1000**-0.2)


def test_base_weights_keep_their_trail_and_the_cost_kind_wins():
    base = Weights.of([1.0, 2.0, 1.0, 4.0], kind="importance")
    w = density_weights([0.0, 0.1, 0.2, 9.0], bandwidth=1, base=base)
    assert w.kind == "cost"
    plain = density_weights([0.0, 0.1, 0.2, 9.0], bandwidth=1, base=base.sample_weight)
    np.testing.assert_allclose(w.sample_weight, plain.sample_weight)


def test_pandas_keep_their_index_and_inputs_stay():
    y = pd.Series([0.0, 0.1, 0.2, 9.0], index=list("abcd"), name="price")
    before = y.copy()
    assert density_weights(y).values.index.tolist() == list("abcd")
    pd.testing.assert_series_equal(y, before)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"y": [1.0, np.nan, 2.0]}, "`y` must be finite; got 1 missing or NaN, first at row 1. Drop them first."),
        ({"y": [[1.0, 2.0]]}, "`y` must be one number a row; got shape (1, 2)"),
        ({"alpha": -1}, "`alpha` must be a finite number >= 0; got -1"),
        ({"bandwidth": 0}, "`bandwidth` must be a finite number > 0; got 0"),
        ({"floor": 0}, "`floor` must be a finite number > 0; got 0"),
        ({"base": [1, -1, 1]}, "got 1 negative, first -1.0 at row 1"),
    ],
)
def test_bad_input_is_named(bad, said):
    given_ = {"y": [1.0, 2.0, 4.0]} | bad
    with pytest.raises(InputError) as told:
        density_weights(given_.pop("y"), **given_)
    assert said in str(told.value)
