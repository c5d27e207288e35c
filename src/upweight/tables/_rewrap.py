"""What comes out is of the kind that went in: frames keep their column types and index, labels stay what they were.

The trouble: a table that has been through NumPy has lost its index, its nullable and Arrow columns and its categories, and
labels that were a named Series are an array. Rows are therefore taken from the table itself, and only a column of numbers that
has values no row had is made anew, in its own type:

    float (32, 64, nullable, Arrow)   stays what it is
    whole numbers, bool               the float type of the same family: int64 -> float64, Int64 -> Float64, int64[pyarrow] -> double

What is inside: `frame_rows`, rows by number, which needs no column names; `column_numbers` and `numbers_like`, a column as an
array and back; `labels_like`, the labels of a resample in the kind of those that were given.
"""

from __future__ import annotations

from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
import pyarrow as pa

from ._frame_columns import plain_series

__all__ = ["column_numbers", "frame_rows", "label_rows", "labels_like", "numbers_like"]


def frame_rows(X: Any, rows: np.ndarray) -> Any:
    """Rows of a frame by number, repeats allowed; pandas keep their index, and names may stand twice."""
    if nw.dependencies.is_pandas_like_dataframe(X):
        return X.iloc[rows]
    if isinstance(X, pa.Table):
        return X.take(pa.array(rows, pa.int64()))
    return nw.to_native(nw.from_native(X, eager_only=True)[rows.tolist()])


def column_numbers(series: nw.Series) -> np.ndarray:
    """(n,) float, gaps NaN; float32 stays."""
    series = plain_series(series)
    dtype = np.float32 if series.dtype == nw.Float32 else np.float64
    if series.dtype == nw.Int128:  # NumPy has no such whole numbers
        series = series.cast(nw.Float64)
    gaps = series.is_null()
    if not gaps.any():
        return np.asarray(series.to_numpy(), dtype=dtype)
    out = np.full(len(gaps), np.nan, dtype)
    there = ~np.asarray(gaps.to_numpy(), dtype=bool)
    out[there] = np.asarray(series.drop_nulls().to_numpy(), dtype=dtype)
    return out


def numbers_like(series: nw.Series, values: np.ndarray) -> nw.Series:
    """`values` (m,) as a column of the type of `series`, or of the float type beside it."""
    native: Any = series.to_native()
    if nw.dependencies.is_pandas_like_series(native):
        dtype = native.dtype if series.dtype.is_float() else (native.iloc[:0] * 0.5).dtype
        return nw.from_native(type(native)(values, dtype=dtype, name=native.name), series_only=True)
    made = nw.new_series(series.name, values, backend=series.implementation)
    return made.cast(series.dtype if series.dtype.is_float() else nw.Float64)


def labels_like(y: Any, r: Any, taken: Any) -> Any:
    """The labels of a `Resample` in the kind of `y`, from which they were read: Series and dtype, name, categories.

    taken : the rows that go with them; pandas labels get its index if it is pandas too. Lists become arrays.
    """
    source = _rows_of_labels(y, r)
    if source is None or isinstance(y, (list, tuple)):
        return r.y
    out = label_rows(y, source)
    if nw.dependencies.is_pandas_like_dataframe(taken) and _is_pandas_like(out):
        out.index = taken.index
    return out


def label_rows(y: Any, rows: np.ndarray) -> Any:
    """Some labels by number, in the kind of `y`; lists and column vectors as arrays of one dimension."""
    if isinstance(y, np.ndarray):  # most labels: no library of frames is asked
        return (y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y)[rows]
    if isinstance(y, (pa.Array, pa.ChunkedArray)):
        return y.take(pa.array(rows, pa.int64()))
    if _is_pandas_like(y):
        return y.iloc[rows]
    if nw.dependencies.is_into_series(y):
        return nw.to_native(nw.from_native(y, series_only=True)[rows.tolist()])
    if nw.dependencies.is_into_dataframe(y):
        return frame_rows(y, rows)
    flat = np.asarray(y)
    return (flat[:, 0] if flat.ndim == 2 and flat.shape[1] == 1 else flat)[rows]


def _is_pandas_like(y: Any) -> bool:
    return nw.dependencies.is_pandas_like_series(y) or nw.dependencies.is_pandas_like_dataframe(y)


def _rows_of_labels(y: Any, r: Any) -> np.ndarray | None:
    """(m,) a row of `y` with the label of each output row: the one it starts from, of a stored row the first of its class."""
    given = np.asarray(y).reshape(-1)
    source = r.indices.copy()
    astray = np.flatnonzero((source < 0) | (given[source] != r.y))
    for label in np.unique(r.y[astray]):
        same = np.flatnonzero(given == label)
        if not len(same):
            return None
        source[astray[r.y[astray] == label]] = same[0]
    return source
