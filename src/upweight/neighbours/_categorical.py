"""Categories in SMOTE: a distance between values, and new values by vote instead of by interpolation.

The trouble: between "red" and "blue" there is no purple. One-hot columns make one, and cost memory by the number of categories.

    VDM(v, u) = sum_c |P(c|v) - P(c|u)|,    distance^2 = sum over columns of VDM^2        (every column categorical: SMOTE-N)
    distance^2 = Euclidean^2 + Med^2 a mismatch,  Med the median standard deviation of the numbers in the class    (SMOTE-NC)
    new value  = the most frequent among the k neighbours (SMOTE-N: and the row itself), ties to the nearest: its *donor*

Two values are near if the classes are as frequent behind the one as behind the other. A value never seen has P = 0 for every
class, so it lies 1 from every value seen.

What is inside: `vdm`, the tables of that distance; `nearest_by_tables`, the neighbours of SMOTE-N in O(n_min^2 d); `donors_of`,
the vote.

Sources: Stanfill and Waltz, CACM 29 (1986); Cost and Salzberg, Machine Learning 10 (1993); Chawla, Bowyer, Hall and
Kegelmeyer, JAIR 16 (2002), section 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
from scipy import sparse

from .._errors import InputError
from ..tables import Labels, is_frame, refuse_other_index

__all__ = ["Vdm", "donors_of", "nearest_by_tables", "value_tables", "vdm"]

BLOCK = 1 << 18  # distances held at once, 2 MB: stays in cache
BALLOT = 1 << 18  # votes held at once
SPREAD = 32  # categories up to which a table is spread over all rows


@dataclass(frozen=True)
class Vdm:
    """Value difference metric of d categorical columns; made by `vdm`.

    values : d dicts, value -> kind; values with the same P(c|v) are of one kind. tables : d arrays, VDM^2 of two kinds.
    unseen : d kinds, that of a value never seen.
    """

    values: tuple[dict[Any, int], ...]
    tables: tuple[np.ndarray, ...]
    unseen: tuple[int, ...]

    def pairwise(self, A: Any, B: Any = None) -> np.ndarray:
        """Distances (len(A), len(B)): sum over columns of VDM^2, float64; without `B` between the rows of A.

        A, B : rows with the d columns the metric was made of; array, list of rows or frame.

        Raises InputError for another number of columns. Costs: len(A) len(B) d additions.

        >>> m = vdm([["r"], ["r"], ["r"], ["r"], ["b"], ["b"], ["b"], ["b"]], [0, 0, 0, 1, 0, 1, 1, 1])
        >>> m.pairwise([["r"], ["b"]])
        array([[0., 1.],
               [1., 0.]])
        """
        a = self._codes(A, "A")
        b = a if B is None else self._codes(B, "B")
        return distances(self.tables, a, b)

    def _codes(self, X: Any, name: str) -> np.ndarray:
        columns = _columns_of(X, name)
        if len(columns) != len(self.values):
            raise InputError(f"`{name}` must have the {len(self.values)} columns of the metric; got {len(columns)}.")
        known = zip(columns, self.values, self.unseen, strict=True)
        read = [[seen.get(_plain_value(v), new) for v in column] for column, seen, new in known]
        return np.array(read, dtype=np.int64).reshape(len(columns), -1).T


def vdm(X: Any, y: Any) -> Vdm:
    """The value difference metric: how differently the classes are distributed behind two values of a column.

        VDM(v, u) = sum_c |P(c|v) - P(c|u)|,    distance^2 of two rows = sum over columns of VDM^2

    Parameters
    ----------
    X : (n, d) categorical columns: array, list of rows or frame; text, booleans or numbers, each value a category. A gap is a
        value. y : (n,) labels.

    Returns
    -------
    Vdm, with ``pairwise(A, B)``, (len(A), len(B)) float64.

    Raises
    ------
    InputError : one class, gaps in y, other lengths.

    Costs: values seen a few times have noisy P(c|v), so rare values look far from everything. Memory L^2 a column of L values that differ in P(c|v).
    Source: Cost and Salzberg (1993), with exponent 1 inside and 2 outside.

    >>> vdm([["a"], ["a"], ["b"], ["b"], ["c"], ["c"]], [0, 0, 0, 1, 1, 1]).pairwise([["a"]], [["b"], ["c"]])
    array([[1., 4.]])
    """
    columns = _columns_of(X, "X")
    labels = Labels.of(y, rows=len(columns[0]) if columns else 0)
    refuse_other_index({"X": X, "y": y})
    values, codes = [], []
    for column in columns:
        seen: dict[Any, int] = {}
        codes.append(np.array([seen.setdefault(_plain_value(v), len(seen)) for v in column]))
        values.append(seen)
    kinds, tables = value_tables(np.array(codes).T, labels.codes, [len(seen) + 1 for seen in values])
    kind_of = [
        {value: int(kind[code]) for value, code in seen.items()} for seen, kind in zip(values, kinds, strict=True)
    ]
    return Vdm(tuple(kind_of), tables, tuple(int(kind[-1]) for kind in kinds))


def value_tables(codes: np.ndarray, y: np.ndarray, sizes: list[int]) -> tuple[list[np.ndarray], tuple[np.ndarray, ...]]:
    """For every column which categories are alike (L,), and the squared VDM between the kinds that are left.

    codes : (n, d) categories. y : (n,) class codes. Categories with the same P(c|v) lie at distance 0 and share a kind, so that a column
    of many rare categories needs a small table.
    """
    k = int(y.max()) + 1
    kinds, tables = [], []
    for j, size in enumerate(sizes):
        count = np.bincount(codes[:, j].astype(np.int64) * k + y, minlength=size * k).reshape(size, k)
        share, kind = np.unique(count / np.maximum(count.sum(axis=1, keepdims=True), 1), axis=0, return_inverse=True)
        gap = np.zeros((len(share), len(share)))
        for c in range(k):
            gap += np.abs(share[:, c, None] - share[None, :, c])
        kinds.append(kind.reshape(-1))
        tables.append(gap**2)
    return kinds, tuple(tables)


def kinds_of(codes: np.ndarray, kinds: list[np.ndarray]) -> np.ndarray:
    """(n, d) codes of the kinds that categories belong to."""
    return np.stack([kind[codes[:, j]] for j, kind in enumerate(kinds)], axis=1).astype(np.int32)


def distances(tables: tuple[np.ndarray, ...], a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(len(a), len(b)) sums over columns, first to last, from codes (., d)."""
    out = np.empty((len(a), len(b)))
    for part, block in _distance_blocks(tables, a, b):
        out[part] = block
    return out


def _distance_blocks(
    tables: tuple[np.ndarray, ...], a: np.ndarray, b: np.ndarray
) -> Iterator[tuple[slice, np.ndarray]]:
    """The same, block by block in one buffer: small tables are spread over `b` once, of large ones columns are taken."""
    spread = [table[:, b[:, j]] if len(table) <= SPREAD else None for j, table in enumerate(tables)]
    step = max(1, BLOCK // max(1, len(b)))
    buffer, piece = (np.empty((min(step, len(a)), len(b))) for _ in range(2))
    for start in range(0, len(a), step):
        some = a[start : start + step]
        block = buffer[: len(some)]
        block[:] = 0
        for j, table in enumerate(tables):
            wide, gaps = spread[j], piece[: len(some)]
            if wide is None:
                np.take(table[some[:, j]], b[:, j], axis=1, out=gaps, mode="clip")
            else:
                np.take(wide, some[:, j], axis=0, out=gaps, mode="clip")  # codes are in range; "clip" needs no copy
            block += gaps
        yield slice(start, start + step), block


def nearest_by_tables(tables: tuple[np.ndarray, ...], codes: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """(len(queries), k) rows of `codes` nearest to each query row by (distance, row number), never itself; -1 if too few.

    Equal rows have equal lists but for themselves, so every different row is looked up once.
    """
    unique, which = np.unique(codes[queries], axis=0, return_inverse=True)
    which = which.reshape(-1)
    depth = min(k + 1, len(codes))
    lists = np.empty((len(unique), depth), dtype=np.int64)
    for part, block in _distance_blocks(tables, unique, codes):
        lists[part] = _first_by_row(block, depth)
    found = lists[which]
    own = found == queries[:, None]
    last = np.where(own.any(axis=1), own.argmax(axis=1), depth - 1)  # leave out itself, or the one too many
    kept = np.arange(depth)[None, :] != last[:, None]
    out = np.full((len(queries), k), -1, dtype=np.int64)
    out[:, : depth - 1] = found[kept].reshape(len(queries), depth - 1)
    return out


def _first_by_row(block: np.ndarray, depth: int) -> np.ndarray:
    """(q, depth) columns of the smallest entries of each row of `block`, by (value, column)."""
    bound = np.partition(block, depth - 1, axis=1)[:, depth - 1]
    row, column = np.divmod(np.flatnonzero(block <= bound[:, None]), block.shape[1])
    order = np.lexsort((column, block[row, column], row))
    row, column = row[order], column[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    return column[place < depth].reshape(len(block), depth)


def donors_of(codes: np.ndarray, voters: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """(q, d) row that each new value is copied from: the nearest holder of the value most frequent among the voters.

    codes : (n, d). voters : (q, v) rows, nearest first, -1 for none. fallback : (q,) the row to copy where nobody votes.
    """
    out = np.empty((len(voters), codes.shape[1]), dtype=np.int64)
    step = max(1, BALLOT // max(1, voters.shape[1] * codes.shape[1]))
    for start in range(0, len(voters), step):
        some = slice(start, start + step)
        out[some] = _elected(codes, voters[some], fallback[some])
    return out


def _elected(codes: np.ndarray, voters: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """`donors_of` for so few rows that all their votes are held."""
    there = voters >= 0
    values = codes[np.where(there, voters, 0)]  # (q, v, d)
    votes = np.zeros(values.shape, dtype=np.int32)
    for other in range(voters.shape[1]):
        votes += (values == values[:, other : other + 1]) & there[:, other, None, None]
    votes[~there] = -1
    winner = (
        np.take_along_axis(voters, votes.argmax(axis=1), axis=1)
        if voters.shape[1]
        else np.full((len(voters), codes.shape[1]), -1)
    )
    return np.where(winner >= 0, winner, fallback[:, None])


def _columns_of(X: Any, name: str) -> list[list[Any]]:
    """The columns of a table as lists of values."""
    if is_frame(X):
        frame = nw.from_native(X, eager_only=True)
        return [frame.get_column(c).to_list() for c in frame.columns]
    dense = X.toarray() if sparse.issparse(X) else np.asarray(X, dtype=object)
    if dense.ndim != 2:
        raise InputError(f"`{name}` must be rows by columns; got shape {dense.shape}. For one column pass X[:, None].")
    return [column.tolist() for column in dense.T]


def _plain_value(v: Any) -> Any:
    """A key for a value; every gap is the same one."""
    v = v.item() if isinstance(v, np.generic) else v
    return ("gap",) if v is None or v != v or str(v) in ("<NA>", "NaT") else v
