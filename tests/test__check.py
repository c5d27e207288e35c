"""check: every reason fires where it should and is silent where it should not; the edges and the errors."""

import math
import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

import upweight as uw
from upweight import InputError, KindError, VerdictError, Weights
from upweight._reasons import critical


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
    "MEAN_LOW": ("usable", lambda: logs(grid(0.55, 4000) - 0.3).check()),
    "NORMALISED": ("usable", lambda: linear(np.exp(light()) / np.exp(light()).sum(), exact=True).check()),
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


# ---- segments ---------------------------------------------------------------------------------------------------------------


def test_segments_have_their_figures():
    l, by = light(), np.repeat(["a", "b"], [1000, 3000])
    v = logs(l).check(by=by)
    for label, rows in (("a", slice(0, 1000)), ("b", slice(1000, None))):
        w = np.exp(l[rows])
        s = v.by[label]
        assert s.n == len(w)
        assert s.mean == pytest.approx(w.mean(), rel=1e-12)
        assert s.mean_se == pytest.approx(w.std(ddof=1) / math.sqrt(len(w)), rel=1e-10)
        assert s.ess == pytest.approx(w.sum() ** 2 / (w**2).sum(), rel=1e-12)
        widen = float(uw.arrays.widening(v.khat, len(w)))
        assert s.z == pytest.approx((s.mean - 1) / (s.mean_se * widen), rel=1e-10)


def test_small_segments_are_pooled_as_other():
    by = np.r_[np.zeros(3900, int), np.repeat(np.arange(1, 11), 10)]
    v = logs(light()).check(by=by)
    assert [*v.by] == [0, "other"]
    assert v.by["other"].n == 100
    fewer = logs(light()).check(by=np.r_[np.zeros(3980, int), np.arange(1, 21)])
    assert math.isnan(fewer.by["other"].z)


def test_a_breach_hidden_in_the_whole_is_found_in_its_segment():
    l = light()
    l -= np.log(np.exp(l).mean())
    day = np.arange(4000) // 1000
    off = l + np.log([0.7, 1.1, 1.1, 1.1])[day]
    v = logs(off).check(by=day)
    assert "MEAN_NOT_ONE" not in v.reasons
    assert "SEGMENT_MEAN" in v.reasons
    assert v.by[0].mean == pytest.approx(0.7, abs=0.02)
    assert f"\n           0: mean {v.by[0].mean:.3f}" in str(v)
    assert "probabilities of 0:" in v.advice


def test_the_level_of_a_segment_shares_out_one_in_a_thousand():
    from scipy.stats import norm, t

    assert critical(1, 1e9) == pytest.approx(3.2905, abs=1e-3)
    assert critical(100, 1e9) == pytest.approx(norm.ppf(1 - 0.001 / 200), rel=1e-6)
    assert critical(8, 14.0) == pytest.approx(t.ppf(1 - 0.001 / 16, 13), rel=1e-9)


def test_many_broken_segments_are_named_up_to_five():
    by = np.repeat(np.arange(8), 500)
    text = str(logs(light() + np.where(by < 7, 0.5, 0.0)).check(by=by))
    assert "7 break the promise" in text
    assert "and 2 more" in text


@pytest.mark.parametrize("container", ["list", "object", "pandas", "polars", "arrow", "categorical"])
def test_labels_of_any_container_give_the_same_segments(container):
    pa = pytest.importorskip("pyarrow")
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    base = ["x", "y", None, "x"] * 1000
    make = {
        "list": lambda: base,
        "object": lambda: np.array(base, dtype=object),
        "pandas": lambda: pd.Series(base),
        "polars": lambda: pl.Series(base),
        "arrow": lambda: pa.array(base),
        "categorical": lambda: pd.Series(base, dtype="category"),
    }
    v = logs(light()).check(by=make[container]())
    assert {label: s.n for label, s in v.by.items()} == {"x": 2000, "y": 1000, "missing": 1000}


def test_labels_of_another_length_or_index_are_refused():
    pd = pytest.importorskip("pandas")
    with pytest.raises(InputError, match=r"`by` must hold one label a row, 4,000 of them; got shape \(3,\)"):
        logs(light()).check(by=[1, 2, 3])
    with pytest.raises(InputError, match="`by` must hold labels such as strings or numbers; got lists"):
        logs(light(2)).check(by=np.array([[1], None], dtype=object))
    w = uw.Weights.of(pd.Series([1.0, 2.0], index=[0, 1]), kind="importance")
    with pytest.raises(InputError, match="different indexes"):
        w.check(by=pd.Series(["a", "b"], index=[1, 0]))


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


# ---- tamed, f, balance, strict ----------------------------------------------------------------------------------------------


def test_tamed_weights_are_judged_as_they_were():
    w = logs(grid(0.8, 4000))
    v = w.temper(power=0.625).check()
    assert v.khat == w.khat
    assert v.ess == pytest.approx(w.ess)
    assert v.grade == "unreliable"
    assert "TAMED" in v.reasons
    assert "temper (moved 0.27)" in str(v)
    assert "power=" not in v.advice
    assert v.mean == w.check().mean
    assert logs(grid(0.55, 4000)).smooth().check().advice.startswith("average them")


def test_f_adds_its_own_tail_and_size():
    x = -np.log1p(-(np.arange(4000) + 0.5) / 4000)
    w = logs(grid(0.55, 4000))
    v = w.check(f=x)
    assert v.khat_f == pytest.approx(0.775961496704, abs=1e-9)
    assert v.ess_f == pytest.approx(float(uw.arrays.ess_for(w.log_w, x)))
    assert v.grade == "unreliable"
    assert "quantile" in v.advice
    bounded = w.check(f=x > 1.5)
    assert bounded.khat_f == w.khat
    assert bounded.grade == "usable"
    with pytest.raises(KindError, match="class weight"):
        linear([1.0, 2.0], kind="class").check(f=np.array([1.0, 2.0]))


def shifted(sign):
    """Source N(0, 1), target N(1, 1) in one column; weights the right way (1), or the wrong way up (-1)."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(4000, 1))
    return x, rng.normal(1.0, 1.0, size=(4000, 1)), logs(sign * (x[:, 0] - 0.5), exact=False)


def test_balance_tells_the_direction():
    for sign, code in ((1, False), (-1, True)):
        source, target, w = shifted(sign)
        v = w.check(balance=uw.balance(source, target, weights=w))
        assert ("WRONG_WAY" in v.reasons) is code
        assert ("IMBALANCE" in v.reasons) is code
    assert v.grade == "unusable"
    assert "swap" in v.advice
    assert v.balance.mean_inverse < 0.2


def test_what_stays_out_of_balance_is_named():
    source, target, w = shifted(1)
    near = w.check(balance=uw.balance(source, target + 0.15, weights=w))
    assert near.reasons[near.reasons.index("IMBALANCE")].grade == "usable"
    far = w.check(balance=uw.balance(source, target + 0.5, weights=w))
    assert far.reasons[far.reasons.index("IMBALANCE")].grade == "unreliable"
    assert "model behind these weights" in far.advice
    assert f"worst {far.balance.worst_after:.2f}" in str(far)


def test_a_balance_of_nothing_is_refused():
    source, target, w = shifted(1)
    with pytest.raises(InputError, match="must be a Balance of these weights"):
        w.check(balance=uw.balance(source, target))
    with pytest.raises(InputError, match="must be a Balance of these weights"):
        w.check(balance=0.3)


def test_strict_raises_the_whole_screen_for_the_unusable_only():
    with pytest.raises(VerdictError) as caught:
        linear(np.zeros(100)).check(strict=True)
    assert str(caught.value) == str(linear(np.zeros(100)).check())
    assert logs(grid(0.8, 4000)).check(strict=True).grade == "unreliable"


def test_check_says_what_to_do_with_an_array_or_a_batch():
    with pytest.raises(InputError, match=r"Say what they are first: uw.Weights.of\(x, kind=...\)"):
        uw.check(np.ones(100))
    with pytest.raises(InputError, match=r"one vector of weights at a time: w.pick\(i\)"):
        Weights.of(np.ones((2, 100)), kind="importance").check()


def test_the_method_and_the_function_are_the_same():
    w = logs(grid(0.55, 4000))
    assert str(uw.check(w)) == str(w.check())


# ---- laws -------------------------------------------------------------------------------------------------------------------


def test_order_of_rows_does_not_matter_but_for_the_number_of_the_largest():
    l = light()
    a, b = logs(l).check(), logs(l[::-1].copy()).check()
    assert (a.khat, a.n, a.grade) == (b.khat, b.n, b.grade)
    assert a.ess == pytest.approx(b.ess, rel=1e-13)
    assert a.max_row == 3999 - b.max_row


def test_a_constant_in_the_logs_changes_no_relative_figure():
    l = grid(0.6, 4000)
    a, b = logs(l, exact=False).check(), logs(l + 300.0, exact=False).check()
    assert a.khat == pytest.approx(b.khat, abs=1e-12)
    assert a.ess == pytest.approx(b.ess, rel=1e-12)
    assert a.perplexity == pytest.approx(b.perplexity, rel=1e-12)
    assert (a.grade, a.reasons) == (b.grade, b.reasons)


def test_zeros_change_no_relative_figure():
    l = light()
    more = np.insert(l, np.arange(0, 4000, 2), -np.inf)
    a, b = logs(l, exact=False).check(), logs(more, exact=False).check()
    assert (a.khat, a.distinct) == (b.khat, b.distinct)
    assert a.ess == pytest.approx(b.ess, rel=1e-13)
    assert a.design_effect == pytest.approx(b.design_effect, rel=1e-13)
    assert b.n_zero == 2000


@pytest.mark.parametrize("shift", [-800.0, 800.0])
def test_logs_beyond_the_floats_are_judged_all_the_same(shift):
    v = logs(light() + shift, exact=False).check()
    assert v.khat == pytest.approx(logs(light(), exact=False).check().khat, abs=1e-9)
    assert v.grade == "good"
    assert v.to_json()


def test_one_row_alone_does_not_raise():
    v = linear([2.0], exact=True).check(by=["a"])
    assert v.reasons == ("FEW_ROWS", "LOW_ESS", "CONSTANT")
    assert "2.000, promised 1, not tested" in str(v)
    assert math.isnan(v.mean_se)
    assert v.grade == "unusable"
    assert "not judged: 1 row, 25 needed" in str(v)


def test_weights_and_labels_are_not_written():
    l, by = light(), np.repeat([1, 2], 2000)
    l.flags.writeable = by.flags.writeable = False
    before = l.copy(), by.copy()
    logs(l).check(by=by, cluster=by, f=l)
    assert (l == before[0]).all()
    assert (by == before[1]).all()


def test_memory_stays_a_fraction_of_the_weights():
    l = light(2_000_000)
    w = logs(l)
    w.check()
    tracemalloc.start()
    w.check()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.35 * l.nbytes


def test_import_and_check_load_numpy_only():
    code = (
        "import sys, numpy as np, upweight as uw\n"
        "str(uw.Weights.of(np.linspace(1, 2, 400), exact=True).check())\n"
        "print([m for m in ('scipy.special', 'narwhals', 'pandas', 'sklearn', 'pyarrow', 'torch', 'numba') if m in sys.modules])"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.strip() == "[]"


@pytest.mark.data
def test_bandit_data_as_published(data_folder):
    from pyarrow.csv import read_csv

    table = read_csv(data_folder / "bandit/obd/bts/all.csv")
    v = uw.ratio(1 / 80, table["propensity_score"]).check(by=table["position"])
    assert v.grade == "usable"
    assert v.khat == pytest.approx(0.6609, abs=5e-5)
    assert v.ess == pytest.approx(340.4, abs=0.05)
    assert v.mean == pytest.approx(1.0111, abs=5e-5)
    assert v.mean_se == pytest.approx(0.0539, abs=5e-5)
    assert v.widening == pytest.approx(4.77, abs=5e-3)
    assert v.max_row == 8321
    assert v.max_share == pytest.approx(0.027, abs=5e-4)
    assert [s.mean for s in v.by.values()] == pytest.approx([1.187, 0.927, 0.918], abs=1e-3)
    assert "SEGMENT_MEAN" not in v.reasons
    even = read_csv(data_folder / "bandit/obd/random/all.csv")
    w = uw.ratio(1 / 80, even["propensity_score"])
    assert w.check().grade == "good"
    assert "CONSTANT" in w.check().reasons
