"""Whether the ratios of rows keep their promise, step by step.

The trouble: a product of ratios over a long group hides a wrong propensity, for nobody can tell its mean. Given the rows before, each ratio has a mean of
one by itself, so that the mean over all rows is one too, and its error is that of sums over groups.

    mean over rows of rho_t = 1,     se^2 = m/(m-1) sum_g (sum_{t in g} (rho_t - mean))^2 / n^2

What is inside: `broken_steps`.
"""

from __future__ import annotations

import math

import numpy as np

from ..._estimate import MeanWeight, broken_promise
from ..._weights import Weights
from ...arrays import widening
from ..values import MeanFigures, mean_fails
from ._groups import GroupedRows
from ._trajectory import of_groups

__all__ = ["broken_steps"]


def broken_steps(w: Weights, groups: GroupedRows, *, whole: bool) -> str:
    """One sentence if a promised mean of one is not kept by the rows, or, where an estimate rests on them, by whole groups; empty otherwise."""
    raw = w.raw
    if not raw.exact or groups.count < 2:
        return ""
    peak, n = float(raw._sums.peak), raw.n
    mean = float(raw._sums.w) / n
    far = groups.sums(np.exp(groups.sort(raw.log_w) - peak)) - mean * groups.lengths
    se = math.sqrt(groups.count / (groups.count - 1) * float(far @ far)) / n
    weight = MeanWeight(peak, mean, se, n, raw.khat, False)
    wide = float(widening(raw.khat, n)) if se > 0 else 1.0
    scale = math.exp(min(peak, 709.0))
    said = mean_fails(MeanFigures(math.exp(min(weight.log, 709.0)), scale * se * wide, weight.z(raw.khat)))
    return said or (broken_promise(of_groups(raw, groups)) if whole else "")
