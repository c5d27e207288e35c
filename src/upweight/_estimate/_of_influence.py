"""An average from nothing but a value and its influences: for figures that are no plain mean, such as an area under a curve.

    psi_i / n = d value / d log w_i        one a row, of sum zero;  n rows with weight, or copies

Source: Huber (1967), the behaviour of maximum likelihood estimates under nonstandard conditions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import InputError
from .._weights import Weights, forbid
from ._belief import Average, average
from ._influence import Dense
from ._sample import multipliers, sample_of

__all__ = ["average_of"]


def average_of(value: float, influence: Any, weights: Weights, *, bounded: bool) -> Average:
    """The average of a value whose influences are given as `Estimate.influence` gives them."""
    forbid(weights.kind, "mean")
    psi = np.asarray(influence, dtype=np.float64)
    if weights.log_w.ndim != 1 or psi.shape != weights.log_w.shape:
        raise InputError(
            f"`influence` must hold one number a row of the weights, shape {weights.log_w.shape} of one axis; got {psi.shape}."
        )
    bad = ~np.isfinite(psi)
    if bad.any() or not np.isfinite(value):
        row = int(bad.argmax())
        what = f"{psi[row]} at row {row} of `influence`" if bad.any() else f"value {value!r}"
        raise InputError(f"a figure and its influences must be finite; got {what}. Leave such rows out of the figure.")
    u = multipliers(weights, "self")
    sample = sample_of(weights, u)
    return average(float(value), Dense(psi / sample.size), sample, len(psi), bounded=bounded)
