"""Distances between rows: one exact definition, the same however rows are stored, blocked or permuted.

The trouble: two rows lie at equal distance, or a copy of a row sits in another class, and which of them counts as nearest is
decided by the last bit. Fast forms of the distance, |a|^2 + |b|^2 - 2ab, lose that bit, and far from the origin every other bit
too. So sets of rows would depend on the block size, on the BLAS and on where the origin happens to be.

    d2(a, b) = sum_k (a_k - b_k)^2 + sum_c T_c(a_c, b_c),   float64, columns added from the first to the last

where T_c is the squared distance between two values of categorical column c; for a plain mismatch it is Med^2, Med the median
standard deviation of the numeric columns in the minority.

What is inside: `Space`, rows with this distance; `Space.pairs` evaluates it for listed pairs and is the only judge in this
folder. Everything faster (`_bounds.py`) only says which pairs need judging. Sparse rows give the same bits as dense ones,
because adding the zeros in between changes nothing when columns are added in order.

Sources: Chawla, Bowyer, Hall and Kegelmeyer (2002), JAIR 16, section 6.1, for Med.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["LevelGaps", "Space", "level_gaps", "typical_spread"]

LevelGaps = np.ndarray | float

PAIR_BYTES = 1 << 20  # of gathered float64 rows at a time: stays in cache
EXTREME = 2.0**400  # beyond this, squares overflow or vanish: rows are scaled by a power of two, which is exact


@dataclass(frozen=True, eq=False)
class Space:
    """n rows and their squared distance.

    Attributes
    ----------
    values : ndarray or CSR matrix (n, d), float32 or float64, finite: the numeric columns as given.
    codes : ndarray (n, c) of int, codes of the categorical columns from 0, or None.
    tables : c entries: the squared distance that any mismatch in that column adds (float), or the squared distances between
        its codes (array (size, size)).
    """

    values: Any
    codes: np.ndarray | None = None
    tables: tuple[LevelGaps, ...] = field(default=())
    memory: dict[Any, Any] = field(default_factory=dict)  # what searches found out about the space, not about rows

    @classmethod
    def of(cls, values: Any, codes: np.ndarray | None = None, tables: tuple[LevelGaps, ...] = ()) -> Space:
        """Rows of numbers (array or sparse) and of codes; copies only what is not float32, float64 or in row order."""
        values = _floats(values)
        return cls(_unextreme(values) if not tables else values, codes if tables else None, tuple(tables))

    @property
    def n(self) -> int:
        return self.values.shape[0]

    @property
    def sparse(self) -> bool:
        return not isinstance(self.values, np.ndarray)

    def part(self, rows: np.ndarray) -> Space:
        """These rows alone, numbered from 0, by the same distance."""
        return Space(self.values[rows], None if self.codes is None else self.codes[rows], self.tables)

    def dense(self, rows: np.ndarray | slice) -> np.ndarray:
        """The numeric columns of these rows, as a new float64 array (len(rows), d)."""
        if self.sparse:
            return self.values[rows].toarray().astype(np.float64, copy=False)
        return self.values[rows].astype(np.float64)

    def pairs(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """d2 of row a[i] and row b[i], shape (len(a),), float64: the distance that decides. `b` may be one row for all."""
        out = np.empty(len(a), dtype=np.float64)
        step = max(1, PAIR_BYTES // (8 * max(1, self.width)))
        for start in range(0, len(a), step):
            piece = slice(start, start + step)
            out[piece] = self._pairs(a[piece], b if len(b) == 1 else b[piece])
        return out

    @property
    def width(self) -> int:
        """Numbers that one difference of two rows may hold: the columns, or twice the entries of a usual sparse row."""
        d = self.values.shape[1]
        return min(d, 2 * self.values.nnz // max(1, self.n) + 1) if self.sparse else d

    def _pairs(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        total = self._sparse_sums(a, b) if self.sparse else self._dense_sums(a, b)
        for column, table in enumerate(self.tables):
            assert self.codes is not None
            total += level_gaps(table, self.codes[a, column], self.codes[b, column])
        return total

    def _dense_sums(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        gap = self.dense(a)
        gap -= self.dense(b)  # one row against many broadcasts
        gap *= gap
        return np.cumsum(gap, axis=1, out=gap)[:, -1].copy() if gap.shape[1] else np.zeros(len(a))

    def _sparse_sums(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The same sums, entry by entry: `bincount` adds in the order of columns, and zeros would not have mattered."""
        gap = self.values[a].astype(np.float64) - self.values[np.broadcast_to(b, a.shape)].astype(np.float64)
        return np.bincount(np.repeat(np.arange(len(a)), np.diff(gap.indptr)), gap.data**2, minlength=len(a))


def typical_spread(values: Any, rows: np.ndarray) -> float:
    """Med: the median over the numeric columns of their standard deviation in these rows; 1.0 without numeric columns."""
    if values.shape[1] == 0:
        return 1.0
    block = values[rows]
    block = block if isinstance(block, np.ndarray) else block.toarray()
    return float(np.median(np.std(block, axis=0, dtype=np.float64)))


def level_gaps(table: LevelGaps, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distance between codes `a` and `b` of one categorical column; they broadcast."""
    return table[a, b] if isinstance(table, np.ndarray) else table * (a != b)


def _floats(values: Any) -> Any:
    """float32 or float64 in row order; small integers become float32, which holds them exactly."""
    kept = values.dtype in (np.float32, np.float64)
    small = values.dtype.kind in "biuf" and values.dtype.itemsize <= 2
    dtype = values.dtype if kept else np.dtype(np.float32 if small else np.float64)
    if isinstance(values, np.ndarray):
        return np.ascontiguousarray(values, dtype=dtype)
    values = values.tocsr()
    values = values if values.dtype == dtype else values.astype(dtype)
    return values if values.has_canonical_format else _canonical(values)


def _canonical(values: Any) -> Any:
    values = values.copy()
    values.sum_duplicates()
    return values


def _unextreme(values: Any) -> Any:
    """Scaled by a power of two if squared differences would overflow, or all of them vanish; else as it came."""
    numbers = values if isinstance(values, np.ndarray) else values.data
    top = float(max(np.max(numbers, initial=0.0), -np.min(numbers, initial=0.0)))
    if top == 0.0 or 1.0 / EXTREME < top < EXTREME or values.dtype == np.float32:
        return values
    return values * 2.0 ** -np.floor(np.log2(top))
