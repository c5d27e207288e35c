"""A few columns of a file of any size, in batches: text, Parquet, folders of Parquet, NumPy; Excel and JSON lines as far as they fit.

The trouble: weights of a billion rows do not fit into memory, and a file that is wrong in row 17 million must be refused with its
name, column and row. Batches of the columns asked for are read one after the other, and no others; each knows its file and the number
of its first row there.

What is inside: `open_columns` gives `Columns`: what the file is called, the columns it has, its rows if they are known, and `read`,
which yields a `Batch` after the other. A batch gives its columns as `numbers` or as `labels`, and refuses what is neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from .._errors import InputError, did_you_mean
from ._commas import comma_columns, note_commas
from ._excel import excel_as_text
from ._fields import plain_numbers
from ._json_lines import read_json_lines
from ._numpy import as_arrow, numpy_columns
from ._parquet import BATCH, open_parquet
from ._paths import Place, find, one_line, unreadable
from ._text import Text, conversion, inspect_text, refuse_doubles

__all__ = ["BATCH", "Batch", "Columns", "named", "open_columns"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

BLOCK = 1 << 23  # bytes of text parsed at a time
WHOLE = 1 << 53  # whole numbers up to it are float64 numbers
NUMERIC = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
LABEL = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_temporal, pa.types.is_null)
FLOAT = re.compile(r"^\s*[+-]?(\d+\.?\d*|\.\d+|inf|infinity|nan)([eE][+-]?\d+)?\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Batch:
    """Some rows of the columns asked for: the file they stand in, the number of the first of them there, and what they hold."""

    file: str
    first: int
    columns: pa.RecordBatch

    def __len__(self) -> int:
        return self.columns.num_rows

    def numbers(self, name: str) -> np.ndarray:
        """(n,) float64; refused with file, column and row if a value is missing, no number, or a whole number too large."""
        return numbers(self.columns.column(name), f"{self.file}: column {name!r}", self.first)

    def labels(self, name: str) -> np.ndarray:
        """(n,) labels: integers as they are, all else as objects, missing ones None; nested values and bytes are refused."""
        return labels(self.columns.column(name), f"{self.file}: column {name!r}", self.first)


@dataclass(frozen=True)
class Columns:
    """The columns of a file; `read(numbers, labels)` yields batches of these alone, `rows` is None where only reading tells."""

    name: str
    names: tuple[str, ...]
    rows: int | None
    read: Callable[[Sequence[str], Sequence[str]], Iterator[Batch]]
    headless: bool = False

    def require(self, column: str, option: str) -> str:
        """The column of that name; refused with the nearest names otherwise."""
        return named(column, self.names, option, file=self.name, headless=self.headless)


def named(column: str, names: Sequence[str], option: str, *, file: str, headless: bool) -> str:
    """The column that was named, blanks around it aside; of a file without header its number will do."""
    if column in names:
        return column
    if headless and column.strip().isdigit() and f"c{column.strip()}" in names:
        return f"c{column.strip()}"
    same = [n for n in names if n.strip() == column.strip()]
    if len(same) == 1:
        return same[0]
    why = f"{file}: no column {column!r} for {option}."
    if headless:
        raise InputError(f"{why} The file has no header line; its columns are c0 to c{len(names) - 1}.")
    raise InputError(why + did_you_mean(column, names))


def open_columns(data: str, notice: Callable[[str], None]) -> Columns:
    """What the user named, ready to be read; refused with a reason if it is not there or not what its name says.

    `notice` gets what was guessed.
    """
    place = find(data, "WEIGHTS")
    try:
        if place.kind in ("folder", "parquet"):
            return _of_parquet(place, notice)
        if place.kind == "numpy":
            return _of_numpy(place)
        if place.kind == "json":
            return _of_table(read_json_lines(place), place)
        if place.kind == "excel":
            place = excel_as_text(place, notice)
        return _of_text(place, notice)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(place.name, error) from error


# ---- kinds of files ---------------------------------------------------------------------------------------------------------


def _of_parquet(place: Place, notice: Callable[[str], None]) -> Columns:
    files = open_parquet(place, notice)

    def read(numbers: Sequence[str], labels: Sequence[str]) -> Iterator[Batch]:
        for file, first, columns in files.batches(list(dict.fromkeys((*numbers, *labels)))):
            yield Batch(str(file), first, columns)

    return Columns(place.name, tuple(files.schema.names), sum(files.rows), read)


def _of_numpy(place: Place) -> Columns:
    columns = numpy_columns(place)
    rows = len(next(iter(columns.values())))

    def read(numbers: Sequence[str], labels: Sequence[str]) -> Iterator[Batch]:
        for first in range(0, rows, BATCH):
            part = {n: as_arrow(columns[n][first : first + BATCH]) for n in dict.fromkeys((*numbers, *labels))}
            yield Batch(place.name, first, pa.RecordBatch.from_pydict(part))

    return Columns(place.name, tuple(columns), rows, read)


def _of_table(table: pa.Table, place: Place) -> Columns:
    refuse_doubles(table.column_names, place.name)

    def read(numbers: Sequence[str], labels: Sequence[str]) -> Iterator[Batch]:
        first = 0
        for batch in table.select(list(dict.fromkeys((*numbers, *labels)))).to_batches(BATCH):
            yield Batch(place.name, first, batch)
            first += batch.num_rows

    return Columns(place.name, tuple(table.column_names), table.num_rows, read)


def _of_text(place: Place, notice: Callable[[str], None]) -> Columns:
    text = inspect_text(place, notice)

    def read(numbers: Sequence[str], labels: Sequence[str]) -> Iterator[Batch]:
        try:
            commas = comma_columns(text, numbers)
            note_commas(commas, place.name, notice)
            yield from _text_batches(text, numbers, labels, commas)
        except (pa.ArrowException, OSError) as error:
            why = _ragged(text, error) or _no_number(text, numbers)
            raise (InputError(f"{place.name}: {why}") if why else unreadable(place.name, error)) from error

    return Columns(place.name, text.names, None, read, text.headless)


# ---- text -------------------------------------------------------------------------------------------------------------------


def _text_batches(text: Text, numbers: Sequence[str], labels: Sequence[str], commas: Sequence[str]) -> Iterator[Batch]:
    types = (
        dict.fromkeys(labels, pa.string()) | dict.fromkeys(numbers, pa.float64()) | dict.fromkeys(commas, pa.string())
    )
    first = 0
    with _reader(text, types) as batches:
        for batch in batches:
            for name in commas:
                batch = batch.set_column(list(types).index(name), name, plain_numbers(batch.column(name)))
            yield Batch(text.place.name, first, batch)
            first += batch.num_rows


def _reader(text: Text, types: dict[str, pa.DataType]) -> Any:
    return text.open_csv(conversion(types, only=list(types)), block=BLOCK)


def _ragged(text: Text, error: BaseException) -> str:
    """Refuses lines with too many or too few fields; in words where they are not found again, empty if that is not it."""
    counts = re.search(r"Row #\d+: Expected (\d+) columns, got (\d+)", str(error))
    if not counts:
        return ""
    text.refuse_ragged()
    return f"a line has {counts[2]} fields, the first {counts[1]}. Mend the line, or quote what holds a delimiter."


def _no_number(text: Text, numbers: Sequence[str]) -> str:
    """The first field of these columns that is no number, in words; empty if there is none."""
    first = 0
    try:
        with _reader(text, dict.fromkeys(numbers, pa.string())) as batches:
            for batch in batches:
                for name in numbers:
                    for i, field in enumerate(batch.column(name).to_pylist()):
                        if field is not None and not FLOAT.match(field):
                            return f"column {name!r} must hold numbers; got {field!r} at row {first + i}. Name another column, or mend the row."
                first += batch.num_rows
    except (pa.ArrowException, OSError):  # broken there too: the first error is told
        pass
    return ""


# ---- values -----------------------------------------------------------------------------------------------------------------


def numbers(column: pa.Array, where: str, first: int) -> np.ndarray:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if not any(is_kind(kind) for is_kind in NUMERIC):
        example = f", first {_value_text(column, 0)} at row {first}" if len(column) else ""
        raise InputError(f"{where} must hold numbers; got {kind}{example}. Name another column.")
    if column.null_count:
        row = first + int(pc.index(column.is_null(), True).as_py())
        raise InputError(f"{where}: a value is missing, first at row {row}. Drop those rows, or give them weight 0.")
    if pa.types.is_integer(kind) and kind.bit_width == 64:
        _refuse_large(column, where, first)
    return column.cast(pa.float64()).to_numpy(zero_copy_only=False)


def _refuse_large(column: pa.Array, where: str, first: int) -> None:
    """Whole numbers that float64 would round."""
    values = column.to_numpy()
    large = (values > WHOLE) | (values < -WHOLE if values.dtype.kind == "i" else False)
    if large.any():
        i = int(large.argmax())
        raise InputError(
            f"{where}: whole numbers must be within 2^53 to be held exactly; got {values[i]} at row {first + i}. "
            "Divide them, or write them as floating point numbers."
        )


def labels(column: pa.Array, where: str, first: int) -> np.ndarray:
    """Labels as objects, each distinct one made once; missing ones are None."""
    if pa.types.is_integer(column.type) and not column.null_count and not pa.types.is_uint64(column.type):
        return column.to_numpy()
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not any(is_kind(kind) for is_kind in (*NUMERIC, *LABEL)):
        raise InputError(
            f"{where} must hold one label a row: text, a number or a date; got {kind}, first {_value_text(column, 0)} at row {first}. "
            "Name another column."
        )
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    values = column.dictionary
    if pa.types.is_decimal(kind) or not any(is_kind(kind) for is_kind in (pa.types.is_string, *NUMERIC)):
        values = values.cast(pa.string())
    names = np.empty(len(values) + 1, dtype=object)
    names[:] = [*values.to_pylist(), None]
    return names[column.indices.fill_null(len(values)).to_numpy()]


def _value_text(column: pa.Array, i: int) -> str:
    """One value, shortly; some cannot be shown at all (a date beyond the calendar of Python)."""
    try:
        return repr(column[i].as_py())[:80]
    except (ValueError, OverflowError) as error:
        return f"one that cannot be shown ({one_line(error)[:60]})"
