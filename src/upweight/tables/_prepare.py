"""What happens to a table inside a training fold: impute, scale, join rare levels; then resampling; then one-hot.

The trouble: medians, scales and rare levels learnt on all rows leak the test fold, and a one-hot matrix is the wrong place
to look for neighbours. So the order is fixed:

    Preparation.fit(train)            weighted medians, means and standard deviations; which levels are frequent
        .table(rows)   -> Table       scaled numbers without gaps, codes 0 .. L (frequent levels, then "rest", then "gap")
        (a resampler sees that)
        .matrix(table) -> (n, m)      numbers beside one column a level; CSR when dense would be large

A level that is rare or was never met is "rest"; a gap in a category is a level of its own; a gap in a number is the
median of the training rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ._columns import KEPT_LEVELS
from ._table import Schema, Table

__all__ = ["Preparation"]

RARE = 10  # rows of the training fold below which a level is joined with the rest
DENSE_BYTES = 256 << 20  # a one-hot matrix above this is CSR


@dataclass(frozen=True)
class Preparation:
    """Fitted on training rows: `median`, `mean`, `scale` (p,) and for every category the code of each level."""

    median: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    recode: tuple[np.ndarray, ...]
    shown: tuple[np.ndarray, ...]

    @classmethod
    def fit(cls, schema: Schema, table: Table, w: np.ndarray | None) -> Preparation:
        """Learn from the training rows only; `w` weights them (None: all alike)."""
        w = np.ones(len(table)) if w is None else w
        levels = [len(c.levels) for c in schema.columns if c.kind == "categorical"]
        recode = tuple(frequent(table.codes[:, j], k, w) for j, k in enumerate(levels))
        shown = tuple(
            np.flatnonzero(np.bincount(apply_codes(m, table.codes[:, j]), minlength=int(m.max()) + 1))
            for j, m in enumerate(recode)
        )
        return cls(*centre_and_scale(table.numbers, w), recode, shown)

    def table(self, table: Table) -> Table:
        """Scaled numbers without gaps, and codes of frequent levels."""
        codes = np.empty(table.codes.shape, np.int32)
        for j, mapping in enumerate(self.recode):
            codes[:, j] = apply_codes(mapping, table.codes[:, j])
        if sparse.issparse(table.numbers):
            return Table(sparse.csr_array(table.numbers @ sparse.diags_array(1 / self.scale)), codes)
        return Table((np.where(np.isnan(table.numbers), self.median, table.numbers) - self.mean) / self.scale, codes)

    def matrix(self, table: Table) -> np.ndarray | sparse.csr_array:
        """The learner's matrix: numbers, then one column for every level seen in training (one for a pair of levels)."""
        width = table.numbers.shape[1] + sum(len(s) for s in self.shown)
        blocks = [one_hot(table.codes[:, j], shown) for j, shown in enumerate(self.shown)]
        if sparse.issparse(table.numbers) or (8 * width * len(table) > DENSE_BYTES and blocks):
            return sparse.csr_array(sparse.hstack([sparse.csr_array(b) for b in (table.numbers, *blocks)]))
        return np.hstack([table.numbers, *blocks]) if blocks else table.numbers


def centre_and_scale(x, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted median of what is there, and mean and standard deviation after imputing it; sparse: scale only."""
    total = w.sum()
    if sparse.issparse(x):
        mean = (w @ x) / total
        scale = np.sqrt(np.maximum((w @ x.multiply(x).tocsr()) / total - mean**2, 0))
        return np.zeros_like(mean), np.zeros_like(mean), np.where(scale > 0, scale, 1.0)
    gaps = np.isnan(x)
    median = np.array([weighted_median(x[~g, j], w[~g]) for j, g in enumerate(gaps.T)])
    filled = np.where(gaps, median, x)
    mean = w @ filled / total
    scale = np.sqrt(w @ (filled - mean) ** 2 / total)
    return median, mean, np.where(scale > 1e-12 * (np.abs(mean) + 1e-300), scale, 1.0)


def weighted_median(x: np.ndarray, w: np.ndarray) -> float:
    """Middle value; with equal weights the mean of the two middle ones; 0 if nothing is there."""
    if not len(x):
        return 0.0
    if w.min() == w.max():
        return float(np.median(x))
    order = np.argsort(x, kind="stable")
    share = np.cumsum(w[order])
    low = np.searchsorted(share, share[-1] / 2, side="left")
    high = np.searchsorted(share, share[-1] / 2, side="right")
    return float((x[order[low]] + x[order[min(high, len(x) - 1)]]) / 2)


def frequent(codes: np.ndarray, k: int, w: np.ndarray) -> np.ndarray:
    """Map of `k` levels, then UNSEEN, then MISSING (indexed from the end) to 0 .. L-1 (frequent), L (rest), L+1 (gap)."""
    present = codes >= 0
    mass = np.bincount(codes[present], weights=w[present], minlength=k)
    rows = np.bincount(codes[present], minlength=k)
    top = np.argsort(-mass, kind="stable")[:KEPT_LEVELS]
    top = np.sort(top[rows[top] >= min(RARE, max(1, len(codes) // 20))])
    mapping = np.full(k + 2, len(top), np.int32)
    mapping[top] = np.arange(len(top), dtype=np.int32)
    mapping[-1] = len(top) + 1  # MISSING is -1, UNSEEN is -2
    return mapping


def apply_codes(mapping: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return mapping[codes]


def one_hot(codes: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """(n, len(shown)) of 0 and 1; two levels need one column."""
    shown = shown[1:] if len(shown) == 2 else shown
    return (codes[:, None] == shown[None, :]).astype(np.float64)
