"""Results: means over folds, differences on the same folds, one line a method; flat for whoever reads them."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import upweight.imbalance as im
from upweight.imbalance.comparison._method_result import FLAT, FoldFigures, MethodResult
from upweight.imbalance.comparison._results import adjust, log_mean
from upweight.learners import Interval, holm, known_mean, paired

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 3))
Y = RNG.random(600) < 1 / (1 + np.exp(2 - X[:, 0]))


@pytest.fixture(scope="module")
def c():
    return im.compare(X, Y, methods="weights,random_under", cv="4x2", rng=0)


def test_a_difference_is_paired_fold_by_fold_and_p_is_adjusted(c):
    per_fold = c.figures.per_fold
    base = per_fold["threshold"]["ap"]
    changes = {r.name: paired(per_fold[r.name]["ap"] - base, 1 / 3) for r in c.rows if r.name != "threshold"}
    p = dict(zip(changes, holm([i.p for i in changes.values()]), strict=True))
    for r in c.rows:
        if r.name == "threshold":
            assert np.isnan([r.ap_diff, r.ap_low, r.ap_high, r.ap_p]).all()
        else:
            assert (r.ap_diff, r.ap_low, r.ap_high) == changes[r.name][:3]
            assert r.ap_p == p[r.name]
            assert r.ap == pytest.approx(np.mean(per_fold[r.name]["ap"]))


def test_every_figure_of_a_fold_has_its_mean_in_the_result():
    assert set(FoldFigures.names()) <= set(FLAT)
    assert len(FLAT) == 37


def test_a_result_reads_flat_and_shows_itself_as_it_did(c):
    r = c.rows[2]
    assert list(r.to_dict()) == list(FLAT)
    for whole, prefix in ((r.ap_change, "ap"), (r.log_loss_change, "log_loss"), (r.rival_change, "rival")):
        assert np.array_equal(
            [getattr(r, f"{prefix}_{part}") for part in ("diff", "low", "high")], whole[:3], equal_nan=True
        )
    assert repr(r).startswith("Row(name='weights', label='class weights', rival=None, status='approximate', n_train=")
    assert im.Row is im.MethodResult is type(r)
    assert im.Row.__module__ == "upweight.imbalance"
    assert repr(c.verdict).startswith("Verdict(code=")


def test_nan_is_left_out_of_means_and_adjustments():
    assert known_mean(np.array([1.0, np.nan, 3.0])) == 2.0
    assert np.isnan(known_mean(np.array([np.nan])))
    assert log_mean([0.5, 2.0, np.inf, 0.0]) == pytest.approx(1.0)
    low, none = adjust([Interval(0, 0, 0, 0.04), Interval(np.nan, np.nan, np.nan, np.nan)])
    assert low.p == 0.04
    assert np.isnan(none.p)


def test_a_failed_method_has_no_figures():
    r = MethodResult("a", "a", error="no")
    assert not r.finished
    assert all(np.isnan(v) for v in r.to_dict().values() if isinstance(v, float) and v != 0)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.Table])
def test_the_frame_is_of_the_kind_that_came(kind):
    given = {
        pd.DataFrame: lambda: pd.DataFrame(X, columns=list("abc")),
        pl.DataFrame: lambda: pl.DataFrame(X, schema=list("abc")),
        pa.Table: lambda: pa.table(dict(zip("abc", X.T, strict=True))),
    }[kind]()
    c = im.compare(given, Y, methods="threshold", cv="2x1", rng=0)
    frame = c.frame()
    assert isinstance(frame, kind)
    assert list(frame.column_names if kind is pa.Table else frame.columns) == list(FLAT)
    assert list(map(str, frame["name"].to_pylist() if kind is pa.Table else frame["name"])) == ["none", "threshold"]


def test_an_array_gives_the_frame_that_is_installed(c):
    assert isinstance(c.frame(), pd.DataFrame)
    assert c.frame()["ap"].tolist() == [r.ap for r in c.rows]


def test_importance_is_what_shuffling_a_column_costs_held_out_rows(c):
    first = c.importance[0]
    assert first.column == "x0"  # the only one that tells
    assert first.low > 0
    assert all(i.low <= 0 <= i.high for i in c.importance[1:])
    assert [i.ap_drop for i in c.importance] == sorted((i.ap_drop for i in c.importance), reverse=True)
    assert c.to_dict()["importance"][0] == {
        "column": "x0",
        "ap_drop": first.ap_drop,
        "low": first.low,
        "high": first.high,
    }
    again = im.compare(X, Y, methods="weights", cv="4x1", rng=0)
    assert again.importance == c.importance  # of the first repeat, whatever else is run


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_importance_of_a_pipeline_shuffles_the_columns_of_its_frame(frame):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    learner = make_pipeline(StandardScaler(), LogisticRegression())
    given = frame(dict(zip("abc", X.T, strict=True)))
    c = im.compare(given, Y, learner=learner, methods="threshold", cv="4x1", rng=0)
    plain = im.compare(X, Y, learner=learner, methods="threshold", cv="4x1", rng=0)
    assert c.importance[0].column == "a"
    assert c.importance[0].ap_drop == pytest.approx(plain.importance[0].ap_drop, abs=0.15)
    assert all(i.low <= 0.02 for i in c.importance[1:])
