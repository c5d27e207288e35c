"""cvar: what the worst share of decisions would earn, on average, under the target.

The trouble: two policies of the same mean may differ in how bad they get. The mean of the worst tenth is that of the rewards below a quantile,
and looks as if the error of that quantile had to be known; it has not: at the quantile the derivative is zero.

    q = the weighted quantile of r at `tail`,     g = q - max(q - r, 0)/tail,     cvar = the weighted mean of g

What is inside: `cvar`.

Source: Rockafellar and Uryasev (2000), Optimization of conditional value-at-risk.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ..._errors import InputError, is_number, require_choice
from ..._estimate import Estimate, Unknown, estimate
from ..._frames import container_of, read
from ..._weights import Step, Weights, rows_worth
from ..values import read_reward, require_weights

__all__ = ["cvar"]

ENOUGH = 30.0  # effective rows in the tail


def cvar(reward: Any, w: Weights, *, tail: float = 0.1, side: str = "low", cluster: Any = None) -> Estimate:
    """The mean of the lowest (or highest) share of rewards under the target, with an interval.

        q = w.quantile(r, tail),   cvar = w.mean(q - max(q - r, 0)/tail)

    Parameters
    ----------
    reward : (n,) numbers in any unit. w : Weights of kind importance.
    tail : the share of decisions, in (0, 1). side : "low", the worst, or "high", the best.
    cluster : (n,) labels of rows that belong together.

    Returns
    -------
    Estimate; `ok` is False, besides the trunk's reasons, if the tail is worth fewer than 30 effective rows; it has no finite interval if, besides,
    nothing lies beyond the quantile. Where more than `tail` of the rows share the lowest reward, that is the value, and its error is 0.

    Raises
    ------
    InputError : a tail outside (0, 1), another side, gaps. KindError : other kinds of weights.

    Costs: the error of the mean times up to 1/tail. Source: Rockafellar and Uryasev (2000).

    >>> import upweight as uw
    >>> w = uw.Weights.of([2, 0.5, 1.5, 0.25, 3, 0.75], kind="importance", exact=True)
    >>> cvar([3, 1, 4, 1.5, 9, 2], w, tail=0.25).value
    1.9375
    """
    w = require_weights(w, "cvar")
    if not (is_number(tail) and 0 < tail < 1):
        raise InputError(f"`tail` must lie between 0 and 1; got {tail!r}. The worst tenth is tail=0.1.")
    require_choice("side", side, ("low", "high"))
    if side == "high":
        return -1.0 * _lowest(w, _negative(w, reward), float(tail), cluster)
    return _lowest(w, reward, float(tail), cluster)


def _negative(w: Weights, reward: Any) -> Any:
    r, container = read(reward, "reward")
    return container.wrap(-r)


def _lowest(w: Weights, reward: Any, tail: float, cluster: Any) -> Estimate:
    r = read_reward(w, reward)
    q = w.quantile(r, tail).value
    e = w.mean(container_of(reward).wrap(q - np.maximum(q - r, 0.0) / tail), cluster=cluster)
    (a,) = e._terms.each
    if a.norm == 0 and _varies(
        r, w
    ):  # nothing lies below q: the constant is that of the tail, and no event that was never seen
        a = replace(a, interval=None, doubt="")
    rows = min(a.sample.ess, a.sample.worth) * tail
    if rows < ENOUGH:
        what = "clusters" if a.sample.groups else "rows"
        why = f"a share of {tail:g} is worth {rows_worth(rows)} {what}; {ENOUGH:.0f} needed."
        unseen = a.norm == 0 and math.isfinite(a.sample.factor)
        a = replace(a, doubt=why, interval=Unknown() if unseen else a.interval)
    return estimate(replace(e._terms, each=(a,)), (*w.trail, Step("cvar", {"tail": tail})))


def _varies(r: np.ndarray, w: Weights) -> bool:
    """Whether rewards of positive weight differ."""
    there = r[w.log_w > -np.inf]
    return bool((there != there[0]).any())
