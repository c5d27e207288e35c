"""What every average over the same weights shares, whatever is averaged.

The trouble: sizes, degrees of freedom, clusters and the tail of the weights are the same for every column, for a quantile, for an
area under a curve; worked out in each of them they would soon differ.

    N = rows with w > 0 (self), all rows (plain, control, integral)     se^2 = m/(m-1) norm^2, m rows or clusters     df = ESS - 1

What is inside: `WeightedSample`, these figures; `sample_of`, which reads them from weights; `multipliers`, the weights on the scale of a
formula; `Groups`, which rows move together: clusters that were named, or blocks of neighbouring rows; `mean_test`, `mean_weight`, `broken_promise` and
`broken_by`, which needs sums only: weights that promise a mean of one and do not keep it are no base of an average.

Sources: Kish (1965), Survey Sampling; Liang and Zeger (1986) for clusters; Künsch (1989) for blocks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._errors import InputError
from .._frames import labels, same_rows
from ..arrays import TIE, widening
from ._influence import Multipliers, by_cluster

if TYPE_CHECKING:
    from .._weights import Weights

__all__ = [
    "ALONE",
    "Groups",
    "MeanWeight",
    "WeightedSample",
    "broken_by",
    "broken_promise",
    "clusters_of",
    "mean_test",
    "mean_weight",
    "multipliers",
    "sample_of",
]

LARGEST_LOG, LEAST_LOG = 709.0, -708.0  # what the exponential of is a normal float
ALL_ROWS = ("plain", "control", "integral")  # formulas for which rows of weight zero count
Z_LIMIT, SMALL_BREACH = 3.29, 0.02  # two-sided level 0.001; a breach of 2 % harms nobody
HEAVY = 0.7  # the heaviest tail that a mean too low is excused by
ROUNDING = 1e-12
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class WeightedSample:
    """Sizes, degrees of freedom and tail that all averages of the same weights by one formula have in common."""

    n: int  # rows, zero weights and copies counted
    support: int  # rows with w > 0; copies for frequencies
    size: int  # N of the formulas: the support (self, frequency) or all rows (plain, control)
    factor: float  # m/(m-1) over rows or clusters; 1 for a design variance; inf where no error can be told
    ess: float  # effective sample size of the weights that are used, in rows
    worth: float  # the same of the clusters' total weights, in clusters; else that of the rows
    khat: float  # tail index of the weights before taming
    equal: bool  # equal weights: the textbook's interval applies, whatever the tail of f
    copies: np.ndarray | None = None  # (n,) for frequencies
    codes: np.ndarray | None = None  # (n,) number of each row's cluster
    groups: int = 0
    block: int = 0  # rows of a block, where clusters are blocks of neighbouring rows
    doubt: str = ""  # why no average of these weights can be believed, whatever its own figures
    rows: str = "rows"  # what one entry is called: episodes are groups of rows
    own_sides: bool = False  # whether either side of the influences has a tail size of its own
    repeats: bool = False  # every row is a whole run of its own: no weights, no tail to judge

    @property
    def df(self) -> float:
        """Degrees of freedom of the interval."""
        return max(1.0, self.worth - 1.0)

    def sums(self, x: np.ndarray) -> np.ndarray:
        """Values of rows added up inside each cluster; as they are without clusters."""
        return np.bincount(self.codes, x, self.groups) if self.codes is not None else x


# ---- which rows move together -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Groups:
    """Numbers (n,) of the rows' clusters, how many there are, and the rows of a block where they are blocks."""

    codes: np.ndarray | None = None
    count: int = 0
    block: int = 0

    @classmethod
    def of_blocks(cls, n: int, length: int) -> Groups:
        """Blocks of `length` neighbouring rows; the last takes in what is left over."""
        count = max(1, n // length)
        return cls(np.minimum(np.arange(n) // length, count - 1), count, length)

    @property
    def said(self) -> dict[str, int]:
        """What the trail keeps of them."""
        length = {"blocks": self.block} if self.block else {}
        return length | ({"clusters": self.count} if self.count else {})


ALONE = Groups()


def clusters_of(w: Weights, cluster: Any) -> Groups:
    """The clusters of a column of labels, one a weight; None is every row alone."""
    if cluster is None:
        return ALONE
    codes, levels, container = labels(cluster, "cluster")
    if codes.size != w.n:
        raise InputError(
            f"`cluster` must have one entry a weight; got {codes.size:,} for {w.n:,} weights. Pass both of the same rows."
        )
    same_rows(w._container, container, ("weights", "cluster"))
    return Groups(codes, len(levels))


# ---- sizes ----------------------------------------------------------------------------------------------------------------


def multipliers(w: Weights, how: str) -> Multipliers:
    """The weights on the scale of the formula: sum one (self), w/n (plain, control, integral), w (total)."""
    l = w.log_w
    if w.kind == "frequency":
        copies = w._copies()
        size = float(copies.sum())
        return Multipliers(l, 0.0, 1 / size, 1.0, size, copies)
    sums = w._sums
    peak, total = float(sums.peak), float(sums.w)
    ess = total * (total / float(np.asarray(sums.w2)))
    if how == "self":
        return Multipliers(l, peak, 1 / total, 1.0, ess)
    if peak > LARGEST_LOG:
        raise InputError(f"how={how!r} overflows: the largest log-weight is {peak:.6g}. {_INSTEAD.get(how, _SELF)}")
    scale = 1.0 if how == "total" else 1 / w.n
    if peak + math.log(scale) < LEAST_LOG:
        raise InputError(f"how={how!r} underflows: the largest log-weight is {peak:.6g}. {_RAISE.get(how, _SELF)}")
    return Multipliers(l, 0.0, scale, total * (math.exp(peak) * scale), ess)


_SELF = "Use how='self'."
_INSTEAD = {"integral": "Take w.log_mean, or lower the logs by a constant."}
_RAISE = {"integral": "Take w.log_mean, or raise the logs by a constant."}


def sample_of(w: Weights, u: Multipliers, how: str = "self", groups: Groups = ALONE) -> WeightedSample:
    """Sizes, degrees of freedom and tail of the averages with these multipliers."""
    everyone, codes, count = how in ALL_ROWS, groups.codes, groups.count
    n, l = w.n, w.log_w
    gaps = l.min() == -np.inf
    support = int(u.copies.sum()) if u.copies is not None else int(np.count_nonzero(l > -np.inf)) if gaps else n
    size = n if everyone else support
    drawn, worth = size, u.ess
    if codes is not None:
        totals = by_cluster(u, codes, count)
        worth = float(totals.sum() ** 2 / np.einsum("i,i", totals, totals))
        drawn = (
            int(np.count_nonzero(np.bincount(codes[l > -np.inf], minlength=count))) if gaps and not everyone else count
        )
    factor = math.inf if min(drawn, support) < 2 else 1.0 if how == "total" else drawn / (drawn - 1)
    khat = w.raw.khat  # a finite one says that the weights differ
    equal = u.copies is not None or (
        how != "total" and support == size and not math.isfinite(khat) and _all_the_same(w.raw.log_w)
    )
    doubt, n = broken_promise(w.raw, groups) if w.raw.exact else "", n if u.copies is None else support
    return WeightedSample(
        n, support, size, factor, u.ess, worth, khat, equal, u.copies, codes, count, groups.block, doubt
    )


def _all_the_same(log_w: np.ndarray) -> bool:
    """Whether all positive weights are the same, up to rounding."""
    top, low = float(log_w.max()), float(log_w.min())
    if low == -math.inf:
        low = float(log_w.min(where=log_w > -np.inf, initial=np.inf))
    return top - low <= TIE * EPS * max(1.0, abs(top))


# ---- the promise of a mean of one -----------------------------------------------------------------------------------------


def mean_test(mean: float, se: float, wide: float, peak: float = 0.0) -> float:
    """z of the test that the mean weight is one, its plain standard error widened for the tail; both relative to exp(peak).

    A mean without error is exact: z is 0 if it is one, infinite else; nan where no error can be told.
    """
    if math.isnan(se):
        return math.nan
    one = math.exp(-peak) if -peak < LARGEST_LOG else math.inf
    if abs(mean - one) <= ROUNDING * one < math.inf:
        return 0.0
    spread = se * wide if se > 0 else 0.0
    return (mean - one) / spread if spread > 0 else math.copysign(math.inf, mean - one)


def broken_promise(w: Weights, groups: Groups = ALONE) -> str:
    """One sentence if untamed weights promise a mean of one and do not keep it; empty otherwise."""
    return broken_by(mean_weight(w, groups)) if w.exact and w.n > 1 and w.kind != "frequency" else ""


def mean_weight(w: Weights, groups: Groups = ALONE) -> MeanWeight:
    """The mean of at least two weights, with its standard error over rows or clusters."""
    s, n = w._sums, w.n
    mean, square = float(s.w) / n, float(np.asarray(s.w2)) / n
    spread, m = max(0.0, square - mean * mean), n
    if groups.codes is not None and groups.count > 1:
        far = np.bincount(groups.codes, np.exp(w.log_w - s.peak) - mean, groups.count)
        spread, m = float(np.einsum("i,i", far, far)) / n, groups.count
    se = math.sqrt(spread / n * m / (m - 1))
    return MeanWeight(float(s.peak), mean, se, n, w.khat, _all_the_same(w.log_w))


class MeanWeight(NamedTuple):
    """The mean of n weights and its plain standard error, both relative to exp(peak), with their tail index."""

    peak: float
    mean: float
    se: float
    n: int
    khat: float
    alike: bool  # whether all positive weights are the same

    @property
    def log(self) -> float:
        """Log of the mean weight on its own scale, which may lie beyond a float."""
        return self.peak + math.log(self.mean)

    def z(self, khat: float) -> float:
        """`mean_test` under a tail of this index."""
        return mean_test(self.mean, self.se, float(widening(khat, self.n)), self.peak)


def broken_by(w: MeanWeight) -> str:
    """One sentence if weights that promise a mean of one have another one; in logs, for no mean is too small or large to be told."""
    total = w.log + math.log(w.n)
    if abs(total) <= ROUNDING * w.n**0.5 and not w.alike:
        return "the weights add up to one: their promise of a mean of one was divided away."
    z, cautious = (w.z(k) for k in (w.khat, max(w.khat, HEAVY)))
    failed = abs(z) > Z_LIMIT and (
        z > 0 or not w.khat >= 0.5
    )  # a low mean under a heavy tail may only lack its largest rows,
    breach = abs(math.expm1(min(w.log, LARGEST_LOG)))
    if breach <= SMALL_BREACH or not (failed or cautious < -Z_LIMIT):  # but not if it is too low for any tail
        return ""
    mean = f"{math.exp(w.log):.3g}" if LEAST_LOG < w.log < LARGEST_LOG else f"exp({w.log:.6g})"
    said = f"{z:.1f}" if abs(z) < 1e6 else f"{z:.3g}"
    return f"the mean weight is {mean} where 1 is promised (z = {said}): the promise is broken."
