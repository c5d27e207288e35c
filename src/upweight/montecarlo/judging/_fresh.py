"""Size, draw, judge: fresh points from a frozen proposal, as many as were fixed before the first of them.

    c = sd/mean of the weights of a sizing draw,   m = 1.5 c^2 / relative_error^2
    q = a defensive + (1 - a)/2 fit to all that is known + (1 - a)/2 mean of the explorers,   a = .1

The trouble: to stop when the running error is small enough stops on lucky draws, and biases the answer down; and weights reused from
the points that shaped q do not average to one. So m is fixed, q is frozen, and all points are new.

What is inside: `sized` and `spread`, the sizing draw; `wanted_rows`, its consequence; `fresh_draw`; `believed`, the judgement.

Sources: Owen and Zhou (2000) for the defensive mixture; Good (1953) for the lone share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from ..._estimate import Estimate
from ..._weights import Weights
from ..proposals import Mixture, Proposal, fit_proposal
from ._known import Known, pooled
from ._lone_share import lone_share

__all__ = ["DEFENSIVE", "Fresh", "believed", "fresh_draw", "sized", "spread", "wanted_rows"]

DEFENSIVE = 0.1
SAFETY = 1.5  # the sizing draw's own spread is noisy, and more often too small
LEAST_LEFT = 1000
MOST_LONE = 0.10
MOST_ERROR = 0.20

Ask = Callable[[np.ndarray, str], np.ndarray]


@dataclass(frozen=True)
class Fresh:
    """Points that shaped nothing, and what they say.

    estimate : of the integral, from weights f/q; None if no point counts. scale : a log, taken out of the weights of the estimate (0 unless they are beyond floats).
    known : the points. log_q (J, n) and counts (J,) : of each part of the proposal. lone : the larger lone share, in [0, 1].
    """

    estimate: Estimate | None
    scale: float
    weights: Weights
    known: Known
    log_q: np.ndarray
    counts: np.ndarray
    proposal: Mixture
    lone: float


def sized(explorers: Sequence[Proposal], n: int, *, defensive: Proposal, ask: Ask, rng: np.random.Generator) -> Known:
    """n points from the explorers and their defensive part, to learn how many will be needed."""
    share = (1 - DEFENSIVE) / len(explorers)
    q = Mixture((defensive, *explorers), (DEFENSIVE, *[share] * len(explorers)))
    u = q.sample(n, rng)
    return Known(u, ask(u, "sizing"), q)


def spread(known: Known) -> float:
    """sd/mean of the weights f/q over all points, zeros counted; inf if all are zero."""
    l = known.log_f - known.proposal.log_prob(known.u)
    if not np.isfinite(l).any():
        return np.inf
    w = np.exp(l - l.max())
    return float(w.std() / w.mean())


def wanted_rows(
    cv: float, relative_error: float, *, left: int, usual: float, least: int = LEAST_LEFT
) -> tuple[int, str]:
    """(points of the fresh draw, "") or (0, why there are too few left).

    usual : the error asked for by default. A proposal that is good enough for it is drawn from with all that is left by those who ask for less.
    """
    wanted, enough = (SAFETY * (cv / error) ** 2 for error in (relative_error, max(relative_error, usual)))
    if not np.isfinite(wanted):
        return 0, "no point of the sizing draw counted"
    if enough > 2 * left or left < LEAST_LEFT:
        return 0, f"the fresh draw needs {max(int(np.ceil(wanted)), LEAST_LEFT):,} calls, and {left:,} are left"
    return min(max(int(np.ceil(wanted)), least), left), ""


def fresh_draw(
    explorers: Sequence[Proposal],
    known: Sequence[Known],
    m: int,
    *,
    defensive: Proposal,
    ask: Ask,
    rng: np.random.Generator,
    family: str = "auto",
    scaled: bool = False,
) -> Fresh:
    """m new points from the final proposal, fitted here to all that is known; `scaled` takes the largest log out of the weights.

    `known` are the points so far: of levels, of sizing draws. They shape the proposal and take part in the lone share, in nothing else.
    """
    best = fit_proposal(*pooled(known), rng=rng, family=family)
    share = 0.5 * (1 - DEFENSIVE)
    shares = (DEFENSIVE, share, *[share / len(explorers)] * len(explorers))
    q = Mixture((defensive, best, *explorers), shares)
    counts = rng.multinomial(m, np.array(shares) / sum(shares))
    u = np.concatenate([p.sample(int(c), rng) for p, c in zip(q.parts, counts, strict=True) if c])
    fresh = Known(u, ask(u, "fresh draw"), q)
    log_q = np.array([p.log_prob(u) for p in q.parts])
    l = fresh.log_f - logsumexp(log_q + np.log(shares)[:, None], axis=0)
    scale = float(l.max()) if scaled and np.isfinite(l).any() else 0.0
    weights = Weights.of_log(l - scale, kind="importance")
    seen = max(
        lone_share(u, l, explorers, (defensive, best)),
        lone_share(*pooled([*known, fresh]), explorers, (defensive, best)),
    )
    estimate = weights.integral() if np.isfinite(l).any() else None
    return Fresh(estimate, scale, weights, fresh, log_q, counts, q, seen)


def believed(fresh: Fresh) -> str:
    """Why the fresh draw is not to be believed, with its number; empty if it is."""
    e = fresh.estimate
    if e is None:
        return f"none of {fresh.known.n:,} fresh points counts"
    if not e.ok:
        return f"the fresh draw is not to be trusted: {e.why}"
    if fresh.lone > MOST_LONE:
        return (
            f"{100 * fresh.lone:.0f} % of the answer was found by one explorer only (want <= {100 * MOST_LONE:.0f} %)"
        )
    if e.se > MOST_ERROR * e.value:
        return f"the relative standard error is {e.se / e.value:.2f} (want <= {MOST_ERROR})"
    return ""
