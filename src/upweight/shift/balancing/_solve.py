"""From terms to weights: what can be left out, one dual, and what is done where it does not arrive.

The trouble: a target on the edge of what the rows average (nobody in it is married) has a solution that Newton's method walks toward for ever,
and one beyond it has none and looks the same on the way. A linear programme tells them apart, once, and only when the walk is seen.

    a target at the least or largest value of a term       rows elsewhere get no weight (tolerance 0)
    walking, and the programme reaches the target          the rows it cannot use are dropped, the rest is solved
    walking, and it does not                               `Infeasible`, with the combination that stops it

What is inside: `Problem`, terms, wanted averages and units; `solve`, its `Solution`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..._errors import InputError
from ..columns import TermRows
from ..solvers import Distance, DualPoint, TermMatrix, left_at_zero, minimise, nearest
from ._infeasible import Infeasible

__all__ = ["Problem", "Solution", "solve"]

PATIENCE = 60  # steps after which the programme is asked whether there is anything to wait for
EQUAL = 1e-9  # sd, within which a target lies on the edge of a term
ROOM = 1e-6  # by which the smallest tolerance is told larger, so that it can be passed back and met
DOUBTFUL = 1e-4  # w over base below which a row may be one that every solution leaves at zero


@dataclass(frozen=True, eq=False)
class Problem:
    """TermRows of the rows, `wanted` (K,) averages, `unit` (K,) sd of each, base `q` (n,) of sum one, and what is asked of w."""

    terms: TermRows
    wanted: np.ndarray
    unit: np.ndarray
    q: np.ndarray
    distance: Distance
    tolerance: float


@dataclass(frozen=True, eq=False)
class Solution:
    """Weights (n,) of sum one, steps, the largest gap in sd, and {term: rows} that got no weight because of it."""

    w: np.ndarray
    steps: int
    gap: float
    dropped: dict[str, int]


def solve(problem: Problem) -> Solution:
    """The nearest weights with the wanted averages, or `Infeasible`."""
    z, names = _matrix(problem)
    counted = np.flatnonzero(problem.q > 0)
    z, some = z.take(counted), replace(problem, q=problem.q[counted])
    live, dropped = _inside(z, some, names)
    found, rows = _arrived(z, some, np.flatnonzero(live), names)
    left = int(live.sum()) - len(rows)
    if left:
        dropped["the edge"] = left
    w = np.zeros(len(problem.q))
    w[counted[rows]] = found.w
    return Solution(w, found.steps, float(np.abs(z.sums(w[counted])).max(initial=0.0)), dropped)


def _matrix(problem: Problem) -> tuple[TermMatrix, list[str]]:
    """Centred and scaled terms; those constant at what is wanted are left out, those constant elsewhere refused."""
    terms, flat = problem.terms, problem.unit == 0
    gap = terms.means() - problem.wanted
    for k in np.flatnonzero(flat & (np.abs(gap) > 1e-12 * np.maximum(1.0, np.abs(problem.wanted)))).tolist():
        name, has, wants = terms.names[k], float(terms.means()[k]), float(problem.wanted[k])
        raise Infeasible(
            f"no weights of these rows reach the target: {name} is {has:.6g} in every row and must average {wants:.6g}. Leave it out.",
            tolerance=math.inf,
            direction={name: math.copysign(1.0, wants - has)},
            best=has,
            wanted=wants,
        )
    z = TermMatrix.of(terms.dense, terms.thin, problem.wanted, np.where(flat, 1.0, problem.unit))
    return z.keep(~flat), [name for name, k in zip(terms.names, ~flat, strict=True) if k]


def _inside(z: TermMatrix, problem: Problem, names: list[str]) -> tuple[np.ndarray, dict[str, int]]:
    """Rows (n,) that may have weight: those at the end of a term where the target is at that end."""
    live, dropped = np.ones(z.rows, dtype=bool), {}
    if problem.tolerance or problem.distance.low > 0:
        return live, dropped
    moved = True
    while moved:
        moved = False
        for k, x in enumerate(_columns(z)):
            some = x if not dropped else x[live]  # a copy of a column only where rows are out
            if (some.min() >= -EQUAL or some.max() <= EQUAL) and (off := live & (np.abs(x) > EQUAL)).any():
                if off.sum() == live.sum():
                    return live, dropped  # the target lies beyond: the programme will say by how much
                dropped[names[k]] = dropped.get(names[k], 0) + int(off.sum())
                live, moved = live & ~off, True
    return live, dropped


def _columns(z: TermMatrix):
    for j in range(z.dense.shape[1]):
        yield z.dense[:, j]
    if z.thin is not None and z.centre is not None:
        thin = z.thin.tocsc()
        for j in range(thin.shape[1]):
            yield thin[:, [j]].toarray().ravel() - z.centre[j]


def _arrived(z: TermMatrix, problem: Problem, rows: np.ndarray, names: list[str]) -> tuple[DualPoint, np.ndarray]:
    """The solution on these rows, or on those of them that can have weight."""
    while True:
        some = replace(problem, q=problem.q[rows])  # not made one again: bounds are on w over the base that came
        found = _minimised(z.take(rows), some, PATIENCE)
        if found.solved and not (found.walking and _can_walk(problem)):
            return found, rows
        if not found.solved:
            reach = nearest(z, problem.q, *_limits(problem))
            if reach[0] > problem.tolerance + EQUAL:
                raise _beyond(z, problem, names, reach)
        kept = _usable(z.take(rows), some, found)
        if kept.all():
            return _waited(z.take(rows), some, found), rows
        rows = rows[kept]


def _limits(problem: Problem) -> tuple[float, float]:
    return problem.distance.low, problem.distance.high


def _can_walk(problem: Problem) -> bool:
    """Whether a weight can go to zero without reaching it: kl without a lower bound."""
    return problem.distance.name == "kl" and problem.distance.low == 0


def _minimised(z: TermMatrix, problem: Problem, steps: int) -> DualPoint:
    return minimise(z, problem.q, problem.distance, tolerance=problem.tolerance, steps=steps)


def _usable(z: TermMatrix, problem: Problem, found: DualPoint) -> np.ndarray:
    """Rows (n,) that some solution gives weight."""
    if problem.distance.low > 0:
        return np.ones(z.rows, dtype=bool)
    doubtful = found.w < DOUBTFUL * problem.q
    return ~left_at_zero(z, problem.q, problem.distance.high, problem.tolerance, doubtful)


def _waited(z: TermMatrix, problem: Problem, found: DualPoint) -> DualPoint:
    """The solution that was found, or that more steps find."""
    if found.solved:
        return found
    found = _minimised(z, problem, 500)
    if found.solved:
        return found
    raise InputError(
        f"the weights were not found to 1e-9 sd in 500 steps; the largest gap is {found.gap:.3g} sd, and no combination of terms forbids them. "
        f"Use fewer terms, or a tolerance such as {max(0.01, 2 * problem.tolerance):.2g}."
    )


def _beyond(
    z: TermMatrix, problem: Problem, names: list[str], reach: tuple[float, np.ndarray] | None = None
) -> Infeasible:
    """The error with the certificate of the linear programme."""
    t, way = nearest(z, problem.q, *_limits(problem)) if reach is None else reach
    scale = dict(zip(problem.terms.names, problem.wanted / np.where(problem.unit == 0, 1.0, problem.unit), strict=True))
    direction = {name: float(c) for name, c in zip(names, way, strict=True) if abs(c) > 1e-9}
    return Infeasible.of(t * (1 + ROOM), direction, sum(c * float(scale[name]) for name, c in direction.items()))
