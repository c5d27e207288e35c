"""Weighted variances, standard deviations, covariances and correlations, each with its error.

The trouble: a weighted variance is printed without an error bar, though it leans on the largest deviations, and under weights on the
largest weights besides: it needs one more than a mean does. All four are averages in disguise, with the means taken out,

    V = c sum W (f - mu)^2,    C = c sum W (f - mu)(g - nu),    r = C/sqrt(V_f V_g),    c = 1/(1 - sum W^2)

(equal weights: the textbook's, ddof 1; copies: c = N/(N - 1)). To first order the means move none of them, so the influences are those
of the average of the products; of r, those of the average of z_f z_g - r (z_f^2 + z_g^2)/2, standardised. Fourth powers decide their tails.

What is inside: `var`, `std`, `cov` and `corr`, which the methods of `Weights` call. Intervals are symmetric on the log scale (variance)
and the artanh scale (correlation), so that none reaches below zero or past one.

Sources: Kish (1965) for c; Fisher (1921) for artanh; Owen (2013), chapter 9, for self-normalised averages.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._errors import InputError
from .._frames import same_rows
from .._weights import Step
from ._average import self_normalised
from ._belief import Average, average
from ._blocks import groups_of
from ._columns import NamedValues, Values, carried, read_values
from ._estimate import Estimate, estimate
from ._influence import Dense, Multipliers, Scaled
from ._interval import Mapped, NeverSeen, NeverVaried, OnScale, Unknown
from ._sample import WeightedSample, multipliers, sample_of

if TYPE_CHECKING:
    from .._weights import Weights

__all__ = ["corr", "cov", "std", "var"]


def var(
    w: Weights,
    f: Any,
    *,
    cluster: Any = None,
    blocks: int | None = None,
    autocorrelated: bool = False,
    bounds: Any = None,
) -> Estimate:
    """Weighted variance of each column of `f`; what `Weights.var` does."""
    return _of_columns(w, f, bounds, "var", (cluster, blocks, autocorrelated), _squared)


def std(
    w: Weights,
    f: Any,
    *,
    cluster: Any = None,
    blocks: int | None = None,
    autocorrelated: bool = False,
    bounds: Any = None,
) -> Estimate:
    """Weighted standard deviation of each column of `f`; what `Weights.std` does."""
    return _of_columns(w, f, bounds, "std", (cluster, blocks, autocorrelated), _root)


def cov(
    w: Weights, f: Any, g: Any, *, cluster: Any = None, blocks: int | None = None, autocorrelated: bool = False
) -> Estimate:
    """Weighted covariance of `f` and `g`; what `Weights.cov` does."""
    x, y, columns = _two(w, f, g, "cov")
    state, step = _state(w, "cov", (cluster, blocks, autocorrelated), lambda u: [_product_line(u, x, y)])
    a = _moment(state, x, y).moved(x.unit * y.unit)
    if (_one_sided(x) or _one_sided(y)) and math.isfinite(state.sample.factor):
        a = replace(a, interval=Unknown())
    return estimate(columns.terms([_doubted(a, state, x, y)]), (*w.trail, step))


def corr(
    w: Weights, f: Any, g: Any, *, cluster: Any = None, blocks: int | None = None, autocorrelated: bool = False
) -> Estimate:
    """Weighted correlation of `f` and `g`; what `Weights.corr` does."""
    x, y, columns = _two(w, f, g, "corr")
    for column, name in ((x, "f"), (y, "g")):
        if len(column.seen) < 2:
            raise InputError(f"`{name}` must hold at least two values to correlate; got one. Leave the constant out.")
    u = multipliers(w, "self")
    z, v = (_standardised(u, column) for column in (x, y))
    r = max(-1.0, min(1.0, u.dot(z * v, 0.0)))
    psi = lambda u: Dense(u.whole() * (z * v - r * (z * z + v * v) / 2))
    state, step = _state(w, "corr", (cluster, blocks, autocorrelated), lambda u: [psi(u).phi])
    raw = psi(state.before) if state.before is not state.u else None
    a = average(r, psi(state.u), state.sample, w.n, raw=raw, bounded=x.bounded and y.bounded, lump=z > 0)
    a = replace(a, interval=OnScale(r, a.spread, "artanh"))
    return estimate(columns.terms([_doubted(a, state, x, y)]), (*w.trail, step))


# ---- what the four share ----------------------------------------------------------------------------------------------------


class _State(NamedTuple):
    """The weights as used and before taming, and what their averages share."""

    u: Multipliers
    before: Multipliers
    sample: WeightedSample


Dependent = tuple[Any, int | None, bool]  # cluster, blocks, autocorrelated


def _state(
    w: Weights, name: str, dependent: Dependent, series: Callable[[Multipliers], list[np.ndarray]]
) -> tuple[_State, Step]:
    """What all figures of one call share; `series` gives the influences from which a length of blocks is found."""
    u = multipliers(w, "self")
    groups = groups_of(w, *dependent, partial(series, u))
    before = multipliers(w.raw, "self") if w.tamed else u
    return _State(u, before, sample_of(w, u, "self", groups)), Step(name, groups.said)


def _of_columns(
    w: Weights, f: Any, bounds: Any, name: str, dependent: Dependent, finish: Callable[[Average, float], Average]
) -> Estimate:
    _refuse(w, name)
    columns = read_values(w, f, bounds)
    state, step = _state(w, name, dependent, lambda u: [_product_line(u, x, x) for x in columns.each])
    each = [finish(_variance(state, x), x.unit) for x in columns.each]
    return estimate(columns.terms(each), (*w.trail, step))


def _refuse(w: Weights, verb: str) -> None:
    w._one_vector(verb)
    w._refuse_all_zero()


def _two(w: Weights, f: Any, g: Any, verb: str) -> tuple[Values, Values, NamedValues]:
    _refuse(w, verb)
    left, right = (read_values(w, values, name=name) for values, name in ((f, "f"), (g, "g")))
    same_rows(left.container, right.container, ("f", "g"))
    for columns, name in ((left, "f"), (right, "g")):
        columns.only(name)
    return left.each[0], right.each[0], left


def _variance(state: _State, x: Values) -> Average:
    a = _moment(state, x, x)
    if _one_sided(x) and math.isfinite(state.sample.factor):
        rows = min(state.sample.ess, state.sample.worth)
        interval = NeverVaried(NeverSeen(x.seen[0], rows, 1.0, a.k))
    else:
        interval = OnScale(a.value, a.spread, "log")
    return _doubted(replace(a, interval=interval), state, x)


def _one_sided(x: Values) -> bool:
    """Whether f is 0 everywhere, or 1: an event that was never seen, or its opposite."""
    return len(x.seen) == 1 and x.seen[0] * x.unit in (0.0, 1.0)


def _moment(state: _State, x: Values, y: Values) -> Average:
    """c sum W (f - mu)(g - nu) in the units of the columns."""
    ends, far = _products(state.u, x, y)
    mean, line, _ = self_normalised(state.u, far)
    raw = line if state.before is state.u else self_normalised(state.before, _products(state.before, x, y)[1]).line
    a = average(mean, line, state.sample, far.size, raw=raw, bounded=x.bounded and y.bounded, lump=ends > 0)
    freedom = 1 - 1 / state.sample.ess
    return a.moved(1 / freedom) if freedom > 0 else a


def _products(u: Multipliers, x: Values, y: Values) -> tuple[np.ndarray, np.ndarray]:
    """f - mu, and (f - mu)(g - nu)."""
    ends = _far(u, x)
    return ends, ends * (ends if y is x else _far(u, y))


def _product_line(u: Multipliers, x: Values, y: Values) -> np.ndarray:
    """Influences (n,) of the average of (f - mu)(g - nu)."""
    return self_normalised(u, _products(u, x, y)[1]).line.part(slice(None))


def _far(u: Multipliers, x: Values) -> np.ndarray:
    """f less its weighted mean."""
    return x.values - self_normalised(u, x.values, x.seen[0]).value


def _standardised(u: Multipliers, x: Values) -> np.ndarray:
    far = _far(u, x)
    return far / math.sqrt(u.dot(far * far, 0.0))


def _squared(a: Average, unit: float) -> Average:
    """A variance in the squared unit of f."""
    if a.value and not 0 < a.value * unit * unit < math.inf:
        raise InputError(
            f"a variance of {a.value:.3g} times {unit:.3g} squared leaves the range of a float. Rescale f, or take w.std(f)."
        )
    return a if unit == 1.0 else a.moved(unit * unit)


def _root(a: Average, unit: float) -> Average:
    """The standard deviation of a variance: psi/(2 sd), its interval the root of that interval."""
    sd = math.sqrt(a.value)
    slope = 1 / (2 * sd) if sd > 0 else 0.0
    interval = None if a.interval is None else Mapped(a.interval, "root")
    lines = [Scaled(line, slope) for line in (a.line, a.raw)]
    root = replace(a, value=sd, line=lines[0], raw=lines[1], norm=slope * a.norm, interval=interval)
    return root if unit == 1.0 else root.moved(unit)


def _doubted(a: Average, state: _State, *columns: Values) -> Average:
    unseen = "0 and 1 were not both seen: no spread can be told of what never varied."
    doubts = (unseen if _one_sided(x) else carried(x, state.u, state.sample) for x in columns)
    return replace(a, doubt=a.doubt or next((doubt for doubt in doubts if doubt), ""))
