"""Weighted rows in the order of f: their distribution function, its inverse, and the sums of squares behind its errors.

The trouble: a weighted quantile has several definitions, and most of them break on ties: NumPy's own `inverted_cdf` answers
differently for weights (2, 3, 4)/20 and for the rows repeated 2, 3 and 4 times, because a rounded running sum misses q by one
unit in the last place. And ten million rows take a second to sort, of which a median needs hardly any.

    F(x) = sum W 1{f <= x},    Q(q) = the first f whose running sum of W reaches q (1 - 8 eps)

What is inside: `Sorted`, all rows in order, for up to a hundred thousand; `Binned`, which counts the weight of 65,536 bins of the
floating-point numbers, in order by their bits, and sorts only the bins that are asked about; `shares_of`, the fitting one of them.

Source: Knuth (1998), The Art of Computer Programming 3, section 5.2.5, for sorting by digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from ._influence import Multipliers

__all__ = ["Shares", "shares_of"]

ROUNDING = 8 * np.finfo(np.float64).eps  # a running sum this close below q has reached it
FEW_ROWS = 1 << 17  # rows that are sorted as they are
BITS = 16  # of a floating-point number that choose its bin
PIECE = 1 << 19  # rows read at a time: long enough that counting 65,536 bins is no more work than reading them
TOP = np.uint64(1 << 63)


class Shares(Protocol):
    """A weighted distribution function: shares and sums of squared weights at or below points, and points that reach a share."""

    def below(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """sum W and sum W^2 over rows with f <= at, for points (m,)."""
        ...

    def reach(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first f whose running share reaches q, and sum W^2 up to there, for levels (m,)."""
        ...

    @property
    def square(self) -> float:
        """sum W^2."""
        ...


class Order(NamedTuple):
    """Some rows ascending in f, with running sums of W and W^2."""

    f: np.ndarray
    mass: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, f: np.ndarray, u: np.ndarray, square: Callable[[np.ndarray], np.ndarray]) -> Order:
        up = np.argsort(f, kind="stable")
        u = u[up]
        return cls(f[up], np.cumsum(u), np.cumsum(square(u)))


@dataclass(frozen=True, eq=False)
class Sorted:
    """All rows in order."""

    order: Order

    @cached_property
    def mass(self) -> np.ndarray:
        """Running shares; the last is exactly 1."""
        return self.order.mass / self.order.mass[-1]

    @property
    def square(self) -> float:
        return float(self.order.squares[-1])

    def below(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count = np.searchsorted(self.order.f, at, side="right")
        return tuple(np.where(count > 0, x[np.maximum(count, 1) - 1], 0.0) for x in (self.mass, self.order.squares))  # type: ignore[return-value]

    def reach(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = np.searchsorted(self.mass, q * (1 - ROUNDING), side="left")
        place = np.minimum(place, self.mass.size - 1)
        return self.order.f[place], _between(q, place, self.mass, self.order.squares)


@dataclass(frozen=True, eq=False)
class Binned:
    """The weight of every bin, and the rows in order of the bins that were asked about."""

    f: np.ndarray
    u: Multipliers
    square_of: Callable[[np.ndarray], np.ndarray]
    low: np.uint64  # bits of the smallest f
    shift: np.uint64
    place: np.ndarray  # (n,) bin of each row
    mass: np.ndarray  # running weight at the end of each bin, and squares
    squares: np.ndarray
    _orders: dict[int, Order] = field(default_factory=dict)

    @classmethod
    def of(cls, f: np.ndarray, u: Multipliers, square_of: Callable[[np.ndarray], np.ndarray]) -> Binned:
        low, high = _bits(np.array([f.min(), f.max()]))
        shift = np.uint64(max(0, int(high - low).bit_length() - BITS))
        place, sums = np.empty(f.size, dtype=np.uint16), np.zeros((2, 1 << BITS))
        for i in range(0, f.size, PIECE):
            rows = slice(i, i + PIECE)
            bins = ((_bits(f[rows]) - low) >> shift).astype(np.int64)
            place[rows] = bins
            weight = u.part(rows)
            sums[0] += np.bincount(bins, weight, 1 << BITS)
            sums[1] += np.bincount(bins, square_of(weight), 1 << BITS)
        return cls(f, u, square_of, low, shift, place, *np.cumsum(sums, axis=1))

    @property
    def square(self) -> float:
        return float(self.squares[-1])

    def below(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return tuple(np.array([self._below(x) for x in at.tolist()]).T)  # type: ignore[return-value]

    def _below(self, x: float) -> tuple[float, float]:
        if x == np.inf or _bits(np.array([x]))[0] < self.low:
            return (1.0, self.square) if x == np.inf else (0.0, 0.0)
        b = min(int((_bits(np.array([x]))[0] - self.low) >> self.shift), (1 << BITS) - 1)
        order, (mass, squares) = self._order(b), self._before(b)
        count = int(np.searchsorted(order.f, x, side="right"))
        if count == order.f.size:
            mass, squares = self.mass[b], self.squares[b]
        else:
            mass, squares = (
                s + (run[count - 1] if count else 0.0) for s, run in ((mass, order.mass), (squares, order.squares))
            )
        return float(mass / self.mass[-1]), float(squares)

    def reach(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return tuple(np.array([self._reach(x) for x in q.tolist()]).T)  # type: ignore[return-value]

    def _reach(self, q: float) -> tuple[float, float]:
        wanted = q * (1 - ROUNDING) * self.mass[-1]
        b = min(int(np.searchsorted(self.mass, wanted, side="left")), self.mass.size - 1)
        order, (mass, squares) = self._order(b), self._before(b)
        k = min(int(np.searchsorted(order.mass, wanted - mass, side="left")), order.f.size - 1)
        inside = _between(np.array(q * self.mass[-1] - mass), np.array(k), order.mass, order.squares)
        return float(order.f[k]), float(squares + inside)

    def _before(self, b: int) -> tuple[float, float]:
        return (float(self.mass[b - 1]), float(self.squares[b - 1])) if b else (0.0, 0.0)

    def _order(self, b: int) -> Order:
        if b not in self._orders:
            rows = np.flatnonzero(self.place == b)
            u = self.u.part(rows)  # type: ignore[arg-type]
            self._orders[b] = Order.of(self.f[rows], u, self.square_of)
        return self._orders[b]


def _between(q: np.ndarray, place: np.ndarray, mass: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Running sums of W^2 at levels q that are reached at `place`, in proportion to the weight there."""
    low, before = (np.where(place > 0, run[np.maximum(place, 1) - 1], 0.0) for run in (mass, squares))
    width = mass[place] - low
    share = np.divide(q - low, width, out=np.ones(np.shape(q)), where=width > 0)
    return before + (squares[place] - before) * np.clip(share, 0.0, 1.0)


def _bits(f: np.ndarray) -> np.ndarray:
    """Whole numbers in the order of the floating-point numbers."""
    bits = (f + 0.0).view(np.uint64)  # + 0.0 makes -0.0 the zero it equals
    return np.where(bits >= TOP, ~bits, bits | TOP)


def shares_of(f: np.ndarray, u: Multipliers, *, asked: int) -> Shares:
    """The distribution function of f (n,) under the multipliers; `asked` is how many points or levels there will be."""
    positive = u.log_w > -np.inf
    square_of = _squares if u.copies is None else _Copies(u.scale)
    if not positive.all():
        rows = np.flatnonzero(positive)
        copies = None if u.copies is None else u.copies[rows]
        f, u = f[rows], Multipliers(u.log_w[rows], u.peak, u.scale, u.total, u.ess, copies)
    if f.size <= FEW_ROWS or asked > 32:
        return Sorted(Order.of(f, u.whole(), square_of))
    return Binned.of(f, u, square_of)


def _squares(u: np.ndarray) -> np.ndarray:
    return u * u


@dataclass(frozen=True)
class _Copies:
    """W/N for copies: repeated rows of W = 1/N each."""

    scale: float

    def __call__(self, u: np.ndarray) -> np.ndarray:
        return u * self.scale
