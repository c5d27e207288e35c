"""The columns of a table as one float64 matrix, and back as they came.

The trouble: a likelihood needs numbers; people have frames of numbers, words, booleans and gaps, and want the same columns back. A
number is itself, a level is its place among the levels that fit learnt, a gap is NaN:

    values[i, j] = x_ij   or   c with levels_j[c] = x_ij   or   NaN

Levels keep their type: 1, 1.0, True and "1" are four levels. A gap is None, NaN, NaT or NA; words such as "NA" are words.

What is inside: `ReadColumns`, made by `ReadColumns.of`; `values` reads a table, `table` makes one, `filled` fills the gaps of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
from scipy import sparse

from ..._errors import InputError, counted, did_you_mean
from ..._frames import is_absent
from ...tables import (
    column_numbers,
    frame_of,
    is_frame,
    is_real,
    matrix,
    numbers_like,
    plain_series,
    row_count,
    sparse_frame,
)
from ._levels import codes_of, filled_levels, levels_like, levels_of, objects_of

__all__ = ["ReadColumns", "label", "numbers", "raw_column", "table_names", "table_width"]

MIXED = "A table? likelihood='mixed'."


@dataclass(frozen=True, eq=False)
class ReadColumns:
    """How each column is read; made by `ReadColumns.of`.

    Attributes
    ----------
    names : of the columns of a frame, None of a matrix.
    levels : a column each: its levels in order, or None for numbers.
    library : what holds a table made without a pattern: "numpy", "pandas", "polars" or "pyarrow".
    """

    names: tuple[str, ...] | None
    levels: tuple[tuple[Any, ...] | None, ...]
    library: Any = "numpy"

    @classmethod
    def of(cls, X: Any, levelled: Sequence[bool]) -> ReadColumns:
        """Learn the levels of the columns that are `levelled`; the others are numbers."""
        names = table_names(X)
        if not levelled:
            raise InputError(f"`X` has 0 feature(s) (shape=({row_count(X)}, 0)) while a minimum of 1 is required.")
        levels = tuple(
            levels_of(raw_column(X, j), label(names, j)) if is_l else None for j, is_l in enumerate(levelled)
        )
        library = frame_of(X).implementation.name.lower() if is_frame(X) else "numpy"
        return cls(names, levels, library)

    @property
    def n(self) -> int:
        return len(self.levels)

    def some(self, places: Sequence[int]) -> ReadColumns:
        """Some of the columns, as columns of their own."""
        names: Any = tuple(j if self.names is None else self.names[j] for j in places)
        return ReadColumns(names, tuple(self.levels[j] for j in places), self.library)

    def label(self, j: int) -> str:
        """A column as a message calls it."""
        return label(self.names, j)

    def values(self, X: Any) -> Any:
        """(n, D) float64, gaps NaN; a sparse table of numbers as CSR."""
        self._same_columns(X)
        if not any(self.levels):
            return numbers(X)
        out = np.empty((row_count(X), self.n))
        for j, levels in enumerate(self.levels):
            column = raw_column(X, j)
            out[:, j] = (
                _column_values(column, self.label(j)) if levels is None else codes_of(column, levels, self.label(j))
            )
        return out

    def _same_columns(self, X: Any) -> None:
        """Refuse other columns, in scikit-learn's words."""
        names, count = table_names(X), table_width(X)
        if names is not None and self.names is not None and names != self.names:
            raise InputError(_other_names(self.names, names))
        if count != self.n:
            raise InputError(
                f"X has {count} features, but IWAE is expecting {self.n} features as input. Give the columns of fit."
            )

    def table(self, values: np.ndarray, like: Any = None) -> Any:
        """`values` (n, D) as a table: in the container and column types of `like`, without it in the library of fit."""
        if like is not None and is_frame(like):
            return _rebuilt(like, [self._column_like(frame_of(like)[:, j], values, j) for j in range(self.n)])
        if like is None and self.library != "numpy":
            made = {name: self._objects(values, j) for j, name in enumerate(self.names or ())}
            return nw.from_dict(made, backend=self.library).to_native()
        return self._array(values, like)

    def filled(self, X: Any, values: np.ndarray) -> Any:
        """`X` with its gaps taken from `values` (n, D); what was observed, and every column without a gap, stays as it came."""
        if not is_frame(X):
            return self._filled_array(X, values)
        frame = frame_of(X)
        found = [_filled_column(frame[:, j], values[:, j], levels) for j, levels in enumerate(self.levels)]
        return _rebuilt(X, found)

    def _filled_array(self, X: Any, values: np.ndarray) -> np.ndarray:
        out = np.array(X)
        if not any(self.levels):
            gaps = np.isnan(numbers(out))
            out = out if out.dtype.kind in "fO" else out.astype(np.float64)
            out[gaps] = values[gaps]
            return out
        for j, levels in enumerate(self.levels):
            gaps = np.isnan(
                codes_of(out[:, j], levels, self.label(j)) if levels else _column_values(out[:, j], self.label(j))
            )
            if gaps.any():
                out[gaps, j] = objects_of(values[gaps, j], levels) if levels else values[gaps, j]
        return out

    def _column_like(self, series: nw.Series, values: np.ndarray, j: int) -> nw.Series:
        levels = self.levels[j]
        if levels is None:
            return numbers_like(plain_series(series), values[:, j])
        return levels_like(series, objects_of(values[:, j], levels))

    def _objects(self, values: np.ndarray, j: int) -> Any:
        levels = self.levels[j]
        return np.ascontiguousarray(values[:, j]) if levels is None else objects_of(values[:, j], levels)

    def _array(self, values: np.ndarray, like: Any) -> np.ndarray:
        given = None if like is None or sparse.issparse(like) else np.asarray(like).dtype
        if not any(self.levels):
            return values.astype(given if given is not None and given.kind == "f" else np.float64)
        out = np.empty(values.shape, dtype=object)
        for j in range(self.n):
            out[:, j] = self._objects(values, j)
        flat = {type(level) for levels in self.levels if levels for level in levels}
        plain = not flat & {str} and all(levels is not None for levels in self.levels)
        return out.astype(given) if given is not None and given.kind != "O" and plain else out

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        levels = [None if found is None else list(found) for found in self.levels]
        return {"names": None if self.names is None else list(self.names), "levels": levels, "library": self.library}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> ReadColumns:
        names = None if d["names"] is None else tuple(d["names"])
        return cls(names, tuple(None if found is None else tuple(found) for found in d["levels"]), d["library"])


def table_names(X: Any) -> tuple[str, ...] | None:
    """Names of the columns of a frame, None of a matrix."""
    return tuple(str(n) for n in frame_of(X).columns) if is_frame(X) else None


def table_width(X: Any) -> int:
    """Columns of a frame or matrix; what is no table is refused."""
    shape = getattr(X, "shape", None)
    found: Any = X if shape is not None and len(shape) == 2 else matrix(X)
    return int(found.shape[1])


def label(names: tuple[str, ...] | None, j: int) -> str:
    """A column as a message calls it."""
    name: Any = j if names is None else names[j]
    return f"column {name!r}"


def raw_column(X: Any, j: int) -> Any:
    """One column: a narwhals series of a frame, an array of a matrix; sparse and complex ones are refused."""
    if is_frame(X):
        return plain_series(frame_of(X)[:, j])
    if sparse.issparse(X):
        raise InputError(
            "columns of several kinds must be dense; got a sparse matrix. Use X.toarray(), or likelihood='counts'."
        )
    found = np.asarray(X)
    if found.dtype.kind == "c":
        matrix(found)  # says what is wrong with it
    return found[:, j]


def numbers(X: Any, *, remedy: str = MIXED) -> Any:
    """A table of numbers as float64 (n, D), gaps NaN; CSR stays sparse; text in a frame is refused by its column, with the remedy."""
    if not is_frame(X):
        return matrix(X)
    if sparse_frame(X):
        return matrix(X.sparse.to_coo())
    names = table_names(X)
    out = np.empty((row_count(X), len(names or ())))
    for j in range(out.shape[1]):
        out[:, j] = _column_values(raw_column(X, j), label(names, j), remedy)
    return out


def _column_values(column: Any, name: str, remedy: str = MIXED) -> np.ndarray:
    """(n,) numbers of one column."""
    if isinstance(column, np.ndarray):
        return _finite(_array_numbers(column, name), name)
    if not (column.dtype.is_numeric() or column.dtype == nw.Boolean or _all_gaps(column)):
        at, value = next((i, v) for i, v in enumerate(column.to_list()) if v is not None)
        raise InputError(f"`X`: {name} must hold numbers; got {column.dtype}, first {value!r} at row {at}. {remedy}")
    return _finite(np.full(len(column), np.nan) if _all_gaps(column) else column_numbers(column), name)


def _array_numbers(column: np.ndarray, name: str) -> np.ndarray:
    if column.dtype.kind in "biuf":
        return column.astype(np.float64)
    wrong = next(
        ((i, v) for i, v in enumerate(column.tolist()) if not (is_absent(v) or isinstance(v, bool) or is_real(v))), None
    )
    if wrong is not None:
        raise InputError(
            f"`X`: {name} must hold numbers; got {wrong[1]!r} at row {wrong[0]}. A table? likelihood='mixed'."
        )
    return np.array([np.nan if is_absent(v) else float(v) for v in column.tolist()])


def _finite(found: np.ndarray, name: str) -> np.ndarray:
    if np.isinf(found).any():
        row = int(np.isinf(found).argmax())
        raise InputError(
            f"`X`: {name} must hold no infinity; first at row {row}. Input X contains infinity; write it as a gap."
        )
    return found


def _all_gaps(column: nw.Series) -> bool:
    return bool(column.is_null().all())


def _filled_column(series: nw.Series, values: np.ndarray, levels: tuple[Any, ...] | None) -> nw.Series:
    """A column with its gaps filled; whole numbers that its type holds stay whole."""
    plain = plain_series(series)
    if levels is not None:
        return filled_levels(series, values, levels)
    found = column_numbers(plain) if not _all_gaps(plain) else np.full(len(plain), np.nan)
    gaps = np.isnan(found)
    if not gaps.any():
        return series
    filled = np.where(gaps, values, found)
    if not plain.dtype.is_integer():
        return numbers_like(plain, filled)
    return _whole_like(plain, gaps, np.rint(values))


def _whole_like(series: nw.Series, gaps: np.ndarray, values: np.ndarray) -> nw.Series:
    """Whole numbers with whole numbers in the gaps, the nearest that the type holds; the observed ones untouched however large."""
    least, most = _bounds_of(series.dtype)
    there = series.to_list()
    objects = [min(max(int(v), least), most) if gap else w for gap, v, w in zip(gaps, values, there, strict=True)]
    return levels_like(series, objects)


def _bounds_of(dtype: Any) -> tuple[int, int]:
    """The least and the largest number of a type of whole numbers: Int8, UInt64, ..."""
    name = str(dtype)
    bits = int(name.lstrip("UIntu"))
    return (0, 2**bits - 1) if name.startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _rebuilt(X: Any, columns: list[nw.Series]) -> Any:
    """A frame of the kind of `X` with these columns; names, and with as many rows the index, as in `X`."""
    frame = frame_of(X)
    data = {str(j): c.to_native() for j, c in enumerate(columns)}
    if frame.implementation.is_pandas_like():
        out = type(X)({j: c.array for j, c in data.items()}, index=X.index if len(columns[0]) == len(X) else None)
        out.columns = X.columns
        return out
    made = nw.from_dict(data, backend=frame.implementation)
    return made.rename({str(j): name for j, name in enumerate(frame.columns)}).to_native()


def _other_names(fitted: tuple[str, ...], came: tuple[str, ...]) -> str:
    """What differs, in scikit-learn's words."""
    head = "The feature names should match those that were passed during fit.\n"
    new = sorted(set(came) - set(fitted))
    gone = sorted(set(fitted) - set(came))
    if not new and not gone:
        return head + "Feature names must be in the same order as they were in fit.\n"
    hint = did_you_mean(gone[0], new) if gone and new else ""
    hint = hint if "Did you mean" in hint else ""  # the whole list is said already
    said = head
    for what, some in (("unseen at fit time", new), ("seen at fit time, yet now missing", gone)):
        if some:
            more = f"- ... and {counted(len(some) - 5, 'more', 'more')}\n" if len(some) > 5 else ""
            said += f"Feature names {what}:\n" + "".join(f"- {n}\n" for n in some[:5]) + more
    return said + hint.strip()
