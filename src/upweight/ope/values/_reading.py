"""Weights, rewards and models of the reward, met once at the door.

The trouble: an array of propensities passes for weights, a class weight for a ratio, a prediction for the pair of predictions that doubly
robust formulas need, and a gap in either shows up as NaN in the last digit of a report.

What is inside: `require_weights`, importance weights of one log; `read_reward`, a number a row; `read_outcome`, the pair (q, v); `whole`, a column in its own unit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError, KindError
from ..._estimate import Values, read_values
from ..._frames import read, require, same_rows
from ..._weights import Weights, forbid

__all__ = ["read_outcome", "read_reward", "require_weights", "whole"]

LARGEST = 1e150  # whose squares, of a million rows, fit a float
_CALLS = {"trajectory": "trajectory(w, group=episode)", "marginal": "marginal(w, group=episode, state=s)"}
_KINDS = "{what} takes importance weights, target over source; these are {kind} weights. If these are ratios, say so: w.declare(kind='importance')"


def require_weights(w: Any, what: str) -> Weights:
    """`w` itself, if it is one vector of importance weights that are not all zero; `what` is the caller."""
    if not isinstance(w, Weights):
        raise InputError(
            f"{what} takes Weights; got {type(w).__name__}. Make them: uw.ratio(target=pi, source=p), then {_CALLS.get(what, what + '(reward, w)')}."
        )
    forbid(w.kind, "mean")
    if w.kind != "importance":
        raise KindError(_KINDS.format(what=what, kind=w.kind) + ".")
    w._one_vector(what)
    w._refuse_all_zero()
    return w


def read_reward(w: Weights, reward: Any, name: str = "reward") -> np.ndarray:
    """Reward (n,) in its own unit, finite wherever the weight is positive."""
    return whole(read_values(w, reward, name=name).only(name))


def whole(x: Values) -> np.ndarray:
    """A column in its own unit."""
    return x.values if x.unit == 1.0 else x.values * x.unit


def read_outcome(w: Weights, outcome: Any) -> tuple[np.ndarray, np.ndarray]:
    """q (n,), finite where the weight is positive, and v (n,), finite everywhere."""
    if not isinstance(outcome, tuple | list) or len(outcome) != 2:
        what = f"{len(outcome)} parts" if isinstance(outcome, tuple | list) else type(outcome).__name__
        raise InputError(
            f"`outcome` must be a pair (q, v), the model's reward of the logged action and its mean under the target; got {what}. "
            "Make it: upweight.ope.outcome(model, X, action, reward, target)."
        )
    q = read_reward(w, outcome[0], "q")
    v, container = read(outcome[1], "v")
    if v.shape != (w.n,):
        raise InputError(
            f"`v` must have one entry a weight; got shape {v.shape} for {w.n:,} weights. Pass both of the same rows."
        )
    same_rows(w._container, container, ("weights", "v"))
    require(np.isfinite(v), "`v`", "be finite in every row", v, "It needs no logged action: predict it for all rows.")
    top = max(float(np.abs(v).max()), float(np.abs(q).max(where=w.log_w > -np.inf, initial=0.0)))
    if top > LARGEST:
        raise InputError(f"`outcome` reaches {top:.3g}, more than its average can hold. Rescale reward, q and v.")
    return q, v
