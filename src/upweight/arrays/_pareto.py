"""The generalised Pareto distribution, fitted to what lies above a cut.

Above a high enough cut almost every distribution looks generalised Pareto: exceedances y > 0 have

    P(Y > y) = (1 + k y / sigma) ** (-1 / k)

and k, the tail index, says how many moments exist: the variance for k < 1/2, the mean for k < 1. Maximum
likelihood is unstable here; the estimate of Zhang and Stephens averages over a grid of b = -k / sigma
instead, weighing each point by its profile likelihood, and needs no iteration:

    kappa(b) = mean_i log(1 - b y_i)
    L(b) = M (log(-b / kappa) - kappa - 1)
    b = sum_j b_j exp L(b_j) / sum_j exp L(b_j)

A weak prior (ten rows at 1/2) then steadies k. Everything is measured in units of the first quartile of y,
so that weights spanning more than the 308 decades of a float64 are fitted like any others.

Inside: `fit_pareto` (exceedances as numbers) and `fit_logs` (the same from log-weights above a cut). The
cost is in the m x M logarithms of the grid: eight factors 1 - b y are multiplied before one logarithm is
taken of them.

Sources: Zhang & Stephens (2009), A new and efficient estimation method for the generalized Pareto
distribution, Technometrics 51. The prior: Vehtari, Simpson, Gelman, Yao & Gabry (2024), Pareto smoothed
importance sampling, JMLR 25(72).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .._errors import InputError
from ._log import as_rows
from ._namespace import Array, compiled, floats
from ._tail_constants import CAP, FEWEST, NEGLIGIBLE, PRIOR_K, PRIOR_ROWS
from ._tail_tensors import fit_tensor

__all__ = ["ParetoFit", "first_quartile", "fit_logs", "fit_pareto", "grid"]

ROWS = 256  # rows fitted together
TILE = 1 << 15
SHORT = 128  # sums of fewer numbers are faster by einsum, longer ones more exact by pairs
SMALL = 0.03  # size of b y below which a product of factors loses digits that log1p keeps


class ParetoFit(NamedTuple):
    """One generalised Pareto fit a row, in units of exp(unit)."""

    k: np.ndarray  # (r,) tail index, with the prior
    sigma: np.ndarray  # (r,) scale, before the prior
    unit: np.ndarray  # (r,) logarithm of the unit


def fit_pareto(y: Array) -> tuple[Array, Array]:
    """Fit a generalised Pareto distribution to exceedances over a cut.

        P(Y > y) = (1 + k y / sigma) ** (-1 / k)

    Parameters
    ----------
    y : (..., M) array of exceedances > 0, in any unit and any order

    Returns
    -------
    k : (...) array, dimensionless: the tail index, drawn toward 1/2 with the weight of ten rows
    sigma : (...) array, in the unit of y: the scale, before that prior. Both are NaN for M < 5.

    Raises
    ------
    InputError : an exceedance is zero or negative (NumPy only: tensors are not looked at).

    Notes
    -----
    Costs: the prior moves k by 10 / (M + 10) of the way to 1/2.
    Source: Zhang & Stephens (2009); Vehtari et al. (2024).

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.arrays import fit_pareto
    >>> p = (np.arange(1000) + 0.5) / 1000
    >>> k, sigma = fit_pareto(((1 - p) ** -0.3 - 1) / 0.3)            # quantiles for k = 0.3, sigma = 1
    >>> round(float(k), 3), round(float(sigma), 3)
    (0.303, 0.998)
    """
    xp, y = floats(y)
    if xp is not np:
        return compiled(fit_tensor)(xp, y)
    bad = np.flatnonzero(y <= 0)
    if bad.size:
        raise InputError(
            f"exceedances must be > 0; got {bad.size} that are not, first {y.flat[bad[0]]:g} at {bad[0]}. "
            "Subtract the cut and keep what lies above it."
        )
    logs = np.sort(np.log(as_rows(y), dtype=np.float64), axis=-1)
    k, sigma = np.full((2, len(logs)), np.nan)
    if logs.shape[-1] >= FEWEST:
        for i in range(0, len(logs), ROWS):
            part = logs[i : i + ROWS]
            fit = fit_logs(part, np.full(len(part), -np.inf))
            k[i : i + ROWS], sigma[i : i + ROWS] = fit.k, fit.sigma * np.exp(fit.unit)
    back = lambda x: x.reshape(y.shape[:-1]).astype(y.dtype)[()]
    return back(k), back(sigma)


@np.errstate(all="ignore")  # extremes overflow or divide by zero on the way to a finite answer
def fit_logs(l: np.ndarray, cut: np.ndarray) -> ParetoFit:
    """Fit the exceedances exp(l) - exp(cut) of ascending logs `l` (r, M), M >= 5, all above `cut` (r,).

    >>> import numpy as np
    >>> from upweight.arrays import fit_logs
    >>> x = -0.5 * np.log1p(-(np.arange(500) + 0.5) / 500)          # logs of a Pareto tail of index 0.5 above its cut at 1
    >>> fit = fit_logs(x[None], np.array([0.0]))
    >>> float(fit.k[0].round(2))
    0.5
    """
    size, q = l.shape[1], first_quartile(l.shape[1])
    unit = l[:, q]
    lift = l - unit[:, None]
    below = np.expm1(cut[:, None] - l)  # exp(l) - exp(cut) = -exp(l) * below, without cancellation
    y, beyond = _capped(lift, below / below[:, q, None])
    last = np.exp(-lift[:, -1]) * (below[:, q] / below[:, -1])  # 1 / y_M, which may itself overflow

    b = grid(size) - last[:, None]  # minus the b of the formula, nearly always positive
    kappa = _sum_log1p(b, y) / size + beyond[:, None]
    b = np.einsum("ij,ij->i", _posterior(_per_kappa(b, kappa, y), kappa, size), b)
    kappa = np.log1p(b[:, None] * y).mean(axis=-1) + beyond
    k = (size * kappa + PRIOR_ROWS * PRIOR_K) / (size + PRIOR_ROWS)
    return ParetoFit(k, -below[:, q] / _per_kappa(b[:, None], kappa[:, None], y)[:, 0], unit)


def first_quartile(size: int) -> int:
    """Place of the first quartile among `size` ascending values."""
    return int(size / 4 + 0.5) - 1


def grid(size: int) -> np.ndarray:
    """(sqrt(m / (j - 1/2)) - 1) / 3 for j = 1..m, m = 30 + floor(sqrt(size)), in units of 1 / quartile."""
    m = 30 + math.isqrt(size)
    return (np.sqrt(m / (np.arange(1, m + 1) - 0.5)) - 1) / 3


def _capped(lift: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Exceedances in quartiles, capped at e**CAP, and the mean logarithm of what the cap took off."""
    if not lift[:, -1].max() > CAP:
        return np.exp(lift) * share, np.zeros(len(lift))
    return np.exp(np.minimum(lift, CAP)) * share, np.maximum(lift - CAP, 0.0).mean(axis=-1)


def _per_kappa(b: np.ndarray, kappa: np.ndarray, y: np.ndarray) -> np.ndarray:
    """b / kappa(b), which tends to 1 / mean(y) where b does to zero."""
    return np.where(kappa == 0, 1 / y.mean(axis=-1, keepdims=True), b / kappa)


def _posterior(b_per_kappa: np.ndarray, kappa: np.ndarray, size: int) -> np.ndarray:
    """Weights of the grid points, proportional to e**L, the negligible ones set to zero."""
    loglik = size * (np.log(b_per_kappa) - kappa - 1)
    w = np.exp(loglik - loglik.max(axis=-1, keepdims=True))
    w /= w.sum(axis=-1, keepdims=True)
    w[w < NEGLIGIBLE * np.finfo(np.float64).eps] = 0.0
    return w / w.sum(axis=-1, keepdims=True)


def _sum_log1p(b: np.ndarray, y: np.ndarray) -> np.ndarray:
    """sum_i log(1 + b_j y_i): (r, m) from (r, m) and (r, M), with one logarithm for eight factors."""
    (r, m), size = b.shape, y.shape[1]
    eighth = -(-size // 8)
    padded = np.zeros((r, 8, eighth))  # a factor of one for every place that M does not fill
    padded.reshape(r, -1)[:, :size] = y
    parts = np.ascontiguousarray(padded.transpose(1, 0, 2))
    out, step = np.empty((m, r)), max(1, TILE // (r * eighth))
    for j in range(0, m, step):
        each = np.repeat(b.T[j : j + step], eighth, axis=1).reshape(-1, r, eighth)
        product = each * parts[0]
        product += 1
        factor = np.empty_like(each)
        for part in parts[1:]:
            np.multiply(each, part, out=factor)
            factor += 1
            product *= factor
        np.log(product, out=product)
        out[j : j + step] = np.einsum("jrg->jr", product) if eighth < SHORT else product.sum(axis=-1)
    i, j = np.nonzero(np.abs(b) * y.mean(axis=-1, keepdims=True) < SMALL)
    out[j, i] = np.log1p(b[i, j, None] * y[i]).sum(axis=-1)
    return out.T
