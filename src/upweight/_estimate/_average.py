"""Weighted averages: self-normalised, plain, with a control variate, and Horvitz-Thompson totals.

The trouble: four formulas are called "the weighted mean", and each has its own error.

    self      mu = sum W f                              no scale of w needed; small bias of order 1/ESS; the one to use if unsure
    plain     mu = mean(w f)                            unbiased if the weights are exact; noisy if f is far from 0
    control   mu = mean(w f) - beta (mean(w) - 1)       exact weights only; beta = Cov(w f, w)/Var(w) removes the scale's noise
    total     T  = sum w f                              inclusion weights only: a sum over the population

Copies (frequency) are averaged as repeated rows. `f` is read less a pivot, so that a constant f is exact and f = 1e9 + noise loses no
digit.

What is inside: `mean`, which `Weights.mean` calls; `rows_of`, what all averages of the same weights share; `multipliers`, the
weights on the scale that a formula needs.

Sources: Hesterberg (1995) for self-normalising and control variates; Horvitz and Thompson (1952) for totals, their variance
under Poisson sampling; Owen (2013), Monte Carlo theory, methods and examples, chapter 9.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError, KindError
from .._frames import Container, labels, read_columns, require, same_rows
from .._weights import Step
from ..arrays import ess_for
from ..arrays._ess import positive
from ..arrays._log import sums as log_sums
from ..arrays._tail import TIE
from ._estimate import Estimate, Terms, make
from ._influence import Line, Multipliers, Rows, blocks, scan

if TYPE_CHECKING:
    from .._weights import Weights

__all__ = ["clusters_of", "few_values", "mean", "multipliers", "one_column", "rows_of"]

MANY = 3  # distinct values of f from which its tail is watched
LAWFUL_HOW = {"importance": ("self", "plain", "control"), "inclusion": ("self", "total"), "frequency": ("self",)}
LARGEST_LOG = 709.0


def mean(w: Weights, f: Any, *, how: str = "self", cluster: Any = None) -> Estimate:
    """Weighted average of `f` with a tail-adjusted interval; what `Weights.mean` does.

    w : one vector of weights, kind importance, inclusion or frequency. f : (n,) or (n, c), finite where w > 0.
    how : self, plain, control (exact weights) or total (inclusion weights). cluster : (n,) labels.
    """
    w._one_vector("mean")
    w._refuse_all_zero()
    _lawful(w, how)
    f, scalar, container = _values(w, f)
    codes, groups = clusters_of(w, cluster)
    u = multipliers(w, how)
    rows = rows_of(w, u, how, codes, groups)
    zero = w.log_w == -np.inf if rows.copies is not None or rows.support < w.n else None
    fits = _Fits.of(u, f, how, zero)
    watch = [not rows.flat and few_values(column, zero) >= MANY for column in fits.columns]
    squares, sides = fits.scan(u, rows, watch=watch)
    before = fits
    if w.tamed:
        u = multipliers(w.raw, how)
        before = _Fits.of(u, fits.columns, how, zero)
        sides = before.scan(u, rows, watch=watch)[1]
    lines, ess_f = partial(_lines, w, how, fits, before), partial(_ess_f, w, fits.columns, scalar)
    terms = Terms(rows, lines, w.n, scalar, ess_f, container)
    said = {"how": how} | ({"clusters": groups} if groups else {})
    return make(fits.values(), squares, sides, terms, (*w.trail, Step("mean", said)))


# ---- what all averages of some weights share ------------------------------------------------------------------------------


def multipliers(w: Weights, how: str) -> Multipliers:
    """The weights on the scale of the formula: sum one (self), w/n (plain, control), w (total)."""
    l = w.log_w
    if w.kind == "frequency":
        copies = w._copies()
        size = float(copies.sum())
        return Multipliers(l, 0.0, 1 / size, 1.0, size, copies)
    sums = log_sums(l, squares=True)
    peak, total = float(sums.peak), float(sums.w)
    ess = total * (total / float(np.asarray(sums.w2)))
    if how == "self":
        return Multipliers(l, peak, 1 / total, 1.0, ess)
    if peak > LARGEST_LOG:
        raise InputError(f"how={how!r} overflows: the largest log-weight is {peak:.6g}. Use how='self'.")
    scale = 1.0 if how == "total" else 1 / w.n
    return Multipliers(l, 0.0, scale, total * (math.exp(peak) * scale), ess)


def rows_of(w: Weights, u: Multipliers, how: str, codes: np.ndarray | None, groups: int) -> Rows:
    """Sizes, degrees of freedom and tail that every average with these multipliers shares."""
    everyone = how in ("plain", "control")  # rows of weight zero count
    support = int(positive(w.log_w)) if u.copies is None else int(u.copies.sum())
    size = w.n if everyone else support
    drawn, worth = size, u.ess
    if codes is not None:
        totals = np.bincount(codes, u.whole(), groups)
        worth = float(totals.sum() ** 2 / np.einsum("i,i", totals, totals))
        drawn = groups if everyone else int(np.count_nonzero(np.bincount(codes, w.log_w > -np.inf, groups)))
    factor = math.inf if min(drawn, support) < 2 else 1.0 if how == "total" else drawn / (drawn - 1)
    n = w.n if u.copies is None else support
    flat = u.copies is not None or (how != "total" and support == size and _equal(w.raw))
    return Rows(n, support, size, factor, u.ess, worth, w.raw.khat, flat, u.copies, codes, groups)


def clusters_of(w: Weights, cluster: Any) -> tuple[np.ndarray | None, int]:
    """Numbers (n,) of the rows' clusters and how many there are; (None, 0) without clusters."""
    if cluster is None:
        return None, 0
    codes, levels, container = labels(cluster, "cluster")
    _same_length(w, codes.shape[0], "cluster")
    same_rows(w._container, container, ("weights", "cluster"))
    return codes, len(levels)


def _equal(w: Weights) -> bool:
    """Whether all positive weights are the same; a finite k-hat says no without looking."""
    if math.isfinite(w.khat):
        return False
    l = w.log_w[w.log_w > -np.inf]
    top = float(l.max())
    return top - float(l.min()) <= TIE * np.finfo(float).eps * max(1.0, abs(top))


def _lawful(w: Weights, how: str) -> None:
    if how not in ("self", "plain", "control", "total"):
        raise InputError(f"`how` must be 'self', 'plain', 'control' or 'total'; got {how!r}. If unsure, leave it out.")
    if how not in LAWFUL_HOW[w.kind]:
        may = " or ".join(repr(h) for h in LAWFUL_HOW[w.kind])
        raise KindError(f"how={how!r} is not for {w.kind} weights, which do not promise what it needs. Use how={may}.")
    if how == "control" and not w.exact:
        why = "taming breaks it: use w.raw" if w.tamed else "if theirs is one, say so: w.declare(exact=True)"
        raise KindError(f"how='control' needs weights that promise a mean of one; {why}, or use how='self'.")
    if how == "total":
        low = (w.log_w < -1e-9) & (w.log_w > -np.inf)
        require(
            ~low, "inclusion weights", "be at least 1 for how='total'", np.exp(w.log_w), "Pass 1/probability.", "below"
        )


# ---- f ------------------------------------------------------------------------------------------------------------------


def _values(w: Weights, f: Any) -> tuple[np.ndarray, bool, Container]:
    """`f` as (c, n), whether it was one column, and its container."""
    a, container = read_columns(f, "f")
    if a.ndim not in (1, 2) or a.size == 0:
        raise InputError(
            f"`f` must be (n,) or (n, c) with at least one column; got shape {a.shape}. Pass one number a row."
        )
    _same_length(w, a.shape[0], "f")
    same_rows(w._container, container, ("weights", "f"))
    return (a[None] if a.ndim == 1 else np.ascontiguousarray(a.T)), a.ndim == 1, container


def one_column(w: Weights, f: Any) -> tuple[np.ndarray, Container]:
    """`f` (n,), finite where the weight is positive, with its container; tables are refused."""
    a, scalar, container = _values(w, f)
    if not scalar:
        raise InputError(f"`f` must be one column here; got {len(a)}. Pass one at a time.")
    return without_gaps(a[0], w.log_w == -np.inf), container


def _same_length(w: Weights, rows: int, name: str) -> None:
    if rows != w.n:
        raise InputError(
            f"`{name}` must have one entry a weight; got {rows:,} for {w.n:,} weights. Pass both of the same rows."
        )


def without_gaps(f: np.ndarray, zero: np.ndarray | None) -> np.ndarray:
    """`f` (n,) as it is if finite; what is not is refused where the weight is positive, and set to a finite value elsewhere."""
    finite = np.isfinite(f)
    if finite.all():
        return f
    remedy = "Drop those rows, or give them weight 0."
    what = "NaN" if np.isnan(f[~finite]).any() else "infinite"
    require(finite | (False if zero is None else zero), "`f`", "be finite where the weight is > 0", f, remedy, what)
    return np.where(finite, f, f[finite][0])


def few_values(f: np.ndarray, zero: np.ndarray | None) -> int:
    """How many distinct values `f` has where the weight is positive, counted to three."""
    first = second = f[0] if zero is None else f[int(np.argmin(zero))]
    for piece in blocks(f.size):
        part = f[piece]
        other = (part != first) & (part != second)
        if zero is not None:
            other &= ~zero[piece]
        if not other.any():
            continue
        if second == first:
            second = part[int(np.argmax(other))]
            other &= part != second
        if other.any():
            return MANY
    return 1 if second == first else 2


def _lines(w: Weights, how: str, fits: _Fits, before: _Fits, raw: bool) -> list[Line]:
    """The influences of each average, as used or before taming."""
    return before.lines(multipliers(w.raw, how)) if raw else fits.lines(multipliers(w, how))


def _ess_f(w: Weights, columns: Sequence[np.ndarray], scalar: bool) -> Any:
    found = [w.ess if w.kind == "frequency" else float(ess_for(w.log_w, f)) for f in columns]
    return found[0] if scalar else np.array(found)


# ---- the four formulas --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fit:
    value: float
    shift: float
    level: float = 0.0


@dataclass(frozen=True, eq=False)
class _Fits:
    """Averages of several columns by one formula."""

    columns: Sequence[np.ndarray]
    each: Sequence[_Fit]
    how: str

    @classmethod
    def of(cls, u: Multipliers, f: Iterable[np.ndarray], how: str, zero: np.ndarray | None) -> _Fits:
        formula = {"self": _self, "plain": _plain, "control": _control, "total": _total}[how]
        columns, each = [], []
        for column in f:
            with np.errstate(all="ignore"):
                fit = formula(u, column)
                if not math.isfinite(fit.value):  # something in f is not, perhaps only where the weight is zero
                    column = without_gaps(column, zero)
                    fit = formula(u, column)
            if not math.isfinite(fit.value):
                raise InputError(f"`f` reaches {np.abs(column).max():.3g}, more than its average can hold. Rescale it.")
            columns.append(column)
            each.append(fit)
        return cls(columns, each, how)

    def values(self) -> np.ndarray:
        return np.array([fit.value for fit in self.each])

    def lines(self, u: Multipliers) -> list[Line]:
        v = replace(u, design=self.how == "total")
        return [Line(v, f, fit.shift, fit.level) for f, fit in zip(self.columns, self.each, strict=True)]

    def scan(self, u: Multipliers, rows: Rows, *, watch: Sequence[bool]) -> tuple[list[float], list[list[float]]]:
        pairs = [scan(line, rows, u.n, watch=x) for line, x in zip(self.lines(u), watch, strict=True)]
        return [square for square, _ in pairs], [sides for _, sides in pairs]


def _self(u: Multipliers, f: np.ndarray) -> _Fit:
    """mu = sum W f"""
    pivot = _pivot(u, f)
    mu = pivot + u.dot(f, pivot)
    return _Fit(mu, mu)


def _plain(u: Multipliers, f: np.ndarray) -> _Fit:
    """mu = mean(w f)"""
    mu = u.dot(f, 0.0)
    return _Fit(mu, 0.0, -mu / u.n)


def _control(u: Multipliers, f: np.ndarray) -> _Fit:
    """mu = mean(w f) - beta (mean(w) - 1), with f less a pivot, so that a constant f is exact."""
    n, pivot = u.n, _pivot(u, f)
    mean_w, mean_wf = u.total, u.dot(f, pivot)
    cov = var = 0.0
    for piece in blocks(n):
        w = u.part(piece) * n
        far = w - mean_w
        cov += float(np.einsum("i,i", w * (f[piece] - pivot) - mean_wf, far))
        var += float(np.einsum("i,i", far, far))
    beta = cov / var if var > 0 else 0.0
    mu = mean_wf - beta * (mean_w - 1)
    return _Fit(pivot + mu, pivot + beta, (beta - mu) / n)


def _total(u: Multipliers, f: np.ndarray) -> _Fit:
    """T = sum w f"""
    return _Fit(u.dot(f, 0.0), 0.0)


def _pivot(u: Multipliers, f: np.ndarray) -> float:
    """A value of f that counts; less it, no digit is lost to an offset."""
    return float(f[0] if u.log_w[0] > -np.inf else f[int(np.argmax(u.log_w > -np.inf))])
