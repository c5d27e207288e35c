"""Weighted quantiles and distribution functions, with intervals that know the tail.

The trouble: the error of a quantile is not an average's: it is the distribution function that has one. So its interval is turned round,

    interval of Q(q) = [Q(q - h), Q(q + h)],    h = t_df · se(F) · inflation

and reaches to infinity where the rows end. A share of weight has no tail of its own; but near 0 and 1 it is carried by a handful of rows.

What is inside: `quantile` and `cdf`, which `Weights.quantile` and `Weights.cdf` call; `Woodruff`, the interval.

Source: Woodruff (1952), Confidence intervals for medians and other position measures, for inverting the interval of F.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError
from .._frames import Container, read, require
from .._weights import Step
from ._belief import Average, average
from ._blocks import groups_of
from ._columns import FEWEST, one_column
from ._estimate import Estimate, estimate
from ._influence import Influences, Multipliers
from ._interval import NeverSeen, t_quantile
from ._sample import Groups, WeightedSample, multipliers, sample_of
from ._shares import Shares, shares_of
from ._tails import kish
from ._terms import Terms

if TYPE_CHECKING:
    from .._weights import Weights

__all__ = ["Woodruff", "cdf", "quantile"]


def cdf(
    w: Weights, f: Any, at: Any, *, cluster: Any = None, blocks: int | None = None, autocorrelated: bool = False
) -> Estimate:
    """Weighted share of rows with `f` at most `at`, one average a point; what `Weights.cdf` does."""
    points, scalar = _points(at, "at")
    x = _Ordered.of(w, f, "cdf", points.size, lambda _: points, (cluster, blocks, autocorrelated))
    share, squares = x.shares.below(points)
    each = [x.average(*figures) for figures in zip(points.tolist(), share.tolist(), squares.tolist(), strict=True)]
    return x.estimate(
        [_open_end(a, p) for a, p in zip(each, points.tolist(), strict=True)], scalar, Step("cdf", x.said)
    )


def quantile(
    w: Weights, f: Any, q: Any, *, cluster: Any = None, blocks: int | None = None, autocorrelated: bool = False
) -> Estimate:
    """Weighted quantile of `f` at `q`, with Woodruff's interval; what `Weights.quantile` does.

    Its se is half the distance between the quantiles at q -+ se(F), and its influence that of F on the same scale.
    """
    levels, scalar = _points(q, "q")
    require((levels >= 0) & (levels <= 1), "`q`", "lie in [0, 1]", levels, "The median is q=0.5.", "outside")
    at = lambda shares: shares.reach(levels)[0]
    x = _Ordered.of(w, f, "quantile", levels.size, at, (cluster, blocks, autocorrelated))
    values, running = x.shares.reach(levels)
    share, squares = x.shares.below(values)
    figures = (z.tolist() for z in (levels, values, running, share, squares))
    return x.estimate([x.turned_round(*z) for z in zip(*figures, strict=True)], scalar, Step("quantile", x.said))


@dataclass(frozen=True, eq=False)
class _Ordered:
    """One column, its distribution function, and what all its averages share."""

    w: Weights
    f: np.ndarray
    sample: WeightedSample
    shares: Shares
    constant: bool
    container: Container
    u: Multipliers
    before: Multipliers  # those of the weights before taming
    groups: Groups

    @classmethod
    def of(
        cls,
        w: Weights,
        f: Any,
        verb: str,
        asked: int,
        points: Callable[[Shares], np.ndarray],
        dependent: tuple[Any, int | None, bool],
    ) -> _Ordered:
        """`points` : from the shares to those values of f whose influences tell how long blocks of dependent rows must be."""
        w._one_vector(verb)
        w._refuse_all_zero()
        column, container = one_column(w, f)
        u = multipliers(w, "self")
        shares = shares_of(column, u, asked=asked)

        def series() -> list[np.ndarray]:
            at = points(shares)
            return [Share(u, column, *pair).part(slice(None)) for pair in zip(at, shares.below(at)[0], strict=True)]

        groups = groups_of(w, *dependent, series)
        sample = sample_of(w, u, "self", groups)
        there = column if sample.support == w.n else column[w.log_w > -np.inf]
        before = multipliers(w.raw, "self") if w.tamed else u
        return cls(w, column, sample, shares, there.min() == there.max(), container, u, before, groups)

    @property
    def said(self) -> dict[str, int]:
        """What the trail keeps of the clusters."""
        return self.groups.said

    def average(self, at: float, share: float, below: float) -> Average:
        """The share of rows with f <= at; `below` is their sum of W^2."""
        n, above = self.f.size, max(0.0, self.shares.square - below)
        line = Share(self.u, self.f, at, share)
        square = (1 - share) ** 2 * below + share**2 * above
        worth = (
            self.sample.ess if self.sample.copies is not None else share * (1 - share) / square if square else math.nan
        )
        if self.sample.codes is None:
            found = Average(share, self.sample, line, self._raw(line), math.sqrt(square), bounded=True, ess_f=worth)
        else:
            found = average(share, line, self.sample, n, raw=self._raw(line), bounded=True, ess_f=worth)
        return replace(found, **self._carried(line, share, below, above))

    def _raw(self, line: Share) -> Share:
        if self.before is self.u:
            return line
        return Share(self.before, self.f, line.at, self.before.dot(1.0 * (self.f <= line.at), 0.0))

    def _carried(self, line: Share, share: float, below: float, above: float) -> dict[str, Any]:
        """A doubt, and the exact bound, where one side of the point is empty or nearly so."""
        if share in (0.0, 1.0) and (below == 0 or above <= 1e-15 * self.shares.square):
            why = "no row lies on one side: the interval reaches to the exact bound on the effective rows."
            rows = min(self.sample.ess, self.sample.worth)
            return {"doubt": why, "interval": NeverSeen(share, rows, 1.0, self.sample.khat)}
        if self.sample.codes is None:
            sides = (share * share / below if below else 0.0, (1 - share) ** 2 / above if above else 0.0)
        else:
            u, low = line.u.whole(), line.f <= line.at
            sides = tuple(kish(self.sample.sums(u * side)) for side in (low, ~low))
        rows = min(sides)
        what = "clusters" if self.sample.groups else "rows"
        few = f"the {what} on the rarer side are worth {rows:.3g}, {FEWEST:.0f} needed."
        return {"doubt": few if rows < FEWEST else ""}

    def turned_round(self, q: float, value: float, running: float, share: float, below: float) -> Average:
        """The quantile at q, from the share at its value; above the largest f, where F = 1 has no error, that of a share of q."""
        a = self.average(value, share, below)
        norm = a.norm
        if norm == 0 and not self.constant:
            norm = math.sqrt((1 - q) ** 2 * running + q * q * max(0.0, self.shares.square - running))
        factor = math.sqrt(self.sample.factor)  # inf where one row carries everything
        spread = factor * norm if norm or math.isfinite(factor) else math.nan
        woodruff = Woodruff(self.shares, q, spread, a.inflation, self.constant)
        low, high = woodruff.between(spread)
        width = 0.0 if high == low else high - low
        slope = 0.0 if width == 0 else width / (2 * spread) if spread > 0 else math.inf
        norm = width / 2 / factor if width else 0.0
        lines = [Downward(line, slope) for line in (a.line, a.raw)]
        doubt = "" if self.constant else "no row lies beyond this quantile." if a.interval else a.doubt
        return replace(a, value=value, line=lines[0], raw=lines[1], norm=norm, interval=woodruff, doubt=doubt)

    def estimate(self, each: Sequence[Average], scalar: bool, step: Step) -> Estimate:
        shape = () if scalar else (len(each),)
        return estimate(Terms(tuple(each), shape, self.f.size, (), self.container), (*self.w.trail, step))


def _open_end(a: Average, at: float) -> Average:
    """F is 0 at -inf and 1 at inf, whatever the rows."""
    return replace(a, interval=None, doubt="") if math.isinf(at) else a


@dataclass(frozen=True, eq=False)
class Share:
    """Influences of a share: W (1{f <= at} - F(at))."""

    u: Multipliers
    f: np.ndarray
    at: float
    share: float

    def part(self, rows: slice) -> np.ndarray:
        return self.u.part(rows) * ((self.f[rows] <= self.at) - self.share)


@dataclass(frozen=True, eq=False)
class Downward:
    """Influences of a quantile: more mass below moves it down."""

    line: Influences
    slope: float

    def part(self, rows: slice) -> np.ndarray:
        phi = self.line.part(rows)
        return np.multiply(phi, -self.slope, out=np.zeros(phi.size), where=phi != 0)


@dataclass(frozen=True, eq=False)
class Woodruff:
    """The quantiles at both ends of the interval of F."""

    shares: Shares
    q: float
    spread: float  # standard error of F at the quantile
    inflation: float
    constant: bool

    def ends(self, level: float, df: float) -> tuple[float, float]:
        half = 0.0 if self.spread == 0 else t_quantile(df, level) * self.spread * self.inflation
        return self.between(half)

    def between(self, half: float) -> tuple[float, float]:
        """Q at the levels -+ half; infinite from 0 and 1 on, but for a constant f."""
        if math.isnan(half):
            return -math.inf, math.inf
        low, high = self.shares.reach(np.clip([self.q - half, self.q + half], 0, 1))[0].tolist()
        if self.constant and math.isfinite(half):
            return low, high
        return (-math.inf if self.q - half <= 0 else low), (math.inf if self.q + half >= 1 else high)


def _points(x: Any, name: str) -> tuple[np.ndarray, bool]:
    if np.asarray(x).dtype.kind == "b":
        raise InputError(
            f"`{name}` must be numbers; got booleans. The median is quantile(f, 0.5), the share up to 1 cdf(f, 1)."
        )
    a = read(x, name)[0]
    if a.ndim > 1 or a.size == 0:
        raise InputError(f"`{name}` must be one number or a vector of them; got shape {a.shape}.")
    require(~np.isnan(a), f"`{name}`", "be numbers", a, "Drop them first.", "NaN")
    return np.atleast_1d(a), a.ndim == 0
