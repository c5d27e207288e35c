"""When an average is not believed: a handful of rows, a heavy f, a promise that is not kept; and the bound of what was never seen."""

from __future__ import annotations

import numpy as np
import pytest

import upweight as uw
from upweight import Weights


def equal(n: int) -> Weights:
    return Weights.of(np.ones(n), kind="importance")


# ---- never seen -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("seen", [0.0, 1.0])
def test_what_was_never_seen_reaches_to_the_exact_bound(level, seen):
    e = equal(1000).mean(np.full(1000, seen))
    bound = 1 - ((1 - level) / 2) ** (1 / 1000)  # P(no hit in 1000 | p) = (1 - p)^1000 = (1 - level)/2
    assert (e.value, e.se, e.ok) == (seen, 0.0, False)
    assert e.interval(level) == pytest.approx((0.0, bound) if seen == 0 else (1 - bound, 1.0), rel=1e-12)


def test_no_hit_in_a_thousand_equal_rows_says_up_to_37_in_ten_thousand():
    low, high = equal(1000).mean(np.zeros(1000)).interval()
    assert (low, round(high, 4)) == (0.0, 0.0037)
    assert "0 and 1 were not both seen" in equal(1000).mean(np.zeros(1000)).why


def test_the_bound_counts_effective_rows_and_clusters():
    w = Weights.of(np.random.default_rng(0).gamma(2, 0.5, 600), kind="importance")
    assert w.mean(np.zeros(600)).interval()[1] == pytest.approx(1 - 0.025 ** (1 / w.ess), rel=1e-12)
    cluster = np.arange(600) // 10
    totals = np.bincount(cluster, np.asarray(w))
    worth = totals.sum() ** 2 / (totals**2).sum()
    assert w.mean(np.zeros(600), cluster=cluster).interval()[1] == pytest.approx(1 - 0.025 ** (1 / worth), rel=1e-12)
    copies = Weights.of([400, 600], kind="frequency")
    assert copies.mean([0, 0]).interval() == equal(1000).mean(np.zeros(1000)).interval()


@pytest.mark.parametrize("constant", [0.5, 2.0, -1.0])
def test_other_constants_and_differences_keep_width_0(constant):
    e = equal(100).mean(np.full(100, constant))
    assert e.interval() == (constant, constant)
    assert e.ok
    zero = equal(100).mean(np.zeros(100))
    assert (zero - zero).interval() == (0.0, 0.0)


def test_a_share_of_a_point_beyond_the_rows_reaches_to_the_bound_and_that_of_infinity_does_not():
    x = np.arange(1000.0)
    e = equal(1000).cdf(x, [-1.0, 2000.0, np.inf, -np.inf])
    bound = 1 - 0.025 ** (1 / 1000)
    assert e.interval()[0].tolist() == pytest.approx([0.0, 1 - bound, 1.0, 0.0])
    assert e.interval()[1].tolist() == pytest.approx([bound, 1.0, 1.0, 0.0])


def test_a_tally_that_saw_no_hit_is_no_surer():
    w = equal(1000)
    e = sum(uw.Tally.of(w[rows], f=np.zeros(500)) for rows in (slice(500), slice(500, 1000))).mean()
    assert e.interval() == w.mean(np.zeros(1000)).interval()
    assert not e.ok


# ---- a handful of rows ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hits", "ok"), [(1, False), (9, False), (10, True), (500, True), (991, False)])
def test_two_values_need_ten_effective_rows_on_the_rarer_side(hits, ok):
    for low, high in ((0.0, 1.0), (-3.0, 8.0)):
        f = np.where(np.arange(1000) < hits, high, low)
        assert equal(1000).mean(f).ok == ok
        assert Weights.of([hits, 1000 - hits], kind="frequency").mean([high, low]).ok == ok
    if not ok:
        assert f"of the rarer value are worth {min(hits, 1000 - hits)}, 10 needed" in equal(1000).mean(f).why


def test_heavy_rows_on_the_rarer_side_count_for_less():
    v = np.random.default_rng(0).gamma(4, 0.25, 2000)
    v[:20] = np.r_[4.0, np.full(19, 0.2)]  # 20 hits worth 7.8^2/16.76 = 3.6
    f = np.arange(2000) < 20
    e = Weights.of(v, kind="importance").mean(f)
    assert "of the rarer value are worth 3.63, 10 needed" in e.why


def test_hits_are_counted_in_clusters():
    f = np.repeat(np.arange(400) < 5, 10)  # fifty hits in five clusters
    assert equal(4000).mean(f).ok
    e = equal(4000).mean(f, cluster=np.repeat(np.arange(400), 10))
    assert "the clusters of the rarer value are worth 5, 10 needed" in e.why


def test_few_buyers_carry_an_average_revenue():
    rng = np.random.default_rng(1)
    revenue = np.where(rng.random(4000) < 0.005, rng.lognormal(0, 1, 4000), 0.0)
    e = equal(4000).mean(revenue)
    paid = revenue[revenue > 0]
    assert not e.ok
    assert f"that differ from the common value are worth {paid.sum() ** 2 / (paid**2).sum():.3g}, 50 needed" in e.why
    many = np.where(rng.random(4000) < 0.4, rng.lognormal(0, 0.5, 4000), 0.0)
    assert equal(4000).mean(many).ok


def test_the_order_of_rows_does_not_hide_a_common_value():
    f = np.r_[np.arange(1.0, 21.0), np.zeros(50_000)]
    doubts = {equal(f.size).mean(np.random.default_rng(i).permutation(f)).why for i in range(5)}
    assert doubts == {equal(f.size).mean(np.sort(f)).why}
    assert doubts != {""}


def test_a_quantile_beyond_which_hardly_a_row_lies_is_not_ok():
    x = np.random.default_rng(2).normal(size=1000)
    assert equal(1000).quantile(x, [0.5, 0.9]).ok
    assert not equal(1000).quantile(x, 0.997).ok


# ---- the tail of f under equal weights --------------------------------------------------------------------------------------


def test_equal_weights_do_not_vouch_for_a_heavy_f():
    p = (np.arange(2000) + 0.5) / 2000
    heavy, light = (1 - p) ** (-1 / 1.5), -np.log1p(-p)  # Pareto(1.5), whose variance is infinite; exponential
    e = equal(2000).mean(heavy)
    assert not e.ok
    assert e.why.startswith("the tail of f has k-hat 0.65, not below 0.44")
    assert (e.khat, e.inflation) == (-np.inf, 1.0)  # the interval is the textbook's all the same
    assert equal(2000).mean(light).ok


@pytest.mark.parametrize("how", ["alone", "singletons", "pairs", "blocks"])
def test_clusters_do_not_vouch_for_a_heavy_f_either(how):
    n = 4000
    f = np.random.default_rng(5).pareto(1.5, n)
    said = {"alone": {}, "singletons": {"cluster": np.arange(n)}, "pairs": {"cluster": np.arange(n) // 2}}
    e = equal(n).mean(f, **said.get(how, {"blocks": 2}))
    assert not e.ok
    assert e.why.startswith("the tail of f has k-hat" if how == "alone" else ("the tail of f has k-hat", "k-hat"))
    light = equal(n).mean(np.random.default_rng(5).normal(size=n), **said.get(how, {"blocks": 2}))
    assert light.ok, light.why


def test_copies_are_repeated_rows_in_belief_too():
    rng = np.random.default_rng(3)
    for f in (1 + rng.pareto(1.5, 500), rng.exponential(size=500), np.arange(500.0) < 8, np.arange(500.0) < 2):
        copies = rng.integers(0, 4, 500)
        a = Weights.of(copies, kind="frequency").mean(f)
        b = equal(copies.sum()).mean(np.repeat(f, copies))
        assert (a.ok, a.why) == (b.ok, b.why)


# ---- the promise ------------------------------------------------------------------------------------------------------------


def half_logged(n: int, seed: int, k: float = 0.55):
    """Right weights of tail k, of which a half is missing from the log: their mean is a half."""
    x = np.random.default_rng(seed).exponential(size=n)
    return x, Weights.of_log(np.log(0.5 * (1 - k)) + k * x, kind="importance", exact=True)


def test_an_average_is_not_ok_when_the_promise_of_its_weights_is_broken():
    x, w = half_logged(5000, 0)
    e = w.mean(x > 1.5)
    assert w.khat > 0.5
    assert not e.ok
    assert "mean weight is 0.4" in e.why or "mean weight is 0.5" in e.why
    assert Weights.of_log(w.log_w, kind="importance").mean(x > 1.5).ok  # who promises nothing breaks nothing
    assert not w.smooth().mean(x > 1.5).ok  # taming does not mend it


def test_exact_weights_divided_by_their_sum_are_not_ok():
    v = np.random.default_rng(1).gamma(4, 0.25, 1000)
    f = np.arange(1000) % 2
    assert Weights.of(v, kind="importance", exact=True).mean(f).ok
    e = Weights.of(v / v.sum(), kind="importance", exact=True).mean(f)
    assert not e.ok
    assert "add up to one" in e.why


def test_right_logs_raise_no_alarm():
    alarms = dict.fromkeys((0.0, 0.1, 0.2, 0.3, 0.5), 0)
    for seed in range(200):
        rng = np.random.default_rng([7, seed])
        for k in alarms:
            x = rng.exponential(size=1000)
            w = Weights.of_log(np.log1p(-k) + k * x, kind="importance", exact=True)
            alarms[k] += "promise" in w.mean(x > 1).why
    assert alarms.pop(0.5) <= 4  # at most .02, as of the mean test of `check`
    assert sum(alarms.values()) <= 1  # of 800 logs: a skewed mean is low where its own sd is low


# ---- sizes ------------------------------------------------------------------------------------------------------------------


def test_plain_counts_rows_of_weight_zero_in_its_widening():
    x = -np.log1p(-(np.arange(1, 2001) - 0.5) / 2000)
    v = np.r_[np.exp(0.6 * x) * 0.8, np.zeros(2000)]
    e = Weights.of(v, kind="importance", exact=True).mean(np.r_[x > 1, np.zeros(2000)] > 0, how="plain")
    assert e.inflation == pytest.approx(float(uw.arrays.widening(e.khat, 4000)), rel=1e-12)
    assert e.inflation > 1.04 * float(uw.arrays.widening(e.khat, 2000))


@pytest.mark.parametrize("far", [0.0, 100.0, 800.0, -100.0, -800.0, -1e5])
def test_a_broken_promise_is_told_at_every_level_of_the_logs(far):
    l = np.random.default_rng(8).normal(-0.02, 0.2, 2000)
    why = Weights.of_log(l + far, kind="importance", exact=True).mean(np.arange(2000.0)).why
    log_mean = Weights.of_log(l + far).log_mean
    if far == 0:
        assert why == ""
        return
    said = f"{np.exp(log_mean):.3g}" if abs(far) < 700 else f"exp({log_mean:.6g})"
    assert why.startswith(f"the mean weight is {said} where 1 is promised (z = ")
    z = float(why.split("z = ")[1].split(")")[0])
    if far > 0:  # exp(far) (m - exp(-far)) over exp(far) se
        w = np.exp(l)
        assert z == pytest.approx((w.mean() - np.exp(-far)) / (w.std(ddof=1) / 2000**0.5), rel=0.01)
    else:
        assert z < -1e6
    assert len(why) < 120


def test_weights_divided_by_their_sum_are_told_from_weights_that_are_small():
    w = np.random.default_rng(9).gamma(4, 0.25, 500)
    assert "add up to one" in Weights.of(w / w.sum(), kind="importance", exact=True).mean(np.arange(500.0)).why
    assert "mean weight is 0.00" in Weights.of(w / 499, kind="importance", exact=True).mean(np.arange(500.0)).why
