"""Delimited text as one Arrow table: types are those of the whole column, not of its first rows.

The trouble: a parser that guesses types from the first block fails, or worse, when a column of numbers holds a word in row 70,000;
and a line with a field too many must be refused with its number, not skipped.

What is inside: `read_text`, from a `Text` to a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa

from .._errors import InputError
from ._commas import with_decimal_commas
from ._text import Text, conversion

__all__ = ["read_text"]


def read_text(text: Text, notice: Callable[[str], None]) -> pa.Table:
    """All rows; a column whose type changes half-way becomes text, a row of another length is an error with its line."""
    as_text: dict[str, pa.DataType] = {}
    while True:
        try:
            table = parse(text, as_text)
            break
        except pa.ArrowInvalid as error:
            changed = re.search(r"In CSV column #(\d+)", str(error))
            name = text.names[int(changed[1])] if changed and int(changed[1]) < len(text.names) else None
            if name is None or name in as_text:
                raise
            as_text[name] = pa.string()
    if text.mark == ";":
        table = with_decimal_commas(table, text.place.name, notice)
    return table


def parse(text: Text, as_text: dict[str, pa.DataType]) -> pa.Table:
    try:
        return text.read_csv(conversion(as_text))
    except pa.ArrowInvalid as error:
        bad = re.search(r"Expected (\d+) columns, got (\d+)(?:: (.*))?", str(error), re.DOTALL)
        if bad is None:
            raise
        text.refuse_ragged()
        raise InputError(
            f"{text.place.name}: a line has {bad[2]} fields, the first {bad[1]}: {(bad[3] or '').strip()[:60]!r}. "
            "Mend the line, or quote what holds a delimiter."
        ) from error
