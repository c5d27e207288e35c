"""Mean weight and value of every label: which day, user group or version is another world.

The trouble: a log that is right on the average may be wrong since Friday, and a target that gains on the average may lose on phones. The mean
weight of each label is tested as the verdict does it; its value is self-normalised, for inside a label no mean of one is kept exactly.

    V_g = sum_g w r/sum_g w,     se^2 = m/(m - 1) sum_g w^2 (r - V_g)^2/(sum_g w)^2

What is inside: `ByLabel`, the figures of one label, and `by_label`, all of them.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..._check import FEWEST_IN_SEGMENT, Verdict, flagged, labels
from ..._weights import Weights

__all__ = ["ByLabel", "by_label"]


class ByLabel(NamedTuple):
    """Rows; mean weight, its plain error, z of the test that it is one, and whether it breaks the promise; value and its plain error."""

    rows: int
    mean: float
    mean_se: float
    mean_z: float
    broken: bool
    value: float
    value_se: float


def by_label(verdict: Verdict, w: Weights, reward: np.ndarray, by: Any) -> dict[Any, ByLabel]:
    """The figures of every label of the verdict; labels under 25 rows are pooled there, and here."""
    codes, names, _ = labels(by, w.n, "by")
    count = np.bincount(codes, minlength=len(names))
    small = count < FEWEST_IN_SEGMENT
    place = {label: i for i, label in enumerate(verdict.by)}
    to = np.array([len(place) - 1 if small[i] else place[name] for i, name in enumerate(names)])
    value, se = _values(to[codes], len(place), w, reward)
    broken = {label for label, _ in flagged(verdict)}
    return {
        label: ByLabel(s.n, s.mean, s.mean_se, s.z, label in broken, float(value[i]), float(se[i]))
        for i, (label, s) in enumerate(verdict.by.items())
    }


def _values(codes: np.ndarray, count: int, w: Weights, reward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    u = np.exp(w.log_w - w.log_w.max())
    total = np.bincount(codes, u, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.bincount(codes, u * reward, count) / total
        far = u * (reward - value[codes])
        rows = np.bincount(codes, u > 0, count)
        square = np.bincount(codes, far * far, count) * np.where(rows > 1, rows / np.maximum(rows - 1, 1), math.inf)
        return value, np.sqrt(square) / total
