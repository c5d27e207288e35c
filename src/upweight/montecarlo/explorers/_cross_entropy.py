"""Improved cross-entropy: a proposal walks toward failure by a smooth indicator whose width shrinks.

    weights of level t:   phi(u)/q_t(u) · Phi(-g(u)/sigma_t),      sigma_t: their sd/mean is 1.5

The trouble: levels by quantiles of g throw nine points in ten away, and the last level sees one side of the failure region only. Here every
point counts by how near it is; and the proposal that is handed on is fitted to all failures of the whole walk, weighted as draws from
the mixture of all levels.

What is inside: `explore`; `Explored`, what it gives.

Source: Papaioannou, Geyer and Straub (2019), Improved cross entropy-based importance sampling with a flexible mixture model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_ndtr

from ..judging import Known, pooled
from ..proposals import Proposal, fit_proposal, net

__all__ = ["Explored", "explore", "level_size", "log_normal"]

SPREAD = 1.5  # sd/mean of the weights that a proposal is fitted to
SEEN_ENOUGH, SPREAD_SEEN = 0.1, 3.0  # share failing, and the spread of their weights, at which a walk has arrived
NO_PROGRESS = 0.98
LEVELS = 25
LARGEST = 1e307  # ten times that is still a float
LIMIT_LOG = 1e-8  # of mean |g|: the narrowest smooth indicator


@dataclass(frozen=True)
class Explored:
    """What one explorer found.

    proposal : fitted to all failures it met, or None if it met fewer than two. known : its levels. history : one dict a level.
    """

    proposal: Proposal | None
    known: tuple[Known, ...]
    history: tuple[dict[str, Any], ...]

    @property
    def reached(self) -> bool:
        """Whether it reached failure."""
        return self.proposal is not None


def level_size(d: int) -> int:
    """Points of a level."""
    return 500 if d <= 20 else max(1000, 10 * d)


def log_normal(u: np.ndarray) -> np.ndarray:
    """log phi(u) (n,) of independent standard normals."""
    return -0.5 * (u * u).sum(axis=1) - 0.5 * u.shape[1] * np.log(2 * np.pi)


def explore(
    g: Callable[[np.ndarray, str], np.ndarray],
    left: Callable[[], int],
    d: int,
    *,
    rng: np.random.Generator,
    family: str = "auto",
    name: str = "explorer",
) -> Explored:
    """Walk from the net to failure. g : (u, phase) to values; left : calls that may still be made."""
    n, q = level_size(d), net(d)
    widths: list[float] = []
    known: list[Known] = []
    history: list[dict[str, Any]] = []
    for t in range(1, LEVELS + 1):
        if left() < (n if t == 1 else 2 * n):
            break
        u = q.sample(n, rng)
        y = g(u, f"{name}, level {t}")
        l0 = log_normal(u) - q.log_prob(u)
        known.append(Known(u, np.where(y <= 0, log_normal(u), -np.inf), q))
        if _finished(y, l0, widths):
            history.append(_level(name, t, 0.0, y, l0 + np.where(y <= 0, 0.0, -np.inf), q))
            break
        if t == 1 and y.min() == y.max():
            history.append(_level(name, t, 0.0, y, np.full(n, -np.inf), q))
            break
        widths.append(_width(y, l0, widths))
        l = l0 + log_ndtr(-y / widths[-1])
        history.append(_level(name, t, widths[-1], y, l, q))
        if t >= 4 and widths[-1] > NO_PROGRESS * widths[-3]:
            break
        q = fit_proposal(u, l, rng=rng, family=family)
    return Explored(_fitted(known, rng, family), tuple(known), tuple(history))


def _fitted(known: list[Known], rng: np.random.Generator, family: str) -> Proposal | None:
    """The proposal fitted to all failures of the walk; None if there are fewer than two."""
    if sum(int(np.isfinite(k.log_f).sum()) for k in known) < 2:
        return None
    return fit_proposal(*pooled(known), rng=rng, family=family)


def _finished(y: np.ndarray, l0: np.ndarray, widths: list[float]) -> bool:
    """Whether enough points of the level fail, with weights even enough."""
    fails = y <= 0
    if not fails.any():
        return False
    if fails.mean() > SEEN_ENOUGH and _spread(np.where(fails, l0, -np.inf)) < SPREAD_SEEN:
        return True
    return bool(widths) and _spread(np.where(fails, -log_ndtr(-y / widths[-1]), -np.inf)) <= SPREAD


def _spread(l: np.ndarray) -> float:
    """sd/mean of exp l; inf if all are zero."""
    top = l.max()
    if top == -np.inf:
        return np.inf
    w = np.exp(l - top)
    return float(w.std() / w.mean())


def _width(y: np.ndarray, l0: np.ndarray, widths: list[float]) -> float:
    """sigma at which the spread of the weights crosses 1.5, by bisection of its log; the upper end if it is more there."""
    size = np.abs(y[np.isfinite(y)])
    top = size.max(initial=np.finfo(float).tiny)
    high = 10 * min(top, LARGEST)
    if widths:
        high = min(widths[-1], high)
    low = min(LIMIT_LOG * max(float((size / top).mean() * top) if len(size) else 0.0, np.finfo(float).tiny), high)
    if _spread(l0 + log_ndtr(-y / high)) > SPREAD:
        return high
    a, b = np.log(low), np.log(high)
    while b - a > 1e-3:
        middle = 0.5 * (a + b)
        a, b = (middle, b) if _spread(l0 + log_ndtr(-y / np.exp(middle))) > SPREAD else (a, middle)
    return float(np.exp(b))


def _level(name: str, t: int, sigma: float, y: np.ndarray, l: np.ndarray, q: Proposal) -> dict[str, Any]:
    """A level as a row of the history."""
    top = l.max()
    w = np.exp(l - top) if np.isfinite(top) else np.zeros(len(l))
    return {
        "phase": "explore",
        "explorer": name,
        "level": t,
        "sigma": sigma,
        "share_failing": float((y <= 0).mean()),
        "ess": float(w.sum() ** 2 / (w @ w)) if w.any() else 0.0,
        "family": getattr(q, "family", "net"),
        "components": int(getattr(q, "components", 0)) or len(getattr(q, "parts", (q,))),
        "calls": len(y),
    }
