"""From a score to the probability with which a row is kept.

The trouble: thinning negatives at random throws away those that a model could learn from. Kept in proportion to a score p, kappa negatives
a positive cost (1 + 1/kappa) times the variance of training on everything, whatever the prevalence.

    rate      rho = kappa pi1 N1 / N0                         share of negatives kept
    uniform   pi0 = rho
    others    pi0 = min(1, max(floor rho, scale t)),  mean pi0 = rho;   proportional t = p,  optimal t = p |L z|
    local     pi1 = min(1, kappa (1 - p)),  pi0 = max(floor kappa N1/N0, min(1, kappa p))

If unsure leave it at "proportional". `floor` bounds the largest weight of a kept negative by 1/(floor rho).

Sources: Wang, Zhang and Wang, NeurIPS (2021), arXiv 2110.13048; Fithian and Hastie, Annals of Statistics 42 (2014), arXiv 1306.3706 (local).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from ..._errors import InputError, did_you_mean, is_number
from ..._set_module import set_module

__all__ = [
    "CRITERIA",
    "LEAST_DOUBT",
    "SCORES",
    "Rule",
    "keep_probability",
    "local_probabilities",
    "root_of",
    "scale_of",
]

LEAST_DOUBT = 2.0**-53  # of a probability that float64 rounds to one
SCORES = ("proportional", "optimal", "local", "uniform")
CRITERIA = ("prediction", "A", "L")
NEAR = 1e-10
CLOSE = 1e-12  # of the roots: relative for a scale, absolute for a log-odds


@set_module("upweight.negatives")
@dataclass(frozen=True)
class Rule:
    """How the score decides which negatives are kept.

    score : "proportional" (to the pilot's probability), "optimal" (least variance for `criterion`; linear pilots), "local" (local
        case-control: positives are thinned too) or "uniform". floor : least keep-probability, as a share of the rate, in (0, 1).
    positives : probability with which a positive is kept, in (0, 1]. criterion : of "optimal": "prediction", "A" or "L".

    Raises InputError for other values.

    >>> Rule("uniform").floor
    0.1
    """

    score: str = "proportional"
    floor: float = 0.1
    positives: float = 1.0
    criterion: str = "prediction"

    def __post_init__(self) -> None:
        for name, value, known in (("score", self.score, SCORES), ("criterion", self.criterion, CRITERIA)):
            if not isinstance(value, str) or value not in known:
                raise InputError(f"`{name}` of a rule: unknown {value!r}.{did_you_mean(value, known)}")
        if not is_number(self.floor) or not 0 < self.floor < 1:
            raise InputError(f"`floor` must be a share of the rate in (0, 1); got {self.floor!r}. Leave it at 0.1.")
        if not is_number(self.positives) or not 0 < self.positives <= 1:
            raise InputError(f"`positives` must be a probability in (0, 1]; got {self.positives!r}. Leave it at 1.")
        if self.score == "local" and self.positives != 1:
            raise InputError(
                f"rule 'local' thins positives by the score, so `positives` must stay 1; got {self.positives!r}."
            )

    @property
    def flat(self) -> bool:
        """Whether every negative is kept with one probability."""
        return self.score == "uniform"


def keep_probability(t: np.ndarray, *, scale: float, least: float) -> np.ndarray:
    """(n,) pi0 = min(1, max(least, scale t)); NaN where the score is."""
    pi0 = scale * t
    return np.clip(pi0, least, 1.0, out=pi0)


def local_probabilities(p: np.ndarray, *, per_positive: float, least: float) -> tuple[np.ndarray, np.ndarray]:
    """(pi1, pi0) of local case-control sampling; where p is rounded to one, pi1 and with it every offset stay finite."""
    doubt = np.maximum(1 - p, LEAST_DOUBT)
    return np.minimum(1.0, per_positive * doubt), np.maximum(least, np.minimum(1.0, per_positive * p))


def scale_of(t: np.ndarray, *, rate: float, floor: float) -> float:
    """The scale at which the mean keep-probability of these negatives is the rate, so that floor and cap change no size.

    t : (m,) scores, finite and >= 0, some positive. rate in (0, 1).

    >>> round(scale_of(np.array([0.001, 0.002, 0.003]), rate=0.1, floor=0.1), 6)
    50.0
    """
    least = floor * rate

    def over(log_scale: float) -> float:
        return float(keep_probability(t, scale=float(np.exp(log_scale)), least=least).mean()) - rate

    start = float(np.log(rate / t.mean()))
    low, high = start, start
    while over(low) > 0:
        low -= 1.0
    while over(high) < 0:
        high += 1.0
        if high - start > 700:  # too few rows have any score: the rest of them stay at the floor
            return float(np.exp(start))
    return float(np.exp(root_of(over, low, high)))


def root_of(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function crosses zero, by bisection to 1e-12 (relative above one).

    The first steps are known beforehand: Brent's method says between which two numbers the crossing lies, and a middle outside them needs no look.
    """
    under, over = _narrowed(rising, low, high)
    while high - low > CLOSE * max(1.0, abs(low), abs(high)):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        below = middle <= under or (middle < over and rising(middle) < 0)
        low, high = (middle, high) if below else (low, middle)
    return 0.5 * (low + high)


def _narrowed(rising: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Two numbers around the crossing, nearer than low and high where they are far apart."""
    if not rising(low) < 0 < rising(high):
        return low, high
    near: Any = optimize.brentq(rising, low, high, xtol=NEAR)
    step = 2 * NEAR * max(1.0, abs(near))
    under, over = max(low, near - step), min(high, near + step)
    return (under, over) if rising(under) < 0 <= rising(over) else (low, high)
