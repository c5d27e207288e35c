"""The intercept at which a model with offsets starts: what it promises in sum is what was seen in sum.

b solves  sum_i w_i sigmoid(b + offset_i) = sum_i w_i y_i
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError
from ...tables import row_weights
from ..scoring import root_of, sigmoid

__all__ = ["binary_labels", "offset_rows", "start"]

WIDEST = 60.0


def start(y: Any, *, offset: Any, sample_weight: Any = None) -> float:
    """The constant to add to the offsets so that a model begins calibrated.

        sum w sigmoid(b + offset) = sum w y

    y : (n,) labels 0/1 or bool. offset : (n,) log-odds, or a row `Correction`. sample_weight : (n,) weights or None. Returns b, by bisection on [-60, 60].
    Raises InputError for one class, or for lengths that differ.

    >>> round(start([0, 0, 0, 1], offset=[0.0, 0.0, 0.0, 0.0]), 4)
    -1.0986
    """
    y = binary_labels(y)
    offset = offset_rows(offset, len(y))
    w = row_weights(sample_weight, len(y))
    w = np.ones(len(y)) if w is None else w
    seen = float(w[y].sum())
    if not 0 < seen < w.sum():
        raise InputError("`y` needs both classes with positive weight to start from; it has one. Check the labels.")
    return root_of(lambda b: float((w * sigmoid(offset + b)).sum()) - seen, -WIDEST, WIDEST)


def binary_labels(y: Any) -> np.ndarray:
    """(n,) bool labels of 0/1 or booleans."""
    values = np.asarray(y)
    if values.ndim != 1 or not np.isin(values, (0, 1)).all():
        raise InputError(f"`y` must be 0/1 or boolean, one a row; got {values.dtype} of shape {values.shape}.")
    return values.astype(bool)


def offset_rows(offset: Any, rows: int) -> np.ndarray:
    """(n,) float64 offsets of an array or of a `Correction` by row."""
    values = np.asarray(getattr(offset, "log_odds", offset), dtype=np.float64)
    if values.ndim == 0:
        values = np.full(rows, float(values))
    if values.shape != (rows,):
        raise InputError(f"`offset` must be one number a row, shape ({rows},); got {values.shape}.")
    if not np.isfinite(values).all():
        raise InputError(
            f"`offset` must be finite; got {values[~np.isfinite(values)][0]} at row {int((~np.isfinite(values)).argmax())}."
        )
    return values
