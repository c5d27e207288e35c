"""When a policy's value is not to be believed, beyond what the trunk already doubts.

The trouble: a log that never does what the target does half of the time has a mean weight of one half, and under a heavy tail the trunk
lets that pass, because the largest weights may only be missing; a worse policy is then called better. And of a reward that is paid once in
a hundred rows a handful of rows carries the value, and the interval covers too seldom.

    mean of w    |z| > 3.29 and |mean - 1| > .02, whatever the tail, if a mean of one was promised before any taming
    rewards      the rows of either of two values, or those that differ from a value that most rows share:  (sum w)^2/sum w^2 >= 30

What is inside: `mean_figures` and `mean_fails`, the first rule; `doubts_of`, both, the second about rewards.

Source: Kish (1965) for what rows are worth; the thresholds were measured on logs with known truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..._errors import counted
from ..._estimate import WeightedSample, blocks, kish, mean_weight
from ..._estimate import clusters_of as groups_of
from ..._weights import Weights, rows_worth
from ...arrays import widening

__all__ = ["MeanFigures", "doubts_of", "mean_fails", "mean_figures"]

Z_LIMIT, SMALL = 3.29, 0.02  # two-sided level 0.001; a breach of 2 % harms nobody
ENOUGH = 30.0  # rows that a value of the reward must be worth


class MeanFigures(NamedTuple):
    """The mean weight, its error widened for the tail, and z of the test that it is one; all nan without a promise."""

    mean: float
    se: float
    z: float

    @property
    def fails(self) -> bool:
        """Whether it is not one, beyond noise and by more than two percent."""
        return abs(self.z) > Z_LIMIT and abs(self.mean - 1) > SMALL


def mean_figures(w: Weights, cluster: object = None) -> MeanFigures:
    """The test of the promised mean of these weights before they were tamed."""
    raw = w.raw
    if not raw.exact:
        return MeanFigures(math.nan, math.nan, math.nan)
    if raw.n < 2:
        return MeanFigures(math.exp(min(float(raw.log_w[0]), 709.0)), math.inf, math.nan)
    found = mean_weight(raw, groups_of(raw, cluster))
    scale = math.exp(min(found.peak, 709.0))
    wide = float(widening(found.khat, raw.n)) if found.se > 0 else 1.0
    return MeanFigures(math.exp(min(found.log, 709.0)), scale * found.se * wide, found.z(found.khat))


def mean_fails(figures: MeanFigures) -> str:
    """One sentence if a promised mean of one is not kept; empty otherwise."""
    if not figures.fails:
        return ""
    return f"the mean weight is {figures.mean:.3g}, promised 1 (z = {figures.z:.1f})."


def _rare_reward(reward: np.ndarray, w: Weights, sample: WeightedSample) -> str:
    """One sentence if the rows of a rare reward are worth too few; empty otherwise. reward : (n,) finite where w > 0."""
    there = None if w.log_w.min() > -np.inf else w.log_w > -np.inf
    r = reward if there is None else reward[there]
    values = _few(r)
    if len(values) == 2 and sample.codes is None and there is None and _plenty(values, reward, w):
        return ""
    if len(values) == 2:
        worth, x = min((_worth(lambda part, x=x: part == x, reward, w, sample), x) for x in values)
        return _said(worth, int(np.count_nonzero(r == x)), f"with reward {x:g}", sample)
    common = _common(r) if len(values) > 2 else math.nan
    if math.isnan(common):
        return ""
    rows = int(np.count_nonzero(r != common))
    worth = _worth(lambda part: part != common, reward, w, sample)
    return _said(worth, rows, f"with a reward other than {common:g}", sample)


def _common(r: np.ndarray) -> float:
    """The value that more than half of the rows share; nan if none does. If one does, it is the median."""
    middle = float(np.partition(r, r.size // 2)[r.size // 2])
    return middle if 2 * np.count_nonzero(r == middle) > r.size else math.nan


def _few(r: np.ndarray) -> list[float]:
    """The distinct values of r, up to three of them."""
    seen: list[float] = [float(r[0])]
    for piece in blocks(r.size):
        other = r[piece] != seen[0]
        for x in seen[1:]:
            other &= r[piece] != x
        while other.any():
            seen.append(float(r[piece][int(other.argmax())]))
            if len(seen) == 3:
                return seen
            other &= r[piece] != seen[-1]
    return seen


def _plenty(values: list[float], reward: np.ndarray, w: Weights) -> bool:
    """Whether rows on both sides are worth enough by the bound sum w/max w, which needs one look instead of two."""
    peak, whole, side = float(w._sums.peak), float(w._sums.w), 0.0
    low, wide = values[0], values[1] - values[0]
    if not math.isfinite(wide):
        return False
    for p in blocks(reward.size):
        u = w.log_w[p] - peak
        side += float(np.dot(np.exp(u, out=u), (reward[p] - low) / wide))
    return min(side, whole - side) >= ENOUGH * (1 + 1e-6)


def _worth(rows: Callable[[np.ndarray], np.ndarray], reward: np.ndarray, w: Weights, sample: WeightedSample) -> float:
    """(sum w)^2/sum w^2 over some rows, or over the clusters' sums of them."""
    peak = float(w.log_w.max())
    if sample.codes is not None:
        return kish(sample.sums(np.exp(w.log_w - peak) * rows(reward)))
    total = square = 0.0
    for piece in blocks(reward.size):
        u = np.exp(w.log_w[piece] - peak) * rows(reward[piece])
        total, square = total + float(u.sum()), square + float(np.einsum("i,i", u, u))
    return total * total / square if square > 0 else 0.0


def _said(worth: float, rows: int, which: str, sample: WeightedSample) -> str:
    if worth >= ENOUGH * (1 - 1e-9):
        return ""
    clusters = " clusters" if sample.groups else ""
    return f"{counted(rows, 'row')} {which}, worth {rows_worth(worth)}{clusters}; {ENOUGH:.0f} needed."


def doubts_of(reward: np.ndarray, w: Weights, sample: WeightedSample, figures: MeanFigures) -> str:
    """The first of both rules that speaks; empty if none does."""
    return mean_fails(figures) or _rare_reward(reward, w, sample)
