"""Averages of any magnitude, and of bounded values."""

from __future__ import annotations

import numpy as np
import pytest

import upweight as uw
from upweight import InputError, KindError, Weights

SCALES = [1e-300, 1e-165, 1e-20, 1e20, 1e155, 1e250]


def some(n: int = 400, seed: int = 0, **more):
    rng = np.random.default_rng(seed)
    return Weights.of(rng.gamma(4, 0.25, n), kind="importance", **more), rng.normal(size=n)


@pytest.mark.parametrize("c", SCALES)
@pytest.mark.parametrize("how", ["self", "plain", "control"])
def test_the_error_of_a_multiple_is_the_multiple_of_the_error(c, how):
    w, f = some(exact=True)
    a, b = w.mean(f, how=how), w.mean(c * f, how=how)
    assert (b.value / c, b.se / c, b.khat, b.ess_f) == pytest.approx((a.value, a.se, a.khat, a.ess_f), rel=1e-9)
    assert [x / c for x in b.interval()] == pytest.approx(a.interval(), rel=1e-9)
    np.testing.assert_allclose(b.influence / c, a.influence, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("c", SCALES)
def test_it_does_with_clusters_copies_differences_and_quantiles(c):
    w, f = some()
    g, cluster = np.roll(f, 1), np.arange(400) % 50
    copies = Weights.of(np.arange(400) % 4, kind="frequency")
    for make in (
        lambda f, g: w.mean(f, cluster=cluster),
        lambda f, g: copies.mean(f),
        lambda f, g: w.mean(f) - w.mean(g),
        lambda f, g: w.smooth().mean(f),
        lambda f, g: w.quantile(f, 0.3),
        lambda f, g: w.quantile(f, 0.7) - w.quantile(f, 0.3),
        lambda f, g: w.std(f),
    ):
        a, b = make(f, g), make(c * f, c * g)
        assert (b.value / c, b.se / c, b.khat) == pytest.approx((a.value, a.se, a.khat), rel=1e-9)


@pytest.mark.parametrize("c", SCALES)
def test_a_tally_keeps_its_error(c):
    w, f = some()
    whole = w.mean(c * f)
    tally = sum(uw.Tally.of(w[rows], f=c * f[rows]) for rows in np.array_split(np.arange(400), 3))
    back = uw.Tally.from_dict(tally.to_dict()).mean()
    for e in (tally.mean(), back):
        assert (e.value / c, e.se / c) == pytest.approx((whole.value / c, whole.se / c), rel=1e-9)


def test_tallies_of_batches_of_other_magnitudes_merge():
    w, f = some()
    f = np.where(np.arange(400) < 200, f * 1e-180, f)
    e = (uw.Tally.of(w[:200], f=f[:200]) + uw.Tally.of(w[200:], f=f[200:])).mean()
    assert (e.value, e.se) == pytest.approx((w.mean(f).value, w.mean(f).se), rel=1e-9)


@pytest.mark.parametrize("c", [1e200, 1e-200])
def test_balance_does_not_depend_on_the_unit(c):
    rng = np.random.default_rng(4)
    source, target = rng.normal(size=(300, 2)), rng.normal(0.5, 1.2, size=(200, 2))
    a, b = uw.balance(source, target), uw.balance(source * c, target * c)
    np.testing.assert_allclose(b.smd_before, a.smd_before, rtol=1e-9)
    np.testing.assert_allclose(b.ratio_before, a.ratio_before, rtol=1e-9)


# ---- bounds -----------------------------------------------------------------------------------------------------------------


def test_a_bounded_f_has_no_tail_of_its_own():
    z = np.random.default_rng(5).normal(size=4000)
    w = uw.log_ratio(1.2 * z - 0.72, np.zeros(4000))
    open_, bounded = w.mean(np.cos(z)), w.mean(np.cos(z), bounds=(-1, 1))
    assert bounded.khat == w.khat
    assert bounded.value == open_.value
    assert bounded.inflation == pytest.approx(float(uw.arrays.widening(w.khat, 4000)))
    verdict = w.check(f=np.cos(z), bounds=(-1, 1))
    assert verdict.khat_f == w.khat
    assert "bounds=(low, high)" not in str(verdict)


def test_values_outside_their_bounds_are_refused():
    w = Weights.of([1, 2, 0, 1], kind="importance")
    with pytest.raises(InputError, match=r"`f` must lie in bounds=\(0, 1\); got 1 outside, first 1.5 at row 1"):
        w.mean([0.0, 1.5, 7.0, 1.0], bounds=(0, 1))
    assert w.mean([0.0, 1.0, 7.0, 0.5], bounds=(0, 1)).value == pytest.approx(0.625)  # row 2 has no weight
    for wrong in ((1, 0), (0, np.inf), 3, (0, 1, 2), ("a", "b")):
        with pytest.raises(InputError, match="`bounds` must be"):
            w.mean([0.0, 1.0, 0.0, 0.5], bounds=wrong)


def test_differences_of_what_is_bounded_are_bounded():
    x = np.random.default_rng(6).exponential(size=3000)
    w = Weights.of_log(0.4 * x, kind="importance")
    for e in (
        w.quantile(x, 0.75) - w.quantile(x, 0.25),
        w.cdf(x, 2.0) - w.cdf(x, 1.0),
        w.mean(x > 2) - w.mean(x > 1),
        w.mean(np.cos(x), bounds=(-1, 1)) - w.mean(x > 1),
    ):
        assert e.khat == w.khat


# ---- plain and integral -----------------------------------------------------------------------------------------------------


def test_plain_asks_for_the_promise():
    z = np.random.default_rng(7).normal(size=2000)
    w = Weights.of_log(0.3 * z + 5, kind="importance")
    for weights in (w, w.clip(at=1.0)):
        with pytest.raises(KindError, match=r"promise a mean of one.*w\.integral\(f\)"):
            weights.mean(np.ones(2000), how="plain")


def test_an_integral_is_the_mean_of_w_f_and_needs_no_promise():
    z = np.random.default_rng(8).normal(size=2000)
    w = Weights.of_log(0.3 * z + 5, kind="importance")
    v = np.exp(w.log_w)
    e = w.integral()
    assert (e.value, e.se) == pytest.approx((v.mean(), v.std(ddof=1) / np.sqrt(2000)), rel=1e-12)
    assert e.interval()[0] < np.exp(5 + 0.045) < e.interval()[1]
    f = np.cos(z)
    assert w.integral(f).se == pytest.approx((v * f).std(ddof=1) / np.sqrt(2000), rel=1e-12)
    assert w.integral(f).khat >= w.khat
    exact = w.declare(exact=True)
    assert w.integral(f).value == exact.mean(f, how="plain").value
    assert w.integral(np.c_[f, f]).value.shape == (2,)


def test_integrals_count_rows_of_weight_zero_and_sum_by_cluster():
    v, cluster = np.array([0.0, 2.0, 4.0, 0.0]), [0, 0, 1, 1]
    e = Weights.of(v, kind="importance").integral(cluster=cluster)
    assert (e.value, e.se) == (1.5, pytest.approx(np.sqrt(2 * ((2 - 3) ** 2 + (4 - 3) ** 2)) / 4))


def test_an_integral_needs_weights_whose_scale_means_something():
    with pytest.raises(KindError, match="importance weights"):
        Weights.of([2, 3], kind="inclusion").integral()
    with pytest.raises(KindError, match="scale is lost"):
        Weights.of_log([0.0, 1.0, 5.0], kind="importance").clip(at=1.0).integral()
    with pytest.raises(InputError, match="overflows"):
        Weights.of_log([0.0, 1000.0], kind="importance").integral()


def test_an_event_that_was_never_seen_bounds_an_integral_in_its_unit():
    w = Weights.of(np.full(100, 7.0), kind="importance")
    assert w.integral(np.zeros(100)).interval()[1] == pytest.approx(7 * (1 - 0.025 ** (1 / 100)))


@pytest.mark.parametrize("shift", [-710.0, -740.0, -800.0, -1e5])
def test_an_integral_whose_scale_is_below_the_normal_floats_is_refused(shift):
    x = np.random.default_rng(3).normal(size=2000)
    w = Weights.of_log(0.5 * x + shift, kind="importance")
    for f in (x + 3, np.ones(2000), np.c_[x, x], None):
        with pytest.raises(InputError, match=r"underflows.*raise the logs by a constant"):
            w.integral(f)
    with pytest.raises(InputError, match="underflows"):
        w.declare(exact=True).mean(x, how="plain")
    assert w.mean(x).ok


@pytest.mark.parametrize("small", [1e-110, 1e-250])
def test_an_integral_of_tiny_f_under_tiny_weights_is_refused(small):
    x = np.random.default_rng(3).normal(size=2000)
    w = Weights.of_log(0.5 * x - 600, kind="importance")
    with pytest.raises(InputError, match="underflows"):
        w.integral(small * (x + 3))
    assert w.integral(0 * x).value == 0.0
    near = Weights.of_log(0.5 * x, kind="importance").integral(x + 3)
    far = w.integral(x + 3)
    assert (far.value, far.se) == pytest.approx((near.value * np.exp(-600), near.se * np.exp(-600)), rel=1e-12, abs=0)
