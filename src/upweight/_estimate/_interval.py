"""Intervals that are not value ± half: bounded quantities, quantiles, and events that were never seen.

The trouble: an area under a curve cannot pass one, a variance cannot fall below zero, and of an event that none of 1,000 rows shows
an error bar of width zero would say that it cannot happen. Each has a scale on which a symmetric interval is honest,

    area      logit A ± t · se/(A (1 - A))            correlation   artanh r ± t · se/(1 - r^2)
    variance  log V ± t · se/V                        never seen    p <= 1 - ((1 - level)/2)^(1/ESS), the exact bound

What is inside: `Symmetric`, `OnScale`, `NeverSeen`, `NeverVaried` and `Unknown`, intervals that are asked for a level; `Moved`, `Mapped` and
`Box`, intervals after arithmetic; `never_seen`, which tells exact bounds; `t_quantile`. Woodruff's interval of quantiles stands beside them, in `_quantile`.

Sources: Clopper and Pearson (1934) for the exact bound; Fisher (1921) for artanh.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

__all__ = [
    "REAL",
    "Box",
    "Ends",
    "IntervalRule",
    "Mapped",
    "Moved",
    "NeverSeen",
    "NeverVaried",
    "OnScale",
    "Symmetric",
    "Unknown",
    "never_seen",
    "t_quantile",
]

Ends = tuple[float, float]
REAL = -math.inf, math.inf


class IntervalRule(Protocol):
    """Anything that has ends at a level, `df` degrees of freedom given."""

    def ends(self, level: float, df: float) -> Ends:
        """The lower and the upper end."""
        ...


def t_quantile(df: float, level: float) -> float:
    """The two-sided quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + level / 2))


@dataclass(frozen=True)
class Symmetric:
    """value ± t · spread; a spread of zero leaves the value alone."""

    value: float
    spread: float

    def ends(self, level: float, df: float) -> Ends:
        half = t_quantile(df, level) * self.spread if self.spread > 0 else 0.0
        return self.value - half, self.value + half


_SCALES = {  # there, back, slope, and what is known without rows
    "log": (math.log, math.exp, lambda x: 1 / x, (0.0, math.inf)),
    "logit": (
        lambda x: math.log(x / (1 - x)),
        lambda y: 0.5 * (1 + math.tanh(y / 2)),
        lambda x: 1 / (x * (1 - x)),
        (0.0, 1.0),
    ),
    "artanh": (math.atanh, math.tanh, lambda x: 1 / (1 - x * x), (-1.0, 1.0)),
}


@dataclass(frozen=True)
class OnScale:
    """Symmetric on another scale and turned back: "log", "logit" or "artanh"."""

    value: float
    spread: float
    scale: str

    def ends(self, level: float, df: float) -> Ends:
        there, back, slope, limits = _SCALES[self.scale]
        if self.spread == 0:
            return self.value, self.value
        if not (limits[0] < self.value < limits[1] and math.isfinite(self.spread)):
            return limits
        half = t_quantile(df, level) * self.spread * slope(self.value)
        return tuple(back(min(700.0, there(self.value) + sign * half)) for sign in (-1, 1))  # type: ignore[return-value]


@dataclass(frozen=True)
class NeverSeen:
    """Share 0 or 1 of `rows` effective rows, times `unit`: from it to the exact bound; all of [0, 1] where no interval exists."""

    value: float
    rows: float
    unit: float
    khat: float

    def ends(self, level: float, df: float) -> Ends:
        bound = 1.0 if self.khat >= 1 else 1 - ((1 - level) / 2) ** (1 / self.rows)
        return (0.0, self.unit * bound) if self.value == 0 else (self.value - self.unit * bound, self.value)


@dataclass(frozen=True)
class NeverVaried:
    """The variance p (1 - p) of a share that was never seen to be other than 0 or 1: from 0 to that at the exact bound."""

    seen: NeverSeen

    def ends(self, level: float, df: float) -> Ends:
        low, high = self.seen.ends(level, df)
        p = min(0.5, high - low)
        return 0.0, p * (1 - p)


@dataclass(frozen=True)
class Unknown:
    """All numbers."""

    def ends(self, level: float, df: float) -> Ends:
        return REAL


@dataclass(frozen=True)
class Box:
    """All that an operation, monotone in both, makes of two intervals; all numbers where it divides by an interval around 0.

    Wider than the delta method, which knows no error of what was never seen.
    """

    a: Callable[[float], Ends]
    b: Callable[[float], Ends]
    name: str  # "sum", "difference", "product" or "ratio"

    def ends(self, level: float, df: float) -> Ends:
        left, right = self.a(level), self.b(level)
        if self.name == "ratio" and right[0] <= 0 <= right[1]:
            return REAL
        corners = [_OPERATIONS[self.name](x, y) for x in left for y in right]
        return REAL if any(map(math.isnan, corners)) else (min(corners), max(corners))


_OPERATIONS = {"sum": operator.add, "difference": operator.sub, "product": operator.mul, "ratio": operator.truediv}


def never_seen(interval: IntervalRule | None) -> bool:
    """Whether an interval is an exact bound, on whatever scale, that no standard error stands for."""
    while isinstance(interval, (Moved, Mapped)):
        if isinstance(interval, Moved) and interval.by == 0:
            return False
        interval = interval.interval
    return isinstance(interval, (NeverSeen, NeverVaried, Unknown, Box))


@dataclass(frozen=True)
class Moved:
    """Another interval times `by` plus `to`."""

    interval: IntervalRule
    by: float
    to: float

    def ends(self, level: float, df: float) -> Ends:
        if self.by == 0:
            return self.to, self.to
        with np.errstate(all="ignore"):
            a, b = (self.by * x + self.to for x in self.interval.ends(level, df))
        return (a, b) if a <= b else (b, a)


@dataclass(frozen=True)
class Mapped:
    """The ends of another interval through a rising function, "log", "exp" or "root", or the falling "reciprocal"."""

    interval: IntervalRule
    name: str

    def ends(self, level: float, df: float) -> Ends:
        low, high = self.interval.ends(level, df)
        if self.name == "reciprocal":
            return REAL if low <= 0 <= high else (1 / high, 1 / low)
        return _RISING[self.name](low), _RISING[self.name](high)


_RISING = {
    "log": lambda x: math.log(x) if x > 0 else -math.inf,
    "exp": lambda x: math.exp(x) if x < 709 else math.inf,
    "root": lambda x: math.sqrt(max(0.0, x)),
}
