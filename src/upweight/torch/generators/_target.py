"""Weights of the real rows at the door: what they may be, and whether they can carry a target.

The trouble: class weights and costs look like weights and have no target; a generator trained with them learns a world that nobody asked
for. And weights of which ten rows hold all of the sum give a generator ten rows to learn from, whatever the losses say.

    kinds     importance (an array is taken for one), inclusion, frequency; class and cost are a KindError
    verdict   of the rows with a positive weight: unusable is its VerdictError, unreliable a warning

Rows of zero weight are as if removed.

What is inside: `target_weights`.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..._errors import InputError, KindError
from ..._weights import Weights
from ...tables import row_weights

__all__ = ["target_weights"]

TARGETS = ("importance", "inclusion", "frequency")  # kinds that say what is wanted


def target_weights(sample_weight: Any, n: int) -> tuple[np.ndarray, np.ndarray, Any]:
    """Rows of positive weight, their weights of mean one, and the verdict on them; None for no weights."""
    if sample_weight is None:
        return np.arange(n), np.ones(n), None
    given = sample_weight if isinstance(sample_weight, Weights) else None
    if given is not None and given.kind not in TARGETS:
        raise KindError(
            f"a generator learns the target that weights point to, and {given.kind} weights have none. If these are target/source "
            "ratios, say so: w.declare(kind='importance')."
        )
    values = row_weights(sample_weight, n)
    if values is None:
        raise InputError("`sample_weight`: got nothing. Leave it out.")
    w = Weights.of(values, kind="importance") if given is None else given
    live = np.flatnonzero(values > 0)
    kept = w[live] if len(live) < n else w
    verdict = kept.check(strict=True)
    if verdict.grade == "unreliable" and values[live].min() < values.max():
        warnings.warn(
            f"the generator learns from few of these rows. {str(verdict).splitlines()[0]}. Print `verdict_`.",
            UserWarning,
            stacklevel=4,
        )
    return live, np.asarray(kept.sample_weight, dtype=np.float64), verdict
