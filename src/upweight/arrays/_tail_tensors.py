"""k-hat and smoothing for PyTorch, JAX and other array libraries: the same fit, one program for every row.

A compiled or mapped function may not look at its data, so nothing here branches on values and every shape
comes from the shape of the input: M is that of a row without zeros, and what a shorter tail does not use is
masked. The formulas are those of `_tail` and `_pareto`, and the tests hold them together; only the products
of eight factors are missing, because log1p is cheap there. Memory: m grid points times M exceedances a row.

Nothing is differentiated: the change that smoothing makes is added as a constant, so that the gradient of
anything computed from smoothed weights is that of the weights themselves.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ._namespace import Array, device, epsilon, stop_gradient, working
from ._tail_constants import (
    CAP,
    FAR,
    FEWEST,
    NEGLIGIBLE,
    PLAIN,
    PRIOR_K,
    PRIOR_ROWS,
    SMALL_SAMPLE,
    TIE,
    TOO_FEW,
    tail_size,
)

__all__ = ["fit_tensor", "khat_tensor", "psis_tensor"]


class TensorFit(NamedTuple):
    """A fit of the last axis, kept as an axis of length one; sigma in units of exp(unit)."""

    k: Array
    sigma: Array
    unit: Array


class Judged(NamedTuple):
    """The largest logs (..., T), ascending, which of them exceed the cut, how many do, and the verdict."""

    tail: Array
    inside: Array
    count: Array
    cut: Array
    fit: TensorFit
    khat: Array


def khat_tensor(xp: Any, l: Array, r_eff: float) -> Array:
    """`khat` for tensors."""
    constant = working(xp, stop_gradient(xp, l))
    reach = _reach(l, r_eff)
    if reach is None:
        return _unjudged(xp, l)
    with np.errstate(all="ignore"):  # NumPy in disguise would warn of what is masked
        found = _judge(xp, xp.sort(constant, axis=-1), reach, r_eff, epsilon(xp, l))
    return xp.astype(found.khat[..., 0], l.dtype)


def psis_tensor(xp: Any, l: Array, r_eff: float) -> tuple[Array, Array]:
    """`psis` for tensors."""
    constant = working(xp, stop_gradient(xp, l))
    reach = _reach(l, r_eff)
    if reach is None:
        return l, _unjudged(xp, l)
    order = xp.argsort(constant, axis=-1)
    with np.errstate(all="ignore"):  # NumPy in disguise would warn of what is masked
        found = _judge(xp, xp.take_along_axis(constant, order, axis=-1), reach, r_eff, epsilon(xp, l))
        change = _change(xp, found)
    rest = xp.zeros_like(constant)[..., : l.shape[-1] - change.shape[-1]]
    back = xp.argsort(order, axis=-1)
    change = xp.take_along_axis(xp.concat([rest, change], axis=-1), back, axis=-1)
    return l + stop_gradient(xp, xp.astype(change, l.dtype)), xp.astype(found.khat[..., 0], l.dtype)


def fit_tensor(xp: Any, y: Array) -> tuple[Array, Array]:
    """`fit_pareto` for tensors; entries that are not above zero are left out."""
    l = xp.sort(working(xp, stop_gradient(xp, y)), axis=-1)
    if y.shape[-1] < FEWEST:
        return _unjudged(xp, y), _unjudged(xp, y)
    inside = l > 0
    l = xp.log(xp.where(inside, l, xp.ones_like(l)))
    count = _count(xp, inside, l)
    with np.errstate(all="ignore"):  # NumPy in disguise would warn of what is masked
        fit = _fit(xp, l, inside, count, xp.full_like(l[..., :1], -math.inf))
    few = count < FEWEST
    k, sigma = (xp.where(few, xp.full_like(x, math.nan), x)[..., 0] for x in (fit.k, fit.sigma * xp.exp(fit.unit)))
    return xp.astype(k, y.dtype), xp.astype(sigma, y.dtype)


def _reach(l: Array, r_eff: float) -> int | None:
    """Tail size of a row without zeros; None if even that is too short to judge."""
    n = l.shape[-1]
    size = tail_size(n, r_eff) if n >= TOO_FEW else 0
    return size if size >= FEWEST else None


def _unjudged(xp: Any, l: Array) -> Array:
    return xp.full(l.shape[:-1], math.nan, dtype=l.dtype, device=device(l))


def _count(xp: Any, mask: Array, like: Array) -> Array:
    return xp.sum(xp.astype(mask, like.dtype), axis=-1, keepdims=True)


def _sizes(xp: Any, rows: Array, n: int, reach: int, r_eff: float) -> Array:
    """M for each number of positive weights; that of all n is exact in every dtype."""
    root, fifth = xp.floor(3 * xp.sqrt(rows / r_eff)), xp.floor(rows / SMALL_SAMPLE)
    size = xp.where(rows * r_eff > PLAIN, root, fifth)
    for most in (xp.full_like(rows, reach), rows - 1):
        size = xp.where(size > most, most, size)
    size = xp.where(size < 0, xp.zeros_like(size), size)
    return xp.where(rows == n, xp.full_like(rows, reach), size)


def _judge(xp: Any, ascending: Array, reach: int, r_eff: float, eps: float) -> Judged:
    n, length = ascending.shape[-1], reach + 1
    rows = _count(xp, ascending != -math.inf, ascending)
    size = _sizes(xp, rows, n, reach, r_eff)
    tail = ascending[..., n - length :]
    place = xp.arange(length, device=device(tail))
    start = xp.astype(reach - size, place.dtype)
    cut = xp.take_along_axis(tail, start, axis=-1)
    size_of_l = xp.abs(tail)
    near = TIE * eps * xp.where(size_of_l > 1, size_of_l, xp.ones_like(tail))
    inside = (place > start) & (tail - cut > near)
    fresh = inside[..., 1:] & (~inside[..., :-1] | (tail[..., 1:] - tail[..., :-1] > near[..., 1:]))
    count, top = _count(xp, inside, tail), tail[..., -1:]
    judged = (rows >= TOO_FEW) & (size >= FEWEST) & xp.isfinite(top)
    few = _count(xp, fresh, tail) < FEWEST
    shared = top - tail[..., -FEWEST:][..., :1] <= near[..., -1:]
    fit = _fit(xp, tail, inside, count, cut)
    flat = judged & ((count == 0) | (few & shared))
    nothing = xp.where(flat, xp.full_like(top, -math.inf), xp.full_like(top, math.nan))
    return Judged(tail, inside, count, cut, fit, xp.where(judged & ~few, fit.k, nothing))


def _fit(xp: Any, l: Array, inside: Array, count: Array, cut: Array) -> TensorFit:
    """`fit_logs` on the entries of `l` that are `inside`, which end the last axis."""
    length = l.shape[-1]
    m = 30 + math.isqrt(length)
    size = xp.where(count > 1, count, xp.ones_like(count))
    index = xp.arange(length, device=device(l)).dtype
    q = length - xp.astype(size, index) + xp.astype(xp.floor(size / 4 + 0.5), index) - 1
    q = xp.where(q < 0, xp.zeros_like(q), q)
    unit = xp.take_along_axis(l, q, axis=-1)
    lift = xp.where(inside, l - unit, xp.zeros_like(l))
    below = xp.where(inside, xp.expm1(cut - l), xp.full_like(l, -1.0))
    share = below / xp.take_along_axis(below, q, axis=-1)
    spare = xp.where(lift > CAP, lift - CAP, xp.zeros_like(l))
    y = xp.where(inside, xp.exp(lift - spare) * share, xp.zeros_like(l))
    beyond = xp.sum(spare, axis=-1, keepdims=True) / size
    mean_y = xp.sum(y, axis=-1, keepdims=True) / size

    j = xp.arange(1, m + 1, dtype=l.dtype, device=device(l))
    points = 30 + xp.floor(xp.sqrt(size))
    b = (xp.sqrt(points / (j - 0.5)) - 1) / 3 - xp.exp(-lift[..., -1:]) / share[..., -1:]
    kappa = xp.sum(xp.log1p(b[..., None] * y[..., None, :]), axis=-1) / size + beyond
    loglik = size * (xp.log(_per_kappa(xp, b, kappa, mean_y)) - kappa - 1)
    w = _posterior(xp, xp.where(j <= points, loglik, xp.full_like(loglik, -math.inf)))
    b = xp.sum(w * xp.where(w > 0, b, xp.zeros_like(b)), axis=-1, keepdims=True)
    kappa = xp.sum(xp.log1p(b * y), axis=-1, keepdims=True) / size + beyond
    k = (size * kappa + PRIOR_ROWS * PRIOR_K) / (size + PRIOR_ROWS)
    sigma = -xp.take_along_axis(below, q, axis=-1) / _per_kappa(xp, b, kappa, mean_y)
    return TensorFit(k, sigma, unit)


def _per_kappa(xp: Any, b: Array, kappa: Array, mean_y: Array) -> Array:
    none = kappa == 0
    return xp.where(none, 1 / mean_y, b / xp.where(none, xp.ones_like(kappa), kappa))


def _posterior(xp: Any, loglik: Array) -> Array:
    w = xp.exp(loglik - xp.max(loglik, axis=-1, keepdims=True))
    w = w / xp.sum(w, axis=-1, keepdims=True)
    w = xp.where(w < NEGLIGIBLE * epsilon(xp, w), xp.zeros_like(w), w)
    return w / xp.sum(w, axis=-1, keepdims=True)


def _change(xp: Any, found: Judged) -> Array:
    """What smoothing adds to the tail: the fitted quantiles less the exceedances, zero elsewhere."""
    tail, inside, count, cut, fit, khat = found
    length = tail.shape[-1]
    size = xp.where(count > 0, count, xp.ones_like(count))
    rank = xp.arange(1, length + 1, dtype=tail.dtype, device=device(tail)) - (length - count)
    p = xp.where(inside, (rank - 0.5) / size, xp.zeros_like(tail))
    level = -xp.log1p(-p)
    straight = khat == 0
    k = xp.where(straight | ~xp.isfinite(khat), xp.ones_like(khat), khat)
    grown = k * level
    far = grown > FAR
    above = xp.where(straight, level, xp.expm1(xp.where(far, xp.zeros_like(grown), grown)) / k)
    near = xp.log(xp.exp(cut - fit.unit) + fit.sigma * above)
    smooth = fit.unit + xp.where(far & ~straight, grown + xp.log(xp.abs(fit.sigma / k)), near)
    top = tail[..., -1:]
    smooth = xp.where(smooth < top, smooth, top)
    moved = inside & xp.isfinite(khat) & ~xp.isnan(smooth)
    return xp.where(moved, smooth - xp.where(inside, tail, xp.zeros_like(tail)), xp.zeros_like(tail))
