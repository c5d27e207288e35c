"""One column of any frame, read as numbers or as category codes.

The trouble: a column may be numbers, text, booleans, dates, numbers written as text, an identifier, or one value all the
way down, and each needs something else. `describe` decides once, on all rows and without looking at the labels, and says
what it decided; `numbers` and `codes` then read any later frame the same way.

    numeric      float64, a gap is NaN; dates count days; text of which 95 % reads as numbers counts as numbers
    categorical  int32 codes into `levels`; -1 a gap, -2 a level never met before
    dropped      one value only, nothing but gaps, an identifier, or nested values
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from .._errors import InputError

__all__ = ["MISSING", "UNSEEN", "Column", "codes", "describe", "numbers"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

MISSING, UNSEEN = -1, -2
KEPT_LEVELS = 50  # levels of one column that get a column of their own in the learner's matrix
READS_AS_NUMBERS = 0.95


@dataclass(frozen=True)
class Column:
    """How one column is read: `kind` numeric, categorical or dropped; `levels` of a category; `note` for the reader."""

    name: str
    kind: str
    levels: tuple[str, ...] = ()
    missing: int = 0
    note: str = ""


def describe(name: str, values: pa.Array) -> Column:
    """Decide how a column is read."""
    values = unnested(values)
    if values is None:
        return Column(name, "dropped", note="nested values")
    if is_numeric(values.type):
        return describe_numbers(name, numbers(name, values), note=date_note(values.type))
    return describe_text(name, as_text(values))


def describe_numbers(name: str, x: np.ndarray, note: str = "") -> Column:
    gaps = int(np.isnan(x).sum())
    present = x[~np.isnan(x)] if gaps else x
    if not len(present):
        return Column(name, "dropped", missing=gaps, note="nothing but gaps")
    if present.min() == present.max():
        return Column(name, "dropped", missing=gaps, note=f"one value only: {present[0]:g}")
    if name and is_counter(present, gaps) and looks_like_counter(name):
        return Column(name, "dropped", note="numbers the rows: an identifier")
    return Column(name, "numeric", missing=gaps, note=note)


def describe_text(name: str, text: pa.Array) -> Column:
    gaps = text.null_count
    levels = pc.unique(text.drop_null())
    k, n = len(levels), len(text) - gaps
    if not n:
        return Column(name, "dropped", missing=gaps, note="nothing but gaps")
    if k == 1 and not gaps:
        return Column(name, "dropped", note=f"one value only: {levels[0].as_py()!r}")
    if k > 20:
        read = text_as_numbers(text)
        unread = int(np.isnan(read).sum()) - gaps
        if unread <= (1 - READS_AS_NUMBERS) * n:
            note = "text read as numbers" + (f"; {unread:,} values that are none count as gaps" if unread else "")
            return describe_numbers(name, read, note)
        if k > n / 2:
            return Column(name, "dropped", missing=gaps, note=f"an identifier: {k:,} different values in {n:,} rows")
    note = f"{k:,} levels: the {KEPT_LEVELS} most frequent kept, the rest as one" if k > KEPT_LEVELS else f"{k} levels"
    return Column(name, "categorical", tuple(sorted(levels.to_pylist())), gaps, note)


def is_counter(present: np.ndarray, gaps: int) -> bool:
    """Whole numbers, every one different, none left out."""
    n = len(present)
    if gaps or n < 3 or present.max() - present.min() != n - 1:
        return False
    return len(np.unique(present)) == n


def looks_like_counter(name: str) -> bool:
    low = name.strip().lower()
    return low in ("", "index", "row", "nr", "no", "level_0") or low.startswith("unnamed") or low.endswith("id")


def numbers(name: str, values: pa.Array) -> np.ndarray:
    """(n,) float64, gaps NaN; infinities are refused with their row."""
    values = unnested(values)
    if values is None or not len(values):
        return np.full(0 if values is None else len(values), np.nan)
    if pa.types.is_temporal(values.type):
        values = days(values)
    x = text_as_numbers(as_text(values)) if not is_numeric(values.type) else arrow_floats(values)
    endless = np.isinf(x)
    if endless.any():
        row = int(endless.argmax())
        raise InputError(
            f"`X` must hold no infinity: column {name!r} has {int(endless.sum()):,}, first {x[row]} at row {row}. "
            "Write them as missing, or drop those rows."
        )
    return x


def codes(column: Column, values: pa.Array) -> np.ndarray:
    """(n,) int32 codes into `column.levels`; MISSING for a gap, UNSEEN for a level that was not there."""
    text = as_text(unnested(values))
    found = pc.index_in(text, pa.array(column.levels, pa.string()))
    code = pc.fill_null(found, UNSEEN).to_numpy(zero_copy_only=False).astype(np.int32)
    code[text.is_null().to_numpy(zero_copy_only=False)] = MISSING
    return code


def unnested(values):
    """A plain array: chunks joined, dictionaries decoded; None for lists, structs and maps."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return None if pa.types.is_nested(values.type) else values


def is_numeric(kind: pa.DataType) -> bool:
    t = pa.types
    return t.is_integer(kind) or t.is_floating(kind) or t.is_decimal(kind) or t.is_temporal(kind)


def date_note(kind: pa.DataType) -> str:
    return "dates as days" if pa.types.is_temporal(kind) else ""


def days(values: pa.Array) -> pa.Array:
    """Dates, times and durations as float days."""
    kind = values.type
    if pa.types.is_date32(kind):
        return values.cast(pa.int32()).cast(pa.float64())
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        whole = values.cast(pa.timestamp("ns")).cast(pa.int64())
    elif pa.types.is_time(kind):
        whole = values.cast(pa.time64("ns")).cast(pa.int64())
    else:
        whole = values.cast(pa.duration("ns")).cast(pa.int64())
    return pc.divide(whole.cast(pa.float64(), safe=False), 86_400e9)


def arrow_floats(values: pa.Array) -> np.ndarray:
    x = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(x, dtype=np.float64)


def as_text(values: pa.Array) -> pa.Array:
    """Levels as text, blanks at the ends removed; nothing left, NaN and `?` are gaps."""
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), pa.string())
    if pa.types.is_boolean(values.type):
        text = pc.if_else(values, "True", "False")
    elif pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        text = values.cast(pa.string(), safe=False)
    else:
        text = values.cast(pa.string())
    text = pc.utf8_trim_whitespace(text)
    gap = pc.is_in(text, pa.array(["", "?", "nan", "NaN", "None", "<NA>", "NaT"]))
    return pc.if_else(gap, pa.scalar(None, pa.string()), text)


def text_as_numbers(text: pa.Array) -> np.ndarray:
    """(n,) float64 of text; what does not read as a number is NaN."""
    looks = pc.match_substring_regex(text, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    clean = pc.if_else(looks, pc.utf8_ltrim(text, "+"), pa.scalar(None, pa.string()))
    return arrow_floats(clean.cast(pa.float64()))
