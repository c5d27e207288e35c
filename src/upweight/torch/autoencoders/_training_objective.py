"""The objective of a model: looked at beside its number of draws, and what has to be said of its values.

The trouble: an objective that k draws cannot make is met deep in the first step of training, and a power above 1, which is no lower
bound, gives a `value` that looks like the others. Tables and documents ask here alike.

What is inside: `training_objective`; `power_note` and `history_of`, which mark values that may lie above log p(x).
"""

from __future__ import annotations

from typing import Any

from ..._errors import InputError, require_int
from ..iwae import Objective, as_objective

__all__ = ["as_named", "history_of", "power_note", "training_objective"]


def training_objective(objective: Any, k: Any) -> Objective:
    """The Objective that was meant, if k draws can make it."""
    require_int("k", k)
    found = as_objective(objective)
    if found.estimator == "vimco" and k < 2:
        raise InputError(f"vimco needs two draws a row; got k = {k}. Raise k.")
    if k % found.groups:
        raise InputError(
            f"`groups` must divide `k`; got k = {k} and {found.groups} groups. {-(-k // found.groups) * found.groups} draws would do."
        )
    return found


def power_note(objective: Any) -> tuple[str, ...]:
    """What must be known of the values in the history; nothing for a bound."""
    above = as_objective(objective).power > 1
    return ("a power above 1 is no lower bound on log p(x): `value` in history_ may lie above it",) * above


def history_of(history: list[dict[str, Any]], objective: Any) -> list[dict[str, Any]]:
    """The history with "is_bound" False beside values that are none."""
    return [entry | {"is_bound": False} for entry in history] if power_note(objective) else history


def as_named(objective: Objective) -> Objective | str:
    """The name that says as much, if there is one: what a file's model shows again."""
    return objective.estimator if objective == Objective(objective.estimator) else objective
