"""Arithmetic on estimates, by the delta method on their influences.

The trouble: a difference of two averages over the same rows is far more certain than their error bars suggest, a ratio is another
thing than the mean of ratios, and percent are a hundred times shares. Influences know all of it:

    g(a, b) - g(truth) ~ dg/da psi_a + dg/db psi_b

so that covariance is kept, clusters are kept, and the tail of the combination is looked at afresh.

What is inside: `combined`, two estimates; `shifted`, an estimate and a number; `through`, a function of one; `picked`, one of several. All of them from `Terms` to `Terms`.

Sources: Huber (1967); Oehlert (1992), A note on the delta method, Am. Stat. 46.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from .._errors import InputError, KindError
from .._frames import same_rows
from ._belief import Average, average
from ._influence import Dense, Influences, Scaled
from ._interval import Box, IntervalRule, Mapped, never_seen
from ._sample import WeightedSample
from ._terms import Terms

__all__ = ["combined", "picked", "shifted", "through"]

ROUNDING = 1e-13
LARGEST = 700.0  # the exponential of more leaves the range of a float
Rule = Callable[[float, float], tuple[float, float, float]]


def combined(x: Terms, y: Terms, name: str, rule: Rule) -> Terms:
    """g(a, b) over the same rows; `rule` gives its value and both derivatives."""
    if x.each[0].sample.repeats != y.each[0].sample.repeats:
        raise KindError(
            "one estimate is of repeats, the other of rows, and nothing pairs them. Difference their values, and add the squares of their errors."
        )
    if x.size != y.size:
        if x.each[0].sample.repeats:
            raise InputError(f"repeats are paired by number; got {x.size:,} and {y.size:,}. Leave the odd ones out.")
        raise InputError(
            f"both estimates must be over the same rows; got {x.size:,} and {y.size:,}. Give absent rows weight 0."
        )
    same_rows(x.container, y.container, ("left estimate", "right estimate"))
    if name == "ratio" and any(one.value == 0 for one in y.each):
        raise InputError("a ratio needs a denominator other than 0; got 0. Compare by difference instead.")
    shape, pairs = _paired(x, y)
    each = tuple(_one(p, q, x.size, name, rule) for p, q in pairs)
    if name == "ratio":
        each = tuple(_doubted(e, q, "the denominator") for e, (_, q) in zip(each, pairs, strict=True))
    names = (x if len(x.each) >= len(y.each) else y).names
    container = x.container if x.container.index is not None else y.container
    return Terms(each, shape, x.size, names, container)


def _paired(x: Terms, y: Terms) -> tuple[tuple[int, ...], list[tuple[Average, Average]]]:
    """The averages of both side by side, one against many if need be."""
    try:
        shape = np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        raise InputError(
            f"both estimates must hold as many averages, or one of them one; got {x.shape} and {y.shape}. Pick with e[i]."
        ) from None
    left, right = (np.broadcast_to(np.arange(len(t.each)).reshape(t.shape), shape).ravel() for t in (x, y))
    return shape, [(x.each[i], y.each[j]) for i, j in zip(left.tolist(), right.tolist(), strict=True)]


def _one(a: Average, b: Average, n: int, name: str, rule: Rule) -> Average:
    sample = _common(a.sample, b.sample)
    value, by_a, by_b = rule(a.value, b.value)
    itself = a is b and name in ("difference", "ratio")
    if itself:
        by_a, by_b = by_a + by_b, 0.0
    phi = _sum(by_a, a.line, by_b, b.line, n)
    raw = phi if a.raw is a.line and b.raw is b.line else _sum(by_a, a.raw, by_b, b.raw, n)
    line = Dense(phi)
    before = line if raw is phi else Dense(raw)
    counted = [x for x, by in ((a, by_a), (b, by_b)) if by != 0]
    bounded = a.bounded and b.bounded
    if any(math.isinf(x.norm) for x in counted):
        tails, own = ((*a.tails, *b.tails), (*a.own_tails, *b.own_tails))
        found = Average(value, sample, line, before, math.inf, tails, own, bounded)
    else:
        found = average(value, line, sample, n, raw=before, bounded=bounded)
    if name == "difference" and found.norm <= ROUNDING * (a.norm + b.norm) and abs(value) <= ROUNDING * abs(a.value):
        nothing = Dense(np.zeros(n))  # the same average by two formulas: what is left is rounding
        found = replace(found, value=0.0, line=nothing, raw=nothing, norm=0.0)
    if (
        bounded and sample.codes is not None
    ):  # two lumps of influences are no tail; either part's own clusters were judged
        found = replace(found, tails=tuple(k for x in counted for k in x.tails))
    found = replace(found, doubt=a.doubt or b.doubt, reach=tuple(r for x in counted for r in _reach(x)))
    if not itself and (never_seen(a.interval) or never_seen(b.interval)):
        return replace(found, interval=Box(a.ends, b.ends, name), reach=())
    return found


def _sum(by_a: float, a: Influences, by_b: float, b: Influences, n: int) -> np.ndarray:
    """Influences of both, each times its derivative; infinite ones, of quantiles without an upper end, may cancel to nan."""
    whole = slice(0, n)
    with np.errstate(invalid="ignore"):
        return Scaled(a, by_a).part(whole) + Scaled(b, by_b).part(whole)


def _reach(x: Average) -> tuple[IntervalRule, ...]:
    """The intervals of which none may be infinite for a symmetric one to mean something."""
    return x.reach if x.interval is None or never_seen(x.interval) else (*x.reach, x.interval)


def _doubted(result: Average, of: Average, what: str) -> Average:
    """The result, in doubt where what it divides by, or takes the log of, may as well be 0."""
    said = of.not_told_from_0
    return replace(result, doubt=result.doubt or f"{what} {said}") if said else result


def _common(a: WeightedSample, b: WeightedSample) -> WeightedSample:
    """What both share: the more cautious figure of either; refuses other clusters or copies."""
    if a is b:
        return a
    if not _alike(a.codes, b.codes):
        raise InputError("both estimates must have the same clusters; pass the same `cluster` to both.")
    if not _alike(a.copies, b.copies):
        raise KindError(
            "copies and weights have different standard errors: both estimates must have the same frequencies. Repeat the rows first."
        )
    unknown = math.isnan(a.khat) or math.isnan(b.khat)
    return replace(
        a,
        n=max(a.n, b.n),
        support=min(a.support, b.support),
        size=max(a.size, b.size),
        factor=max(a.factor, b.factor),
        ess=min(a.ess, b.ess),
        worth=min(a.worth, b.worth),
        khat=math.nan if unknown else max(a.khat, b.khat),
        equal=a.equal and b.equal,
        doubt=a.doubt or b.doubt,
    )


def _alike(x: np.ndarray | None, y: np.ndarray | None) -> bool:
    if x is None or y is None:
        return x is y
    return x is y or np.array_equal(x, y)


def shifted(x: Terms, number: float, name: str) -> Terms:
    """Sum, difference, product or ratio with a number: the interval moves along, whatever its shape."""
    if not math.isfinite(number) or (name == "ratio" and number == 0):
        raise InputError(f"a {name} needs a finite number{' other than 0' * (name == 'ratio')}; got {number:g}.")
    by = {"product": number, "ratio": 1 / number if number else 1.0}.get(name, 1.0)
    to = {"sum": number, "difference": -number}.get(name, 0.0)
    return replace(x, each=tuple(a.moved(by, to) for a in x.each))


def through(x: Terms, name: str, rule: Callable[[float], tuple[float, float]]) -> Terms:
    """A function of each average, its value and derivative given by `rule`; intervals of their own shape go through log and exp."""
    refused = {"log": ("above 0", lambda v: v <= 0), "reciprocal": ("other than 0", lambda v: v == 0)}
    refused |= {"exp": (f"below {LARGEST:g}", lambda v: v > LARGEST)}
    what, bad = refused[name]
    for a in x.each:
        if bad(a.value):
            raise InputError(f"a {name} needs an estimate {what}; got {a.value:.6g}. Compare by difference instead.")
    return replace(x, each=tuple(_through(a, name, *rule(a.value)) for a in x.each))


def _through(a: Average, name: str, value: float, slope: float) -> Average:
    mapped = a.interval is not None and (name != "reciprocal" or never_seen(a.interval))
    result = replace(
        a,
        value=value,
        line=Scaled(a.line, slope),
        raw=Scaled(a.raw, slope),
        norm=abs(slope) * a.norm if slope else 0.0,
        interval=Mapped(a.interval, name) if mapped and a.interval is not None else None,
        reach=_reach(a) if name == "reciprocal" else a.reach,
    )
    what = {"reciprocal": "the denominator", "log": "the argument of the log"}.get(name)
    return result if what is None else _doubted(result, a, what)


def picked(x: Terms, which: Any) -> Terms:
    """One average of several, by column name or by place; of a batch by policies a row of them."""
    if isinstance(which, str) or (which in x.names and not isinstance(which, tuple)):
        if which not in x.names:
            raise InputError(f"no average is called {which!r}; they are {', '.join(map(repr, x.names)) or 'numbered'}.")
        which = x.names.index(which)
    if not x.shape:
        raise InputError("e[i] chooses from several averages; this is one already.")
    try:
        places = np.arange(len(x.each)).reshape(x.shape)[which]
    except (IndexError, TypeError):
        raise InputError(f"e[{which!r}] is outside the averages of shape {x.shape}.") from None
    chosen = np.ravel(places).tolist()
    if not chosen:
        raise InputError("e[i] takes at least one average; got none.")
    names = tuple(x.names[i] for i in chosen) if x.names and np.ndim(places) else ()
    return Terms(tuple(x.each[i] for i in chosen), np.shape(places), x.size, names, x.container)
