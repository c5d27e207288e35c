"""The thresholds of a path: a default made from the weights themselves, and what is refused of a user's.

    clip, drop   the .999, .99, .95, .9, .8 and .5 quantiles of the positive weights, those below the largest        shrink   their squares

What is inside: `grid_of`, which reads or makes it; `TAMERS`, what a threshold does to weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..._errors import InputError
from ..._frames import read
from ..._weights import Weights

__all__ = ["TAMERS", "grid_of"]

LEVELS = (0.999, 0.99, 0.95, 0.9, 0.8, 0.5)
TAMERS: dict[str, Callable[[Weights, float], Weights]] = {
    "shrink": lambda w, at: w.shrink(lam=at),
    "clip": lambda w, at: w.clip(at=at),
    "drop": lambda w, at: w.drop(above=at),
}


def _own_scale(w: Weights) -> np.ndarray:
    """Linear weights (n,) on the scale on which taming sees them: their own, or mean one for logs without a promise."""
    return np.exp(w.log_w) if w.exact or w._linear else np.asarray(w)


def grid_of(w: Weights, taming: str, grid: Any) -> tuple[float, ...]:
    """Falling thresholds, each once."""
    if grid is None:
        linear = _own_scale(w)
        found = np.quantile(linear[linear > 0], LEVELS)
        found = found**2 if taming == "shrink" else found[found < linear.max()]
        return tuple(float(x) for x in sorted(set(found.tolist()), reverse=True) if x > 0 and math.isfinite(x))
    points, _ = read(grid, "grid")
    if points.ndim != 1 or points.size == 0 or not np.isfinite(points).all() or not (points > 0).all():
        raise InputError(f"`grid` must be finite numbers > 0, one or more; got {grid!r}.")
    rising = np.diff(points) >= 0
    if rising.any():
        at = int(rising.argmax())
        raise InputError(
            f"grid must fall, from the least to the most tamed; got {points[at]:g} before {points[at + 1]:g}. Sort it, largest first."
        )
    if taming == "drop" and points[-1] < (least := _least(w)):
        raise InputError(
            f"every weight is zero from a threshold of {points[points < least][0]:g} on: the smallest weight is {least:g}. Leave those out."
        )
    return tuple(points.tolist())


def _least(w: Weights) -> float:
    linear = _own_scale(w)
    return float(linear.min(where=linear > 0, initial=np.inf)) * (1 - 1e-12)
