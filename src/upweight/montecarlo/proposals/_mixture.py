"""Mixtures of proposals, and the net that every search begins with.

The trouble: a proposal that was fitted to what was found knows nothing of what was not. A share that covers everything, however thinly,
bounds the weights where the fit has gaps, and now and then lands somewhere new.

    q(x) = sum_k a_k q_k(x);     net(d) = equal mixture of N(0, s^2 I):  s in {1, 2, 3} to d = 6,  {1, 1.5, 2} to d = 20,  {1} above

Rows are drawn with multinomial counts, so that they are independent draws of q, and shuffled by nothing: they come part by part.

What is inside: `Mixture`, `net`.

Source: Hesterberg (1995), Weighted average importance sampling and defensive mixture distributions, Technometrics 37.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...arrays import log_sum_exp
from ._normal import round_normal
from ._protocol import Proposal

__all__ = ["Mixture", "net"]


@dataclass(frozen=True, eq=False)
class Mixture:
    """parts: proposals q_k of one dimension; shares (K,) > 0, sum one; family: the parts' name where they were fitted, else "mixture"."""

    parts: tuple[Proposal, ...]
    shares: tuple[float, ...]
    family: str = "mixture"

    @property
    def components(self) -> int:
        """K, how many parts."""
        return len(self.parts)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """x (n, d), independent but for their order: part by part, counts multinomial."""
        counts = rng.multinomial(n, np.asarray(self.shares) / sum(self.shares)).tolist()
        return np.concatenate([q.sample(m, rng) for q, m in zip(self.parts, counts, strict=True)])

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """log q (n,) of x (n, d)."""
        return log_sum_exp((self.log_parts(x) + np.log(self.shares)[:, None]).T)

    def log_parts(self, x: np.ndarray) -> np.ndarray:
        """log q_k (K, n) of x (n, d), shares left out."""
        return np.array([q.log_prob(x) for q in self.parts])


def net(d: int) -> Mixture:
    """The defensive proposal in d dimensions: standard normals of one to three sizes.

    >>> [net(d).components for d in (2, 20, 21)]
    [3, 3, 1]
    """
    sizes = (1.0, 2.0, 3.0) if d <= 6 else (1.0, 1.5, 2.0) if d <= 20 else (1.0,)
    return Mixture(tuple(round_normal(d, s) for s in sizes), (1 / len(sizes),) * len(sizes))
