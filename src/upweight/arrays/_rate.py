"""What a tail index means for an average: how many rows it needs, how fast it converges, how wide its
interval is.

With tail index k the error of a self-normalised average falls slower than 1 / sqrt(n). Vehtari et al. measure
how much slower by a rate,

    rate = max(0, [2(k-1) n**(2k+1) + (1-2k) n**(2k) + n**2] / [(n-1) (n - n**(2k))])

(1 for k <= 0, 0 for k >= 1), so that the variance falls as n**-rate, and they ask for 10**(1 / (1 - k)) rows
before an average is believed. An interval built from the sample's own standard error claims the rate one;
`widening` takes the claim back,

    widening(k, n) = n**((1 - rate) / 2)

one for light tails, sqrt(e) at k = 1/2 for every n, infinite from k = 1. It is a heuristic of this library,
called "tail-adjusted" wherever it is used; its coverage is measured in papers/honest-intervals.

Inside: `min_rows`, `rate`, `widening`, elementwise; and `threshold`, the k-hat from which n rows are too few.

Source: Vehtari, Simpson, Gelman, Yao & Gabry (2024), Pareto smoothed importance sampling, JMLR 25(72).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._namespace import Array, epsilon, namespace

__all__ = ["min_rows", "rate", "threshold", "widening"]

HALF_WIDTH = 1e-8  # closer to k = 1/2 the quotient is 0/0 to working precision (float32 needs more)
BELIEVED = 0.7  # no number of rows that anyone draws helps above


def min_rows(khat: Array) -> Array:
    """Rows needed before a smoothed average can be believed.

        min_rows = 10 ** (1 / (1 - max(0, k)))

    Parameters
    ----------
    khat : array or float, tail index; elementwise

    Returns
    -------
    same shape and library, in rows: 10 without a tail, infinite from k = 1, NaN for NaN.

    Notes
    -----
    Costs: nothing is changed.
    Source: Vehtari et al. (2024)

    Examples
    --------
    >>> from upweight.arrays import min_rows
    >>> [round(float(min_rows(k))) for k in (0.0, 0.5, 0.7)]
    [10, 100, 2154]
    """
    xp, k = _floating(khat)
    finite = xp.where(k < 1, xp.where(k > 0, k, xp.zeros_like(k)), xp.zeros_like(k))
    most = math.floor(math.log10(float(xp.finfo(k.dtype).max)))  # from k = 1 - 1/most on no float can hold the number
    finite = xp.where(finite < 1 - 1 / most, finite, xp.zeros_like(k))
    rows = xp.where(k < 1 - 1 / most, 10 ** (1 / (1 - finite)), xp.full_like(k, math.inf))
    return _plain(xp, xp.where(xp.isnan(k), k, rows))


def rate(khat: Array, n: int) -> Array:
    """Rate of convergence of a smoothed average: its variance falls as n ** -rate.

        rate = max(0, [2(k-1) n**(2k+1) + (1-2k) n**(2k) + n**2] / [(n-1) (n - n**(2k))])

    Parameters
    ----------
    khat : array or float, tail index; elementwise
    n : number of rows, at least 2

    Returns
    -------
    same shape and library, from 0 (k >= 1) to 1 (k <= 0), dimensionless; NaN for NaN.

    Notes
    -----
    Costs: nothing is changed.
    Source: Vehtari et al. (2024)

    Examples
    --------
    >>> from upweight.arrays import rate
    >>> round(float(rate(0.5, 1000)), 3), round(float(rate(0.7, 1000)), 3)
    (0.855, 0.574)
    """
    xp, k = _floating(khat)
    half = max(HALF_WIDTH, math.sqrt(epsilon(xp, k)) / 2)
    inner = (k > 0) & (k < 1) & (xp.abs(k - 0.5) >= half)
    safe = xp.where(inner, k, xp.full_like(k, 0.25))
    grown = float(n) ** (2 * safe)
    top = 2 * (safe - 1) * n * grown + (1 - 2 * safe) * grown + float(n) ** 2
    found = top / ((n - 1) * (n - grown))
    found = xp.where(inner, xp.where(found > 0, found, xp.zeros_like(k)), xp.full_like(k, 1 - 1 / math.log(n)))
    found = xp.where(k <= 0, xp.ones_like(k), xp.where(k >= 1, xp.zeros_like(k), found))
    return _plain(xp, xp.where(xp.isnan(k), k, found))


def widening(khat: Array, n: int) -> Array:
    """Factor by which an interval is widened for the tail: what the sample's own standard error leaves out.

        widening = n ** ((1 - rate(k, n)) / 2)

    Parameters
    ----------
    khat : array or float, tail index; elementwise
    n : number of rows, at least 2

    Returns
    -------
    same shape and library, >= 1, dimensionless; 1 where there is no tail (-inf) or none was judged (NaN),
    infinite from k = 1.

    Notes
    -----
    Costs: wider intervals. The factor is a heuristic of this library.
    Source: the rate of Vehtari et al. (2024), turned into a width.

    Examples
    --------
    >>> from upweight.arrays import widening
    >>> round(float(widening(0.5, 1000)), 4), round(float(widening(0.7, 1000)), 2)
    (1.6487, 4.35)
    """
    xp, k = _floating(khat)
    found = rate(k, n)
    found = float(n) ** ((1 - xp.where(xp.isnan(found), xp.ones_like(k), found)) / 2)
    return _plain(xp, xp.where(k >= 1, xp.full_like(k, math.inf), found))


def threshold(n: float) -> float:
    """The k-hat from which `n` positive weights are too few: min(1 - 1 / log10 n, 0.7).

    >>> from upweight.arrays import threshold
    >>> round(float(threshold(100)), 2), round(float(threshold(100_000)), 2)
    (0.5, 0.7)
    """
    return min(1 - 1 / math.log10(n), BELIEVED) if n > 1 else -math.inf


def _floating(khat: Array) -> tuple[Any, Array]:
    xp = namespace(khat)
    return (np, np.asarray(khat, dtype=np.float64)) if xp is np else (xp, khat)


def _plain(xp: Any, x: Array) -> Array:
    return x[()] if xp is np else x
