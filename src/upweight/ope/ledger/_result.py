"""From the sums of a ledger to an Evaluation.

Every figure is a function of the means m and the centred products C of x = (w, w r, r):

    control   m_wr - beta (m_w - 1), beta = C_w,wr/C_w,w        self   m_wr/m_w         logged   m_r
    slope     (-beta, 1, 0)                                            (-V, 1, 0)/m_w            (0, 0, 1)

    se^2 = f slope^T C slope/n^2,     gain: the difference of both slopes, so that the covariance is kept

What is inside: `evaluation_of`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._check import FEWEST_IN_SEGMENT, Gone, Verdict, flagged
from ..._errors import InputError, counted
from ..._estimate import (
    Average,
    Box,
    Estimate,
    MeanWeight,
    NeverSeen,
    Terms,
    WeightedSample,
    broken_by,
    estimate,
    kish,
    too_few,
)
from ..._weights import Step, rows_worth
from ...arrays import widening
from ..evaluation import ByLabel, Evaluation, decide
from ..tuning import Path
from ..values import MeanFigures, mean_fails
from ._sums import CAPS

if TYPE_CHECKING:
    from ._ledger import Ledger

__all__ = ["evaluation_of"]

ENOUGH = 30.0  # rows that a value of the reward must be worth, as in `value`
UNSEEN = "0 and 1 were not both seen: the interval reaches to the exact bound on the effective rows."
SHOWN = slice(None, None, -2)  # of the caps, powers of two from the largest down


def evaluation_of(x: Ledger) -> Evaluation:
    """The evaluation of all rows of a ledger."""
    if x.tally.summary.positive == 0:
        raise InputError("every weight is zero: the source never visits the target. See ledger.tally.result().")
    verdict, weight = _verdict(x)
    mean = _mean_figures(weight, x)
    value, logged, gain = _estimates(x, weight, mean)
    how = _how(x)
    table = {} if x.by is None else _by_label(x, verdict)
    path = _path(x, value.value)
    judged = decide(verdict, mean, value, gain)
    why = "a ledger keeps no rows, and the proof needs them"
    return Evaluation(x.n, verdict, mean, value, logged, gain, how, path, None, None, why, table, x.by_name, judged)


def _how(x: Ledger) -> str:
    return "control" if x.tally.provenance.exact else "self"


# ---- the mean weight ------------------------------------------------------------------------------------------------------


def _verdict(x: Ledger) -> tuple[Verdict, MeanWeight]:
    """The tally's verdict, and the mean weight with the error of clusters where they are kept."""
    s, verdict = x.tally.summary, x.tally.result()
    se = s.relative_se if x.buckets is None else _clustered(x, np.array([1.0, 0, 0])) * math.exp(-s.peak)
    weight = MeanWeight(s.peak, s.mean, se, s.n, x.tally.khat, s.alike)
    if x.buckets is None:
        return verdict, weight
    z = weight.z(x.tally.khat) if verdict.exact else math.nan
    return replace(verdict, mean_se=s.at_own_scale(se), mean_z=z), weight


def _mean_figures(weight: MeanWeight, x: Ledger) -> MeanFigures:
    if not x.tally.provenance.exact:
        return MeanFigures(math.nan, math.nan, math.nan)
    if x.n < 2:
        return MeanFigures(math.exp(weight.log), math.inf, math.nan)
    wide = float(widening(weight.khat, x.n)) if weight.se > 0 else 1.0
    scale = math.exp(weight.peak)
    return MeanFigures(math.exp(weight.log), scale * weight.se * wide, weight.z(weight.khat))


# ---- value, logged, gain --------------------------------------------------------------------------------------------------


def _estimates(x: Ledger, weight: MeanWeight, mean: MeanFigures) -> tuple[Estimate, Estimate, Estimate]:
    p = x.products
    m_w, m_wr, m_r = p.mean
    if _how(x) == "control":
        beta = p.centred[0, 1] / p.centred[0, 0] if p.centred[0, 0] > 0 else 0.0
        target, slope = m_wr - beta * (m_w - 1), np.array([-beta, 1.0, 0.0])
    else:
        target = m_wr / m_w
        slope = np.array([-target, 1.0, 0.0]) / m_w
    equal = np.array([0.0, 0.0, 1.0])
    weighted, plain = _samples(x, weight)
    both = replace(
        weighted,
        size=x.n,
        factor=max(weighted.factor, plain.factor),
        ess=min(weighted.ess, plain.ess),
        worth=min(weighted.worth, plain.worth),
        equal=weighted.equal and plain.equal,
    )
    value = _average(x, p.pivot + target, slope, weighted)
    logged = _average(x, p.pivot + m_r, equal, plain)
    if not value.why:
        value = replace(value, doubt=mean_fails(mean) or _rare(x, weighted))
    gain = Average(target - m_r, both, Gone(), Gone(), _norm(x, slope - equal), doubt=value.doubt or logged.doubt)
    if value.interval is not None or logged.interval is not None:
        gain = replace(gain, norm=0.0, interval=Box(value.ends, logged.ends, "difference"))
    trail = (*x.tally.provenance.trail, Step("value", {"how": _how(x), "ledger": True}))
    made = [estimate(Terms((a,), (), x.n), trail) for a in (value, logged, gain)]
    return made[0], made[1], made[2]


def _samples(x: Ledger, weight: MeanWeight) -> tuple[WeightedSample, WeightedSample]:
    """Of the target's value, and of the log's."""
    s, n = x.tally.summary, x.n
    support = s.positive
    size = n if _how(x) == "control" else support
    worth, rows, groups = s.ess, float(n), 0
    drawn, everyone = size, n
    if x.buckets is not None:
        count, total = x.buckets[0]
        groups = int(np.count_nonzero(count))
        worth, rows = kish(total), kish(count)
        drawn = groups if _how(x) == "control" else int(np.count_nonzero(total))
        everyone = groups
    factor = lambda m: m / (m - 1) if m > 1 else math.inf
    doubt = broken_by(weight) if x.tally.provenance.exact and n > 1 else ""
    alike = support == size and s.alike
    weighted = WeightedSample(
        n, support, size, factor(drawn), s.ess, worth, x.tally.khat, alike, groups=groups, doubt=doubt
    )
    return weighted, WeightedSample(n, n, n, factor(everyone), float(n), rows, -math.inf, True, groups=groups)


def _average(x: Ledger, value: float, slope: np.ndarray, sample: WeightedSample) -> Average:
    norm = _norm(x, slope)
    values = x.rewards.values
    if (
        values is not None
        and len(values) == 1
        and norm <= 1e-15 * x.n
        and float(value) in (0.0, 1.0)
        and math.isfinite(sample.factor)
    ):
        total = (
            float(x.products.mean[0]) if _how(x) == "control" and not sample.equal else 1.0
        )  # of the shares of the rows
        interval = NeverSeen(float(value), min(sample.ess, sample.worth), total, sample.khat)
        return Average(float(value), sample, Gone(), Gone(), 0.0, interval=interval, doubt=UNSEEN)
    return Average(float(value), sample, Gone(), Gone(), norm)


def _norm(x: Ledger, slope: np.ndarray) -> float:
    """Root of the summed squares of the influences, by bucket first where clusters are kept."""
    if x.buckets is None:
        return x.products.norm(slope)
    count, total = x.buckets[0]
    sums = np.stack([total, x.buckets[1, 1], x.buckets[1, 0]])
    far = slope @ sums - count * float(slope @ x.products.mean)
    return math.sqrt(float(far @ far)) / x.n


def _clustered(x: Ledger, slope: np.ndarray) -> float:
    assert x.buckets is not None
    groups = int(np.count_nonzero(x.buckets[0, 0]))
    return math.sqrt(groups / (groups - 1)) * _norm(x, slope) if groups > 1 else math.nan


def _rare(x: Ledger, sample: WeightedSample) -> str:
    """What `value` says of a rare reward: the rows of either of two values, or those other than 0 where most are 0."""
    rewards = x.rewards
    if rewards.values is not None:
        if len(rewards.values) < 2:
            return ""
        worth, value, rows = min((_kish(sums), value, int(sums[0])) for value, sums in rewards.values.items())
        return _said(worth, rows, f"with reward {value:g}")
    rows, total, square, amount, squares = rewards.other_than_0
    if 2 * rows >= sample.support:
        return ""
    few = too_few(amount * amount / squares, two=False) if squares > 0 else ""
    return few or _said(_kish((rows, total, square)), int(rows), "with a reward other than 0")


def _kish(sums: Any) -> float:
    return float(sums[1]) ** 2 / float(sums[2]) if sums[2] > 0 else 0.0


def _said(worth: float, rows: int, which: str) -> str:
    if worth >= ENOUGH * (1 - 1e-9):
        return ""
    return f"{counted(rows, 'row')} {which}, worth {rows_worth(worth)}; {ENOUGH:.0f} needed."


# ---- labels and caps ------------------------------------------------------------------------------------------------------


def _by_label(x: Ledger, verdict: Verdict) -> dict[Any, ByLabel]:
    """As `evaluate` has it: labels under 25 rows are pooled in the verdict, and here."""
    assert x.by is not None
    assert x.tally.segments is not None
    rows = dict(zip(x.tally.segments.labels, x.tally.segments.n.tolist(), strict=True))
    small = [sums for label, sums in x.by.items() if rows[label] < FEWEST_IN_SEGMENT]
    broken = {label for label, _ in flagged(verdict)}
    out, last = {}, list(verdict.by)[-1] if verdict.by else None
    for label, s in verdict.by.items():
        sums = sum(small) if small and label == last else x.by[label]
        value, se = _self(np.asarray(sums), x.products.pivot)
        out[label] = ByLabel(s.n, s.mean, s.mean_se, s.z, label in broken, value, se)
    return out


def _self(sums: np.ndarray, pivot: float) -> tuple[float, float]:
    """Self-normalised value and its plain error of the rows of a label."""
    rows, total = sums[0, 0], sums[0, 1]
    if not total > 0:
        return math.nan, math.nan
    f = sums[1, 1] / total
    square = sums[2, 2] - 2 * f * sums[1, 2] + f * f * sums[0, 2]
    factor = rows / (rows - 1) if rows > 1 else math.inf
    return float(pivot + f), math.sqrt(max(0.0, square) * factor) / float(total) if rows > 1 else math.inf


def _path(x: Ledger, untamed: float) -> Path | None:
    """Self-normalised values at the powers of two below the largest weight."""
    top = math.exp(x.tally.summary.peak)
    caps = [j for j in range(CAPS.size)[SHOWN] if CAPS[j] < top * (1 - 1e-12)]
    if not caps:
        return None
    values = [x.products.pivot + x.caps[1, j] / x.caps[0, j] for j in caps]
    moved = [_moved(x, j) for j in caps]
    at = (math.inf, *(float(CAPS[j]) for j in caps))
    return Path("clip", at, (untamed, *map(float, values)), (0.0, *moved), None, _untamed)


def _moved(x: Ledger, j: int) -> float:
    """1/2 sum |W' - W| of a cap, to the grid of caps: what the rows up to the best of them gain."""
    total = x.products.n * float(x.products.mean[0])
    after = x.caps[0, j]
    below = x.caps[0] - CAPS * x.above  # sum of w up to each cap
    gained = np.where(
        CAPS[j] >= CAPS,
        below * (1 / after - 1 / total),
        below[j] / after + CAPS[j] * (x.above[j] - x.above) / after - below / total,
    )
    return float(max(0.0, gained.max()))


def _untamed() -> int:
    """The candidate that is chosen where none can be: the first."""
    return 0
