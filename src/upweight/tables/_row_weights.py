"""Weights of rows at the door: which rows live, and on what scale they stand.

The trouble: rows of zero weight are as if removed, and a class may go with them, which is then the weights' doing and not the
labels'. And a regularised learner reads the sum of the weights as a number of rows: a constant column of .001 turns 1,000 rows
into one, and the model into a constant.

    live       w_i > 0
    rescaled   w_i / mean(w over live rows);  whole numbers stay as they are: they count copies of a row

What is inside: `row_weights`, one number a row of whatever was given; `live_labels`, for whoever fits; `mean_one`, for a comparison.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import InputError, counted, plain
from .._frames import from_torch
from ._class_labels import Labels

__all__ = ["idle", "live_labels", "mean_one", "row_weights", "weights_line"]

COUNTABLE = 2.0**53  # above it every float is a whole number, so none is a count
AS_GIVEN = 1e-9  # a mean this near to one is one


def live_labels(labels: Labels, w: np.ndarray) -> tuple[Labels, np.ndarray]:
    """Labels of the rows of positive weight, and the numbers of these rows."""
    live = np.flatnonzero(w > 0)
    left = np.unique(labels.codes[live])
    if len(left) < 2:
        raise InputError(
            f"`y` needs two classes; got only {plain(labels.classes[left[0]])!r} in {counted(len(live), 'row')} after "
            f"{idle(len(w) - len(live))}. Give rows of another class weight."
        )
    return Labels.of(labels.classes[labels.codes[live]]), live


def mean_one(w: np.ndarray | None) -> tuple[np.ndarray | None, float]:
    """Weights on a mean of one over the live rows, and what the mean was; counts, and what has that mean, as they are."""
    if w is None or (w.sum() < COUNTABLE and (w == np.round(w)).all()):
        return w, 1.0
    top = w.max()
    mean = float((w[w > 0] / top).mean())
    return (w, 1.0) if abs(top * mean - 1) < AS_GIVEN else (w / top / mean, float(top * mean))


def idle(rows: int) -> str:
    """Rows of zero weight, in words."""
    return f"{rows:,} rows of zero weight are left out" if rows > 1 else "1 row of zero weight is left out"


def weights_line(w: np.ndarray | None, mean: float) -> str:
    """What was done to the weights; empty if nothing was."""
    if w is None:
        return ""
    parts = [] if mean == 1.0 else [f"Weights rescaled to a mean of one (they averaged {mean:.3g})."]
    if (w == 0).any():
        parts.append(f"{idle(int((w == 0).sum()))}.")
    return " ".join(parts)


def row_weights(sample_weight, rows: int, *, name: str = "sample_weight") -> np.ndarray | None:
    """float64 weights, finite, not negative, not all zero; None stays None. `Weights` come on their mean-one scale.

    Weights whose sum is beyond float64 are divided by the largest, since nobody could take their mean.
    """
    if sample_weight is None:
        return None
    w = _column(sample_weight, name)
    if w.dtype == object or w.dtype.kind not in "biuf":
        raise InputError(f"`{name}` must be numbers; got {w.dtype}.")
    w = w.astype(np.float64)
    if w.ndim == 0:
        w = np.full(rows, float(w))
    if w.shape != (rows,):
        raise InputError(f"`{name}` must be one number a row, shape ({rows},); got {w.shape}. 1D array expected.")
    for bad, what in ((~np.isfinite(w), "NaN or infinite"), (w < 0, "negative")):
        if bad.any():
            row = int(bad.argmax())
            raise InputError(
                f"`{name}` must be finite and >= 0; got {int(bad.sum()):,} {what}, first {w[row]} at row {row}. "
                "Drop them first."
            )
    if not w.any():
        raise InputError(f"`{name}`: every weight is zero, so no row is left.")
    with np.errstate(over="ignore"):
        return w if np.isfinite(w.sum()) else w / w.max()


def _column(sample_weight: Any, name: str) -> np.ndarray:
    """What was given as an array; numbers behind a mask are nobody's, and a tensor may have a graph."""
    if isinstance(sample_weight, np.ma.MaskedArray) and (mask := np.ma.getmaskarray(sample_weight)).any():
        raise InputError(
            f"`{name}` must have no gap; got {counted(int(mask.sum()), 'masked value')}, first at row {int(mask.ravel().argmax())}. "
            "Drop those rows, or fill the gaps."
        )
    if type(sample_weight).__module__.split(".")[0] == "torch" and hasattr(sample_weight, "detach"):
        return from_torch(sample_weight)
    return np.asarray(sample_weight)
