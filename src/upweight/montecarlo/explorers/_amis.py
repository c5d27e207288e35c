"""Adaptive multiple importance sampling, as explorer of a density that is known up to a constant.

    round t:  n_t points of q_t;   all points so far:  log w = log target - log mean of q_1 ... q_t;   q_{t+1} = fit to them

The trouble: recycled points are weighted by proposals that they shaped; averages of them are biased, low, and their error bars do not know it
(a banana in ten dimensions: 28 % low). So they shape a proposal here, and are not averaged.

Where the weights are worth fewer than max(50, n/80) rows they are tempered until they are, for a fit to three points finds nothing more. Parts are
Student's t with 5 degrees of freedom, of the means and covariances that a Gaussian mixture has.

What is inside: `adaptive_rounds`, one explorer; `Adapted`, where it ended.

Sources: Cornuet, Marin, Mira and Robert (2012), Adaptive multiple importance sampling, Scand. J. Stat. 39; Delyon and Portier (2021), Safe adaptive
importance sampling, Ann. Stat. 49.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...arrays import ess, temper
from ..proposals import Mixture, Normal, Proposal, Student, fit_proposal, pooled_draws

__all__ = ["Adapted", "Round", "adaptive_rounds"]

FEWEST = 50.0
DEGREES = 5.0

Ask = Callable[[np.ndarray, str], np.ndarray]


@dataclass(frozen=True)
class Round:
    """One round: points x, their log targets, and what drew them."""

    x: np.ndarray
    log_target: np.ndarray
    proposal: Proposal


@dataclass(frozen=True)
class Adapted:
    """One explorer: its rounds, the proposal fitted to all of them, one dict a round; log_w (n,) of all its points."""

    rounds: tuple[Round, ...]
    proposal: Mixture | None
    history: list[dict[str, Any]]
    log_w: np.ndarray


def adaptive_rounds(
    ask: Ask, start: Proposal, *, rows: int, rounds: int, fewest: float, rng: np.random.Generator, name: str
) -> Adapted:
    """`rounds` rounds of `rows` points from `start` on; the proposal is None if no point of the first had a positive target."""
    done: list[Round] = []
    history, q, log_w = [], start, np.empty(0)
    log_sum = np.empty(0)
    for t in range(rounds):
        x = (
            q.sample(rows, rng) if t else pooled_draws([q], [rows], rng)[0]
        )  # a start outside its own support is refused
        done.append(Round(x, ask(x, name), q))
        earlier = np.logaddexp.reduce([r.proposal.log_prob(x) for r in done])
        log_sum = np.concatenate([np.logaddexp(log_sum, q.log_prob(_points(done[:-1], x))), earlier])
        l = np.concatenate([r.log_target for r in done])
        log_w = l - (log_sum - np.log(t + 1))
        if not (log_w > -np.inf).any():
            return Adapted(tuple(done), None, history, log_w)
        worth = float(ess(log_w))
        q = _fitted(_points(done, x), _tempered(log_w, max(FEWEST, fewest)), rng)
        history.append(
            {
                "phase": "adapt",
                "explorer": name,
                "round": t + 1,
                "ess": worth,
                "components": len(q.parts),
                "calls": rows,
            }
        )
    assert isinstance(q, Mixture)
    return Adapted(tuple(done), q, history, log_w)


def _points(done: list[Round], like: np.ndarray) -> np.ndarray:
    """All points of these rounds, (0, d) of none."""
    return np.concatenate([like[:0], *(r.x for r in done)])


def _tempered(log_w: np.ndarray, fewest: float) -> np.ndarray:
    """Logs worth `fewest` rows at least, if so many rows have weight."""
    counted = int((log_w > -np.inf).sum())
    if ess(log_w) >= min(fewest, 0.99 * counted):
        return log_w
    return np.asarray(temper(log_w, ess=min(0.99, fewest / counted)))


def _fitted(x: np.ndarray, log_w: np.ndarray, rng: np.random.Generator) -> Mixture:
    """A mixture of Student's t, fitted in units of the points' own spread, so that no scale of the target matters."""
    w = np.exp(log_w - log_w.max())
    w /= w.sum()
    centre = w @ x
    size = np.sqrt(np.maximum(w @ (x - centre) ** 2, 1e-300))
    fit = fit_proposal((x - centre) / size, log_w, rng=rng, family="mixture")
    return Mixture(tuple(_heavier(q, centre, size) for q in fit.parts), fit.shares)


def _heavier(q: Any, centre: np.ndarray, size: np.ndarray) -> Student:
    """Student's t of a fitted normal's mean and shape, back in the units of the points."""
    assert isinstance(q, Normal)
    return Student(centre + size * q.mean, size[:, None] * q.factor, DEGREES)
