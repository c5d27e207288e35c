"""Decision stumps, found over and over on the same rows: sort once, then one running sum a round.

The trouble: boosting fits forty stumps to the same table and changes nothing but the weights, and a tree learner sorts every
column again each time. Sorted once, the best cut of all columns is two running sums away:

    L_i = sum of w,  S_i = sum of w (y = 1 less y = 0),  over the rows up to i in the order of a column
    gini gain of a cut after i, up to constants:   S_i^2 / L_i + (S - S_i)^2 / (W - L_i)

which is the cut `DecisionTreeClassifier(max_depth=1)` takes (a test holds the two together). Two classes, dense numbers, no gaps;
anything else goes through scikit-learn's trees (`_boosting`).

Source: Breiman, Friedman, Olshen and Stone, Classification and Regression Trees (1984), for the Gini gain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Presorted", "Stump"]

BLOCK = 1 << 17  # numbers of a running sum that are worked on at once: a megabyte, which stays in the cache


@dataclass(frozen=True)
class Stump:
    """Class `left` where column `feature` is at most `threshold`, else class `right`."""

    feature: int
    threshold: float
    left: int
    right: int

    def vote(self, X: np.ndarray) -> np.ndarray:
        """(n,) classes, 0 or 1."""
        return np.where(X[:, self.feature] <= self.threshold, self.left, self.right)


class Presorted:
    """The rows of a table in the order of each column; `best` finds the stump for any weights."""

    def __init__(self, X: np.ndarray):
        self.columns = np.ascontiguousarray(X.T)
        self.order = np.argsort(self.columns, axis=1, kind="stable")

    def best(self, codes: np.ndarray, w: np.ndarray) -> Stump:
        """The stump of largest Gini gain; ties to the first column and the lowest cut.

        codes : (n,) classes 0 and 1. w : (n,) weights > 0. Without a cut (all columns constant) the stump votes for the
        heavier class everywhere.
        """
        signed = w * (2.0 * codes - 1.0)
        mass, sign = w.sum(), signed.sum()
        gain, feature, at, half = -np.inf, 0, 0, sign
        step = max(1, BLOCK // len(w))
        for first in range(0, len(self.order), step):
            order = self.order[first : first + step]
            found = cut_gains(self.sorted(first, step), w[order], signed[order], mass, sign)
            best = int(found[0].argmax())
            if found[0].flat[best] > gain:
                row, at = divmod(best, found[0].shape[1])
                gain, feature, half = found[0].flat[best], first + row, found[1][row, at]
        if not np.isfinite(gain):
            return Stump(0, np.inf, int(sign > 0), int(sign > 0))
        return Stump(feature, self.middle(feature, at), int(half > 0), int(sign - half > 0))

    def sorted(self, first: int, step: int) -> np.ndarray:
        return np.take_along_axis(self.columns[first : first + step], self.order[first : first + step], axis=1)

    def middle(self, feature: int, at: int) -> float:
        """Halfway between two neighbouring values, never the upper one."""
        low, high = self.columns[feature, self.order[feature, at : at + 2]].tolist()
        middle = low / 2 + high / 2
        return middle if low <= middle < high else low


def cut_gains(
    x: np.ndarray, w: np.ndarray, signed: np.ndarray, mass: float, sign: float
) -> tuple[np.ndarray, np.ndarray]:
    """Gain of the cut after each sorted row (columns, n-1), -inf where the value does not change; and S_i."""
    left, half = np.cumsum(w[:, :-1], axis=1), np.cumsum(signed[:, :-1], axis=1)
    right = mass - left
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = half**2 / left + (sign - half) ** 2 / right
    gain[(x[:, 1:] <= x[:, :-1]) | ~(left > 0) | ~(right > 0)] = -np.inf
    return gain, half
