"""Tempered sequential Monte Carlo: particles that walk from the prior to the posterior, as explorers.

    pi_b(u) ~ phi(u) L(u)^b,  b = 0 ... 1;     next b: ESS of L^(b' - b) over the particles is half of them
    log Z = sum over steps of log mean L^(b' - b)

The trouble: the log Z of one run looks unbiased on paper, and is too low whenever its moves do not move: eight runs then agree on the same
wrong number. So it is not the answer here; where the particles ended shapes a proposal, and fresh draws from that give the answer.

Moves are x' = M + sqrt(1 - s^2)(x - M) + s L z around the particles' mean M and covariance LL', reversible for N(M, LL') and corrected by
Metropolis; s is steered to accept .35, and a step ends when particles have lost nine tenths of their correlation with where they began, or
after 20 moves.

What is inside: `temper_particles`, one run; `Tempered`, where it ended.

Sources: Neal (2001), Annealed importance sampling, Stat. Comput. 11; Del Moral, Doucet and Jasra (2006), Sequential Monte Carlo samplers,
J. R. Stat. Soc. B 68; Dai, Heng, Jacob and Whiteley (2022), An invitation to sequential Monte Carlo samplers, J. Am. Stat. Assoc. 117.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular

from ...arrays import ess, log_mean_exp, resample
from ..proposals import Normal, fit_normal, round_normal

__all__ = ["Tempered", "particle_count", "temper_particles"]

HALF = 0.5  # of the particles that count, the ESS of a step
ACCEPTED = 0.35
FIRST_STEP, LEAST_STEP = 0.6, 0.05
MOST_MOVES = 20
FORGOTTEN = 0.1  # mean correlation of particles with their start that ends a step's moves
MOST_STEPS = 500

Ask = Callable[[np.ndarray, str], np.ndarray]


@dataclass(frozen=True)
class Tempered:
    """One run: u (n, d) of equal weight, their log-likelihoods, log Z; finished is False where the budget cut it.

    first_u, first_l : the draws of the prior it began with. history : one dict a temperature. calls : rows asked.
    """

    u: np.ndarray
    log_l: np.ndarray
    log_z: float
    finished: bool
    first_u: np.ndarray
    first_l: np.ndarray
    calls: int
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class _Particles:
    """Particles at an inverse temperature, and how far the next move goes."""

    u: np.ndarray
    log_l: np.ndarray
    power: float = 0.0
    log_z: float = 0.0
    step: float = FIRST_STEP


def particle_count(d: int) -> int:
    """Particles of one run."""
    return max(1000, 20 * d)


def temper_particles(ask: Ask, left: Callable[[], int], d: int, *, rng: np.random.Generator, name: str) -> Tempered:
    """One run from the prior N(0, I) to the posterior; ask(u, phase) gives log L (n,), left() the rows that may still be asked."""
    n = particle_count(d)
    u = rng.standard_normal((n, d))
    l = ask(u, name)
    state, calls, history = _Particles(u, l), n, []
    alive = bool((l > -np.inf).any())
    while alive and state.power < 1 and len(history) < MOST_STEPS:
        state, weights = _reweighted(state)
        law = fit_normal(state.u, weights)
        rows = resample(np.log(np.maximum(weights, 1e-300)), n, method="systematic", rng=rng)
        state = replace(state, u=state.u[rows], log_l=state.log_l[rows])
        state, moves, accepted = _moved(state, law, ask, left, rng, name)
        calls += moves * n
        history.append(
            {
                "phase": "temper",
                "explorer": name,
                "power": state.power,
                "log_z": state.log_z,
                "ess": 1 / float(weights @ weights),
            }
            | {"moves": moves, "accepted": accepted, "calls": (moves + (not history)) * n}
        )
        if moves == 0:
            break
    finished = alive and state.power == 1 and history[-1]["moves"] > 0
    return Tempered(state.u, state.log_l, state.log_z, finished, u, l, calls, history)


def _reweighted(s: _Particles) -> tuple[_Particles, np.ndarray]:
    """The next inverse temperature and the weights (n,), sum one, with which the particles go there."""
    counted = int((s.log_l > -np.inf).sum())
    wanted = HALF * counted
    rest = 1 - s.power
    if ess(_raised(s.log_l, rest)) >= wanted:
        power, by = 1.0, rest
    else:
        low, high = 0.0, rest
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if ess(_raised(s.log_l, middle)) >= wanted else (low, middle)
        by = 0.5 * (low + high)
        power = s.power + by
    l = _raised(s.log_l, by)
    w = np.exp(l - l.max())
    return replace(s, power=power, log_z=s.log_z + float(log_mean_exp(l))), w / w.sum()


def _raised(log_l: np.ndarray, by: float) -> np.ndarray:
    """log L^by; a likelihood of zero stays zero."""
    return np.where(log_l > -np.inf, by * np.where(log_l > -np.inf, log_l, 0.0), -np.inf)


def _moved(s: _Particles, law: Normal, ask: Ask, left: Callable[[], int], rng: np.random.Generator, name: str):
    """(particles after their moves, how many moves, the mean share accepted)."""
    prior, n = round_normal(s.u.shape[1]), len(s.u)
    start = _whitened(s.u, law)
    u, l, step, rates = s.u, s.log_l, s.step, []
    tilt = prior.log_prob(u) - law.log_prob(u) + _raised(l, s.power)
    while len(rates) < MOST_MOVES and left() >= n:
        z = rng.standard_normal(u.shape) @ law.factor.T
        there = law.mean + math.sqrt(1 - step * step) * (u - law.mean) + step * z
        l_there = ask(there, name)
        tilt_there = prior.log_prob(there) - law.log_prob(there) + _raised(l_there, s.power)
        taken = np.log(rng.random(n)) < tilt_there - tilt
        u = np.where(taken[:, None], there, u)
        l, tilt = np.where(taken, l_there, l), np.where(taken, tilt_there, tilt)
        rates.append(float(taken.mean()))
        step = min(1.0, max(LEAST_STEP, step * math.exp(rates[-1] - ACCEPTED)))
        if _correlation(start, _whitened(u, law)) < FORGOTTEN:
            break
    return replace(s, u=u, log_l=l, step=step), len(rates), float(np.mean(rates)) if rates else 0.0


def _whitened(u: np.ndarray, law: Normal) -> np.ndarray:
    return solve_triangular(law.factor, (u - law.mean).T, lower=True).T


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over coordinates of the correlation of particles with where they began."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    below = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    return float(np.mean((a * b).sum(axis=0) / np.maximum(below, 1e-300)))
