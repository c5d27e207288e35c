"""Rows as points: the numbers and the categories of any table, for methods that look for neighbours.

The trouble: distances need numbers, tables hold text, categories and booleans too, and a 0/1 column is a category in disguise:
between 0 and 1 there is nothing. One-hot columns would multiply memory by the number of categories, so they stay codes.

    number    finite; text, gaps and infinities are refused with column, count and row
    category  text, category, bool, and numbers with two values only ("auto"), or the columns named; a gap is a category;
              a bool that is not named among named ones is a number, 0 or 1

Numbers are taken as given, without scaling. A sparse matrix is numbers throughout, unless columns are named: a rare word of a
text has two values as well and is no category.

What is inside: `Points` and `points`, which makes them of NumPy, CSR, pandas, polars, Arrow or a prepared `Table`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
import pyarrow as pa
from scipy import sparse

from .._errors import InputError, counted, did_you_mean
from .._frames import is_absent
from ..tables import (
    Table,
    arrow_array,
    as_text,
    column_numbers,
    frame_of,
    is_bytes,
    is_frame,
    is_real,
    plain_series,
    refuse_lazy,
    row_count,
    row_slice,
    sparse_frame,
    unnested,
)

__all__ = ["Points", "points", "series_numbers"]

GLANCE = 256  # rows that show most columns to have more than two values


@dataclass(frozen=True)
class Points:
    """`numbers` (n, p) array or CSR and `codes` (n, q) int8 to int32; `names` of the numbers, `categorical` names or positions of the
    categories in the table they came from; `whole`, names of number columns that hold whole numbers only."""

    numbers: Any
    codes: np.ndarray
    names: tuple[Any, ...]
    categorical: tuple[Any, ...]
    whole: tuple[Any, ...] = ()

    def __len__(self) -> int:
        return self.codes.shape[0]

    def __getitem__(self, rows: np.ndarray) -> Points:
        return Points(self.numbers[rows], self.codes[rows], self.names, self.categorical, self.whole)

    @property
    def sizes(self) -> list[int]:
        """Number of categories of every categorical column."""
        return [int(c.max(initial=-1)) + 1 for c in self.codes.T]


def points(X: Any, *, rows: np.ndarray | None = None, categorical: Any = "auto", who: str = "neighbours") -> Points:
    """Read a table: which columns are numbers and which are categories, and that every number is finite.

    rows : the rows to read, None for all. categorical : "auto", names or positions of columns, or a mask; () for none.
    who : the method, for messages.
    """
    if rows is not None and len(rows) < row_count(X):
        X = row_slice(X, rows)
    refuse_lazy(X)
    if isinstance(X, Table):
        made = _of_table(X, categorical)
    elif sparse_frame(X):
        made = _of_sparse_frame(X, categorical)
    elif is_frame(X):
        made = _of_frame(frame_of(X), categorical, who)
    elif sparse.issparse(X):
        made = _of_sparse(X, categorical)
    else:
        made = _of_matrix(np.asarray(X), categorical, who)
    if not made.numbers.shape[1] + made.codes.shape[1]:
        raise InputError(f"`X` has no columns: shape {(len(made), 0)}. {who} needs one at least.")
    _refuse_gaps(made, who, rows)
    return made


def _of_table(X: Table, categorical: Any) -> Points:
    """A prepared table: its codes are categories; its numbers stay numbers, but for two-valued ones with "auto"."""
    numbers: Any = X.numbers
    p, q = numbers.shape[1], X.codes.shape[1]
    auto = isinstance(categorical, str) and categorical == "auto" and not sparse.issparse(numbers)
    flags = np.flatnonzero(_two_valued(numbers)) if auto else np.empty(0, np.int64)
    rest = np.setdiff1d(np.arange(p), flags)
    codes = _stacked([*(_categories_of(numbers[:, j]) for j in flags), *(X.codes - X.codes.min(initial=0)).T], len(X))
    chosen = (*flags.tolist(), *range(p, p + q))
    return Points(numbers[:, rest] if len(flags) else numbers, codes, tuple(rest.tolist()), chosen)


def _of_matrix(X: np.ndarray, categorical: Any, who: str) -> Points:
    if X.ndim != 2:
        raise InputError(f"`X` must be a table, rows by columns; got shape {X.shape}. Reshape your data, X[:, None].")
    chosen = named(categorical, list(range(X.shape[1])))
    if X.dtype.kind in "OUSb":
        read = [(j, array_numbers(column, chosen is not None), column) for j, column in enumerate(X.T)]
        for j, values, column in read:
            if values is None:
                _refuse_other_values(j, column, who)
        return _of_columns([(j, values, lambda c=c: _categories_of(c)) for j, values, c in read], chosen, len(X), who)
    if X.dtype.kind not in "iuf":
        raise InputError(f"`X` must hold numbers or text; got {X.dtype}. Convert it first.")
    if chosen is None:
        chosen = np.flatnonzero(_two_valued(X)).tolist()
    names = tuple(j for j in range(X.shape[1]) if j not in chosen)
    numbers = X[:, names] if chosen else X
    codes = [_categories_of(X[:, j]) for j in chosen]
    return Points(numbers, _stacked(codes, len(X)), names, tuple(chosen), _whole_columns(numbers, names))


def _of_columns(
    columns: list[tuple[Any, np.ndarray | None, Callable]], chosen: list[Any] | None, n: int, who: str
) -> Points:
    """From (name, numbers or None, how to code it) of every column, which are numbers and which are categories."""
    numbers, codes, names, categories = [], [], [], []
    for name, values, code in columns:
        if (name in chosen) if chosen is not None else (values is None or _two_valued(values[:, None])[0]):
            codes.append(code())
            categories.append(name)
        elif values is None:
            way = "is not named in `categorical`. Name it, or say 'auto'."
            if who not in ("SMOTE", "neighbours"):  # only those two have `categorical`
                way = "`neighbours` were searched without it. Search again: im.neighbours(X)."
            raise InputError(f"column {name!r} holds text and {way}")
        else:
            numbers.append(values)
            names.append(name)
    table = np.empty((n, len(numbers)), np.result_type(*(v.dtype for v in numbers)) if numbers else np.float64)
    for j, values in enumerate(numbers):
        table[:, j] = values
    return Points(table, _stacked(codes, n), tuple(names), tuple(categories), _whole_columns(table, tuple(names)))


def _of_sparse(X: Any, categorical: Any) -> Points:
    columns = list(range(X.shape[1]))
    chosen = named(categorical, columns)
    if chosen is None:
        chosen = columns if X.dtype.kind == "b" else []
    X = sparse.csr_array(X, dtype=np.float64) if X.dtype.kind == "b" else X.tocsr()
    codes = [_categories_of(X[:, [j]].toarray()[:, 0]) for j in chosen]
    rest = np.setdiff1d(np.arange(X.shape[1]), chosen)
    numbers = np.empty((X.shape[0], 0)) if not len(rest) else X[:, rest] if chosen else X
    return Points(numbers, _stacked(codes, X.shape[0]), tuple(rest.tolist()), tuple(chosen))


def _of_sparse_frame(X: Any, categorical: Any) -> Points:
    """A pandas frame of sparse columns, as the matrix it is."""
    names = list(X.columns)
    chosen = named(categorical, names)
    places = "auto" if chosen is None else [names.index(c) for c in chosen]
    made = _of_sparse(sparse.csr_array(X.sparse.to_coo()), places)
    return Points(
        made.numbers, made.codes, tuple(names[j] for j in made.names), tuple(names[j] for j in made.categorical)
    )


def _of_frame(frame: nw.DataFrame, categorical: Any, who: str) -> Points:
    chosen = named(categorical, list(frame.columns))
    columns = []
    for name in frame.columns:
        series = plain_series(frame.get_column(name))
        _refuse_other_types(series, who)
        values = series_numbers(series, bools=chosen is not None)
        columns.append(
            (name, values, lambda s=series, v=values: _frame_codes(s, who) if v is None else _categories_of(v + 0.0))
        )
    return _of_columns(columns, chosen, frame.shape[0], who)


def series_numbers(series: nw.Series, *, bools: bool) -> np.ndarray | None:
    """(n,) float of a column of numbers, sparse, held as objects or plain; with `bools` also of booleans, as 0 and 1; else None."""
    series = plain_series(series)
    return column_numbers(series) if series.dtype.is_numeric() or (bools and series.dtype == nw.Boolean) else None


def _frame_codes(series: nw.Series, who: str) -> np.ndarray:
    """(n,) codes of a column of text, categories or bools; of bytes if they are text; other things held as objects are refused."""
    values = arrow_array(series)
    kind = values.type
    if pa.types.is_nested(kind) or pa.types.is_temporal(kind) or isinstance(kind, pa.BaseExtensionType):
        raise InputError(_cannot_measure(series.name, kind, who))
    return _arrow_codes(as_text(unnested(values), series.name) if is_bytes(kind) else values)


def _arrow_codes(values: Any) -> np.ndarray:
    """(n,) codes in order of appearance; a gap is a category."""
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    values = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    return values.dictionary_encode(null_encoding="encode").indices.to_numpy()


def array_numbers(column: np.ndarray, bools: bool) -> np.ndarray | None:
    """A column of numbers among objects as float64, None if it holds anything else; with `bools` one of bools too, as 0 and 1."""
    if column.dtype.kind == "b" or (column.dtype.kind == "O" and all(isinstance(v, (bool, np.bool_)) for v in column)):
        return column.astype(np.float64) if bools else None
    if column.dtype.kind != "O":
        return None
    return column.astype(np.float64) if all(map(is_real, column)) else None


def _refuse_other_values(name: Any, column: np.ndarray, who: str) -> None:
    """A column of objects holds numbers, text, booleans and gaps; anything else is no category by itself."""
    if column.dtype.kind != "O":
        return
    for row, v in enumerate(column):
        if v is not None and not isinstance(v, (str, bytes, bool, int, float, np.generic)) and v == v:
            message = f"column {name!r} holds a {type(v).__name__}, first at row {row:,}, which {who} cannot measure."
            raise InputError(
                f"{message} Each entry must be a number or a string. Turn it into one, or drop the column."
            )


def _categories_of(column: np.ndarray) -> np.ndarray:
    """(n,) codes of a column's values; a gap is a category."""
    if column.dtype.kind != "O":
        return np.unique(column, return_inverse=True)[1].reshape(-1)
    seen: dict[Any, int] = {}
    return np.array([seen.setdefault("gap" if is_absent(v) else (v,), len(seen)) for v in column])


def _stacked(codes: list[np.ndarray], n: int) -> np.ndarray:
    """(n, q) the codes of all columns, in as few bytes as they need."""
    most = max((int(column.max(initial=0)) for column in codes), default=0)
    out = np.empty((n, len(codes)), np.int8 if most < 128 else np.int16 if most < 2**15 else np.int32)
    for j, column in enumerate(codes):
        out[:, j] = column
    return out


def _two_valued(values: np.ndarray) -> np.ndarray:
    """(p,) whether a column of numbers has two different finite values and no others."""
    glance = np.sort(values[:GLANCE], axis=0)
    out = np.array((np.diff(glance, axis=0) > 0).sum(axis=0) < 2)
    for j in np.flatnonzero(out):
        column = values[:, j]
        low, high = (column.min(), column.max()) if len(column) else (0, 0)
        out[j] = low < high and bool(((column == low) | (column == high)).all())
    return out


def _whole_columns(numbers: np.ndarray, names: tuple[Any, ...]) -> tuple[Any, ...]:
    """Names of the columns that hold whole numbers only, several different ones."""
    if numbers.dtype.kind in "iu":
        return names
    likely = (numbers[:GLANCE] == np.rint(numbers[:GLANCE])).all(axis=0)
    return tuple(names[j] for j in np.flatnonzero(likely) if _is_whole(numbers[:, j]))


def _is_whole(column: np.ndarray) -> bool:
    return bool((column == np.rint(column)).all() and (column != column[:1]).any())


def named(categorical: Any, columns: list[Any]) -> list[Any] | None:
    """The categorical columns in the order they stand; None for "auto"."""
    if isinstance(categorical, str):
        if categorical == "auto":
            return None
        raise InputError(_not_columns(categorical, columns))
    if categorical is not None and not isinstance(categorical, Iterable):
        raise InputError(_not_columns(categorical, columns))
    listed = list(categorical) if categorical is not None else []
    if any(isinstance(c, (bool, np.bool_)) for c in listed):
        return _masked(listed, columns)
    chosen = set()
    for c in listed:
        known = isinstance(c, Hashable)
        if known and c not in columns and isinstance(c, (int, np.integer)) and -len(columns) <= c < len(columns):
            c = columns[int(c)]
        if not known or c not in columns:
            raise InputError(f"`categorical` names column {c!r}, which `X` has not.{did_you_mean(c, columns)}")
        chosen.add(c)
    return [c for c in columns if c in chosen]


def _not_columns(given: Any, columns: list[Any]) -> str:
    number = (
        isinstance(given, (int, np.integer)) and not isinstance(given, bool) and -len(columns) <= given < len(columns)
    )
    named = number or (isinstance(given, str) and given in columns)
    way = f"Write [{given!r}]." if named else "Leave it out for 'auto'."
    return f"`categorical` must be 'auto', a list of columns or a mask; got {given!r}. {way}"


def _masked(mask: list[Any], columns: list[Any]) -> list[Any]:
    """The columns where a mask is True."""
    if not all(isinstance(c, (bool, np.bool_)) for c in mask):
        raise InputError(f"`categorical` mixes True or False with columns: {mask!r}. Give a mask or columns, not both.")
    if len(mask) != len(columns):
        came = f"{counted(len(mask), 'entry', 'entries')} for {counted(len(columns), 'column')}"
        raise InputError(f"`categorical` as a mask needs one entry a column; got {came}. Or name the columns.")
    return [c for c, yes in zip(columns, mask, strict=True) if yes]


def _refuse_other_types(series: nw.Series, who: str) -> None:
    dtype = series.dtype
    if dtype.is_temporal() or dtype.is_nested() or dtype == nw.Unknown:
        native: Any = series.to_native()
        kind = getattr(native, "dtype", None) or getattr(native, "type", dtype) if dtype == nw.Unknown else dtype
        raise InputError(_cannot_measure(series.name, kind, who))


def _cannot_measure(name: str, kind: Any, who: str) -> str:
    return f"column {name!r} holds {kind}, which {who} cannot measure. Turn it into numbers, or drop it."


def _refuse_gaps(made: Points, who: str, rows: np.ndarray | None) -> None:
    """Every number finite, or an error with the first column, its count and its first row."""
    values = made.numbers.data if sparse.issparse(made.numbers) else made.numbers
    if values.dtype.kind != "f" or np.isfinite(values.sum(dtype=np.float64)) or np.isfinite(values).all():
        return
    bad = ~np.isfinite(made.numbers.toarray() if sparse.issparse(made.numbers) else made.numbers)
    j = int(bad.any(axis=0).argmax())
    row = int(bad[:, j].argmax()) if rows is None else int(rows[bad[:, j].argmax()])
    column = made.numbers[:, [j]].toarray()[:, 0] if sparse.issparse(made.numbers) else made.numbers[:, j]
    what = "NaN" if np.isnan(column[bad[:, j]]).all() else "NaN or infinite"
    name = made.names[j] if isinstance(made.names[j], str) else f"column {made.names[j]}"
    raise InputError(
        f"`X` must be finite for {who}; {name!r}: {int(bad[:, j].sum()):,} {what}, first at row {row}. Impute first."
    )
