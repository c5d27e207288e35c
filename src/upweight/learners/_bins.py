"""Bin numbers once, so that weights do not slow a histogram learner down.

The trouble: from scikit-learn 1.8 on `HistGradientBoosting*` looks for weighted percentiles, one by one, when it is given
weights: three seconds for 20 columns before the first tree, whatever the rows. It bins by plain percentiles when there are
none. Handing it the number of the plain bin instead of the value gives the same trees for equal weights (a test says so), and
weighted fits take as long as others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

__all__ = ["bin_cuts", "binned"]

BINS = 255
LOOK_AT = 200_000  # rows that scientific accuracy of a percentile needs; as in scikit-learn


def bin_cuts(X: Any, learner: Any, rng: np.random.Generator) -> tuple[np.ndarray, ...] | None:
    """Cuts of each column between at most 255 bins, for histogram learners; None for others."""
    if not isinstance(learner, HistGradientBoostingClassifier) or not isinstance(X, np.ndarray):
        return None
    most = min(BINS, int(learner.max_bins))
    if len(X) > LOOK_AT:
        X = X[rng.choice(len(X), LOOK_AT, replace=False)]
    return tuple(cuts(np.unique(column), column, most) for column in X.T)


def cuts(distinct: np.ndarray, column: np.ndarray, most: int) -> np.ndarray:
    """Midpoints of few values, percentiles of many."""
    if len(distinct) <= most:
        return (distinct[:-1] + distinct[1:]) / 2
    return np.unique(np.percentile(column, np.linspace(0, 100, most + 1)[1:-1], method="averaged_inverted_cdf"))


def binned(X: np.ndarray, at: tuple[np.ndarray, ...]) -> np.ndarray:
    """(n, m) bin number of every value, as floats."""
    out = np.empty(X.shape)
    for j, c in enumerate(at):
        out[:, j] = np.searchsorted(c, X[:, j], side="left")
    return out
