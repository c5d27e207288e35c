"""King and Zeng's bias: the n x n formula by brute force, and what it must not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from upweight import InputError, Weights, rare_bias

RNG = np.random.default_rng(0)
X = np.column_stack([np.ones(60), RNG.normal(size=(60, 2))])
PROBA = expit(X @ [-2.0, 1.0, 0.5])
W = RNG.integers(1, 4, 60).astype(float)


def brute(x, p, w, w1):
    """The formula as it is printed, with diagonal matrices of n by n."""
    v = np.diag(w * p * (1 - p))
    inverse = np.linalg.inv(x.T @ v @ x)
    xi = 0.5 * np.diag(x @ inverse @ x.T) * ((1 + w1) * p - w1)
    return inverse @ x.T @ v @ xi


@pytest.mark.parametrize("w1", [1.0, 0.3])
def test_rare_bias_is_the_printed_formula(w1):
    np.testing.assert_allclose(rare_bias(X, PROBA, w1=w1), brute(X, PROBA, np.ones(60), w1), rtol=1e-10)
    got = rare_bias(X, PROBA, sample_weight=7 * W, w1=w1)
    np.testing.assert_allclose(got, brute(X, PROBA, W / W.mean(), w1), rtol=1e-10)


def test_rare_bias_of_copies_is_that_of_repeated_rows():
    rows = np.repeat(np.arange(60), W.astype(int))
    copies = rare_bias(X, PROBA, sample_weight=Weights.of(W, kind="frequency"))
    np.testing.assert_allclose(copies, rare_bias(X[rows], PROBA[rows]), rtol=1e-10)


def test_rare_bias_halves_with_twice_the_rows():
    np.testing.assert_allclose(rare_bias(np.tile(X, (2, 1)), np.tile(PROBA, 2)), rare_bias(X, PROBA) / 2, rtol=1e-10)


def test_rare_bias_follows_a_change_of_units():
    scale = np.array([1.0, 1000.0, 1e-5])
    np.testing.assert_allclose(rare_bias(X * scale, PROBA), rare_bias(X, PROBA) / scale, rtol=1e-8)


def test_rare_bias_takes_frames_and_two_columns():
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    want = rare_bias(X, PROBA)
    names = ["one", "a", "b"]
    two = np.column_stack([1 - PROBA, PROBA])
    np.testing.assert_allclose(rare_bias(pd.DataFrame(X, columns=names), two), want)
    np.testing.assert_allclose(rare_bias(pl.DataFrame(X, schema=names), pl.Series(PROBA)), want)


def test_bad_input_to_rare_bias_is_told():
    sparse = pytest.importorskip("scipy.sparse")
    for args, keywords, says in (
        ((X[:5], PROBA), {}, r"same rows; got 5 and 60"),
        ((X[:, 0], PROBA), {}, r"\(n, d\).*got shape \(60,\)"),
        ((np.where(X[3, 1] == X, np.nan, X), PROBA), {}, r"`X` must be finite; got 1 missing or NaN, first at row \(3, 1\)"),
        ((np.column_stack([X, X[:, 1]]), PROBA), {}, "combination of the others"),
        ((X, np.round(PROBA)), {}, "separated"),
        ((X, PROBA), {"w1": 0.0}, r"`w1` must be a finite weight > 0; got 0.0"),
        ((X, PROBA), {"sample_weight": W[:5]}, r"one weight for each of 60 rows; got shape \(5,\)"),
        ((X, np.full((60, 3), 1 / 3)), {}, "two classes; got 3"),
        ((sparse.csr_matrix(X), PROBA), {}, "toarray"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=says):
            rare_bias(*args, **keywords)
