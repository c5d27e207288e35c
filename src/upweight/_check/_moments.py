"""Weighted mean of f and its error, in sums that merge.

The trouble: a weighted average and its error over a billion rows must come from sums, and sums of squares of raw values lose every
digit as soon as f has an offset: at f = 1e9 with unit noise nothing is left. Here values are read less a pivot (the first f), and
centred squares are merged by Chan's update, once under w (for the mean) and once under w^2 (for its error):

    mu = sum w f / sum w,    se^2 = S/(S-1) sum w^2 (f - mu)^2 / (sum w)^2,    sum w^2 (f - mu)^2 = C_2 + (sum w^2) (mu_2 - mu)^2

Columns beyond 2^-400 to 2^400 are kept in units of a power of two, so that likelihoods of 1e-200 have an error too. Up to three distinct
values of each column are kept: of two values the sums tell how many effective rows lie on either side,

    rows = (sum of w on that side)^2 / sum of w^2 there

What is inside: `Moments`, of one or several columns, weights relative to the largest as in `WeightSummary`; `Seen`, the values of a column.

Source: Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance, Am. Stat. 37.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arrays import BLOCK
from ._summary import merge

__all__ = ["Moments", "Seen"]

ORDINARY = 2.0**-400, 2.0**400  # magnitudes whose squares, weighted, fit a float
NEARLY = 1e-9  # relative difference of sums that are the same
MANY = 3  # distinct values that are kept: as many mean "three or more"
Seen = (
    tuple[float, ...] | None
)  # distinct values of a column where the weight is positive; None in documents of earlier versions
Sums = tuple[Any, Any, Any]  # total of the weights, mean of f - pivot (c,), centred sum of squares (c,)


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums of c columns of f/unit under weights e = exp(l - peak) (`one`) and e^2 (`two`); `scalar` if f was one column."""

    peak: float
    pivot: np.ndarray
    one: Sums
    two: Sums
    scalar: bool
    unit: Any = 1.0  # (c,) powers of two
    seen: tuple[Seen, ...] = ()  # of each column
    bounded: bool = False  # whether f was said to lie between bounds

    @classmethod
    def of(
        cls, log_w: np.ndarray, f: np.ndarray, scalar: bool, seen: tuple[Seen, ...] = (), *, bounded: bool = False
    ) -> Moments:
        """The sums of f (c, n), finite wherever the log-weight (n,) is not -inf; `seen` holds up to three values of each column."""
        seen = seen or (None,) * len(f)
        peak = float(log_w.max())
        columns = len(f)
        nothing = 0.0, np.zeros(columns), np.zeros(columns)
        if peak == -math.inf:
            return cls(peak, np.zeros(columns), nothing, nothing, scalar, seen=((),) * columns, bounded=bounded)
        unit = _units(f)
        pivot = f[:, int(np.argmax(log_w > -np.inf))] / unit
        one = two = nothing
        step = max(1, BLOCK // columns)
        for i in range(0, len(log_w), step):
            e = np.exp(log_w[i : i + step] - peak)
            x = f[:, i : i + step] / unit[:, None] - pivot[:, None]
            one = merge(*one, *_sums(e, x))
            two = merge(*two, *_sums(np.square(e, out=e), x))
        return cls(peak, pivot, one, two, scalar, unit, seen, bounded)

    def __add__(self, other: Moments) -> Moments:
        if other.peak == -math.inf or self.peak == -math.inf:
            return replace(self if other.peak == -math.inf else other, bounded=self.bounded and other.bounded)
        unit = np.maximum(self.unit, other.unit)
        a, b = self._in(unit), other._in(unit)
        peak = max(a.peak, b.peak)
        gap = b.pivot - a.pivot
        one = merge(*a._at(peak, a.one, 1), *b._at(peak, b.one, 1, gap))
        two = merge(*a._at(peak, a.two, 2), *b._at(peak, b.two, 2, gap))
        seen = tuple(_together(x, y) for x, y in zip(self._seen, other._seen, strict=True))
        return Moments(peak, a.pivot, one, two, self.scalar, unit, seen, self.bounded and other.bounded)

    def _in(self, unit: np.ndarray) -> Moments:
        """The same sums in other, larger units."""
        by = self.unit / unit
        one, two = ((total, mean * by, centred * by * by) for total, mean, centred in (self.one, self.two))
        return replace(self, pivot=self.pivot * by, one=one, two=two, unit=unit)

    def _at(self, peak: float, sums: Sums, power: int, gap: Any = 0.0) -> Sums:
        scale = math.exp(power * (self.peak - peak))
        return sums[0] * scale, sums[1] + gap, sums[2] * scale

    @property
    def values(self) -> np.ndarray:
        """Weighted means of the columns (c,), in the unit of f."""
        return self.unit * (self.pivot + self.one[1])

    def norms(self, copies: int = 0) -> np.ndarray:
        """Roots of the summed squares of the influences (c,), in the unit of f: what the error of a self-normalised mean is made of."""
        return self.unit * np.sqrt(self.spread / copies if copies else self.squares)

    @property
    def squares(self) -> np.ndarray:
        """sum W^2 (f - mean)^2 (c,) in squared units, weights of sum one."""
        total, mean, _ = self.one
        return (self.two[2] + self.two[0] * np.square(self.two[1] - mean)) / total**2

    @property
    def spread(self) -> np.ndarray:
        """sum W (f - mean)^2 (c,) in squared units, the weighted variance of f."""
        return self.one[2] / self.one[0]

    def values_of(self, column: int) -> Seen:
        """The values that a column was seen to hold, up to three; of documents of earlier versions 0 and 1, where the sums show them."""
        seen, unit = self._seen[column], self._unit(column)
        if seen is not None:
            return seen
        mean, spread = float(self.values[column]), float(self.spread[column]) * unit * unit
        if spread == 0:
            return (mean,)
        return (0.0, 1.0) if abs(spread - mean * (1 - mean)) <= NEARLY * spread else None

    def rarer_side(self, column: int, values: tuple[float, ...], copies: int = 0) -> float:
        """Effective rows on the rarer side of a column that holds two values; copies are counted."""
        low, high = (value / self._unit(column) for value in values)
        start = float(self.pivot[column]) - low
        share, square = (float(sums[1][column] + start) / (high - low) for sums in (self.one, self.two))
        if copies:
            return min(share, 1 - share) * copies
        return min(self.ess * p * p / q if q > 0 else 0.0 for p, q in ((share, square), (1 - share, 1 - square)))

    @property
    def _seen(self) -> tuple[Seen, ...]:
        return self.seen or (None,) * self.pivot.size  # nothing is known of what an earlier version pickled

    def _unit(self, column: int) -> float:
        return float(np.broadcast_to(self.unit, self.pivot.shape)[column])

    @property
    def ess(self) -> float:
        """Kish's effective sample size of the weights that were used, in rows."""
        return self.one[0] * self.one[0] / self.two[0]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists."""
        sums = {name: [np.asarray(x).tolist() for x in getattr(self, name)] for name in ("one", "two")}
        units = {} if np.all(self.unit == 1.0) else {"unit": self.unit.tolist()}
        more = {"seen": [None if x is None else list(x) for x in self._seen], "bounded": self.bounded}
        return {"peak": self.peak, "pivot": self.pivot.tolist(), "scalar": self.scalar} | sums | units | more

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Moments:
        """From what `to_dict` gave."""
        one, two = ((d[name][0], np.asarray(d[name][1]), np.asarray(d[name][2])) for name in ("one", "two"))
        unit = np.asarray(d.get("unit", np.ones(len(d["pivot"]))), dtype=float)
        pivot = np.asarray(d["pivot"], dtype=float)
        seen = tuple(None if x is None else tuple(map(float, x)) for x in d.get("seen", [None] * pivot.size))
        if len(seen) != pivot.size:
            raise ValueError(f"values of {len(seen)} columns")
        return cls(float(d["peak"]), pivot, one, two, d["scalar"], unit, seen, bool(d.get("bounded", False)))


def _units(f: np.ndarray) -> np.ndarray:
    """A power of two for each column whose squares would leave the range of a float, else 1."""
    top = np.abs(f).max(axis=1)
    ordinary = ((ORDINARY[0] < top) & (top < ORDINARY[1])) | (top == 0)
    return np.where(ordinary, 1.0, np.ldexp(1.0, np.clip(np.frexp(top)[1], -1020, 1020)))


def _together(a: Seen, b: Seen) -> Seen:
    return None if a is None or b is None else tuple(dict.fromkeys((*a, *b)))[:MANY]


def _sums(e: np.ndarray, x: np.ndarray) -> Sums:
    total = float(e.sum())
    if total == 0:  # every weight of the block is far below the largest
        return 0.0, np.zeros(len(x)), np.zeros(len(x))
    mean = np.einsum("ci,i->c", x, e) / total
    far = np.square(x - mean[:, None])
    return total, mean, np.einsum("ci,i->c", far, e)
