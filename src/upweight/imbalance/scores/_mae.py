"""Macro-averaged absolute error: ordered classes, each counted alike.

The trouble: a rating of 1 to 5 with mostly fives is predicted well by "five", as the mean absolute error sees it. Averaged
class by class it is not:

    MAE_M = (1/K) sum_k mean of |pred_i - y_i| over the rows with y_i = k

Source: Baccianella, Esuli and Sebastiani, Evaluation measures for ordinal regression, ISDA (2009).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError
from ..._foreign_keywords import own_keywords
from ..._frames import read, require
from ...tables import refuse_other_index, row_weights

__all__ = ["macro_mae"]


@own_keywords
def macro_mae(y: Any, pred: Any, *, sample_weight: Any = None) -> float:
    """Mean absolute error of ordered classes, averaged over the classes that occur.

        MAE_M = (1/K) sum_k mean over {i: y_i = k} of |pred_i - y_i|

    Parameters
    ----------
    y : (n,) classes as numbers in their order, whose differences mean something. pred : (n,) predictions on the same scale.
    sample_weight : (n,) weights >= 0 or `Weights`; they weigh rows inside a class, every class with mass counts alike.

    Returns
    -------
    float >= 0, in the unit of `y`; 0 is perfect.

    Raises
    ------
    InputError : other lengths, NaN or infinite values, text.

    Costs: rare classes are judged on few rows, so the figure is noisier than the plain mean absolute error.
    Source: Baccianella, Esuli and Sebastiani (2009).

    >>> round(macro_mae([1, 1, 1, 2, 2, 3], [1, 1, 2, 2, 3, 1]), 6)
    0.944444
    """
    truth, _ = read(y, "y")
    guess, _ = read(pred, "pred")
    for name, values in (("y", truth), ("pred", guess)):
        require(np.isfinite(values), f"`{name}`", "be finite", values, "Drop those rows first.")
    if truth.ndim != 1 or truth.shape != guess.shape or not len(truth):
        raise InputError(f"`y` and `pred` must be one number a row, as many of each; got {truth.shape}, {guess.shape}.")
    refuse_other_index({"y": y, "pred": pred, "sample_weight": sample_weight})
    w = row_weights(sample_weight, len(truth))
    w = np.ones(len(truth)) if w is None else w
    codes = np.unique(truth, return_inverse=True)[1]
    mass = np.bincount(codes, w)
    error = np.bincount(codes, w * np.abs(guess - truth))
    return float((error[mass > 0] / mass[mass > 0]).mean())
