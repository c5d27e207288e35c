"""Weighted mean of f and its error, in sums that merge.

The trouble: a weighted average and its error over a billion rows must come from sums, and sums of squares of raw values lose every
digit as soon as f has an offset: at f = 1e9 with unit noise nothing is left. Here values are read less a pivot (the first f), and
centred squares are merged by Chan's update, once under w (for the mean) and once under w^2 (for its error):

    mu = sum w f / sum w,    se^2 = S/(S-1) sum w^2 (f - mu)^2 / (sum w)^2,    sum w^2 (f - mu)^2 = C_2 + (sum w^2) (mu_2 - mu)^2

Columns beyond 2^-400 to 2^400 are kept in units of a power of two, so that likelihoods of 1e-200 have an error too.

What is inside: `Moments`, of one or several columns, weights relative to the largest as in `WeightSummary`.

Source: Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance, Am. Stat. 37.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import BLOCK
from ._summary import merge

__all__ = ["Moments"]

ORDINARY = 2.0**-400, 2.0**400  # magnitudes whose squares, weighted, fit a float
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

    @classmethod
    def of(cls, log_w: np.ndarray, f: np.ndarray, scalar: bool) -> Moments:
        """The sums of f (c, n), finite wherever the log-weight (n,) is not -inf."""
        peak = float(log_w.max())
        columns = len(f)
        nothing = 0.0, np.zeros(columns), np.zeros(columns)
        if peak == -math.inf:
            return cls(peak, np.zeros(columns), nothing, nothing, scalar)
        unit = _units(f)
        pivot = f[:, int(np.argmax(log_w > -np.inf))] / unit
        one = two = nothing
        step = max(1, BLOCK // columns)
        for i in range(0, len(log_w), step):
            e = np.exp(log_w[i : i + step] - peak)
            x = f[:, i : i + step] / unit[:, None] - pivot[:, None]
            one = merge(*one, *_sums(e, x))
            two = merge(*two, *_sums(np.square(e, out=e), x))
        return cls(peak, pivot, one, two, scalar, unit)

    def __add__(self, other: Moments) -> Moments:
        if other.peak == -math.inf or self.peak == -math.inf:
            return self if other.peak == -math.inf else other
        unit = np.maximum(self.unit, other.unit)
        a, b = self._in(unit), other._in(unit)
        peak = max(a.peak, b.peak)
        gap = b.pivot - a.pivot
        one = merge(*a._at(peak, a.one, 1), *b._at(peak, b.one, 1, gap))
        two = merge(*a._at(peak, a.two, 2), *b._at(peak, b.two, 2, gap))
        return Moments(peak, a.pivot, one, two, self.scalar, unit)

    def _in(self, unit: np.ndarray) -> Moments:
        """The same sums in other, larger units."""
        by = self.unit / unit
        one, two = ((total, mean * by, centred * by * by) for total, mean, centred in (self.one, self.two))
        return Moments(self.peak, self.pivot * by, one, two, self.scalar, unit)

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

    @property
    def ess(self) -> float:
        """Kish's effective sample size of the weights that were used, in rows."""
        return self.one[0] * self.one[0] / self.two[0]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists."""
        sums = {name: [np.asarray(x).tolist() for x in getattr(self, name)] for name in ("one", "two")}
        units = {} if np.all(self.unit == 1.0) else {"unit": self.unit.tolist()}
        return {"peak": self.peak, "pivot": self.pivot.tolist(), "scalar": self.scalar} | sums | units

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Moments:
        """From what `to_dict` gave."""
        one, two = ((d[name][0], np.asarray(d[name][1]), np.asarray(d[name][2])) for name in ("one", "two"))
        unit = np.asarray(d.get("unit", np.ones(len(d["pivot"]))), dtype=float)
        return cls(float(d["peak"]), np.asarray(d["pivot"], dtype=float), one, two, d["scalar"], unit)


def _units(f: np.ndarray) -> np.ndarray:
    """A power of two for each column whose squares would leave the range of a float, else 1."""
    top = np.abs(f).max(axis=1)
    ordinary = ((ORDINARY[0] < top) & (top < ORDINARY[1])) | (top == 0)
    return np.where(ordinary, 1.0, np.ldexp(1.0, np.clip(np.frexp(top)[1], -1020, 1020)))


def _sums(e: np.ndarray, x: np.ndarray) -> Sums:
    total = float(e.sum())
    if total == 0:  # every weight of the block is far below the largest
        return 0.0, np.zeros(len(x)), np.zeros(len(x))
    mean = np.einsum("ci,i->c", x, e) / total
    far = np.square(x - mean[:, None])
    return total, mean, np.einsum("ci,i->c", far, e)
