"""Far tails: quantiles that SciPy rounds, found again from the tail probability.

    x with P(X > x) = q, for q below 1e-10

The trouble: a distribution of SciPy without a formula of its own for `isf` takes ppf(1 - q). Beyond 8.2 standard deviations 1 - q is 1, and what
comes back is infinite, nan, or an ordinary number such as 100: a failure probability is then a rounding error that looks converged. So far out
each quantile is held against the tail probability at it and found again by a search where the two do not agree. Where the tail probability is
rounded as well, the quantile stands if it has a formula, and is refused if it has none.

What is inside: `FAR`; `FarSide`, one tail of a distribution; `far_quantiles`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

__all__ = ["FAR", "FarSide", "far_quantiles"]

FAR = 6.4  # standard deviations, q = 8e-11: from here on 1 - q has five digits or fewer
AGREE = 0.01  # of q: a rounded tail is told by its steps
DOUBLINGS, STEPS = 1100, 150
EXACT = 1e-12  # of x: nothing lies between
CLOSE = 1e-6  # of a normal score: 1e-5 of q where it is 9
NEAR_END = 1e-6  # of the way from the middle to a finite end: nearer, the tail is as fine as floats are


@dataclass(frozen=True)
class FarSide:
    """One tail of a distribution.

    tail : x to the probability beyond it. start : the quantile at `FAR`. middle : the median. end : of the support.
    whole : whether it is one of whole numbers, whose quantile is the first with a tail of q or less. formula : whether its quantiles have one.
    """

    tail: Callable[[np.ndarray], np.ndarray]
    start: float
    middle: float
    end: float
    whole: bool
    formula: bool


def far_quantiles(x: np.ndarray, q: np.ndarray, side: FarSide) -> np.ndarray:
    """Quantiles x (n,) with q (n,) beyond them, found again where that is not so; nan where nothing tells them."""
    held = np.array(x, dtype=np.float64)
    wrong = ~_right(held, q, side)
    if wrong.any():
        held[wrong] = _searched(q[wrong], side)
        unknown = wrong & ~_right(held, q, side)
        held[unknown] = x[unknown] if side.formula else np.nan
    return held


def _right(x: np.ndarray, q: np.ndarray, side: FarSide) -> np.ndarray:
    """Whether each x is the quantile of its q."""
    finite = np.isfinite(x)
    at = np.where(finite, x, side.start)
    beyond = side.tail(at)
    if side.whole:
        return finite & (beyond <= q) & (side.tail(at - 1) > q) & ((beyond > 0) | (at >= side.end))
    ended = np.isfinite(side.end) & (abs(side.end - at) <= NEAR_END * abs(side.end - side.middle))
    return finite & ((abs(beyond - q) <= AGREE * q) | ended)


def _searched(q: np.ndarray, side: FarSide) -> np.ndarray:
    """The quantiles by doubling outward from the start, then between two points: by the line through the normal scores of their tails, or the middle.

    Each row ends by itself: it depends on no other, and a tail that is dear to ask is asked no more than it needs.
    """
    near, far = _bracket(q, side)
    over, under = (_ahead(side, point, q) for point in (near, far))
    x, rows = np.where(under == 0, far, near + 1) if side.whole else near.copy(), np.arange(len(q))
    for step in range(STEPS):
        line = near + (far - near) * np.clip(over / (over - under), 0.001, 0.999)
        at = np.where(np.isfinite(line) & (step % 3 < 2), line, near + 0.5 * (far - near))
        at = np.floor(at) if side.whole else at
        h = _ahead(side, at, q[rows])
        inside = h > 0
        near, over = np.where(inside, at, near), np.where(inside, h, over)
        far, under = np.where(inside, far, at), np.where(inside, under, h)
        gap = abs(far - near)
        x[rows] = np.where(under == 0, far, near + 1) if side.whole else at
        left = gap > 1 if side.whole else (abs(h) >= CLOSE) & (gap > EXACT * abs(near))
        if not left.any():
            break
        rows, near, far, over, under = (a[left] for a in (rows, near, far, over, under))
    return x


def _bracket(q: np.ndarray, side: FarSide) -> tuple[np.ndarray, np.ndarray]:
    """(points with more than q beyond them, points with q or less, or the end)."""
    near, rows = np.full(len(q), side.start), np.arange(len(q))
    outward = 1.0 if side.start > side.middle else -1.0
    low, high = (-np.inf, side.end) if outward > 0 else (side.end, np.inf)
    step = max(abs(side.start - side.middle), np.finfo(float).tiny)
    far = near.copy()
    for _ in range(DOUBLINGS):
        far[rows] = np.clip(near[rows] + outward * (np.ceil(step) if side.whole else step), low, high)
        rows = rows[(side.tail(far[rows]) > q[rows]) & (far[rows] != side.end)]
        if not len(rows):
            break
        near[rows], step = far[rows], 2 * step
    return near, far


def _ahead(side: FarSide, x: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Normal score of the tail at x less that of q: nearly a line in x, so that a line finds its zero in few steps; positive before it."""
    return ndtri(side.tail(x)) - ndtri(q)
