"""Weighted quantiles and shares: ties, edges, and the interval of the distribution function turned round."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from upweight import InputError, Weights


def heavy(n: int = 2000, k: float = 0.4, seed: int = 0):
    x = np.random.default_rng(seed).exponential(size=n)
    return Weights.of_log(k * x, kind="importance"), x


def by_hand(f, w, q):
    """Smallest value whose share of the weight reaches q, in exact arithmetic on whole weights."""
    order = np.argsort(f, kind="stable")
    return f[order][np.searchsorted(np.cumsum(np.asarray(w)[order]), q * np.sum(w) - 1e-9)]


# ---- quantile ---------------------------------------------------------------------------------------------------------------


def test_whole_weights_are_repeated_rows_at_every_tie():
    rng = np.random.default_rng(0)
    for _ in range(200):
        copies, f = rng.integers(1, 6, 8), rng.integers(0, 5, 8).astype(float)
        total = copies.sum()
        levels = np.arange(total + 1) / total  # every one of them a tie
        wanted = [by_hand(f, copies, q) for q in levels]
        for scale in (1, 20, 0.1, 7.3):
            w = Weights.of(copies / scale, kind="importance")
            assert w.quantile(f, levels).value.tolist() == wanted
        assert Weights.of(copies, kind="frequency").quantile(f, levels).value.tolist() == wanted


def test_copies_have_the_interval_of_repeated_rows():
    rng = np.random.default_rng(1)
    copies, f = rng.integers(0, 4, 60), rng.normal(size=60)
    a = Weights.of(copies, kind="frequency").quantile(f, [0.2, 0.5, 0.7])
    b = Weights.of(np.ones(copies.sum()), kind="importance").quantile(np.repeat(f, copies), [0.2, 0.5, 0.7])
    assert np.array_equal(a.value, b.value)
    assert np.array_equal(a.interval(), b.interval())
    np.testing.assert_allclose(a.se, b.se, rtol=1e-12)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("clustered", [False, True])
def test_interval_turns_round_that_of_the_share(q, level, clustered):
    w, x = heavy()
    said = {"cluster": np.arange(2000) % 300} if clustered else {}
    e = w.quantile(x, q, **said)
    share = w.mean(x <= e.value, **said)
    low, high = share.interval(level)
    half = (high - low) / 2
    wanted = w.quantile(x, [q - half, q + half]).value
    assert e.interval(level) == tuple(wanted)
    assert (e.khat, e.inflation) == (share.khat, share.inflation)


def test_beyond_0_and_1_the_interval_is_infinite():
    w, x = heavy()
    low, high = w.quantile(x, [0.0005, 0.5, 0.999]).interval()
    assert np.isneginf(low).tolist() == [True, False, False]
    assert np.isposinf(high).tolist() == [False, False, True]


def test_no_data_bound_the_ends():
    f = np.arange(50.0)
    e = Weights.of(np.ones(50), kind="importance").quantile(f, [0.0, 1.0])
    assert e.value.tolist() == [0.0, 49.0]
    assert e.interval()[0][0] == -np.inf
    assert e.interval()[1][1] == np.inf


def test_the_largest_value_is_not_certain():
    f = np.arange(100.0)
    e = Weights.of(np.ones(100), kind="importance").quantile(f, 0.995)  # F = 1 there, without a spread
    assert e.value == 99.0
    assert e.interval()[1] == np.inf
    assert e.interval()[0] < 99.0


def test_a_constant_has_no_width():
    w, _ = heavy()
    assert w.quantile(np.full(2000, 3.0), 0.5).interval() == (3.0, 3.0)
    assert w.quantile(np.full(2000, 3.0), 0.5).se == 0.0


def test_heavy_tails_leave_no_interval():
    w, x = heavy(k=1.5)
    e = w.quantile(x, 0.5)
    assert e.khat >= 1
    assert e.interval() == (-np.inf, np.inf)


def test_se_is_half_the_way_between_the_quantiles_one_se_away():
    w, x = heavy()
    e = w.quantile(x, 0.5)
    step = w.mean(x <= e.value).se
    low, high = w.quantile(x, [0.5 - step, 0.5 + step]).value
    assert e.se == pytest.approx((high - low) / 2, rel=1e-12)


def test_influences_give_the_se_and_point_the_right_way():
    w, x = heavy()
    e = w.quantile(x, 0.5)
    assert np.sqrt((e.influence**2).sum() / 2000 / 1999) == pytest.approx(e.se, rel=1e-12)
    assert (e.influence[x > e.value] > 0).all()
    assert (e.influence[x < e.value] < 0).all()


def test_difference_of_quantiles_keeps_the_covariance():
    w, x = heavy()
    spread = w.quantile(x, 0.75) - w.quantile(x, 0.25)
    psi = w.quantile(x, 0.75).influence - w.quantile(x, 0.25).influence
    assert spread.se == pytest.approx(np.sqrt((psi**2).sum() / 2000 / 1999), rel=1e-12)
    assert spread.se < np.hypot(w.quantile(x, 0.75).se, w.quantile(x, 0.25).se)


def test_zero_is_removed():
    w, x = heavy(300)
    v = np.where(np.arange(300) % 3 == 0, 0.0, np.asarray(w))
    gaps = np.where(v == 0, np.nan, x)
    whole, kept = Weights.of(v, kind="importance"), Weights.of(v[v > 0], kind="importance")
    a, b = whole.quantile(gaps, [0.1, 0.5, 0.9]), kept.quantile(x[v > 0], [0.1, 0.5, 0.9])
    assert np.array_equal(a.value, b.value)
    assert np.array_equal(a.interval(), b.interval())
    one, two = whole.cdf(gaps, 1.0), kept.cdf(x[v > 0], 1.0)
    assert (one.value, one.se, one.khat) == pytest.approx((two.value, two.se, two.khat), rel=1e-12)


@pytest.mark.parametrize(
    ("q", "said"),
    [
        (1.5, r"`q` must lie in \[0, 1\]; got 1 outside, first 1.5 at row 0"),
        (-0.1, "first -0.1"),
        (np.nan, "NaN"),
        ([[0.5]], "one number or a vector"),
    ],
)
def test_levels_outside_are_refused(q, said):
    w, x = heavy(100)
    with pytest.raises(InputError, match=said):
        w.quantile(x, q)


def test_one_column_at_a_time():
    w, x = heavy(100)
    for verb in (w.quantile, w.cdf):
        with pytest.raises(InputError, match="`f` must be one column; got a table of 2"):
            verb(np.c_[x, x], 0.5)
        with pytest.raises(InputError, match="row 3"):
            verb(np.where(np.arange(100) == 3, np.nan, x), 0.5)


def test_a_number_gives_numbers_and_a_vector_arrays():
    w, x = heavy(100)
    assert isinstance(w.quantile(x, 0.5).value, float)
    assert all(isinstance(v, float) for v in w.quantile(x, 0.5).interval())
    assert w.quantile(x, [0.5]).value.shape == (1,)
    assert w.quantile(x, [0.2, 0.5]).interval()[0].shape == (2,)
    assert w.quantile(pd.Series(x), pd.Series([0.2, 0.5])).value.shape == (2,)
    assert isinstance(w.quantile(pd.Series(x), 0.5).influence, pd.Series)


# ---- cdf --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("smooth", [False, True])
def test_share_is_the_mean_of_the_indicator(clustered, smooth):
    w, x = heavy()
    w = w.smooth() if smooth else w
    said = {"cluster": np.random.default_rng(0).integers(90, size=2000)} if clustered else {}
    points = np.array([0.1, 1.0, 3.0, 5.0])
    e = w.cdf(x, points, **said)
    for j, at in enumerate(points):
        one = w.mean(x <= at, **said)
        got = e.value[j], e.se[j], e.khat[j], e.inflation[j], e.interval()[0][j], e.interval()[1][j], e.ess_f[j]
        assert got == pytest.approx((one.value, one.se, one.khat, one.inflation, *one.interval(), one.ess_f), rel=1e-9)
        np.testing.assert_allclose(e.influence[:, j], one.influence, atol=1e-12)


def test_share_of_copies_is_that_of_repeated_rows():
    copies, f = np.array([3, 0, 2, 1]), np.array([1.0, 1.5, 2.0, 4.0])
    a = Weights.of(copies, kind="frequency").cdf(f, [1.0, 2.0])
    b = Weights.of(np.ones(6), kind="importance").cdf(np.repeat(f, copies), [1.0, 2.0])
    np.testing.assert_allclose((a.value, a.se, *a.interval()), (b.value, b.se, *b.interval()), rtol=1e-12)
    assert a.value.tolist() == pytest.approx([0.5, 5 / 6])


def test_shares_never_fall_and_end_at_one():
    w, x = heavy()
    e = w.cdf(x.round(1), np.linspace(-1, 20, 500))
    assert (np.diff(e.value) >= 0).all()
    assert (e.value[0], e.value[-1]) == (0.0, 1.0)
    assert (e.se[0], e.se[-1]) == (0.0, 0.0)
    assert w.cdf(x, np.inf).value == 1.0


def test_share_and_quantile_are_inverse():
    w, x = heavy()
    for q in (0.05, 0.3, 0.77):
        at = w.quantile(x, q).value
        assert w.cdf(x, at).value >= q > w.cdf(x, np.nextafter(at, -np.inf)).value


def test_points_that_are_no_numbers_are_refused():
    w, x = heavy(100)
    with pytest.raises(InputError, match="`at` must be numbers; got 1 NaN"):
        w.cdf(x, [1.0, np.nan])


def test_textbook_binomial_for_equal_weights():
    f = np.arange(200)
    e = Weights.of(np.ones(200), kind="importance").cdf(f, 49)
    assert e.value == pytest.approx(0.25, rel=1e-14)
    assert e.se == pytest.approx(np.sqrt(0.25 * 0.75 / 199), rel=1e-12)
    assert e.interval()[1] == pytest.approx(0.25 + student.ppf(0.975, 199) * e.se, rel=1e-12)
