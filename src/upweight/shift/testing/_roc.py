"""A ROC curve over folds.

The trouble: scores of different folds come from different models and cannot be sorted together. Their curves can be averaged, at equal
shares of source rows; the area under the average is the average of the areas.

    TPR(f) = mean over folds of the share of target rows above the score that a weighted share f of source rows lies above

Source: Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27 (2006), vertical averaging.
"""

from __future__ import annotations

import numpy as np

from ..._weights import Weights

__all__ = ["roc_of"]

GRID = np.linspace(0, 1, 201)


def roc_of(
    scores: tuple[np.ndarray, np.ndarray], folds: tuple[np.ndarray, np.ndarray], weights: Weights | None
) -> tuple[np.ndarray, np.ndarray]:
    """Shares (201,) of source and of target rows."""
    w = np.ones(len(scores[0])) if weights is None else np.asarray(weights)
    each = []
    for k in range(int(folds[1].max()) + 1):
        source, target = folds[0] == k, folds[1] == k
        each.append(np.interp(GRID, *_curve(scores[0][source], w[source], scores[1][target])))
    return GRID, np.mean(each, axis=0)


def _curve(s: np.ndarray, w: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners of one fold's curve, ties joined by a straight line."""
    levels = np.unique(np.concatenate([s, t]))[::-1]
    fall = np.searchsorted(np.sort(t), levels, side="left")
    tpr = np.append(0.0, 1 - fall / len(t))
    order = np.argsort(s)
    below = np.append(0.0, np.cumsum(w[order]))[np.searchsorted(s[order], levels, side="left")]
    fpr = np.append(0.0, 1 - below / w.sum())
    return np.maximum.accumulate(fpr + 1e-12 * np.arange(len(fpr))), tpr
