"""RUSBoost: boosting in which every tree sees a fresh balanced draw, and is judged on all rows.

The trouble: AdaBoost on a rare class spends its first rounds on the common one; undersampling before boosting looks at the same few
common rows in every round. Here each round draws anew, and what the draw left out still counts in the error and in the weights.

    D(i, k), k != y_i: weight of the wrong answer k for row i, summing to one; D(i) = sum_k D(i, k)
    round t:  all rare rows and as many of every other class, their D(i) scaled to sum one -> tree with confidences h(x, k)
              e = 1/2 sum_{i, k != y_i} D(i, k) (1 - h(x_i, y_i) + h(x_i, k))                    on all rows
              beta = e/(1 - e),    D(i, k) <- D(i, k) beta^{(1 + h(x_i, y_i) - h(x_i, k))/2},    then sum one
    argmax_k sum_t log(1/beta_t) h_t(x, k)

The half in e is Freund and Schapire's (AdaBoost.M2), without which chance would count as certain error; the RUSBoost paper leaves
it out. A round worse than chance is skipped, its draw lost; a tree without error ends the loop.

Sources: Seiffert, Khoshgoftaar, Van Hulse and Napolitano, IEEE SMC-A 40 (2010); Freund and Schapire, JCSS 55 (1997).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ...tables import row_slice
from ._ensemble import EnsembleRows, TreeEnsemble, balanced_correction, read_count
from ._flat_tree import fit_tree

__all__ = ["RUSBoost"]


@set_module("upweight.imbalance")
@own_keywords
class RUSBoost(TreeEnsemble):
    """AdaBoost.M2 whose every tree is grown on a fresh balanced draw.

        score_k(x) = sum_t log(1/beta_t) h_t(x, k),    p = softmax(score)

    Parameters
    ----------
    rounds : trees. depth : of each; 1 is a stump. rng : int, Generator or None.

    Attributes
    ----------
    trees_ : tuple of fitted trees. alphas_ : log(1/beta) of each. classes_ : (K,) sorted labels.
    correction_ : impossible: draws are balanced, but errors on all rows steer them.

    Raises
    ------
    InputError : one class, bad weights, infinities.

    Costs: scores grow with the rounds, so that `predict_proba` is no probability until repaired:
    `Rebalanced(RUSBoost(), "none")`. Weights of rows are starting weights, and reach the trees as part of D.
    Source: Seiffert et al. (2010).

    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(2000) < 100
    >>> X = rng.normal(size=(2000, 3)) + y[:, None]
    >>> m = RUSBoost(rng=0).fit(X, y)
    >>> round(float(m.predict(X)[y].mean()), 2), round(float(m.predict(X)[~y].mean()), 2)
    (0.82, 0.21)
    """

    def __init__(self, *, rounds: int = 50, depth: int = 1, rng: Any = None):
        self.rounds = rounds
        self.depth = depth
        self.rng = rng

    def _fit_rows(self, rows: EnsembleRows, seed: int) -> None:
        rng = np.random.default_rng(seed)
        depth = read_count(self.depth, "depth")
        own = np.eye(len(rows.classes), dtype=bool)[rows.codes]
        d = np.where(own, 0.0, rows.w[:, None])
        trees, alphas = [], []
        for _ in range(read_count(self.rounds, "rounds")):
            d = d / d.sum()
            part = _fresh_draw(rows, rng)
            tree = fit_tree(row_slice(rows.X, part), rows.codes[part], d[part].sum(axis=1), depth, rng)
            h = tree.class_shares(rows.X)
            margin = np.where(own, 0.0, h[own][:, None] - h)
            error = _pseudo_loss(d, margin)
            if error >= 0.5 - 1e-12:
                continue
            least = 0.5 / len(d)
            trees.append(tree)
            alphas.append(np.log1p(-max(error, least)) - np.log(max(error, least)))
            if error <= 1e-12:
                break
            d = d * np.exp(-alphas[-1] * (1 + margin) / 2)
        self.trees_, self.alphas_ = tuple(trees), np.array(alphas)
        self.correction_ = balanced_correction(rows, "impossible", "RUSBoost steers its draws by errors on all rows")

    def _scores(self, X: Any) -> np.ndarray:
        total = np.zeros((X.shape[0], len(self.classes_)))
        for alpha, tree in zip(self.alphas_, self.trees_, strict=True):
            total += alpha * tree.class_shares(X)
        return total


def _fresh_draw(rows: EnsembleRows, rng: np.random.Generator) -> np.ndarray:
    """As many rows of every class as the rarest has, at random without replacement, in order."""
    m = int(rows.counts.min())
    seed = int(rng.integers(2**63 - 1))
    parts = []
    for code in range(len(rows.classes)):
        mine = np.flatnonzero(rows.codes == code)
        stream = np.random.default_rng([seed, int(mine[0])])  # keyed by the first row: label names do not matter
        parts.append(mine[stream.choice(len(mine), size=m, replace=False, shuffle=False)])
    return np.sort(np.concatenate(parts))


def _pseudo_loss(d: np.ndarray, margin: np.ndarray) -> float:
    """1/2 sum of D(i, k) (1 - h(x_i, y_i) + h(x_i, k)) over the wrong answers k; chance is 1/2.

    >>> _pseudo_loss(np.array([[0.0, 0.75], [0.25, 0.0]]), np.array([[0.0, 1.0], [-1.0, 0.0]]))
    0.25
    """
    return float((d * (1 - margin)).sum() / 2)
