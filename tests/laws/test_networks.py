"""One list over what makes or takes weights for networks: zero is removed, copies are repeated rows, order and scale are free.

Every entry gives figures for weights `w` and values `f` of the rows; losses are divided by the weights, or the population is told.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import upweight.torch as T
from upweight import Weights


def tensors(w, f):
    return torch.as_tensor(f), torch.as_tensor(w)


def resampled(w, f):
    """Every row twice, of two classes by the sign of f; the class masses of the combined weights, and their weighted mean of f."""
    y, rows = (f > 0).astype(int), np.tile(np.arange(len(w)), 2)
    r = SimpleNamespace(indices=rows, parents=np.c_[rows, rows], is_synthetic=np.zeros(len(rows), bool), y=y[rows])
    v = T.combine(w, r, y=y).values
    return (*np.bincount(y[rows], v) / v.sum(), (v * f[rows]).sum() / v.sum())


def drawn(w, f, **how):
    """Expected mean of f over an epoch, loss weights in it; exact, from p."""
    s = T.ImportanceSampler(w, size=40, rng=0, **how)
    return ((s.p * s.loss_weight.numpy().astype(float) * f).sum(),)


TAKERS: dict[str, Callable[[np.ndarray, np.ndarray], tuple[float, ...]]] = {
    "weighted_loss by batch": lambda w, f: (T.weighted_loss(*tensors(w, f), by="batch").item(),),
    "weighted_loss by population": lambda w, f: (T.weighted_loss(*tensors(w, f), count=float(w.sum())).item(),),
    "weighted_loss with its mean": lambda w, f: (
        T.weighted_loss(*tensors(w, f), mean_weight=float(w.sum() / len(w)), count=len(w)).item(),
    ),
    "combine": resampled,
    "sampler": drawn,
    "sampler, mixed": lambda w, f: drawn(w, f, mix=0.3),
    "sampler, without replacement": lambda w, f: drawn(w, f, method="without_replacement"),
}


def rows(seed=0, n=300):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 4, n).astype(float), rng.normal(size=n)


@pytest.mark.parametrize("name", TAKERS)
def test_zero_is_removed(name):
    w, f = rows(0)
    there = w > 0
    np.testing.assert_allclose(TAKERS[name](w, f), TAKERS[name](w[there], f[there]), rtol=1e-6)
    other = np.where(there, f, np.sign(f) * 9.0)
    np.testing.assert_allclose(TAKERS[name](w, f), TAKERS[name](w, other), rtol=1e-6)


@pytest.mark.parametrize("name", TAKERS)
def test_copies_are_repeated_rows(name):
    w, f = rows(1)
    copies = w.astype(int)
    np.testing.assert_allclose(TAKERS[name](w, f), TAKERS[name](np.ones(copies.sum()), np.repeat(f, copies)), rtol=1e-6)


@pytest.mark.parametrize("name", TAKERS)
def test_order_and_scale_are_free(name):
    w, f = rows(2)
    p = np.random.default_rng(3).permutation(len(w))
    np.testing.assert_allclose(TAKERS[name](w[p], f[p]), TAKERS[name](w, f), rtol=1e-6)
    np.testing.assert_allclose(TAKERS[name](37.0 * w, f), TAKERS[name](w, f), rtol=1e-6)


@pytest.mark.parametrize("name", TAKERS)
def test_nothing_is_written(name):
    w, f = rows(4)
    kept = w.copy(), f.copy()
    TAKERS[name](w, f)
    np.testing.assert_array_equal((w, f), kept)


def test_weights_objects_are_their_sample_weight():
    w, f = rows(5)
    one = Weights.of(w, kind="frequency")
    s = T.ImportanceSampler(one, rng=1)
    assert list(s) == list(T.ImportanceSampler(w, rng=1))
    torch.testing.assert_close(T.weighted_loss(torch.as_tensor(f), one), T.weighted_loss(*tensors(w / w.mean(), f)))


@pytest.mark.parametrize("kind", ["balanced", "effective"])
def test_classes_without_rows_and_the_order_of_classes_do_not_matter(kind):
    n = np.array([500.0, 40.0, 7.0])
    w = T.class_weights(n, kind=kind).values
    np.testing.assert_allclose(T.class_weights(n[::-1], kind=kind).values[::-1], w)
    with pytest.warns(UserWarning, match="class 3 without rows"):
        np.testing.assert_allclose(T.class_weights([*n, 0], kind=kind).values[:3], w)
