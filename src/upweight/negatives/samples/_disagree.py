"""Do the offset and the weights tell the same model? If not, the logit is wrong, or the pilot knew these labels.

    Delta = beta_offset - beta_weights,   psi_i = influence of row i on Delta
    H = Delta' (sum psi psi')^+ Delta  ~  chi-square of d degrees, if the model is right

Both fits see the pilot's columns. The offset is the more accurate where the model is right; weights estimate the all-data fit even where it is
not.

Source: Hausman, Specification tests in econometrics (1978); Wang, Zhang and Wang, NeurIPS (2021), for the two estimators.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

from ..._errors import InputError
from ..scoring import sigmoid
from ..trainers import Part, first_guess, fit_newton, product

__all__ = ["Disagreement", "disagreement"]

RIDGE = 1e-6  # of standardised columns: keeps levels that only one class has at finite coefficients


class Disagreement(NamedTuple):
    """Statistic, degrees of freedom, and the probability of one as large if both fits are right."""

    statistic: float
    degrees: int
    p: float


def disagreement(X: np.ndarray, y: np.ndarray, *, offset: np.ndarray, weight: np.ndarray) -> Disagreement | None:
    """Of kept rows: X (m, d) columns, y (m,) bool, offset (m,) log pi1 - log pi0, weight (m,) 1/pi; None where a fit does not exist."""
    sd = X.std(axis=0)
    X = ((X - X.mean(axis=0)) / np.where(sd > 0, sd, 1.0))[:, sd > 0]
    zeros, ones = np.zeros(len(X)), np.ones(len(X))
    try:
        one = _influences(Part(X, y, offset, ones))
        two = _influences(Part(X, y, zeros, weight / weight.mean()))
    except InputError:
        return None
    psi = one[1] - two[1]
    delta = one[0] - two[0]
    spread = psi.T @ psi
    values, vectors = np.linalg.eigh(spread)
    held = values > values.max() * 1e-10
    part = vectors[:, held].T @ delta
    statistic = float((part**2 / values[held]).sum())
    return Disagreement(statistic, int(held.sum()), float(chdtrc(int(held.sum()), statistic)))


def _influences(rows: Part) -> tuple[np.ndarray, np.ndarray]:
    """(beta (1 + d,), influence of each row on it (m, 1 + d)) of a weighted logistic fit with an offset."""
    parts = lambda: iter([rows])
    done = fit_newton(parts, first_guess(parts, rows.X.shape[1]), l2=RIDGE, tol=1e-10, max_iter=50)
    p = sigmoid(rows.X @ done.beta[1:] + done.beta[0] + rows.offset)
    curvature = product(rows.X, rows.w * p * (1 - p))
    z = np.column_stack([np.ones(len(rows.X)), rows.X])
    return done.beta, (z * (rows.w * (rows.y - p))[:, None]) @ np.linalg.pinv(curvature, hermitian=True)
