"""One column of any frame, read as numbers or as category codes.

The trouble: a column may be numbers, text, booleans, dates, numbers written as text, an identifier, or one value all the
way down, and each needs something else. `describe` decides once, on all rows and without looking at the labels, and says
what it decided; `numbers` and `codes` then read any later frame the same way.

    numeric      float64, a gap is NaN; dates count days; text of which 95 % reads as numbers counts as numbers
    categorical  int32 codes into `levels`; -1 a gap, -2 a level never met before
    dropped      one value only, nothing but gaps, an identifier, or nested values
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from .._errors import InputError

__all__ = ["MISSING", "UNSEEN", "Column", "codes", "describe", "numbers", "read_numbers"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

MISSING, UNSEEN = -1, -2
KEPT_LEVELS = 50  # levels of one column that get a column of their own in the learner's matrix
READS_AS_NUMBERS = 0.95
NO_NUMBERS = "values that are none count as gaps"
A_DAY = {"s": 86_400.0, "ms": 86_400e3, "us": 86_400e6, "ns": 86_400e9}


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
    return describe_text(name, as_text(values, name))


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
            note = "text read as numbers" + (f"; {unread:,} {NO_NUMBERS}" if unread else "")
            return describe_numbers(name, read, note)
        if k > n / 2:
            return Column(name, "dropped", missing=gaps, note=f"an identifier: {k:,} different values in {n:,} rows")
    note = (
        f"{k:,} levels: the {KEPT_LEVELS} most frequent kept, the rest as one"
        if k > KEPT_LEVELS
        else f"{k} level{'s' * (k > 1)}"
    )
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
    """(n,) float64, gaps NaN; booleans are 0 and 1; infinities are refused with their row."""
    values = unnested(values)
    if values is None:
        raise InputError(f"`X`: column {name!r} must hold numbers; got nested values. Give one number a row.")
    if pa.types.is_temporal(values.type):
        values = days(values)
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    x = arrow_floats(values) if is_numeric(values.type) else text_as_numbers(as_text(values, name))
    endless = np.isinf(x)
    if endless.any():
        row = int(endless.argmax())
        raise InputError(
            f"`X` must hold no infinity: column {name!r} has {int(endless.sum()):,}, first {x[row]} at row {row}. "
            "Write them as missing, or drop those rows."
        )
    return x


def read_numbers(column: Column, values: pa.Array) -> np.ndarray:
    """`numbers` of a later frame: a column whose text is no number at all is refused, single such values are told.

    Of a column that held such values when it was described, they are expected up to the share that was allowed then.
    """
    x = numbers(column.name, values)
    plain = unnested(values)
    if plain is None or not is_texty(plain.type) or not np.isnan(x).any():
        return x
    text = as_text(plain, column.name)
    present = text.is_valid().to_numpy(zero_copy_only=False)
    unread = present & np.isnan(x)
    bad, n = int(unread.sum()), int(present.sum())
    known = NO_NUMBERS in column.note
    if not bad or (known and bad <= (1 - READS_AS_NUMBERS) * n):
        return x
    row = int(unread.argmax())
    came = f"column {column.name!r} {{}} {bad:,} of {n:,} values {{}}, first {text[row].as_py()!r} at row {row}"
    if bad == n and not known:
        raise InputError(
            f"`X`: {came.format('must hold numbers; got', 'that are none')}. Write 1234.5, or pass numbers."
        )
    said = f"`X`: {came.format('holds numbers, but', 'are none')}; they count as missing. Mend them, or pass numbers."
    warnings.warn(said, stacklevel=2)
    return x


def codes(column: Column, values: pa.Array) -> np.ndarray:
    """(n,) int32 codes into `column.levels`; MISSING for a gap, UNSEEN for a level that was not there."""
    values = unnested(values)
    if values is None:
        raise InputError(
            f"`X`: column {column.name!r} must hold one value a row; got nested values. Give text or numbers."
        )
    text = as_text(values, column.name)
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
    """Dates, times and durations as float days, from their own unit: nanoseconds would end in the year 2262."""
    kind = values.type
    if pa.types.is_date32(kind):
        return values.cast(pa.int32()).cast(pa.float64())
    whole = values.cast(pa.int32()).cast(pa.int64()) if pa.types.is_time32(kind) else values.cast(pa.int64())
    unit = "ms" if pa.types.is_date64(kind) else kind.unit
    return pc.divide(whole.cast(pa.float64(), safe=False), A_DAY[unit])


def arrow_floats(values: pa.Array) -> np.ndarray:
    x = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(x, dtype=np.float64)


def as_text(values: pa.Array, name: str) -> pa.Array:
    """Levels as text, blanks at the ends removed; nothing left, NaN and `?` are gaps."""
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), pa.string())
    if pa.types.is_boolean(values.type):
        text = pc.if_else(values, "True", "False")
    elif is_bytes(values.type):
        text = bytes_as_text(values, name)
    else:
        text = values.cast(pa.string())
    text = pc.utf8_trim_whitespace(text)
    gap = pc.is_in(text, pa.array(["", "?", "nan", "NaN", "None", "<NA>", "NaT"]))
    return pc.if_else(gap, pa.scalar(None, pa.string()), text)


def is_texty(kind: pa.DataType) -> bool:
    t = pa.types
    return t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind) or is_bytes(kind)


def is_bytes(kind: pa.DataType) -> bool:
    t = pa.types
    return t.is_binary(kind) or t.is_large_binary(kind) or t.is_fixed_size_binary(kind) or t.is_binary_view(kind)


def bytes_as_text(values: pa.Array, name: str) -> pa.Array:
    """Bytes that are UTF-8 text; others are refused with their row."""
    try:
        return values.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid as error:
        bad = [row for row, value in enumerate(values.to_pylist()) if value is not None and not is_text(value)]
        raise InputError(
            f"column {name!r} must hold numbers or text; got {len(bad):,} values that are bytes, not UTF-8 text, first at row "
            f"{bad[0]}. Leave the column out, or write it as text."
        ) from error


def is_text(value: bytes) -> bool:
    try:
        value.decode("utf8")
    except UnicodeDecodeError:
        return False
    return True


def text_as_numbers(text: pa.Array) -> np.ndarray:
    """(n,) float64 of text; what does not read as a number is NaN."""
    looks = pc.match_substring_regex(text, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    clean = pc.if_else(looks, pc.utf8_ltrim(text, "+"), pa.scalar(None, pa.string()))
    return arrow_floats(clean.cast(pa.float64()))
