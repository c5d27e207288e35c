"""Logistic regression that reads its rows once a pass and keeps d^2 numbers, with offsets and a sandwich covariance.

    maximise  sum_i w_i ( y_i eta_i - log(1 + exp eta_i) ) - l2/2 |beta|^2,   eta_i = b + x_i beta + offset_i
    Newton    H = sum w p (1 - p) z z' + l2,  step H^-1 g, halved while the likelihood falls
    stop      g' H^-1 g / 2 < tol max(1, |likelihood|)
    cov       H^-1 ( sum w^2 (y - p)^2 z z' ) H^-1

The sums of a pass are a tally: parts may be summed in any split. Above 2,000 columns, where d^2 numbers are many, L-BFGS takes over.

Sources: Nocedal and Wright, Numerical Optimization (2006), ch. 3 and 7; White (1982) for the sandwich.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg, optimize, sparse

from ..._errors import InputError
from ..scoring import sigmoid

__all__ = ["Fit", "Part", "first_guess", "fit_lbfgs", "fit_newton"]

SURE = 30.0  # log-odds beyond which a probability is one for all that doubles can tell
NO_DOUBT = -1e-6  # log-likelihood of all rows together
HALVINGS = 30
MEMORY = 10  # pairs that L-BFGS keeps


class Part(NamedTuple):
    """Some rows: X (m, d) dense or CSR, y (m,) bool, offset (m,), weights (m,)."""

    X: Any
    y: np.ndarray
    offset: np.ndarray
    w: np.ndarray


Parts = Callable[[], Iterator[Part]]  # every call is one pass over the rows


class Fit(NamedTuple):
    """Coefficients (1 + d,), intercept first; covariance (1 + d, 1 + d) or None; passes over the rows."""

    beta: np.ndarray
    covariance: np.ndarray | None
    passes: int


@dataclass(frozen=True)
class Sums:
    """What one pass adds up: log-likelihood, gradient, curvature (or None), and the least |eta| of each class."""

    likelihood: float
    gradient: np.ndarray
    curvature: np.ndarray | None
    least: np.ndarray

    def __add__(self, other: Sums) -> Sums:
        curvature = None if self.curvature is None or other.curvature is None else self.curvature + other.curvature
        return Sums(
            self.likelihood + other.likelihood,
            self.gradient + other.gradient,
            curvature,
            np.minimum(self.least, other.least),
        )


def _sums_of(part: Part, beta: np.ndarray, *, curved: bool) -> Sums:
    """The sums of some rows at some coefficients."""
    eta = part.X @ beta[1:] + beta[0] + part.offset
    size = np.abs(eta)
    z = np.exp(-size)  # of it are both p = sigmoid(eta) and log(1 + exp(eta)), which is five times dearer by itself
    p = np.where(eta >= 0, 1.0, z) / (1.0 + z)
    likelihood = float(part.w @ (part.y * eta - np.maximum(eta, 0.0) - np.log1p(z)))
    residual = part.w * (part.y - p)
    gradient = np.r_[residual.sum(), part.X.T @ residual]
    size[part.w == 0] = np.inf
    least = np.array([size.min(where=part.y == code, initial=np.inf) for code in (False, True)])
    return Sums(likelihood, gradient, product(part.X, part.w * p * (1 - p)) if curved else None, least)


def product(X: Any, v: np.ndarray) -> np.ndarray:
    """(1 + d, 1 + d) sum_i v_i z_i z_i', z = (1, x)."""
    if sparse.issparse(X):
        inner = np.asarray((X.T @ sparse.csr_array(X.multiply(v[:, None]))).todense())
    else:
        scaled = X * np.sqrt(v)[:, None]
        inner = scaled.T @ scaled  # one matrix and itself: half the work of two
    out = np.empty((1 + X.shape[1], 1 + X.shape[1]))
    out[0, 0] = v.sum()
    out[0, 1:] = out[1:, 0] = np.asarray(X.T @ v).ravel()
    out[1:, 1:] = inner
    return out


def _one_pass(parts: Parts, beta: np.ndarray, l2: float, *, curved: bool) -> Sums:
    """Penalised sums over all rows."""
    total = None
    for part in parts():
        mine = _sums_of(part, beta, curved=curved)
        total = mine if total is None else total + mine
    if total is None:
        raise InputError("there are no rows to fit.")
    penalty = np.r_[0.0, np.full(len(beta) - 1, l2)]
    curvature = None if total.curvature is None else total.curvature + np.diag(penalty)
    return Sums(
        total.likelihood - 0.5 * l2 * float(beta[1:] @ beta[1:]),
        total.gradient - penalty * beta,
        curvature,
        total.least,
    )


def first_guess(parts: Parts, columns: int) -> np.ndarray:
    """(1 + d,) no slopes, and the intercept of the weighted share of positives less the mean offset, from one pass.

    From zero, an offset that is far off would send the first step to where the likelihood is flat.
    """
    total = ones = moved = 0.0
    for part in parts():
        total += float(part.w.sum())
        ones += float(part.w @ part.y)
        moved += float(part.w @ part.offset)
    if not 0 < ones < total:
        return np.zeros(1 + columns)
    return np.r_[np.log(ones) - np.log(total - ones) - moved / total, np.zeros(columns)]


def fit_newton(parts: Parts, begin: np.ndarray, *, l2: float, tol: float, max_iter: int) -> Fit:
    """Damped Newton from `begin` (1 + d,); raises InputError where the classes can be separated, or passes run out."""
    beta, passes, steps = begin, 1, 0
    here = _one_pass(parts, beta, l2, curved=True)
    while True:
        assert here.curvature is not None
        step = _solved(here.curvature, here.gradient)
        gain = 0.5 * float(here.gradient @ step)
        _refuse_separation(here, gain, l2)
        if gain < tol * max(1.0, abs(here.likelihood)):
            break
        if steps >= max_iter:
            raise InputError(f"no convergence in {max_iter} steps (gain {gain:.2g}). Scale the columns, or add l2.")
        steps += 1
        there = here
        for _ in range(HALVINGS):
            there = _one_pass(parts, beta + step, l2, curved=True)
            passes += 1
            if there.likelihood >= here.likelihood - 1e-12 * abs(here.likelihood):
                break
            step = step / 2
        beta, here = beta + step, there
    beta = beta + step  # Newton's last step squares what error is left
    curvature, middle = sandwich(parts, beta, l2)
    inverse = np.linalg.pinv(curvature, hermitian=True)
    return Fit(beta, inverse @ middle @ inverse, passes + 1)


def fit_lbfgs(parts: Parts, begin: np.ndarray, *, l2: float, tol: float, max_iter: int) -> Fit:
    """L-BFGS with ten pairs, for many columns; no covariance."""
    passes = 0

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal passes
        passes += 1
        here = _one_pass(parts, beta, l2, curved=False)
        _refuse_separation(here, float(np.abs(here.gradient).max()), l2)
        return -here.likelihood, -here.gradient

    options = {"maxcor": MEMORY, "maxiter": max_iter * 20, "maxfun": max_iter * 40, "ftol": tol * 1e-6, "gtol": 1e-9}
    done: Any = optimize.minimize(loss, begin, jac=True, method="L-BFGS-B", options=options)
    if not done.success:
        raise InputError(f"no convergence: {done.message}. Scale the columns, or add l2.")
    return Fit(done.x, None, passes)


def sandwich(parts: Parts, beta: np.ndarray, l2: float) -> tuple[np.ndarray, np.ndarray]:
    """(H, sum w^2 (y - p)^2 z z') in one pass."""
    curvature = np.diag(np.r_[0.0, np.full(len(beta) - 1, l2)])
    middle = np.zeros_like(curvature)
    for part in parts():
        p = sigmoid(part.X @ beta[1:] + beta[0] + part.offset)
        curvature += product(part.X, part.w * p * (1 - p))
        middle += product(part.X, (part.w * (part.y - p)) ** 2)
    return curvature, middle


def _solved(curvature: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """H^-1 g; by least squares where columns are dependent."""
    try:
        return linalg.cho_solve(linalg.cho_factor(curvature), gradient)
    except linalg.LinAlgError:
        return np.linalg.lstsq(curvature, gradient, rcond=None)[0]


def _refuse_separation(here: Sums, gain: float, l2: float) -> None:
    """A class that is sure on every row, or no row in doubt, with the likelihood still rising: no finite coefficients."""
    if l2 == 0 and gain > 0 and (here.least.max() > SURE or here.likelihood > NO_DOUBT):
        raise InputError("the columns separate the classes, so coefficients grow without end; add l2, say l2=1.")
