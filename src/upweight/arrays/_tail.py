"""How heavy is the tail of these weights, and smoothing it.

A few huge weights decide whether an average over weights can be believed, and the sample itself hardly shows
it: with tail index k >= 1/2 the error bars of a plain average mean nothing, with k >= 1 the mean itself does
not exist. The index is read from the largest weights alone,

    u = the (M+1)-th largest weight,  M = 3 sqrt(S),  k-hat = a generalised Pareto fit to w - u above u

and the same fit smooths them: the r-th smallest exceedance is replaced by its expected quantile, so that no
single row carries the whole average by luck. Smoothing helps below k = 0.7; nothing helps above.

    k-hat = nan    not judged: fewer than 25 positive weights, or fewer than 5 distinct ones above the cut
    k-hat = -inf   no tail: nothing lies above the cut, or few values of which the largest is shared

Inside: `khat` (the index), `psis` (index and smoothed log-weights); and for the rest of the trunk `largest` (the M+1 largest of a long row, in one pass and little memory), `tail_index`
(k-hat of one row, M given), `khat_of_largest` (of many rows). Logs closer than 8 rounding units are equal. What k-hat means for an average is
in `_rate`.

Source: Vehtari, Simpson, Gelman, Yao & Gabry (2024), Pareto smoothed importance sampling, JMLR 25(72).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from .._errors import InputError, is_number
from ._ess import positive
from ._log import BLOCK, as_rows
from ._namespace import Array, compiled, floats
from ._pareto import ParetoFit, fit_logs
from ._tail_constants import FAR, FEWEST, TIE, TOO_FEW, tail_size
from ._tail_tensors import khat_tensor, psis_tensor

__all__ = ["khat", "khat_of_largest", "largest", "psis", "tail_index"]

NUMBERS = 1 << 19  # numbers partitioned together


def khat(log_w: Array, *, r_eff: float = 1.0) -> Array:
    """Tail index of the weights: whether averages over them can be believed.

        k-hat = (M kappa + 5) / (M + 10),   kappa = mean log(1 - b y) at the fitted b

    Below 0.5 averages behave; up to 0.7 smoothed ones do (less for few rows); from 1 on there is nothing to
    estimate.

    Parameters
    ----------
    log_w : (..., n) array of log-weights, any scale; -inf is a weight of zero
    r_eff : float > 0, effective over actual number of draws (under 1 for a Markov chain), dimensionless

    Returns
    -------
    (...) array, dimensionless; NaN is "not judged", -inf "no tail". No gradient flows through it.

    Raises
    ------
    InputError : r_eff is not above zero.

    Notes
    -----
    Costs: nothing is changed. k-hat sees the drawn tail only, and not one huge row: look at the ESS as well.
    Source: Vehtari et al. (2024)

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import khat
    >>> p = (np.arange(1000) + 0.5) / 1000
    >>> [round(float(khat(-k * np.log1p(-p))), 2) for k in (0.2, 0.7, 1.1)]
    [0.24, 0.67, 1.02]
    """
    _check_r_eff(r_eff)
    xp, l = floats(log_w)
    if xp is not np:
        return compiled(khat_tensor)(xp, l, r_eff)
    rows = as_rows(l)
    found = np.full(len(rows), np.nan)
    for block, size in _blocks(positive(rows), rows.shape[1], r_eff):
        found[block] = _judge(_top(rows[block], size + 1), _eps(l))[0]
    return found.reshape(l.shape[:-1]).astype(l.dtype)[()]


def psis(log_w: Array, *, r_eff: float = 1.0) -> tuple[Array, Array]:
    """Pareto-smoothed log-weights and the tail index: less variance for little bias where k-hat < 0.7.

        w_(r) = min( max w,  u + sigma ((1 - p_r)**-k - 1) / k ),   p_r = (r - 1/2) / M,   for the M largest

    Parameters
    ----------
    log_w : (..., n) array of log-weights, any scale; -inf is a weight of zero
    r_eff : float > 0, effective over actual number of draws (under 1 for a Markov chain), dimensionless

    Returns
    -------
    log_w : (..., n) array, same library, dtype, order and level; rows whose k-hat is not finite are
        unchanged. Gradients pass as if nothing had been changed.
    khat : (...) array, dimensionless

    Raises
    ------
    InputError : r_eff is not above zero.

    Notes
    -----
    Costs: the largest weights move to their fitted quantiles, none above the largest before: some bias.
    Source: Vehtari et al. (2024)

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import ess, psis
    >>> log_w = 0.6 * np.random.default_rng(4).exponential(size=2000)
    >>> smooth, k = psis(log_w)
    >>> round(float(k), 2), round(float(log_w.max()), 1), round(float(smooth.max()), 1)
    (0.58, 5.0, 4.8)
    """
    _check_r_eff(r_eff)
    xp, l = floats(log_w)
    if xp is not np:
        return compiled(psis_tensor)(xp, l, r_eff)
    out = as_rows(np.array(l, order="C"))
    found = np.full(len(out), np.nan)
    for block, size in _blocks(positive(out), out.shape[1], r_eff):
        tail = _top(out[block], size + 1)
        found[block], fits = _judge(tail, _eps(l))
        here = np.arange(len(out))[block]
        for rows, count, fit in fits:
            _smooth(out, here[rows], tail[rows], fit, count)
    return out.reshape(l.shape), found.reshape(l.shape[:-1]).astype(l.dtype)[()]


def tail_index(log_w: np.ndarray, *, size: int | None = None) -> float:
    """k-hat of one row of float64 logs, from its `size` largest above the next one; `tail_size` if not given.

    Only the size + 1 largest matter: a row of which nothing else was kept gives the same bits.

    log_w : (n,) float64 logs of one row; -inf is a weight of zero. size : how many of the largest are the tail.

    >>> import numpy as np
    >>> from upweight.arrays import tail_index
    >>> x = -0.6 * np.log1p(-(np.arange(4000) + 0.5) / 4000)        # logs of exact Pareto quantiles of index 0.6
    >>> round(float(tail_index(x)), 2)
    0.59
    """
    if size is None:
        count = int(positive(log_w))
        size = tail_size(count) if count >= TOO_FEW else 0
    if size < FEWEST:
        return math.nan
    return float(_judge(_top(log_w[None], size + 1), np.finfo(np.float64).eps)[0][0])


def khat_of_largest(top: np.ndarray, count: np.ndarray) -> np.ndarray:
    """k-hat (n,) of rows of which only the largest logs were kept, in float64: the bits of `khat` of the whole rows.

    top : (n, T) logs in any order and their own type, which says what is equal. count : (n,) how many logs of each whole row are above
    -inf; T must hold the largest `tail_size(count)` + 1.

    >>> import numpy as np
    >>> from upweight.arrays import khat, khat_of_largest
    >>> l = np.random.default_rng(0).normal(size=10_000)
    >>> bool(khat_of_largest(np.sort(l)[None, -400:], np.array([10_000]))[0] == khat(l))
    True
    """
    found = np.full(len(top), np.nan)
    for block, size in _blocks(count, top.shape[1], 1.0):
        found[block] = _judge(_top(top[block], size + 1), _eps(top))[0]
    return found


def largest(l: np.ndarray, count: int) -> np.ndarray:
    """The `count` largest of one long row, ascending, in float64; NaN counts as largest.

    One pass that keeps what may still belong to the top: no copy of the row is made.
    """
    kept, floor = np.empty(0), -np.inf
    for i in range(0, len(l), BLOCK):
        part = l[i : i + BLOCK]
        kept = np.concatenate([kept, part[~(part < floor)]])
        if len(kept) > 4 * count + BLOCK // 4 or i + BLOCK >= len(l):
            kept = np.partition(kept, len(kept) - count)[len(kept) - count :]
            floor = kept[0]
    return np.sort(kept)


def _check_r_eff(r_eff: float) -> None:
    if not (is_number(r_eff) and r_eff > 0):
        raise InputError(f"`r_eff` must be > 0; got {r_eff!r}. Use 1 for independent draws.")


def _eps(l: np.ndarray) -> float:
    return float(np.finfo(l.dtype).eps)


def _blocks(positive: np.ndarray, width: int, r_eff: float) -> Iterator[tuple[slice | np.ndarray, int]]:
    """Groups of rows that share their tail size, a few at a time; rows with too few positive weights are in none."""
    count, place = np.unique(positive, return_inverse=True)
    sizes = np.array([tail_size(int(s), r_eff) if s >= TOO_FEW else 0 for s in count], dtype=np.int64)[place]
    step = max(16, min(512, NUMBERS // max(1, width)))
    for size in np.unique(sizes[sizes >= FEWEST]):
        same = np.flatnonzero(sizes == size)
        yield from ((_view(same[i : i + step]), int(size)) for i in range(0, len(same), step))


def _view(rows: np.ndarray) -> slice | np.ndarray:
    """Ascending row numbers as a slice if they are adjacent, so that indexing makes no copy."""
    adjacent = rows[-1] - rows[0] == len(rows) - 1
    return slice(rows[0], rows[-1] + 1) if adjacent else rows


def _top(rows: np.ndarray, count: int) -> np.ndarray:
    """The `count` largest of each row, ascending, in float64."""
    n = rows.shape[1]
    if n > BLOCK and 8 * count < n:
        return np.stack([largest(row, count) for row in rows])
    top = np.partition(rows, n - count, axis=-1)[:, n - count :].astype(np.float64)
    top.sort(axis=-1)
    return top


def _judge(tail: np.ndarray, eps: float) -> tuple[np.ndarray, list[tuple[slice | np.ndarray, int, ParetoFit]]]:
    """k-hat of ascending tails (r, M+1) that begin at the cut, and the fits behind it: (rows, count, fit)."""
    with np.errstate(all="ignore"):
        near = TIE * eps * np.maximum(1.0, np.abs(tail))
        above = tail - tail[:, :1] > near
        count = np.where(above[:, -1], above.shape[1] - above.argmax(axis=-1), 0)
        fit_for = _distinct(tail, near, above) & np.isfinite(tail[:, -1])
        shared = tail[:, -1] - tail[:, -FEWEST:][:, 0] <= near[:, -1]
        found = np.where((count == 0) | (~fit_for & shared), -np.inf, np.nan)
        found[~np.isfinite(tail[:, -1])] = np.nan
        fits = []
        for c in np.unique(count[fit_for]):
            rows = _view(np.flatnonzero((count == c) & fit_for))
            fit = fit_logs(tail[rows, -c:], tail[rows, 0])
            found[rows] = fit.k
            fits.append((rows, int(c), fit))
    return found, fits


def _distinct(tail: np.ndarray, near: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Which tails hold enough distinct exceedances; most show it by their last few entries."""
    quick = above[:, -FEWEST] & np.all(np.diff(tail[:, -FEWEST:]) > near[:, 1 - FEWEST :], axis=-1)
    if quick.all():
        return quick
    fresh = above[:, 1:] & (~above[:, :-1] | (np.diff(tail, axis=-1) > near[:, 1:]))
    return np.count_nonzero(fresh, axis=-1) >= FEWEST


def _smooth(out: np.ndarray, rows: np.ndarray, tail: np.ndarray, fit: ParetoFit, count: int) -> None:
    """Write fitted quantiles over the `count` exceedances of these `rows` of `out`, which end in `tail`."""
    u, edge, top = tail[:, 0], tail[:, -count - 1], tail[:, -1]
    sound = _view(np.flatnonzero(np.isfinite(fit.k))) if np.isfinite(fit.k).any() else slice(0)
    rows, edge, u, top, k, sigma, unit = (x[sound, None] for x in (rows, edge, u, top, *fit))
    level = -np.log1p(-(np.arange(1, count + 1) - 0.5) / count)
    grown = k * level
    with np.errstate(all="ignore"):
        above = np.where(k == 0, level, np.expm1(grown) / k)
        smooth = np.log(np.exp(u - unit) + sigma * above)
        if grown.max(initial=0.0) > FAR:
            smooth = np.where(grown > FAR, grown + np.log(np.abs(sigma / k)), smooth)
        smooth = np.minimum(top, unit + smooth)
    if len(rows):
        places = np.flatnonzero(out[_view(rows[:, 0])] > edge).reshape(-1, count)
        places += (rows - np.arange(len(rows))[:, None]) * out.shape[1]
        tied = np.any(tail[:, -count:-1] == tail[:, 1 - count :])  # then rows in their own order, everywhere
        order = np.argsort(out.reshape(-1)[places], axis=-1, kind="stable" if tied else None)
        out.reshape(-1)[np.take_along_axis(places, order, axis=-1)] = smooth
