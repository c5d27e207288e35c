"""Subset simulation: a small probability as a product of larger ones, each by chains that start where the last level ended.

    p = .1^levels · share failing at the last,       levels: the tenth smallest of a hundred values of g
    x' = sqrt(1 - s^2) x + s xi,  kept if g(x') <= level;     s steered to an acceptance of .44

The trouble: the usual interval takes chains for independent, and is too narrow by half. So one run gives a number and no interval; eight
independent ones give both, and their failures show where to draw.

What is inside: `subset_run`; `SubsetRun`, one repeat.

Sources: Au and Beck (2001), Estimation of small failure probabilities in high dimensions by subset simulation; Papaioannou, Betz,
Zwirglmaier and Straub (2015), MCMC algorithms for subset simulation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["SubsetRun", "subset_run"]

ROWS, SEEDS, STEPS = 500, 50, 9
LEVELS = 30
ACCEPTANCE, FIRST_STEP = 0.44, 0.6


@dataclass(frozen=True)
class SubsetRun:
    """One repeat: p, its failures (m, d) at the last level, its levels as rows of a history; p is nan where the budget cut it."""

    p: float
    failures: np.ndarray
    history: tuple[dict[str, Any], ...]

    @property
    def cut(self) -> bool:
        """Whether the budget ended it."""
        return math.isnan(self.p)


def subset_run(
    g: Callable[[np.ndarray, str], np.ndarray],
    left: Callable[[], int],
    d: int,
    *,
    rng: np.random.Generator,
    name: str = "repeat",
) -> SubsetRun:
    """One repeat of subset simulation."""
    if left() < ROWS:
        return SubsetRun(math.nan, np.empty((0, d)), ())
    u = rng.standard_normal((ROWS, d))
    y = g(u, f"{name}, level 1")
    step, p, history = FIRST_STEP, 1.0, []
    for level in range(1, LEVELS + 1):
        history.append(_level(name, level, y))
        order = np.argsort(y, kind="stable")
        c = float(y[order[SEEDS - 1]])
        if c <= 0:
            fails = y <= 0
            return SubsetRun(p * float(fails.mean()), u[fails], tuple(history))
        if y.min() == y.max() or level == LEVELS:
            break
        if left() < SEEDS * STEPS:
            return SubsetRun(math.nan, u[:0], tuple(history))
        p *= SEEDS / ROWS
        u, y, step = _chains(
            g, u[order[:SEEDS]], y[order[:SEEDS]], c, step, rng=rng, phase=f"{name}, level {level + 1}"
        )
    return SubsetRun(0.0, u[:0], tuple(history))


def _chains(
    g: Callable[[np.ndarray, str], np.ndarray],
    u: np.ndarray,
    y: np.ndarray,
    c: float,
    step: float,
    *,
    rng: np.random.Generator,
    phase: str,
) -> tuple[np.ndarray, np.ndarray, float]:
    """(points, values, step): the seeds and nine moves of each, all chains at once."""
    points, values = [u], [y]
    for k in range(1, STEPS + 1):
        moved = np.sqrt(1 - step**2) * u + step * rng.standard_normal(u.shape)
        value = g(moved, phase)
        kept = value <= c
        u, y = np.where(kept[:, None], moved, u), np.where(kept, value, y)
        points.append(u)
        values.append(y)
        step = min(1.0, step * float(np.exp((kept.mean() - ACCEPTANCE) / np.sqrt(k))))
    return np.concatenate(points), np.concatenate(values), step


def _level(name: str, level: int, y: np.ndarray) -> dict[str, Any]:
    """A level as a row of the history."""
    return {
        "phase": "subset",
        "explorer": name,
        "level": level,
        "threshold": float(np.sort(y)[SEEDS - 1]),
        "share_failing": float((y <= 0).mean()),
        "calls": ROWS if level == 1 else SEEDS * STEPS,
    }
