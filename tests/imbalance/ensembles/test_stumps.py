"""Presorted stumps against every cut there is, and against scikit-learn's tree of depth one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from upweight.imbalance.ensembles import _stumps
from upweight.imbalance.ensembles._stumps import Presorted


def table(seed):
    """Continuous, tied, constant and two-valued columns by turns; weights over six orders of magnitude."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 120)), int(rng.integers(1, 6))
    X = rng.normal(size=(n, d)) if seed % 2 else rng.integers(0, 5, size=(n, d)).astype(float)
    X[:, 0] = [X[0, 0], (X[:, 0] > 0).astype(float), X[:, 0]][seed % 3]
    y = rng.integers(0, 2, n)
    y[:2] = [0, 1]
    return np.float32(X).astype(float), y, 10.0 ** rng.uniform(-3, 3, n)


def gini_sum(left, y, w):
    """Sum over both sides of (w0^2 + w1^2)/(w0 + w1): what the best cut makes largest."""
    total = 0.0
    for side in (left, ~left):
        if side.any():
            mass = np.array([w[side & (y == k)].sum() for k in (0, 1)])
            total += (mass**2).sum() / mass.sum()
    return total


@pytest.mark.parametrize("sizes", [{}, {"FEW": 1, "BLOCK": 200}, {"FEW": 10**9}])
def test_no_cut_is_better(monkeypatch, sizes):
    for name, size in sizes.items():
        monkeypatch.setattr(_stumps, name, size)
    for seed in range(150):
        X, y, w = table(seed)
        stump = Presorted(X).best(y, w)
        cuts = [X[:, j] <= t for j in range(X.shape[1]) for t in np.unique(X[:, j])[:-1]]
        best = max((gini_sum(c, y, w) for c in cuts), default=-np.inf)
        left = X[:, stump.feature] <= stump.threshold
        if cuts:
            assert gini_sum(left, y, w) == pytest.approx(best, rel=1e-9), seed
        for side, vote in ((left, stump.left), (~left, stump.right)):
            if side.any():
                mass = [w[side & (y == k)].sum() for k in (0, 1)]
                assert mass[vote] == pytest.approx(max(mass), rel=1e-9), seed


def test_votes_are_those_of_a_tree_of_depth_one():
    for seed in range(1, 200, 2):  # continuous columns: no ties between cuts
        X, y, w = table(seed)
        if seed % 3 == 0:
            continue  # a constant first column leaves d = 1 without a cut
        tree = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X, y, sample_weight=w)
        assert (Presorted(X).best(y, w).vote(X) == tree.predict(X)).all(), seed


def test_constant_columns_vote_for_the_heavier_class():
    stump = Presorted(np.ones((4, 2))).best(np.array([0, 1, 1, 0]), np.array([1.0, 1.0, 2.0, 1.0]))
    assert stump.vote(np.ones((3, 2))).tolist() == [1, 1, 1]


def test_a_threshold_lies_between_neighbouring_floats():
    low = 1.0
    high = np.nextafter(low, 2.0)
    X = np.array([[low], [high]])
    stump = Presorted(X).best(np.array([0, 1]), np.ones(2))
    assert stump.vote(X).tolist() == [0, 1]
