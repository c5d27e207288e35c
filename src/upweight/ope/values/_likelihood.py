"""Empirical likelihood: the shares under which the logged weights have the mean of one that they promise.

    Q_i = 1/(n (1 + b (w_i - 1))),   b the root of  sum (w_i - 1)/(1 + b (w_i - 1)) = 0   between -1/(max w - 1) and 1/(1 - min w)

Among all shares of the rows these are the likeliest that keep sum Q w = 1; they add up to one, so that sum Q w f lies inside the range of f.
The sum falls in b, from +inf to -inf, so that halving finds the root whatever the weights.

What is inside: `likely_shares`.

Source: Karampatziakis, Langford and Mineiro (2020), Empirical likelihood for contextual bandits; Owen (1988).
"""

from __future__ import annotations

import numpy as np

from ..._errors import InputError

__all__ = ["likely_shares"]

HALVINGS = 200
EXACT = 1e-15


def likely_shares(w: np.ndarray) -> np.ndarray:
    """Q (n,) of linear weights w (n,) of which some are above one and some below; all 1/n where every weight is one."""
    far = w - 1
    top, low = float(far.max()), float(far.min())
    if top == low == 0:
        return np.full(w.size, 1 / w.size)
    if top <= 0 or low >= 0:
        side = "at most" if top <= 0 else "at least"
        raise InputError(
            f"weights lie on one side of 1: all {w.size:,} are {side} 1, and no shares of them have a mean of one; use how='control'."
        )
    return 1 / (w.size * (1 + _root(far, -1 / top, -1 / low) * far))


def _root(far: np.ndarray, left: float, right: float) -> float:
    """Where sum far/(1 + b far), which falls, is zero: Newton's steps, halving where they leave the bracket."""
    b, part = 0.0, np.empty_like(far)
    for _ in range(HALVINGS):
        np.multiply(far, b, out=part)
        part += 1
        np.divide(far, part, out=part)
        value, slope = float(part.sum()), -float(np.einsum("i,i", part, part))
        left, right = (b, right) if value > 0 else (left, b)
        step = b - value / slope
        following = step if left < step < right else 0.5 * (left + right)
        if abs(following - b) <= EXACT * max(1.0, abs(b)):
            return following
        b = following
    return b
