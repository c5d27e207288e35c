"""The least threshold that promises a new row's score with probability `level`, if rows weigh differently.

The trouble: conformal intervals promise coverage because the new row is exchangeable with the calibration rows. Under shift it is not,
and weights repair that only if the new row's **own** weight counts too: it may be the largest of all, and then no finite threshold
keeps the promise.

    q(x) = least q with  sum_i w_i 1{score_i <= q}  >=  level (sum_i w_i + w(x));    infinite where there is none

One sort, one running sum, one search for all new rows.

What is inside: `conformal_quantile`.

Source: Tibshirani, Foygel Barber, Candes and Ramdas, Conformal prediction under covariate shift, NeurIPS (2019).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError, is_number
from ..._frames import read, require
from ..._weights import Weights, forbid

__all__ = ["conformal_quantile", "read_level"]

SLACK = 1 - 8 * float(np.finfo(np.float64).eps)  # .55 * 100 > 55 in floats


def conformal_quantile(score: Any, *, weights: Any = None, at: Any = None, level: float = 0.9) -> np.ndarray:
    """Thresholds below which the scores of new rows lie with probability `level`, under the weights.

        q_j = least q with  sum_i w_i 1{score_i <= q} >= level (sum_i w_i + at_j)

    Parameters
    ----------
    score : (n,) scores of calibration rows that the model has not seen, larger is worse; +inf allowed.
    weights : (n,) target over source of these rows. at : (m,) the same of the new rows. Both arrays on one scale, or both `Weights`,
        whose own scale is read; or neither: every row weighs the same, and m = 1.
    level : share of new rows that shall lie at or below their threshold, in (0, 1).

    Returns
    -------
    (m,) float64, inf where these rows cannot promise `level`.

    Raises
    ------
    InputError : NaN scores, negative or infinite weights, one of `weights` and `at` alone, arrays beside `Weights`; with count and first row.
    KindError : class and cost weights.

    Costs: nothing is fitted. Estimated weights cost the exact promise: coverage errs by at most half their mean absolute error.
    O((n + m) log n).
    Source: Tibshirani et al. (2019).

    >>> conformal_quantile(range(1, 100), level=0.9)
    array([90.])
    >>> conformal_quantile([1.0, 2.0, 3.0], weights=[1.0, 1.0, 2.0], at=[0.1, 5.0], level=0.7)
    array([ 3., inf])
    """
    s = read(score, "score")[0]
    if s.ndim != 1 or s.size == 0:
        raise InputError(
            f"`score` must be one column of at least one score; got shape {s.shape}. Pass one score a row."
        )
    require(~np.isnan(s), "`score`", "be numbers", s, "Drop those rows first.", "NaN")
    w, new = _both(weights, at, s.size)
    q = read_level(level)
    order = np.argsort(s, kind="stable")
    run = np.cumsum(w[order])
    wanted = q * (run[-1] + new)
    place = np.searchsorted(run, wanted * SLACK)
    found = np.append(s[order], np.inf)[place]
    return np.where(wanted > 0, found, np.inf)


def read_level(level: Any) -> float:
    """A level in (0, 1)."""
    if not is_number(level) or not 0 < level < 1:
        raise InputError(f"`level` must lie between 0 and 1; got {level!r}. For 90 % pass level=0.9.")
    return float(level)


def _both(weights: Any, at: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the calibration rows and of the new ones on one scale that no float leaves."""
    if weights is None and at is None:
        return np.ones(n), np.ones(1)
    if weights is None or at is None:
        one, other = ("`at`", "`weights`") if weights is None else ("`weights`", "`at`")
        raise InputError(f"{one} needs {other} beside it: the new row's own weight counts. Pass both, or neither.")
    logs = [_logs(weights, "weights"), _logs(at, "at")]
    if isinstance(weights, Weights) != isinstance(at, Weights):
        raise InputError(
            "`weights` and `at` must be on one scale: both Weights or both arrays. Pass w.values of the Weights."
        )
    if logs[0].size != n:
        raise InputError(
            f"`weights` must have one entry a score; got {logs[0].size:,} for {n:,} scores. Pass both of the same rows."
        )
    peak = max(float(l.max()) for l in logs)
    if peak == -np.inf:
        return np.zeros(n), np.zeros(logs[1].size)
    return np.exp(logs[0] - peak), np.exp(logs[1] - peak)


def _logs(x: Any, name: str) -> np.ndarray:
    if isinstance(x, Weights):
        x._one_vector("conformal_quantile")
        forbid(x.kind, "quantile")
        return x.log_w
    v = np.atleast_1d(read(x, name)[0])
    if v.ndim != 1 or v.size == 0:
        raise InputError(f"`{name}` must be one column of weights; got shape {v.shape}. Pass one weight a row.")
    require(
        np.isfinite(v) & (v >= 0),
        f"`{name}`",
        "be finite and >= 0",
        v,
        "Logs? Pass np.exp(x), or Weights.of_log(x).",
        "others",
    )
    with np.errstate(divide="ignore"):
        return np.log(v)
