"""guarantee: an interval of a policy's value with a proof, for any number of rows and any tail of the weights.

The trouble: every interval with a standard error is right in the limit, and rows with weights of a heavy tail are never many. Rewards between
known bounds and weights that promise a mean of one suffice for a proof:

    r' = (r - a)/(b - a):     low = L(w r'),   high = 1 - L(w (1 - r')),   each at half of the error probability, then mapped back

with L of `_betting`. Given the rows before, E[w r'] must stay the same and E[w] be one at most: the log may learn as it goes, and what it never
does only widens the interval. Where no value fits, the mean weight is proven not to be one.

What is inside: `guarantee`.

Sources: Waudby-Smith and Ramdas (2024); Karampatziakis, Mineiro and Ramdas (2021), Off-policy confidence sequences.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..._errors import InputError, KindError, VerdictError, is_number, require_flag
from ..._weights import Weights
from ..values import read_reward, require_weights
from ._betting import Bet, lowest

__all__ = ["guarantee", "two_bounds"]


def guarantee(
    reward: Any,
    w: Weights,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    level: float = 0.95,
    anytime: bool = False,
    w_max: float | None = None,
) -> tuple[float, float]:
    """An interval of the target's value that covers with a proof, whatever the tail of the weights.

        low = a + (b - a) L(w r'),   high = b - (b - a) L(w (1 - r')),   r' = (r - a)/(b - a)

    Parameters
    ----------
    reward : (n,) numbers between the bounds, in the order of the rows. w : exact Weights of kind importance, independent rows.
    bounds : (a, b), the least and the largest reward that there can be, in its unit.
    level : probability in (0, 1) with which it covers, at least.
    anytime : whether it must hold for all first 1, 2, ..., n rows at once, so that one may look as rows come in.
    w_max : a known bound of the weights, at least the largest and at least 1; pays where rewards are rare, and then needs a log that does
        everything the target does.

    Returns
    -------
    (low, high) in the unit of the reward, inside the bounds.

    Raises
    ------
    VerdictError : no value fits, so that the mean weight is proven not to be one; of right weights with probability 1 - level at most.
    InputError : rewards outside the bounds, bounds the wrong way round, `w_max` too small. KindError : weights that promise no mean of one.

    Costs: wider than the interval of `value`, by half to twice; it depends on the order of the rows.
    Source: Waudby-Smith and Ramdas (2024); Karampatziakis, Mineiro and Ramdas (2021).

    >>> import upweight as uw
    >>> g = np.random.default_rng(0)
    >>> x = g.exponential(size=3000)                                        # the log: Exp(1); the target: Exp(0.5), where r is 1 in e^-0.5 = .607
    >>> low, high = guarantee(x > 1, uw.ratio(0.5 * np.exp(-0.5 * x), np.exp(-x)))
    >>> round(low, 2), round(high, 2)
    (0.57, 0.63)
    """
    w = require_weights(w, "guarantee")
    if not w.exact:
        instead = "w.raw, or " if w.raw.exact else ""
        raise KindError(f"guarantee needs a promised mean of one; {instead}value(reward, w, how='self').")
    if not (is_number(level) and 0 < level < 1):
        raise InputError(f"`level` must lie between 0 and 1; got {level!r}. For 95 % pass level=0.95.")
    anytime = require_flag("anytime", anytime)
    a, b = two_bounds(bounds)
    share = _share(w, reward, a, b)
    linear = np.exp(w.log_w)
    most = _bound_of(w_max, linear)
    alpha = (1 - level) / 2
    low, low_refuses = _end(linear, share, alpha, anytime, most)
    rest, high_refuses = _end(linear, np.subtract(1, share, out=share), alpha, anytime, most)
    if low > 1 - rest or low_refuses or high_refuses:
        raise VerdictError(
            f"no value fits: the mean weight is {linear.mean():.3g}, proven not to be 1. Check the probabilities: uw.check(w)."
        )
    return a + (b - a) * low, b - (b - a) * rest


def _end(w: np.ndarray, share: np.ndarray, alpha: float, anytime: bool, most: float | None) -> tuple[float, bool]:
    """The lowest mean of w * share, and whether even a mean of one is refuted."""
    side = _side(w, share, alpha, anytime, most)
    return lowest(side, alpha), side(1.0) >= math.log(1 / alpha)


def _side(
    w: np.ndarray, share: np.ndarray, alpha: float, anytime: bool, most: float | None
) -> Callable[[float], float]:
    """Log wealth of the bet that w * share has a mean above m; with a bound of w that of half the wealth on each of two bets."""
    bet = Bet.on(w * share, alpha, anytime=anytime)
    if most is None:
        return bet.log_wealth
    other = Bet.on(1 - w * (1 - share) / most, alpha, anytime=anytime)
    return lambda m: float(np.logaddexp(bet.log_wealth(m), other.log_wealth(1 - (1 - m) / most)) - math.log(2))


def two_bounds(bounds: Any) -> tuple[float, float]:
    """Two finite numbers, the lower one first."""
    pair = tuple(bounds) if isinstance(bounds, tuple | list | np.ndarray) and np.ndim(bounds) == 1 else ()
    if len(pair) != 2 or not all(is_number(x) and math.isfinite(x) for x in pair) or not pair[0] < pair[1]:
        raise InputError(f"`bounds` must be two finite numbers, (low, high), the lower one first; got {bounds!r}.")
    low, high = float(pair[0]), float(pair[1])
    if not math.isfinite(high - low):
        raise InputError(f"`bounds` must lie apart by a finite number; got {bounds!r}. Rescale the reward.")
    return low, high


def _share(w: Weights, reward: Any, a: float, b: float) -> np.ndarray:
    """(r - a)/(b - a) of rewards (n,) between the bounds, a new array; where the weight is zero, anything in [0, 1]."""
    r = read_reward(w, reward)
    outside = ((r < a) | (r > b)) & (w.log_w > -np.inf)
    if outside.any():
        row = int(outside.argmax())
        raise InputError(f"reward {r[row]:g} at row {row} lies outside ({a:g}, {b:g}): say bounds=.")
    share = np.clip(r, a, b)
    share -= a
    share /= b - a
    return share


def _bound_of(w_max: Any, w: np.ndarray) -> float | None:
    if w_max is None:
        return None
    least = max(1.0, float(w.max()))
    if not (is_number(w_max) and least * (1 - 1e-12) <= w_max < math.inf):
        raise InputError(
            f"`w_max` must be a finite bound of the weights, at least {least:.6g}, the largest of them or 1; got {w_max!r}."
        )
    return max(float(w_max), least)
