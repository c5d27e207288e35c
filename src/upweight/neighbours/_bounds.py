"""Screening: squared distances by matrix product, with a bound on their error.

The trouble: the exact distance reads every column of every pair; a matrix product does the same work twenty times faster and is
wrong in the last digits. Used with its error bound it decides nearly every comparison, and `Space.pairs` judges the rest.

    s(a, b) = |a|^2 + |b|^2 - 2 a.b,   |s - d2| <= c (|a|^2 + |b|^2) + tiny,   c = (2 D + 16) u + (4 D + 16) u64

on columns centred near their middle (so that the origin does not matter), u the unit roundoff of the product (2^-24 or 2^-53),
D the number of columns: rounding the centred rows costs 4u, the product of D + 2 terms 2(D + 2)u, the norms D u64, and d2
itself 2(D + 3)u64.
Centred rows carry two more columns so that one product gives the bound itself, s - c(|a|^2 + |b|^2) - tiny <= d2:

    (-2a, (1 - c)|a|^2 - t, 1) . (b, 1, (1 - c)|b|^2 - t)

What is inside: `Screen`, made of a `Space`; `queries` and `pool` prepare the two sides, `tile` multiplies them and `slack` says
how far above the bound d2 may lie. Whole numbers small enough are multiplied without error, and then c = t = 0.

Sources: Higham (2002), Accuracy and Stability of Numerical Algorithms, section 3.1, for the bound of an inner product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._distances import Space, level_gaps

__all__ = ["Pool", "Queries", "Screen"]

UNIT = {np.dtype(np.float32): 2.0**-24, np.dtype(np.float64): 2.0**-53}
TINY = {np.dtype(np.float32): 2.0**-120, np.dtype(np.float64): 2.0**-1000}
WHOLE = {np.dtype(np.float32): 2.0**24, np.dtype(np.float64): 2.0**53}
TOP = 2.0**20  # float32 rows are scaled by a power of two to stay below this, so that squares keep clear of overflow
SAMPLE = 256  # rows whose median is the centre
PREPARED = 1 << 22  # entries of prepared queries
MEET = 4  # entries that two sparse rows have in common, on average, up to which both stay sparse
GATHER = 1 << 18  # entries of a float64 block while rows are being prepared


@dataclass(frozen=True, eq=False)
class Queries:
    """Rows whose neighbours are wanted: their numbers, prepared columns (q, D + 2) and half slack (q,).

    `own` (q,): the row that each of them leaves out, itself; -1 for none. CSR columns have their norms beside them.
    """

    rows: np.ndarray
    columns: Any
    slack: np.ndarray
    own: np.ndarray
    norms: np.ndarray | None = None

    def __getitem__(self, part: Any) -> Queries:
        norms = None if self.norms is None else self.norms[part]
        return Queries(self.rows[part], self.columns[part], self.slack[part], self.own[part], norms)


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows among which neighbours are sought: numbers, prepared columns (m, D + 2), half slack; CSR kept beside its norms."""

    rows: np.ndarray
    columns: Any
    slack: np.ndarray
    norms: np.ndarray | None = None  # of CSR columns only

    def __len__(self) -> int:
        return len(self.rows)

    def some(self, at: np.ndarray | slice) -> Pool:
        """The pool rows at these positions."""
        return Pool(self.rows[at], self.columns[at], self.slack[at], None if self.norms is None else self.norms[at])

    def asking(self, at: np.ndarray) -> Queries:
        """The pool rows at these positions, as queries."""
        rows, columns = self.rows[at], self.columns[at]
        if self.norms is not None:
            return Queries(rows, columns * -2.0, self.slack[at], rows, self.norms[at])
        columns[:, :-2] *= -2
        columns[:, -2:] = columns[:, :-3:-1]
        return Queries(rows, columns, self.slack[at], rows)


class Screen:
    """Lower bounds of squared distances of a `Space`, by matrix products in `dtype`."""

    def __init__(self, space: Space, dtype: Any = np.float32):
        self.space = space
        self.dtype = np.dtype(np.float64 if space.sparse else dtype)
        if self.dtype not in space.memory:
            space.memory[self.dtype] = _frame(space, self.dtype)
        self.centre, self.scale, whole = space.memory[self.dtype]
        terms = space.values.shape[1] + len(space.tables)
        self.extra = sum(float(np.max(t)) for t in space.tables) * self.scale**2
        bound = (2 * terms + 16) * UNIT[self.dtype] + (4 * terms + 16) * UNIT[np.dtype(np.float64)]
        self.c = 0.0 if whole else bound
        self.t = 0.0 if whole else (terms + 2) * TINY[self.dtype] + self.c * self.extra / 2

    def batch(self, most: int) -> int:
        """How many queries to prepare at a time: `most`, or as many as 16 to 32 MB hold."""
        return max(1, min(most, PREPARED // (self.space.width + 2)))

    def queries(self, rows: np.ndarray) -> Queries:
        """The left side of the product for these rows."""
        if self.space.sparse:
            return self.pool(rows).asking(np.arange(len(rows)))
        columns = np.empty((len(rows), self.space.values.shape[1] + 2), dtype=self.dtype)
        slack = np.empty(len(rows))
        for piece, block, norm in self._centred(rows):
            columns[piece, :-2] = -2 * block
            columns[piece, -2] = (1 - self.c) * norm - self.t
            slack[piece] = 2 * (self.c * norm + self.t)
        columns[:, -1] = 1
        return Queries(rows, columns, slack, rows)

    def pool(self, rows: np.ndarray) -> Pool:
        """The right side of the product for these rows, in ascending order of row number."""
        slack = np.empty(len(rows))
        if self.space.sparse:
            columns = self.space.values[rows].astype(self.dtype)
            norm = np.asarray(columns.multiply(columns).sum(axis=1), dtype=np.float64).ravel()
            return Pool(rows, columns, 2 * (self.c * norm + self.t), (1 - self.c) * norm - self.t)
        columns = np.empty((len(rows), self.space.values.shape[1] + 2), dtype=self.dtype)
        for piece, block, norm in self._centred(rows):
            columns[piece, :-2] = block
            columns[piece, -1] = (1 - self.c) * norm - self.t
            slack[piece] = 2 * (self.c * norm + self.t)
        columns[:, -2] = 1
        return Pool(rows, columns, slack)

    def tile(self, pool: Pool, part: slice, queries: Queries, out: np.ndarray | None = None) -> np.ndarray:
        """Lower bounds (len(part), len(queries)) of the scaled squared distances, pool rows down, queries across."""
        if pool.norms is None:
            s = np.matmul(pool.columns[part], queries.columns.T, out=out)
        else:
            s = _sparse_product(pool.columns[part], queries.columns)
            s += pool.norms[part, None]
            s += queries.norms
        for column, table in enumerate(self.space.tables):
            levels = self.space.codes[:, column]  # type: ignore[index]
            down, across = levels[pool.rows[part]][:, None], levels[queries.rows][None, :]
            if isinstance(table, np.ndarray):
                s += (level_gaps(table, down, across) * self.scale**2).astype(self.dtype, copy=False)
            else:
                s += self.dtype.type(table * self.scale**2) * (down != across)
        return s

    def scaled(self, d2: np.ndarray) -> np.ndarray:
        """Exact squared distances in the units of `tile` (a power of two)."""
        return d2 * self.scale**2

    def exact(self, s: np.ndarray) -> np.ndarray:
        """Units of `tile` back to those of `Space.pairs`."""
        return s / self.scale**2

    def _centred(self, rows: np.ndarray):
        """Blocks of centred, scaled dense float64 rows, rounded to `dtype`, with the square norms of what is left."""
        step = max(1, GATHER // max(1, self.space.values.shape[1]))
        for start in range(0, len(rows), step):
            block = self.space.dense(rows[start : start + step])
            block -= self.centre
            block *= self.scale
            block = block.astype(self.dtype, copy=False)
            norm = np.einsum("ij,ij->i", block, block, dtype=np.float64)
            yield slice(start, start + step), block, norm


def _sparse_product(left: Any, right: Any) -> np.ndarray:
    """left @ right.T, dense; both sparse if their rows hardly meet, else the right side is spread out, some rows at a time."""
    d = left.shape[1]
    if left.nnz * right.nnz < MEET * d * max(1, left.shape[0] * right.shape[0]):
        return (left @ right.T).toarray()
    out = np.empty((left.shape[0], right.shape[0]))
    step = max(1, PREPARED // (2 * d))
    for start in range(0, right.shape[0], step):
        out[:, start : start + step] = left @ np.ascontiguousarray(right[start : start + step].toarray().T)
    return out


def _frame(space: Space, dtype: np.dtype) -> tuple[np.ndarray, float, bool]:
    """Centre, scale and whether every product is a whole number small enough to be exact."""
    d = space.values.shape[1]
    if space.n == 0 or d == 0:
        return np.zeros(d), 1.0, not space.tables
    sample = space.dense(np.unique(np.linspace(0, space.n - 1, SAMPLE).astype(int)))
    centre = np.zeros(d) if space.sparse else np.median(sample, axis=0)
    if bool(np.all(sample == np.rint(sample))) and not space.tables:
        centre = np.rint(centre)
        if _whole_below(space, centre, WHOLE[dtype]):
            return centre, 1.0, True
    if dtype == np.float64:
        return centre, 1.0, False
    top = float(np.max(np.abs(_extent(space) - centre), initial=0.0)) * np.sqrt(d)
    return centre, 1.0 if top == 0 else 2.0 ** np.floor(np.log2(TOP / top)), False


def _extent(space: Space) -> np.ndarray:
    """Smallest and largest value of each column, (2, d)."""
    return np.stack([space.values.min(axis=0), space.values.max(axis=0)]).astype(np.float64)


def _whole_below(space: Space, centre: np.ndarray, limit: float) -> bool:
    """Are all values whole, and four times any row's square norm (about the centre) below `limit`?"""
    step = max(1, GATHER // max(1, space.values.shape[1]))
    for start in range(0, space.n, step):
        block = space.dense(slice(start, start + step))
        if not np.array_equal(block, np.rint(block)):
            return False
        block -= centre
        if 4 * np.einsum("ij,ij->i", block, block).max(initial=0.0) >= limit:
            return False
    return True
