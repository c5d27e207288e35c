"""Taming weights: less variance, and some bias, by lowering the largest.

Five ways, from the mildest to the bluntest. Each takes log-weights on the scale they come in and gives
log-weights.

    truncate   min(w, mean(w) sqrt(S))     the cap recedes as rows are added: consistent, nothing to choose
    shrink     lam w / (w**2 + lam)        smooth; made to minimise a bound on the error of a policy's value
    clip       min(w, at)                  the everyday cap; its bias does not vanish with more rows
    drop       w where w <= above, else 0  leaves rows with large weights to a model of the outcome
    temper     w ** power                  every ratio moves; the tail index is multiplied by power

Pareto smoothing (`psis`) is milder than all of these: if unsure, use that where k-hat is below 0.7. The
scale matters: truncate and temper move shares alike on every scale, clip, drop and shrink do not.

Sources: Ionides (2008), Truncated importance sampling, JCGS 17. Su, Dimakopoulou, Krishnamurthy & Dudik
(2020), Doubly robust off-policy evaluation with shrinkage, ICML. Metelli, Russo & Restelli (2021),
Subgaussian and differentiable importance sampling, NeurIPS. Wang, Agarwal & Dudik (2017), Optimal and
adaptive off-policy evaluation in contextual bandits, ICML, for drop.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .._errors import InputError, is_number
from ._ess import ess as size_of
from ._ess import positive
from ._log import as_rows, log_sum_exp, tiles
from ._namespace import Array, compiled, epsilon, floats, namespace, stop_gradient, working
from ._tail_constants import TIE

__all__ = ["clip", "drop", "moved", "power_for", "shrink", "temper", "truncate"]

EXACT = 1e-13  # error of the share, or of the power, that `power_for` is content with
TRIES = 100
QUANTILE = "For the largest hundredth write quantile=0.99."


def truncate(log_w: Array) -> Array:
    """Cap weights at their mean times the root of their number: less variance, a bias that vanishes with
    rows.

        w_i' = min(w_i, mean(w) sqrt(S)),   S = number of weights > 0, mean over those

    Parameters
    ----------
    log_w : (..., n) array of log-weights, any scale; -inf is a weight of zero

    Returns
    -------
    (..., n) array, same library, dtype and scale. Gradients pass as if nothing had been cut.

    Raises InputError for a single number, or numbers that are not real.

    Notes
    -----
    Costs: averages move toward the unweighted one; by less, the more rows there are.
    Source: Ionides (2008).

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import truncate
    >>> np.exp(truncate(np.log([1.0, 1.0, 1.0, 97.0]))).round(9).tolist()       # mean 25, times the root of 4
    [1.0, 1.0, 1.0, 50.0]
    """
    xp, l = floats(log_w)
    cap = _mean_times_root(xp, l)[..., None]
    high = l > cap
    change = xp.where(high, cap - xp.where(high, l, xp.zeros_like(l)), xp.zeros_like(l))
    return l + stop_gradient(xp, change)


def clip(log_w: Array, *, at: float | None = None, quantile: float | None = None, ess: float | None = None) -> Array:
    """Cap weights: less variance, a bias that stays.

        w_i' = min(w_i, at)

    Parameters
    ----------
    log_w : (..., n) array of log-weights; -inf is a weight of zero
    at : float > 0, the largest weight allowed (a weight, no logarithm), on the scale of `log_w`; or
    quantile : float in (0, 1): the cap is that quantile of the weights > 0, the first that so large a share does not
        exceed; or
    ess : float in (0, 1): the cap is the largest at which the effective size is that share of the weights > 0 (one over
        the design effect wanted); weights that are worth as much already are kept

    Returns
    -------
    (..., n) array, same library, dtype and scale.

    Raises
    ------
    InputError : at is not above zero, quantile or ess not between zero and one; more than one given, or none.

    Notes
    -----
    Costs: pulls every average toward the unweighted one, however many rows there are.
    Source: Ionides (2008); the habit is older.

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import clip, ess
    >>> round(float(ess(clip(np.log([1.0, 1.0, 98.0]), at=10))), 2)              # 1.04 before
    1.41
    """
    if sum(x is not None for x in (at, quantile, ess)) != 1:
        raise InputError(
            f"give `at`, `quantile` or `ess`, one of the three; got at={at}, quantile={quantile}, ess={ess}."
        )
    if at is not None and not (is_number(at) and at > 0):
        hint = QUANTILE if isinstance(at, str) else ""
        raise InputError(f"`at` must be > 0, a weight and no logarithm; got {at!r}. {hint}".rstrip())
    xp, l = floats(log_w)
    if at is not None:
        return xp.where(l > math.log(at), xp.full_like(l, math.log(at)), l)
    cap = _quantile(xp, l, quantile) if ess is None else xp.astype(_cap_for(l, ess=ess), l.dtype)
    return xp.where(l > cap[..., None], cap[..., None], l)


def drop(log_w: Array, *, above: float) -> Array:
    """Set weights above a threshold to zero: less variance, a bias that stays unless a model of f answers for those rows.

        w_i' = w_i 1{w_i <= above}

    Parameters
    ----------
    log_w : (..., n) array of log-weights; -inf is a weight of zero
    above : float > 0, the largest weight kept (a weight, no logarithm), on the scale of `log_w`; weights equal to it up to
        rounding stay

    Returns
    -------
    (..., n) array, same library, dtype and scale; -inf where the weight was dropped.

    Raises
    ------
    InputError : above is not above zero.

    Notes
    -----
    Costs: what the target does where the source rarely goes is left out altogether; clip keeps a part of it.
    Source: Wang, Agarwal & Dudik (2017), the switch estimator.

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import drop
    >>> np.exp(drop(np.log([0.5, 2.0, 7.0]), above=2.0)).round(9).tolist()
    [0.5, 2.0, 0.0]
    """
    if not (is_number(above) and above > 0):
        raise InputError(f"`above` must be > 0, a weight and no logarithm; got {above!r}.")
    xp, l = floats(log_w)
    cut = math.log(above)
    high = l - cut > TIE * epsilon(xp, l) * max(1.0, abs(cut))
    return xp.where(high, xp.full_like(l, -math.inf), l)


def temper(log_w: Array, *, power: float | None = None, ess: float | None = None) -> Array:
    """Raise weights to a power below one: every ratio shrinks, and the tail index with it.

        l_i' = power * l_i,   khat(l') = power * khat(l) nearly

    Parameters
    ----------
    log_w : (..., n) array of log-weights, any scale; -inf is a weight of zero
    power : float in (0, 1]; 1 changes nothing
    ess : float in (0, 1), instead of power: the effective size wanted, as a share of the weights > 0;
        weights that are worth as much already keep the power 1

    Returns
    -------
    (..., n) array, same library and dtype, on the tempered scale. Gradients see the power as a constant.

    Raises
    ------
    InputError : power or ess out of range; both given, or neither.

    Notes
    -----
    Costs: averages move from the target toward the source; at power 1/2 to a distribution halfway between.
    Source: Koblents & Miguez (2015), A population Monte Carlo scheme with transformed weights and its
    application to stochastic kinetic models, Stat. Comput. 25.

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import ess, temper
    >>> log_w = np.log([1.0, 1.0, 98.0])
    >>> round(float(ess(temper(log_w, power=0.5))), 2), round(float(ess(temper(log_w, ess=0.6))), 2)
    (1.42, 1.8)
    """
    if (power is None) == (ess is None):
        raise InputError(f"give `power` or `ess`, one of the two; got power={power}, ess={ess}.")
    if power is not None and not (is_number(power) and 0 < power <= 1):
        raise InputError(f"`power` must lie in (0, 1]; got {power!r}. 1 changes nothing, 0.5 halves the tail index.")
    xp, l = floats(log_w)
    if ess is not None:
        power = xp.astype(power_for(l, ess=ess), l.dtype)[..., None]
    return l * power


def shrink(log_w: Array, *, lam: float, how: str = "square") -> Array:
    """Shrink weights smoothly, the large ones most: less variance, some bias.

        square:    w_i' = lam w_i / (w_i**2 + lam)          falls again above sqrt(lam)
        harmonic:  w_i' = w_i / ((1 - lam) + lam w_i)       rises toward 1 / lam

    Parameters
    ----------
    log_w : (..., n) array of log-weights, on the scale of exact weights or with mean one: the scale matters
    lam : square: float > 0, infinity changes nothing; harmonic: float in [0, 1], 0 changes nothing and 1
        makes all weights equal
    how : "square" or "harmonic"

    Returns
    -------
    (..., n) array, same library, dtype and scale.

    Raises
    ------
    InputError : lam out of range, or an unknown `how`.

    Notes
    -----
    Costs: averages move toward the unweighted one. With "square" a huge weight ends up small: the rows that
    matter most to the target are given up first.
    Source: Su et al. (2020); Metelli et al. (2021).

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import shrink
    >>> np.exp(shrink(np.log([0.5, 1.0, 10.0]), lam=10.0)).round(3).tolist()
    [0.488, 0.909, 0.909]
    >>> np.exp(shrink(np.log([0.5, 1.0, 10.0]), lam=0.1, how="harmonic")).round(3).tolist()
    [0.526, 1.0, 5.263]
    """
    if how not in ("square", "harmonic"):
        raise InputError(f"`how` must be 'square' or 'harmonic'; got {how!r}.")
    if how == "square" and not (is_number(lam) and lam > 0):
        raise InputError(f"`lam` must be > 0; got {lam!r}. The larger it is, the less is shrunk.")
    if how == "harmonic" and not (is_number(lam) and 0 <= lam <= 1):
        raise InputError(f"`lam` must lie in [0, 1]; got {lam!r}. 0 changes nothing, 1 makes all weights equal.")
    xp, l = floats(log_w)
    none = l == -math.inf
    safe = xp.where(none, xp.zeros_like(l), l)
    if how == "square":
        tamed = safe - _softplus(xp, 2 * safe - math.log(lam))
    elif lam == 1:
        tamed = safe - safe
    else:
        rest = math.log1p(-lam)
        tamed = safe - rest - _softplus(xp, safe + (math.log(lam) if lam else -math.inf) - rest)
    return xp.where(none, xp.full_like(l, -math.inf), tamed)


def power_for(log_w: Array, *, ess: float) -> Array:
    """The power in (0, 1] at which each row is worth `ess` of its positive weights; 1 if it is already."""
    xp, l = _for_size(log_w, ess)
    if xp is not np:
        return compiled(_power_tensor)(xp, l, ess)
    rows = size_of(l, order=0)
    with np.errstate(invalid="ignore"):
        return _false_position(lambda power: _surplus(l, rows, power, ess), rows.shape, 1 - ess)[()]


def _cap_for(log_w: Array, *, ess: float) -> Array:
    """The log of the largest cap at which each row is worth `ess` of its positive weights; its peak if it is already.

    The cap is sought between the smallest and the largest positive weight, where the size falls from all rows to its own.
    """
    xp, l = _for_size(log_w, ess)
    low, high = _ends(xp, l)
    if xp is not np:
        return low + (high - low) * compiled(_cap_tensor)(xp, l, ess)
    rows = size_of(l, order=0)
    with np.errstate(invalid="ignore"):
        place = _false_position(lambda t: _surplus_capped(l, rows, low + (high - low) * t, ess), rows.shape, 1 - ess)
    return np.asarray(low + (high - low) * place)


def _for_size(log_w: Array, ess: float) -> tuple[Any, Array]:
    if not (is_number(ess) and 0 < ess < 1):
        raise InputError(f"`ess` must lie in (0, 1), a share of the rows; got {ess!r}.")
    xp, l = floats(log_w)
    return xp, l.astype(np.float64) if xp is np else working(xp, stop_gradient(xp, l))


def _ends(xp: Any, l: Array) -> tuple[Array, Array]:
    """Logs (...) of the smallest and the largest positive weight; zero where there is none."""
    none = l == -math.inf
    low = xp.min(xp.where(none, xp.full_like(l, math.inf), l), axis=-1)
    high = xp.max(l, axis=-1)
    some = xp.isfinite(high)
    return xp.where(some, low, xp.zeros_like(low)), xp.where(some, high, xp.zeros_like(high))


def _surplus(l: Array, rows: Array, power: Array, ess: float) -> Array:
    """What the size at this power has over the share asked for; NaN where every weight is zero."""
    return size_of(l * power[..., None]) / rows - ess


def _surplus_capped(l: Array, rows: Array, cap: Array, ess: float) -> Array:
    """The same with the logs capped."""
    xp = namespace(l)
    return size_of(xp.where(l > cap[..., None], cap[..., None], l)) / rows - ess


def _quantile(xp: Any, l: Array, level: Any) -> Array:
    """The first positive weight's log (...) that a share `level` of the positive ones does not exceed."""
    if not (is_number(level) and 0 < level < 1):
        raise InputError(f"`quantile` must lie in (0, 1), a share of the weights > 0; got {level!r}.")
    n, whole = l.shape[-1], xp.asarray(1).dtype
    rows = xp.sum(xp.astype(l > -math.inf, whole), axis=-1, keepdims=True)
    kept = xp.astype(xp.ceil(level * xp.astype(rows, l.dtype) * (1 - 4 * epsilon(xp, l))), whole)
    place = xp.clip(n - rows + kept - 1, 0, n - 1)
    return xp.take_along_axis(xp.sort(stop_gradient(xp, l), axis=-1), place, axis=-1)[..., 0]


def _mean_times_root(xp: Any, l: Array) -> Array:
    """log( mean(w) sqrt(S) ) = LSE - log(S) / 2; NaN for rows of zeros, above which nothing lies."""
    if xp is np:
        with np.errstate(divide="ignore", invalid="ignore"):
            return (log_sum_exp(l.astype(np.float64)) - 0.5 * np.log(positive(l))).astype(l.dtype)
    rows = size_of(working(xp, l), order=0)
    rows = xp.where(rows > 0, rows, xp.ones_like(rows))
    return xp.astype(log_sum_exp(working(xp, l)) - 0.5 * xp.log(rows), l.dtype)


def _softplus(xp: Any, z: Array) -> Array:
    """log(1 + e**z)"""
    return xp.where(z > 0, z, xp.zeros_like(z)) + xp.log1p(xp.exp(-xp.abs(z)))


def _false_position(f: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...], f_low: float) -> np.ndarray:
    """Where `f`, falling on (0, 1] from `f_low` > 0, is zero; 1 where it stays above. Illinois' halving."""
    low, high, side = np.zeros(shape), np.ones(shape), np.zeros(shape)
    at_low, at_high = np.full(shape, f_low), np.asarray(f(high))
    root, done = np.ones(shape), ~(at_high < 0)
    for _ in range(TRIES):
        if np.all(done):
            break
        root = np.where(done, root, (low * at_high - high * at_low) / np.where(done, 1.0, at_high - at_low))
        value = np.asarray(f(root))
        up, down = ~done & (value > 0), ~done & ~(value > 0)
        at_high = np.where(down, value, np.where(up & (side > 0), at_high / 2, at_high))
        at_low = np.where(up, value, np.where(down & (side < 0), at_low / 2, at_low))
        low, high = np.where(up, root, low), np.where(down, root, high)
        side = np.where(up, 1, -1)
        done |= (np.abs(value) < EXACT) | (high - low < EXACT)
    return root


def _power_tensor(xp: Any, l: Array, ess: float) -> Array:
    rows = size_of(l, order=0)
    return _halved(xp, lambda power: _surplus(l, rows, power, ess), rows, xp.finfo(l.dtype).bits - 10)


def _cap_tensor(xp: Any, l: Array, ess: float) -> Array:
    rows, (low, high) = size_of(l, order=0), _ends(xp, l)
    surplus = lambda t: _surplus_capped(l, rows, low + (high - low) * t, ess)
    return _halved(xp, surplus, rows, xp.finfo(l.dtype).bits - 10)


def _halved(xp: Any, surplus: Callable[[Array], Array], rows: Array, times: int) -> Array:
    """Where `surplus` is zero in (0, 1], for tensors: a fixed number of halvings, so that it can be compiled and mapped."""
    low, high = xp.zeros_like(rows), xp.ones_like(rows)
    with np.errstate(invalid="ignore"):
        wanting = surplus(high) < 0
        for _ in range(times):
            middle = (low + high) / 2
            up = surplus(middle) > 0
            low, high = xp.where(up, middle, low), xp.where(up, high, middle)
    return xp.where(wanting, (low + high) / 2, xp.ones_like(rows))


def moved(before: np.ndarray, after: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Half the summed change of the normalised weights between two vectors of NumPy log-weights (..., n): what taming moved.

        1/2 sum |W' - W|,   rows of equal logs change by the common factor of the totals alone

    old, new : (...) logarithms of the total weight of either.

    >>> import numpy as np
    >>> from upweight.arrays import log_sum_exp, moved
    >>> before, after = np.log([1.0, 1.0, 98.0]), np.log([1.0, 1.0, 10.0])
    >>> round(float(moved(before, after, log_sum_exp(before), log_sum_exp(after))), 4)
    0.1467
    """
    totals = zip(np.ravel(old).tolist(), np.ravel(new).tolist(), strict=True)
    rows = zip(as_rows(before), as_rows(after), totals, strict=True)
    return np.array([_moved_row(a, b, *total) for a, b, total in rows]).reshape(before.shape[:-1])[()]


def _moved_row(before: np.ndarray, after: np.ndarray, old: float, new: float) -> float:
    changed = share = now = 0.0
    for _, piece in tiles(1, before.size):
        a, b = before[piece], after[piece]
        rows = a != b
        if rows.any():
            w = np.exp(a[rows] - old)
            after_row = np.exp(b[rows] - new)
            share, now = share + float(w.sum()), now + float(after_row.sum())
            changed += float(np.abs(np.subtract(w, after_row, out=w)).sum())
    kept = max(0.0, 1 - share)
    by = kept * abs(math.expm1(old - new)) if old - new < 1 else abs(max(0.0, 1 - now) - kept)  # e^710 is no float
    return 0.5 * (changed + by)
