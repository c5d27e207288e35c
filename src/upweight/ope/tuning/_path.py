"""path: a policy's value under ever stronger taming, and how much of it this log can bear.

The trouble: caps are chosen by looking at the answers, and the interval of the chosen one is reported as if nobody had looked. Here the rule is
`lepski`, and the interval says what tuning can prove: that of the untamed candidate, about another centre,

    best ± (half-width of the untamed candidate + distance from it)

because taming lowers the error and cannot show its own bias. Thresholds of clip and drop are read off sums by bins; `estimates` makes the full
estimates when they are asked for.

What is inside: `path` and `Path`.

Sources: Su, Srinath and Krishnamurthy (2020) for choosing among candidates; Lepski and Spokoiny (1997).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ... import _html as html
from ..._errors import InputError, require_choice
from ..._estimate import Average, Estimate, average_fit, estimate, multipliers, plus_minus, read_values
from ..._set_module import set_module
from ..._weights import Step, Weights
from ..values import formula, read_outcome, read_reward, require_weights, value
from ._binned import Candidate, WeightBins, candidates, errors
from ._grid import TAMERS, grid_of
from ._lepski import last_accepted, lepski

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Path", "path"]

Z = 2.0  # of the paired rule
BY_BINS = ("clip", "drop")
ORDINARY = 1e-70, 1e70  # rewards whose squares, times those of weights, fit a float


class _Candidates(NamedTuple):
    """The columns of a path and its thresholds, from which any candidate's estimate is made."""

    reward: Any
    w: Weights
    points: tuple[float, ...]
    taming: str
    how: str | None
    outcome: Any
    cluster: Any

    def __call__(self, i: int) -> Estimate:
        tamed = self.w if self.points[i] == math.inf else TAMERS[self.taming](self.w, self.points[i])
        return value(self.reward, tamed, how=self.how, outcome=self.outcome, cluster=self.cluster)

    def choose(self) -> int:
        """By the estimates of all."""
        return lepski([self(i) for i in range(len(self.points))], z=Z)


class _BySums(NamedTuple):
    """The choice from sums by bins, without an estimate of any candidate."""

    sums: WeightBins
    each: list[Candidate]
    values: tuple[float, ...]
    taming: str

    def __call__(self) -> int:
        found = errors(self.sums, self.each, self.taming)
        return last_accepted(self.values, lambda i, k: Z * float(found[i, k]))


class _Figures(NamedTuple):
    """What was found of all candidates without making an estimate of any."""

    values: tuple[float, ...]
    moved: tuple[float, ...]
    choose: Callable[[], int]


@set_module("upweight.ope")
@dataclass(frozen=True, eq=False, repr=False)
class Path:
    """The value of a policy along a grid of tamings, untamed first, and the candidate that `lepski` chooses.

    Attributes
    ----------
    taming : "shrink", "clip" or "drop". at : thresholds of the candidates on the scale of the weights; inf is untamed.
    values : their values in the unit of the reward. moved : the shares of weight that were moved, so that a reward in [0, 1] moved by at
        most that under "self".

    >>> import upweight as uw
    >>> g = np.random.default_rng(0)
    >>> x = g.exponential(size=4000)
    >>> p = uw.ope.path(1.0 * (x > 1), uw.ratio(0.4 * np.exp(-0.4 * x), np.exp(-x)), taming="clip", grid=[20, 5, 1])
    >>> [round(v, 2) for v in p.values], p.plot().get_xlabel()
    ([0.68, 0.68, 0.64, 0.52], 'weights clipped at')
    """

    taming: str
    at: tuple[float, ...]
    values: tuple[float, ...]
    moved: tuple[float, ...]
    _make: Callable[[int], Estimate] | None = field(repr=False)  # None where no rows are left to make one of
    _choose: Callable[[], int] = field(repr=False)

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """The estimate of every candidate, in the order of `at`; made when first asked for."""
        return tuple(self._made(i) for i in range(len(self.at)))

    @cached_property
    def chosen(self) -> int:
        """The place of the candidate that the paired rule of `lepski` chooses."""
        return self._choose()

    @cached_property
    def best(self) -> Estimate:
        """The chosen candidate; its interval is its value ± (half-width of the untamed one + distance from it)."""
        first, chosen = self._made(0), self._made(self.chosen)
        a, b = first._terms.each[0], chosen._terms.each[0]
        why = "" if first.ok else f"untamed: {first.why}"
        found = replace(b, interval=_AroundBest(b.value, a), doubt=b.doubt or why)
        step = Step("path", {"taming": self.taming, "at": self.at[self.chosen], "candidates": len(self.at)})
        return estimate(replace(chosen._terms, each=(found,)), (*chosen.trail, step))

    @property
    def has_rows(self) -> bool:
        """Whether estimates can be made; the path of a ledger has values alone."""
        return self._make is not None

    def _made(self, i: int) -> Estimate:
        if self._make is None:
            raise InputError(
                "a ledger keeps no rows, so its path has values and no estimates. Use path(reward, w) on the rows."
            )
        return self._make(i)

    def plot(self, ax: Any = None) -> Axes:
        """Value by threshold with intervals, the chosen one marked; see `upweight.plots.taming_path`."""
        from ...plots import taming_path

        return taming_path(self, ax=ax)

    def __str__(self) -> str:
        verb = {"shrink": "shrunk with lam", "clip": "clipped at", "drop": "dropped above"}[self.taming]
        lines = [
            f"  {'untamed' if at == math.inf else f'{verb} {at:.3g}'}: {value:.4g} ({100 * moved:.0f} % of the weight moved)"
            for at, value, moved in zip(self.at, self.values, self.moved, strict=True)
        ]
        if self.has_rows:
            lines[self.chosen] += "  <- chosen"
        return "\n".join([f"path: {self._said}", *lines])

    @property
    def _said(self) -> str:
        """The best candidate with its interval, where one can be chosen."""
        if not self.has_rows:
            return "values alone, for no rows are kept to choose by"
        low, high = self.best.interval()
        return plus_minus(self.best.value, (high - low) / 2)

    def __repr__(self) -> str:
        return f"Path({self.taming}, {len(self.at)} candidates)"

    def _repr_html_(self) -> str:
        chosen = self.chosen if self.has_rows else -1
        rows = [
            ["untamed" if at == math.inf else f"{at:.3g}", f"{v:.4g}", f"{100 * m:.1f} %", "chosen" * (i == chosen)]
            for i, (at, v, m) in enumerate(zip(self.at, self.values, self.moved, strict=True))
        ]
        said = f"chosen: {self._said}" if self.has_rows else self._said
        return html.block([said], [self.taming, "value", "weight moved", ""], rows)


@dataclass(frozen=True, eq=False)
class _AroundBest:
    """The half-width of the untamed candidate, and the distance from it, about the chosen value."""

    value: float
    untamed: Average

    def ends(self, level: float, df: float) -> tuple[float, float]:
        low, high = self.untamed.ends(level)
        half = (high - low) / 2 + abs(self.value - self.untamed.value)
        return self.value - half, self.value + half


def path(
    reward: Any,
    w: Weights,
    *,
    taming: str = "shrink",
    grid: Any = None,
    how: str | None = None,
    outcome: tuple[Any, Any] | None = None,
    cluster: Any = None,
) -> Path:
    """A policy's value under ever stronger taming, and the candidate that the paired rule of Lepski accepts last.

        w' = lam w/(w^2 + lam), min(w, at) or w 1{w <= at};   best ± (half-width untamed + distance from untamed)

    Parameters
    ----------
    reward, how, outcome, cluster : as in `value`; without `how` every candidate has its own default.
    w : Weights of kind importance, untamed.
    taming : "shrink", "clip" or "drop". grid : falling thresholds > 0; by default the .999, .99, .95, .9, .8 and .5 quantiles of the
        positive weights, squared for "shrink".

    Returns
    -------
    Path; `best` is the chosen Estimate.

    Raises
    ------
    InputError : tamed weights, a grid that does not fall, and as `value`. KindError : as `value`.

    Costs: tuning lowers the error and proves nothing: the interval of `best` is wider than that of the untamed value.
    Source: Su, Srinath and Krishnamurthy (2020); Lepski and Spokoiny (1997).

    >>> import upweight as uw
    >>> g = np.random.default_rng(0)
    >>> x = g.exponential(size=4000)
    >>> p = path(1.0 * (x > 1), uw.ratio(0.4 * np.exp(-0.4 * x), np.exp(-x)), taming="clip", grid=[20, 5, 1])
    >>> p.at[p.chosen], round(p.best.value, 3), round(float(np.exp(-0.4)), 3)
    (20.0, 0.675, 0.67)
    """
    w = require_weights(w, "path")
    if w.tamed:
        raise InputError("path takes untamed weights: it tames them itself; got tamed ones. Pass w.raw.")
    require_choice("taming", taming, tuple(TAMERS))
    points = (math.inf, *grid_of(w, taming, grid))

    make = _Candidates(reward, w, points, taming, how, outcome, cluster)
    first = make(0)  # whatever is wrong with the columns is said here
    by_bins = taming in BY_BINS and (w.exact or w._linear) and cluster is None and how in (None, "plain", "self")
    if by_bins:
        found = _by_bins(reward, w, points, taming, how, outcome, first)
    else:
        found = _one_by_one(make, first)
    return Path(taming, points, found.values, found.moved, make, found.choose)


def _one_by_one(make: _Candidates, first: Estimate) -> _Figures:
    """Value and moved share of every candidate, one at a time."""
    values, moved = [first.value], [0.0]
    for i in range(1, len(make.points)):
        e = make(i)
        values.append(e.value)
        moved.append(next(float(s.moved) for s in reversed(e.trail) if s.moved is not None))
    return _Figures(tuple(values), tuple(moved), make.choose)


def _by_bins(
    reward: Any, w: Weights, points: tuple[float, ...], taming: str, how: str | None, outcome: Any, first: Estimate
) -> _Figures:
    """The same from one look at the rows."""
    f, mean_v = read_reward(w, reward), 0.0
    if outcome is not None:
        q, v = read_outcome(w, outcome)
        f, mean_v = np.where(w.log_w > -np.inf, f - q, 0.0), float(v.mean())
    unit = _unit(f, w)
    f = f if unit == 1.0 else f / unit
    modelled = outcome is not None
    tamed_how = how or ("plain" if w.exact and modelled else "self")
    sums, each = candidates(w.log_w, f, points[1:], taming, tamed_how, everyone=modelled)
    values = (first.value, *(mean_v + unit * c.value for c in each))
    at_first = _untamed(w, f, formula(w, how, modelled=modelled), first)
    choose = _BySums(sums, [at_first, *each], tuple((x - mean_v) / unit for x in values), taming)
    return _Figures(values, (0.0, *(c.moved for c in each)), choose)


def _unit(f: np.ndarray, w: Weights) -> float:
    """A power of two that brings rewards whose squares leave the floats back into them; 1 for others."""
    top = float(np.abs(f).max(where=w.log_w > -np.inf, initial=0.0))
    return 1.0 if top == 0 or ORDINARY[0] < top < ORDINARY[1] else 2.0 ** max(-1020, math.frexp(top)[1] - 1)


def _untamed(w: Weights, f: np.ndarray, how: str, first: Estimate) -> Candidate:
    """The untamed candidate in the form of the others."""
    column = read_values(w, f, name="reward").each[0]
    u = multipliers(w, how)
    line = average_fit(u, column, how).line
    scale = u.scale / math.exp(u.peak)
    factor = first._terms.each[0].sample.factor
    return Candidate(math.inf, math.nan, scale, line.shift * column.unit, line.level * column.unit, 0.0, factor)
