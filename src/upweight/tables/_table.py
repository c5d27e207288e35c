"""A table with a rare class, from any frame: numbers, category codes, words, gaps, and what was done with every column.

The trouble: learners want one matrix of numbers; people have frames of numbers, text, dates and gaps, and later want
predictions for a *new* frame whose categories differ. A `Schema` is read once from the training frame and turns every frame
with those columns into a `Table`. Nothing here learns from labels or from row statistics other than which categories and words exist:
medians, scales, rare categories and the weight of words belong inside the training fold (`_prepare`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from .._errors import InputError, KindError, counted, did_you_mean
from ._as_text import as_text, is_texty, unnested
from ._columns import Column, codes, describe, describe_numbers, read_numbers, read_text, tell_number_gaps
from ._frame_columns import arrow_columns, is_frame, refuse_lazy, refuse_no_rows, row_count, sparse_frame
from ._free_text import count_words
from ._gaps import gap_columns

__all__ = ["UNNAMED", "Schema", "Table", "matrix"]

UNNAMED = "the column without a name"


@dataclass(frozen=True)
class Table:
    """`numbers` (n, p) float64 or CSR with NaN for gaps; `codes` (n, q) int32 with -1 for gaps, -2 for unseen values; `words`
    (n, v) CSR counts of the words of its text columns, one beside the other, or None."""

    numbers: Any
    codes: np.ndarray
    words: Any = None

    def __len__(self) -> int:
        return self.codes.shape[0]

    def take(self, keep) -> Table:
        """Some of the rows, by number or mask."""
        return Table(self.numbers[keep], self.codes[keep], None if self.words is None else self.words[keep])

    def word_sums(self) -> np.ndarray:
        """(n, 0 or 1) a number that rows of the same words share, and others do not."""
        if self.words is None:
            return np.empty((len(self), 0))
        return self.words @ np.random.default_rng(0).random((self.words.shape[1], 1))

    def fingerprint(self) -> str:
        """SHA-256 of the content, 16 hex digits."""
        digest = hashlib.sha256()
        for block in (self.numbers, self.codes, self.words):
            if block is not None:
                digest.update(content(block))
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Schema:
    """How every column of a frame or matrix is read; made by `Schema.of`, kept with the model."""

    columns: tuple[Column, ...]
    named: bool

    @classmethod
    def of(cls, X) -> Schema:
        """Describe the columns of a frame, NumPy matrix or CSR matrix."""
        if sparse_frame(X):
            found = _matrix_columns(_finite_csr(X))
            schema = cls(tuple(replace(c, name=str(n)) for c, n in zip(found, X.columns, strict=True)), named=True)
        elif not is_frame(X):
            schema = cls(tuple(_matrix_columns(matrix(X))), named=False)
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
        refuse_no_rows(X)
        if self.named:
            return self.read_frame(X)
        values: Any = matrix(X)
        if values.shape[1] != len(self.columns):
            raise InputError(
                f"`X` has {counted(values.shape[1], 'feature')}, but {counted(len(self.columns), 'feature')} "
                f"{'was' if len(self.columns) == 1 else 'were'} fitted on."
            )
        keep = [j for j, c in enumerate(self.columns) if c.kind == "numeric"]
        for j in gap_columns(values):
            if self.columns[j].kind == "numeric":
                tell_number_gaps(self.columns[j], np.isnan(values[:, j]))
        return Table(values[:, keep], _no_codes(values.shape[0]))

    def read_frame(self, X) -> Table:
        if not is_frame(X):
            raise InputError(
                f"`X` must be a frame with the columns the model was fitted on: {', '.join(map(repr, self.names[:8]))}"
                f"{', ...' if len(self.names) > 8 else ''}; got {type(X).__name__}."
            )
        if sparse_frame(X) and all(c.kind == "numeric" for c in self.kept):
            there = {str(name): name for name in X.columns}
            return Table(_finite_csr(X[[there[_named_as(c.name, there)] for c in self.kept]]), _no_codes(len(X)))
        there = dict(arrow_columns(X))
        found = {c.name: there[_named_as(c.name, there)] for c in self.kept}
        rows = row_count(X)
        read = [read_numbers(c, found[c.name]) for c in self.kept if c.kind == "numeric"]
        coded = [codes(c, found[c.name]) for c in self.kept if c.kind == "categorical"]
        words = [count_words(read_text(c, found[c.name]), c.categories) for c in self.kept if c.kind == "text"]
        beside = sparse.csr_array(sparse.hstack(words)) if words else None
        return Table(stack(read, rows, np.float64), stack(coded, rows, np.int32), beside)

    def mark(self) -> str:
        """What a fingerprint of data is made of; as 0.1.0 printed a schema, so that its journals go on."""
        marks = [c.mark() for c in self.columns]
        return f"Schema(columns=({', '.join(marks)}{',' * (len(marks) == 1)}), named={self.named})"

    def unread_gaps(self, X: Any, *, dropped: bool) -> list[tuple[str, np.ndarray]]:
        """(name, where it is empty) of columns of a frame whose gaps no `Table` holds: text, and those `dropped`, if they are meant too."""
        kinds = ("text", "dropped") if dropped else ("text",)
        wanted = {c.name for c in self.columns if c.kind in kinds}
        if not wanted or not is_frame(X):
            return []
        return [(name, _empty_rows(values, name)) for name, values in arrow_columns(X) if name in wanted]

    def told(self) -> list[str]:
        """Columns whose reading is more than their type: text read as numbers, dates or words, what is kept for its gaps, with the reason."""
        return [f"{c.name or UNNAMED} ({c.told})" for c in self.columns if c.told]


def _empty_rows(values: Any, name: str) -> np.ndarray:
    """(n,) whether a column holds a gap: a null, or in text a word for one."""
    flat = unnested(values)
    text = as_text(flat, name) if flat is not None and is_texty(flat.type) else values
    return np.asarray(
        text.is_null().to_numpy(zero_copy_only=False) if isinstance(text, pa.Array) else text.is_null().to_numpy()
    )


def _named_as(name: str, there: Mapping[str, Any]) -> str:
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


def _no_codes(rows: int) -> np.ndarray:
    return np.empty((rows, 0), np.int32)


def content(block: Any) -> bytes:
    """The bytes of a matrix, dense or sparse."""
    parts = (block.data, block.indices, block.indptr) if sparse.issparse(block) else (block,)
    return b"".join(np.ascontiguousarray(part).tobytes() for part in parts)


def _finite_csr(X) -> sparse.csr_array:
    """The matrix of a frame of sparse columns."""
    return sparse.csr_array(matrix(X.sparse.to_coo()))


def matrix(X) -> np.ndarray | sparse.csr_array:
    """A two-dimensional float64 matrix; NaN is a gap, infinities are refused with row and column."""
    if sparse.issparse(X):
        found = sparse.csr_array(X, dtype=np.float64)
        values = found.data
    else:
        found = _dense_matrix(X)
        values = found
    if not np.isfinite(values).all() and np.isinf(values).any():
        row, column = _first_infinity(found)
        raise InputError(
            f"`X` must hold no infinity: first at row {row}, column {column}. Input X contains infinity; "
            "write it as NaN (missing), or drop the row."
        )
    return found


def _dense_matrix(X) -> np.ndarray:
    refuse_lazy(X)
    found = np.asarray(X)
    if found.dtype.kind == "c":
        raise InputError("Complex data not supported: `X` must be real numbers.")
    if found.dtype.kind in "mM":
        raise InputError(
            f"`X` as an array must hold numbers only; got {found.dtype}. Give a number, days since a date say, or leave it out."
        )
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


def _first_infinity(found) -> tuple[int, int]:
    if sparse.issparse(found):
        at = int(np.isinf(found.data).argmax())
        return int(np.searchsorted(found.indptr, at, side="right") - 1), int(found.indices[at])
    row, column = np.argwhere(np.isinf(found))[0]
    return int(row), int(column)


def _matrix_columns(values) -> list[Column]:
    """Columns of a matrix; of a sparse one only those without any entry are dropped."""
    if not sparse.issparse(values):
        return [_unnamed(describe_numbers("", values[:, j]), j, len(values)) for j in range(values.shape[1])]
    if np.isnan(values.data).any():
        raise InputError("A sparse `X` must hold no NaN. Write the gaps as zeros, or pass a dense matrix.")
    filled = np.bincount(values.indices, minlength=values.shape[1])
    kind = np.where(filled > 0, "numeric", "dropped")
    return [Column(f"x{j}", str(k), note="" if k == "numeric" else "one value only: 0") for j, k in enumerate(kind)]


def _unnamed(column: Column, j: int, rows: int) -> Column:
    return replace(column, name=f"x{j}", rows=rows)
