"""One average: its value, its error, and whether to believe it.

The trouble: an average of weighted rows comes with an error bar that is right only if no single row matters, and there are many ways
for a row to matter: a heavy tail of the weights or of the influences, too few effective rows, a rare value that a handful of rows
carries, a promise of the weights that is not kept. Here every one of them is a rule with a number and a sentence.

    spread = se · n^((1 - rate(k*, n))/2),    k* = the worst tail of weights and influences

What is inside: `Average`, one value with its influences; `average`, which measures them; `Average.why`, the rules.

Sources: Vehtari, Simpson, Gelman, Yao and Gabry (2024) for k-hat and the rate; docs/intervals.md measures the rules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from .. import arrays
from .._weights import rows_worth
from ..arrays import TOO_FEW, tail_size, threshold
from ._influence import Influences, Line, Masked, Scaled
from ._interval import REAL, IntervalRule, Moved, Symmetric
from ._sample import WeightedSample
from ._tails import scan
from ._wording import plus_minus

__all__ = ["Average", "average"]

ENOUGH = 30.0  # effective rows from which an interval is worth having
REPEATS = 8  # independent runs from which their spread is an error
NO_WIDENING = 0.5  # tail of f from which averages have no variance, and an interval that is not widened means nothing


@dataclass(frozen=True, eq=False)
class Average:
    """One value with the influences of its rows and what their tails say.

    norm : root of the summed squares of the influences, by cluster. tails : k-hats that widen the interval. own_tails : those of f under
    equal weights, which do not. bounded : whether f has no tail of its own. doubt : one sentence against it that its own values gave.
    interval : where it is not value ± half. reach : intervals of what it was made of; where one is infinite, so is its own. ess_f : effective rows for this f, or a function that finds them.
    """

    value: float
    sample: WeightedSample
    line: Influences
    raw: Influences
    norm: float
    tails: tuple[float, ...] = ()
    own_tails: tuple[float, ...] = ()
    bounded: bool = False
    doubt: str = ""
    interval: IntervalRule | None = None
    ess_f: Any = math.nan
    reach: tuple[IntervalRule, ...] = ()

    @property
    def se(self) -> float:
        """Standard error, not widened; inf where one row or cluster carries everything."""
        return math.sqrt(self.sample.factor) * self.norm if math.isfinite(self.sample.factor) else math.inf

    @cached_property
    def k(self) -> float:
        """The worst tail that was judged; nan if none was."""
        return max((k for k in (self.sample.khat, *self.tails) if not math.isnan(k)), default=math.nan)

    @cached_property
    def inflation(self) -> float:
        """Factor >= 1 by which the interval is wider than t · se; inf from k-hat 1 on."""
        return float(arrays.widening(self.k, max(2, self.sample.size))) if self.k > 0 else 1.0

    @property
    def spread(self) -> float:
        """se · inflation; 0 for a constant, however heavy the tail."""
        return 0.0 if self.se == 0 else self.se * self.inflation

    def ends(self, level: float) -> tuple[float, float]:
        """The interval at a level."""
        df = self.sample.df
        if any(math.isinf(end) for made_of in self.reach for end in made_of.ends(level, df)):
            return REAL
        return (self.interval or Symmetric(self.value, self.spread)).ends(level, df)

    @property
    def not_told_from_0(self) -> str:
        """What is to be said if the 95 % interval holds 0, so that neither a reciprocal nor a log is nearly linear in it; empty otherwise."""
        low, high = self.ends(0.95)
        if not low <= 0 <= high:
            return ""
        return f"is not told from 0: {plus_minus(self.value, (high - low) / 2)}."

    def moved(self, by: float, to: float = 0.0) -> Average:
        """The average of by · f + to."""
        inner = self.interval
        return replace(
            self,
            value=by * self.value + to,
            line=Scaled(self.line, by),
            raw=Scaled(self.raw, by),
            norm=abs(by) * self.norm if by else 0.0,
            reach=self.reach if by else (),
            interval=None if inner is None else Moved(inner, by, to),
        )

    @property
    def why(self) -> str:
        """One sentence with a number if the interval cannot be believed; empty otherwise."""
        s, limit = self.sample, threshold(self.sample.support)
        what = "clusters" if s.groups else s.rows
        worth, own = min(s.ess, s.worth), max(self.own_tails, default=-math.inf)
        if s.repeats:
            few = f"{s.n} repeats, {REPEATS} needed to tell an error from." if s.n < REPEATS else ""
            return few or s.doubt or self.doubt
        if math.isinf(s.factor):
            return f"1 {what[:-1]} carries all the weight, and no error can be told from it."
        if self.k >= limit:
            return (
                f"k-hat {self.k:.2f} is not below {limit:.2f}: {s.rows} that were never drawn may decide this average."
            )
        if any(math.isnan(k) for k in (s.khat, *self.tails)):
            if s.support < TOO_FEW:
                return f"the tail was not judged: {s.support:,} {'positive weights' if s.rows == 'rows' else s.rows}, {TOO_FEW} needed."
            return f"the tail was not judged: fewer than 5 distinct values at the top of {s.support:,} {s.rows}."
        if worth < ENOUGH:
            return f"the weights are worth {rows_worth(worth)} {what}, {ENOUGH:.0f} needed."
        heavy = NO_WIDENING - 0.75 / math.sqrt(
            max(1, tail_size(s.size))
        )  # half a standard error, (1 + k)/sqrt(M), below
        if own >= heavy:
            return f"the tail of f has k-hat {own:.2f}, not below {heavy:.2f}: rows that were never drawn may decide this average."
        return s.doubt or self.doubt


def average(
    value: float,
    line: Influences,
    sample: WeightedSample,
    n: int,
    *,
    raw: Influences | None = None,
    bounded: bool = False,
    lump: np.ndarray | None = None,
    ess_f: Any = math.nan,
) -> Average:
    """The average of which these are the influences (n,); `raw` are those before taming, whose tails count.

    lump : (n,) bool, where influences of one sign come from two ends of f, those of one end: each end is a tail of its own, judged
    together with the other where it has fewer than 25 rows.
    """
    raw = line if raw is None else raw
    if sample.repeats:
        norm = math.hypot(*line.part(slice(0, n)))  # in any unit: no square overflows or vanishes
        return Average(value, sample, line, raw, norm, bounded=bounded, ess_f=ess_f)
    watch = not bounded and lump is None
    weights = raw.v if bounded and isinstance(raw, Line) else None
    found = scan(line, sample, n, watch=watch and raw is line, weights=weights)
    before = found if raw is line else scan(raw, sample, n, watch=watch, weights=weights)
    rows, doubt = before.rows, ""
    if lump is not None and not bounded:
        ends = [scan(Masked(raw, end), sample, n, watch=True) for end in (lump, ~lump)]
        rows = [k for end in ends for k in end.rows]
        if any(
            end.short for end in ends
        ):  # too few at one end alone: both together, which overstates a tail and never hides one
            both = scan(raw, sample, n, watch=True)
            rows += both.rows
            if both.short:
                doubt = f"fewer than {TOO_FEW} rows raise it, or lower it: its tail was not judged."
    own = tuple(rows) if sample.equal else ()
    tails = tuple(before.clusters) if sample.equal else (*rows, *before.clusters)
    return Average(value, sample, line, raw, found.norm, tails, own, bounded, doubt, ess_f=ess_f)
