"""How a field of a text file is written: gaps, numbers, numbers with a decimal comma, dates, booleans.

The trouble: the same question is asked of one field (is the first line a row?) and of whole columns (are these commas decimal
points?), in tables and in batches. It is answered here, once.

What is inside: `GAPS`; `kind_of_field`, what one field looks like; `comma_numbers`, whether a column is written with decimal commas;
`plain_numbers`, what becomes of it.
"""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
from pyarrow import compute

__all__ = [
    "DECIMAL_COMMA",
    "GAPS",
    "NUMBER",
    "WITH_COMMA",
    "all_match",
    "comma_numbers",
    "has_comma",
    "kind_of_column",
    "kind_of_field",
    "plain_field",
    "plain_numbers",
]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

GAPS = ["", "?", " ?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "<NA>"]
NUMBER = re.compile(r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$")
DECIMAL_COMMA = r"^\s*[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?\s*$"
WITH_COMMA = re.compile(DECIMAL_COMMA)
DATE = re.compile(r"^\s*\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?\s*$")


def kind_of_field(text: str, *, commas: bool = False) -> str:
    """number, date, boolean or text; `commas` allows decimal commas."""
    if NUMBER.match(text) or (commas and WITH_COMMA.match(text)):
        return "number"
    return "date" if DATE.match(text) else "boolean" if text.strip().lower() in ("true", "false") else "text"


def plain_field(text: str, *, commas: bool) -> float:
    """The number that a field is."""
    return float(text.replace(".", "").replace(",", ".") if commas and not NUMBER.match(text) else text)


def kind_of_column(column: pa.ChunkedArray, *, commas: bool = False) -> str:
    """number, date, boolean, text, or gaps where there is nothing else; `commas` allows decimal commas."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or (commas and comma_numbers(column)):
        return "number"
    if pa.types.is_temporal(kind):
        return "date"
    return "boolean" if pa.types.is_boolean(kind) else "gaps" if pa.types.is_null(kind) else "text"


def comma_numbers(column: pa.ChunkedArray) -> bool:
    """Whether all values of a text column are numbers with a decimal comma (3,5 or 1.234,5), and one has it."""
    return pa.types.is_string(column.type) and all_match(column, DECIMAL_COMMA) and has_comma(column)


def plain_numbers(column: Any) -> Any:
    """1.234,5 as 1234.5, float64."""
    dotless = pc.replace_substring(pc.utf8_trim_whitespace(column), ".", "")
    return pc.utf8_ltrim(pc.replace_substring(dotless, ",", "."), "+").cast(pa.float64())


def has_comma(column: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.match_substring(column, ",")).as_py())


def all_match(column: pa.ChunkedArray, pattern: str, *, empty: bool = False) -> bool:
    """Whether every value that is no gap matches; the first ones are asked first. `empty` is the answer where all are gaps."""
    present = column.slice(0, 100).drop_null()
    if len(present) and not pc.all(pc.match_substring_regex(present, pattern)).as_py():
        return False
    present = column.drop_null()
    if not len(present):
        return empty
    return bool(pc.all(pc.match_substring_regex(present, pattern)).as_py())
