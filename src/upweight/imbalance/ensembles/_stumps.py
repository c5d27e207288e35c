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

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from ..._set_module import set_module

__all__ = ["Presorted", "Stump"]

FEW = 8  # a column has few values if its rows are more than this many times as many
BLOCK = 1 << 17  # numbers of a running sum that are worked on at once: a megabyte, which stays in the cache


@set_module("upweight.imbalance.ensembles")
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
    """The rows of a table, each column in order; `best` finds the stump for any weights.

    Columns of few values are kept as bins of equal value, which are summed; the others as a sorted order, along which sums run.
    """

    def __init__(self, X: np.ndarray):
        values = [np.unique(column, return_inverse=True) for column in X.T]
        few = np.array([len(v) * FEW < len(X) for v, _ in values], dtype=bool)
        self.groups: list[StumpColumns] = []
        for make, chosen in ((Bins, np.flatnonzero(few)), (SortedColumn, np.flatnonzero(~few))):
            step = max(1, BLOCK // len(X))
            for at in range(0, len(chosen), step):
                columns = chosen[at : at + step]
                codes = np.array([values[j][1] for j in columns])
                self.groups.append(make(columns, [values[j][0] for j in columns], codes))

    def best(self, codes: np.ndarray, w: np.ndarray) -> Stump:
        """The stump of largest Gini gain; ties to columns of few values, then to the first column and the lowest cut.

        codes : (n,) classes 0 and 1. w : (n,) weights > 0. Without a cut (all columns constant) the stump votes for the
        heavier class everywhere.
        """
        signed = w * (2.0 * codes - 1.0)
        mass, sign = float(w.sum()), float(signed.sum())
        cuts = (group.best(w, signed, mass, sign) for group in self.groups)
        gain, feature, threshold, half = max(cuts, key=lambda cut: cut[0])
        right = sign - half if np.isfinite(gain) else sign
        return Stump(feature, threshold, int(half > 0), int(right > 0))


class StumpColumns(ABC):
    """Some columns of a table, and how to sum weights along their values."""

    def __init__(self, columns: np.ndarray, levels: list[np.ndarray], cut: np.ndarray):
        self.columns = columns  # their numbers in the table
        self.levels = levels  # the sorted values of each
        self.cut = cut  # (columns, places - 1) bool, where the value changes

    @abstractmethod
    def placed(self, w: np.ndarray) -> np.ndarray:
        """(columns, places) the weights of the rows, in the order of each column's values."""

    @abstractmethod
    def around(self, row: int, at: int) -> list[float]:
        """The values before and after a cut."""

    def best(self, w: np.ndarray, signed: np.ndarray, mass: float, sign: float) -> tuple[float, int, float, float]:
        """(gain, column, threshold, S left of it) of the best cut; gain -inf if there is none."""
        gain, half = _cut_gains(self.placed(w), self.placed(signed), self.cut, mass, sign)
        row, at = divmod(int(gain.argmax()), gain.shape[1])
        if not np.isfinite(gain[row, at]):
            return -np.inf, 0, np.inf, sign
        return float(gain[row, at]), int(self.columns[row]), _middle(*self.around(row, at)), float(half[row, at])


class Bins(StumpColumns):
    """Columns of few values: one place a value."""

    def __init__(self, columns: np.ndarray, levels: list[np.ndarray], codes: np.ndarray):
        self.width = max(2, *(len(v) for v in levels))
        self.flat = (codes + self.width * np.arange(len(columns))[:, None]).ravel()
        last = np.array([len(v) - 1 for v in levels])
        super().__init__(columns, levels, np.arange(self.width - 1) < last[:, None])

    def placed(self, w: np.ndarray) -> np.ndarray:
        sums = np.bincount(self.flat, np.tile(w, len(self.columns)), minlength=len(self.columns) * self.width)
        return sums.reshape(len(self.columns), self.width)

    def around(self, row: int, at: int) -> list[float]:
        return self.levels[row][at : at + 2].tolist()


class SortedColumn(StumpColumns):
    """Columns of many values: one place a row."""

    def __init__(self, columns: np.ndarray, levels: list[np.ndarray], codes: np.ndarray):
        self.codes = codes
        self.order = np.argsort(codes, axis=1, kind="stable")
        ordered = np.take_along_axis(codes, self.order, axis=1)
        super().__init__(columns, levels, ordered[:, 1:] > ordered[:, :-1])

    def placed(self, w: np.ndarray) -> np.ndarray:
        return w[self.order]

    def around(self, row: int, at: int) -> list[float]:
        return self.levels[row][self.codes[row, self.order[row, at : at + 2]]].tolist()


def _cut_gains(
    w: np.ndarray, signed: np.ndarray, cut: np.ndarray, mass: float, sign: float
) -> tuple[np.ndarray, np.ndarray]:
    """Gain of the cut after each place (columns, places-1), -inf where there is none; and S_i."""
    left, half = np.cumsum(w[:, :-1], axis=1), np.cumsum(signed[:, :-1], axis=1)
    right = mass - left
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = half * half
        gain /= left
        rest = sign - half
        rest *= rest
        rest /= right
        gain += rest
    gain[~(cut & (left > 0) & (right > 0))] = -np.inf
    return gain, half


def _middle(low: float, high: float) -> float:
    """Halfway between two neighbouring values, never the upper one."""
    half = low / 2 + high / 2
    return half if low <= half < high else low
