"""The columns of any frame as Arrow arrays, each by its name.

The trouble: pandas, polars and Arrow hold the same column in a dozen ways: objects, sparse, nullable, dictionaries. What cannot be told
is refused by name; nothing is guessed.

What is inside: `is_frame`, `frame_of` and `row_count`, what a table is; `arrow_columns` and `arrow_array`; `plain_series`, a sparse pandas
column as a plain one and numbers held as objects as numbers; what is refused: names that stand twice, queries without rows.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
import pyarrow as pa

from .._errors import InputError
from .._frames import is_absent

__all__ = [
    "arrow_array",
    "arrow_columns",
    "column_names",
    "frame_of",
    "is_frame",
    "is_real",
    "plain_series",
    "refuse_doubles",
    "refuse_lazy",
    "refuse_no_rows",
    "row_count",
    "sparse_frame",
]

NO_ONE_TYPE = (  # objects of several types, or whole numbers beyond 64 bits
    *(pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError),
    OverflowError,
)
SAYABLE = (str, bool, int, float, Decimal, np.generic, dt.date, dt.time, dt.timedelta)  # objects whose text means them


def is_frame(X) -> bool:
    """Whether `X` is a pandas, polars or Arrow frame."""
    return not isinstance(X, np.ndarray) and bool(nw.dependencies.is_into_dataframe(X))


def frame_of(X) -> nw.DataFrame:
    """A frame through narwhals; column names that stand twice are refused."""
    refuse_doubles(X)
    return nw.from_native(X, eager_only=True)


def column_names(X) -> list:
    """Names of the columns of a frame as they are, also where one stands twice; none of a matrix."""
    if not is_frame(X):
        return []
    return list(X.column_names if isinstance(X, pa.Table) else X.columns)


def refuse_doubles(X) -> None:
    """Column names of a frame must differ; matrices have none."""
    _names_differ(column_names(X))


def _names_differ(names: list) -> None:
    if len(set(names)) == len(names):
        return
    double = next(n for j, n in enumerate(names) if n in names[:j])
    at = [j for j, n in enumerate(names) if n == double]
    raise InputError(f"Column names must differ; {double!r} stands at columns {at}. Rename or drop one.")


def refuse_lazy(X) -> None:
    """A query has no rows yet."""
    if isinstance(X, np.ndarray) or is_frame(X):  # asked often; and a frame's names may stand twice
        return
    if isinstance(nw.from_native(X, pass_through=True), nw.LazyFrame):
        raise InputError(f"`X` must be a table that holds its rows; got a {type(X).__name__}. collect() it first.")


def row_count(X) -> int:
    refuse_lazy(X)
    shape = getattr(X, "shape", None)
    return int(shape[0]) if shape else len(X)


def refuse_no_rows(X: Any) -> None:
    """A batch without rows has no predictions; a filter before it left nothing."""
    if hasattr(X, "__len__" if not hasattr(X, "shape") else "shape") and not row_count(X):
        raise InputError("`X` holds no rows, and there is nothing to predict. Skip empty batches.")


def arrow_columns(X) -> list[tuple[str, pa.Array]]:
    """(name, Arrow array) of every column; duplicate names are refused."""
    names = [str(n) for n in (X.column_names if isinstance(X, pa.Table) else X.columns)]
    _names_differ(names)
    if isinstance(X, pa.Table):
        return list(zip(names, X.columns, strict=True))
    frame = frame_of(X)
    return [(n, arrow_array(frame[:, j])) for j, n in enumerate(names)]


def arrow_array(series: nw.Series) -> pa.Array:
    """A column as an Arrow array; objects of several types as text, objects of other kinds are refused with their row."""
    if series.dtype == nw.Object and series.implementation.is_polars():  # its to_arrow gives addresses in memory
        return _held_objects(series)
    native: Any = series.to_native()
    if getattr(getattr(native, "dtype", None), "kind", "") == "c":
        raise InputError(f"Complex data not supported: column {series.name!r} must hold real numbers. Take its parts.")
    try:
        return _dense_series(series).to_arrow()
    except NO_ONE_TYPE:
        return _texts(series)


def _held_objects(series: nw.Series) -> pa.Array:
    """Objects in a polars column, read as those of a pandas column are."""
    try:
        return pa.array([None if is_absent(v) else v for v in series.to_list()])
    except NO_ONE_TYPE:
        return _texts(series)


def _texts(series: nw.Series) -> pa.Array:
    """Objects of several types as text."""
    values = [None if is_absent(v) else v for v in series.to_list()]
    other = next((i for i, v in enumerate(values) if v is not None and not isinstance(v, SAYABLE)), None)
    if other is not None:
        raise InputError(
            f"`X`: column {series.name!r} must hold numbers, dates, text or true and false; got {type(values[other]).__name__} "
            f"at row {other}. Convert it, or leave it out."
        )
    return pa.array([None if v is None else str(v) for v in values], pa.string())


def _has_sparse_type(native: Any) -> bool:
    """Whether a pandas column or its type keeps only what differs from a fill value."""
    kind = getattr(native, "dtype", native)
    return str(kind).startswith("Sparse[") and hasattr(kind, "fill_value")


def _dense_series(series: nw.Series) -> nw.Series:
    """A sparse pandas column as a plain one, which every library knows; others as they are."""
    native: Any = series.to_native()
    if not (nw.dependencies.is_pandas_like_series(native) and _has_sparse_type(native)):
        return series
    return nw.from_native(native.sparse.to_dense(), series_only=True)


def plain_series(series: nw.Series) -> nw.Series:
    """A sparse column as a plain one, objects that are numbers, every one, as numbers; others as they are."""
    series = _dense_series(series)
    if series.dtype != nw.Object:
        return series
    values = [None if is_absent(v) else v for v in series.to_list()]
    if not all(v is None or is_real(v) for v in values) or not any(v is not None for v in values):
        return series
    numbers = [np.nan if v is None else float(v) for v in values]
    return nw.new_series(series.name, numbers, nw.Float64, backend=series.implementation)


def is_real(value: Any) -> bool:
    """Whether an object is a real number; True and False are none."""
    bools = isinstance(value, (bool, np.bool_))
    return isinstance(value, (int, float, np.integer, np.floating, Decimal)) and not bools


def sparse_frame(X: Any) -> bool:
    """Whether every column of a pandas frame is sparse, with zero for what is not kept."""
    if not nw.dependencies.is_pandas_like_dataframe(X) or not len(X.columns):
        return False
    return all(_has_sparse_type(kind) and kind.fill_value == 0 for kind in X.dtypes)
