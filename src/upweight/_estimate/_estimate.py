"""Estimate: a weighted average that says how far it can be believed.

The trouble: an average of weighted rows comes with an error bar that is right only if no single row matters. Below k-hat 0.5
the bar is nearly right, at 0.7 the usual one covers half the time, from 1 on there is nothing to cover. The tail-adjusted interval

    value ± t_df · se · n^((1 - rate(k*, n))/2),    df = max(1, ESS - 1),    k* = the worst tail of weights and influences

widens by as much as the tail slows the average's convergence. The rule is new and heuristic; docs/intervals.md prints how often it
covers, weak cells included.

What is inside: `Estimate`, made by `Weights.mean`, `quantile`, `cdf` and `c2st`, never by hand; its differences and ratios,
which keep the rows' covariance; `judge`, which turns tails into an inflation and a reason for disbelief.

Sources: Huber (1967) for influence and sandwich; Vehtari, Simpson, Gelman, Yao and Gabry (2024) for k-hat and the rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from operator import getitem
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import arrays
from .._errors import InputError, KindError
from .._frames import NUMPY, Container, same_rows
from .._set_module import set_module
from .._weights import Step, rows_worth
from ..arrays._rate import threshold
from ..arrays._tail import TOO_FEW
from ._influence import Dense, Influences, Rows, scan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Estimate", "Terms", "judge", "make"]

ENOUGH = 30.0  # effective rows from which an interval is worth having
SHOWN = 1.05  # inflations below this are not worth a word
Interval = tuple[Any, Any]


@dataclass(frozen=True, eq=False)
class Terms:
    """What an estimate was made of, enough to make influences, differences and ratios of it."""

    rows: Rows
    lines: Callable[[bool], Sequence[Influences]]  # influences of every average: as used (False), before taming (True)
    size: int  # rows of the influence, each copy-bearing row once
    scalar: bool  # one average rather than a column of them
    ess_f: Callable[[], Any]
    container: Container = NUMPY
    interval: Callable[[float], Interval] | None = None  # where an interval is not value ± half

    def written(self, *, raw: bool = False) -> np.ndarray:
        """Influences (rows, averages), written out; they add up to about zero."""
        lines = self.lines(raw)
        phi = np.empty((self.size, len(lines)))
        for column, line in zip(phi.T, lines, strict=True):
            column[:] = line.part(slice(0, self.size))
        return phi


@set_module("upweight")
@dataclass(frozen=True, eq=False, repr=False)
class Estimate:
    """A weighted average, quantile or share, with an interval that widens with the tail of its weights.

    Made by `Weights.mean`, `Weights.quantile`, `Weights.cdf` and `upweight.c2st`. Every figure is a float for one
    average and an array (c,) for c of them.

    Attributes
    ----------
    value : the estimate, in the unit of f.
    se : standard error in the unit of f, not widened; inf where one row (or one cluster) carries everything.
    n : rows, zero weights counted; for frequencies the copies.
    ess : effective sample size (Kish) of the weights that were used, in rows.
    khat : the largest tail index of the untamed weights and of either side of the influences; -inf no tail, nan not judged.
    inflation : factor >= 1 by which the interval is wider than t · se; inf from k-hat 1 on.
    ok : whether the interval can be believed: k-hat below its threshold, judged, and at least 30 effective rows.
    why : one sentence with a number if it cannot; empty otherwise.
    trail : tuple of Step, what was done to the weights and then to f.

    Costs: wide intervals; and of 200 rows with a tail of 0.6 or more a nominal 95 % covers about 80 % (docs/intervals.md).

    >>> from upweight import Weights
    >>> e = Weights.of([1.0, 2.0, 3.0], kind="importance").mean([0.0, 1.0, 1.0])
    >>> round(e.value, 4), round(e.se, 4), e.ok
    (0.8333, 0.2097, False)
    >>> print(e)
    0.8 ± 1.2 (k-hat not judged, ESS 2.57 of 3)
    """

    value: Any
    se: Any
    n: int
    ess: float
    khat: Any
    inflation: Any
    ok: bool
    why: str
    trail: tuple[Step, ...]
    _terms: Terms

    __array_ufunc__ = None

    @cached_property
    def ess_f(self) -> Any:
        """Effective sample size for this f, in rows; may exceed n, rightly. nan for a constant f and for mixed rows.

        ESS_f = sum W (f - mean)^2 / sum W^2 (f - mean)^2
        """
        return self._terms.ess_f()

    @cached_property
    def influence(self) -> Any:
        """One number a row, (n,) or (n, c), in the unit of f: by how much n such rows would move the estimate.

        se^2 = m/(m-1) sum_g (sum of the group's influences)^2 / N^2, N the rows with weight ("self") or all rows ("plain",
        "control"); a row of a frequency weight holds the sum over its copies. A one-column influence comes back in the
        container of f. It is computed from w and f when first asked for: do not overwrite f before.
        """
        psi = self._terms.written()
        psi *= self._terms.rows.size
        if not self._terms.scalar:
            psi.flags.writeable = False
            return psi
        column = np.ascontiguousarray(psi[:, 0])
        column.flags.writeable = False
        return self._terms.container.wrap(column)

    def interval(self, level: float = 0.95) -> Interval:
        """Tail-adjusted interval (low, high), in the unit of f, that aims at covering the truth with probability `level`.

            value ± t_df((1 + level)/2) · se · inflation

        level : in (0, 1). Zero width for a constant f; (-inf, inf) from k-hat 1 on and where one row carries everything.
        Quantiles invert the interval of the distribution function and are not symmetric.

        >>> from upweight import Weights
        >>> low, high = Weights.of([1.0] * 10, kind="importance").mean(range(10)).interval()
        >>> round(low, 4), round(high, 4)
        (2.3341, 6.6659)
        """
        if not (isinstance(level, (int, float)) and 0 < level < 1):
            raise InputError(f"`level` must lie between 0 and 1; got {level!r}. For 95 % pass level=0.95.")
        if self._terms.interval is not None:
            return self._terms.interval(level)
        half = t_quantile(self._terms.rows.df, level) * self._spread()
        return self.value - half, self.value + half

    def _spread(self) -> Any:
        with np.errstate(invalid="ignore"):
            spread = np.where(np.asarray(self.se) == 0, 0.0, np.multiply(self.se, self.inflation))
        return float(spread) if self._terms.scalar else spread

    # ---- arithmetic -------------------------------------------------------------------------------------------------

    def __sub__(self, other: Any) -> Estimate:
        """Difference of two averages over the same rows, their covariance kept.

        >>> from upweight import Weights
        >>> e = Weights.of([1.0, 2.0, 3.0], kind="importance").mean([0.0, 1.0, 1.0])
        >>> (e - e).interval()
        (0.0, 0.0)
        """
        if not isinstance(other, Estimate):
            return NotImplemented
        value = np.subtract(self.value, other.value)
        return _combined(self, other, value, 1.0, -1.0, "difference")

    def __truediv__(self, other: Any) -> Estimate:
        """Ratio of two averages over the same rows, by the delta method.

        psi = (psi_a - r psi_b) / b,   r = a/b

        Costs: skewed when the denominator is within a few standard errors of zero; the interval is symmetric all the same.
        """
        if not isinstance(other, Estimate):
            return NotImplemented
        if np.any(np.asarray(other.value) == 0):
            raise InputError("a ratio needs a denominator other than 0; got 0. Compare by difference instead.")
        ratio = np.divide(self.value, other.value)
        return _combined(self, other, ratio, np.divide(1.0, other.value), np.divide(-ratio, other.value), "ratio")

    def __float__(self) -> float:
        raise TypeError("which number? Take e.value, e.se or e.interval().")

    def __str__(self) -> str:
        from ._wording import sentence

        return sentence(self, self._halves())

    def plot(self, ax: Any = None) -> Axes:
        """Point and interval, a line for each average; see `upweight.plots.estimates`, which draws several."""
        from ..plots import estimates

        return estimates(self, ax=ax)

    def __repr__(self) -> str:
        return f"Estimate({self})"

    def _repr_html_(self) -> str:
        from ._wording import markup

        return markup(self, self._halves())

    def _halves(self) -> np.ndarray:
        low, high = self.interval()
        with np.errstate(invalid="ignore"):
            return np.atleast_1d((np.asarray(high) - np.asarray(low)) / 2)


def t_quantile(df: float, level: float) -> float:
    """The two-sided quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + level / 2))


# ---- making one ---------------------------------------------------------------------------------------------------------


def make(
    values: np.ndarray,
    squares: Sequence[float],
    sides: Sequence[list[float]],
    terms: Terms,
    trail: tuple[Step, ...],
) -> Estimate:
    """An Estimate from values, sums of squared influences and the k-hats of their sides, one of each an average."""
    rows = terms.rows
    with np.errstate(invalid="ignore"):
        se = np.sqrt(rows.factor * np.asarray(squares, dtype=np.float64))
    if math.isinf(rows.factor):
        se = np.full(len(values), np.inf)
    judged = [judge(rows, side) for side in sides]
    khat = np.array([k for k, _ in judged])
    wrong = next(((i, why) for i, (_, why) in enumerate(judged) if why), None)
    why = "" if wrong is None else wrong[1] if terms.scalar else f"average {wrong[0]}: {wrong[1]}"
    one = (lambda x: float(x[0])) if terms.scalar else _frozen
    inflation = np.asarray(arrays.widening(khat, max(2, rows.size)), dtype=np.float64)
    return Estimate(one(values), one(se), rows.n, rows.ess, one(khat), one(inflation), wrong is None, why, trail, terms)


def _frozen(x: np.ndarray) -> np.ndarray:
    x = np.array(x)
    x.flags.writeable = False
    return x


def judge(rows: Rows, sides: list[float]) -> tuple[float, str]:
    """k*, and one sentence with a number if the interval cannot be believed."""
    every = [rows.khat, *sides]
    judged = [k for k in every if not math.isnan(k)]
    k = max(judged, default=math.nan)
    limit = threshold(rows.support)
    if math.isinf(rows.factor):
        what = "cluster" if rows.groups else "row"
        return k, f"1 {what} carries all the weight, and no error can be told from it."
    if k >= limit:
        return k, f"k-hat {k:.2f} is not below {limit:.2f}: rows that were never drawn may decide this average."
    if len(judged) < len(every):
        few = rows.support < TOO_FEW
        return k, (
            f"the tail was not judged: {rows.support:,} positive weights, {TOO_FEW} needed."
            if few
            else f"the tail was not judged: fewer than 5 distinct values at the top of {rows.support:,} rows."
        )
    if min(rows.ess, rows.worth) < ENOUGH:
        what = "clusters" if rows.groups else "rows"
        return k, f"the weights are worth {rows_worth(min(rows.ess, rows.worth))} {what}, {ENOUGH:.0f} needed."
    return k, ""


# ---- differences and ratios ---------------------------------------------------------------------------------------------


def _combined(a: Estimate, b: Estimate, value: Any, by_a: Any, by_b: Any, name: str) -> Estimate:
    rows = _same(a._terms, b._terms)
    scalar = a._terms.scalar and b._terms.scalar
    shown, raw = (by_a * a._terms.written(raw=raw) + by_b * b._terms.written(raw=raw) for raw in (False, True))
    lines = [Dense(column) for column in shown.T], [Dense(column) for column in raw.T]
    scans = [scan(line, rows, a._terms.size) for line in lines[0]]
    watched = [scan(line, rows, a._terms.size, watch=not rows.flat)[1] for line in lines[1]]
    container = a._terms.container if a._terms.container.index is not None else b._terms.container
    shape = () if scalar else (len(scans),)
    terms = Terms(rows, partial(getitem, lines), a._terms.size, scalar, partial(_unknown, shape), container)
    trail = (*a.trail, *(step for step in b.trail if step not in a.trail), Step(name))
    return make(np.atleast_1d(value), [square for square, _ in scans], watched, terms, trail)


def _unknown(shape: tuple[int, ...]) -> Any:
    return np.full(shape, np.nan)[()]


def _same(a: Terms, b: Terms) -> Rows:
    """What both estimates share; refuses those that are not over the same rows, clusters and copies."""
    if a.size != b.size:
        raise InputError(
            f"both estimates must be over the same rows; got {a.size:,} and {b.size:,}. Give absent rows weight 0."
        )
    same_rows(a.container, b.container, ("left estimate", "right estimate"))
    if not _alike(a.rows.codes, b.rows.codes):
        raise InputError("both estimates must have the same clusters; pass the same `cluster` to both.")
    if not _alike(a.rows.copies, b.rows.copies):
        raise KindError(
            "copies and weights have different standard errors: both estimates must have the same frequencies. Repeat the rows first."
        )
    khats = [k for k in (a.rows.khat, b.rows.khat) if not math.isnan(k)]
    return replace(
        a.rows,
        n=max(a.rows.n, b.rows.n),
        support=min(a.rows.support, b.rows.support),
        size=max(a.rows.size, b.rows.size),
        factor=max(a.rows.factor, b.rows.factor),
        ess=min(a.rows.ess, b.rows.ess),
        worth=min(a.rows.worth, b.rows.worth),
        khat=max(khats) if len(khats) == 2 else math.nan,
        flat=a.rows.flat and b.rows.flat,
    )


def _alike(x: np.ndarray | None, y: np.ndarray | None) -> bool:
    if x is None or y is None:
        return x is y
    return x is y or np.array_equal(x, y)
