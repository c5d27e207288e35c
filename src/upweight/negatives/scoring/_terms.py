"""A linear score as a document: an intercept and one term a column, evaluated the same everywhere.

    e = intercept;  e = e + term_1;  e = e + term_2; ...      in plan order, float64, no matrix product
    number   coef max(low, min(high, x)),   a gap (null, NaN): the stored constant `null`
    level    the stored value of the level; 0 for a level that is not listed; `null` for a gap

The order of additions is part of the document: another order would differ in the last bit, and with it a row at the edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from ..._errors import InputError

__all__ = ["column_of", "is_gap", "level_texts", "linear_score", "numbers_of"]

compute: Any = pyarrow.compute  # its functions are made at run time, which type checkers do not see
BLOCK = 1 << 14  # rows at a time: a column of them and the score stay in the second cache


def linear_score(pilot: Mapping[str, Any], rows: pa.Table | pa.RecordBatch) -> np.ndarray:
    """(n,) float64 log-odds of a linear pilot for these rows.

    Costs: a nanosecond a row and number; a gap is found in what comes out, so that columns without one cost no search.
    """
    seen = [(term, _term_values(term, column_of(rows, term["column"]))) for term in pilot["terms"]]
    e = np.empty(rows.num_rows)
    spare = np.empty(min(BLOCK, len(e)))
    for start in range(0, len(e), BLOCK):
        part = e[start : start + BLOCK]
        part[:] = pilot["intercept"]
        for term, x in seen:
            value = x[start : start + BLOCK]
            if term["kind"] == "number":
                value = clipped(term, value, spare[: len(part)])
            part += value
    unknown = np.flatnonzero(np.isnan(e))
    if len(unknown):
        e[unknown] = _score_with_gaps(pilot["intercept"], [(term, x[unknown]) for term, x in seen])
    return e


def _term_values(term: Mapping[str, Any], column: pa.Array) -> np.ndarray:
    """(n,) what a number term reads, in its own type; what a level term adds."""
    return _plain_values(column, term["column"]) if term["kind"] == "number" else _level_term(term, column)


def clipped(term: Mapping[str, Any], x: np.ndarray, value: np.ndarray) -> np.ndarray:
    """coef max(low, min(high, x)) in `value`; NaN where x is."""
    value[:] = x
    value.clip(term["low"], term["high"], out=value)
    value *= term["coef"]
    return value


def _score_with_gaps(intercept: float, seen: list[tuple[Mapping[str, Any], np.ndarray]]) -> np.ndarray:
    """The same score of a few rows, a gap adding its own constant."""
    e = np.full(len(seen[0][1]), float(intercept))
    for term, x in seen:
        if term["kind"] == "number":
            gap = np.isnan(x)
            x = np.where(gap, term["null"], clipped(term, x, np.empty(len(x))))
        e += x
    return e


def _level_term(term: Mapping[str, Any], column: pa.Array) -> np.ndarray:
    values = np.array([*term["values"], 0.0, term["null"]])
    texts = level_texts(column, term["column"])
    at = compute.index_in(texts, value_set=pa.array(term["levels"], pa.large_string()))
    places = at.fill_null(len(term["levels"])).to_numpy(zero_copy_only=False)
    if texts.null_count:
        places = np.where(np.asarray(texts.is_null()), len(term["levels"]) + 1, places)
    return values[places]


def column_of(rows: pa.Table | pa.RecordBatch, name: str) -> pa.Array:
    """One column as one Arrow array; a name that is not there is refused."""
    at = rows.schema.get_field_index(name)
    if at < 0:
        raise InputError(f"the plan reads column {name!r}, which these rows have not; they have {rows.schema.names}.")
    column: Any = rows.column(at)
    if isinstance(column, pa.ChunkedArray):
        column = (
            column.chunk(0)
            if column.num_chunks == 1
            else pa.concat_arrays(column.chunks or [pa.array([], column.type)])
        )
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def numbers_of(column: pa.Array, name: str) -> np.ndarray:
    """(n,) float64, gaps NaN; a column of another kind is refused."""
    kind: Any = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise InputError(f"the plan reads {name!r} as numbers; it is {kind} here.")
    column = column if pa.types.is_float64(kind) else column.cast(pa.float64(), safe=False)
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _plain_values(column: pa.Array, name: str) -> np.ndarray:
    """(n,) numbers in the type they have, without a copy where there is no null; float64 with gaps NaN where there is one."""
    whole = not column.null_count and (pa.types.is_integer(column.type) or pa.types.is_float32(column.type))
    return column.to_numpy() if whole else numbers_of(column, name)


def level_texts(column: pa.Array, name: str) -> pa.Array:
    """A column of categories as text, gaps null: text as it is, booleans true and false, whole numbers in digits."""
    kind: Any = column.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return column.cast(pa.string()).cast(pa.large_string())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.large_string())
    raise InputError(f"the plan reads {name!r} as categories; it is {kind} here.")


def is_gap(column: pa.Array) -> np.ndarray:
    """(n,) bool, null or NaN."""
    return np.asarray(compute.is_null(column, nan_is_null=True))
