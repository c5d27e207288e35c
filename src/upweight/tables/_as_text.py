"""Values of any column as text, and which texts are gaps: the same for a file and for a frame read from it.

The trouble: pandas makes a gap of `NA`, polars keeps the word, Arrow does either, by option; `?` is a gap in half of the public
tables and in none of the libraries. A model trained on one reading and asked with another sees values it never met.

    gap    nothing, blanks, and the words in GAPS, whatever library read them
    bool   True or False, however it is capitalised; 1 and 0 beside them

What is inside: `unnested`, a plain Arrow array; `as_text`, its values as text, gaps null; `trimmed`, gaps still words; `is_texty`.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyarrow import compute

from .._errors import InputError

__all__ = ["GAPS", "as_text", "is_bytes", "is_gap", "is_texty", "one_spelling", "trimmed", "truths", "unnested"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

GAPS = (  # of the file reader, of pandas, and what missing values are called as text
    *("", "?", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NULL", "null", "None", "NaT"),
    *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)
TRUE, FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")


def unnested(values: Any) -> Any:
    """A plain array: chunks joined, dictionaries decoded; None for lists, structs and maps."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return None if pa.types.is_nested(values.type) else values


def as_text(values: pa.Array, name: str) -> pa.Array:
    """Values as text, blanks at the ends removed; GAPS and NaN are null."""
    text = trimmed(values, name)
    return pc.if_else(is_gap(text), pa.scalar(None, pa.string()), text)


def is_gap(text: pa.Array) -> pa.Array:
    """Whether each text is a word for a gap."""
    return pc.is_in(text, pa.array(GAPS))


def trimmed(values: pa.Array, name: str) -> pa.Array:
    """Values as text without blanks at the ends; only nulls are null."""
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), pa.string())
    if pa.types.is_boolean(values.type):
        text = pc.if_else(values, "True", "False")
    elif is_bytes(values.type):
        text = _bytes_as_text(values, name)
    else:
        text = values.cast(pa.string())
    return pc.utf8_trim_whitespace(text)


def truths(text: pa.Array) -> pa.Array:
    """`True` and `False` in one spelling, 1 and 0 too; other texts are null."""
    false = pc.if_else(pc.is_in(text, pa.array([*FALSE, "0"])), "False", pa.scalar(None, pa.string()))
    return pc.if_else(pc.is_in(text, pa.array([*TRUE, "1"])), "True", false)


def one_spelling(text: pa.Array) -> pa.Array:
    """A column of nothing but true and false in one spelling, where not all of them are digits; any other as it is."""
    bools = truths(text)
    words = pc.any(pc.is_in(text, pa.array([*TRUE, *FALSE]))).as_py()
    return bools if words and bools.null_count == text.null_count else text


def is_texty(kind: pa.DataType) -> bool:
    """Whether it is text, or bytes that may be."""
    t = pa.types
    return t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind) or is_bytes(kind)


def is_bytes(kind: pa.DataType) -> bool:
    t = pa.types
    return t.is_binary(kind) or t.is_large_binary(kind) or t.is_fixed_size_binary(kind) or t.is_binary_view(kind)


def _bytes_as_text(values: pa.Array, name: str) -> pa.Array:
    """Bytes that are UTF-8 text; others are refused with their row."""
    try:
        return values.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid as error:
        bad = [row for row, value in enumerate(values.to_pylist()) if value is not None and not _is_utf8(value)]
        raise InputError(
            f"column {name!r} must hold numbers or text; got {len(bad):,} values that are bytes, not UTF-8 text, first at row "
            f"{bad[0]}. Leave the column out, or write it as text."
        ) from error


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf8")
    except UnicodeDecodeError:
        return False
    return True
