"""What the influences say about the error bar: their sum of squares, and the tail on either side.

The trouble: the usual error bar of a weighted average trusts the rows that were drawn. When a few rows carry the sum, the
rows that were not drawn matter more, and the bar is far too short. How heavy the tail is can be read from the influences phi:

    norm^2 = sum_g (sum_{i in g} phi_i)^2,    tails = k-hat of {phi > 0} and of {-phi > 0}, each side by itself

One pooled tail of |phi| would mix two lumps and overstate both. Sums of squares are taken of influences scaled by a power of two where
they would leave the range of a float, so that se(c f) = |c| se(f) at every scale.

Sums over clusters have a tail of their own, and a fit to them may see one where none is: of a few dozen clusters it is noise, and where a
sum holds none, one or two rows of the largest weight the cut lies between lumps. But a sum has no heavier tail than the rows in it and
their number allow,

    |sum_{i in g} phi_i| <= m_g max_{i in g} |phi_i|,     so that   k <= k(max phi) + k(m),  each where above zero

and where the fit lies above this by more than its standard error, (1 + k)/sqrt(M), it is not believed.

What is inside: `Tails`, the largest of either sign, kept in one pass; `TailScan`, norm and tails of some influences, and `scan`, which takes
them; `cluster_tails`, those of sums by cluster; `kish`, how many rows of equal size would be worth as much.

Sources: Liang and Zeger (1986) for sums over clusters; Vehtari et al. (2024) for the tail; Kish (1965).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..arrays import TOO_FEW, tail_index, tail_size
from ._influence import BLOCK, Influences, Scaled, blocks, by_cluster
from ._sample import WeightedSample

__all__ = ["TailScan", "Tails", "cluster_tails", "kish", "power_of_two", "scan"]

SAFE = 2.0**-900, 2.0**900  # sums of squares outside lose digits, or everything
ALIKE = 3.0  # clusters none of which has more rows than this many times the mean are of one size


class TailScan(NamedTuple):
    """What one pass over some influences finds."""

    norm: float  # root of the sum of squares, added up by cluster first
    rows: list[float]  # k-hat of either side of the influences of rows that was watched
    clusters: list[float]  # k-hat of either side of their sums by cluster
    short: bool = False  # whether a watched side has rows, but fewer than 25


class Tails:
    """The largest values of either sign, collected piece by piece: a million rows leave some thousands."""

    def __init__(self, size: int, *, own: bool = False) -> None:
        self.size, self.own = size, own  # own: each side has the tail size of as many rows as it holds
        self._rows = [0, 0]
        self._kept: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        self._count = [0, 0]
        self._floor = [0.0, 0.0]

    def add(self, phi: np.ndarray) -> None:
        """Look at another piece."""
        if self.own:
            self._rows = [
                n + int(np.count_nonzero(side)) for n, side in zip(self._rows, (phi > 0, phi < 0), strict=True)
            ]
        for side, x in enumerate((phi[phi > self._floor[0]], -phi[phi < -self._floor[1]])):
            if not x.size:
                continue
            kept = self._kept[side]
            kept.append(x)
            self._count[side] += x.size
            if self._count[side] > 4 * (self.size + 1) + BLOCK:
                kept[:] = [_top(np.concatenate(kept), self.size + 1)]
                self._count[side], self._floor[side] = kept[0].size, kept[0].min()

    @property
    def short(self) -> bool:
        """Whether a side has rows, but fewer than 25, so that its tail cannot be judged."""
        return any(0 < count < TOO_FEW for count in self._count)

    def khats(self) -> list[float]:
        """k-hat of each side that has at least 25 rows."""
        k = []
        for kept, count, rows in zip(self._kept, self._count, self._rows, strict=True):
            if count >= TOO_FEW:  # a side that was ever cut down holds size + 1
                size = min(tail_size(rows) if self.own else self.size, count - 1)
                k.append(tail_index(np.log(_top(np.concatenate(kept), size + 1)), size=size))
        return k


def _top(x: np.ndarray, count: int) -> np.ndarray:
    return x if x.size <= count else np.partition(x, x.size - count)[x.size - count :]


def scan(
    line: Influences, sample: WeightedSample, n: int, *, watch: bool = False, weights: Influences | None = None
) -> TailScan:
    """Norm of the n influences of `line`, and the tails of their sides: those of rows if `watch`, those of clusters always.

    weights : those of the rows, where influences are no more than a multiple of them, as those of two values are.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        found = _scan(line, sample, n, watch, weights)
    if SAFE[0] < found.norm**2 < SAFE[1]:
        return found
    unit = power_of_two(max(float(np.abs(line.part(p)).max(initial=0.0)) for p in blocks(n)))
    if unit in (0.0, 1.0, math.inf):
        return found
    found = _scan(Scaled(line, 1 / unit), sample, n, watch, weights)
    return found._replace(norm=found.norm * unit)


def power_of_two(x: float) -> float:
    """The power of two next to |x|, for a number that has an inverse; 0 for 0, inf for what is not finite."""
    if not math.isfinite(x):
        return math.inf
    return 0.0 if x == 0 else 2.0 ** max(-1020, min(1020, math.frexp(x)[1]))


def _scan(line: Influences, sample: WeightedSample, n: int, watch: bool, weights: Influences | None) -> TailScan:
    if sample.codes is not None:
        return _scan_clusters(line, sample.codes, sample, watch, weights)
    square = 0.0
    tails = _tails_for(sample.size, watch, sample.own_sides)
    for piece in blocks(n):
        phi = line.part(piece)
        if sample.copies is not None:  # a row holds the sum over its copies
            copies = sample.copies[piece]
            phi = np.divide(phi, copies, out=np.zeros(phi.size), where=copies > 0)
            square += float(np.einsum("i,i,i", copies, phi, phi))
            phi = phi if tails is None else _repeated(phi, copies, tails.size)
        else:
            square += float(np.einsum("i,i", phi, phi))
        if tails is not None:
            tails.add(phi)
    if tails is None:
        return TailScan(math.sqrt(square), [], [])
    return TailScan(math.sqrt(square), tails.khats(), [], tails.short)


def _scan_clusters(
    line: Influences, codes: np.ndarray, sample: WeightedSample, watch: bool, weights: Influences | None
) -> TailScan:
    rows = _tails_for(sample.size, watch, sample.own_sides)
    sums = by_cluster(line, codes, sample.groups, None if rows is None else rows.add)
    k = [] if rows is None else rows.khats()
    short = rows is not None and rows.short
    clusters = cluster_tails(line, sums, codes, own=sample.own_sides, weights=weights)
    return TailScan(math.sqrt(float(np.einsum("i,i", sums, sums))), k, clusters, short)


def cluster_tails(
    line: Influences, sums: np.ndarray, codes: np.ndarray, *, own: bool = False, weights: Influences | None = None
) -> list[float]:
    """k-hat of each side of the sums (m,) over clusters that has at least 25 of them, no larger than rows and sizes allow.

    own : whether either side has a tail size of its own. weights : as in `scan`.
    """
    found, size = [], tail_size(sums.size)
    sizes: list[float] = []
    for sign in (1.0, -1.0):
        x = sign * sums
        x = x[x > 0]
        if sums.size <= TOO_FEW or x.size < TOO_FEW:
            continue
        used = min(tail_size(x.size) if own else size, x.size - 1)
        k = tail_index(np.log(x), size=used)
        if k > 0 or math.isnan(k):
            sizes = sizes or [_tail_of_sizes(codes, sums.size)]
            largest = _tail_of_largest(*((line, sign) if weights is None else (weights, 1.0)), codes, sums.size)
            most = _together(largest, sizes[0])
            k = most if math.isnan(k) else k if math.isnan(most) else min(k, _with_error(most, used))
        found.append(k)
    return found


def _together(rows: float, sizes: float) -> float:
    """The heaviest tail of a product of both, whatever their dependence; nan if either was not judged."""
    return max(rows, 0.0) + max(sizes, 0.0) if max(rows, sizes) > 0 else max(rows, sizes)


def _with_error(k: float, size: int) -> float:
    """A tail index and one standard error of it from `size` exceedances."""
    return k + (1 + max(k, 0.0)) / math.sqrt(size)


def _tail_of_sizes(codes: np.ndarray, count: int) -> float:
    sizes = np.bincount(codes, minlength=count)
    if sizes.max() <= ALIKE * codes.size / count:
        return -math.inf
    return tail_index(np.log(sizes[sizes > 0]))


def _tail_of_largest(line: Influences, sign: float, codes: np.ndarray, count: int) -> float:
    """k-hat of the largest influence of this sign, or weight, in each cluster."""
    most = np.zeros(count)
    for piece in blocks(codes.size):
        np.maximum.at(most, codes[piece], sign * line.part(piece))
    return tail_index(np.log(most[most > 0])) if np.count_nonzero(most) >= TOO_FEW else math.nan


def _tails_for(size: int, watch: bool, own: bool) -> Tails | None:
    return Tails(tail_size(size), own=own) if watch and size > TOO_FEW else None


def _repeated(phi: np.ndarray, copies: np.ndarray, size: int) -> np.ndarray:
    """The largest values of either sign, each as often as it counts: as many as a tail of `size` may need."""
    sides = []
    for sign in (1.0, -1.0):
        x = sign * phi
        order = np.argsort(-x)
        order = order[: np.count_nonzero(x > 0)]
        times = np.minimum(copies[order], size + 1).astype(np.int64)
        last = int(np.searchsorted(np.cumsum(times), size + 1)) + 1
        sides.append(sign * np.repeat(x[order[:last]], times[:last]))
    return np.concatenate(sides)


def kish(x: np.ndarray) -> float:
    """(sum x)^2 / sum x^2: how many equal entries would be worth as much; 0 for none."""
    square = float(np.einsum("i,i", x, x))
    return float(x.sum()) ** 2 / square if square > 0 else 0.0
