"""adapt: a density that is known up to a constant, with no prior to begin from; explorers adapt, fresh points answer.

    explore: rounds of points, each weighted by all proposals so far        answer: n fresh points of .1 start + .9 mean of both explorers' proposals

The trouble: adaptive importance sampling is usually believed as it comes, recycled points and all, and those weights depend on the points.

What is inside: `adapt`.

Sources: Cornuet, Marin, Mira and Robert (2012), Adaptive multiple importance sampling, Scand. J. Stat. 39; Owen and Zhou (2000) for the share of
`start`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import logsumexp

from ..._errors import InputError, require_flag, require_int
from ..._rng import as_generator
from ..._version import __version__
from ..._weights import Weights
from ..calls import Calls, Run
from ..draws import Draws, Evidence
from ..explorers import Adapted, adaptive_rounds
from ..judging import DEFENSIVE, Fresh, Known, believed, lone_share, pooled
from ..proposals import Mixture, Proposal, as_proposal
from ._draw import TARGET, refuse_run
from ._posterior import Posterior, PosteriorFacts

__all__ = ["adapt"]

EXPLORERS = 2


def adapt(
    log_target: Callable[[Any], Any],
    start: Any,
    *,
    n: int = 4000,
    rounds: int = 10,
    recycle: bool = False,
    run: Run | None = None,
    rng: Any = None,
) -> Posterior:
    """Points of a density that is known up to a constant, by adaptive importance sampling whose answer comes from fresh points.

        log w = log target - log q,   q = .1 start + .9 mean of two fitted proposals, frozen before the n points

    Parameters
    ----------
    log_target : function of x (n, d) giving natural logs of the target, normalised or not; -inf is zero.
    start : `Proposal`, or frozen scipy.stats or torch distribution, wide enough to reach all of the target: what it never visits is not found.
    n : fresh points, 200 at least; each of two explorers has `rounds` rounds of n/4 points.
    recycle : True returns the explorers' own points instead, which are twice as many or more, and never converged.
    run : `Run`, how log_target is called. rng : int, Generator or None.

    Returns
    -------
    Posterior.

    Raises
    ------
    InputError : log_target NaN or +inf, with the row; -inf at all points of the first round, "start never visits the target".

    Costs: rounds · n/2 + n calls. A mode that neither explorer found is not in the answer; that one of them alone found something is told.
    Source: Cornuet, Marin, Mira and Robert (2012), Adaptive multiple importance sampling.

    >>> from scipy import stats
    >>> log_target = lambda x: 7.0 - 0.5 * ((x - 3) ** 2).sum(axis=1)          # integral exp(7) 2 pi: log 8.8379
    >>> post = adapt(log_target, stats.multivariate_t([0, 0], [[25, 0], [0, 25]], df=5), n=1000, rounds=4, rng=0)
    >>> print(post.evidence, post.converged, post.calls)
    8.849 ± 0.027 True 3000
    """
    law = as_proposal(start, "start")
    require_int("n", n, 200)
    require_int("rounds", rounds)
    recycle = require_flag("recycle", recycle)
    refuse_run(run, rng)
    generator = as_generator(rng)
    budget = EXPLORERS * rounds * (n // 4) + (0 if recycle else n)
    owner = {"upweight": __version__, "function": getattr(log_target, "__qualname__", type(log_target).__name__)}
    owner |= {"rng": None if rng is None else str(rng), "settings": {"n": n, "rounds": rounds, "recycle": recycle}}
    with Calls(log_target, TARGET, to_x=lambda points: points, budget=budget, run=run, owner=owner) as ask:
        found = [
            adaptive_rounds(ask, law, rows=n // 4, rounds=rounds, fewest=n / 80, rng=child, name=f"explorer {j + 1}")
            for j, child in enumerate(generator.spawn(EXPLORERS))
        ]
        if any(one.proposal is None for one in found):
            raise InputError(
                f"log_target is -inf at the {n // 4:,} points of a first round: start never visits the target. Widen or move it."
            )
        if recycle:
            return _recycled(found, ask.calls)
        return _fresh(found, law, n, ask, generator)


def _fresh(found: list[Adapted], start: Proposal, n: int, ask: Calls, rng: np.random.Generator) -> Posterior:
    """n new points, weighted and judged."""
    explorers = [one.proposal for one in found if one.proposal is not None]
    shares = (DEFENSIVE, *[(1 - DEFENSIVE) / len(explorers)] * len(explorers))
    q = Mixture((start, *explorers), shares)
    counts = rng.multinomial(n, shares)
    x = np.concatenate([part.sample(int(m), rng) for part, m in zip(q.parts, counts, strict=True) if m])
    l = ask(x, "fresh draw")
    log_q = q.log_parts(x)
    log_w = l - logsumexp(log_q + np.log(shares)[:, None], axis=0)
    history = [line for one in found for line in one.history]
    if not (log_w > -np.inf).any():
        raise InputError(
            f"log_target is -inf on all {n:,} fresh points: start hardly visits the target. Widen or move it."
        )
    draws = Draws(x, Weights.of_log(log_w, kind="importance"), log_q, counts)
    lone, why = _judged(found, explorers, start, draws, Known(x, l, q), q)
    history.append({"phase": "fresh draw", "ess": float(draws.weights.ess), "lone": lone, "calls": n})
    e = draws.evidence
    e = replace(e, ok=e.ok and not why, why=e.why or why)
    return Posterior(
        e, not why, why, "draw", ask.calls, history, draws, q, PosteriorFacts("adapt", None, len(found), n, lone)
    )


def _judged(
    found: list[Adapted], explorers: list[Mixture], start: Proposal, draws: Draws, fresh: Known, q: Mixture
) -> tuple[float, str]:
    """(the larger lone share, why the draw is not to be believed)."""
    known = [Known(r.x, r.log_target, r.proposal) for one in found for r in one.rounds]
    log_w = draws.weights.log_w
    lone = max(
        lone_share(fresh.u, log_w, explorers, (start,)), lone_share(*pooled([*known, fresh]), explorers, (start,))
    )
    scale = float(log_w.max())
    shifted = Weights.of_log(log_w - scale, kind="importance")
    return lone, believed(Fresh(shifted.integral(), scale, shifted, fresh, draws.log_q, draws.counts, q, lone))


def _recycled(found: list[Adapted], calls: int) -> Posterior:
    """All points of all rounds, weighted by the mean of all that drew them."""
    rounds = [r for one in found for r in one.rounds]
    x = np.concatenate([r.x for r in rounds])
    log_q = np.array([r.proposal.log_prob(x) for r in rounds])
    counts = np.array([len(r.x) for r in rounds])
    log_w = np.concatenate([r.log_target for r in rounds]) - logsumexp(log_q - np.log(len(rounds)), axis=0)
    draws = Draws(x, Weights.of_log(log_w, kind="importance"), log_q, counts)
    why = "recycled weights depend on the points: their averages are biased, and their intervals do not know it"
    evidence: Evidence = replace(draws.evidence, ok=False, why=why)
    history = [line for one in found for line in one.history]
    parts = tuple(one.proposal for one in found if one.proposal is not None)
    q = Mixture(parts, (1 / len(parts),) * len(parts))
    return Posterior(
        evidence, False, why, "recycled", calls, history, draws, q, PosteriorFacts("adapt", None, len(found), 0, np.nan)
    )
