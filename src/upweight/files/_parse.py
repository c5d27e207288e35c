"""Delimited text as one Arrow table: types are those of the whole column, not of its first rows.

The trouble: a parser that guesses types from the first block fails, or worse, when a column of numbers holds a word in row 70,000;
and a line with a field too many must be refused with its number, not skipped.

What is inside: `read_text`, from a `Text` to a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pyarrow as pa

from .._errors import InputError
from ._commas import with_decimal_commas
from ._paths import one_line
from ._text import Text, conversion

__all__ = ["read_text"]


def read_text(text: Text, notice: Callable[[str], None], *, types: Mapping[str, pa.DataType] | None = None) -> pa.Table:
    """All rows; a column whose type changes half-way becomes text, a row of another length is an error with its line.

    types : of columns that are known, by name; a field that is none of its column's is an error.
    """
    known = _pinned(text, types or {})
    while True:
        try:
            table = _parse(text, known)
            break
        except pa.ArrowInvalid as error:
            changed = re.search(r"In CSV column #(\d+)", str(error))
            name = text.names[int(changed[1])] if changed and int(changed[1]) < len(text.names) else None
            if name is None or known.get(name) == pa.string():
                raise
            if name in known:
                raise InputError(
                    f"{text.place.name}: column {name!r} is {known[name]} elsewhere; {one_line(error)}. Make it one type."
                ) from error
            known[name] = pa.string()
    if text.mark == ";":
        table = with_decimal_commas(table, text.place.name, notice)
    return table


def _pinned(text: Text, types: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
    """The types that can be told to the parser; numbers that may be written with a decimal comma are read first."""
    plain = [pa.string(), pa.int64(), pa.bool_(), *([] if text.mark == ";" else [pa.float64()])]
    return {name: kind for name, kind in types.items() if name in text.names and kind in plain}


def _parse(text: Text, as_text: dict[str, pa.DataType]) -> pa.Table:
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
