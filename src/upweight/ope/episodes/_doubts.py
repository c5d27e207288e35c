"""Whether the ratios of rows keep their promise, step by step.

The trouble: a product of ratios over a long group hides a wrong propensity, for nobody can tell its mean. Given the rows before, each ratio has a mean of
one by itself, so that the mean over all rows is one too, and its error is that of sums over groups.

    mean over rows of rho_t = 1,     se^2 = m/(m-1) sum_g (sum_{t in g} (rho_t - mean))^2 / n^2

What is inside: `broken_steps`.
"""

from __future__ import annotations

import numpy as np

from ..._estimate import broken_promise
from ..._weights import Weights
from ..values import mean_fails, mean_figures
from ._groups import GroupedRows
from ._trajectory import of_groups

__all__ = ["broken_steps"]


def broken_steps(w: Weights, groups: GroupedRows, *, whole: bool) -> str:
    """One sentence if a promised mean of one is not kept by the rows, or, where an estimate rests on them, by whole groups; empty otherwise."""
    if not w.raw.exact:
        return ""
    codes = groups.unsort(np.repeat(np.arange(groups.count), groups.lengths))
    said = mean_fails(mean_figures(w, codes))
    return said or (broken_promise(of_groups(w.raw, groups)) if whole else "")
