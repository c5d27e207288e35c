"""Numbers that are not written as such: decimal commas, which are read; currencies, per cent and thousands marks, which are told.

The trouble: half of Europe writes 3,5 and 1.234,5 where others write 3.5 and 1234.5. Between semicolons a column all of whose
values can be read that way, one of them with a comma, is meant so. The rule stands here once, for whole tables and for batches.

What is inside: `with_decimal_commas` for tables; `comma_columns`, which columns they are, for batches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from ._fields import DECIMAL_COMMA, NUMBER, all_match, comma_numbers, has_comma, plain_numbers
from ._text import Text, conversion

__all__ = ["comma_columns", "note_commas", "with_decimal_commas"]

PLAIN = NUMBER.pattern
BLOCK = 1 << 23  # bytes parsed at a time


def with_decimal_commas(table: pa.Table, file: str, notice: Callable[[str], None]) -> pa.Table:
    """Text columns all of whose values are numbers with a decimal comma, as numbers; told."""
    names = []
    for j, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        if comma_numbers(column):
            table = table.set_column(j, name, plain_numbers(column))
            names.append(name)
    note_commas(names, file, notice)
    return table


def comma_columns(text: Text, names: Sequence[str]) -> list[str]:
    """Which of these columns are numbers with a decimal comma, all their rows looked at, batch by batch."""
    if text.mark != ";" or not names:
        return []
    able, plain, comma = dict.fromkeys(names, True), dict.fromkeys(names, True), dict.fromkeys(names, False)
    as_text = conversion(dict.fromkeys(names, pa.string()), only=names)
    with text.open_csv(as_text, block=BLOCK) as reader:
        for batch in reader:
            for name in names:
                column = pa.chunked_array([batch.column(name)])
                able[name] = able[name] and all_match(column, DECIMAL_COMMA, empty=True)
                plain[name] = plain[name] and all_match(column, PLAIN, empty=True)
                comma[name] = comma[name] or has_comma(column)
    return [name for name in names if able[name] and comma[name] and not plain[name]]


def note_commas(names: Sequence[str], file: str, notice: Callable[[str], None]) -> None:
    if names:
        more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
        notice(f"{file}: commas read as decimal points in {', '.join(map(repr, names[:3]))}{more}.")
