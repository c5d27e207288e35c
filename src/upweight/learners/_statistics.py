"""Differences between methods on the same folds, with intervals that know that folds share their training rows.

The trouble: the plain standard error of K x R folds treats them as independent; its 95 % interval covers some 60 %.

    mean(d) +- t_{J-1} sqrt((1/J + n_test/n_train) s^2)          J = K R folds, s^2 the variance of d

Several methods are tried at once, so p-values are adjusted step-down.

Sources: Nadeau and Bengio, Machine Learning 52 (2003); Holm, Scandinavian Journal of Statistics 6 (1979).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

__all__ = ["Interval", "holm", "known_mean", "paired"]


def known_mean(values: np.ndarray) -> float:
    """Mean over the folds that have a value; nan if none has."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


class Interval(NamedTuple):
    """A mean, its 95 % interval and the two-sided p-value of zero; nan where fewer than two folds speak."""

    mean: float
    low: float
    high: float
    p: float

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2


def paired(values: Any, test_over_train: float, *, level: float = 0.95) -> Interval:
    """Corrected resampled t interval of a mean over folds.

    values : (J,) one number a fold; nan are left out. test_over_train : rows of a test fold over rows of its training fold.

    >>> [round(x, 3) for x in paired([0.1, 0.2, 0.3, 0.2, 0.2], 0.25)]
    [0.2, 0.068, 0.332, 0.014]
    """
    d = np.asarray(values, dtype=np.float64)
    d = d[np.isfinite(d)]
    if len(d) < 2:
        return Interval(float(d.mean()) if len(d) else np.nan, np.nan, np.nan, np.nan)
    mean = float(d.mean())
    se = float(np.sqrt((1 / len(d) + test_over_train) * d.var(ddof=1)))
    if se <= 1e-15 * max(1.0, abs(mean)):
        return Interval(mean, mean, mean, 1.0 if abs(mean) < 1e-15 else 0.0)
    half = float(stdtrit(len(d) - 1, (1 + level) / 2)) * se
    return Interval(mean, mean - half, mean + half, float(2 * stdtr(len(d) - 1, -abs(mean) / se)))


def holm(p: Any) -> np.ndarray:
    """Step-down adjusted p-values; nan are left out and stay nan.

    >>> holm([0.01, 0.04, 0.03, float("nan")]).round(3).tolist()
    [0.03, 0.06, 0.06, nan]
    """
    p = np.asarray(p, dtype=np.float64)
    out = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out
