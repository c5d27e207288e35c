"""Values and paired errors of many clipped or dropped versions of the same weights, from sums by bins of the weights.

The trouble: fifty caps of a million weights are fifty averages, each with its influences, and more than a thousand differences. But between two
neighbouring thresholds every one of them is a constant, a multiple of w, or zero, so that all are sums of

    w^a f^b,   a, b = 0, 1, 2,   over the rows between two thresholds

and influences of all of them have one form, phi = T(w) (f - shift) + level, T = scale min(w, c) or scale w 1{w <= c}, whose products are such
sums as well. One sort replaces all other looks at the rows.

What is inside: `WeightBins`, the sums; `Candidate`, one version; `candidates`, all of them, and `errors`, of their differences.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..._estimate import blocks
from ...arrays import TIE
from ._lepski import standard_errors

__all__ = ["Candidate", "WeightBins", "candidates", "errors"]

EPS = float(np.finfo(np.float64).eps)


class Candidate(NamedTuple):
    """One version: value of A(w, f), its influences scale T(w) (f - shift) + level, and the share of weight that was moved."""

    at: float
    value: float
    scale: float
    shift: float
    level: float
    moved: float
    factor: float


class Ordered(NamedTuple):
    """Linear weights (n,), ascending, and f (n,) of the same rows."""

    w: np.ndarray
    f: np.ndarray

    @classmethod
    def of(cls, log_w: np.ndarray, f: np.ndarray) -> Ordered:
        """Sort once."""
        order = np.argsort(log_w)
        w = log_w[order]
        return cls(np.exp(w, out=w), f[order])


def _moments(w: np.ndarray, f: np.ndarray) -> np.ndarray:
    """sum w^a f^b of some rows: (3, 3)."""
    wf, ww, ff = w * f, w * w, f * f
    return np.array(
        [
            [w.size, f.sum(), ff.sum()],
            [w.sum(), wf.sum(), np.einsum("i,i", wf, f)],
            [ww.sum(), np.einsum("i,i", ww, f), np.einsum("i,i", ww, ff)],
        ]
    )


@dataclass(frozen=True, eq=False)
class WeightBins:
    """sums[a, b, j]: sum of w^a f^b over the rows whose weight lies between the thresholds j - 1 and j; f less a pivot."""

    points: np.ndarray  # (m,) rising thresholds
    sums: np.ndarray  # (3, 3, m + 1)
    n: int
    pivot: float
    zeros: float  # rows of weight zero, which all lie in the first bin

    @classmethod
    def of(cls, ordered: Ordered, points: np.ndarray, pivot: float) -> WeightBins:
        """points : (m,) rising."""
        w, f = ordered
        ends = [0, *np.searchsorted(w, _just_above(points), side="right").tolist(), w.size]
        sums = np.zeros((3, 3, points.size + 1))
        for j, (start, stop) in enumerate(itertools.pairwise(ends)):
            for piece in blocks(stop - start):
                part = w[start:stop][piece]
                sums[:, :, j] += _moments(part, np.where(part > 0, f[start:stop][piece] - pivot, 0.0))
        return cls(points, sums, w.size, pivot, int(np.searchsorted(w, 0.0, side="right")))

    def total(self, c: float, taming: str, w: int, f: int) -> float:
        """sum T(w)^w f^f of the version at c, w 0 (rows of positive weight), 1 or 2."""
        bins = slice(0, self._bin(c) + 1)
        kept = float(self.sums[w, f, bins].sum())
        above = float(self.sums[0, f, bins.stop :].sum())
        if taming == "drop" or c == math.inf or above == 0:
            return kept
        return kept + c**w * above

    def _bin(self, c: float) -> int:
        return self.points.size if c == math.inf else int(np.searchsorted(self.points, c))

    def product(self, a: Candidate, b: Candidate, taming: str) -> float:
        """sum phi_a phi_b over all rows."""
        low, high = sorted((a, b), key=lambda x: x.at)
        cuts = self._bin(low.at) + 1, self._bin(high.at) + 1
        rows = [slice(0, cuts[0]), slice(*cuts), slice(cuts[1], None)]
        above = lambda x: (1, 1.0) if x.at == math.inf else (0, 0.0 if taming == "drop" else x.at)
        forms = [((1, 1.0), (1, 1.0)), (above(low), (1, 1.0)), (above(low), above(high))]
        return sum(self._between(r, low, x, high, y) for r, (x, y) in zip(rows, forms, strict=True))

    def _between(self, rows: slice, a: Candidate, x: tuple[int, float], b: Candidate, y: tuple[int, float]) -> float:
        """sum phi_a phi_b of bins where T is size * w^power."""
        s = self.sums[:, :, rows].sum(axis=2)
        if s[0, 0] == 0:  # a threshold beyond every float squared has no rows above it
            return 0.0
        u, v = a.scale * x[1], b.scale * y[1]
        p, q = a.shift - self.pivot, b.shift - self.pivot
        both = s[x[0] + y[0], 2] - (p + q) * s[x[0] + y[0], 1] + p * q * s[x[0] + y[0], 0]
        one = u * b.level * (s[x[0], 1] - p * s[x[0], 0]) + v * a.level * (s[y[0], 1] - q * s[y[0], 0])
        return float(u * v * both + one + a.level * b.level * s[0, 0])


def _just_above(points: np.ndarray) -> np.ndarray:
    """Thresholds that a weight equal to them, up to the rounding of a logarithm, does not pass."""
    return points * (1 + TIE * EPS * np.maximum(1.0, np.abs(np.log(points))))


def candidates(
    log_w: np.ndarray, f: np.ndarray, grid: Sequence[float], taming: str, how: str, *, everyone: bool
) -> tuple[WeightBins, list[Candidate]]:
    """Every version of the grid, by "plain" or "self"; everyone : whether rows of weight zero count, as where there is an outcome."""
    points = np.array(sorted(grid))
    ordered = Ordered.of(log_w, f)
    b = WeightBins.of(ordered, points, float(ordered.f[-1]))
    totals = [b.total(c, taming, 1, 0) for c in grid]
    moved = _moved(ordered.w, grid, taming, totals)
    return b, [_candidate(b, c, taming, how, m, everyone) for c, m in zip(grid, moved, strict=True)]


def _candidate(b: WeightBins, c: float, taming: str, how: str, moved: float, everyone: bool) -> Candidate:
    weight, product = b.total(c, taming, 1, 0), b.total(c, taming, 1, 1)
    if how == "self":
        value = b.pivot + product / weight
        rows = b.n if everyone else round(b.total(c, taming, 0, 0) - b.zeros)
        return Candidate(c, value, 1 / weight, value, 0.0, moved, rows / (rows - 1) if rows > 1 else math.inf)
    value = (product + b.pivot * weight) / b.n
    return Candidate(c, value, 1 / b.n, 0.0, -value / b.n, moved, b.n / (b.n - 1) if b.n > 1 else math.inf)


def _moved(w: np.ndarray, grid: Sequence[float], taming: str, totals: Sequence[float]) -> list[float]:
    """1/2 sum |W' - W| of ascending weights: what rows gain whose share rose, those of weight at most t = c sum w/sum w'."""
    total = float(w.sum())
    if taming == "drop":
        return [1 - kept / total for kept in totals]
    turns = [c * total / after for c, after in zip(grid, totals, strict=True)]
    points = np.unique([*grid, *turns])
    ends = np.searchsorted(w, points, side="right")
    parts = [float(w[i:j].sum()) for i, j in itertools.pairwise([0, *ends.tolist()])]
    rows, weight = (
        dict(zip(points.tolist(), ends.tolist(), strict=True)),
        dict(zip(points.tolist(), itertools.accumulate(parts), strict=True)),
    )
    gained = lambda c, t, after: (weight[c] + c * (rows[t] - rows[c])) / after - weight[t] / total
    return [max(0.0, gained(c, t, after)) for c, t, after in zip(grid, turns, totals, strict=True)]


def errors(b: WeightBins, each: Sequence[Candidate], taming: str) -> np.ndarray:
    """Standard errors (K, K) of the differences of the versions."""
    products = np.array([[b.product(x, y, taming) for y in each] for x in each])
    return standard_errors(products, np.array([x.factor for x in each]))
