"""How much each row moves an average, written out a piece at a time.

The trouble: an average of ten million rows has ten million influences, and most of the time nobody wants to see one. They have one form
for every estimator,

    phi_i = v_i (f_i - shift) + level,    estimate - truth ~ sum_i phi_i

self-normalised (v = W, shift = mean, level = 0), plain (v = w/n, shift = 0, level = -mean/n), with a control variate (v = w/n,
shift = beta, level = (beta - mean)/n), total (v = sqrt(w (w - 1))), so that the weights, f and two numbers are all that is kept.

What is inside: `Multipliers`, weights on the scale of a formula; `Line`, the influences of one column; `Dense`, influences that were
written out (those of differences, quantiles and areas); `Scaled`, any of them times a number, and `Masked`, some of their rows; `blocks`, the pieces.

Source: Huber (1967), The behavior of maximum likelihood estimates under nonstandard conditions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

__all__ = ["Dense", "Influences", "Line", "Masked", "Multipliers", "Scaled", "blocks", "by_cluster", "written"]

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

    def part(self, rows: slice) -> np.ndarray:
        """The multipliers of a slice, a new array."""
        if self.copies is not None:
            return self.copies[rows] * self.scale
        u = self.log_w[rows] - self.peak
        np.exp(u, out=u)
        u *= self.scale
        return np.sqrt(np.maximum(u * (u - 1), 0.0)) if self.design else u

    @property
    def largest(self) -> float:
        """The largest multiplier; of copies that of a single one."""
        return self.scale if self.copies is not None else math.exp(float(self.log_w.max()) - self.peak) * self.scale

    def whole(self) -> np.ndarray:
        """All of them, (n,)."""
        return written(self, self.log_w.size)

    def dot(self, f: np.ndarray, pivot: float) -> float:
        """sum u (f - pivot)."""
        return math.fsum(float(np.einsum("i,i", self.part(p), f[p] - pivot)) for p in blocks(f.size))


class Influences(Protocol):
    """Anything that can say how much the rows of a slice move an estimate."""

    def part(self, rows: slice) -> np.ndarray:
        """The influences of a slice; not to be written to."""
        ...


def written(line: Influences, n: int) -> np.ndarray:
    """All n of them, written piece by piece: nothing else as long is made."""
    phi = np.empty(n)
    for piece in blocks(n):
        phi[piece] = line.part(piece)
    return phi


def by_cluster(
    line: Influences, codes: np.ndarray, count: int, look: Callable[[np.ndarray], None] | None = None
) -> np.ndarray:
    """Sums (count,) of what the rows of each cluster hold; `look` is shown every piece on the way.

    A stretch at a time, through one buffer: at ten million rows a second long array costs more than what is done with it.
    """
    sums, step = np.zeros(count), BLOCK * max(8, 4 * count // BLOCK)
    buffer = np.empty(min(step, codes.size))
    for start in range(0, codes.size, step):
        stretch = buffer[: min(step, codes.size - start)]
        for piece in blocks(stretch.size):
            stretch[piece] = line.part(slice(start + piece.start, min(start + piece.stop, codes.size)))
            if look is not None:
                look(stretch[piece])
        sums += np.bincount(codes[start : start + stretch.size], stretch, count)
    return sums


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
    """Influences that are written out."""

    phi: np.ndarray

    def part(self, rows: slice) -> np.ndarray:
        return self.phi[rows]


@dataclass(frozen=True, eq=False)
class Scaled:
    """Influences times a number."""

    line: Influences
    by: float

    def part(self, rows: slice) -> np.ndarray:
        phi = self.line.part(rows)
        return phi * self.by if self.by else np.zeros(phi.size)  # those of a quantile may be infinite


@dataclass(frozen=True, eq=False)
class Masked:
    """Influences of some rows, zero for the others."""

    line: Influences
    mask: np.ndarray  # (n,) bool

    def part(self, rows: slice) -> np.ndarray:
        return self.line.part(rows) * self.mask[rows]
