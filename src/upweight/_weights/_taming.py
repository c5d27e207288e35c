"""Taming weights: one way for every verb, with its price.

The trouble: a few huge weights carry an average. Taming them lowers the variance and buys bias, and afterwards nobody can say how
much. Here every verb of `Weights` returns new weights, keeps the ones before as ``raw`` (verdicts and tails look there), drops the
promise of a mean of one, and records

    moved = 1/2 sum_i |W'_i - W_i|,   the most by which the average of any f in [0, 1] can have moved.

What is inside: `tamed`, which does so for any pure function of log-weights; `smoothed`, the one such function that is not in `arrays`
as it is needed here; `shares`, weights with sum one.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import arrays
from .._errors import InputError
from ._algebra import frozen
from ._kinds import Step, forbid

if TYPE_CHECKING:
    from ._weights import Weights

__all__ = ["scalar", "shares", "smoothed", "tamed"]

LEVEL_FREE = ("smooth", "truncate")  # they move every share alike on any scale
FAR = 1e6  # logs so far from zero have lost digits that the totals need


def scalar(x: Any) -> Any:
    """A plain float for one vector of weights, an array for a batch."""
    return float(x) if np.ndim(x) == 0 else np.asarray(x)


def shares(log_w: np.ndarray) -> np.ndarray:
    """Weights (..., n) of sum one: exp(l - max l) over its own sum, so that no digit is lost however far from 0 the logs lie."""
    e = log_w - log_w.max(axis=-1, keepdims=True)
    np.exp(e, out=e)
    e /= e.sum(axis=-1, keepdims=True)
    return e


def smoothed(w: Weights, log_w: np.ndarray, *, r_eff: float) -> np.ndarray:
    """Pareto-smoothed log-weights; `w` learns its k-hat on the way."""
    log_w, khat = arrays.psis(log_w, r_eff=r_eff)
    if r_eff == 1.0:
        vars(w).setdefault("khat", scalar(khat))  # what the cached property would find
    return log_w


def tamed(w: Weights, verb: str, f: partial[np.ndarray]) -> Weights:
    """`w` with `f` done to its log-weights; the settings of `f` go on the trail, with what it cost."""
    forbid(w.kind, verb)
    w._refuse_all_zero()
    scale = "own" if verb in LEVEL_FREE else _scale(w)
    total = w._sums.peak + np.log(w._sums.w)
    level = 0.0 if scale == "own" else total - np.log(w.n)
    start = w.log_w if scale == "own" else w.log_w - np.asarray(level)[..., None]
    log_w = f(start)
    if verb == "drop" and not (log_w.max(axis=-1) > -np.inf).all():
        raise InputError("every weight is zero: each is above the threshold. Raise `above`.")
    after = arrays.log_sums(log_w, squares=True)
    if np.abs(w._sums.peak).max() < FAR:
        moved = arrays.moved(start, log_w, total - level, after.peak + np.log(after.w))
    else:
        moved = 0.5 * np.abs(shares(start) - shares(log_w)).sum(axis=-1)
    params = {name: value for name, value in f.keywords.items() if value is not None} | {"scale": scale}
    step = Step(verb, params, w.ess, scalar(arrays.hill(log_w, after, 2.0)[()]), scalar(moved))
    made = replace(w, log_w=frozen(log_w), exact=False, trail=(*w.trail, step), _raw=w.raw)
    vars(made)["_sums"] = after  # known by now: what the cached property would find
    return made


def _scale(w: Weights) -> str:
    """Own scale where it means something; mean one for logs without a promise, whose constant does not."""
    return "own" if w.raw.exact or w.raw._linear or w.kind == "inclusion" else "mean one"
