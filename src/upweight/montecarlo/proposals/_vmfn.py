"""Directions and lengths apart: von Mises-Fisher times Nakagami, for regions that hug a sphere.

The trouble: in d dimensions a standard normal lies in a shell of radius sqrt(d), and a Gaussian proposal that is a little too narrow or
too wide misses the shell altogether. Here the length r of a point and its direction a have laws of their own:

    u = r a,   log q(u) = log C_d(k) + k mu'a + log Nakagami(r; m, W) - (d - 1) log r
    C_d(k) = k^nu / ((2 pi)^(d/2) I_nu(k)),  nu = d/2 - 1;     Nakagami: r^2 ~ Gamma(shape m, mean W)

What is inside: `VonMisesNakagami`; `log_bessel`, log I_nu(k) at any order.

Sources: Papaioannou, Geyer and Straub (2019), Reliab. Eng. Syst. Saf. 191, for the family; Wood (1994), Simulation of the von Mises Fisher
distribution, Commun. Stat. Simul. 23, for the draws; Abramowitz and Stegun (1964), 9.7.7, for large orders.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

__all__ = ["VonMisesNakagami", "log_bessel"]


@dataclass(frozen=True, eq=False)
class VonMisesNakagami:
    """direction (d,) of length one, d >= 2; concentration k >= 0; Nakagami's shape m >= 0.5 and mean square W > 0 of the lengths."""

    direction: np.ndarray
    concentration: float
    shape: float
    spread: float

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """u (n, d)."""
        lengths = np.sqrt(rng.gamma(self.shape, self.spread / self.shape, n))
        return lengths[:, None] * _directions(self.direction, self.concentration, n, rng)

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """log q (n,) of u (n, d); lengths below 1e-150 are taken as that."""
        d, m, w = self.direction.size, self.shape, self.spread
        r = np.maximum(np.sqrt(np.einsum("ij,ij->i", x, x)), 1e-150)
        log_r = np.log(r)
        length = math.log(2) + m * math.log(m / w) - math.lgamma(m) + (2 * m - 1) * log_r - m / w * r * r
        towards = self.concentration * (x @ self.direction) / r
        return _log_constant(d, self.concentration) + towards + length - (d - 1) * log_r


def _log_constant(d: int, k: float) -> float:
    """log C_d(k); for k = 0 minus the log of the sphere's area."""
    nu = d / 2 - 1
    if k < 1e-9:
        return math.lgamma(d / 2) - math.log(2) - d / 2 * math.log(math.pi)
    return nu * math.log(k) - d / 2 * math.log(2 * math.pi) - log_bessel(nu, k)


def log_bessel(nu: float, k: float) -> float:
    """log I_nu(k) for nu >= 0 and k > 0; the uniform expansion for large orders where the function underflows.

    >>> round(log_bessel(0.5, 1.0), 10) == round(math.log(math.sqrt(2 / math.pi) * math.sinh(1.0)), 10)
    True
    """
    from scipy.special import ive

    scaled = float(ive(nu, k))
    if scaled > 1e-280:
        return math.log(scaled) + k
    t = k / nu
    root = math.hypot(1.0, t)
    p = 1 / root
    u1 = (3 * p - 5 * p**3) / 24
    u2 = (81 * p**2 - 462 * p**4 + 385 * p**6) / 1152
    exponent = nu * (root + math.log(t / (1 + root)))
    return exponent - 0.5 * math.log(2 * math.pi * nu * root) + math.log1p(u1 / nu + u2 / nu**2)


def _directions(mu: np.ndarray, k: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Directions (n, d) of von Mises-Fisher: the cosine by Wood's rejection, the rest uniform, turned by a reflection."""
    d = mu.size
    w = _cosines(d, k, n, rng)
    v = rng.standard_normal((n, d - 1))
    v /= np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-300)
    a = np.column_stack([w, np.sqrt(np.maximum(0.0, 1 - w * w))[:, None] * v])
    axis = -mu.copy()
    axis[0] += 1.0  # the reflection that takes the first axis to mu
    size = axis @ axis
    return a - np.outer(a @ axis, 2 * axis / size) if size > 1e-30 else a


def _cosines(d: int, k: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Cosines (n,) of the angle to the mean direction (Wood 1994, algorithm VM*)."""
    b = (d - 1) / (2 * k + math.hypot(2 * k, d - 1))
    x0 = (1 - b) / (1 + b)
    c = k * x0 + (d - 1) * math.log1p(-x0 * x0) if x0 < 1 else -math.inf
    kept, found = [np.empty(0)], 0
    while found < n:
        z = rng.beta((d - 1) / 2, (d - 1) / 2, max(16, 2 * (n - found)))
        w = (1 - (1 + b) * z) / (1 - (1 - b) * z)
        lawful = k * w + (d - 1) * np.log1p(-x0 * w) - c >= np.log(rng.random(z.size))
        kept.append(w[lawful])
        found += kept[-1].size
    return np.concatenate(kept)[:n]
