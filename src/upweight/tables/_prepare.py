"""What happens to a table inside a training fold: impute, scale, join rare categories, weigh words; then resampling; then one-hot.

The trouble: medians, scales and rare categories learnt on all rows leak the test fold, and a one-hot matrix is the wrong place
to look for neighbours. So the order is fixed:

    Preparation.fit(train)            weighted medians, means and standard deviations; which categories are frequent; words
        .table(rows)   -> Table       scaled numbers without gaps, TF-IDF of words; codes 0 .. L (frequent, then "rest", then "gap")
        (a resampler sees that)
        .matrix(table) -> (n, m)      numbers beside one column a category; CSR when dense would be large

A category that is rare is "rest", and so is one never met; a gap in a category is a category of its own; a gap in a number is the
median of the training rows, and a category of two levels beside it says which rows those are (`_gaps`). Where training had no rare category, or no gap, "rest" and "gap" mean nothing to the learner: such rows are
asked about once a category, and the answers averaged (`_unseen`).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ._columns import KEPT_CATEGORIES
from ._free_text import frequent_words, tf_idf
from ._gaps import told_gaps
from ._table import Schema, Table

__all__ = ["Preparation"]

RARE = 10  # rows of the training fold below which a category is joined with the rest
FAR = 1e100  # values beyond it, or all below its inverse, are scaled by a power of two before they are squared
DENSE_BYTES = 256 << 20  # a one-hot matrix above this is CSR


@dataclass(frozen=True)
class Preparation:
    """Fitted on training rows: `median`, `mean`, `scale` (p,); for every category column the code of each category, the codes that
    training rows `shown`, and their weighted `shares`; for every text column the chosen words and their idf; `gaps` (g,) the numbers
    whose gaps are told, by codes 0 and 1 after those of the categories.

    Models of version 0.1.0 have no shares and no gaps: they are scored as that version scored them.
    """

    median: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    recode: tuple[np.ndarray, ...]
    shown: tuple[np.ndarray, ...]
    shares: tuple[np.ndarray, ...] | None = None
    words: tuple[np.ndarray, ...] = ()
    idf: tuple[np.ndarray, ...] = ()
    gaps: np.ndarray | None = None

    @classmethod
    def fit(cls, schema: Schema, table: Table, w: np.ndarray | None) -> Preparation:
        """Learn from the training rows only; `w` weights them (None: all alike)."""
        w = np.ones(len(table)) if w is None else w
        sizes = [len(c.categories) for c in schema.columns if c.kind == "categorical"]
        recode = tuple(frequent(table.codes[:, j], k, w) for j, k in enumerate(sizes))
        gaps = told_gaps(table.numbers, _fewest(len(table)))
        recoded = [
            *(_apply_codes(m, table.codes[:, j]) for j, m in enumerate(recode)),
            *_gap_codes(table.numbers, gaps).T,
        ]
        shown = tuple(np.flatnonzero(np.bincount(c)) for c in recoded)
        shares = tuple(np.bincount(c, weights=w)[s] / w.sum() for c, s in zip(recoded, shown, strict=True))
        blocks = _word_blocks(schema, table)
        chosen = [frequent_words(block, w) for block, _ in blocks]
        words = tuple(columns + start for (columns, _), (_, start) in zip(chosen, blocks, strict=True))
        idf = tuple(idf for _, idf in chosen)
        return cls(*_centre_and_scale(table.numbers, w), recode, shown, shares, words, idf, gaps)

    def table(self, table: Table) -> Table:
        """Scaled numbers without gaps, then TF-IDF of words, and codes of frequent categories."""
        told = _gap_codes(table.numbers, self.gaps)
        codes = np.empty((len(table), len(self.recode) + told.shape[1]), np.int32)
        for j, mapping in enumerate(self.recode):
            codes[:, j] = _apply_codes(mapping, table.codes[:, j])
        codes[:, len(self.recode) :] = told
        texts = [tf_idf(table.words, words, idf) for words, idf in zip(self.words, self.idf, strict=True)]
        return Table(beside(self.scaled(table.numbers), texts), codes)

    def scaled(self, numbers: Any) -> Any:
        if sparse.issparse(numbers) and not self.mean.any():
            return sparse.csr_array(numbers @ sparse.diags_array(1 / self.scale))
        numbers = numbers.toarray() if sparse.issparse(numbers) else numbers
        filled = np.where(np.isnan(numbers), self.median, numbers)
        if (self.scale > FAR).any():  # their difference may be endless where its share of the scale is not
            return filled / self.scale - self.mean / self.scale
        return (filled - self.mean) / self.scale

    def matrix(self, table: Table) -> np.ndarray | sparse.csr_array:
        """The learner's matrix: numbers, then one column for every category seen in training (one for a pair of categories)."""
        return beside(table.numbers, [one_hot(table.codes[:, j], shown) for j, shown in enumerate(self.shown)])


def _gap_codes(numbers: Any, gaps: np.ndarray | None) -> np.ndarray:
    """(n, g) 1 where the numbers whose gaps are told have one, else 0."""
    if gaps is None or not len(gaps):
        return np.empty((numbers.shape[0], 0), np.int32)
    return np.isnan(numbers[:, gaps]).astype(np.int32)


def _fewest(rows: int) -> int:
    """Training rows that something must stand in to have a column of its own."""
    return min(RARE, max(1, rows // 20))


def _word_blocks(schema: Schema, table: Table) -> list[tuple[Any, int]]:
    """(word counts, its first column in `table.words`) of every text column."""
    sizes = [len(c.categories) for c in schema.columns if c.kind == "text"]
    starts = np.cumsum([0, *sizes])
    return [(table.words[:, a:b], int(a)) for a, b in itertools.pairwise(starts)]


def beside(numbers: Any, blocks: list[Any]) -> Any:
    """Matrices side by side: dense, unless the numbers are sparse or dense would be large."""
    if not blocks:
        return numbers
    width = numbers.shape[1] + sum(b.shape[1] for b in blocks)
    if sparse.issparse(numbers) or 8 * width * numbers.shape[0] > DENSE_BYTES:
        return sparse.csr_array(sparse.hstack([sparse.csr_array(b) for b in (numbers, *blocks)]))
    return np.hstack([numbers, *(b.toarray() if sparse.issparse(b) else b for b in blocks)])


def _centre_and_scale(x, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted median of what is there, and mean and standard deviation after imputing it; sparse: scale only."""
    total = w.sum()
    if sparse.issparse(x):
        mean = (w @ x) / total
        scale = np.sqrt(np.maximum((w @ x.multiply(x).tocsr()) / total - mean**2, 0))
        return np.zeros_like(mean), np.zeros_like(mean), np.where(scale > 0, scale, 1.0)
    gaps = np.isnan(x)
    unit = _far_units(np.where(gaps, 0.0, x))
    if (unit != 1).any():
        x = x / unit
    median = np.array([weighted_median(x[~g, j], w[~g]) for j, g in enumerate(gaps.T)])
    filled = np.where(gaps, median, x)
    mean = w @ filled / total
    scale = np.sqrt(w @ (filled - mean) ** 2 / total)
    least = 1e-12 * (np.abs(mean) + 1e-300)
    return median * unit, mean * unit, np.where(scale > least, scale, 1.0) * unit


def _far_units(x: np.ndarray) -> np.ndarray:
    """(p,) powers of two by which columns are divided first whose squares would be endless or nothing; 1 for all others."""
    top = np.abs(x).max(axis=0, initial=0.0)
    far = (top > FAR) | ((top < 1 / FAR) & (top > 0))
    return np.where(far, np.ldexp(1.0, np.minimum(np.frexp(top)[1], 1023)), 1.0)


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
    """Map of `k` categories, then UNSEEN, then MISSING (indexed from the end) to 0 .. L-1 (frequent), L (rest), L+1 (gap)."""
    present = codes >= 0
    mass = np.bincount(codes[present], weights=w[present], minlength=k)
    rows = np.bincount(codes[present], minlength=k)
    top = np.argsort(-mass, kind="stable")[:KEPT_CATEGORIES]
    top = np.sort(top[rows[top] >= _fewest(len(codes))])
    mapping = np.full(k + 2, len(top), np.int32)
    mapping[top] = np.arange(len(top), dtype=np.int32)
    mapping[-1] = len(top) + 1  # MISSING is -1, UNSEEN is -2
    return mapping


def _apply_codes(mapping: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return mapping[codes]


def one_hot(codes: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """(n, len(shown)) of 0 and 1; two categories need one column."""
    shown = shown[1:] if len(shown) == 2 else shown
    return (codes[:, None] == shown[None, :]).astype(np.float64)
