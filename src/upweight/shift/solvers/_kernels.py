"""Gaussian kernels of rows and centres, and the widths that are tried.

    k(x, c) = exp(-|x - c|^2 / (2 s^2))

What is inside: `gaussian`; `median_distance`, over pairs of some rows; `WIDTHS`, the factors on it.
"""

from __future__ import annotations

import numpy as np

__all__ = ["WIDTHS", "gaussian", "median_distance"]

WIDTHS = (0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
PAIRED = 1000  # rows whose distances are looked at


def _squared_distances(x: np.ndarray, c: np.ndarray) -> np.ndarray:
    """(n, m) |x_i - c_j|^2, about a middle, so that far-off columns keep their digits."""
    middle = c.mean(axis=0)
    x, c = x - middle, c - middle
    d = np.einsum("ij,ij->i", x, x)[:, None] + np.einsum("ij,ij->i", c, c) - 2 * x @ c.T
    return np.maximum(d, 0.0, out=d)


def gaussian(x: np.ndarray, c: np.ndarray, width: float) -> np.ndarray:
    """(n, m) kernels of rows x (n, d) at centres c (m, d)."""
    d = _squared_distances(x, c)
    d *= -1 / (2 * width**2)
    return np.exp(d, out=d)


def median_distance(x: np.ndarray, rng: np.random.Generator) -> float:
    """Median over pairs of rows of x (n, d), of 1,000 drawn ones at most; 1 where all are alike."""
    if len(x) > PAIRED:
        x = x[rng.choice(len(x), PAIRED, replace=False)]
    d = _squared_distances(x, x)[np.triu_indices(len(x), 1)]
    middle = float(np.sqrt(np.median(d))) if d.size else 0.0
    return middle if middle > 0 else 1.0
