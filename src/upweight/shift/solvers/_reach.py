"""What the averages of weighted rows can reach, by one linear programme.

    t* = min t   subject to   |sum w_i z_ik| <= t,  sum w = 1,  L q_i <= w_i <= U q_i

The trouble: where no weights reach a target, every solver returns something. The programme says how near weights can come, and its multipliers
say why not nearer: a combination d of the terms, sum |d_k| = 1, whose average cannot exceed d'm/s - t*.

What is inside: `nearest`, t* and d; `left_at_zero`, the rows that every solution leaves without weight, where the target lies on the edge.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.optimize import linprog

from ..._errors import InputError
from ._term_matrix import TermMatrix

__all__ = ["left_at_zero", "nearest"]

EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
NOTHING = 1e-8  # weight of all doubtful rows together that is taken for none


def nearest(z: TermMatrix, q: np.ndarray, low: float, high: float) -> tuple[float, np.ndarray]:
    """(t*, d): the smallest tolerance that weights within the bounds reach, and the combination (K,) that stops them."""
    x = z.written_out()
    n, k = x.shape
    cost = np.append(np.zeros(n), 1.0)
    above = np.hstack([x.T, np.full((k, 1), -1.0)])
    below = np.hstack([-x.T, np.full((k, 1), -1.0)])
    limits = [*_limits(q, low, high), (0, None)]
    found = _solved(cost, np.vstack([above, below]), np.zeros(2 * k), np.append(np.ones(n), 0.0), limits)
    pressed = np.abs(np.asarray(found.ineqlin.marginals))
    way = pressed[k:] - pressed[:k]
    total = float(np.abs(way).sum())
    return max(0.0, float(found.fun)), way / total if total > 0 else way


def left_at_zero(z: TermMatrix, q: np.ndarray, high: float, tolerance: float, doubtful: np.ndarray) -> np.ndarray:
    """Of the doubtful rows (n,) bool, those that no weights within the tolerance can give any: the target lies on the edge."""
    x, rows = z.written_out(), doubtful.copy()
    both = np.vstack([x.T, -x.T])
    while rows.any():
        found = _solved(
            -rows.astype(float), both, np.full(len(both), tolerance), np.ones(len(q)), _limits(q, 0.0, high)
        )
        if -found.fun <= NOTHING:
            break
        rows &= ~(found.x > NOTHING / len(q))
    return rows


def _limits(q: np.ndarray, low: float, high: float) -> list[tuple[float, float | None]]:
    return [(low * x, None if math.isinf(high) else high * x) for x in q.tolist()]


def _solved(cost: np.ndarray, rows: np.ndarray, most: np.ndarray, ones: np.ndarray, limits: list[Any]) -> Any:
    found = linprog(cost, A_ub=rows, b_ub=most, A_eq=ones[None], b_eq=[1.0], bounds=limits, options=EXACT)
    if found.status != 0:
        raise InputError(
            f"the linear programme of what these rows can average was not solved ({found.message}). Use fewer terms, or scale the "
            "columns to sizes near one."
        )
    return found
