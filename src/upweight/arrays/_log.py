"""Sums of weights that never leave the logarithms.

Weights of real problems span hundreds of orders of magnitude: `exp` of a log-density overflows at 710 and
is zero at -746. All sums are therefore taken relative to the largest weight,

    LSE(l) = m + log sum_i exp(l_i - m),    m = max_i l_i  (0 if that is not finite)

so that the largest term is exactly one. The last axis is the sample, leading axes are a batch. A weight of
zero is `-inf` and adds nothing; a sum of zeros is `-inf`, without a warning; NaN stays NaN.

Inside: `log_sum_exp`, `log_mean_exp`, `normalise`; and for the rest of the trunk `sums`, every sum over
weights that the checks need, in one pass. NumPy arrays are read in tiles of 2**16 numbers through buffers
that stay in the cache, and added up in float64 whatever their dtype: no temporary is as long as the data.

Source: Blanchard, Higham, Higham (2021), Accurately computing the log-sum-exp and softmax functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ._namespace import Array, floats, stop_gradient, working

__all__ = ["BLOCK", "LogSums", "as_rows", "log_mean_exp", "log_sum_exp", "normalise", "sums", "tiles"]

BLOCK = 1 << 16  # numbers a tile: two float64 buffers of this size lie in the second-level cache
UNDERFLOW = -746.0  # exp of this, and of everything below, is zero in float64


def log_sum_exp(log_w: Array) -> Array:
    r"""Logarithm of the total weight.

        LSE(l) = m + log sum_i exp(l_i - m),   m = max_i l_i

    Parameters
    ----------
    log_w : (..., n) array of log-weights, any scale; -inf is a weight of zero

    Returns
    -------
    (...) array, same library and dtype: the logarithm of the sum of each row; -inf if all weights are zero.

    Raises InputError for a single number, or numbers that are not real.

    Examples
    --------
    >>> from upweight.arrays import log_sum_exp
    >>> round(float(log_sum_exp([1000.0, 1000.0])), 4)        # exp(1000) alone would overflow
    1000.6931
    """
    xp, l = floats(log_w)
    if xp is np:
        s = sums(l)
        return (s.peak + _log(s.w)).astype(l.dtype)[()]
    return xp.astype(lse(xp, working(xp, l)), l.dtype)


def log_mean_exp(log_w: Array) -> Array:
    """Logarithm of the mean weight; zeros count as rows.

        log_mean = LSE(l) - log n

    The mean of exact importance weights is one, so this estimates zero: the cheapest test a ratio can fail.

    Parameters
    ----------
    log_w : (..., n) array of log-weights, any scale; -inf is a weight of zero

    Returns
    -------
    (...) array, same library and dtype.

    Raises InputError for a single number, or numbers that are not real.

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import log_mean_exp
    >>> float(np.exp(log_mean_exp(np.log([0.5, 1.5, 1.0]))).round(12))
    1.0
    """
    _, l = floats(log_w)
    return log_sum_exp(l) - (math.log(l.shape[-1]) if l.shape[-1] else math.nan)


def normalise(log_w: Array) -> Array:
    """Log-weights whose weights sum to one: what self-normalised averages use.

        log W_i = l_i - LSE(l)

    Parameters
    ----------
    log_w : (..., n) array of log-weights, any scale; -inf is a weight of zero

    Returns
    -------
    (..., n) array, same library and dtype; rows of zeros only stay -inf.

    Raises InputError for a single number, or numbers that are not real.

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import normalise
    >>> np.exp(normalise(np.log([1.0, 1.0, 2.0]))).round(12).tolist()
    [0.25, 0.25, 0.5]
    """
    xp, l = floats(log_w)
    if l.shape[-1] == 0:
        return l
    peak = stop_gradient(xp, xp.max(l, axis=-1, keepdims=True))
    l = l - xp.where(
        xp.isfinite(peak), peak, xp.zeros_like(peak)
    )  # first, or logs far from zero lose the digits that count
    total = log_sum_exp(l)[..., None]
    return l - xp.where(xp.isfinite(total) | xp.isnan(total), total, xp.zeros_like(total))


class LogSums(NamedTuple):
    """Sums over each row relative to its largest weight: w = exp(l - peak).

    >>> import numpy as np
    >>> from upweight.arrays import log_sums
    >>> s = log_sums(np.log([1.0, 2.0, 4.0]), squares=True)
    >>> round(float(s.peak), 4), float(s.w), float(s.w2), round(float(s.w**2 / s.w2), 4)
    (1.3863, 1.75, 1.3125, 2.3333)
    """

    peak: np.ndarray  # (...) largest log-weight, 0 if that is not finite
    w: np.ndarray  # (...) sum of w
    w2: np.ndarray | None  # (...) sum of w**2
    wlogw: np.ndarray | None  # (...) sum of w log w


def sums(l: np.ndarray, *, squares: bool = False, entropy: bool = False) -> LogSums:
    """The sums of NumPy log-weights `l` (..., n) that sizes and means are made of, with one `exp` a row.

    >>> import numpy as np
    >>> from upweight.arrays import log_sums
    >>> s = log_sums(np.log([1.0, 2.0, 4.0]), squares=True)
    >>> float(s.w), float(s.w2)
    (1.75, 1.3125)
    """
    rows = as_rows(l)
    peak = finite_peak(rows)
    w, w2, wlogw = (np.zeros(len(rows)) for _ in range(3))
    power, rest = np.empty(min(BLOCK, rows.size) or 1), np.empty(BLOCK if entropy else 0)
    for i, j in tiles(*rows.shape):
        part = rows[i, j]
        e = np.subtract(part, peak[i, None], out=power[: part.size].reshape(part.shape))
        d = np.maximum(e, UNDERFLOW, out=rest[: part.size].reshape(part.shape)) if entropy else e
        np.exp(e, out=e)
        w[i] += e.sum(axis=-1)
        if squares:
            w2[i] += np.einsum("ij,ij->i", e, e)
        if entropy:
            wlogw[i] += np.einsum("ij,ij->i", e, d)
    shape = l.shape[:-1]
    back = lambda x, wanted: x.reshape(shape) if wanted else None
    return LogSums(peak.reshape(shape), w.reshape(shape), back(w2, squares), back(wlogw, entropy))


def as_rows(l: np.ndarray) -> np.ndarray:
    """`l` (..., n) as (batch, n), without a copy for up to two axes."""
    return l if l.ndim == 2 else l.reshape(math.prod(l.shape[:-1]), l.shape[-1])


def tiles(batch: int, n: int) -> Iterator[tuple[slice, slice]]:
    """Cut (batch, n) into tiles of at most BLOCK numbers: whole rows if they are short, else pieces."""
    if n > BLOCK:
        yield from ((slice(i, i + 1), slice(j, j + BLOCK)) for i in range(batch) for j in range(0, n, BLOCK))
    elif n:
        step = BLOCK // n
        yield from ((slice(i, i + step), slice(0, n)) for i in range(0, batch, step))


def finite_peak(rows: np.ndarray) -> np.ndarray:
    """Largest entry of each row in float64; 0 where it is not finite."""
    peak = rows.max(axis=-1, initial=-np.inf).astype(np.float64)
    return np.where(np.isfinite(peak), peak, 0.0)


def _log(x: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(x)


def lse(xp: Any, l: Array) -> Array:
    """LSE for tensors; the gradient is the normalised weights, and zero where every weight is zero."""
    peak = stop_gradient(xp, xp.max(l, axis=-1, keepdims=True))
    peak = xp.where(xp.isfinite(peak), peak, xp.zeros_like(peak))
    total = xp.sum(xp.exp(l - peak), axis=-1)
    some = total != 0  # true for NaN, which stays
    inside = xp.log(xp.where(some, total, xp.ones_like(total))) + peak[..., 0]
    return xp.where(some, inside, xp.full_like(inside, -math.inf))
