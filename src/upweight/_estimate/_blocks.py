"""Rows that depend on their neighbours: time series and chains of Markov draws.

The trouble: an error bar that takes rows for independent is short by the root of their autocorrelation time: of AR(1) draws with
coefficient 0.9 a nominal 95 % covers 40 %. Summed over blocks of neighbouring rows, long against the memory of the series, the
influences are nearly independent again, and a block is a cluster like any other.

    tau = 1 + 2 sum_k rho_k                                   autocorrelation time, by Geyer's initial monotone sequence
    b = 1.1447 (4 phi^2/(1 - phi^2)^2 · n)^(1/3)              block length, phi = (tau - 1)/(tau + 1) of the AR(1) with that time

What is inside: `groups_of`, the clusters or blocks that a call asked for; `autocorrelation_time`; `relative_efficiency`, its inverse,
which `arrays.khat` and `Weights.smooth` call r_eff; `block_length`.

Sources: Geyer (1992), Practical Markov chain Monte Carlo; Andrews (1991), Econometrica 59, for the length; Künsch (1989), The
jackknife and the bootstrap for general stationary observations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError, require_flag
from ._sample import ALONE, Groups, clusters_of

if TYPE_CHECKING:
    from .._weights import Weights

__all__ = ["autocorrelation_time", "block_length", "groups_of", "relative_efficiency"]


def groups_of(
    w: Weights,
    cluster: Any,
    length: Any = None,
    autocorrelated: bool = False,
    series: Callable[[], Sequence[np.ndarray]] = tuple,
) -> Groups:
    """Clusters by label, blocks of `length` neighbouring rows, or blocks of the length that `series` need; at most one of them."""
    if cluster is None and length is None and autocorrelated is False:
        return ALONE
    asked = (cluster is not None) + (length is not None) + require_flag("autocorrelated", autocorrelated)
    if not asked:
        return ALONE
    if asked > 1:
        raise InputError("`cluster`, `blocks` and `autocorrelated` exclude each other; got more than one. Pass one.")
    if autocorrelated:
        length = min(max(1, w.n // 2), max(block_length(x) for x in series()))
    if length is None:
        return clusters_of(w, cluster)
    if isinstance(length, bool) or not isinstance(length, (int, np.integer)) or not 1 <= length <= max(1, w.n // 2):
        raise InputError(
            f"`blocks` must be a number of neighbouring rows from 1 to {max(1, w.n // 2):,}, half of them; got {length!r}. "
            f"Say autocorrelated=True to have it found."
        )
    return Groups.of_blocks(w.n, int(length)) if length > 1 else Groups(block=1)


def autocorrelation_time(x: np.ndarray) -> float:
    """tau = 1 + 2 sum rho_k of a series (n,): how many of its rows are worth one independent row; 1 for a constant.

    >>> e = np.random.default_rng(1).normal(size=20_000)
    >>> x = np.convolve(e, np.ones(10), "valid")                     # moving sums of ten: 1 + 2 (0.9 + ... + 0.1) = 10
    >>> round(autocorrelation_time(x))
    10
    """
    rho = _autocorrelations(x)
    if rho is None:
        return 1.0
    pairs = rho[: rho.size // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0)
    pairs = np.minimum.accumulate(pairs[: ends[0] if ends.size else pairs.size])
    return max(1 / math.log10(max(10, x.size)), 2 * float(pairs.sum()) - 1)


def _autocorrelations(x: np.ndarray) -> np.ndarray | None:
    """rho_k for lags 0 to n/2, by one Fourier transform; None for a series without variance."""
    n = x.size
    far = x - x.mean()
    top = float(np.abs(far).max(initial=0.0))
    if n < 4 or top == 0:
        return None
    power = np.fft.rfft(far / top, 1 << (2 * n - 1).bit_length())
    covariance = np.fft.irfft(power.real**2 + power.imag**2)[: n // 2]
    return covariance / covariance[0]


def relative_efficiency(x: np.ndarray) -> float:
    """Effective over actual number of rows of a series, 1/tau, at most 1: what `arrays.khat(log_w, r_eff=)` wants."""
    return min(1.0, 1 / autocorrelation_time(np.asarray(x, dtype=np.float64)))


def block_length(x: np.ndarray) -> int:
    """Rows of a block whose sums are nearly independent, for a series (n,); 1 where its rows are."""
    tau = autocorrelation_time(x)
    if tau <= 1:
        return 1
    phi = (tau - 1) / (tau + 1)
    ratio = 2 * phi / (1 - phi * phi)
    return max(1, math.ceil(1.1447 * (ratio * ratio * x.size) ** (1 / 3)))
