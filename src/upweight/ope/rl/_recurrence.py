"""One backward recurrence in log T rounds.

The trouble: every off-policy target is a loop over time from the end, and a Python loop over a thousand steps costs a thousand dispatches of
tiny operations, forwards and again in the gradient.

    x_t = d_t + a_t x_{t+1},  x_{T+1} = 0        doubling:  x <- x + a shift(x, 2^k),   a <- a shift(a, 2^k),   k = 0 ... log2 T

After round k an x holds its next 2^(k+1) terms. Nothing is written in place, so that it compiles, maps and differentiates.

Source: Kogge and Stone (1973), A parallel algorithm for the efficient solution of a general class of recurrence equations.
"""

from __future__ import annotations

from typing import Any

from ...arrays import Array

__all__ = ["backward"]


def backward(xp: Any, d: Array, a: Array) -> Array:
    """x_t = d_t + a_t x_{t+1} along the last axis, (..., T)."""
    steps, x, shift = d.shape[-1], d, 1
    while shift < steps:
        x = xp.concat([x[..., :-shift] + a[..., :-shift] * x[..., shift:], x[..., -shift:]], axis=-1)
        if 2 * shift < steps:
            a = xp.concat([a[..., :-shift] * a[..., shift:], a[..., -shift:]], axis=-1)
        shift *= 2
    return x
