"""Weighted averages: closed forms first, then the laws that every formula keeps."""

from __future__ import annotations

import tracemalloc
from importlib import import_module

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.special import ndtri
from scipy.stats import t as student
from statsmodels.api import WLS

import upweight as uw
from upweight import Weights, arrays
from upweight.arrays import tail_index, tail_size


def grid(k: float, n: int):
    """x, log target, log source at the quantiles of Exp(1); the tail index of the ratio is k."""
    x = -np.log1p(-(np.arange(1, n + 1) - 0.5) / n)
    return x, np.log1p(-k) - (1 - k) * x, -x


@pytest.fixture(scope="module")
def heavy():
    x, target, source = grid(0.55, 4000)
    return x, uw.log_ratio(target, source)


def some(n: int, seed: int = 0, kind: str = "importance"):
    rng = np.random.default_rng(seed)
    return Weights.of(rng.exponential(size=n), kind=kind), rng.normal(size=n)


def half(e, level=0.95):
    low, high = e.interval(level)
    return (high - low) / 2


# ---- closed forms ---------------------------------------------------------------------------------------------------------


def test_self_normalised_average_of_three_rows_by_hand():
    e = Weights.of([1, 2, 3], kind="importance").mean([0, 1, 1])
    assert e.value == pytest.approx(5 / 6, rel=1e-14)
    assert e.se == pytest.approx(0.209717623202, rel=1e-11)


def test_cluster_sums_by_hand():
    e = Weights.of([1, 1, 2, 2], kind="importance").mean([1, 2, 3, 4], cluster=[0, 0, 1, 1])
    assert e.value == pytest.approx(17 / 6, rel=1e-14)
    assert e.se == pytest.approx(8 / 9, rel=1e-13)


def test_equal_weights_give_the_textbook_t_interval():
    e = Weights.of(np.ones(10), kind="importance").mean(np.arange(10))
    assert e.value == 4.5
    assert half(e) == pytest.approx(2.165850589668, rel=1e-12)


@pytest.mark.parametrize("n", [12, 30, 100, 1000])
@pytest.mark.parametrize("how", ["self", "plain", "control"])
def test_equal_weights_give_the_textbook_t_interval_whatever_f(n, how):
    f = np.random.default_rng(n).standard_t(2, size=n)  # its own tail is no business of equal weights
    e = Weights.of(np.ones(n), kind="importance", exact=True).mean(f, how=how)
    assert half(e, 0.9) == pytest.approx(student.ppf(0.95, n - 1) * f.std(ddof=1) / np.sqrt(n), rel=1e-10)


def test_copies_are_repeated_rows_by_hand():
    e = Weights.of([3, 2, 1], kind="frequency").mean([1, 2, 4])
    assert e.se == pytest.approx(0.477260702109, rel=1e-11)
    assert (e.n, e.ess) == (6, 6.0)


def test_horvitz_thompson_total_by_hand():
    e = Weights.of([2, 2, 5], kind="inclusion").mean([1, 3, 2], how="total")
    assert e.value == pytest.approx(18, rel=1e-14)
    assert e.se == pytest.approx(10, rel=1e-14)


def test_total_of_clusters_drawn_together_adds_inside_them_first():
    w, f, cluster = [2, 2, 5, 5], [1, 3, 2, -1], ["a", "a", "b", "b"]
    e = Weights.of(w, kind="inclusion").mean(f, how="total", cluster=cluster)
    assert e.se == pytest.approx(np.sqrt(2 * 1 * (1 + 3) ** 2 + 5 * 4 * (2 - 1) ** 2), rel=1e-13)


def test_heavy_grid(heavy):
    x, w = heavy
    e = w.mean(x)
    figures = e.value, e.se, e.khat, e.inflation, half(e)
    truth = 2.127822985051, 0.140769334090, 0.775961496704, 10.090274767, 2.787019334
    assert figures == pytest.approx(truth, rel=1e-9)
    assert not e.ok
    assert "widened ×10" in str(e)


def test_heavy_grid_of_an_indicator_watches_the_weights_alone(heavy):
    x, w = heavy
    e = w.mean(x > 1.5)
    assert (e.value, e.se, e.inflation, half(e)) == pytest.approx(
        (0.505126522259, 0.014986911592, 2.032762257, 0.059776112), rel=1e-8
    )
    assert e.khat == w.khat


def test_smoothing_moves_the_value_and_keeps_the_raw_tail(heavy):
    x, w = heavy
    e = w.smooth().mean(x)
    assert e.value == pytest.approx(2.122980981071, rel=1e-12)
    assert e.khat == w.mean(x).khat
    assert e.se < w.mean(x).se


def test_three_formulas_on_the_good_grid():
    z = ndtri((np.arange(1, 4001) - 0.5) / 4000)
    w = uw.log_ratio(-((z - 0.5) ** 2) / 2, -(z**2) / 2)
    found = [w.mean(z, how=how) for how in ("self", "plain", "control")]
    values = [e.value for e in found]
    assert values == pytest.approx([0.499623651232, 0.499590559651, 0.499772923706], rel=1e-11)
    assert [e.se for e in found[1:]] == pytest.approx([0.0240, 0.0061], abs=5e-5)


def test_self_is_the_sandwich_of_weighted_least_squares():
    w, f = some(60)
    cluster = np.random.default_rng(1).integers(12, size=60)
    fit = WLS(f, np.ones(60), weights=np.asarray(w)).fit(cov_type="HC1")
    grouped = WLS(f, np.ones(60), weights=np.asarray(w)).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    assert w.mean(f).se == pytest.approx(fit.bse[0], rel=1e-12)
    # statsmodels multiplies by (n - 1)/(n - 1) G/(G - 1) here, as there is one parameter
    assert w.mean(f, cluster=cluster).se == pytest.approx(grouped.bse[0], rel=1e-12)


# ---- laws -------------------------------------------------------------------------------------------------------------------


def test_control_variate_is_exact_where_w_f_is_linear_in_w():
    v = np.random.default_rng(3).gamma(2, 0.5, size=200)
    w = Weights.of(v, kind="importance", exact=True)
    e = w.mean((3.0 + 2.0 * v) / v, how="control")  # w f = 3 + 2 w, so its mean is 5
    assert e.value == pytest.approx(5.0, rel=1e-13)
    assert e.se < 1e-13


@pytest.mark.parametrize("how", ["self", "control"])
def test_a_constant_has_no_error_however_heavy_the_tail(how):
    x, target, source = grid(0.9, 2000)
    e = uw.log_ratio(target, source).mean(np.full(2000, 0.1), how=how)
    assert (e.value, e.se) == (0.1, 0.0)
    assert e.interval() == (0.1, 0.1)
    heavier = Weights.of_log(1.4 * x, kind="importance").mean(np.full(2000, 0.1))
    assert heavier.khat >= 1
    assert heavier.interval() == (0.1, 0.1)


def test_from_khat_one_on_the_interval_is_the_line():
    x, *_ = grid(0.5, 2000)
    e = Weights.of_log(1.4 * x, kind="importance").mean(x)
    assert e.khat >= 1
    assert e.interval() == (-np.inf, np.inf)
    assert e.inflation == np.inf
    assert not e.ok


@pytest.mark.parametrize("how", ["self", "plain"])
def test_one_row_with_all_the_weight_tells_no_error(how):
    e = Weights.of([0, 3, 0], kind="importance", exact=True).mean([1, 2, 4], how=how)
    assert e.interval() == (-np.inf, np.inf)
    assert not e.ok
    assert e.why.startswith("1 row carries all the weight")


def test_one_cluster_tells_no_error():
    w, f = some(40)
    e = w.mean(f, cluster=np.zeros(40, dtype=int))
    assert e.interval() == (-np.inf, np.inf)
    assert "1 cluster" in e.why


def test_zero_is_removed_for_self_and_counts_for_plain():
    w, f = some(300)
    v = np.where(np.arange(300) % 3 == 0, 0.0, np.asarray(w))
    there = v > 0
    whole, kept = (Weights.of(x, kind="importance", exact=True) for x in (v, v[there]))
    a, b = whole.mean(f), kept.mean(f[there])
    assert (a.value, a.se, a.khat, a.inflation, half(a)) == pytest.approx(
        (b.value, b.se, b.khat, b.inflation, half(b)), rel=1e-12
    )
    assert whole.mean(f, how="plain").value == pytest.approx(kept.mean(f[there], how="plain").value * 2 / 3, rel=1e-12)


@pytest.mark.parametrize("clustered", [False, True])
def test_integer_copies_are_repeated_rows(clustered):
    rng = np.random.default_rng(5)
    f, copies, cluster = rng.standard_cauchy(80), rng.integers(0, 5, 80), rng.integers(9, size=80)
    said = {"cluster": cluster} if clustered else {}
    again = {"cluster": np.repeat(cluster, copies)} if clustered else {}
    a = Weights.of(copies, kind="frequency").mean(f, **said)
    b = Weights.of(np.ones(copies.sum()), kind="importance").mean(np.repeat(f, copies), **again)
    assert (a.value, a.se, a.n, a.ess) == pytest.approx((b.value, b.se, b.n, b.ess), rel=1e-12)
    assert half(a) == pytest.approx(half(b), rel=1e-10)


def test_a_constant_in_the_logs_changes_nothing():
    rng = np.random.default_rng(6)
    l, f = rng.exponential(size=500), rng.normal(size=500)
    a, b = (Weights.of_log(l + c, kind="importance").mean(f) for c in (0.0, 1000.0))
    assert (a.value, a.se, a.khat) == pytest.approx((b.value, b.se, b.khat), rel=1e-10)


def test_order_of_rows_is_free():
    w, f = some(700)
    p = np.random.default_rng(7).permutation(700)
    a, b = w.mean(f), w[p].mean(f[p])
    assert (a.value, a.se, a.khat) == pytest.approx((b.value, b.se, b.khat), rel=1e-11)


def test_unit_and_origin_of_f_carry_over():
    w, f = some(700)
    a, b = w.mean(f), w.mean(1e9 + 8.0 * f)
    assert b.value - 1e9 == pytest.approx(8 * a.value, abs=1e-6)
    assert b.se == pytest.approx(8 * a.se, rel=1e-7)  # a mean of raw squares would have no digit left


def test_a_table_is_its_columns():
    w, f = some(200)
    table = np.c_[f, f > 0, np.ones(200)]
    e = w.mean(table)
    for j in range(3):
        one = w.mean(table[:, j])
        assert (e.value[j], e.se[j], e.khat[j], e.inflation[j]) == (one.value, one.se, one.khat, one.inflation)
        assert (e.interval()[0][j], e.interval()[1][j]) == one.interval()
        assert np.array_equal(e.influence[:, j], one.influence)
        np.testing.assert_equal(e.ess_f[j], one.ess_f)


def test_k_star_is_the_worst_of_weights_and_of_either_side():
    rng = np.random.default_rng(8)
    l, f = 0.3 * rng.exponential(size=2000), rng.standard_t(2, size=2000) + 1
    w = Weights.of_log(l, kind="importance")
    e, size = w.mean(f), tail_size(2000)
    sides = [x[x > 0] for x in (e.influence, -e.influence)]
    each = [tail_index(np.log(x), size=min(size, x.size - 1)) for x in sides]
    assert e.khat == pytest.approx(max(w.khat, *each), rel=1e-9)
    assert max(each) > w.khat  # or the test would say nothing
    assert e.inflation == pytest.approx(float(arrays.widening(e.khat, 2000)))


@pytest.mark.parametrize(("rows", "watched"), [(24, False), (25, True)])
def test_a_side_under_25_rows_is_not_watched(rows, watched):
    rng = np.random.default_rng(9)
    w = Weights.of(1 + rng.random(400), kind="importance")
    f = np.r_[50 + 50 * rng.pareto(1.0, rows), -rng.random(400 - rows)]
    e = w.mean(f)
    assert np.count_nonzero(e.influence > 0) == rows
    assert (e.khat > 0.3) == watched  # the prior holds a tail of 24 rows near a half


def test_clusters_watch_the_tail_of_their_sums():
    rng = np.random.default_rng(10)
    cluster = np.repeat(np.arange(400), np.ceil(rng.pareto(1.2, 400) + 1).astype(int))
    f = rng.normal(size=cluster.size) + 3.0 * rng.normal(size=400)[cluster]
    w = Weights.of(np.ones(cluster.size), kind="importance")
    assert w.mean(f).khat == -np.inf
    assert w.mean(f, cluster=cluster).khat > 0.4


def test_clusters_of_one_row_change_only_what_is_watched():
    w, f = some(300)
    a, b = w.mean(f), w.mean(f, cluster=np.arange(300))
    assert (a.value, a.se) == pytest.approx((b.value, b.se), rel=1e-12)
    assert a.interval() == pytest.approx(b.interval(), rel=1e-9)


def test_names_of_clusters_do_not_matter():
    w, f = some(90)
    numbers = np.random.default_rng(1).integers(7, size=90)
    names = np.array(["g" + "abcdefg"[6 - i] for i in numbers])
    forms = [numbers, numbers * 1000 - 5, names, names.tolist(), pd.Series(names), pl.Series(names), pa.array(names)]
    found = {round(w.mean(f, cluster=c).se, 14) for c in forms}
    assert len(found) == 1


def test_degrees_of_freedom_are_those_of_the_clusters_total_weights():
    w, f = some(90)
    cluster = np.random.default_rng(1).integers(7, size=90)
    totals = np.bincount(cluster, np.asarray(w))
    e = w.mean(f, cluster=cluster)
    df = totals.sum() ** 2 / (totals**2).sum() - 1
    assert half(e) == pytest.approx(student.ppf(0.975, df) * e.se * e.inflation, rel=1e-10)


def test_influences_add_up_to_the_standard_error():
    w, f = some(50)
    cluster = np.random.default_rng(2).integers(9, size=50)
    sums = np.bincount(cluster, w.mean(f).influence)
    assert abs(w.mean(f).influence.sum()) < 1e-10
    assert np.sqrt((w.mean(f).influence ** 2).sum() * 50 / 49) / 50 == pytest.approx(w.mean(f).se, rel=1e-12)
    assert np.sqrt((sums**2).sum() * 9 / 8) / 50 == pytest.approx(w.mean(f, cluster=cluster).se, rel=1e-12)


def test_ess_of_f_is_that_of_the_arrays():
    w, f = some(50)
    assert w.mean(f).ess_f == pytest.approx(float(arrays.ess_for(w.log_w, f)), rel=1e-12)
    assert Weights.of([2, 3], kind="frequency").mean([1.0, 2.0]).ess_f == 5.0


def test_subgroup_ratio_is_the_mean_of_the_subgroup():
    w, f = some(200)
    group = np.arange(200) % 4 == 0
    ratio, direct = w.mean(f * group) / w.mean(group), w[group].mean(f[group])
    assert ratio.value == pytest.approx(direct.value, rel=1e-12)
    assert ratio.se / np.sqrt(200 / 199) == pytest.approx(direct.se / np.sqrt(50 / 49), rel=1e-12)


def test_values_of_rows_that_weigh_nothing_do_not_make_an_indicator_a_number():
    x = np.random.default_rng(11).exponential(size=800)
    v = np.where(np.arange(800) % 9 == 0, 0.0, np.exp(0.5 * x))
    w, f = Weights.of(v, kind="importance"), (x > 1.5).astype(float)
    assert w.mean(np.where(v == 0, 17.0, f)).khat == w.mean(f).khat == w.khat


# ---- memory and pieces --------------------------------------------------------------------------------------------------------


def test_nothing_is_written():
    w, f = some(100)
    cluster = np.arange(100) % 7
    before = f.copy(), cluster.copy(), w.log_w.copy()
    for a in (f, cluster):
        a.flags.writeable = False  # a write would raise
    for how in ("self", "plain"):
        _ = w.declare(exact=True).mean(f, how=how, cluster=cluster).influence
    _ = w.smooth().mean(f, cluster=cluster).influence
    assert all(np.array_equal(a, b) for a, b in zip(before, (f, cluster, w.log_w), strict=True))


def test_no_second_long_array_is_made():
    n = 1_000_000
    rng = np.random.default_rng(0)
    w, f = Weights.of_log(rng.normal(size=n), kind="importance"), rng.normal(size=n)
    tracemalloc.start()
    w.mean(f)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * f.nbytes


def test_pieces_do_not_matter(monkeypatch):
    w, f = some(5000)
    whole = w.mean(f)
    monkeypatch.setattr(import_module("upweight._estimate._influence"), "BLOCK", 77)
    parts = w.mean(f)
    assert (parts.value, parts.se, parts.khat) == pytest.approx((whole.value, whole.se, whole.khat), rel=1e-12)
