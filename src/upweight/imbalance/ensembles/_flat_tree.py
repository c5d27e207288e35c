"""A small tree as plain arrays: grown by scikit-learn, kept and asked here.

The trouble: an ensemble asks forty trees of depth one to three about every row, and each `predict` checks and converts the whole
table for one or two of its columns. And a saved scikit-learn tree is a block of raw node memory, which no loader can call safe
(skops refuses it by default); arrays are.

    node 0 is the root;  x_f <= t goes left, else right;  a gap goes where it went in training;  leaves hold class shares
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.tree import DecisionTreeClassifier

from ..._set_module import set_module

__all__ = ["FlatTree", "fit_tree"]


@set_module("upweight.imbalance.ensembles")
@dataclass(frozen=True, eq=False)
class FlatTree:
    """Nodes: `feature` (-1 at a leaf), `threshold`, `left`, `right`, `gap_left`, and `shares` (nodes, K) of the classes."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    gap_left: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, tree: Any) -> FlatTree:
        """From the `tree_` of a scikit-learn classifier."""
        feature = np.where(tree.children_left < 0, -1, tree.feature)
        gap_left = np.asarray(tree.missing_go_to_left, dtype=bool)
        value = tree.value[:, 0, :]
        shares = value / value.sum(axis=1, keepdims=True)
        return cls(feature, tree.threshold, tree.children_left, tree.children_right, gap_left, shares)

    def leaf(self, X: Any) -> np.ndarray:
        """(n,) node number of the leaf that each row of X (dense or CSR) falls into."""
        used, column = np.unique(np.maximum(self.feature, 0), return_inverse=True)
        x = X[:, used].toarray() if sparse.issparse(X) else X[:, used]
        x = x.astype(np.float32)  # as scikit-learn has them when it grows the tree
        rows, node = np.arange(len(x)), np.zeros(len(x), dtype=np.intp)
        for _ in range(len(self.feature)):  # no path is longer, so that a forged tree cannot go round for ever
            if not (inner := self.feature[node] >= 0).any():
                break
            value = x[rows, column[node]]
            go_left = np.where(np.isnan(value), self.gap_left[node], value <= self.threshold[node])
            node = np.where(inner, np.where(go_left, self.left[node], self.right[node]), node)
        return node

    def class_shares(self, X: Any) -> np.ndarray:
        """(n, K) class shares of each row's leaf."""
        return self.shares[self.leaf(X)]

    def vote(self, X: Any) -> np.ndarray:
        """(n,) largest class of each row's leaf."""
        return self.shares.argmax(axis=1)[self.leaf(X)]


def fit_tree(X: Any, codes: np.ndarray, w: np.ndarray, depth: int, rng: np.random.Generator) -> FlatTree:
    """One tree on weighted rows, dense (gaps allowed) or CSR; every class has a row."""
    tree = DecisionTreeClassifier(max_depth=depth, random_state=int(rng.integers(2**31 - 1)))
    return FlatTree.of(tree.fit(X, codes, sample_weight=w).tree_)
