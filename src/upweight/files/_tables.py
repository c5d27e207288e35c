"""Read DATA whole: text, Parquet, a folder of Parquet, NumPy, Excel, JSON lines, standard input, or demo:NAME, as one Arrow table.

The trouble: real files have no header, five spellings of a gap, semicolons, a stray byte order mark, a row too short in line
70,000, or are not what their name says; and the files of a folder differ. Each is either read as meant, with a notice, or refused
with file, column and line.

What is inside: `read_source` and what it gives, a `SourceTable`; `read_text_file`, for those who know where their text lies; each kind of file is
read in a file of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import pyarrow as pa

from .._errors import InputError
from ._excel import excel_as_text
from ._json_lines import read_json_lines
from ._numpy import as_arrow, numpy_columns
from ._parquet import open_parquet
from ._parse import read_text
from ._paths import Place, find, unreadable
from ._text import Text, inspect_text, refuse_doubles

__all__ = ["SourceTable", "read_source", "read_text_file"]


@dataclass(frozen=True)
class SourceTable:
    """A table, what to call it, and how to say where a row stands in it; `leave_out` are columns that are targets too.

    `text` is the text file it came from; `parts` are the files of a folder, with the number of rows in each.
    """

    table: pa.Table
    name: str
    text: Text | None = None
    parts: tuple[tuple[Path, int], ...] = ()
    leave_out: tuple[str, ...] = ()

    @property
    def headless(self) -> bool:
        return self.text is not None and self.text.headless

    def at(self, row: int) -> str:
        """'row 17 (line 19)' of text files, 'row 17 of part-2.parquet' of folders, 'row 17' otherwise."""
        if len(self.parts) > 1:
            ends = list(accumulate(rows for _, rows in self.parts))
            i = next(i for i, end in enumerate(ends) if row < end)
            return f"row {row - (ends[i - 1] if i else 0)} of {self.parts[i][0]}"
        line = None if self.text is None else self.text.line(row)
        return f"row {row}" if line is None else f"row {row} (line {line})"

    def spelled(self, name: str) -> pa.Array | None:
        """One column of a text file as it is written, gaps too; None for other sources."""
        return None if self.text is None else self.text.spelled(name)

    def all_spelled(self) -> pa.Table | None:
        """The whole of a text file as it is written, gaps too; None for other sources."""
        return None if self.text is None else self.text.all_spelled(self.table.column_names)


def read_source(data: str, notice: Callable[[str], None]) -> SourceTable:
    """Read what the user named; `notice` gets what was guessed."""
    if data.startswith("demo:"):
        from ._demo import demo_table, demo_targets  # scikit-learn, which no other data need

        name = data.removeprefix("demo:")
        return SourceTable(demo_table(name), data, leave_out=tuple(demo_targets(name)))
    place = find(data)
    try:
        source = _read_place(place, notice)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(place.name, error) from error
    refuse_doubles(source.table.column_names, source.name)
    if not source.table.num_rows:
        raise InputError(f"{place.name}: holds no rows, only the column names. Is this the right file?")
    return source


def read_text_file(
    path: str | os.PathLike[str],
    notice: Callable[[str], None],
    *,
    name: str,
    types: Mapping[str, pa.DataType] | None = None,
) -> pa.Table:
    """A text file as `read_source` reads it, whatever it is called: `name` stands in messages; it may have no rows.

    types : of columns that are known from elsewhere, by name.
    """
    place = Place(Path(path), name, "text")
    if not place.path.stat().st_size:
        raise InputError(f"{name}: the file is empty (0 bytes). Write it again.")
    try:
        return read_text(inspect_text(place, notice), notice, types=types)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(name, error) from error


def _read_place(place: Place, notice: Callable[[str], None]) -> SourceTable:
    if place.kind in ("folder", "parquet"):
        files = open_parquet(place, notice)
        return SourceTable(
            pa.concat_tables(files.tables()), place.name, parts=tuple(zip(files.files, files.rows, strict=True))
        )
    if place.kind == "numpy":
        return SourceTable(pa.table({n: as_arrow(v) for n, v in numpy_columns(place).items()}), place.name)
    if place.kind == "json":
        return SourceTable(read_json_lines(place), place.name)
    if place.kind == "excel":
        text = inspect_text(excel_as_text(place, notice), notice)
        return SourceTable(read_text(text, notice), place.name)
    text = inspect_text(place, notice)
    return SourceTable(read_text(text, notice), place.name, text)
