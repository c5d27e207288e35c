"""BalanceCascade: balanced boosting that, round after round, stops looking at the common rows it already gets right.

The trouble: of thousands of common rows most are easy; a random draw is full of them. Here each round drops those that its
AdaBoost puts below a threshold set so that a fixed share f is left, and after T-1 rounds as many are left as there are rare rows.

    f = (|P|/|N|)^(1/(T-1));   for i = 1 .. T:
      draw |P| of what is left of N, AdaBoost on them and P:    s_i(x) = sum_j alpha_ij h_ij(x)
      theta_i midway between the k-th and the next score of the rows left, k = round(|N| f^i), so that f is the
      false-positive rate there; drop from N what lies below
    sign( sum_i s_i(x) - sum_i theta_i )

P is the class with the fewest rows. Weights of rows are starting weights of each AdaBoost, each class scaled to one half; pools
count rows.

Source: Liu, Wu and Zhou, Exploratory undersampling for class-imbalance learning, IEEE SMC-B 39(2) (2009).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError
from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ...tables import row_slice
from ._boosting import Votes, boost
from ._ensemble import EnsembleRows, TreeEnsemble, balanced_correction, read_count

__all__ = ["BalanceCascade"]


@set_module("upweight.imbalance")
@own_keywords
class BalanceCascade(TreeEnsemble):
    """AdaBoosts on balanced draws from a shrinking pool of common rows; two classes only.

        sign( sum_i s_i(x) - sum_i theta_i )

    Parameters
    ----------
    members : AdaBoosts, 2 or more. rounds : trees in each. depth : of a tree. rng : int, Generator or None.

    Attributes
    ----------
    pools_ : (members,) common rows that were there when each member was fitted. thetas_ : (members,) thresholds on the scale of
    the members' scores. members_ : tuple of `Votes`. classes_ : (2,) sorted labels.
    correction_ : impossible: which common rows stayed depended on their scores.

    Raises
    ------
    InputError : more or fewer than two classes, bad weights, infinities.

    Costs: `predict_proba` is expit of the mean of s_i - theta_i and no probability of anything until it is repaired:
    `Rebalanced(BalanceCascade(), "none")`. Rows dropped early are those the first member finds easy, so that mislabelled common
    rows stay to the end. With classes of one size nothing is dropped and every theta is 0.
    Source: Liu, Wu and Zhou (2009).

    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(8946) < 208
    >>> X = rng.normal(size=(8946, 3)) + y[:, None]
    >>> BalanceCascade(rng=0).fit(X, y).pools_.tolist()
    [8738, 2514, 723, 208]

    >>> m = BalanceCascade(rng=0).fit(X, y)
    >>> bool((m.predict(X) == (m.decision_function(X) > 0)).all()), m.predict_proba(X).shape
    (True, (8946, 2))
    """

    def __init__(self, *, members: int = 4, rounds: int = 10, depth: int = 1, rng: Any = None):
        self.members = members
        self.rounds = rounds
        self.depth = depth
        self.rng = rng

    def _fit_rows(self, rows: EnsembleRows, seed: int) -> None:
        if len(rows.classes) != 2:
            raise InputError(
                f"Only binary classification is supported. BalanceCascade is for two classes; `y` has {len(rows.classes)}. "
                "Ask about one class: y == label."
            )
        self.rare_ = rows.rare
        rare, common = int(rows.counts[self.rare_]), int(rows.counts[1 - self.rare_])
        wanted = pool_sizes(rare, common, read_count(self.members, "members", least=2))
        pool = np.flatnonzero(rows.codes != self.rare_)
        members, thetas, pools = [], [], []
        for i, keep in enumerate(wanted):
            votes = self._member(rows, pool, np.random.default_rng([seed, i]))
            theta, left = cut_pool(self._rare_score(votes, row_slice(rows.X, pool)), keep)
            members.append(votes)
            thetas.append(theta)
            pools.append(len(pool))
            pool = pool[left]
        self.members_, self.thetas_, self.pools_ = tuple(members), np.array(thetas), np.array(pools)
        self.correction_ = balanced_correction(rows, "impossible", "BalanceCascade keeps common rows by their scores")

    def _member(self, rows: EnsembleRows, pool: np.ndarray, rng: np.random.Generator) -> Votes:
        """AdaBoost on the rare rows and as many of the pool."""
        rare = np.flatnonzero(rows.codes == self.rare_)
        some = rng.choice(len(pool), size=min(len(rare), len(pool)), replace=False, shuffle=False)
        chosen = np.sort(np.concatenate([rare, pool[some]]))
        part = EnsembleRows(row_slice(rows.X, chosen), rows.codes[chosen], rows.classes, rows.w[chosen])
        rounds, depth = read_count(self.rounds, "rounds"), read_count(self.depth, "depth")
        return boost(part.X, part.codes, part.balanced_start, classes=2, rounds=rounds, depth=depth, rng=rng)

    def _rare_score(self, votes: Votes, X: Any) -> np.ndarray:
        """s_i(x): positive for the rare class."""
        score = votes.score(X)
        return score[:, self.rare_] - score[:, 1 - self.rare_]

    def decision_function(self, X: Any) -> np.ndarray:
        """(n,) sum of s_i - theta_i, positive for the second class."""
        score = self._scores(self._read(X, reset=False))
        return len(self.members_) * (score[:, 1] - score[:, 0])

    def _scores(self, X: Any) -> np.ndarray:
        """(n, 2) half of the mean of s_i - theta_i for the rare class, its negative for the other."""
        mean = np.mean([self._rare_score(v, X) - t for v, t in zip(self.members_, self.thetas_, strict=True)], axis=0)
        out = np.empty((X.shape[0], 2))
        out[:, self.rare_], out[:, 1 - self.rare_] = mean / 2, -mean / 2
        return out

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


def pool_sizes(rare: int, common: int, members: int) -> list[int]:
    """Common rows to keep after each member: round(|N| f^i), f = (|P|/|N|)^(1/(T-1)); never none.

    >>> pool_sizes(208, 8738, 4)
    [2514, 723, 208, 60]
    """
    f = (rare / common) ** (1 / (members - 1))
    return [max(1, round(common * f**i)) for i in range(1, members + 1)]


def cut_pool(score: np.ndarray, keep: int) -> tuple[float, np.ndarray]:
    """The threshold that keeps the `keep` highest scores (ties by row), and which rows those are, in order.

    If none is to go the threshold is 0, the vote of AdaBoost itself.
    """
    if keep >= len(score):
        return 0.0, np.arange(len(score))
    order = np.argsort(-score, kind="stable")
    theta = (score[order[keep - 1]] + score[order[keep]]) / 2
    return float(theta), np.sort(order[:keep])
