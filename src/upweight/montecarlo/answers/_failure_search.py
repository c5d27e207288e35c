"""Two roads to a failure probability: cross-entropy explorers first, subset simulation where they do not arrive or are not believed.

    explore -> sizing draw -> m points -> final proposal -> m fresh points -> judge

The trouble: a method that has failed looks the same as one that has not. Here every road ends with a number and the reason why it is
not to be believed, or without such a reason; and what one road saw is held against the other.

What is inside: `FailureSearch`, the state of one search; `by_cross_entropy` and `by_subset`, the roads; `SearchResult`, where one ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from ..._errors import counted
from ..._estimate import Estimate
from ..calls import Calls
from ..explorers import Explored, SubsetRun, explore, level_size, log_normal, subset_run
from ..judging import Fresh, Known, believed, fresh_draw, lone_share, pooled, sized, spread, wanted_rows
from ..proposals import Proposal, fit_proposal, net

__all__ = ["FailureSearch", "SearchResult", "by_cross_entropy", "by_subset"]

FIRST, MOST = 2, 6  # explorers
LONE_BEFORE = 0.05  # lone share of a sizing draw from which another explorer goes out
REPEATS = 8
USUAL_ERROR = 0.05  # asked for by default
MOST_FORGOTTEN, MOST_ERROR = 0.10, 0.20
COMPARED = 2000  # failures of the repeats that others are measured against
BLOCK = 500


@dataclass(frozen=True)
class SearchResult:
    """Where a road ended: why it is not believed (empty if it is), the fresh draw or None, the repeats that the budget did not cut."""

    why: str
    fresh: Fresh | None = None
    repeats: tuple[SubsetRun, ...] = ()
    probability: Estimate | None = None


@dataclass
class FailureSearch:
    """One search: the function, its settings, and all that it has seen.

    failed : calls that failed. least, largest : of all values of g. nearest : the failure (d,) nearest to the origin of standard space, or None.
    """

    g: Calls
    d: int
    rng: np.random.Generator
    relative_error: float
    family: str
    found: list[Explored] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)
    repeats: list[SubsetRun] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    failed: int = 0
    least: float = np.inf
    largest: float = -np.inf
    nearest: np.ndarray | None = None

    @property
    def n(self) -> int:
        """Points of a level and of a sizing draw."""
        return level_size(self.d)

    def values(self, u: np.ndarray, phase: str) -> np.ndarray:
        """g at points u (n, d), and what is remembered of every call."""
        y = self.g(u, phase)
        self.least, self.largest = min(self.least, float(y.min())), max(self.largest, float(y.max()))
        failed = np.flatnonzero(y <= 0)
        self.failed += len(failed)
        if len(failed):
            nearest = u[failed[np.argmin(np.einsum("ij,ij->i", u, u)[failed])]]
            if self.nearest is None or nearest @ nearest < self.nearest @ self.nearest:
                self.nearest = nearest.copy()
        return y

    def ask(self, u: np.ndarray, phase: str) -> np.ndarray:
        """log of phi times the indicator of failure."""
        return np.where(self.values(u, phase) <= 0, log_normal(u), -np.inf)

    def left(self) -> int:
        return self.g.left

    def send_explorer(self) -> Explored:
        """Another explorer, its own stream of the seed; it and its levels are remembered."""
        one = explore(
            self.values,
            self.left,
            self.d,
            rng=self.rng.spawn(1)[0],
            family=self.family,
            name=f"explorer {len(self.found) + 1}",
        )
        self.found.append(one)
        self.known += one.known
        self.history += one.history
        return one

    def size_draw(self, explorers: list[Proposal]) -> tuple[Known, float]:
        """(sizing draw, its lone share), remembered."""
        draw = sized(explorers, self.n, defensive=net(self.d), ask=self.ask, rng=self.rng)
        self.known.append(draw)
        l = draw.log_f - draw.proposal.log_prob(draw.u)
        alone = lone_share(draw.u, l, explorers, (net(self.d),))
        self.history.append(_drawn("sizing", draw, alone))
        return draw, alone

    def draw_fresh(self, explorers: list[Proposal], draw: Known) -> Fresh | str:
        """The fresh draw of the size that the sizing draw asks for, or why there is none."""
        m, why = wanted_rows(spread(draw), self.relative_error, left=self.left(), usual=USUAL_ERROR)
        if why:
            return why
        fresh = fresh_draw(
            explorers, self.known, m, defensive=net(self.d), ask=self.ask, rng=self.rng, family=self.family
        )
        self.known.append(fresh.known)
        row = _drawn("fresh draw", fresh.known, fresh.lone)
        best = fresh.proposal.parts[1]
        shape = {"family": getattr(best, "family", ""), "components": getattr(best, "components", 1)}
        e = fresh.estimate
        said = {} if e is None else {"p": float(e.value), "se": float(e.se)}
        self.history.append(row | said | shape)
        return fresh


def _drawn(phase: str, draw: Known, alone: float) -> dict[str, Any]:
    """A draw from a known density as a row of the history, with what it says of p."""
    w = np.exp(draw.log_f - draw.proposal.log_prob(draw.u))
    return {
        "phase": phase,
        "share_failing": float(np.isfinite(draw.log_f).mean()),
        "ess": float(w.sum() ** 2 / (w @ w)) if w.any() else 0.0,
        "lone": alone,
        "p": float(w.mean()),
        "se": float(w.std() / np.sqrt(draw.n)),
        "calls": draw.n,
    }


# ---- cross-entropy ----------------------------------------------------------------------------------------------------------


def by_cross_entropy(s: FailureSearch) -> SearchResult:
    """The first road; explorers are sent until what one alone has seen is little."""
    if not all([s.send_explorer().reached for _ in range(FIRST)]):
        return SearchResult(_never(s))
    while True:
        explorers = [e.proposal for e in s.found if e.proposal is not None]
        if s.left() < s.n:
            return SearchResult(f"the budget ended before the fresh draw: {s.left():,} calls are left")
        draw, alone = s.size_draw(explorers)
        if alone <= LONE_BEFORE or len(s.found) >= MOST or s.left() <= s.g.budget / 2:
            break
        if not s.send_explorer().reached:
            return SearchResult(_never(s))
    fresh = s.draw_fresh(explorers, draw)
    if isinstance(fresh, str):
        return SearchResult(fresh)
    return SearchResult(believed(fresh), fresh, probability=fresh.estimate)


def _never(s: FailureSearch) -> str:
    lost = sum(not e.reached for e in s.found)
    return f"{lost} of {len(s.found)} explorers did not reach failure"


# ---- subset simulation ------------------------------------------------------------------------------------------------------


def by_subset(s: FailureSearch) -> SearchResult:
    """The second road: eight repeats, a draw where they failed, and the repeats themselves if that is not believed either."""
    for i in range(REPEATS):
        one = subset_run(s.values, s.left, s.d, rng=s.rng.spawn(1)[0], name=f"repeat {i + 1}")
        if one.cut:
            s.history += one.history
        else:
            s.repeats.append(one)
            s.history += [*one.history[:-1], one.history[-1] | {"p": one.p}]
    runs = tuple(s.repeats)
    failures = np.concatenate([r.failures for r in runs]) if runs else np.empty((0, s.d))
    if not len(failures):
        return SearchResult(_nothing_failed(s), repeats=runs)
    drawn = _draw_where_they_failed(s)
    if isinstance(drawn, Fresh):
        why = believed(drawn) or _forgotten(s, failures)
        if not why:
            return SearchResult("", drawn, runs, drawn.estimate)
    fresh = drawn if isinstance(drawn, Fresh) else None
    if len(runs) < REPEATS:
        cut = f"the budget cut {REPEATS - len(runs)} of {REPEATS} repeats of subset simulation"
        return SearchResult(cut, fresh, runs, Estimate.of_repeats([r.p for r in runs]) if len(runs) > 1 else None)
    p = Estimate.of_repeats([r.p for r in runs])
    return SearchResult(_repeats_believed(s, p, failures), fresh, runs, p)


def _draw_where_they_failed(s: FailureSearch) -> Fresh | str:
    """The fresh draw from proposals fitted to the failures of either half of the repeats, and the explorers that arrived."""
    explorers = [e.proposal for e in s.found if e.proposal is not None]
    for half in (s.repeats[: REPEATS // 2], s.repeats[REPEATS // 2 :]):
        u = np.concatenate([r.failures for r in half]) if half else np.empty((0, s.d))
        if len(u) >= 2:
            explorers.append(fit_proposal(u, np.zeros(len(u)), rng=s.rng, family=s.family))
    if len(explorers) < FIRST or s.left() < s.n:
        return "too few explorers or calls for a fresh draw"
    draw, _ = s.size_draw(explorers)
    if not any(np.isfinite(k.log_f).any() for k in s.known):
        return "no point of the sizing draw failed"
    return s.draw_fresh(explorers, draw)


def _repeats_believed(s: FailureSearch, p: Estimate, failures: np.ndarray) -> str:
    """Why the repeats are not to be believed; empty if they are."""
    values = [r.p for r in s.repeats]
    if zeros := values.count(0.0):
        return f"{zeros} of {REPEATS} repeats of subset simulation never failed"
    if p.se > MOST_ERROR * p.value:
        return f"the relative standard error over {REPEATS} repeats is {p.se / p.value:.2f} (want <= {MOST_ERROR})"
    return _forgotten(s, failures)


def _forgotten(s: FailureSearch, failures: np.ndarray) -> str:
    """Whether failures of known density lie where no repeat went, with their share of the mass; empty if hardly any do."""
    if not s.known:  # repeats asked for by name, and no call left for a draw
        return ""
    u, log_w = pooled(s.known)
    if not len(u):
        return ""
    half = sum(len(r.failures) for r in s.repeats[: REPEATS // 2])
    sides = [_thinned(x, COMPARED // 2) for x in (failures[:half], failures[half:])]
    if not all(map(len, sides)):
        return ""
    reach = 2 * float(np.quantile(_nearest(sides[0], sides[1]), 0.99))
    away = _nearest(u, np.concatenate(sides)) > reach
    w = np.exp(log_w - log_w.max())
    share = float(w[away].sum() / w.sum())
    if share <= MOST_FORGOTTEN:
        return ""
    return f"{100 * share:.0f} % of the failure probability seen lies where no subset run went"


def _thinned(u: np.ndarray, most: int) -> np.ndarray:
    """At most so many rows, evenly spaced."""
    return u if len(u) <= most else u[np.linspace(0, len(u) - 1, most).astype(np.intp)]


def _nearest(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distance from each row of a to its nearest in b."""
    return np.concatenate([cdist(a[i : i + BLOCK], b).min(axis=1) for i in range(0, len(a), BLOCK)])


def _nothing_failed(s: FailureSearch) -> str:
    """What is known where no repeat failed to its end; single calls may have."""
    cut = REPEATS - len(s.repeats)
    if s.failed:
        rest = (
            f"the budget cut {cut} of {REPEATS} repeats of subset simulation"
            if cut
            else "no repeat of subset simulation did"
        )
        return f"{counted(s.failed, 'call')} of {s.g.calls:,} failed, but {rest}"
    if s.least == s.largest:
        return f"no call failed: g is {s.least:.6g} at all {s.g.calls:,} points"
    end = f"the budget ended when g had fallen to {s.least:.3g}" if cut else f"g stopped falling at {s.least:.3g}"
    return f"no call in {s.g.calls:,} failed, and {end}"
