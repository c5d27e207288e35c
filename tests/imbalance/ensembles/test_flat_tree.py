"""Trees kept as arrays give what the scikit-learn tree they came from gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.tree import DecisionTreeClassifier

from upweight.imbalance.ensembles._flat_tree import FlatTree, fit_tree


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("depth", [1, 3, 8])
def test_shares_are_those_of_the_tree(depth, classes):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X, y, w = rng.normal(size=(200, 4)), rng.integers(0, classes, 200), rng.random(200)
        X[rng.random(X.shape) < 0.1] = np.nan
        new = rng.normal(size=(100, 4))
        new[rng.random(new.shape) < 0.1] = np.nan
        tree = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X, y, sample_weight=w)
        flat = FlatTree.of(tree.tree_)
        assert np.allclose(flat.class_shares(new), tree.predict_proba(new), atol=1e-12, rtol=0)
        assert (flat.vote(new) == tree.predict(new)).all()


def test_sparse_rows_fall_into_the_leaves_of_dense_ones():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6)) * (rng.random((300, 6)) < 0.4)
    y = (X[:, 0] + X[:, 3] > 0).astype(int)
    flat = fit_tree(sparse.csr_array(X), y, np.ones(300), 3, np.random.default_rng(0))
    assert len(np.unique(flat.leaf(X))) > 2
    assert (flat.leaf(sparse.csr_array(X)) == flat.leaf(X)).all()


def test_a_root_without_a_split_is_a_leaf():
    flat = fit_tree(np.ones((4, 1)), np.array([0, 0, 0, 1]), np.ones(4), 2, np.random.default_rng(0))
    assert flat.class_shares(np.ones((2, 1))).tolist() == [[0.75, 0.25]] * 2


def test_a_tree_whose_children_go_round_ends():
    flat = fit_tree(np.arange(4.0)[:, None], np.array([0, 0, 1, 1]), np.ones(4), 1, np.random.default_rng(0))
    ring = FlatTree(np.zeros(3, int), flat.threshold, np.zeros(3, int), np.zeros(3, int), flat.gap_left, flat.shares)
    assert ring.class_shares(np.ones((2, 1))).shape == (2, 2)
