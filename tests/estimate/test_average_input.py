"""What an average takes, keeps and refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from upweight import InputError, KindError, Weights


def some(n: int, seed: int = 0, kind: str = "importance"):
    rng = np.random.default_rng(seed)
    return Weights.of(rng.exponential(size=n), kind=kind), rng.normal(size=n)


def test_gaps_in_f_are_ignored_where_the_weight_is_zero():
    f = np.array([np.nan, 1.0, 2.0, np.inf, 4.0])
    w = Weights.of([0, 1, 2, 0, 3], kind="importance", exact=True)
    for how in ("self", "plain"):
        a, b = w.mean(f, how=how), w.mean(np.nan_to_num(f, posinf=-7.0), how=how)
        assert (a.value, a.se) == (b.value, b.se)
        assert np.array_equal(a.influence, b.influence)
    for column in (
        pd.Series(f),
        pl.Series([None, 1.0, 2.0, 9.0, 4.0]),
        pa.array([None, 1, 2, 9, 4]),
        np.ma.masked_invalid(f),
    ):
        assert w.mean(column).value == w.mean(f).value


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_gaps_in_f_are_refused_where_the_weight_is_not_zero(bad):
    w = Weights.of([0, 1, 2, 1], kind="importance")
    what = "NaN" if np.isnan(bad) else "infinite"
    with pytest.raises(
        InputError, match=rf"`f` must be finite where the weight is > 0; got 1 {what}, first at row 2\. Drop"
    ):
        w.mean([0.0, 1.0, bad, 2.0])


def test_values_too_large_for_their_sum_are_refused():
    with pytest.raises(InputError, match="Rescale"):
        Weights.of([4, 4], kind="inclusion").mean([1e308, 1e308], how="total")
    assert Weights.of([1, 1], kind="importance").mean([1e308, -1e308]).value == 0.0


def test_weights_below_the_smallest_float_still_count_as_rows():
    w = Weights.of_log([0.0, -1.0, -2000.0], kind="importance")
    assert w.mean([1.0, 2.0, 3.0]).value == pytest.approx(
        Weights.of_log([0.0, -1.0], kind="importance").mean([1.0, 2.0]).value
    )
    with pytest.raises(InputError, match="row 2"):
        w.mean([1.0, 2.0, np.nan])


@pytest.mark.parametrize(
    ("f", "said"),
    [
        ([1.0, 2.0], "`f` must have one entry a weight; got 2 for 3 weights"),
        ([[[1.0]], [[2.0]], [[3.0]]], r"`f` must be \(n,\) or \(n, c\)"),
        (["a", "b", "c"], "`f` must hold real numbers"),
        ([1j, 2, 3], "complex"),
        (5.0, "`f` must be"),
    ],
)
def test_other_shapes_and_types_of_f_are_refused(f, said):
    with pytest.raises(InputError, match=said):
        Weights.of([1, 2, 3], kind="importance").mean(f)


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        ([1, 2], "`cluster` must have one entry a weight; got 2 for 3 weights"),
        ([[1], [2], [3]], "one column of labels"),
        ([1.0, np.nan, 2.0], "`cluster` must have no missing values; got 1 missing or NaN, first at row 1"),
        (np.array(["a", None, "b"], dtype=object), "row 1"),
        (np.array(["a", 2, "b"], dtype=object), "labels of one type; got 2 types"),
    ],
)
def test_other_clusters_are_refused(cluster, said):
    with pytest.raises(InputError, match=said):
        Weights.of([1, 2, 3], kind="importance").mean([1.0, 2.0, 3.0], cluster=cluster)


@pytest.mark.parametrize("kind", ["class", "cost"])
def test_training_weights_estimate_no_mean(kind):
    w = Weights.of([1, 2, 3], kind=kind)
    for call in (lambda: w.mean([1, 2, 3]), lambda: w.quantile([1, 2, 3], 0.5), lambda: w.cdf([1, 2, 3], 2)):
        with pytest.raises(KindError, match=r"train with w\.sample_weight"):
            call()


@pytest.mark.parametrize(
    ("kind", "how", "said"),
    [
        ("inclusion", "plain", "how='plain' is not for inclusion weights.*'self' or 'total'"),
        ("inclusion", "control", "'self' or 'total'"),
        ("importance", "total", "'self' or 'plain' or 'control'"),
        ("frequency", "plain", "Use how='self'"),
        ("importance", "plain", r"promise a mean of one.*w\.declare\(exact=True\).*w\.integral\(f\)"),
        ("importance", "control", r"promise a mean of one.*w\.declare\(exact=True\)"),
    ],
)
def test_formulas_are_refused_to_the_wrong_kind(kind, how, said):
    with pytest.raises(KindError, match=said):
        Weights.of([1, 2, 3], kind=kind).mean([1, 2, 3], how=how)


def test_control_needs_untamed_weights():
    w = Weights.of(np.linspace(0.1, 1.9, 30), kind="importance", exact=True)
    with pytest.raises(KindError, match=r"taming breaks it: use w\.raw"):
        w.clip(at=1.5).mean(np.arange(30), how="control")


def test_integral_of_clipped_weights_is_truncated_importance_sampling():
    w, f = some(100)
    with pytest.raises(KindError, match=r"taming breaks it: use w\.raw"):
        w.declare(exact=True).clip(at=1.0).mean(f, how="plain")
    e = w.clip(at=1.0).integral(f)
    assert e.value == pytest.approx(np.mean(np.minimum(w.values, 1.0) * f), rel=1e-13)


def test_unknown_formula_is_refused():
    with pytest.raises(InputError, match=r"`how` must be .*got 'snips'"):
        Weights.of([1, 2], kind="importance").mean([1, 2], how="snips")


def test_total_needs_weights_of_at_least_one():
    with pytest.raises(InputError, match=r"at least 1 for how='total'; got 1 below, first 0.5 at row 1"):
        Weights.of([2, 0.5], kind="inclusion").mean([1, 2], how="total")


def test_batches_and_zeros_are_refused():
    for verb in ("mean", "integral", "quantile", "cdf", "var"):
        arguments = ([1.0, 2.0], 0.5) if verb in ("quantile", "cdf") else ([1.0, 2.0],)
        with pytest.raises(InputError, match="every weight is zero"):
            getattr(Weights.of([0, 0], kind="importance"), verb)(*arguments)
        if verb == "mean":
            continue  # of a batch there are as many
        with pytest.raises(InputError, match=rf"w\.{verb}: one vector of weights at a time: w\.pick\(i\)"):
            getattr(Weights.of([[1, 2], [3, 4]], kind="importance"), verb)(*arguments)


def test_indexes_that_differ_are_refused():
    w = Weights.of(pd.Series([1.0, 2.0, 3.0], index=[5, 6, 7]), kind="importance")
    for wrong in (pd.Series([1.0, 2.0, 3.0]), pd.DataFrame({"a": [1.0, 2.0, 3.0]})):
        with pytest.raises(InputError, match="different indexes; rows are never aligned in silence"):
            w.mean(wrong)
    with pytest.raises(InputError, match="`weights` and `cluster` have different indexes"):
        w.mean([1, 2, 3], cluster=pd.Series(["a", "b", "a"]))


def test_influence_comes_back_as_f_came():
    f, index = [1.0, 2.0, 4.0], ["a", "b", "c"]
    w = Weights.of([1.0, 2.0, 3.0], kind="importance")
    plain = w.mean(f).influence
    series = w.mean(pd.Series(f, index=index, name="reward")).influence
    assert isinstance(series, pd.Series)
    assert (list(series.index), series.name) == (index, "reward")
    assert isinstance(w.mean(pl.Series("reward", f)).influence, pl.Series)
    assert isinstance(w.mean(pa.array(f)).influence, pa.Array)
    for back in (series, w.mean(pl.Series(f)).influence, w.mean(pa.array(f)).influence):
        assert np.array_equal(np.asarray(back), plain)
    assert w.mean(pd.DataFrame({"a": f, "b": f})).influence.shape == (3, 2)


def test_frames_of_columns_are_tables():
    w, table = Weights.of([1.0, 2.0, 3.0], kind="importance"), {"a": [1.0, 2.0, 4.0], "b": [True, False, True]}
    wanted = w.mean(np.c_[table["a"], table["b"]]).value
    for frame in (pd.DataFrame(table), pl.DataFrame(table), pa.table(table)):
        assert np.array_equal(w.mean(frame).value, wanted)
