"""The rules of a verdict: every reason fires where it should, and is silent where it should not."""

import math
from dataclasses import replace

import numpy as np
import pytest

import upweight as uw
from upweight import Weights


def grid(k, n):
    x = -np.log1p(-(np.arange(n) + 0.5) / n)
    return k * x + (np.log(1 - k) if k < 1 else 0.0)


def logs(l, exact=True, kind="importance"):
    return Weights.of_log(l, kind=kind, exact=exact)


def linear(values, **said):
    return Weights.of(values, **({"kind": "importance"} | said))


def light(n=4000, shift=0.0):
    """Exact weights with a light tail and mean one: target N(0.3, 1) over source N(0, 1)."""
    rng = np.random.default_rng(5)
    return 0.3 * rng.normal(size=n) - 0.045 + shift


# ---- every reason -----------------------------------------------------------------------------------------------------------

REASONS = {
    "ALL_ZERO": ("unusable", lambda: linear(np.zeros(100)).check()),
    "INVERTED": ("unusable", lambda: logs(-grid(0.55, 4000)).check()),
    "ONE_ROW": ("unusable", lambda: linear(np.r_[np.ones(999), 1e4]).check()),
    "NO_MEAN": ("unusable", lambda: logs(grid(1.1, 4000), exact=False).check()),
    "MEAN_NOT_ONE": ("unreliable", lambda: logs(light(shift=np.log(0.8))).check()),
    "MEAN_HIGH": ("unreliable", lambda: linear(np.r_[np.ones(95), np.linspace(900, 1000, 5)], exact=True).check()),
    "SEGMENT_MEAN": (
        "unreliable",
        lambda: logs(light() + np.where(np.arange(4000) < 500, 0.3, -0.05)).check(by=np.arange(4000) // 500),
    ),
    "HEAVY_TAIL": ("unreliable", lambda: logs(grid(0.8, 4000)).check()),
    "FEW_ROWS": ("unreliable", lambda: linear(np.ones(24)).check()),
    "LARGE_ROW": ("unreliable", lambda: linear(np.r_[np.linspace(1, 1.2, 999), 200.0]).check()),
    "LOW_ESS": ("unreliable", lambda: linear(np.linspace(1, 1.1, 29)).check()),
    "INFINITE_VARIANCE": ("usable", lambda: logs(grid(0.55, 4000)).check()),
    "TAIL_UNKNOWN": ("usable", lambda: linear(np.r_[np.ones(996), 5.0, 6.0, 7.0, 8.0]).check()),
    "MODEST_ESS": ("usable", lambda: linear(np.linspace(1, 1.1, 99)).check()),
    "MEAN_LOW": ("unreliable", lambda: logs(grid(0.55, 4000) - 0.3).check()),
    "NORMALISED": ("unreliable", lambda: linear(np.exp(light()) / np.exp(light()).sum(), exact=True).check()),
    "LOOKS_LIKE_CLASS": ("usable", lambda: Weights.of(np.repeat([1.0, 10.0], [900, 100])).check()),
    "CONSTANT": ("good", lambda: linear(np.ones(1000)).check()),
    "BOUNDED": ("good", lambda: linear(np.repeat([1.0, 10.0], [900, 100])).check()),
    "TAMED": ("good", lambda: logs(light()).clip(at=2.0).check()),
    "CLASS_TWICE": (
        "good",
        lambda: (linear(np.linspace(1, 2, 400), kind="class") * linear(np.ones(400), kind="class")).check(),
    ),
    "DETERMINISTIC": ("good", lambda: uw.ratio(np.linspace(0.5, 1, 400), np.ones(400), exact=False).check()),
}


def test_weights_divided_by_their_mean_keep_their_promise_untested():
    v = linear(np.exp(light()) / np.exp(light()).mean(), exact=True).check()
    assert v.reasons == ("NORMALISED",)
    assert v.grade == "usable"


def test_a_low_mean_that_harms_nobody_is_usable():
    near = replace(logs(grid(0.55, 4000)).check(), mean=0.985, mean_z=-4.0)
    assert near.grade == "usable"
    assert "MEAN_LOW" in near.reasons
    assert replace(near, mean=0.975).grade == "unreliable"


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_fires_with_its_grade(code):
    grade, make = REASONS[code]
    v = make()
    assert code in v.reasons
    reason = v.reasons[v.reasons.index(code)]
    assert reason.code == code
    assert reason.grade == grade
    assert v.grade == max((r.grade for r in v.reasons), key=("good", "usable", "unreliable", "unusable").index)
    assert reason.text in str(v) or reason.line in str(v)


def test_advice_belongs_to_the_first_reason_that_has_one():
    for grade, make in REASONS.values():
        v = make()
        first = next((r for r in v.reasons if r.advice), None)
        if first is not None:
            assert v.advice == first.advice.replace("\n", " ")
        assert grade == "good" or first is not None


def test_reasons_come_in_the_order_of_their_advice():
    order = [*REASONS]
    order.insert(1, "WRONG_WAY")
    order.insert(order.index("LOW_ESS") + 1, "IMBALANCE")
    for _, make in REASONS.values():
        places = [
            order.index(code)
            for code in make().reasons
            if code != "WRONG_WAY" and order.index(code) < order.index("CONSTANT")
        ]
        tail_first = ["INVERTED", "ONE_ROW", "NO_MEAN"]
        assert [p for p in places if order[p] not in tail_first] == sorted(
            p for p in places if order[p] not in tail_first
        )


def test_linear_looking_logs_are_noted_with_a_remedy():
    with pytest.warns(UserWarning, match="probabilities"):
        w = uw.log_ratio(np.linspace(0, 1, 400), np.full(400, 0.5), exact=False)
    v = w.check()
    assert "LOOKS_LINEAR" in v.reasons
    assert v.advice == "probabilities? use upweight.ratio"


# ---- the mean test ----------------------------------------------------------------------------------------------------------


def test_zeros_count_in_the_mean_test():
    l = light()
    l[::5] = -np.inf
    v = logs(l).check()
    assert "MEAN_NOT_ONE" in v.reasons
    assert v.mean == pytest.approx(0.8, abs=0.01)
    assert v.n_zero == 800


@pytest.mark.parametrize("factor", [0.81, 1.01, 1.3])
def test_a_breach_is_flagged_only_beyond_two_percent(factor):
    l = light(400_000)
    l -= np.log(np.exp(l).mean())
    v = logs(l + np.log(factor)).check()
    assert abs(v.mean_z) > 3.29
    assert ("MEAN_NOT_ONE" in v.reasons) == (abs(factor - 1) > 0.02)


def test_a_low_mean_under_a_heavy_tail_is_no_breach():
    v = logs(grid(0.55, 4000) - 0.3).check()
    assert v.mean_z < -3.29
    assert "MEAN_NOT_ONE" not in v.reasons
    assert "MEAN_LOW" in v.reasons
    assert "MEAN_NOT_ONE" in logs(grid(0.3, 4000) - 0.3).check().reasons


def test_weights_without_a_promise_are_not_tested():
    v = logs(light(shift=3.0), exact=False).check(by=np.arange(4000) % 3)
    assert math.isnan(v.mean_z)
    assert v.grade == "good"
    assert "mean " not in str(v).split("do ")[0].split("by ")[0]


def test_a_constant_breaks_the_promise_if_it_is_not_one():
    v = linear(np.full(100, 0.635), exact=True).check()
    assert v.mean_z == -math.inf
    assert "MEAN_NOT_ONE" in v.reasons
    assert "z = -inf" in str(v)
    one = linear(np.ones(100), exact=True).check()
    assert one.mean_z == 0.0
    assert "MEAN_NOT_ONE" not in one.reasons
    assert "NORMALISED" not in one.reasons


@pytest.mark.parametrize("scale", ["sum", "mean"])
def test_normalised_weights_are_told_and_not_tested(scale):
    w = np.exp(light())
    w /= w.sum() if scale == "sum" else w.mean()
    v = linear(w, exact=True).check(by=np.arange(4000) % 4)
    assert "NORMALISED" in v.reasons
    assert not {"MEAN_NOT_ONE", "SEGMENT_MEAN", "INVERTED", "MEAN_LOW"} & {*v.reasons}
    assert "NORMALISED" not in linear(w).check().reasons


def test_ratios_that_were_made_here_are_never_called_normalised():
    ab = uw.ratio(np.tile([0.8, 0.2], 500), np.full(1000, 0.5))
    many = np.linspace(0.5, 1.5, 1000)
    logged = uw.log_ratio(np.log(many / many.mean()), np.zeros(1000))
    for w in (
        ab,
        logged,
        ab * uw.ratio(np.ones(1000), np.ones(1000)),
        Weights.of(ab.values, kind="importance", exact=True),
    ):
        v = w.check()
        assert abs(v.mean - 1) < 1e-12
        assert v.grade == "good"
        assert "NORMALISED" not in v.reasons
    scaled = (linear(many, exact=True) * (1 / many.mean())).declare(exact=True)
    assert "NORMALISED" in scaled.check().reasons


@pytest.mark.parametrize("few", [True, False])
def test_a_mean_of_one_over_all_rows_hides_no_segment(few):
    by = np.repeat([0, 1], 500)
    w = np.tile([0.0, 2.0], 500) * np.where(by == 0, 0.5, 1.5)
    if not few:
        w = w * np.tile(np.linspace(0.9, 1.1, 500), 2)
        w /= w.mean()
    v = linear(w, exact=True).check(by=by)
    assert ("NORMALISED" in v.reasons) == (not few)
    assert v.mean == pytest.approx(1.0, abs=1e-12)
    assert "SEGMENT_MEAN" in v.reasons
    assert v.grade == "unreliable"
    assert "2 break the promise" in str(v)


def test_clusters_widen_the_mean_test():
    l = light(4000)
    twice = np.repeat(l[:1000], 4)
    cluster = np.repeat(np.arange(1000), 4)
    plain, clustered = logs(twice).check(), logs(twice).check(cluster=cluster)
    assert clustered.mean_se == pytest.approx(2 * plain.mean_se, rel=1e-3)
    w = np.exp(twice)
    sums = np.bincount(cluster, w - w.mean())
    assert clustered.mean_se == pytest.approx(math.sqrt(1000 / 999 * (sums**2).sum()) / 4000, rel=1e-10)
    assert logs(l).check(cluster=np.arange(4000)).mean_se == pytest.approx(logs(l).check().mean_se, rel=1e-12)


# ---- inverted ---------------------------------------------------------------------------------------------------------------


def test_inverted_weights_are_told_to_be_swapped():
    x = -np.log1p(-(np.arange(4000) + 0.5) / 4000)
    t, s = np.log(0.45) - 0.45 * x, -x
    v = uw.log_ratio(s, t).check()
    assert v.grade == "unusable"
    assert v.reasons[0] == "INVERTED"
    assert "swap" in v.advice
    assert v.inverse.mean == pytest.approx(uw.log_ratio(t, s).check().mean, rel=1e-12)
    assert v.inverse.khat == uw.log_ratio(t, s).khat
    assert uw.log_ratio(t, s).check().inverse is None


def test_a_high_mean_within_its_huge_error_has_one_over_w_looked_at():
    z = np.random.default_rng(9).normal(size=1000)
    v = logs(2 - 2 * z).check()
    assert v.mean > 50
    assert abs(v.mean_z) < 3.29
    assert v.inverse is not None
    assert v.reasons[0] == "INVERTED"
    assert v.grade == "unusable"


def test_right_weights_are_not_called_inverted_for_a_high_mean():
    for seed in range(60):
        z = np.random.default_rng(seed).normal(size=1000)
        for shift in (1.0, 1.8, 2.2):
            assert "INVERTED" not in logs(shift * z - shift**2 / 2).check().reasons


def test_a_mean_of_twenty_is_never_usable():
    for top in np.geomspace(1, 1e6, 40):
        v = linear(np.r_[np.ones(95), np.linspace(0.9, 1, 5) * top], exact=True).check()
        if v.mean >= 20:
            assert v.grade in ("unreliable", "unusable")
            assert {"MEAN_HIGH", "MEAN_NOT_ONE"} & {*v.reasons}
    assert "MEAN_HIGH" not in linear(np.r_[np.ones(95), np.linspace(900, 1000, 5)]).check().reasons


def test_weights_with_zeros_are_never_called_inverted():
    l = -grid(0.55, 4000)
    l[0] = -np.inf
    v = logs(l).check()
    assert "INVERTED" not in v.reasons
    assert "MEAN_NOT_ONE" in v.reasons


def test_wrong_weights_that_are_wrong_both_ways_are_not_called_inverted():
    v = logs(light(shift=1.0)).check()
    assert "MEAN_NOT_ONE" in v.reasons
    assert "INVERTED" not in v.reasons


def test_an_inverse_that_is_no_better_is_not_recommended():
    v = logs(-grid(0.8, 4000)).check()
    assert v.inverse.khat >= 0.7
    assert "INVERTED" not in v.reasons
    assert "MEAN_NOT_ONE" in v.reasons


# ---- kinds ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["class", "cost"])
def test_class_and_cost_weights_are_judged_by_sizes_only(kind):
    v = Weights.of_log(grid(0.8, 4000), kind=kind, exact=True).check()
    assert not {"HEAVY_TAIL", "INFINITE_VARIANCE", "BOUNDED", "TAIL_UNKNOWN", "FEW_ROWS"} & {*v.reasons}
    assert "k-hat" not in str(v)
    assert "ONE_ROW" in linear([1, 1, 10], kind=kind).check().reasons
    assert "LOW_ESS" in linear(np.linspace(1, 2, 20), kind=kind).check().reasons
    assert "ALL_ZERO" in linear(np.zeros(30), kind=kind).check().reasons


def test_frequencies_are_worth_their_copies():
    v = linear([900, 100], kind="frequency").check()
    assert v.ess == pytest.approx(1000)
    assert v.grade == "good"
    assert v.design_effect == 1.0
    assert v.khat == -math.inf
    assert "LOW_ESS" in linear([10, 2], kind="frequency").check().reasons


def test_inclusion_weights_have_tails_and_their_own_words():
    v = Weights.of_log(grid(0.8, 4000) + 3, kind="inclusion").check()
    assert "HEAVY_TAIL" in v.reasons
    assert "unequal probabilities" in v.advice
    assert "total" in Weights.of(np.linspace(1, 2, 400), kind="inclusion").check().advice


@pytest.mark.parametrize("k", [0.7, 0.75, 0.9, 0.97])
def test_from_khat_seven_tenths_on_the_advice_never_smooths(k):
    v = logs(grid(k, 10_000), exact=False).check()
    if v.khat >= 0.7:
        assert "smooth()" not in v.advice
        power = float(v.advice.split("power=")[1].split(")")[0])
        assert power * v.khat <= 0.5
        assert power * v.khat > 0.49
        assert "pulls every average" in v.advice
    else:
        assert "power" not in v.advice


# ---- edges of the rules -----------------------------------------------------------------------------------------------------


def test_a_large_share_of_few_rows_is_no_reason():
    assert "LARGE_ROW" not in linear([0.8, 1.1, 0.9, 1.3, 0.9]).check().reasons
    assert "LARGE_ROW" not in linear(np.r_[np.linspace(1, 1.2, 59), 10.0]).check().reasons  # 13 % of 60 rows
    assert "LARGE_ROW" in linear(np.r_[np.linspace(1, 1.2, 99), 15.0]).check().reasons  # 12 % of 100 rows


def test_bounded_is_silent_where_one_row_is_large():
    assert "BOUNDED" in linear(np.r_[np.ones(95), np.full(5, 9.0)]).check().reasons
    heavy = linear(np.r_[np.ones(95), np.full(5, 100.0)]).check()
    assert heavy.khat == -math.inf
    assert heavy.max_share > 0.1
    assert "BOUNDED" not in heavy.reasons


def test_top_rows_are_a_hundredth_rounded_up():
    w = np.arange(1.0, 251.0)
    assert linear(w).check().top_share == pytest.approx((250 + 249 + 248) / w.sum())
    assert linear(np.arange(1.0, 51.0)).check().top_share == linear(np.arange(1.0, 51.0)).check().max_share


def test_weights_that_differ_by_rounding_are_constant():
    v = linear(np.where(np.arange(100) % 2, 1.0, np.nextafter(1.0, 2.0)), exact=True).check()
    assert "CONSTANT" in v.reasons
    assert (
        "LOOKS_LIKE_CLASS" not in Weights.of(np.where(np.arange(100) % 2, 0.3, np.nextafter(0.3, 1.0))).check().reasons
    )
    assert "CONSTANT" not in linear(np.r_[np.ones(100), 0.0]).check().reasons
