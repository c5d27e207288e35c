"""Weighted quantiles and distribution functions, with intervals that know the tail.

The trouble: a weighted quantile has several definitions, and most of them break on ties: NumPy's own `inverted_cdf` answers
differently for weights (2, 3, 4)/20 and for the rows repeated 2, 3 and 4 times, because a rounded running sum misses q by one
unit in the last place. And its error is not an average's: it is the distribution function that has one.

    F(x) = sum W 1{f <= x},    Q(q) = the first f whose running sum of W reaches q (1 - 8 eps)
    interval of Q(q) = [Q(q - h), Q(q + h)],    h = t_df · se(F) · inflation

What is inside: `quantile` and `cdf`, which `Weights.quantile` and `Weights.cdf` call. Both sort once.

Sources: Woodruff (1952), Confidence intervals for medians and other position measures, for inverting the interval of F.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError
from .._frames import Container, read, require
from .._weights import Step
from ._average import clusters_of, multipliers, one_column, rows_of
from ._estimate import Estimate, Interval, Terms, make, t_quantile
from ._influence import Dense, Rows, scan

if TYPE_CHECKING:
    from .._weights import Weights

__all__ = ["cdf", "quantile"]

ROUNDING = 8 * np.finfo(np.float64).eps  # a running sum this close below q has reached it


@dataclass(frozen=True, eq=False)
class Shares:
    """Weighted rows sorted by f, once: their distribution function and its errors."""

    w: Weights
    f: np.ndarray  # (n,) as given
    rows: Rows
    f_up: np.ndarray  # (S,) ascending, rows of weight zero left out
    mass: np.ndarray  # (S,) running sum of W in that order; the last entry is exactly 1
    square: np.ndarray  # (S,) running sum of W^2 (of W/N for copies)
    constant: bool

    @classmethod
    def of(cls, w: Weights, f: Any, cluster: Any, verb: str) -> tuple[Shares, Container]:
        w._one_vector(verb)
        w._refuse_all_zero()
        column, container = one_column(w, f)
        codes, groups = clusters_of(w, cluster)
        u = multipliers(w, "self")
        rows = rows_of(w, u, "self", codes, groups)
        present = np.flatnonzero(w.log_w > -np.inf)
        order = present[np.argsort(column[present], kind="stable")]
        up, u = column[order], u.whole()[order]
        mass = np.cumsum(u)
        square = np.cumsum(u * u if rows.copies is None else u / rows.support)
        return cls(w, column, rows, up, mass / mass[-1], square, up[0] == up[-1]), container

    def share(self, at: np.ndarray) -> np.ndarray:
        """F at points (m,): the weight of rows with f <= at."""
        return _before(self.mass, self._below(at))

    def reach(self, q: np.ndarray) -> np.ndarray:
        """Q at levels (m,): the first value at which the running share reaches q."""
        place = np.searchsorted(self.mass, q * (1 - ROUNDING), side="left")
        return self.f_up[np.minimum(place, self.f_up.size - 1)]

    def errors(self, at: np.ndarray, share: np.ndarray) -> list[tuple[float, list[float]]]:
        """Sum of squared influences of F at each point, and the k-hats that clusters add."""
        if self.rows.codes is None:
            low = _before(self.square, self._below(at))
            squares = (1 - share) ** 2 * low + share**2 * np.maximum(self.square[-1] - low, 0.0)
            return [(float(square), []) for square in squares]
        shown = [scan(line, self.rows, self.f.size) for line in self.lines(False, at)]
        if not self.w.tamed:
            return shown
        before = [scan(line, self.rows, self.f.size)[1] for line in self.lines(True, at)]
        return [(square, sides) for (square, _), sides in zip(shown, before, strict=True)]

    def lines(self, raw: bool, at: np.ndarray) -> list[Dense]:
        """Influences of F at each point: W (1{f <= at} - F(at))."""
        u = multipliers(self.w.raw if raw else self.w, "self").whole()
        low = [self.f <= x for x in at]
        return [Dense(u * (below - float(np.einsum("i,i", u, below)))) for below in low]

    def ess_f(self, at: np.ndarray) -> np.ndarray:
        """Effective sample size for the indicator of each point, in rows."""
        if self.rows.copies is not None:
            return np.full(at.shape, self.rows.ess)
        share, low = self.share(at), _before(self.square, self._below(at))
        with np.errstate(invalid="ignore", divide="ignore"):
            return share * (1 - share) / ((1 - share) ** 2 * low + share**2 * (self.square[-1] - low))

    def _below(self, at: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.f_up, at, side="right")


def _before(running: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.where(count > 0, running[np.maximum(count, 1) - 1], 0.0)


def cdf(w: Weights, f: Any, at: Any, *, cluster: Any = None) -> Estimate:
    """Weighted share of rows with `f` at most `at`, one average a point; what `Weights.cdf` does."""
    points, scalar = _points(at, "at")
    shares, container = Shares.of(w, f, cluster, "cdf")
    value = shares.share(points)
    errors = shares.errors(points, value)
    lines, ess_f = partial(_lines_of_share, shares, points), partial(_ess_f, shares, points, scalar)
    terms = Terms(shares.rows, lines, w.n, scalar, ess_f, container)
    trail = (*w.trail, Step("cdf", _said(shares.rows)))
    return make(value, [square for square, _ in errors], [sides for _, sides in errors], terms, trail)


def quantile(w: Weights, f: Any, q: Any, *, cluster: Any = None) -> Estimate:
    """Weighted quantile of `f` at `q`, with Woodruff's interval; what `Weights.quantile` does.

    Its se is half the distance between the quantiles at q -+ se(F), and its influence that of F on the same scale.
    """
    levels, scalar = _points(q, "q")
    require((levels >= 0) & (levels <= 1), "`q`", "lie in [0, 1]", levels, "The median is q=0.5.", "outside")
    shares, container = Shares.of(w, f, cluster, "quantile")
    value = shares.reach(levels)
    errors = shares.errors(value, shares.share(value))
    spread = _se_of_share(shares, levels, [square for square, _ in errors])
    low, high = _between(shares, levels, spread)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.where(high == low, 0.0, (high - low) / (2 * spread))
        squares = np.where(high == low, 0.0, np.square((high - low) / 2) / shares.rows.factor)

    lines, ess_f = partial(_lines_of_quantile, shares, value, slope), partial(_ess_f, shares, value, scalar)
    terms = Terms(shares.rows, lines, w.n, scalar, ess_f, container)
    trail = (*w.trail, Step("quantile", _said(shares.rows)))
    e = make(value, squares.tolist(), [sides for _, sides in errors], terms, trail)
    interval = partial(_turned_round, shares, levels, spread, np.atleast_1d(e.inflation), scalar)
    return replace(e, _terms=replace(terms, interval=interval))


def _turned_round(
    shares: Shares, levels: np.ndarray, spread: np.ndarray, inflation: np.ndarray, scalar: bool, level: float
) -> Interval:
    """Woodruff's interval: the quantiles at both ends of the interval of F."""
    with np.errstate(invalid="ignore"):
        half = np.where(spread == 0, 0.0, t_quantile(shares.rows.df, level) * spread * inflation)
    low, high = _between(shares, levels, half)
    return _one(low, scalar), _one(high, scalar)


def _lines_of_share(shares: Shares, at: np.ndarray, raw: bool) -> list[Dense]:
    return shares.lines(raw, at)


def _lines_of_quantile(shares: Shares, value: np.ndarray, slope: np.ndarray, raw: bool) -> list[Dense]:
    """Influences of quantiles: more mass below moves them down."""
    lines = zip(shares.lines(raw, value), slope, strict=True)
    return [Dense(np.where(line.phi == 0, 0.0, -s * line.phi)) for line, s in lines]


def _ess_f(shares: Shares, at: np.ndarray, scalar: bool) -> Any:
    return _one(shares.ess_f(at), scalar)


def _points(x: Any, name: str) -> tuple[np.ndarray, bool]:
    a = read(x, name)[0]
    if a.ndim > 1 or a.size == 0:
        raise InputError(f"`{name}` must be one number or a vector of them; got shape {a.shape}.")
    require(~np.isnan(a), f"`{name}`", "be numbers", a, "Drop them first.", "NaN")
    return np.atleast_1d(a), a.ndim == 0


def _one(x: np.ndarray, scalar: bool) -> Any:
    return float(x[0]) if scalar else x


def _said(rows: Rows) -> dict[str, int]:
    return {"clusters": rows.groups} if rows.groups else {}


def _se_of_share(shares: Shares, levels: np.ndarray, squares: Sequence[float]) -> np.ndarray:
    """Standard error of F at the quantile; above the largest f, where F = 1 has none, that of a share of q."""
    total = float(shares.square[-1])
    low = np.interp(levels, np.r_[0.0, shares.mass], np.r_[0.0, shares.square])
    binomial = (1 - levels) ** 2 * low + levels**2 * (total - low)
    found = np.where((np.asarray(squares) == 0) & (not shares.constant), binomial, squares)
    with np.errstate(invalid="ignore"):
        return np.sqrt(shares.rows.factor * found)


def _between(shares: Shares, levels: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Q at the levels -+ half; infinite from 0 and 1 on, but for a constant f."""
    low, high = shares.reach(np.clip(levels - half, 0, 1)), shares.reach(np.clip(levels + half, 0, 1))
    if shares.constant and np.isfinite(half).all():
        return low, high
    return np.where(levels - half <= 0, -np.inf, low), np.where(levels + half >= 1, np.inf, high)
