"""The lowest mean that non-negative numbers may have, proven by a bet against every lower one.

The trouble: an interval from a standard error is true of many rows and light tails. Whoever bets on "the mean of x is above m" with stakes
that are set before each row is seen multiplies a wealth of one by 1 + lambda_i (x_i - m); if m is the mean, that wealth is expected to stay
one, and exceeds 1/alpha at any time with probability alpha at most (Ville). So every m against which it did is too low.

    K(m) = sum log(1 + min(lambda_i, 3/(4 m)) (x_i - m))     L the m at which K(m) = log(1/alpha)
    lambda_i = sqrt(2 log(1/alpha)/(s2_i N_i)),   mu_i = min(1, (1/2 + sum_{j<i} x_j)/i),   s2_i = (1/4 + sum_{j<i} (x_j - mu_j)^2)/i

N_i = n, or i log(1 + i) where the rows may be looked at as they come. K falls in m, every factor is at least a quarter, and no bound on x
is needed.

What is inside: `Bet`, the stakes against one column; `lowest`, the root, of one bet or of the mean of two.

Sources: Waudby-Smith and Ramdas (2024), Estimating means of bounded random variables by betting; Karampatziakis, Mineiro and Ramdas (2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..._estimate import blocks

__all__ = ["Bet", "lowest"]

LARGEST_STAKE = 0.75  # of the wealth on any row: no factor is below a quarter
BISECTIONS = 50
LEAST = 1e-12
LARGEST = 1e140  # beyond it a number counts as this one where stakes are set, which may be set in any way that looks back only


class Bet(NamedTuple):
    """x (n,) >= 0 in the order of the rows, and the stakes (n,) that each row was met with."""

    x: np.ndarray
    stake: np.ndarray

    @classmethod
    def on(cls, x: np.ndarray, alpha: float, *, anytime: bool) -> Bet:
        """The bet at error probability alpha."""
        stake, total, square = np.empty(x.size), 0.0, 0.25
        for piece in blocks(x.size):
            part = np.minimum(x[piece], LARGEST)
            i = np.arange(piece.start + 1.0, piece.start + part.size + 1)
            before = _before(part, total)
            far = np.square(part - np.minimum(1.0, (0.5 + before) / i))
            spread = _before(far, square) / i
            spread *= i * np.log1p(i) if anytime else float(x.size)
            stake[piece] = np.sqrt(2 * math.log(1 / alpha) / spread)
            total, square = total + float(part.sum()), square + float(far.sum())
        return cls(x, stake)

    def log_wealth(self, m: float) -> float:
        """K(m)."""
        cap, total = LARGEST_STAKE / m, 0.0
        for piece in blocks(self.x.size):
            bet = np.minimum(self.stake[piece], cap)
            bet *= self.x[piece] - m
            total += float(np.log1p(bet, out=bet).sum())
        return total


def _before(x: np.ndarray, start: float) -> np.ndarray:
    """Sums of the entries before each, from `start`: never by taking one away again, for a large one would leave its rounding behind."""
    out = np.empty(x.size)
    out[0] = start
    np.cumsum(x[:-1], out=out[1:])
    out[1:] += start
    return out


def lowest(log_wealth: Callable[[float], float], alpha: float) -> float:
    """The mean below which every mean is refuted, 0 if none is."""
    goal, low, high = math.log(1 / alpha), LEAST, 1.0
    if log_wealth(low) < goal:
        return 0.0
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if log_wealth(middle) >= goal else (low, middle)
    return low
