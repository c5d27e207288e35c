"""Weighted means of the observed entries of a table, a batch at a time.

    mean_d = sum_i w_i s_id x_id / sum_i w_i s_id,     s_id = 1 where x_id was observed;   0 where nothing was

What is inside: `observed_means`.
"""

from __future__ import annotations

import numpy as np
import torch

from ._density import ObservedRows

__all__ = ["observed_means"]

AT_A_TIME = 4096


def observed_means(rows: ObservedRows, weights: np.ndarray | None) -> torch.Tensor:
    """(D,) float64 weighted means of what was observed of each column."""
    w = (
        torch.ones(len(rows), dtype=torch.float64)
        if weights is None
        else torch.from_numpy(np.asarray(weights, np.float64))
    )
    total, over = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for start in range(0, len(rows), AT_A_TIME):
        x, seen = rows.take(slice(start, start + AT_A_TIME))
        part = w[start : start + AT_A_TIME]
        total = total + part @ x.double()
        over = over + (part.sum() if seen is None else part @ seen.double())
    return torch.where(over > 0, total / over, 0.0)
