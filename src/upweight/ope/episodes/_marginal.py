"""marginal: the weight of being in a state, instead of the product of everything that led there.

The trouble: the product of ratios over an episode has a variance that grows exponentially with its length, though two histories that lead to the same
state are worth the same from there on. In the mean over histories they are one weight, and its variance does not grow.

    kappa_t(s) = mean of W over the rows at t in state s,     w_t = kappa_t(s_t) rho_t     becomes W for the next step

with W brought to mean one over all groups at each step, ended ones included: without that, errors pile up over the steps. The walk itself, and the
error of what it estimates, are in `_states`.

What is inside: `marginal`.

Source: Xie, Ma and Wang (2019), Towards optimal off-policy evaluation for reinforcement learning with marginalized importance sampling.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..._errors import InputError
from ..._frames import labels, same_rows
from ..._weights import Step, Weights
from ..values import require_weights
from ._groups import GroupedRows, read_groups
from ._states import StateWeights
from ._trajectory import made_of

__all__ = ["holds_the_past", "marginal"]


def marginal(w: Weights, *, group: Any, state: Any) -> Weights:
    """Importance weight of each step given its state and time: no curse of the horizon, for `sequence(how="step")`.

        w_t = E[rho_1 ... rho_{t-1} | s_t] rho_t,   the mean over the rows at t in the same state

    Parameters
    ----------
    w : Weights (n,), kind importance, the ratio of each row.
    group : (n,) labels of episodes, whose rows are in order; they may interleave and differ in length.
    state : (n,) labels of the state in which each action was taken; few enough to be met again at the same time.

    Returns
    -------
    Weights (n,), not exact: they are estimated from these rows, and their trail says so. They hold the past already, so that
    `sequence` takes them by "step" alone.

    Raises
    ------
    InputError : no Weights, labels of another length or with gaps, all weights zero at some step. KindError : other kinds.

    Costs: a bias of order 1/rows in a state, whose error the interval of `sequence` knows; complete where `state` leaves out what decides the future. A state that is met once at its time
    has the plain product. Source: Xie, Ma and Wang (2019).

    >>> import upweight as uw
    >>> w = uw.Weights.of([2, 0.5, 1.5, 1.2, 0.8, 0.5], kind="importance", exact=True)
    >>> uw.ope.marginal(w, group=[1, 2, 2, 3, 3, 3], state=[0] * 6).values.round(6)
    array([2.      , 0.5     , 1.033784, 1.2     , 0.551351, 0.257901])
    """
    w = require_weights(w, "marginal")
    groups = read_groups(w, group)
    cells, levels, container = labels(state, "state")
    if cells.size != w.n:
        raise InputError(
            f"`state` must have one entry a weight; got {cells.size:,} for {w.n:,} weights. Pass both of the same rows."
        )
    same_rows(w._container, container, ("weights", "state"))
    return _of_states(w, groups, groups.sort(cells), len(levels))


def holds_the_past(w: Weights) -> bool:
    """Whether weights came from `marginal`, so that a product of them would count the past twice."""
    return any(step.name == "marginal" for step in w.trail)


def _of_states(w: Weights, groups: GroupedRows, states: np.ndarray, count: int) -> Weights:
    raw = _of_states(w.raw, groups, states, count) if w.tamed else None
    found = StateWeights(groups, states, groups.sort(w.log_w), np.empty(0))
    log_w = groups.unsort(found.log_weights())
    step = Step("marginal", {"groups": groups.count, "states": count, "said": "estimated from these rows"})
    made = made_of(w, log_w, step, raw, exact=False, box=w._container)
    return replace(made, _estimated_from=replace(found, given=made.log_w))
