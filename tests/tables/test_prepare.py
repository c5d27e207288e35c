"""Preparation inside the fold: medians, scales, rare levels, one-hot."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from upweight.tables._prepare import Preparation, weighted_median
from upweight.tables._table import Schema


def prepared(frame, w=None, rows=None):
    schema = Schema.of(frame)
    table = schema.read(frame)
    return Preparation.fit(schema, table if rows is None else table.take(rows), w), table


def test_numbers_are_imputed_by_the_median_and_scaled_and_the_gap_is_told():
    X = np.array([[1.0], [2.0], [np.nan], [9.0]])
    p, table = prepared(X)
    filled = np.array([[1.0], [2.0], [2.0], [9.0]])
    matrix = p.matrix(p.table(table))
    np.testing.assert_allclose(matrix[:, :1], StandardScaler().fit_transform(filled))
    assert matrix[:, 1].tolist() == [0, 0, 1, 0]


def test_gaps_of_one_pattern_are_told_once_and_seldom_ones_not():
    X = np.arange(400.0).reshape(100, 4) ** 2
    X[:20, :2] = np.nan
    X[10:30, 2] = np.nan
    X[:3, 3] = np.nan
    p, table = prepared(X)
    assert p.gaps.tolist() == [0, 2]
    assert p.table(table).codes.sum(axis=0).tolist() == [20, 20]
    assert [s.tolist() for s in p.shown] == [[0, 1], [0, 1]]
    later = p.table(table.take(np.arange(50, 60)))
    assert later.codes.tolist() == [[0, 0]] * 10


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e160, 1e300, 1.7e308])
def test_columns_of_any_size_are_scaled_alike(size):
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, size=(50, 1))
    p, table = prepared(np.hstack([x, x * size]))
    scaled = p.table(table).numbers
    np.testing.assert_allclose(scaled[:, 1], scaled[:, 0], rtol=1e-9)


def test_what_is_learnt_comes_from_the_training_rows_only():
    X = np.r_[np.arange(10.0), 1e9][:, None]
    p, table = prepared(X, rows=np.arange(10))
    assert p.mean[0] == 4.5
    assert p.table(table.take(np.array([0]))).numbers[0, 0] == pytest.approx(-4.5 / np.arange(10.0).std())


def test_a_whole_weight_is_as_many_copies():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3))
    X[rng.random(X.shape) < 0.2] = np.nan
    w = rng.integers(1, 5, 30)
    a, _ = prepared(X, w=w.astype(float))
    b, _ = prepared(np.repeat(X, w, axis=0))
    for name in ("median", "mean", "scale"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-12)


def test_weighted_median_by_hand():
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0])) == 2.0
    assert weighted_median(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 5.0])) == 3.0
    assert weighted_median(np.array([1.0, 2.0]), np.array([2.0, 2.0])) == 1.5
    assert weighted_median(np.array([]), np.array([])) == 0.0


def test_levels_become_columns_gaps_too_and_rare_ones_share_one():
    levels = ["a"] * 40 + ["b"] * 40 + ["rare1", "rare2"] + [None] * 18
    p, table = prepared(pd.DataFrame({"s": levels}))
    one_hot = p.matrix(p.table(table))
    assert one_hot.shape == (100, 4)
    assert one_hot.sum(axis=0).tolist() == [40, 40, 2, 18]
    assert (one_hot.sum(axis=1) == 1).all()


def test_an_unseen_level_is_treated_as_the_rare_ones():
    schema = Schema.of(pd.DataFrame({"s": ["a"] * 40 + ["b"] * 40 + ["r"]}))
    train = schema.read(pd.DataFrame({"s": ["a"] * 40 + ["b"] * 40 + ["r"]}))
    p = Preparation.fit(schema, train, None)
    with pytest.warns(UserWarning, match="first 'never met' at row 1"):
        new = schema.read(pd.DataFrame({"s": ["r", "never met"]}))
    matrix = p.matrix(p.table(new))
    assert (matrix[0] == matrix[1]).all()


def test_two_levels_need_one_column():
    p, table = prepared(pd.DataFrame({"s": ["m", "f"] * 30}))
    assert p.matrix(p.table(table)).tolist() == [[1.0], [0.0]] * 30


def test_no_number_has_a_gap_left_even_if_training_had_nothing_else():
    X = np.array([[np.nan, 1.0], [np.nan, 2.0], [5.0, 3.0]])
    p, table = prepared(X, rows=np.array([0, 1]))
    assert np.isfinite(p.matrix(p.table(table))).all()


def test_csr_is_scaled_and_stays_csr():
    X = sparse.random_array((60, 5), density=0.4, rng=np.random.default_rng(1)).tocsr()
    p, table = prepared(X)
    out = p.matrix(p.table(table))
    assert sparse.issparse(out)
    np.testing.assert_allclose(out.toarray(), X.toarray() / X.toarray().std(axis=0))


def test_a_wide_one_hot_is_csr_with_the_same_entries(monkeypatch):
    frame = pd.DataFrame({"s": [f"l{i % 30}" for i in range(600)], "x": np.arange(600.0) ** 2})
    p, table = prepared(frame)
    dense = p.matrix(p.table(table))
    monkeypatch.setattr("upweight.tables._prepare.DENSE_BYTES", 1000)
    wide = p.matrix(p.table(table))
    assert sparse.issparse(wide)
    np.testing.assert_array_equal(wide.toarray(), dense)
