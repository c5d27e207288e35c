"""Weighted averages: self-normalised, plain, with a control variate, integrals, and Horvitz-Thompson totals.

The trouble: four formulas are called "the weighted mean", and each has its own error.

    self      mu = sum W f                              no scale of w needed; small bias of order 1/ESS; the one to use if unsure
    plain     mu = mean(w f)                            exact weights only: unbiased; noisy if f is far from 0
    control   mu = mean(w f) - beta (mean(w) - 1)       exact weights only; beta = Cov(w f, w)/Var(w) removes the scale's noise
    integral  I  = mean(w f)                            no promise asked: an integral against a target known up to a constant
    total     T  = sum w f                              inclusion weights only: a sum over the population

Copies (frequency) are averaged as repeated rows. `f` is read less a pivot, so that a constant f is exact and f = 1e9 + noise loses no
digit.

What is inside: `mean` and `integral`, which `Weights.mean` and `Weights.integral` call; `average_fit`, one column by one formula, and `AverageFit`, its value and influences.

Sources: Hesterberg (1995) for self-normalising and control variates; Horvitz and Thompson (1952) for totals, their variance
under Poisson sampling; Owen (2013), Monte Carlo theory, methods and examples, chapter 9.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._errors import InputError, KindError
from .._frames import require
from .._weights import Step
from ..arrays import ess_for
from ._belief import Average, average
from ._blocks import groups_of
from ._columns import NamedValues, Values, carried, read_values
from ._estimate import Estimate, estimate
from ._influence import Line, Multipliers, blocks
from ._interval import NeverSeen
from ._sample import ALONE, LEAST_LOG, Groups, WeightedSample, multipliers, sample_of

if TYPE_CHECKING:
    from .._weights import Weights

__all__ = ["AverageFit", "average_fit", "averages", "integral", "mean", "self_normalised"]

ORDINARY = 1e100  # an f below it is not what overflows
FAINT = 1e-180  # mean weight from which a small f may take w f below the normal floats
LAWFUL_HOW = {"importance": ("self", "plain", "control"), "inclusion": ("self", "total"), "frequency": ("self",)}


def mean(
    w: Weights,
    f: Any,
    *,
    how: str = "self",
    cluster: Any = None,
    blocks: int | None = None,
    autocorrelated: bool = False,
    bounds: Any = None,
) -> Estimate:
    """Weighted average of `f` with a tail-adjusted interval; what `Weights.mean` does, argument by argument."""
    _refuse(w, how)
    first = w if w.ndim == 1 else w.pick((0,) * (w.ndim - 1))
    columns = read_values(first, f, bounds)
    if w.ndim > 1:
        return _batch(w, columns, how, cluster, (blocks, autocorrelated))
    groups = groups_of(w, cluster, blocks, autocorrelated, partial(_influences, w, columns, how))
    step = Step("mean", {"how": how} | groups.said)
    return estimate(columns.terms(averages(w, columns, how, groups)), (*w.trail, step))


def integral(
    w: Weights,
    f: Any = None,
    *,
    cluster: Any = None,
    blocks: int | None = None,
    autocorrelated: bool = False,
    bounds: Any = None,
) -> Estimate:
    """Mean of w f on the weights' own scale; what `Weights.integral` does."""
    w._one_vector("integral")
    w._refuse_all_zero()
    if w.kind != "importance":
        raise KindError(
            f"w.integral() is for importance weights; these are {w.kind} weights. A sum over a population is how='total'."
        )
    if any(step.params.get("scale") == "mean one" for step in w.trail):
        raise KindError("these weights were brought to mean one when they were tamed: their scale is lost. Use w.raw.")
    columns = read_values(w, np.ones(w.n) if f is None else f, bounds)
    groups = groups_of(w, cluster, blocks, autocorrelated, partial(_influences, w, columns, "integral"))
    step = Step("integral", groups.said)
    return estimate(columns.terms(averages(w, columns, "integral", groups)), (*w.trail, step))


def averages(w: Weights, columns: NamedValues, how: str, groups: Groups) -> list[Average]:
    """Every column averaged under one vector of weights; tails are those of the weights before taming."""
    u = multipliers(w, how)
    before = multipliers(w.raw, how) if w.tamed else u
    sample = sample_of(w, u, how, groups)
    return [_one(w, x, how, sample, u, before) for x in columns.each]


def _one(w: Weights, x: Values, how: str, sample: WeightedSample, u: Multipliers, before: Multipliers) -> Average:
    used = average_fit(u, x, how)
    raw = used if before is u else average_fit(before, x, how)
    worth = w.ess if w.kind == "frequency" else partial(ess_for, w.log_w, x.values)
    e = average(used.value, used.line, sample, x.values.size, raw=raw.line, bounded=x.bounded, ess_f=worth)
    if e.norm == 0 and math.isfinite(sample.factor) and used.value * x.unit in (0.0, 1.0) and len(x.seen) == 1:
        why = "0 and 1 were not both seen: the interval reaches to the exact bound on the effective rows."
        return replace(e, interval=NeverSeen(used.value, min(sample.ess, sample.worth), u.total, e.k), doubt=why)
    e = replace(e, doubt=carried(x, u, sample, used.share))
    return e if x.unit == 1.0 else e.moved(x.unit)


def _batch(w: Weights, columns: NamedValues, how: str, cluster: Any, dependent: tuple[int | None, bool]) -> Estimate:
    """Averages of every vector of a batch, over the same rows: (...) of them for one column, (..., c) for several."""
    every, groups = [], ALONE
    for i in np.ndindex(w.shape[:-1]):
        one = w.pick(i)
        groups = groups_of(one, cluster, *dependent, partial(_influences, one, columns, how))
        every += averages(one, columns, how, groups)
    shape = w.shape[:-1] if columns.scalar else (*w.shape[:-1], len(columns.each))
    step = Step("mean", {"how": how} | groups.said)
    return estimate(columns.terms(every, shape), (*w.trail, step))


def _influences(w: Weights, columns: NamedValues, how: str) -> list[np.ndarray]:
    u = multipliers(w, how)
    return [average_fit(u, x, how).line.part(slice(None)) for x in columns.each]


def _refuse(w: Weights, how: str) -> None:
    w._refuse_all_zero()
    if how not in ("self", "plain", "control", "total"):
        raise InputError(f"`how` must be 'self', 'plain', 'control' or 'total'; got {how!r}. If unsure, leave it out.")
    if how not in LAWFUL_HOW[w.kind]:
        may = " or ".join(repr(h) for h in LAWFUL_HOW[w.kind])
        raise KindError(f"how={how!r} is not for {w.kind} weights, which do not promise what it needs. Use how={may}.")
    if how in ("plain", "control") and not w.exact:
        why = "taming breaks it: use w.raw" if w.tamed else "if theirs is one, say so: w.declare(exact=True)"
        other = "how='self'" if how == "control" else "how='self'; an integral that needs no promise is w.integral(f)"
        raise KindError(f"how={how!r} needs weights that promise a mean of one; {why}, or use {other}.")
    if how == "total":
        low = (w.log_w < -1e-9) & (w.log_w > -np.inf)
        remedy = "Pass 1/probability."
        require(~low, "inclusion weights", "be at least 1 for how='total'", np.exp(w.log_w), remedy, "below")


# ---- the formulas -----------------------------------------------------------------------------------------------------------


class AverageFit(NamedTuple):
    """A formula's value and the influences of its rows, in units of the column; sum u f/sum u, where it was found on the way."""

    value: float
    line: Line
    share: float = math.nan


def average_fit(u: Multipliers, x: Values, how: str) -> AverageFit:
    """The average of one column by one formula."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = _FORMULAS[how](u, x.values, x.seen[0])
    if not math.isfinite(found.value * x.unit):
        top = float(np.abs(x.values).max()) * x.unit
        if how != "self" and top < ORDINARY:
            raise InputError(
                f"weights of mean {u.total:.3g} have no squares that a float can hold. Use how='self', or check the probabilities."
            )
        raise InputError(f"`f` reaches {top:.3g}, more than its average can hold. Rescale it.")
    if how != "self" and u.total < FAINT:
        _refuse_underflow(u, x)
    return found


def _refuse_underflow(u: Multipliers, x: Values) -> None:
    """The products w f must be normal floats, or the average is noise of rounding."""
    top = float(np.abs(x.values).max())
    if top > 0 and math.log(u.total) + math.log(top) + math.log(x.unit) < LEAST_LOG:
        raise InputError(
            f"w f underflows: the mean weight is {u.total:.3g} and `f` reaches {top * x.unit:.3g}. Rescale f, or raise the logs by a constant."
        )


def self_normalised(u: Multipliers, f: np.ndarray, pivot: float = 0.0) -> AverageFit:
    """mu = sum W f, read less a pivot: a value of f that counts, so that no digit is lost to an offset."""
    mu = pivot + u.dot(f, pivot)
    return AverageFit(mu, Line(u, f, mu), mu)


def _plain(u: Multipliers, f: np.ndarray, pivot: float) -> AverageFit:
    """mu = mean(w f)"""
    mu = u.dot(f, 0.0)
    return AverageFit(mu, Line(u, f, 0.0, -mu / f.size), mu / u.total)


def _control(u: Multipliers, f: np.ndarray, pivot: float) -> AverageFit:
    """mu = mean(w f) - beta (mean(w) - 1), with f less a pivot, so that a constant f is exact."""
    n = f.size
    mean_w, products, cov, var = u.total, [], 0.0, 0.0
    for piece in blocks(n):
        far = u.part(piece)
        wf = far * (f[piece] - pivot)
        far *= n
        far -= mean_w
        products.append(float(wf.sum()))
        cov += n * float(np.einsum("i,i", wf, far))  # of far, whose sum is 0, nothing is left of a mean of w f
        var += float(np.einsum("i,i", far, far))
    mean_wf = math.fsum(products)
    beta = cov / var if var > 0 else 0.0
    mu = mean_wf - beta * (mean_w - 1)
    return AverageFit(pivot + mu, Line(u, f, pivot + beta, (beta - mu) / n), mean_wf / mean_w + pivot)


def _total(u: Multipliers, f: np.ndarray, pivot: float) -> AverageFit:
    """T = sum w f"""
    return AverageFit(u.dot(f, 0.0), Line(replace(u, design=True), f, 0.0))


_FORMULAS: dict[str, Callable[[Multipliers, np.ndarray, float], AverageFit]] = {
    "self": self_normalised,
    "plain": _plain,
    "control": _control,
    "integral": _plain,
    "total": _total,
}
