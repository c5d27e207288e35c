"""Neighbours: search once, pass to many resamplers and to the folds inside a training set.

The trouble: a sweep of six cleaning methods with five inner folds asks some forty times for nearly the same neighbours.

    the nearest rows among some of the rows are the old list without the others, as long as enough of it is left

What is inside: `neighbours(X)` searches the k nearest rows of every row; `g.subset(rows)` is what `neighbours` of those rows
would be, for the price of renumbering. A resampler reads what it needs, and searches again where a list is too short or where
its distance is another one (a mismatch of categories counts Med^2, and Med belongs to the minority at hand). So it never
changes a result. `lists_from` is the door for resamplers: it also takes any object with `kneighbors`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone

from .._errors import InputError, counted
from .._foreign_keywords import own_keywords
from .._set_module import set_module
from ..tables import Table, frame_of, is_frame, plain_series, row_count
from ._distances import Space
from ._lists import Lists
from ._points import Points, array_numbers, points

__all__ = ["Neighbours", "lists_from", "neighbours", "typed"]

DEFAULT = 15


@set_module("upweight.imbalance")
class Neighbours:
    """The k nearest rows of every row of a table, by (distance, row number); made by `neighbours`.

    Attributes
    ----------
    k : neighbours listed for every row. rows : (n, k) int32 row numbers, nearest first, -1 where there are fewer.
    distances : (n, k) float64, Euclidean.

    >>> from upweight.neighbours import Space
    >>> g = neighbours(np.array([[0.0], [1.0], [3.0]]), k=2)
    >>> g.lists(Space.of(np.array([[0.0], [1.0], [3.0]]))).rows.tolist()
    [[1, 2], [0, 2], [1, 0]]
    """

    def __init__(self, table: Points, k: int, categorical: Any, lists: Lists | None = None):
        self.k, self.table, self.categorical = k, table, categorical
        self._searched: dict[Any, Lists] = {}
        if not table.codes.shape[1]:
            self._searched[()] = lists or _searched(Space.of(table.numbers), k)

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return f"Neighbours({counted(len(self), 'row')}, {self.k} each)"

    @property
    def rows(self) -> np.ndarray:
        return self._numeric().rows

    @property
    def distances(self) -> np.ndarray:
        return np.sqrt(self._numeric().d2)

    def _numeric(self) -> Lists:
        if () not in self._searched:
            raise InputError(
                "with categorical columns the distance depends on the minority, so lists are made when a resampler asks. "
                "Pass this object to one."
            )
        return self._searched[()]

    def subset(self, rows: Any) -> Neighbours:
        """The neighbours of some rows among themselves, as `neighbours` of that part of the table would find them.

        rows : row numbers, each once, or a mask (n,). Returns `Neighbours` numbered within `rows`; lists that are too short
        there are searched again when they are needed.

        Raises InputError for rows outside the table or named twice, and for a mask of another length.

        >>> g = neighbours(np.array([[0.0], [1.0], [3.0], [7.0]]), k=2)
        >>> g.rows.tolist(), g.subset([0, 2, 3]).rows.tolist()
        ([[1, 2], [0, 2], [1, 0], [2, 1]], [[1, -1], [0, -1], [1, -1]])
        """
        rows = _row_numbers(rows, len(self))
        part = self.table[rows]
        if () not in self._searched:
            return Neighbours(part, self.k, self.categorical)
        lists = self._searched[()].subset(Space.of(part.numbers), rows)
        return Neighbours(part, self.k, self.categorical, lists)

    def lists(self, space: Space) -> Lists:
        """Lists by the distance of `space`, which holds the same rows; searched once for each distance."""
        key = tuple(t.tobytes() if isinstance(t, np.ndarray) else t for t in space.tables)
        if key not in self._searched:
            self._searched[key] = _searched(space, self.k)
        return self._searched[key]


@own_keywords
def neighbours(X: Any, *, k: int = DEFAULT, categorical: Any = "auto") -> Neighbours:
    """Find the k nearest rows of every row once, for any number of resamplers: `TomekLinks().resample(X, y, neighbours=g)`.

        d^2 = sum of squared differences (+ Med^2 for every category that differs),   order (distance, row number)

    Parameters
    ----------
    X : (n, d) table of finite numbers, in the units in which the resampler shall measure: NumPy, CSR, pandas, polars, Arrow.
    k : neighbours listed for every row; resamplers ask for 3 to 10, the rest are spares for rows that are taken out.
    categorical : "auto" (text, category and bool columns of a frame), names or positions of columns, a mask, or ().

    Returns
    -------
    Neighbours, accepted as `neighbours=` wherever rows are resampled; `g.subset(rows)` for folds.

    Raises
    ------
    InputError : gaps or infinities in X; unknown columns; k below 1.

    Costs: every pair of rows is screened once, n^2 d / 2 multiplications; 12 k bytes a row. Never a result.
    Source: Fix and Hodges (1951) for the neighbours; the saving is ours.

    >>> X = np.array([[0.0], [1.0], [3.0], [7.0]])
    >>> g = neighbours(X, k=2)
    >>> g, g.distances.tolist()
    (Neighbours(4 rows, 2 each), [[1.0, 3.0], [1.0, 2.0], [2.0, 3.0], [4.0, 6.0]])
    """
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise InputError(f"`k` must be a number of neighbours, 1 or more; got {k!r}.")
    return Neighbours(points(X, categorical=typed(X, categorical)), int(k), categorical)


def typed(X: Any, categorical: Any) -> Any:
    """The categorical columns of a table: those named; for "auto" those whose type says so. Numbers stay numbers as given."""
    if not (isinstance(categorical, str) and categorical == "auto"):
        return categorical
    if isinstance(X, Table):
        return ()
    if is_frame(X):
        frame = frame_of(X)
        return [name for name in frame.columns if not plain_series(frame.get_column(name)).dtype.is_numeric()]
    if sparse.issparse(X):
        return range(X.shape[1]) if X.dtype.kind == "b" else ()
    if np.asarray(X).dtype.kind not in "OUSb" or np.asarray(X).ndim != 2:
        return ()
    return [j for j, column in enumerate(np.asarray(X).T) if array_numbers(column, bools=False) is None]


def lists_from(
    given: Any, X: Any, table: Points, space: Space, rows: np.ndarray
) -> tuple[Lists | None, tuple[str, ...]]:
    """Lists for the live rows from what was passed as `neighbours=`, and a note where they are not ours.

    table, space : the live `rows` of X, read and measured. None gives None.
    """
    if given is None:
        return None, ()
    if isinstance(given, Neighbours):
        if len(given) != row_count(X):
            raise InputError(
                f"`neighbours` has {counted(len(given), 'row')}, `X` {row_count(X):,}. For some of the rows pass g.subset(rows)."
            )
        part = given if len(rows) == len(given) else given.subset(rows)
        _refuse_other_table(part.table, table)
        return part.lists(space), ()
    if hasattr(given, "kneighbors"):
        name = type(given).__name__
        return _foreign_lists(given, space), (f"neighbours come from {name}: how exact they are is the caller's",)
    raise InputError(
        f"`neighbours` must be a Neighbours or have kneighbors; got {type(given).__name__}. Use im.neighbours(X)."
    )


def _refuse_other_table(theirs: Points, ours: Points) -> None:
    """The lists must have been searched in this very table."""
    same = theirs.numbers.shape == ours.numbers.shape and theirs.codes.shape == ours.codes.shape
    if same and sparse.issparse(theirs.numbers) == sparse.issparse(ours.numbers):
        differs = theirs.numbers != ours.numbers
        same = not differs.nnz if sparse.issparse(differs) else not differs.any()
    if not same:
        raise InputError("`neighbours` were searched in another table than `X`. Search in this one: im.neighbours(X).")


def _foreign_lists(given: Any, space: Space) -> Lists:
    """Lists from an object with `kneighbors`, fitted here on the rows; the row itself is taken out by number."""
    if space.tables:
        raise InputError(
            f"{type(given).__name__} measures numbers only, and `X` has categories. Use im.neighbours(X) instead."
        )
    model: Any = clone(given) if hasattr(given, "fit") else given
    if model is not given:
        model.fit(space.values)
    width = min(DEFAULT + 1, space.n)
    found = np.asarray(model.kneighbors(space.values, n_neighbors=width, return_distance=False))
    own = found == np.arange(space.n)[:, None]
    out = np.where(own.any(axis=1), own.argmax(axis=1), width - 1)  # where it is missing, the last is one too many
    rows = found[np.arange(width) != out[:, None]].reshape(space.n, width - 1).astype(np.int64)
    d2 = space.pairs(np.repeat(np.arange(space.n), width - 1), rows.ravel()).reshape(rows.shape)
    order = np.lexsort((rows, d2), axis=-1)
    whole = np.full(space.n, width == space.n)
    return Lists(space, np.arange(space.n), np.take_along_axis(rows, order, 1), np.take_along_axis(d2, order, 1), whole)


def _searched(space: Space, k: int) -> Lists:
    """Lists of every row, row numbers in 32 bits."""
    lists = Lists.search(space, np.arange(space.n), k)
    lists.rows = lists.rows.astype(np.int32)
    return lists


def _row_numbers(rows: Any, n: int) -> np.ndarray:
    """Row numbers from numbers or a mask, in range and each once."""
    rows = np.asarray(rows)
    if rows.dtype == bool:
        if rows.shape != (n,):
            raise InputError(f"`rows` as a mask needs {counted(n, 'entry', 'entries')}; got {rows.shape}.")
        return np.flatnonzero(rows)
    rows = rows.astype(np.int64).reshape(-1)
    bad = np.flatnonzero((rows < 0) | (rows >= n))
    if len(bad):
        raise InputError(f"`rows` must lie in 0 to {n - 1:,}; got {int(rows[bad[0]]):,} at position {int(bad[0]):,}.")
    if len(np.unique(rows)) < len(rows):
        raise InputError("`rows` must name every row once; got repeats. A repeated row would be its own neighbour.")
    return rows
