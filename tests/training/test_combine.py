"""Weights after resampling: each class keeps its mass, and laws of weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from upweight import InputError, Weights, imbalance
from upweight.training import class_weights, combine

Y = np.repeat([0, 1], [90, 10])
X = np.random.default_rng(0).normal(size=(100, 2))


@dataclass
class Made:
    indices: np.ndarray
    parents: np.ndarray
    is_synthetic: np.ndarray
    y: np.ndarray


def test_balanced_weights_and_balanced_rows_are_counted_once():
    smote = imbalance.SMOTE(rng=0).resample(X, Y)
    w = combine(class_weights([90, 10]).values[Y], smote, y=Y)
    np.testing.assert_allclose(w.sample_weight, np.ones(180), rtol=1e-12)


@pytest.mark.parametrize("method", ["SMOTE", "RandomOver", "RandomUnder", "TomekLinks"])
def test_each_class_keeps_its_mass(method):
    target = np.random.default_rng(1).lognormal(size=100)
    r = getattr(imbalance, method)(**({} if method == "TomekLinks" else {"rng": 0})).resample(X, Y)
    w = combine(target, r, y=Y)
    np.testing.assert_allclose(np.bincount(r.y, w.values), np.bincount(Y, target), rtol=1e-12)


def test_a_made_row_has_the_mean_of_its_parents():
    r = Made(
        np.array([0, 1, 2, 1]),
        np.array([[0, 0], [1, 1], [2, 2], [1, 2]]),
        np.array([0, 0, 0, 1], bool),
        np.array([0, 1, 1, 1]),
    )
    w = combine([5.0, 1.0, 3.0], r, y=[0, 1, 1]).values
    np.testing.assert_allclose(w, [5.0, 1 * 4 / 6, 3 * 4 / 6, 2 * 4 / 6])


def test_a_made_row_without_parents_has_the_mean_of_its_class():
    r = Made(np.array([0, 1, -1]), np.array([[0, 0], [1, 1], [-1, -1]]), np.array([0, 0, 1], bool), np.array([0, 1, 1]))
    np.testing.assert_allclose(combine([5.0, 1.0, 3.0], r, y=[0, 1, 1]).values, [5.0, 4 * 1 / 3, 4 * 2 / 3])


def test_nothing_done_changes_nothing_and_kinds_stay():
    r = Made(np.arange(100), np.c_[np.arange(100), np.arange(100)], np.zeros(100, bool), Y)
    target = Weights.of(np.random.default_rng(2).lognormal(size=100), kind="cost")
    w = combine(target, r, y=Y)
    np.testing.assert_allclose(w.sample_weight, target.sample_weight)
    assert w.kind == "cost"


def test_zero_stays_zero_and_order_and_scale_are_free():
    target = np.random.default_rng(3).lognormal(size=100)
    target[::4] = 0
    r = imbalance.RandomOver(rng=0).resample(X, Y)
    w = combine(target, r, y=Y).values
    assert (w[target[r.indices] == 0] == 0).all()
    np.testing.assert_allclose(combine(3 * target, r, y=Y).values, 3 * w)
    p = np.random.default_rng(4).permutation(len(r.y))
    np.testing.assert_allclose(
        combine(target, Made(r.indices[p], r.parents[p], r.is_synthetic[p], r.y[p]), y=Y).values, w[p]
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"indices": np.array([7]), "parents": np.array([[7, 7]])}, "rows of the 2 that `target` weighs; got row 7"),
        ({"y": np.array([3])}, "`resample.y` has '3' at row 0, which `y` has not"),
        ({}, "class '1' has weight 1 in `target` and none in the resample"),
    ],
)
def test_bad_input_is_told(change, said):
    made = {
        "indices": np.array([0]),
        "parents": np.array([[0, 0]]),
        "is_synthetic": np.zeros(1, bool),
        "y": np.array([0]),
    }
    with pytest.raises(InputError) as error:
        combine([1.0, 1.0], Made(**(made | change)), y=[0, 1])
    assert said in str(error.value)


def test_what_is_no_resample_is_told():
    with pytest.raises(
        InputError, match="must have indices, parents, is_synthetic and y; got ndarray, without indices"
    ):
        combine([1.0, 1.0], np.ones(2), y=[0, 1])
