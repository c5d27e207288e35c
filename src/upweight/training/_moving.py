"""Weights that move during training: the worst rows, the easiest rows, and how much of the data.

The trouble: an average loss hides the tail, and a model that must not fail on the worst tenth has to be told so; a model that meets the hardest
rows first may learn nothing. Both are one idea, weights that are a function of the current losses, and both need a dial that means
something. Here it is the share of effective rows that is left:

    chi2    w ∝ (l - eta)_+        the worst case in a chi-squared ball; unclipped, the weighted mean is  mean + sd sqrt(1/e - 1)
    tilt    w ∝ exp(l/T)
    cvar    the worst e of the rows

with eta, T such that ESS/n = e, found by bisection. They choose another objective, so their kind is cost: `w.mean` is refused.

What is inside: `adapt`, harder rows first; `self_paced`, easier rows first, and `pace`, how much of the data at which step. If unsure, `adapt` with
its defaults, once an epoch.

Sources: Namkoong and Duchi, NIPS (2017); Li et al., tilted empirical risk, ICLR (2021); Rockafellar and Uryasev (2000); Kumar, Packer and Koller,
NIPS (2010); Platanios et al., NAACL (2019).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._errors import InputError, is_number, require_choice
from .._frames import read, require
from .._weights import Weights

__all__ = ["adapt", "pace", "self_paced"]

STEPS = 200  # halvings: more than the bits of a float64


def adapt(losses: Any, *, kind: str = "chi2", ess: float = 0.3) -> Weights:
    """Weights that lift the rows with the largest losses, as far as this many effective rows allow.

        w ∝ (l - eta)_+   or   exp(l/T)   or   1{among the worst e};      ESS(w)/n = e

    Parameters
    ----------
    losses : (n,) finite losses, the current ones: `scores.values`, an array, a tensor. kind : "chi2", "tilt" or "cvar".
    ess : e in (0, 1], the share of effective rows that is left; 1 gives all ones.

    Returns
    -------
    Weights, kind cost, one a row. Constant losses give ones; tied rows share. Where more than a share e of the rows tie at the top they all weigh
    the same, and ESS/n is their share. "cvar": the row at the boundary counts by the fraction of it that belongs to the worst e.

    Raises InputError for losses that are not finite or not one a row, and for `ess` outside (0, 1].

    Costs: another objective: the model gives up average loss for the loss of its worst rows, which include mislabelled ones. O(n) a bisection step.
    Source: Namkoong and Duchi, NIPS (2017); Li et al., ICLR (2021); Rockafellar and Uryasev, J. of Risk 2 (2000).

    >>> l = np.arange(10.0)
    >>> round(float((adapt(l, ess=0.9).sample_weight * l).mean()), 4), float((adapt(l, kind="cvar").sample_weight * l).mean())
    (5.4574, 8.0)
    """
    l = finite_losses(losses, "losses")
    require_choice("kind", kind, ("chi2", "tilt", "cvar"))
    require_share("ess", ess)
    flat = ess == 1 or np.ptp(l) == 0
    shape: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {"chi2": above, "tilt": _tilted, "cvar": _worst}
    return Weights.of(np.ones(len(l)) if flat else shape[kind](l, float(ess)), kind="cost")


def above(l: np.ndarray, e: float) -> np.ndarray:
    """(l - eta)_+ with ESS/n = e: in closed form while no row is clipped, else by bisection of eta."""
    eta = l.mean() - l.std() * np.sqrt(e / (1 - e))
    if eta <= l.min():
        return l - eta
    low, high = float(l.min()), float(l.max())
    for _ in range(STEPS):
        eta = (low + high) / 2
        if eta in (low, high):
            break
        low, high = (eta, high) if _share_of(np.maximum(l - eta, 0.0)) > e else (low, eta)
    return np.maximum(l - low, 0.0)


def _tilted(l: np.ndarray, e: float) -> np.ndarray:
    """exp(l/T) with ESS/n = e, by bisection of log T."""
    under = l - l.max()
    gap = float(np.ptp(l))
    low, high = np.log(gap) - 40.0, np.log(gap) + 40.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if _share_of(np.exp(under / np.exp(middle))) > e else (middle, high)
    return np.exp(under / np.exp(high))


def _worst(l: np.ndarray, e: float) -> np.ndarray:
    """One for the worst e n rows; rows tied at the boundary share what is left of it."""
    k = e * len(l)
    at = np.partition(l, max(len(l) - int(np.ceil(k - 1e-9)), 0))[max(len(l) - int(np.ceil(k - 1e-9)), 0)]
    over, tied = l > at, l == at
    return over + tied * (k - over.sum()) / tied.sum()


def _share_of(w: np.ndarray) -> float:
    """Effective rows over rows."""
    total = w.sum()
    return float(total * total / (len(w) * (w @ w))) if total > 0 else 0.0


def self_paced(difficulty: Any, *, fraction: float, soft: bool = False) -> Weights:
    """Weights on the easiest rows only: one on that fraction, or falling linearly to its border.

        w = 1{among the easiest fraction},     soft:  w = (1 - l/lambda)_+,  lambda that quantile of l

    Parameters
    ----------
    difficulty : (n,) finite numbers: fixed ones (the length of a sentence), or current losses. fraction : in (0, 1].
    soft : fall to zero at the border; difficulties are then counted from the smallest where that is below zero.

    Returns
    -------
    Weights, kind cost, one a row. Ties at the border are taken in the order of the rows. Hardest first is ``self_paced(-difficulty)``.

    Raises InputError for difficulties that are not finite or not one a row, and for a fraction outside (0, 1].

    Costs: rows that are left out teach nothing until the fraction grows; a fixed fraction is biased toward easy rows.
    Source: Kumar, Packer and Koller, NIPS (2010); Jiang et al., AAAI (2015) for the soft form.

    >>> self_paced([3.0, 1.0, 2.0, 9.0], fraction=0.5).values
    array([0., 1., 1., 0.])
    """
    l = finite_losses(difficulty, "difficulty")
    require_share("fraction", fraction)
    if soft:
        from_zero = l - min(float(l.min()), 0.0)
        border = float(np.quantile(from_zero, fraction))
        w = np.maximum(1 - from_zero / border, 0.0) if border > 0 else np.zeros(len(l))
        if w.any():
            return Weights.of(w, kind="cost")
    chosen = np.zeros(len(l))
    chosen[np.argsort(l, kind="stable")[: max(int(np.ceil(fraction * len(l) - 1e-9)), 1)]] = 1.0
    return Weights.of(chosen, kind="cost")


def pace(step: float, total: float, *, start: float = 0.1, power: float = 2.0) -> float:
    """How much of the data, easiest first, to use at a step: from `start` to all of it.

        min(1, (t (1 - c^p)/T + c^p)^(1/p)),    c = start, p = power

    step : t, 0 or more. total : T > 0, the step from which all data are used. start : c in (0, 1]. power : p > 0; 1 grows linearly, larger ones sooner.

    Returns a share in (0, 1], for `self_paced(fraction=)`. Raises InputError for numbers outside these bounds.

    Costs: nothing itself. Source: Platanios et al., NAACL (2019), equation 2.

    >>> round(pace(50, 100), 4), pace(100, 100), pace(0, 100)
    (0.7106, 1.0, 0.1)
    """
    require_share("start", start)
    for name, value, least in (("step", step, "0 or more"), ("total", total, "above 0"), ("power", power, "above 0")):
        if not is_number(value) or not np.isfinite(value) or value < 0 or (value == 0 and name != "step"):
            raise InputError(f"`{name}` must be a finite number, {least}; got {value!r}.")
    if step >= total:
        return 1.0
    low = start**power
    return float(start if step == 0 else (step * (1 - low) / total + low) ** (1 / power))


def finite_losses(x: Any, name: str) -> np.ndarray:
    """(n,) float64, one finite number a row."""
    l, _ = read(x, name)
    if l.ndim != 1 or not l.size:
        raise InputError(f"`{name}` must be one number a row, shape (n,); got shape {l.shape}. Use reduction='none'.")
    require(np.isfinite(l), f"`{name}`", "be finite", l, "Leave those rows out first.")
    return l


def require_share(name: str, value: Any) -> None:
    if not is_number(value) or not 0 < value <= 1:
        raise InputError(f"`{name}` must be a share in (0, 1]; got {value!r}.")
