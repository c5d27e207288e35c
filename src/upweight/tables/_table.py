"""A table with a rare class, from any frame: numbers, category codes, gaps, and what was done with every column.

The trouble: learners want one matrix of numbers; people have frames of numbers, text, dates and gaps, and later want
predictions for a *new* frame whose levels differ. A `Schema` is read once from the training frame and turns every frame
with those columns into a `Table`. Nothing here learns from labels or from row statistics other than which levels exist:
medians, scales and rare levels belong inside the training fold (`_prepare`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
import pyarrow as pa
from scipy import sparse

from .._errors import InputError, KindError, counted, did_you_mean
from ._columns import Column, codes, describe, describe_numbers, read_numbers

__all__ = ["Schema", "Table", "frame_of", "is_frame", "refuse_doubles", "refuse_lazy", "row_count"]


@dataclass(frozen=True)
class Table:
    """`numbers` (n, p) float64 or CSR with NaN for gaps; `codes` (n, q) int32 with -1 for gaps, -2 for unseen levels."""

    numbers: Any
    codes: np.ndarray

    def __len__(self) -> int:
        return self.codes.shape[0]

    def rows(self, keep) -> Table:
        return Table(self.numbers[keep], self.codes[keep])

    def fingerprint(self) -> str:
        """SHA-256 of the content, 16 hex digits."""
        digest = hashlib.sha256()
        dense = self.numbers
        for part in (dense.data, dense.indices, dense.indptr) if sparse.issparse(dense) else (dense,):
            digest.update(np.ascontiguousarray(part).tobytes())
        digest.update(np.ascontiguousarray(self.codes).tobytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Schema:
    """How every column of a frame or matrix is read; made by `Schema.of`, kept with the model."""

    columns: tuple[Column, ...]
    named: bool

    @classmethod
    def of(cls, X) -> Schema:
        """Describe the columns of a frame, NumPy matrix or CSR matrix."""
        if not is_frame(X):
            schema = cls(tuple(matrix_columns(matrix(X))), named=False)
        else:
            schema = cls(tuple(describe(name, values) for name, values in arrow_columns(X)), named=True)
        if not schema.columns:
            raise InputError(f"`X` has 0 feature(s) (shape=({row_count(X)}, 0)) while a minimum of 1 is required.")
        if not schema.kept:
            notes = "; ".join(f"{c.name!r}: {c.note}" for c in schema.columns[:5])
            raise InputError(f"`X` needs a column that varies; dropped all {len(schema.columns)}: {notes}.")
        return schema

    @property
    def kept(self) -> list[Column]:
        return [c for c in self.columns if c.kind != "dropped"]

    @property
    def names(self) -> list[str]:
        """Names of the kept columns in table order: the numeric ones, then the categorical ones."""
        return [c.name for kind in ("numeric", "categorical") for c in self.columns if c.kind == kind]

    def read(self, X) -> Table:
        """Read any frame that has these columns; others are ignored, a missing one is an error."""
        if self.named:
            return self.read_frame(X)
        values: Any = matrix(X)
        if values.shape[1] != len(self.columns):
            raise InputError(
                f"`X` has {counted(values.shape[1], 'feature')}, but {counted(len(self.columns), 'feature')} "
                f"{'was' if len(self.columns) == 1 else 'were'} fitted on."
            )
        keep = [j for j, c in enumerate(self.columns) if c.kind == "numeric"]
        return Table(values[:, keep], np.empty((values.shape[0], 0), np.int32))

    def read_frame(self, X) -> Table:
        if not is_frame(X):
            raise InputError(
                f"`X` must be a frame with the columns the model was fitted on: {', '.join(map(repr, self.names[:8]))}"
                f"{', ...' if len(self.names) > 8 else ''}; got {type(X).__name__}."
            )
        there = dict(arrow_columns(X))
        found = {c.name: there[named_as(c.name, there)] for c in self.kept}
        rows = row_count(X)
        read = [read_numbers(c, found[c.name]) for c in self.kept if c.kind == "numeric"]
        coded = [codes(c, found[c.name]) for c in self.kept if c.kind == "categorical"]
        return Table(stack(read, rows, np.float64), stack(coded, rows, np.int32))


def named_as(name: str, there: Mapping[str, Any]) -> str:
    """The column of that name, blanks around it aside where that leaves one only."""
    if name in there:
        return name
    same = [n for n in there if n.strip() == name.strip()]
    if len(same) == 1:
        return same[0]
    raise InputError(f"`X` lacks column {name!r}.{did_you_mean(name, there)}")


def stack(columns: list[np.ndarray], rows: int, dtype) -> np.ndarray:
    out = np.empty((rows, len(columns)), dtype)
    for j, column in enumerate(columns):
        out[:, j] = column
    return out


def is_frame(X) -> bool:
    """Whether `X` is a pandas, polars or Arrow frame."""
    return not isinstance(X, np.ndarray) and bool(nw.dependencies.is_into_dataframe(X))


def frame_of(X) -> nw.DataFrame:
    """A frame through narwhals; column names that stand twice are refused."""
    refuse_doubles(X)
    return nw.from_native(X, eager_only=True)


def refuse_doubles(X) -> None:
    """Column names of a frame must differ; matrices have none."""
    if is_frame(X):
        names_differ(list(X.column_names if isinstance(X, pa.Table) else X.columns))


def names_differ(names: list) -> None:
    if len(set(names)) == len(names):
        return
    double = next(n for j, n in enumerate(names) if n in names[:j])
    at = [j for j, n in enumerate(names) if n == double]
    raise InputError(f"Column names must differ; {double!r} stands at columns {at}. Rename or drop one.")


def refuse_lazy(X) -> None:
    """A query has no rows yet."""
    if not isinstance(X, np.ndarray) and isinstance(nw.from_native(X, pass_through=True), nw.LazyFrame):
        raise InputError(f"`X` must be a table that holds its rows; got a {type(X).__name__}. collect() it first.")


def row_count(X) -> int:
    refuse_lazy(X)
    shape = getattr(X, "shape", None)
    return int(shape[0]) if shape else len(X)


def arrow_columns(X) -> list[tuple[str, pa.Array]]:
    """(name, Arrow array) of every column; duplicate names are refused."""
    names = [str(n) for n in (X.column_names if isinstance(X, pa.Table) else X.columns)]
    names_differ(names)
    if isinstance(X, pa.Table):
        return list(zip(names, X.columns, strict=True))
    frame = frame_of(X)
    return [(n, arrow_array(frame[:, j])) for j, n in enumerate(names)]


def arrow_array(series: nw.Series) -> pa.Array:
    if series.dtype == nw.Object and series.implementation.is_polars():  # its to_arrow gives addresses in memory
        return texts(series)
    try:
        return series.to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):  # objects of several types
        return texts(series)


def texts(series: nw.Series) -> pa.Array:
    return pa.array([None if v is None or v != v else str(v) for v in series.to_list()], pa.string())


def matrix(X) -> np.ndarray | sparse.csr_array:
    """A two-dimensional float64 matrix; NaN is a gap, infinities are refused with row and column."""
    if sparse.issparse(X):
        found = sparse.csr_array(X, dtype=np.float64)
        values = found.data
    else:
        found = dense_matrix(X)
        values = found
    if not np.isfinite(values).all() and np.isinf(values).any():
        row, column = first_infinity(found)
        raise InputError(
            f"`X` must hold no infinity: first at row {row}, column {column}. Input X contains infinity; "
            "write it as NaN (missing), or drop the row."
        )
    return found


def dense_matrix(X) -> np.ndarray:
    refuse_lazy(X)
    found = np.asarray(X)
    if found.dtype.kind == "c":
        raise InputError("Complex data not supported: `X` must be real numbers.")
    if found.ndim != 2:
        raise InputError(
            f"`X` must be a table, rows by columns; got shape {found.shape}. Reshape your data, X[:, None]."
        )
    try:
        return np.ascontiguousarray(found, dtype=np.float64)
    except TypeError as error:
        raise KindError(f"`X` as an array must hold numbers only: {error}, as an argument must be a number.") from error
    except ValueError as error:
        raise InputError(
            f"`X` as an array must hold numbers only ({error}). Pass text columns in a pandas, polars or Arrow frame."
        ) from error


def first_infinity(found) -> tuple[int, int]:
    if sparse.issparse(found):
        at = int(np.isinf(found.data).argmax())
        return int(np.searchsorted(found.indptr, at, side="right") - 1), int(found.indices[at])
    row, column = np.argwhere(np.isinf(found))[0]
    return int(row), int(column)


def matrix_columns(values) -> list[Column]:
    """Columns of a matrix; of a sparse one only those without any entry are dropped."""
    if not sparse.issparse(values):
        return [unnamed(describe_numbers("", values[:, j]), j) for j in range(values.shape[1])]
    if np.isnan(values.data).any():
        raise InputError("A sparse `X` must hold no NaN. Write the gaps as zeros, or pass a dense matrix.")
    filled = np.bincount(values.indices, minlength=values.shape[1])
    kind = np.where(filled > 0, "numeric", "dropped")
    return [Column(f"x{j}", str(k), note="" if k == "numeric" else "one value only: 0") for j, k in enumerate(kind)]


def unnamed(column: Column, j: int) -> Column:
    return Column(f"x{j}", column.kind, column.levels, column.missing, column.note)
