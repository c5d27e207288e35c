"""A Gaussian that is stretched or squeezed in one direction only: as many numbers to fit as there are dimensions.

The trouble: a full covariance has d(d + 1)/2 numbers, and in a hundred dimensions no thousand points tell them; the weights of a proposal
fitted all the same are those of its noise. A failure far from the origin mostly narrows one direction, toward itself.

    N(m, I + (v - 1) e e'),   e = m/|m|;     log q = -(|z|^2 + (1/v - 1)(e'z)^2 + d log 2 pi + log v)/2,   z = x - m

What is inside: `Projected`, O(nd) to draw from and to ask.

Source: El Masri, Morio and Simatos (2021), Improvement of the cross-entropy method in high dimension for failure probability estimation
through a one-dimensional projection without gradient estimation, Reliab. Eng. Syst. Saf. 216.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

__all__ = ["Projected"]

LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True, eq=False)
class Projected:
    """mean (d,), direction (d,) of length one, variance > 0 along it; variance one across."""

    mean: np.ndarray
    direction: np.ndarray
    variance: float

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """x (n, d)."""
        z = rng.standard_normal((n, self.mean.size))
        along = z @ self.direction
        return self.mean + z + np.outer((math.sqrt(self.variance) - 1) * along, self.direction)

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """log q (n,) of x (n, d)."""
        z = x - self.mean
        squares = np.einsum("ij,ij->i", z, z) + (1 / self.variance - 1) * (z @ self.direction) ** 2
        return -0.5 * (squares + self.mean.size * LOG_2PI + math.log(self.variance))
