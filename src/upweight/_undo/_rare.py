"""Rare events: a logistic regression on few positives is biased even if the model is true; the bias has a formula.

The trouble: maximum likelihood with a dozen positives puts every coefficient too far from zero, and probabilities of the rare
class too low. The bias is of order 1/n and so known up to the unknown coefficients themselves.

    bias = (X'VX)^-1 X'V xi,    V = diag w p(1-p),    xi_i = Q_ii ((1 + w1) p_i - w1)/2,    Q_ii = x_i (X'VX)^-1 x_i'

What is inside: `rare_bias`.

Sources: McCullagh and Nelder (1989), section 15.2; King and Zeng, Political Analysis 9 (2001), eq. 7 and appendix.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import InputError
from .._frames import Container, all_same_rows, read_columns, require
from ._calibration import row_weights
from ._proba import read_proba

__all__ = ["rare_bias"]


def rare_bias(X: Any, proba: Any, *, sample_weight: Any = None, w1: float = 1.0) -> np.ndarray:
    """The order-1/n bias of a fitted logistic regression's coefficients: subtract it from them.

        bias = (X'VX)^-1 X'V xi,     V = diag w_i p_i (1 - p_i),     xi_i = Q_ii ((1 + w1) p_i - w1)/2

    Parameters
    ----------
    X : (n, d) numbers, the columns of the fit **with the column of ones** if there was an intercept; array or frame.
    proba : (n,) or (n, 2) fitted probabilities of the positive class, at the maximum of the likelihood (no penalty).
    sample_weight : None, (n,) numbers >= 0 or `Weights` the model was fitted with.
    w1 : weight of the positive class in a weighted fit, tau/ybar; 1 for an unweighted one.

    Returns
    -------
    ndarray (d,), in the units of the coefficients: ``coef - rare_bias(X, p)`` is the corrected estimate.

    Raises
    ------
    InputError : NaN, different lengths, linearly dependent columns, fitted probabilities that are all 0 or 1 (separation).

    Costs: variance falls too, so nothing is paid where the model is true; O(n d^2), never an n by n matrix. Not for
    penalised fits, whose bias is another.
    Source: King and Zeng (2001).

    >>> x = np.linspace(-2, 2, 200)
    >>> X = np.column_stack([np.ones(200), x])
    >>> rare_bias(X, 1 / (1 + np.exp(3 - x))).round(3)
    array([-0.111,  0.056])
    """
    x, p, w = _door(X, proba, sample_weight)
    if not (np.isfinite(w1) and w1 > 0):
        raise InputError(f"`w1` must be a finite weight > 0; got {w1!r}. It is tau/ybar, 1 for an unweighted fit.")
    v = w * p * (1 - p)
    inverse = _inverse((x * v[:, None]).T @ x)
    q = np.einsum("ij,ij->i", x @ inverse, x)
    xi = 0.5 * q * ((1 + w1) * p - w1)
    return inverse @ (x.T @ (v * xi))


def _door(X: Any, proba: Any, sample_weight: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X (n, d), p (n,) and weights (n,): mean one, or copies; checked to be of the same rows."""
    x, rows = _columns(X)
    given = read_proba(proba)
    if given.k != 2:
        raise InputError(f"`proba` must speak of two classes; got {given.k}. Fit one class against the rest.")
    if given.n != len(x):
        raise InputError(f"`X` and `proba` must have the same rows; got {len(x):,} and {given.n:,}.")
    w, copies, box = row_weights(sample_weight, given.n)
    all_same_rows({"X": rows, "proba": given.container, "sample_weight": box})
    return x, given.p[1], w if copies else w / w.mean()


def _columns(X: Any) -> tuple[np.ndarray, Container]:
    """X as float64 (n, d), finite, and the container of its rows."""
    if hasattr(X, "toarray"):
        raise InputError("`X` must be dense; got a sparse matrix. Pass X.toarray(), or the columns that matter.")
    x, container = read_columns(X, "X")
    if x.ndim != 2 or x.size == 0:
        raise InputError(f"`X` must be (n, d), the columns of the fit with the column of ones; got shape {x.shape}.")
    require(np.isfinite(x), "`X`", "be finite", x, "Drop those rows, or impute first.")
    return x, container


def _inverse(information: np.ndarray) -> np.ndarray:
    """(X'VX)^-1, refused where it says nothing: the scale of columns is taken out before it is judged."""
    scale = np.sqrt(np.diag(information))
    if not scale.all() or np.linalg.cond(information / np.outer(scale, scale)) > 1e12:
        raise InputError(
            "X'VX has no inverse: a column of `X` is a combination of the others, or every probability is 0 or 1 (separated "
            "classes). Drop the column, or add a penalty."
        )
    return np.linalg.inv(information)
