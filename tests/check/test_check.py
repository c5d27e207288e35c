"""check: segments, f, balance, strict; the laws it keeps and the errors it raises."""

import json
import math
import os
import subprocess
import sys
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

import upweight as uw
from upweight import InputError, KindError, VerdictError, Weights
from upweight._check._reasons import critical
from upweight._check._verdict import BalanceFigures


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
        sd = max(w.std(ddof=1), np.exp(l).std(ddof=1))
        assert s.z == pytest.approx((s.mean - 1) / (sd / math.sqrt(len(w)) * widen), rel=1e-10)


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
        assert (v.balance.mean_inverse is None) is (sign == 1)
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


def test_balance_that_worsens_both_ways_is_no_matter_of_direction():
    v = logs(light()).check()
    worse = BalanceFigures(0.02, 0.12, 0.05, 0.12, "x", mean_inverse=0.08)
    assert "WRONG_WAY" not in replace(v, balance=worse).reasons
    assert "WRONG_WAY" in replace(v, balance=replace(worse, mean_inverse=0.04)).reasons
    assert "WRONG_WAY" not in replace(v, balance=replace(worse, mean_after=0.09, mean_inverse=0.04)).reasons
    assert "WRONG_WAY" not in replace(v, balance=replace(worse, mean_inverse=None)).reasons
    both_worse = replace(worse, mean_before=0.76, mean_after=2.58, mean_inverse=1.03)
    assert (
        "WRONG_WAY" not in replace(v, balance=both_worse).reasons
    )  # a row or two hold it all: no way is the right one
    assert "WRONG_WAY" not in replace(v, balance=replace(worse, mean_before=0.13, mean_inverse=0.01)).reasons


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


def test_a_balance_of_other_weights_is_refused():
    source, target, w = shifted(1)
    few = uw.balance(source[:77], target, weights=w[:77])
    with pytest.raises(InputError, match="made with others of 77 rows, and these have 4,000"):
        w.check(balance=few)
    with pytest.raises(InputError, match=r"it was made with others\. Make it with upweight\.balance"):
        w.check(balance=uw.balance(source, target, weights=w[::-1]))
    tamed = w.clip(at=3.0)
    for own in (w, w * 2.0, tamed):
        assert own.check(balance=uw.balance(source, target, weights=own)).balance.column == "0"
    assert tamed.check(balance=uw.balance(source, target, weights=w)).balance.column == "0"
    with pytest.raises(InputError, match="made with others"):
        w.check(balance=uw.balance(source, target, weights=tamed))


def test_labels_are_printed_with_control_characters_written_out():
    l = light() + np.where(np.arange(4000) < 500, 0.3, -0.05)
    by = np.where(np.arange(4000) < 500, "\x1b[31mred", "b")
    v = logs(l).check(by=by)
    assert "\x1b" not in str(v)
    assert "\x1b" not in v.advice
    assert r"\x1b[31mred: mean" in str(v)
    assert "\x1b[31mred" in v.by


# ---- draws that depend on each other ----------------------------------------------------------------------------------------


def test_dependent_draws_count_for_less():
    l = light()
    one, less = logs(l).check(), logs(l).check(r_eff=0.25)
    assert one.r_eff == 1
    assert less.ess == pytest.approx(one.ess / 4, rel=1e-12)
    assert less.mean_se == pytest.approx(2 * one.mean_se, rel=1e-12)
    assert less.khat == float(uw.arrays.khat(l, r_eff=0.25)) != one.khat
    assert less.threshold == uw.arrays._rate.threshold(1000)
    assert less.widening == float(uw.arrays.widening(less.khat, 1000))
    assert less.mean_z == pytest.approx((less.mean - 1) / (less.mean_se * less.widening), rel=1e-12)
    assert "draws    each counts as 0.25 independent ones" in str(less)
    assert "r_eff" not in str(one)
    assert json.loads(less.to_json())["r_eff"] == 0.25


def test_repeated_rows_with_their_efficiency_are_the_rows():
    l, by, f = light(), np.arange(4000) % 4, np.sin(np.arange(4000.0))
    once = logs(l).check(by=by, f=f)
    twice = logs(np.repeat(l, 2)).check(by=np.repeat(by, 2), f=np.repeat(f, 2), r_eff=0.5)
    for name in ("ess", "mean", "mean_se", "ess_f"):
        assert getattr(twice, name) == pytest.approx(getattr(once, name), rel=3e-4), name
    for label, s in once.by.items():
        assert twice.by[label].ess == pytest.approx(s.ess, rel=1e-9)
        assert twice.by[label].mean_se == pytest.approx(s.mean_se, rel=1e-3)


def test_an_efficiency_that_is_none_is_refused():
    for value in (0, -1, "half", math.inf, math.nan, True):
        with pytest.raises(InputError, match="`r_eff` must be a number > 0"):
            logs(light()).check(r_eff=value)
    with pytest.raises(InputError, match="give `r_eff` or `cluster`"):
        logs(light()).check(r_eff=0.5, cluster=np.arange(4000) % 50)
    with pytest.raises(KindError, match="class weights are no draws"):
        linear([1.0, 2.0], kind="class").check(r_eff=0.5)


@pytest.mark.parametrize("far", [-1e4, -800.0, -600.0, 600.0, 800.0, 1e4])
def test_the_mean_test_holds_at_every_level_of_the_logs(far):
    """Beyond the range of a float the mean is said to be beyond it, never 0 or inf, and z is that of the sums in logs."""
    l = np.random.default_rng(3).normal(-0.02, 0.2, 1000)
    w = Weights.of_log(l + far, kind="importance", exact=True)
    for v in (w.check(), w.check(cluster=np.arange(1000)), uw.Tally.of(w).result()):
        assert v.reasons[0] == "MEAN_NOT_ONE"
        text = str(v)
        assert max(map(len, text.split("\n"))) < 140
        if far > 0:
            e = np.exp(l)
            assert v.mean_z == pytest.approx(e.mean() / (e.std(ddof=1) / 1000**0.5), rel=0.01)
        else:
            assert v.mean_z < -1e200
        if abs(far) > 750:
            assert ("over 1e308" if far > 0 else "under 1e-323") in text
    by = np.arange(1000) % 2
    assert all(abs(s.z) > 20 for s in w.check(by=by).by.values())
