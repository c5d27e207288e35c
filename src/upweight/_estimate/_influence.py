"""How much each row moves an average, and what the tail of that says about the error bar.

The trouble: the usual error bar of a weighted average trusts the rows that were drawn. When a few rows carry the sum, the
rows that were not drawn matter more, and the bar is far too short. How heavy the tail is can be read from the influences

    phi_i = v_i (f_i - shift) + level,    estimate - truth ~ sum_i phi_i,    se^2 = m/(m-1) sum_g (sum_{i in g} phi_i)^2

which have one form for every estimator: self-normalised (v = W, shift = mean, level = 0), plain (v = w/n, shift = 0,
level = -mean/n), with a control variate (v = w/n, shift = beta, level = (beta - mean)/n), total (v = sqrt(w(w-1))).

What is inside: `Multipliers`, weights on the scale of a formula; `Rows`, what every average over the same weights shares; `Line`, the influences of one column, never written
out before somebody asks; `Dense`, influences that were; `Tails`, the largest of either sign, kept in one pass; `scan`, their sum
of squares and tails.

Sources: Huber (1967) for the sandwich; Liang and Zeger (1986) for sums over clusters; Vehtari et al. (2024) for the tail
and the rate at which averages converge under it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..arrays._tail import TOO_FEW, tail_index, tail_size

__all__ = ["Dense", "Influences", "Line", "Multipliers", "Rows", "Tails", "blocks", "scan"]

BLOCK = 1 << 15  # numbers a pass works on at a time: four buffers of them lie in the second-level cache


def blocks(n: int) -> Iterator[slice]:
    """Cut n rows into pieces that stay in the cache."""
    return (slice(i, i + BLOCK) for i in range(0, n, BLOCK))


@dataclass(frozen=True, eq=False)
class Multipliers:
    """Weights on the scale of a formula, u = exp(l - peak) · scale, written out a piece at a time.

    Kept as logs: at ten million rows a second long array costs more time than its exponentials.
    """

    log_w: np.ndarray
    peak: float
    scale: float
    total: float  # sum of u
    ess: float  # (sum u)^2 / sum u^2; for copies their number
    copies: np.ndarray | None = None  # whole numbers, for frequencies
    design: bool = False  # sqrt(w (w - 1)), whose squares add up to the variance of a total

    @property
    def n(self) -> int:
        return self.log_w.size

    def part(self, rows: slice) -> np.ndarray:
        """The multipliers of a slice, a new array."""
        if self.copies is not None:
            return self.copies[rows] * self.scale
        u = self.log_w[rows] - self.peak
        np.exp(u, out=u)
        u *= self.scale
        return np.sqrt(np.maximum(u * (u - 1), 0.0)) if self.design else u

    def whole(self) -> np.ndarray:
        """All of them, (n,)."""
        return self.part(slice(None))

    def dot(self, f: np.ndarray, pivot: float) -> float:
        """sum u (f - pivot)."""
        return math.fsum(float(np.einsum("i,i", self.part(p), f[p] - pivot)) for p in blocks(self.n))


class Influences(Protocol):
    """Anything that can say how much the rows of a slice move an estimate."""

    def part(self, rows: slice) -> np.ndarray:
        """The influences of a slice; not to be written to."""
        ...


@dataclass(frozen=True, eq=False)
class Line:
    """The influences of one average, v (f - shift) + level, computed when asked for; f may be anything where v is 0."""

    v: Multipliers
    f: np.ndarray
    shift: float
    level: float = 0.0

    def part(self, rows: slice) -> np.ndarray:
        phi = self.f[rows] - self.shift
        phi *= self.v.part(rows)
        if self.level:
            phi += self.level
        return phi


@dataclass(frozen=True, eq=False)
class Dense:
    """Influences that are written out: those of differences and ratios."""

    phi: np.ndarray

    def part(self, rows: slice) -> np.ndarray:
        return self.phi[rows]


@dataclass(frozen=True, eq=False)
class Rows:
    """What every average over the same weights shares, whatever is averaged."""

    n: int  # rows, zero weights and copies counted
    support: int  # rows with w > 0; copies for frequencies
    size: int  # N of the formulas: the support (self, frequency) or all rows (plain, control)
    factor: float  # m/(m-1) over rows or clusters; 1 for a design variance; inf where no error can be told
    ess: float  # effective sample size of the weights that are used, in rows
    worth: float  # the same of the clusters' total weights, in clusters; else that of the rows
    khat: float  # tail index of the weights before taming
    flat: bool  # equal weights: the textbook applies, and no tail of f is watched
    copies: np.ndarray | None = None  # (n,) for frequencies
    codes: np.ndarray | None = None  # (n,) number of each row's cluster
    groups: int = 0

    @property
    def df(self) -> float:
        """Degrees of freedom of the interval."""
        return max(1.0, self.worth - 1.0)

    def sums(self, phi: np.ndarray) -> np.ndarray:
        """Influences added up inside each cluster."""
        return np.bincount(self.codes, phi, self.groups) if self.codes is not None else phi


class Tails:
    """The largest values of either sign, collected piece by piece: a million rows leave some thousands."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        self._held = [0, 0]
        self._floor = [0.0, 0.0]

    def add(self, phi: np.ndarray) -> None:
        """Look at another piece."""
        self._collect(0, phi[phi > self._floor[0]])
        self._collect(1, -phi[phi < -self._floor[1]])

    def _collect(self, side: int, part: np.ndarray) -> None:
        if part.size == 0:
            return
        kept = self._kept[side]
        kept.append(part)
        self._held[side] += part.size
        if self._held[side] > 4 * (self.size + 1) + BLOCK:
            kept[:] = [_top(np.concatenate(kept), self.size + 1)]
            self._held[side], self._floor[side] = kept[0].size, kept[0].min()

    def khats(self) -> list[float]:
        """k-hat of each side that has at least 25 rows."""
        found = []
        for kept, held in zip(self._kept, self._held, strict=True):
            if held >= TOO_FEW:  # a side that was ever cut down holds size + 1
                size = min(self.size, held - 1)
                top = _top(np.concatenate(kept), size + 1)
                found.append(tail_index(np.log(top), size=size))
        return found


def _top(x: np.ndarray, count: int) -> np.ndarray:
    return x if x.size <= count else np.partition(x, x.size - count)[x.size - count :]


def scan(line: Influences, rows: Rows, n: int, *, watch: bool = False) -> tuple[float, list[float]]:
    """Sum of squares of the influences (summed by cluster), and the k-hats of their sides if `watch`."""
    if rows.codes is not None:
        return _scan_clusters(line, rows, n, watch)
    square = 0.0
    tails = Tails(tail_size(rows.size)) if watch and rows.size > TOO_FEW else None
    for piece in blocks(n):
        phi = line.part(piece)
        if rows.copies is None:
            square += float(np.einsum("i,i", phi, phi))
        else:
            square += float(np.divide(phi * phi, rows.copies[piece], out=np.zeros(phi.size), where=phi != 0).sum())
        if tails is not None:
            tails.add(phi)
    return square, tails.khats() if tails is not None else []


def _scan_clusters(line: Influences, rows: Rows, n: int, watch: bool) -> tuple[float, list[float]]:
    phi = line.part(slice(0, n))
    sums = rows.sums(phi)
    found: list[float] = []
    for x, size, wanted in ((phi, rows.size, watch), (sums, rows.groups, True)):
        if wanted and size > TOO_FEW:
            tails = Tails(tail_size(size))
            tails.add(x)
            found += tails.khats()
    return float(np.einsum("i,i", sums, sums)), found
