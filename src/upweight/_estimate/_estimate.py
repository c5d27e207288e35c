"""Estimate: a weighted average that says how far it can be believed.

The trouble: an average of weighted rows comes with an error bar that is right only if no single row matters. Below k-hat 0.5
the bar is nearly right, at 0.7 the usual one covers half the time, from 1 on there is nothing to cover. The tail-adjusted interval

    value ± t_df · se · n^((1 - rate(k*, n))/2),    df = max(1, ESS - 1),    k* = the worst tail of weights and influences

widens by as much as the tail slows the average's convergence. The rule is new and heuristic; docs/intervals.md prints how often it
covers, weak cells included.

What is inside: `Estimate`, made by the estimators of `Weights`, by `c2st` and by `of_influence`, and its arithmetic; `estimate`, which
makes one from averages (`_belief`); `doubted`, the same for a reason that the rows do not show.

Sources: Huber (1967) for influence and sandwich; Vehtari, Simpson, Gelman, Yao and Gabry (2024) for k-hat and the rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError
from .._set_module import set_module
from .._weights import Step
from ._arithmetic import combined, picked, shifted, through
from ._as_numbers import as_float, by_ufunc, formatted, refuse_as_number
from ._influence import written
from ._terms import Terms

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .._weights import Weights

__all__ = ["Estimate", "doubted", "estimate"]


@set_module("upweight")
@refuse_as_number
@dataclass(frozen=True, eq=False, repr=False)
class Estimate:
    """A weighted average, quantile or share, with an interval that widens with the tail of its weights.

    Made by `Weights.mean`, `integral`, `quantile`, `cdf`, `var`, `std`, `cov`, `corr`, by `upweight.c2st`, by `of_influence` and `of_repeats`, and by arithmetic on those over
    the same rows: `a + b`, `a - b`, `a * b`, `a / b`, all with numbers too, `-a`, `a.log()`, `a.exp()` (delta method, covariance kept).
    Every figure is a float for one average and an array (c,) for c of them, whose columns `e["name"]` or `e[0]` picks. A format for
    numbers, f"{e:.3f}", prints value ± half the 95 % interval; `float(e)` is the value alone.

    Attributes
    ----------
    value : the estimate, in the unit of f.
    se : standard error in the unit of f, not widened; inf where one row (or one cluster) carries everything.
    n : rows, zero weights counted; for frequencies the copies.
    ess : effective sample size (Kish) of the weights that were used, in rows; an array for a batch of weights.
    khat : the largest tail index of the untamed weights and of either side of the influences; -inf no tail, nan not judged.
    inflation : factor >= 1 by which the interval is wider than t · se; inf from k-hat 1 on.
    ok : whether the interval can be believed: k-hat below its threshold, judged, at least 30 effective rows, ten of them on the rarer side,
        and the promise of the weights kept.
    why : one sentence with a number if it cannot; empty otherwise.
    trail : tuple of Step, what was done to the weights and then to f.

    Costs: wide intervals; and of 200 rows with a tail of 0.6 or more a nominal 95 % covers about 80 % (docs/intervals.md).

    >>> from upweight import Weights
    >>> e = Weights.of([1.0, 2.0, 3.0], kind="importance").mean([0.0, 1.0, 1.0])
    >>> round(e.value, 4), round(e.se, 4), e.ok
    (0.8333, 0.2097, False)
    >>> print(100 * e)
    80 ± 120 (k-hat not judged, ESS 2.57 of 3)
    >>> f"{e:.3f}", float(e) == e.value
    ('0.833 ± 1.185', True)
    """

    value: Any
    se: Any
    n: int
    ess: Any
    khat: Any
    inflation: Any
    ok: bool
    why: str
    trail: tuple[Step, ...]
    _terms: Terms

    @cached_property
    def ess_f(self) -> Any:
        """Effective sample size for this f, in rows; may exceed n, rightly. nan for a constant f and for mixed rows.

        ESS_f = sum W (f - mean)^2 / sum W^2 (f - mean)^2
        """
        return self._terms.spread_out([a.ess_f() if callable(a.ess_f) else a.ess_f for a in self._terms.each])

    @cached_property
    def influence(self) -> Any:
        """One number a row, (n,) or (n, c), in the unit of f: by how much n such rows would move the estimate.

        se^2 = m/(m-1) sum_g (sum of the group's influences)^2 / N^2, N the rows with weight ("self") or all rows ("plain",
        "control"); a row of a frequency weight holds the sum over its copies. A one-column influence comes back in the
        container of f. It is computed from w and f when first asked for: do not overwrite f before.
        """
        terms = self._terms
        psi = np.empty((terms.size, len(terms.each)))
        for column, a in zip(psi.T, terms.each, strict=True):
            np.multiply(written(a.line, terms.size), a.sample.size, out=column)
        psi = np.ascontiguousarray(psi.reshape(terms.size, *terms.shape))
        psi.flags.writeable = False
        return psi if terms.shape else terms.container.wrap(psi)

    def interval(self, level: float = 0.95) -> tuple[Any, Any]:
        """Tail-adjusted interval (low, high), in the unit of f, that aims at covering the truth with probability `level`.

            value ± t_df((1 + level)/2) · se · inflation

        level : in (0, 1). Zero width for a constant f, but for 0 and 1, where it reaches to the exact bound on the effective rows;
        (-inf, inf) from k-hat 1 on and where one row carries everything. Quantiles invert the interval of the distribution function,
        areas, variances and correlations are symmetric on the scales logit, log and artanh.

        Raises InputError if `level` does not lie between 0 and 1.

        >>> from upweight import Weights
        >>> low, high = Weights.of([1.0] * 10, kind="importance").mean(range(10)).interval()
        >>> round(low, 4), round(high, 4)
        (2.3341, 6.6659)
        """
        if isinstance(level, bool) or not isinstance(level, (Real, np.floating)) or not 0 < level < 1:
            raise InputError(f"`level` must lie between 0 and 1; got {level!r}. For 95 % pass level=0.95.")
        low, high = zip(*(a.ends(float(level)) for a in self._terms.each), strict=True)
        return self._terms.spread_out(low), self._terms.spread_out(high)

    @property
    def names(self) -> tuple[Any, ...]:
        """Names of the columns of a frame that was averaged; empty otherwise."""
        return self._terms.names

    def __getitem__(self, which: Any) -> Estimate:
        """One average of several, by column name or by place.

        >>> from upweight import Weights
        >>> Weights.of([1.0, 3.0], kind="importance").mean([[0.0, 1.0], [4.0, 1.0]])[0].value
        3.0
        """
        return estimate(picked(self._terms, which), self.trail)

    __iter__ = None
    __float__ = as_float
    __format__ = formatted
    __array_ufunc__ = by_ufunc

    # ---- arithmetic -------------------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Estimate:
        return self._with(other, "sum", lambda a, b: (a + b, 1.0, 1.0))

    def __sub__(self, other: Any) -> Estimate:
        """Difference of two averages over the same rows, their covariance kept.

        >>> from upweight import Weights
        >>> e = Weights.of([1.0, 2.0, 3.0], kind="importance").mean([0.0, 1.0, 1.0])
        >>> (e - e).interval()
        (0.0, 0.0)
        """
        return self._with(other, "difference", lambda a, b: (a - b, 1.0, -1.0))

    def __mul__(self, other: Any) -> Estimate:
        return self._with(other, "product", lambda a, b: (a * b, b, a))

    def __truediv__(self, other: Any) -> Estimate:
        """Ratio of two averages over the same rows, by the delta method.

        psi = (psi_a - r psi_b) / b,   r = a/b

        Costs: skewed when the denominator is within a few standard errors of zero; the interval is symmetric all the same.
        """
        return self._with(other, "ratio", lambda a, b: (a / b, 1 / b, -a / b / b))

    def __radd__(self, other: Any) -> Estimate:
        return self + other

    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> Estimate:
        return (-self) + other

    def __rtruediv__(self, other: Any) -> Estimate:
        return self._through("reciprocal", lambda x: (1 / x, -1 / (x * x))) * other

    def __neg__(self) -> Estimate:
        return self * -1.0

    def log(self) -> Estimate:
        """Natural logarithm of a positive estimate, by the delta method: psi/value.

        >>> from upweight import Weights
        >>> e = Weights.of([1.0] * 100, kind="importance").mean(np.arange(100.0))
        >>> round(e.log().se, 4) == round(e.se / e.value, 4)
        True
        """
        return self._through("log", lambda x: (math.log(x), 1 / x))

    def exp(self) -> Estimate:
        """Exponential of an estimate, by the delta method: exp(value) psi.

        >>> from upweight import Weights
        >>> e = Weights.of([1.0, 2.0, 3.0], kind="importance").mean([0.0, 1.0, 1.0])
        >>> round(e.exp().value, 4), round(e.exp().se, 4)
        (2.301, 0.4826)
        """
        return self._through("exp", lambda x: (math.exp(x), math.exp(x)))

    def _with(self, other: Any, name: str, rule: Callable[[float, float], tuple[float, float, float]]) -> Estimate:
        if isinstance(other, Estimate):
            new = (*(step for step in other.trail if step not in self.trail), Step(name))
            return estimate(combined(self._terms, other._terms, name, rule), (*self.trail, *new))
        if isinstance(other, (Real, np.number)) and not isinstance(other, bool):
            number = float(other)
            return estimate(shifted(self._terms, number, name), (*self.trail, Step(name, {"number": number})))
        return NotImplemented

    def _through(self, name: str, rule: Callable[[float], tuple[float, float]]) -> Estimate:
        return estimate(through(self._terms, name, rule), (*self.trail, Step(name)))

    def __str__(self) -> str:
        from ._wording import sentence

        return sentence(self, self._halves())

    @staticmethod
    def of_influence(value: float, influence: Any, weights: Weights, *, bounded: bool = False) -> Estimate:
        """An Estimate of any smooth figure of weighted rows, from the influence of each row on it.

            se^2 = n/(n - 1) sum (psi_i/n)^2,   psi_i the slope of the figure in the weight of row i, times n w_i, n rows with weight or copies

        value : the figure. influence : (n,) psi, in its unit, of sum zero; `e.influence` gives it back. weights : (n,) the rows' `Weights`. bounded : whether
        what a row adds to the figure, its weight apart, is bounded, so that tails of the influences are those of the weights.
        Raises InputError for lengths that differ or numbers that are not finite; KindError for class and cost weights.

        Costs: right to first order only. Source: Huber (1967).

        >>> from upweight import Weights
        >>> f, w = np.array([1.0, 2.0, 4.0]), Weights.of([1.0, 1.0, 2.0])
        >>> mean = w.mean(f)
        >>> Estimate.of_influence(2.75, mean.influence, w).se == mean.se
        True
        """
        from ._of_influence import average_of

        a = average_of(value, influence, weights, bounded=bounded)
        return estimate(Terms((a,), (), weights.n), (*weights.trail, Step("of_influence")))

    @staticmethod
    def of_repeats(values: Any) -> Estimate:
        """An Estimate from independent repeats of a whole calculation: their mean, with the error that their spread tells.

            value = mean(v_r),   se^2 = sum_r (v_r - value)^2 / (R (R - 1)),   t with R - 1 degrees of freedom

        values : (R,) or (R, c) numbers in any unit, one row a repeat, R >= 2; repeats share no random numbers. n and ess are R, `khat` is nan,
        `inflation` 1, `influence` each repeat less the mean. `ok` from eight repeats on that are not all equal. `a - b` pairs repeats by number.
        Raises InputError for fewer than two or numbers that are not finite.

        Costs: a bias that all repeats share is not seen. Source: Student (1908), The probable error of a mean.

        >>> e = Estimate.of_repeats([2.1, 1.9, 2.0, 2.2, 1.8, 2.0, 2.1, 1.9])
        >>> print(e)
        2.00 ± 0.11 (8 repeats)
        >>> e.ok, Estimate.of_repeats([1.0, 2.0]).why
        (True, '2 repeats, 8 needed to tell an error from.')
        """
        from ._of_repeats import averages_of_repeats

        terms = averages_of_repeats(values)
        return estimate(terms, (Step("of_repeats", {"repeats": terms.size}),))

    def _repr_html_(self) -> str:
        from ._wording import markup

        return markup(self, self._halves())

    def _halves(self) -> np.ndarray:
        low, high = self.interval()
        with np.errstate(invalid="ignore"):
            return np.atleast_1d((np.asarray(high) - np.asarray(low)) / 2)

    def plot(self, ax: Any = None) -> Axes:
        """Point and interval, a line for each average; see `upweight.plots.estimates`, which draws several.

        >>> from upweight import Weights
        >>> Weights.of([1.0] * 50, kind="importance").mean(range(50)).plot().get_lines()[0].get_xdata().round(1).tolist()
        [20.4, 28.6]
        """
        from ..plots import estimates

        return estimates(self, ax=ax)

    def __repr__(self) -> str:
        return f"Estimate({self})"


def estimate(terms: Terms, trail: tuple[Step, ...]) -> Estimate:
    """An Estimate of these averages, its figures spread out and its first reason for disbelief said."""
    each = terms.each
    why = next((terms.place(i) + a.why for i, a in enumerate(each) if a.why), "")
    value, se, khat, inflation = (
        terms.spread_out(x) for x in zip(*((a.value, a.se, a.k, a.inflation) for a in each), strict=True)
    )
    one = each[0].sample
    alike = all(a.sample is one for a in each)
    ess = one.ess if alike else terms.spread_out([a.sample.ess for a in each])
    return Estimate(value, se, one.n, ess, khat, inflation, not why, why, trail, terms)


def doubted(e: Estimate, why: str) -> Estimate:
    """The same estimate, not to be believed for a reason that its rows do not show; what is computed from it is in doubt too."""
    each = tuple(replace(a, doubt=a.doubt or why) for a in e._terms.each)
    return replace(estimate(replace(e._terms, each=each), e.trail), ok=False, why=why)
