"""Densities whose constant is known: log-likelihoods with their priors and log Z, by conjugacy or quadrature, and a bent normal.

For the papers on evidence and on adaptive proposals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

Evidence = tuple[Callable[[np.ndarray], np.ndarray], Any, float]  # (log-likelihood, prior, log Z)

BINOMIAL: Evidence = (lambda x: stats.binom(20, x[:, 0]).logpmf(7), [stats.beta(2, 5)], -2.492536780)
POISSON: Evidence = (
    lambda x: stats.poisson(x).logpmf([3, 5, 2, 8, 4]).sum(axis=1),
    [stats.gamma(2, scale=2)],
    -11.748628133,
)


def regression(n: int, d: int) -> Evidence:
    """Standard normal coefficients, errors of size one."""
    r = np.random.default_rng(0)
    X = r.standard_normal((n, d))
    y = X @ r.standard_normal(d) + r.standard_normal(n)
    truth = stats.multivariate_normal(np.zeros(n), np.eye(n) + X @ X.T).logpdf(y)
    size = -0.5 * n * math.log(2 * math.pi)
    return lambda b: size - 0.5 * ((y - b @ X.T) ** 2).sum(axis=1), d, float(truth)


def two_peaks(u: np.ndarray) -> np.ndarray:
    m = 2 * np.eye(10)[0]
    a, b = (stats.norm(sign * m, 0.2).logpdf(u).sum(axis=1) for sign in (1, -1))
    return np.logaddexp(math.log(0.3) + a, math.log(0.7) + b)


TWO_MODES: Evidence = (two_peaks, 10, -11.308565821)


def banana(x: np.ndarray) -> np.ndarray:
    """N(0, diag(100, 1, ...)) bent by x2 + .03 (x1^2 - 100): log Z is 0 in every dimension."""
    y = x.copy()
    y[:, 1] -= 0.03 * (x[:, 0] ** 2 - 100)
    return stats.norm(0, np.r_[10.0, np.ones(x.shape[1] - 1)]).logpdf(y).sum(axis=1)


def wide(*variances: float) -> Any:
    """A start that is wide enough: Student's t of five degrees with this diagonal shape."""
    return stats.multivariate_t(np.zeros(len(variances)), np.diag(variances), df=5)
