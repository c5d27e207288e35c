"""Gaussians and Student's t around a point, of any shape: the parts that mixtures are made of.

    N(x; m, C)         log q = -(z'z + d log 2 pi)/2 - log|L|,    C = LL',  z = L^-1 (x - m)
    t(x; m, C, nu)     log q = log G((nu + d)/2) - log G(nu/2) - d/2 log(nu pi) - log|L| - (nu + d)/2 log(1 + z'z/nu)

What is inside: `Normal` and `Student`, each with `sample` and `log_prob`; `round_normal`, N(0, s^2 I).

If unsure, Student with 5 degrees of freedom: its tail is heavy enough for targets that are not Gaussian.

Source: Owen (2013), Monte Carlo theory, methods and examples, chapter 9, for why a proposal's tail must not be lighter than the target's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

__all__ = ["Normal", "Student", "round_normal"]

LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True, eq=False)
class Normal:
    """N(mean, C): mean (d,), factor (d, d) the lower triangle of C = LL', in units of x."""

    mean: np.ndarray
    factor: np.ndarray

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """x (n, d)."""
        return self.mean + rng.standard_normal((n, self.mean.size)) @ self.factor.T

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """log q (n,) of x (n, d)."""
        return -0.5 * (_squares(self, x) + self.mean.size * LOG_2PI) - _log_volume(self.factor)


@dataclass(frozen=True, eq=False)
class Student:
    """Student's t in d dimensions: mean (d,), factor (d, d) the lower triangle of its shape matrix, df > 0."""

    mean: np.ndarray
    factor: np.ndarray
    df: float = 5.0

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """x (n, d)."""
        z = rng.standard_normal((n, self.mean.size)) @ self.factor.T
        return self.mean + z * np.sqrt(self.df / rng.chisquare(self.df, n))[:, None]

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """log q (n,) of x (n, d)."""
        nu, d = self.df, self.mean.size
        top = math.lgamma((nu + d) / 2) - math.lgamma(nu / 2) - d / 2 * math.log(nu * math.pi)
        return top - _log_volume(self.factor) - (nu + d) / 2 * np.log1p(_squares(self, x) / nu)


def round_normal(d: int, s: float = 1.0) -> Normal:
    """N(0, s^2 I) in d dimensions."""
    return Normal(np.zeros(d), s * np.eye(d))


def _squares(q: Normal | Student, x: np.ndarray) -> np.ndarray:
    """z'z (n,): squared distances from the mean, in units of the shape."""
    from scipy.linalg import solve_triangular

    z = solve_triangular(q.factor, (x - q.mean).T, lower=True, check_finite=False)
    return np.einsum("ij,ij->j", z, z)


def _log_volume(factor: np.ndarray) -> float:
    """log|L|."""
    return float(np.log(np.diag(factor)).sum())
