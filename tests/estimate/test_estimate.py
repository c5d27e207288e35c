"""Estimates: intervals, differences and ratios, and the reasons for disbelief."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from upweight import Estimate, InputError, KindError, Weights, arrays, c2st, log_ratio


def some(n: int = 300, seed: int = 0):
    rng = np.random.default_rng(seed)
    w = Weights.of(rng.exponential(size=n), kind="importance")
    return w, rng.normal(size=n), rng.normal(2, 1, size=n)


def figures(e: Estimate):
    return (e.value, e.se, e.khat, e.inflation, e.ess, e.n, *e.interval())


# ---- interval ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.999])
def test_interval_is_value_and_t_times_se_times_inflation(level):
    w, f, _ = some()
    e = w.mean(f)
    half = student.ppf((1 + level) / 2, w.ess - 1) * e.se * e.inflation
    assert e.interval(level) == pytest.approx((e.value - half, e.value + half), rel=1e-10)


def test_degrees_of_freedom_are_at_least_one():
    e = Weights.of([1, 1000], kind="importance").mean([0.0, 1.0])
    low, high = e.interval(0.9)
    assert (high - low) / 2 == pytest.approx(student.ppf(0.95, 1) * e.se, rel=1e-10)


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, "0.95", None])
def test_levels_outside_0_and_1_are_refused(level):
    w, f, _ = some()
    with pytest.raises(InputError, match=r"`level` must lie between 0 and 1; got .*pass level=0\.95"):
        w.mean(f).interval(level)


# ---- difference and ratio ---------------------------------------------------------------------------------------------------


def test_difference_is_the_mean_of_the_difference():
    w, f, g = some()
    cluster = np.arange(300) % 40
    assert figures(w.mean(f) - w.mean(g)) == pytest.approx(figures(w.mean(f - g)), rel=1e-9)
    a, b = w.mean(f, cluster=cluster) - w.mean(g, cluster=cluster), w.mean(f - g, cluster=cluster)
    assert figures(a) == pytest.approx(figures(b), rel=1e-9)


def test_difference_of_tables_is_column_by_column():
    w, f, g = some()
    e = w.mean(np.c_[f, g]) - w.mean(g)
    assert e.value == pytest.approx([w.mean(f - g).value, 0.0], abs=1e-15)
    assert e.se == pytest.approx([w.mean(f - g).se, 0.0], abs=1e-15)


def test_an_estimate_less_itself_is_exactly_zero():
    x = -np.log1p(-(np.arange(1, 4001) - 0.5) / 4000)
    for k in (0.55, 1.4):
        e = Weights.of_log(k * x, kind="importance").mean(x)
        assert (e - e).interval() == (0.0, 0.0)
        assert (e / e).value == 1.0
        assert (e / e).se < 1e-14


def test_difference_after_smoothing_keeps_the_raw_tail():
    x = np.random.default_rng(0).exponential(size=2000)
    w = Weights.of_log(0.5 * x, kind="importance")
    a, b = w.smooth().mean(x) - w.smooth().mean(np.sqrt(x)), w.smooth().mean(x - np.sqrt(x))
    assert figures(a) == pytest.approx(figures(b), rel=1e-9)
    assert a.khat == pytest.approx((w.mean(x) - w.mean(np.sqrt(x))).khat, rel=1e-9)


def test_self_is_the_ratio_of_two_plain_averages():
    w, f, _ = some()
    ratio = w.integral(f) / w.integral()
    direct = w.mean(f)
    assert (ratio.value, ratio.se) == pytest.approx((direct.value, direct.se), rel=1e-12)
    np.testing.assert_allclose(ratio.influence, direct.influence, atol=1e-12)


def test_ratio_by_the_delta_method():
    w, f, g = some()
    f = f + 5
    a, b = w.mean(f), w.mean(g)
    r = a.value / b.value
    psi = (a.influence - r * b.influence) / b.value
    assert (a / b).value == r
    assert (a / b).se == pytest.approx(np.sqrt((psi**2).sum() / 300 / 299), rel=1e-12)


def test_two_policies_on_the_same_log_keep_their_covariance():
    rng = np.random.default_rng(3)
    reward = rng.normal(1, 1, size=500)
    a = Weights.of(rng.gamma(4, 0.25, 500), kind="importance")
    b = Weights.of(np.asarray(a) * rng.uniform(0.9, 1.1, 500), kind="importance")
    gap = a.mean(reward) - b.mean(reward)
    apart = np.hypot(a.mean(reward).se, b.mean(reward).se)
    assert gap.se < 0.2 * apart
    assert gap.ess == min(a.ess, b.ess)


def test_the_worse_tail_of_two_weights_counts():
    x = np.random.default_rng(4).exponential(size=1000)
    light, heavy = (Weights.of_log(k * x, kind="importance") for k in (0.1, 0.6))
    f = np.random.default_rng(5).random(1000) < 0.5
    assert (light.mean(f) - heavy.mean(f)).khat >= heavy.khat


def test_difference_of_frequencies_is_that_of_repeated_rows():
    copies, f, g = np.array([3, 2, 1, 4]), np.array([1.0, 2, 4, 3]), np.array([0.0, 1, 1, 0])
    w = Weights.of(copies, kind="frequency")
    again = Weights.of(np.ones(10), kind="importance")
    a, b = w.mean(f) - w.mean(g), again.mean(np.repeat(f, copies)) - again.mean(np.repeat(g, copies))
    assert (a.value, a.se, *a.interval()) == pytest.approx((b.value, b.se, *b.interval()), rel=1e-12)


def test_other_rows_are_refused():
    w, f, _ = some()
    with pytest.raises(InputError, match="same rows; got 300 and 200"):
        _ = w.mean(f) - w[:200].mean(f[:200])
    a, b = (pd.Series(f, index=np.arange(300) + shift) for shift in (0, 1))
    with pytest.raises(InputError, match="different indexes"):
        _ = w.mean(a) - w.mean(b)


def test_other_clusters_are_refused():
    w, f, _ = some()
    for other in (None, np.arange(300) % 8):
        with pytest.raises(InputError, match="same clusters"):
            _ = w.mean(f, cluster=np.arange(300) % 7) - w.mean(f, cluster=other)


def test_copies_and_weights_are_not_mixed():
    f = np.arange(3.0)
    copies, weights = (Weights.of([1, 2, 3], kind=kind).mean(f) for kind in ("frequency", "importance"))
    with pytest.raises(KindError, match="copies and weights have different standard errors"):
        _ = copies / weights


def test_ratio_to_zero_is_refused():
    w, f, _ = some()
    with pytest.raises(InputError, match="a denominator other than 0; got 0"):
        _ = w.mean(f) / w.mean(np.zeros(300))


@pytest.mark.parametrize("operation", [int, abs, round, lambda e: e + "1", lambda e: np.ones(3) * e, np.sqrt, list])
def test_estimates_are_not_numbers(operation):
    w, f, _ = some()
    with pytest.raises(TypeError):
        operation(w.mean(f))


# ---- belief -----------------------------------------------------------------------------------------------------------------


def test_a_good_average_is_believed_without_words():
    w, f, _ = some(2000)
    e = w.mean(f)
    assert e.ok
    assert e.why == ""


def test_disbelief_names_the_tail_and_its_threshold():
    x = -np.log1p(-(np.arange(1, 201) - 0.5) / 200)
    e = Weights.of_log(0.65 * x, kind="importance").mean(x > 1)
    assert not e.ok
    assert e.why == "k-hat 0.60 is not below 0.57: rows that were never drawn may decide this average."


def test_disbelief_names_the_rows_that_a_tail_needs():
    e = Weights.of(np.arange(1.0, 25), kind="importance").mean(np.arange(24))
    assert np.isnan(e.khat)
    assert e.why == "the tail was not judged: 24 positive weights, 25 needed."


def test_disbelief_of_a_tail_with_too_few_values():
    e = Weights.of(np.r_[np.ones(998), 3.0, 4.0], kind="importance").mean(np.arange(1000) % 2)
    assert not e.ok
    assert "fewer than 5 distinct values" in e.why


def test_disbelief_names_the_effective_rows():
    e = Weights.of(np.ones(28), kind="importance").mean(np.arange(28))
    assert e.khat == -np.inf
    assert not e.ok
    assert e.why == "the weights are worth 28 rows, 30 needed."
    assert Weights.of(np.ones(30), kind="importance").mean(np.arange(30)).ok


def test_disbelief_counts_clusters():
    w, f, _ = some(2000)
    e = w.mean(f, cluster=np.arange(2000) % 12)
    assert not e.ok
    assert "clusters, 30 needed" in e.why


def test_disbelief_names_the_column():
    w, f, _ = some(2000)
    e = w.mean(np.c_[f, f**9])
    assert e.why.startswith("average 1: k-hat")


def test_widening_is_that_of_the_arrays():
    w, f, _ = some(2000)
    e = w.mean(f**3)
    assert e.inflation == pytest.approx(float(arrays.widening(e.khat, 2000)), rel=1e-14)


# ---- object -----------------------------------------------------------------------------------------------------------------


def test_nothing_can_be_changed():
    w, f, _ = some()
    e = w.mean(np.c_[f, f])
    with pytest.raises(dataclasses.FrozenInstanceError):
        e.value = 3.0
    for array in (e.influence, w.mean(f).influence, e.value, e.se, e.khat, e.inflation):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_estimates_travel_between_processes():
    w, f, g = some()
    s = w.smooth()
    for e in (
        w.mean(f),
        s.mean(np.c_[f, g]),
        w.mean(f) - w.mean(g),
        w.quantile(f, 0.5),
        s.cdf(f, [0.0, 1.0]),
        c2st(f, g, weights=w),
    ):
        back = pickle.loads(pickle.dumps(e))
        assert str(back) == str(e)
        np.testing.assert_array_equal(back.interval(0.8), e.interval(0.8))
        np.testing.assert_array_equal(back.influence, e.influence)
        np.testing.assert_array_equal(back.ess_f, e.ess_f)


def test_trail_goes_on_from_that_of_the_weights():
    x = -np.log1p(-(np.arange(1, 401) - 0.5) / 400)
    w = log_ratio(np.log(0.5) - 0.5 * x, -x).smooth()
    e = w.mean(x, cluster=np.arange(400) % 50)
    assert [step.name for step in e.trail] == ["log_ratio", "smooth", "mean"]
    assert e.trail[-1].params == {"how": "self", "clusters": 50}
    assert [step.name for step in (e - e).trail] == ["log_ratio", "smooth", "mean", "difference"]
    assert w.quantile(x, 0.5).trail[-1].name == "quantile"
    assert w.cdf(x, 0.5).trail[-1].name == "cdf"
