"""AdaBoost over shallow trees, in the form the ensembles for rare classes are made of.

The trouble: scikit-learn's AdaBoost gives scores divided by the sum of its tree weights, so that two ensembles can no longer be
added, and it raises where the first tree is no better than chance, which happens to small balanced draws of noise. EasyEnsemble
and BalanceCascade add *unnormalised* scores, so the loop is written out here:

    e = sum of w over the rows that tree j gets wrong        (sum w = 1)
    alpha_j = log((1-e)/e) + log(K-1)                         twice the alpha of the papers if K = 2
    w_i <- w_i exp(alpha_j) where wrong, then sum w = 1
    score_k(x) = sum_j alpha_j [h_j(x) = k],     p = softmax(score):  for K = 2 that is expit(2 F), F = sum of alpha/2 h

Weights of rows are where w starts. A tree without error ends the loop with the alpha of half a row; so does one that is no
better than chance, without a vote.

What is inside: `boost`, one such score as `Votes`; `Boosted`, the same as a classifier (EasyEnsemble's member, and the control
`boosted` on all rows). Depth one on dense numbers uses `_stumps`, five to eight times as fast as a
tree learner called every round.

Sources: Freund and Schapire, JCSS 55 (1997); Zhu, Zou, Rosset and Hastie, Statistics and Its Interface 2 (2009), for K > 2;
Friedman, Hastie and Tibshirani, Annals of Statistics 28 (2000), for p = expit(2 F).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ..._undo import Correction
from ._ensemble import EnsembleRows, TreeEnsemble, read_count
from ._flat_tree import FlatTree, fit_tree
from ._stumps import Presorted, Stump

__all__ = ["Boosted", "Votes", "boost"]


@set_module("upweight.imbalance.ensembles")
@dataclass(frozen=True)
class Votes:
    """A boosted score over `classes` classes: trees and their alphas, on the log scale."""

    trees: tuple[Stump | FlatTree, ...]
    alphas: np.ndarray
    classes: int

    def score(self, X: Any) -> np.ndarray:
        """(n, K) sum of the alphas that vote for each class."""
        total = np.zeros((X.shape[0], self.classes))
        rows = np.arange(X.shape[0])
        for alpha, tree in zip(self.alphas, self.trees, strict=True):
            total[rows, tree.vote(X)] += alpha
        return total


def boost(
    X: Any, codes: np.ndarray, w: np.ndarray, *, classes: int, rounds: int, depth: int, rng: np.random.Generator
) -> Votes:
    """AdaBoost (SAMME) of `rounds` trees of `depth`, from starting weights `w` (n,) > 0."""
    grow = _grower(X, codes, classes, depth, rng)
    w = w / w.sum()
    trees, alphas = [], []
    for _ in range(rounds):
        tree = grow(w)
        wrong = tree.vote(X) != codes
        error = float(w[wrong].sum())
        if error >= 1 - 1 / classes - 1e-12:
            break
        alphas.append(np.log1p(-max(error, _half_row(w))) - np.log(max(error, _half_row(w))) + np.log(classes - 1))
        trees.append(tree)
        if error <= 0:
            break
        w = np.where(wrong, w * np.exp(alphas[-1]), w)
        w = w / w.sum()
    return Votes(tuple(trees), np.array(alphas), classes)


def _half_row(w: np.ndarray) -> float:
    """The error granted to a tree without any: that of half a row."""
    return 0.5 / len(w)


def _grower(X: Any, codes: np.ndarray, classes: int, depth: int, rng: np.random.Generator) -> Any:
    """A function from weights to a tree: presorted stumps where they will do."""
    if depth == 1 and classes == 2 and not sparse.issparse(X) and np.isfinite(X).all():
        table = Presorted(X)
        return lambda w: table.best(codes, w)
    X = X.astype(np.float32)
    return lambda w: fit_tree(X, codes, w, depth, rng)


@set_module("upweight.imbalance.ensembles")
@own_keywords
class Boosted(TreeEnsemble):
    """AdaBoost over shallow trees on all rows it is given: the control that balanced boosting must beat.

        score_k(x) = sum_j alpha_j [h_j(x) = k],    p = softmax(score)

    Parameters
    ----------
    rounds : trees, 1 or more. depth : of each tree; 1 is a stump. rng : int, Generator or None; ties between cuts of deeper
        trees.

    Attributes
    ----------
    votes_ : `Votes`, trees and alphas. correction_ : none, nothing was balanced.

    Raises
    ------
    InputError : one class, bad weights, infinities.

    Costs: scores grow with every round, so probabilities are too sure of themselves; `Rebalanced(Boosted(), "none")` repairs.
    Source: Freund and Schapire (1997); Zhu et al. (2009).

    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> Boosted(rounds=3).fit(X, [0, 0, 1, 1]).predict_proba(X).round(3).tolist()
    [[0.875, 0.125], [0.875, 0.125], [0.125, 0.875], [0.125, 0.875]]
    """

    balances_classes = False

    def __init__(self, *, rounds: int = 40, depth: int = 1, rng: Any = None):
        self.rounds = rounds
        self.depth = depth
        self.rng = rng

    def _fit_rows(self, rows: EnsembleRows, seed: int) -> None:
        self.votes_ = boost(
            rows.X,
            rows.codes,
            rows.w,
            classes=len(rows.classes),
            rounds=read_count(self.rounds, "rounds"),
            depth=read_count(self.depth, "depth"),
            rng=np.random.default_rng(seed),
        )
        self.correction_ = Correction.none()

    def _scores(self, X: Any) -> np.ndarray:
        return self.votes_.score(X)
