"""Log-likelihoods by thousands of draws a row, in the memory of a few.

The trouble: 5000 draws of 10,000 rows are 400 MB of log-weights and a decoder's activations a hundred times that. K never exists at
once: of a row only sums and the largest log-weights are kept,

    LSE(l),  LSE(2 l),  S = count of finite l,  the largest tail_size(K) + 1 of l

from which value, ESS, standard error and k-hat come as from all K. A call asks for at most `chunk` (row, draw) pairs, rows together so
that an encoder meets them once, draws in runs that begin at multiples of 256.

What is inside: `log_likelihood`.

Sources: Burda, Grosse & Salakhutdinov (2016) for L_5000 as the likelihood; Vehtari et al. (2024) for k-hat.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ..._errors import InputError, require_int
from ...arrays import LogSums, khat_of_largest, log_sums, tail_size, threshold
from ._log_weights import log_weights
from ._row_likelihoods import LogLikelihood

__all__ = ["RUN", "log_likelihood"]

RUN = 256  # draws asked for together: whoever makes them may key its noise by such a block
ENOUGH = 30.0  # effective draws from which a row's value is worth having
TOO_FEW = 25  # draws below which no tail is judged


def log_likelihood(
    log_w_of: Callable[[slice, int, int], torch.Tensor], n: int, *, k: int = 5000, chunk: int = 2048
) -> LogLikelihood:
    """log p(x) of `n` rows by `k` weighted draws each, and which rows are not to be believed; memory is bounded by `chunk`.

        value = LSE(l) - log K,   se = sqrt(1/ESS - 1/K)

    Parameters
    ----------
    log_w_of : function (rows, first, count) -> (rows, count) float32 or float64 tensor: log-weights in nats of draws first .. first +
        count - 1 of the rows `rows`, a slice of 0 .. n. For one slice it is called with first = 0, 256, 512, ... (smaller steps where
        `chunk` is) before the next slice, so an encoding may be kept from call to call. No graph is recorded.
    n : rows. k : draws a row. chunk : (row, draw) pairs of one call, at most.

    Returns
    -------
    LogLikelihood, float64 arrays (n,). Beyond rounding they do not depend on `chunk` if the log-weights do not.

    Raises
    ------
    InputError : a tensor of another shape or type, NaN or +inf with row and draw, n, k or chunk below 1.

    Costs: too low on the average, by half the squared se and more where not ok; unseen modes are in no figure. Source: Burda, Grosse
    & Salakhutdinov (2016); Vehtari et al. (2024).

    >>> noise = torch.randn(3, 5000, generator=torch.Generator().manual_seed(0))
    >>> ll = log_likelihood(lambda rows, first, count: 0.5 * noise[rows, first : first + count], 3)
    >>> ll.value.round(1).tolist(), ll.ok.tolist()                    # the truth is .125
    ([0.1, 0.1, 0.1], [True, True, True])
    """
    if not callable(log_w_of):
        raise InputError(
            f"`log_w_of` must be a function of (rows, first, count); got {type(log_w_of).__name__}. Log-weights at hand? iwae.diagnose(log_w)."
        )
    require_int("n", n)
    require_int("k", k)
    require_int("chunk", chunk)
    run = min(k, RUN, chunk)
    together = max(1, chunk // run)
    found = np.empty((5, n))
    with torch.no_grad():
        for start in range(0, n, together):
            rows = slice(start, min(n, start + together))
            found[:, rows] = _figures(log_w_of, rows, k, run)
    ok = (found[3] < _limit(k)) & (found[2] >= ENOUGH)  # k-hat not judged is nan, and below nothing
    for array in (found, ok):
        array.flags.writeable = False
    value, se, ess, khat, max_share = found
    return LogLikelihood(value, se, ess, khat, max_share, ok, k)


def _limit(k: int) -> float:
    return float(threshold(k)) if k >= TOO_FEW else -math.inf


def _figures(log_w_of: Any, rows: slice, k: int, run: int) -> np.ndarray:
    """value, se, ess, k-hat and max_share of some rows, (5, rows)."""
    size = rows.stop - rows.start
    state = LogSums(np.full(size, -np.inf), np.zeros(size), np.zeros(size), None)
    count, top = np.zeros(size, dtype=np.int64), np.empty((size, 0), dtype=np.float32)
    keep = tail_size(k) + 1 if k >= TOO_FEW else 0
    for first in range(0, k, run):
        l = _asked(log_w_of, rows, first, min(run, k - first))
        state = _merged(state, l)
        count += np.count_nonzero(l > -np.inf, axis=-1)
        top = _kept(top, l, keep)
    some = count > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(some, state.peak + np.log(state.w) - math.log(k), -np.inf)
        ess = np.where(some, state.w * (state.w / state.w2), 0.0)
        se = np.sqrt(np.maximum(1 / ess - 1 / k, 0.0)) if k > 1 else np.full(size, np.nan)
        share = 1 / state.w
    nothing = np.where(some, 0.0, np.nan)
    return np.stack([value, se + nothing, ess, khat_of_largest(top, count), share + nothing])


def _asked(log_w_of: Any, rows: slice, first: int, count: int) -> np.ndarray:
    """The log-weights of one call, looked at."""
    l = log_w_of(rows, first, count)
    wanted = (rows.stop - rows.start, count)
    if not isinstance(l, torch.Tensor) or l.shape != wanted:
        came = tuple(l.shape) if isinstance(l, torch.Tensor) else type(l).__name__
        raise InputError(
            f"`log_w_of` must give a tensor of shape {wanted} for {wanted[0]} rows and {count} draws; got {came}."
        )
    try:
        return log_weights(l).detach().cpu().numpy()
    except InputError as error:
        raise InputError(f"{error} Rows are counted from {rows.start:,}, draws from {first:,}.") from None


def _merged(a: LogSums, l: np.ndarray) -> LogSums:
    """Sums with these log-weights added, relative to the larger peak."""
    b = log_sums(l, squares=True)
    b_peak = np.where(b.w > 0, b.peak, -np.inf)
    peak = np.maximum(a.peak, b_peak)
    level = np.where(peak == -np.inf, 0.0, peak)
    with np.errstate(under="ignore"):
        one, two = np.exp(a.peak - level), np.exp(b_peak - level)
    assert a.w2 is not None
    assert b.w2 is not None
    return LogSums(peak, a.w * one + b.w * two, a.w2 * one**2 + b.w2 * two**2, None)


def _kept(top: np.ndarray, l: np.ndarray, keep: int) -> np.ndarray:
    """The `keep` largest of what was kept and what came, in the type of what came."""
    both = np.concatenate([top.astype(l.dtype), l], axis=-1) if top.shape[1] else l
    if both.shape[1] <= keep:
        return both
    least = both.shape[1] - keep
    return np.partition(both, least, axis=-1)[:, least:] if keep else both[:, :0]
