"""Weighted variances, covariances and correlations: the textbook's for equal weights, repeated rows for copies, and their errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from upweight import InputError, KindError, Weights, log_ratio


def some(n: int = 600, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return Weights.of(rng.gamma(4, 0.25, n), kind="importance"), x, 0.6 * x + 0.8 * rng.normal(size=n)


def test_equal_weights_give_the_textbook():
    _, x, y = some()
    w = Weights.of(np.ones(600), kind="importance")
    assert w.var(x).value == pytest.approx(x.var(ddof=1), rel=1e-12)
    assert w.std(x).value == pytest.approx(x.std(ddof=1), rel=1e-12)
    assert w.cov(x, y).value == pytest.approx(np.cov(x, y)[0, 1], rel=1e-12)
    assert w.corr(x, y).value == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-12)


def test_weights_give_numpys_covariance_with_aweights():
    w, x, y = some()
    table = np.cov(x, y, aweights=np.asarray(w))
    assert [w.var(x).value, w.var(y).value, w.cov(x, y).value] == pytest.approx([table[0, 0], table[1, 1], table[0, 1]])
    assert w.corr(x, y).value == pytest.approx(table[0, 1] / np.sqrt(table[0, 0] * table[1, 1]))


def test_copies_are_repeated_rows():
    rng = np.random.default_rng(1)
    copies, x, y = rng.integers(0, 4, 90), rng.normal(size=90), rng.normal(size=90)
    a, b = Weights.of(copies, kind="frequency"), Weights.of(np.ones(copies.sum()), kind="importance")
    again = np.repeat(x, copies), np.repeat(y, copies)
    for one, two in (
        (a.var(x), b.var(again[0])),
        (a.std(x), b.std(again[0])),
        (a.cov(x, y), b.cov(*again)),
        (a.corr(x, y), b.corr(*again)),
    ):
        assert (one.value, one.se, *one.interval()) == pytest.approx((two.value, two.se, *two.interval()), rel=1e-9)


def test_errors_are_those_of_the_jackknife():
    w, x, y = some(300, 2)
    v = np.asarray(w)
    for call in (
        lambda w, x, y: w.var(x),
        lambda w, x, y: w.std(x),
        lambda w, x, y: w.cov(x, y),
        lambda w, x, y: w.corr(x, y),
    ):
        left_out = []
        for i in range(300):
            keep = np.arange(300) != i
            left_out.append(call(Weights.of(v[keep], kind="importance"), x[keep], y[keep]).value)
        jackknife = np.sqrt(299 / 300 * np.sum((left_out - np.mean(left_out)) ** 2))
        assert call(w, x, y).se == pytest.approx(jackknife, rel=0.03)


def test_influences_give_the_se_and_sd_follows_from_variance():
    w, x, _ = some()
    for e in (w.var(x), w.std(x)):
        assert np.sqrt((e.influence**2).sum() / 600 / 599) == pytest.approx(e.se, rel=1e-9)
    assert w.std(x).se == pytest.approx(w.var(x).se / (2 * w.std(x).value), rel=1e-12)
    assert w.std(x).interval() == pytest.approx(tuple(np.sqrt(w.var(x).interval())), rel=1e-12)


def test_an_offset_costs_no_digit_and_a_constant_has_no_spread():
    w, x, y = some()
    assert w.var(x + 1e6).value == pytest.approx(w.var(x).value, rel=1e-7)
    assert w.corr(x + 1e6, 1e3 * y).value == pytest.approx(w.corr(x, y).value, rel=1e-7)
    assert (w.var(np.full(600, 7.0)).value, w.var(np.full(600, 7.0)).interval()) == (0.0, (0.0, 0.0))
    assert w.corr(x, x).value == pytest.approx(1.0)
    assert w.corr(x, -x).interval() == pytest.approx((-1.0, -1.0))


def test_intervals_stay_where_the_quantity_can_be():
    rng = np.random.default_rng(3)
    w = Weights.of_log(0.9 * rng.exponential(size=200), kind="importance")
    x = rng.standard_t(2, size=200)
    assert w.var(x).interval()[0] >= 0
    low, high = w.corr(x, rng.normal(size=200)).interval()
    assert -1 <= low <= high <= 1


def test_clusters_blocks_tables_and_taming():
    w, x, y = some()
    cluster = np.arange(600) // 3
    assert w.var(x, cluster=cluster).se == pytest.approx(w.var(x, blocks=3).se, rel=1e-12)
    assert w.var(x, cluster=cluster).se != w.var(x).se
    assert w.std(pd.DataFrame({"x": x, "y": y})).names == ("x", "y")
    heavy = Weights.of_log(0.5 * np.abs(x) + 0.5 * np.random.default_rng(4).exponential(size=600), kind="importance")
    assert heavy.smooth().var(x).khat == heavy.var(x).khat


def test_either_end_of_f_is_a_tail_of_its_own():
    x = np.random.default_rng(5).normal(size=4000)
    w = log_ratio(0.5 * x - 0.125, np.zeros(4000))
    assert w.mean((x - 0.5) ** 2).khat > 0.8  # two lumps in one tail
    assert w.var(x).khat < 0.6


@pytest.mark.parametrize("n", [70, 100, 130])
def test_spreads_of_a_hundred_light_rows_are_believed_and_those_of_heavy_ones_are_not(n):
    light = heavy = 0
    w = Weights.of(np.ones(n), kind="importance")
    for seed in range(40):
        rng = np.random.default_rng([n, seed])
        x, y = rng.random(n), rng.random(n)
        light += w.var(x).ok and w.std(x).ok and w.cov(x, y).ok
        heavy += w.var(rng.lognormal(size=n)).ok
    assert light >= 12
    assert heavy <= 2


def test_too_few_rows_for_a_tail_are_said_to_be():
    e = Weights.of(np.ones(40), kind="importance").var(np.random.default_rng(0).normal(size=40))
    assert e.why == "fewer than 25 rows raise it, or lower it: its tail was not judged."
    assert Weights.of(np.ones(40), kind="importance").var(np.linspace(0, 1, 40), bounds=(0, 1)).ok


def test_known_bounds_leave_no_tail_to_widen_for():
    w, x, _ = some()
    f = np.tanh(x)
    a, b = w.var(f), w.var(f, bounds=(-1, 1))
    assert (a.value, a.se) == (b.value, b.se)
    assert b.khat == w.khat
    assert w.std(f, bounds=(-1, 1)).value == pytest.approx(b.value**0.5)
    with pytest.raises(InputError, match=r"lie in bounds=\(0, 1\)"):
        w.var(f, bounds=(0, 1))


def test_wrong_columns_are_refused():
    w, x, y = some()
    with pytest.raises(InputError, match="`g` must hold at least two values"):
        w.corr(x, np.ones(600))
    with pytest.raises(InputError, match="`g` must be one column; got a table of 2"):
        w.cov(x, np.c_[x, y])
    with pytest.raises(InputError, match="`g` must have one entry a weight"):
        w.cov(x, y[:-1])
    with pytest.raises(KindError, match="train with"):
        Weights.of(np.ones(3), kind="class").var([1.0, 2.0, 3.0])


def test_a_spread_of_what_was_never_seen_is_not_certain():
    x = np.random.default_rng(0).normal(size=500)
    w = Weights.of(np.random.default_rng(1).gamma(4, 0.25, 500), kind="importance")
    for never in (np.zeros(500), np.ones(500)):
        p = 1 - 0.025 ** (1 / w.ess)
        var, std, cov = w.var(never), w.std(never), w.cov(x, never)
        for e in (var, std, cov, w.cov(never, x), w.cov(never, never)):
            assert (e.value, e.ok) == (0.0, False)
            assert "0 and 1 were not both seen" in e.why
        assert var.interval() == pytest.approx((0.0, p * (1 - p)), rel=1e-12)
        assert std.interval() == pytest.approx((0.0, np.sqrt(p * (1 - p))), rel=1e-12)
        assert cov.interval() == (-np.inf, np.inf)
    table = w.var(np.c_[x, np.zeros(500)])
    assert (table[0].ok, table[1].ok) == (True, False)
    for e in (w.var(np.full(500, 3.0)), w.std(np.full(500, 0.5)), w.cov(x, np.full(500, 3.0))):
        assert (e.value, e.ok, e.interval()) == (0.0, True, (0.0, 0.0))


def test_the_spread_of_few_unseen_rows_reaches_to_a_quarter():
    assert Weights.of(np.ones(3), kind="importance").var(np.zeros(3)).interval() == (0.0, 0.25)
