"""How many equally weighted rows are these rows worth?

Unequal weights cost precision: an average over them is as noisy as a plain average over fewer rows. How
many fewer depends on how hard one looks at the large weights, and the Hill numbers order that question,

    ESS_b = exp[ (LSE(b l) - b LSE(l)) / (1 - b) ] = (sum_i W_i**b) ** (1 / (1 - b)),   W = w / sum w

    b = 0    the number of rows with w > 0              b = 2    1 / sum W**2, Kish's size, the default
    b = 1    exp of the entropy of W (perplexity)       b = oo   1 / max W

They fall in b, and all are n for equal weights. An ESS looks at the weights that were drawn; what was
missed is the business of the tail (`khat`): always look at both.

Inside: `ess`, `design_effect` (what unequal weights cost), `ess_for` (the size for one average; it may
exceed n). Unsure? `ess(log_w)`.

Sources: Kish (1965), Survey Sampling; Huggins & Roy (2015), Convergence of sequential Monte Carlo-based
sampling methods; Martino, Elvira & Louzada (2017), Signal Processing 131; Elvira, Martino & Robert (2022),
Int. Stat. Rev. 90."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._errors import InputError, is_number
from ._log import LogSums, as_rows, finite_peak, lse, sums, tiles
from ._namespace import Array, device, floats, working

__all__ = ["design_effect", "ess", "ess_for", "hill"]

NEAR_ONE = 1e-8  # closer to order 1 the quotient loses more digits than the limit does


def ess(log_w: Array, *, order: float = 2.0) -> Array:
    """Effective sample size: the number of equally weighted rows that these are worth.

        ESS_b = exp[ (LSE(b l) - b LSE(l)) / (1 - b) ]

    Parameters
    ----------
    log_w : (..., n) array of log-weights, any scale; -inf is a weight of zero
    order : float >= 0 or inf, dimensionless; 2 is Kish's size, 1 the perplexity, inf 1 / max W, 0 counts rows

    Returns
    -------
    (...) array in rows, from 1 to the number of positive weights; 0 if every weight is zero.

    Raises
    ------
    InputError : order is negative or NaN.

    Notes
    -----
    Costs: nothing is changed. A good ESS does not prove a good tail: see `khat`.
    Source: Kish (1965); Huggins & Roy (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import ess
    >>> log_w = np.log(np.repeat([1.0, 10.0], [900, 100]))
    >>> [round(float(ess(log_w, order=b)), 1) for b in (0, 1, 2, np.inf)]
    [1000.0, 565.5, 331.2, 190.0]
    """
    if not (is_number(order) and order >= 0):
        raise InputError(f"`order` must be >= 0; got {order!r}. Kish's effective sample size is order=2.")
    xp, l = floats(log_w)
    if xp is not np:
        return xp.astype(_tensor_ess(xp, working(xp, l), order), l.dtype)
    if order in (0.0, 1.0, 2.0, math.inf) or abs(order - 1) < NEAR_ONE:
        found = hill(l, sums(l, squares=order == 2, entropy=abs(order - 1) < NEAR_ONE), order)
    else:
        found = _any_order(l, order)
    return found.astype(l.dtype)[()]


def design_effect(log_w: Array) -> Array:
    """How many times more variance an average has than with equal weights: rows in use over rows worth.

        deff = S / ESS_2,   S = number of weights > 0

    Parameters
    ----------
    log_w : (..., n) array of log-weights, any scale; -inf is a weight of zero

    Returns
    -------
    (...) array >= 1, dimensionless; NaN if every weight is zero.

    Raises InputError for a single number, or numbers that are not real.

    Notes
    -----
    Costs: nothing is changed.
    Source: Kish (1965), Survey Sampling.

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import design_effect
    >>> round(float(design_effect(np.log(np.repeat([1.0, 10.0], [900, 100])))), 2)
    3.02
    """
    xp, l = floats(log_w)
    rows, worth = ess(l, order=0), ess(l)
    if xp is np:
        with np.errstate(invalid="ignore"):
            return rows / worth
    return rows / worth


def ess_for(log_w: Array, f: Array) -> Array:
    """Effective sample size of one self-normalised average: large weights where f is average cost nothing.

        ESS_f = sum W (f - mu)**2 / sum W**2 (f - mu)**2,   mu = sum W f

    It may exceed n, and rightly: weights that fall where f is far from its mean beat equal ones.

    Parameters
    ----------
    log_w : (..., n) array of log-weights, any scale; -inf is a weight of zero
    f : (..., n) array, the values averaged, in any unit; ignored where the weight is zero

    Returns
    -------
    (...) array in rows; NaN for a constant f, whose average has no error.

    Raises InputError for a single number, or numbers that are not real.

    Notes
    -----
    Costs: nothing is changed.
    Source: Elvira, Martino & Robert (2022), Rethinking the effective sample size.

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import ess_for
    >>> float(ess_for(np.log([2.0, 1.0, 1.0]), np.array([0.5, 0.0, 1.0])))      # the heavy row is the average
    4.0
    """
    xp, l = floats(log_w)
    if xp is not np:
        f = xp.asarray(f, device=device(l))
        return xp.astype(_tensor_ess_for(xp, working(xp, l), f), l.dtype)
    f = np.asarray(f)
    shape = np.broadcast_shapes(l.shape, f.shape)
    return _ess_for(np.broadcast_to(l, shape), np.broadcast_to(f, shape)).astype(l.dtype)[()]


def hill(l: np.ndarray, s: LogSums, order: float) -> np.ndarray:
    """ESS of order 0, 1, 2 or infinity from `sums` (`squares` for 2, `entropy` for 1); 0 for all zeros.

    Raises ValueError if the sums were made without what the order needs.

    >>> import numpy as np
    >>> from upweight.arrays import hill, log_sums
    >>> l = np.log([1.0, 1.0, 2.0])
    >>> round(float(hill(l, log_sums(l, squares=True), 2.0)), 4)
    2.6667
    """
    if order == 0:
        return positive(l).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        if order == math.inf:
            found = s.w
        elif order == 2 and s.w2 is not None:
            found = s.w * (s.w / s.w2)
        elif s.wlogw is not None:
            found = s.w * np.exp(-s.wlogw / s.w)
        else:
            raise ValueError(f"these sums do not hold order {order:g}")
    return np.where(s.w == 0, 0.0, found)


def positive(l: np.ndarray) -> np.ndarray:
    """How many weights of each row are above zero (NaN counts, so that it stays visible).

    >>> import numpy as np
    >>> from upweight.arrays import positive
    >>> int(positive(np.log([1.0, 2.0]))), int(positive(np.array([0.0, -np.inf])))
    (2, 1)
    """
    rows, count = as_rows(l), np.full(math.prod(l.shape[:-1]), l.shape[-1])
    with np.errstate(invalid="ignore"):
        for i in np.flatnonzero(~(rows.min(axis=-1, initial=np.inf) > -np.inf)):
            count[i] -= sum(np.count_nonzero(rows[i, j] == -np.inf) for _, j in tiles(1, rows.shape[1]))
    return count.reshape(l.shape[:-1])


def _any_order(l: np.ndarray, order: float) -> np.ndarray:
    rows = as_rows(l)
    peak, w, wb = finite_peak(rows), np.zeros(len(rows)), np.zeros(len(rows))
    for i, j in tiles(*rows.shape):
        d = np.subtract(rows[i, j], peak[i, None], dtype=np.float64)
        w[i] += np.exp(d).sum(axis=-1)
        wb[i] += np.exp(order * d).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.exp((np.log(wb) - order * np.log(w)) / (1 - order))
    return np.where(w == 0, 0.0, found).reshape(l.shape[:-1])


def _ess_for(l: np.ndarray, f: np.ndarray) -> np.ndarray:
    rows, values = as_rows(l), as_rows(f)
    peak = finite_peak(rows)
    pivot = values[np.arange(len(rows)), rows.argmax(axis=-1)]  # so that a constant f is exactly constant
    total, first, one, two = np.zeros((4, len(rows)))
    for i, w, v in _weighted(rows, values, peak, pivot):
        total[i] += w.sum(axis=-1)
        first[i] += np.einsum("ij,ij->i", w, v)
    with np.errstate(invalid="ignore"):
        mean = first / total
        for i, w, v in _weighted(rows, values, peak, pivot):
            v = np.square(v - mean[i, None])
            one[i] += np.einsum("ij,ij->i", w, v)
            two[i] += np.einsum("ij,ij,ij->i", w, w, v)
        return (total * (one / two)).reshape(l.shape[:-1])


def _weighted(rows: np.ndarray, values: np.ndarray, peak: np.ndarray, pivot: np.ndarray):
    for i, j in tiles(*rows.shape):
        w = np.exp(np.subtract(rows[i, j], peak[i, None], dtype=np.float64))
        yield i, w, np.where(w == 0, 0.0, np.subtract(values[i, j], pivot[i, None], dtype=np.float64))


def _tensor_ess(xp: Any, l: Array, order: float) -> Array:
    some = xp.isfinite(l) | xp.isnan(l)
    if order == 0:
        return xp.sum(xp.astype(some, l.dtype), axis=-1)
    total = lse(xp, l)
    none = total == -math.inf
    total = xp.where(none, xp.zeros_like(total), total)
    if order == math.inf:
        log_size = total - xp.max(l, axis=-1)
    elif abs(order - 1) < NEAR_ONE:
        log_share = xp.where(some, l, xp.zeros_like(l)) - total[..., None]
        terms = xp.exp(log_share) * log_share
        log_size = -xp.sum(xp.where(some, terms, xp.zeros_like(terms)), axis=-1)
    else:
        log_size = (lse(xp, order * l) - order * total) / (1 - order)
    return xp.where(none, xp.zeros_like(total), xp.exp(xp.where(none, xp.zeros_like(log_size), log_size)))


def _tensor_ess_for(xp: Any, l: Array, f: Array) -> Array:
    total = lse(xp, l)[..., None]
    share = xp.exp(l - xp.where(xp.isfinite(total), total, xp.zeros_like(total)))
    l, f = xp.broadcast_arrays(l, xp.astype(f, l.dtype))
    pivot = xp.take_along_axis(f, xp.argmax(l, axis=-1, keepdims=True), axis=-1)
    f = xp.where(share == 0, xp.zeros_like(f), f - pivot)
    far = (f - xp.sum(share * f, axis=-1, keepdims=True)) ** 2
    return xp.sum(share * far, axis=-1) / xp.sum(share * share * far, axis=-1)
