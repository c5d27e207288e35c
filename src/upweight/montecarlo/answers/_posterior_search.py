"""The search for a posterior: two runs of particles, a proposal from where they ended, a sizing draw, a fresh draw, the judgement.

    particles -> proposals -> sizing draw -> m points -> final proposal -> m fresh points -> judge

The trouble: the number must not come from the points that shaped the proposal, and what one run alone has found says how much none has.

What is inside: `PosteriorSearch`, the state of one search; `explored_and_drawn`, the road to a fresh draw; `more_runs`, what is left if it is not
believed.

Sources: Del Moral, Doucet and Jasra (2006); Good (1953) for the lone share.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..._errors import InputError
from ..calls import Calls
from ..explorers import Tempered, log_normal, temper_particles
from ..judging import Fresh, Known, believed, fresh_draw, lone_share, sized, spread, wanted_rows
from ..proposals import Mixture, fit_proposal, net, round_normal

__all__ = ["PosteriorSearch", "explored_and_drawn", "more_runs"]

FIRST, MOST = 2, 6  # runs that explore
MOST_RUNS = 8  # runs in all where no draw is believed
LONE_BEFORE = 0.05  # lone share of a sizing draw from which another run explores
LEAST_FRESH = 4000
USUAL_ERROR = 0.02  # asked for by default


@dataclass
class PosteriorSearch:
    """One search: the function, its settings, and all that it has seen."""

    calls: Calls
    d: int
    rng: np.random.Generator
    relative_error: float
    runs: list[Tempered] = field(default_factory=list)
    proposals: list[Mixture] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, u: np.ndarray, phase: str) -> np.ndarray:
        """log of phi times the likelihood."""
        return log_normal(u) + self.calls(u, phase)

    def send(self) -> Tempered:
        """Another run; where it ended becomes a proposal, its draws of the prior are points of a known density."""
        child = self.rng.spawn(1)[0]
        name = f"run {len(self.runs) + 1}"
        one = temper_particles(self.calls, lambda: self.calls.left, self.d, rng=child, name=name)
        if not (one.first_l > -np.inf).any():
            raise InputError(
                f"log_likelihood is -inf at {len(one.first_l):,} draws of the prior: the likelihood is zero wherever the prior was drawn. "
                "Check its units, or begin with a prior that reaches the data."
            )
        self.runs.append(one)
        self.history += one.history
        self.known.append(Known(one.first_u, log_normal(one.first_u) + one.first_l, round_normal(self.d)))
        if one.finished:
            self.proposals.append(fit_proposal(one.u, np.zeros(len(one.u)), rng=child))
        return one


def explored_and_drawn(s: PosteriorSearch) -> tuple[Fresh | None, str]:
    """(the fresh draw or None, why it is not to be believed: empty if it is)."""
    n = 0
    for _ in range(FIRST):
        if s.calls.left < max(n, 1):
            break
        n = len(s.send().u)
    if len(s.proposals) < FIRST:
        return None, f"the budget ended before {FIRST} runs of particles reached the posterior"
    while True:
        if s.calls.left < n:
            return None, f"the budget ended before the fresh draw: {s.calls.left:,} calls are left"
        draw, alone = _sizing_draw(s, n)
        if alone <= LONE_BEFORE or len(s.runs) >= MOST or s.calls.left <= s.calls.budget / 2:
            break
        if not s.send().finished:
            return None, "the budget ended before another run of particles reached the posterior"
    m, why = wanted_rows(spread(draw), s.relative_error, left=s.calls.left, usual=USUAL_ERROR, least=LEAST_FRESH)
    if why:
        return None, why
    fresh = fresh_draw(s.proposals, s.known, m, defensive=net(s.d), ask=s.ask, rng=s.rng, scaled=True)
    s.known.append(fresh.known)
    ess = float(fresh.weights.ess) if np.isfinite(fresh.known.log_f).any() else 0.0
    s.history.append({"phase": "fresh draw", "ess": ess, "lone": fresh.lone, "calls": m})
    return fresh, believed(fresh)


def _sizing_draw(s: PosteriorSearch, n: int) -> tuple[Known, float]:
    """(sizing draw, its lone share), remembered."""
    draw = sized(s.proposals, n, defensive=net(s.d), ask=s.ask, rng=s.rng)
    s.known.append(draw)
    log_w = draw.log_f - draw.proposal.log_prob(draw.u)
    alone = lone_share(draw.u, log_w, s.proposals, (net(s.d),))
    s.history.append({"phase": "sizing", "lone": alone, "calls": draw.n})
    return draw, alone


def more_runs(s: PosteriorSearch) -> None:
    """Runs of particles until there are eight, each begun only if the dearest so far would still fit."""
    if not s.proposals:
        return
    while len(s.runs) < MOST_RUNS and s.calls.left >= max(one.calls for one in s.runs):
        s.send()
