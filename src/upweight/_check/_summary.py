"""One pass over the weights, in sums that merge.

The trouble: a log of a billion rows is never in memory at once, and the naive sums of its weights overflow, lose every digit of the
variance, or depend on how the rows were cut into batches. A `WeightSummary` keeps what a verdict needs of any number of rows,

    relative to the largest weight, e_i = exp(l_i - max l):   mean e,   sum (e - mean)^2,   sum e log e,   the 30 001 largest l,

and two summaries add up to the summary of all their rows: means and centred squares by Chan's update, the largest by keeping the largest
of both. Counts, the largest weight and k-hat come out the same to the last bit however the rows were cut; sizes to 1e-12.

What is inside: `WeightSummary` (of one vector of log-weights) and `merge`, Chan's update, which the other tallies share. The weights are read in
blocks that stay in the cache; nothing as long as the data is ever made.

Source: Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance, Am. Stat. 37.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..arrays import BLOCK, MOST, TIE, TOO_FEW, UNDERFLOW, tail_index, tail_size
from ._documents import own
from ._largest import Largest, blocks, likely_cut

__all__ = ["KEPT", "WeightSummary", "merge"]

KEPT = MOST + 1  # the largest tail and the cut below it
FEW = 10  # distinct weights that are counted one by one; more are "many"
_PROBE = 64  # rows of a block that mostly suffice to see that distinct weights are many
_NONE = -np.inf
_EPS = float(np.finfo(float).eps)
CANCELS = 1e-3  # a centred sum smaller than this share of the raw one is taken from centred values instead


def merge(n_a: Any, mean_a: Any, centred_a: Any, n_b: Any, mean_b: Any, centred_b: Any) -> tuple[Any, Any, Any]:
    """Chan's update: size, mean and centred sum of squares of two samples together; sizes may be sums of weights.

    mean = mean_a + (mean_b - mean_a) n_b/n,   centred = centred_a + centred_b + (mean_b - mean_a)^2 n_a n_b/n
    """
    n = n_a + n_b
    share = np.divide(n_b, n, out=np.zeros(np.shape(n)), where=np.asarray(n) > 0)[()]
    gap = np.where(np.asarray(n_a) > 0, mean_b - mean_a, mean_b)[()]
    start = np.where(np.asarray(n_a) > 0, mean_a, 0.0)[()]
    return n, start + gap * share, centred_a + centred_b + gap * gap * (n_a * share)


class WeightSums(NamedTuple):
    """Of some weights e = exp(l - peak): how many, mean e, sum (e - mean)^2, sum e log e; plain floats, because they are fast."""

    n: int = 0
    mean: float = 0.0
    centred: float = 0.0
    elog: float = 0.0

    def merged(self, other: WeightSums) -> WeightSums:
        """`merge`, with the entropy added up; both relative to one peak."""
        n = self.n + other.n
        share, gap = other.n / n if n else 0.0, other.mean - self.mean
        centred = self.centred + other.centred + gap * gap * (self.n * share)
        return WeightSums(n, self.mean + gap * share, centred, self.elog + other.elog)

    def rebased(self, peak: float, to: float) -> WeightSums:
        """The same relative to exp(to) instead of exp(peak)."""
        if peak in (to, _NONE):
            return self
        scale = math.exp(peak - to)
        elog = scale * (self.elog + (peak - to) * self.n * self.mean) if scale else 0.0
        return WeightSums(self.n, self.mean * scale, self.centred * scale * scale, elog)


@dataclass(frozen=True, eq=False)
class WeightSummary:
    """What a verdict needs of n log-weights, relative to the largest: e = exp(l - peak).

    Attributes
    ----------
    n, zeros : rows, and rows of weight zero among them.
    peak, row : the largest log-weight and the first row that has it (-inf and -1 if every weight is zero).
    low : the smallest log-weight that is not -inf (+inf if every weight is zero).
    mean, centred, elog : mean of e over n rows, sum (e - mean)^2, sum e log e.
    top : (<= 30 001,) the largest log-weights, ascending, zeros left out.
    distinct : rows of each distinct log-weight, zeros left out; None once there are more than ten.
    """

    n: int = 0
    zeros: int = 0
    peak: float = _NONE
    row: int = -1
    low: float = np.inf
    mean: float = 0.0
    centred: float = 0.0
    elog: float = 0.0
    top: np.ndarray = field(default_factory=lambda: np.empty(0))
    distinct: Mapping[float, int] | None = field(default_factory=dict)

    @classmethod
    def of(cls, log_w: np.ndarray, *, flip: bool = False) -> WeightSummary:
        """The summary of one vector of float64 log-weights, -inf for a weight of zero, in one pass; of 1/w, without perplexity and
        distinct values, if `flip`."""
        run, largest = _Run(lean=flip), Largest(min(len(log_w), KEPT), likely_cut(log_w, KEPT, flip))
        for start, block in blocks(log_w, flip):
            high = float(block.max())
            run.add(block, start, high)
            largest.add(block, high)
        if not largest.complete and not largest.filled(log_w, flip):
            largest = Largest(largest.count)
            for _, block in blocks(log_w, flip):
                largest.add(block, float(block.max()))
        s = run.sums
        return cls(
            s.n, run.zeros, run.peak, run.row, run.low, s.mean, s.centred, s.elog, largest.ascending(), run.distinct
        )

    def __add__(self, other: WeightSummary) -> WeightSummary:
        """The summary of both, the rows of `other` after one's own."""
        peak = max(self.peak, other.peak)
        sums = self._sums_at(peak).merged(other._sums_at(peak))
        row = self.row if self.peak == peak or other.row < 0 else self.n + other.row
        top = np.sort(np.concatenate([self.top, other.top]))[-KEPT:]
        return WeightSummary(
            sums.n,
            self.zeros + other.zeros,
            peak,
            row,
            min(self.low, other.low),
            sums.mean,
            sums.centred,
            sums.elog,
            top,
            _together(self.distinct, other.distinct),
        )

    def _sums_at(self, peak: float) -> WeightSums:
        return WeightSums(self.n, self.mean, self.centred, self.elog).rebased(self.peak, peak)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers."""
        distinct = None if self.distinct is None else [list(pair) for pair in self.distinct.items()]
        return own(self) | {"top": self.top.tolist(), "distinct": distinct}

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> WeightSummary:
        """From what `to_dict` gave, or its JSON."""
        distinct = None if d["distinct"] is None else {value: rows for value, rows in d["distinct"]}
        floats = {name: float(d[name]) for name in ("peak", "low", "mean", "centred", "elog")}
        top = np.array(d["top"], dtype=float)
        counts: dict[str, Any] = {name: d[name] for name in ("n", "zeros", "row")}
        if np.isnan(top).any() or any(x != x for x in floats.values()):
            raise ValueError("a number is missing")
        if not all(type(x) is int for x in counts.values()) or not 0 <= counts["zeros"] <= counts["n"]:
            raise ValueError(f"counts {counts}")
        return cls(n=d["n"], zeros=d["zeros"], row=d["row"], top=top, distinct=distinct, **floats)

    # ---- figures ----------------------------------------------------------------------------------------------------

    @property
    def positive(self) -> int:
        """Rows whose weight is not zero."""
        return self.n - self.zeros

    @property
    def alike(self) -> bool:
        """Whether all positive weights are the same, up to rounding."""
        return self.positive > 0 and self.peak - self.low <= TIE * _EPS * max(1.0, abs(self.peak))

    @property
    def constant(self) -> bool:
        """Whether every weight is the same, up to rounding, and none is zero."""
        return self.zeros == 0 and self.alike

    @property
    def total(self) -> float:
        """Sum of the weights over the largest one, at least 1 (0 if all are zero)."""
        return self.n * self.mean

    @property
    def log_mean(self) -> float:
        """Log of the mean weight, zeros counted."""
        return self.peak + math.log(self.mean) if self.mean > 0 else _NONE

    @property
    def ess(self) -> float:
        """Kish's effective sample size in rows: (sum w)^2 / sum w^2."""
        if not self.mean > 0:
            return 0.0
        return self.total * self.total / (self.centred + self.n * self.mean * self.mean)

    @property
    def perplexity(self) -> float:
        """Effective sample size of order one in rows: exp(-sum W log W)."""
        return self.total * math.exp(-self.elog / self.total) if self.mean > 0 else 0.0

    @cached_property
    def khat(self) -> float:
        """Tail index of these weights: the bits of `upweight.arrays.khat` on all of them at once."""
        return self.khat_of(1.0)

    def khat_of(self, r_eff: float) -> float:
        """`khat` of draws that count as `r_eff` independent ones each."""
        if self.positive < TOO_FEW:
            return math.nan
        return tail_index(self.top, size=tail_size(self.positive, r_eff))

    @property
    def tail(self) -> tuple[np.ndarray, np.ndarray]:
        """The log-weights that k-hat is read from: from the cut on, ascending, and those of them that lie above it."""
        size = tail_size(self.positive) if self.positive > 1 else 0
        top = self.top[-size - 1 :]
        return top, top[top - top[:1] > TIE * _EPS * np.maximum(1.0, np.abs(top))]

    def share_of_top(self, rows: int) -> float:
        """Share of the total that the `rows` largest weights hold; rows <= 30 000."""
        if not self.mean > 0:
            return math.nan
        return min(1.0, float(np.exp(self.top[-rows:] - self.peak).sum()) / self.total)

    def at_own_scale(self, relative: float) -> float:
        """A number on the scale of e = w / (largest w), on the weights' own scale; inf where a float cannot hold it."""
        if relative == 0 or self.peak == _NONE:
            return 0.0
        if math.isnan(relative):
            return math.nan
        log = self.peak + math.log(relative)
        return math.exp(log) if log < 709.7 else math.inf

    @property
    def relative_se(self) -> float:
        """Plain standard error of the mean of e = w / (largest w) over rows; nan for one row."""
        return math.sqrt(self.centred / (self.n - 1) / self.n) if self.n > 1 else math.nan

    @property
    def se(self) -> float:
        """`relative_se` on the weights' own scale."""
        return self.at_own_scale(self.relative_se)


class _Run:
    """The running sums of one pass; `peak` rises as larger weights come, and the sums are rebased with it.

    A `lean` run leaves out what the test of 1/w does not need: entropy and distinct values.
    """

    def __init__(self, *, lean: bool) -> None:
        self.lean = lean
        self.zeros, self.peak, self.row, self.low = 0, _NONE, -1, np.inf
        self.sums = WeightSums()
        self.distinct: dict[float, int] | None = None if lean else {}
        self._log, self._e = np.empty(BLOCK), np.empty(BLOCK)

    def add(self, block: np.ndarray, start: int, high: float) -> None:
        low = float(block.min())
        zeros = 0
        if low == _NONE:
            zeros = int(np.count_nonzero(block == _NONE))
            low = float(block.min(where=block > _NONE, initial=np.inf))
        if high > self.peak:
            self.sums = self.sums.rebased(self.peak, high)
            self.peak, self.row = high, start + int(block.argmax())
        self.low, self.zeros = min(self.low, low), self.zeros + zeros
        if self.distinct is not None:
            self.distinct = _counted(self.distinct, block, len(block) - zeros)
        self.sums = self.sums.merged(self._sums(block, zeros > 0 or low - self.peak < UNDERFLOW))

    def _sums(self, block: np.ndarray, far: bool) -> WeightSums:
        """The sums of a block; `far` if some weights underflow."""
        n = len(block)
        if self.peak == _NONE:
            return WeightSums(n)
        log = np.subtract(block, self.peak, out=self._log[:n])
        e = np.exp(log, out=self._e[:n])
        mean = float(e.sum()) / n
        if far and not self.lean:
            np.maximum(log, UNDERFLOW, out=log)
        elog = 0.0 if self.lean else float(np.einsum("i,i->", e, log))
        squares = float(np.einsum("i,i->", e, e))
        centred = squares - n * mean * mean
        if centred < CANCELS * squares:
            e -= mean
            centred = float(np.einsum("i,i->", e, e))
        return WeightSums(n, mean, centred, elog)


def _counted(seen: dict[float, int], block: np.ndarray, positive: int) -> dict[float, int] | None:
    """Add the rows of a block to the counts of distinct log-weights; None once they are more than ten."""
    probe = np.unique(block[:_PROBE])
    if len(probe) > FEW + 1:
        return None
    counts, left = dict(seen), positive
    for value in seen:
        rows = int(np.count_nonzero(block == value))
        counts[value] += rows
        left -= rows
    if left:
        fresh, rows = np.unique(block[~np.isin(block, [*seen, _NONE])], return_counts=True)
        counts |= dict(zip(fresh.tolist(), rows.tolist(), strict=True))
    return counts if len(counts) <= FEW else None


def _together(a: Mapping[float, int] | None, b: Mapping[float, int] | None) -> Mapping[float, int] | None:
    if a is None or b is None:
        return None
    counts = {value: a.get(value, 0) + b.get(value, 0) for value in (*a, *b)}
    return counts if len(counts) <= FEW else None
