"""Loss weights after resampling: what the weights meant, and nothing counted twice.

The trouble: class weights say that a rare class counts half; oversampling then makes half of the rows rare; and a network that gets both
delivers .99. Weights and rows must be read together.

    real row      u_j = target of its source row
    made row      u_j = mean of its parents' targets
    weight        w_j = u_j · (sum of the target over class c) / (sum of u over class c),    c = y_j

Each class keeps the mass that the target gave it, however many rows it has now.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import InputError, printable
from .._weights import Weights
from ._reading import linear

__all__ = ["combine"]


def combine(target: Any, resample: Any, *, y: Any) -> Weights:
    """Loss weights for the rows of a resample, so that each class keeps the weight that `target` gives it.

        w_j = u_j · T_c / U_c

    Parameters
    ----------
    target : (n,) one weight an original row, `Weights` or numbers >= 0.
    resample : anything with `indices` (m,), `parents` (m, 2), `is_synthetic` (m,) and `y` (m,), such as `upweight.imbalance.Resample`; all
        rows are source rows of `target`. A made row without parents (-1) has the mean target of its class.
    y : (n,) labels of the original rows.

    Returns
    -------
    Weights of the target's kind (class, if it is numbers), shape (m,), on the target's scale.

    Raises
    ------
    InputError : a `resample` that is none; rows that `target` does not have; a class with weight that has no row left, or only rows without weight.

    Costs: oversampled copies share one row's weight, so nothing is gained against weights alone but smaller steps in it.

    >>> class Doubled:
    ...     indices, parents, is_synthetic = np.array([0, 1, 1]), np.array([[0, 0], [1, 1], [1, 1]]), np.zeros(3, bool)
    ...     y = np.array(["no", "yes", "yes"])
    >>> combine([1.0, 1.0], Doubled, y=["no", "yes"]).values.tolist()
    [1.0, 0.5, 0.5]
    """
    lacks = [a for a in ("indices", "parents", "is_synthetic", "y") if not hasattr(resample, a)]
    if lacks:
        raise InputError(
            f"`resample` must have indices, parents, is_synthetic and y; got {type(resample).__name__}, without {lacks[0]}. "
            "Pass what .resample(X, y) of a resampler gives."
        )
    labels = np.asarray(y)
    w = linear(target, "target", n=len(labels))
    parents, made = np.asarray(resample.parents), np.asarray(resample.is_synthetic, bool)
    _refuse_rows(parents, np.asarray(resample.indices), len(w))
    classes, codes = np.unique(labels, return_inverse=True)
    now = _codes(np.asarray(resample.y), classes)
    mass, rows = np.bincount(codes, w, len(classes)), np.bincount(codes, minlength=len(classes))
    u = np.where(made, w[parents].mean(axis=1), w[np.asarray(resample.indices)])
    orphan = made & (parents < 0).any(axis=1)
    u[orphan] = (mass / rows)[now[orphan]]
    there = np.bincount(now, u, len(classes))
    lost = (mass > 0) & (there == 0)
    if lost.any():
        name = printable(classes[int(lost.argmax())])
        raise InputError(
            f"class {name!r} has weight {mass[lost][0]:g} in `target` and none in the resample. Keep rows of it."
        )
    factor = np.divide(mass, there, out=np.zeros(len(classes)), where=there > 0)
    return Weights.of(u * factor[now], kind=target.kind if isinstance(target, Weights) else "class")


def _refuse_rows(parents: np.ndarray, indices: np.ndarray, n: int) -> None:
    most = max(parents.max(initial=-1), indices.max(initial=-1))
    if not len(indices) or most >= n:
        got = "no rows" if not len(indices) else f"row {int(most):,}"
        raise InputError(
            f"`resample` must have rows of the {n:,} that `target` weighs; got {got}. Pass the weights of the same table."
        )


def _codes(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """(m,) positions in `classes`."""
    at = np.searchsorted(classes, y)
    at[at == len(classes)] = 0
    strange = classes[at] != y
    if strange.any():
        row = int(strange.argmax())
        raise InputError(
            f"`resample.y` has {printable(y[row])!r} at row {row}, which `y` has not. Pass the labels it was made from."
        )
    return at
