"""A few columns of a file of any size, in batches: CSV, Parquet, a folder of Parquet, .npy.

The trouble: weights of a billion rows do not fit into memory, and a file that is wrong in row 17 million must be refused with its
name, column and row. Batches of columns are read one after the other, numbers as float64; what is no number is found again by row.

What is inside: `open_columns` gives a `Columns`: what the file is called, the columns it has, its rows if they are known, and batches.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from .._errors import InputError
from ._tables import PARQUET, parquet_files, refuse_absent
from ._text import GAPS, NUMBER, Text, one_line, text_of

__all__ = ["BATCH", "Batch", "Columns", "Values", "open_columns"]

BATCH = 1 << 19  # rows: 4 MB a column
_NUMERIC = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
Values = dict[str, np.ndarray]


class Batch(NamedTuple):
    """Columns of some rows: the file they stand in, the number of the first of them there, and their values."""

    file: str
    first: int
    values: Values


@dataclass(frozen=True)
class Columns:
    """The columns of a file; `read(numbers, labels)` yields batches, `rows` is None where only reading tells."""

    name: str
    names: tuple[str, ...]
    rows: int | None
    read: Callable[[Sequence[str], Sequence[str]], Iterator[Batch]]

    def require(self, column: str, option: str) -> str:
        """`column`, if the file has it; refused with the nearest names otherwise."""
        if column in self.names:
            return column
        lower = {name.lower(): name for name in self.names}
        close = [lower[name] for name in difflib.get_close_matches(column.lower(), lower, n=3, cutoff=0.5)]
        have = ", ".join(map(repr, close or self.names[:8])) + (", ..." if not close and len(self.names) > 8 else "")
        said = f"nearest: {have}" if close else f"it has {have}"
        raise InputError(f"{self.name}: no column {column!r} for {option}; {said}. Name one of these.")


def open_columns(data: str) -> Columns:
    """What the user named, ready to be read; refused with a reason if it is not there or not what its name says."""
    path = refuse_absent(data, "WEIGHTS")
    try:
        if path.is_dir():
            return _folder(path)
        if path.suffix.lower() in PARQUET:
            return _parquet([path], data)
        if path.suffix.lower() == ".npy":
            return _npy(path)
        return _csv(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{data}: {_unreadable(error)}") from error


# ---- Parquet ----------------------------------------------------------------------------------------------------------------


def _folder(path: Path) -> Columns:
    files = parquet_files(path)
    if not files:
        raise InputError(
            f"{path}: a folder without .parquet files. Name a CSV, Parquet or .npy file, or a folder of Parquet."
        )
    return _parquet(files, str(path))


def _parquet(files: list[Path], name: str) -> Columns:
    rows, names = 0, ()
    for file in files:
        with _opened(file) as source:
            rows += source.metadata.num_rows
            names = names or tuple(source.schema_arrow.names)

    def read(numbers: Sequence[str], labels: Sequence[str]) -> Iterator[Batch]:
        for file in files:
            with _opened(file) as source:
                for column in (*numbers, *labels):
                    if column not in source.schema_arrow.names:
                        raise InputError(f"{file}: no column {column!r}, which other files of the folder have.")
                first = 0
                for batch in source.iter_batches(
                    BATCH, columns=list(dict.fromkeys((*numbers, *labels))), use_threads=False
                ):
                    yield _batch(batch, numbers, labels, str(file), first)
                    first += batch.num_rows

    return Columns(name, names, rows, read)


def _opened(file: Path) -> pa_parquet.ParquetFile:
    try:
        return pa_parquet.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file}: not a whole Parquet file: {one_line(error)}. Write it again.") from error


def _batch(batch: pa.RecordBatch, numbers: Sequence[str], labels: Sequence[str], file: str, first: int) -> Batch:
    values = {name: _numbers(batch.column(name), f"{file}: column {name!r}", first) for name in numbers}
    return Batch(file, first, values | {name: _labels(batch.column(name)) for name in labels})


def _numbers(column: pa.Array, where: str, first: int) -> np.ndarray:
    kind = column.type
    if not any(is_kind(kind) for is_kind in _NUMERIC):
        shown = f", first {column[0].as_py()!r} at row {first}" if len(column) else ""
        raise InputError(f"{where} must hold numbers; got {kind}{shown}. Name another column.")
    if column.null_count:
        row = first + int(pc.index(column.is_null(), True).as_py())
        raise InputError(f"{where}: a value is missing, first at row {row}. Drop those rows, or give them weight 0.")
    return column.cast(pa.float64()).to_numpy(zero_copy_only=False)


def _labels(column: pa.Array) -> np.ndarray:
    """Labels as objects, each distinct one made once; missing ones are None."""
    if pa.types.is_integer(column.type) and not column.null_count:
        return column.to_numpy()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    values = column.dictionary
    if not any(is_kind(values.type) for is_kind in (pa.types.is_string, *_NUMERIC)):
        values = values.cast(pa.string())
    names = np.empty(len(values) + 1, dtype=object)
    names[:] = [*values.to_pylist(), None]
    return names[column.indices.fill_null(len(values)).to_numpy()]


# ---- text -------------------------------------------------------------------------------------------------------------------


def _csv(path: Path) -> Columns:
    looked_at = text_of(path, whole=False)
    try:
        with _reader(looked_at, {}) as reader:
            names = tuple(reader.schema.names)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: {_ragged(looked_at, error) or _unreadable(error)}") from error
    if all(NUMBER.match(name) for name in names):
        raise InputError(
            f"{path}: the first line, {names[0]!r}, is a number and no column name. Add a header line, such as: w"
        )
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise InputError(f"{path}: column {doubles[0]!r} stands {names.count(doubles[0])} times. Rename or drop one.")

    def read(numbers: Sequence[str], labels: Sequence[str]) -> Iterator[Batch]:
        types = dict.fromkeys(labels, pa.string()) | dict.fromkeys(numbers, pa.float64())
        text = text_of(path) if labels else looked_at  # of numbers the encoding does not matter
        first = 0
        try:
            with _reader(text, types) as reader:
                for batch in reader:
                    yield _batch(batch, numbers, labels, str(path), first)
                    first += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            why = _ragged(text, error) or _no_number(text, numbers) or _unreadable(error)
            raise InputError(f"{path}: {why}") from error

    return Columns(str(path), names, None, read)


def _reader(text: Text, types: dict[str, pa.DataType]) -> pa_csv.CSVStreamingReader:
    return pa_csv.open_csv(
        text.path,
        read_options=pa_csv.ReadOptions(encoding=text.arrow_encoding, block_size=1 << 23, use_threads=False),
        parse_options=text.parsing(),
        convert_options=pa_csv.ConvertOptions(
            column_types=types, include_columns=list(types), null_values=GAPS, strings_can_be_null=True
        ),
    )


def _ragged(text: Text, error: BaseException) -> str:
    """Refuses lines with too many or too few fields; in words where they are not found again, empty if that is not it."""
    found = re.search(r"Row #\d+: Expected (\d+) columns, got (\d+)", str(error))
    if not found:
        return ""
    text.refuse_ragged()
    return f"a line has {found[2]} fields, the first {found[1]}. Mend the line, or quote what holds a delimiter."


def _no_number(text: Text, numbers: Sequence[str]) -> str:
    """The first field of these columns that is no number, in words; empty if there is none."""
    first = 0
    try:
        with _reader(text, dict.fromkeys(numbers, pa.string())) as reader:
            for batch in reader:
                for name in numbers:
                    for i, field in enumerate(batch.column(name).to_pylist()):
                        if field is not None and not NUMBER.match(field):
                            return f"column {name!r} must hold numbers; got {field!r} at row {first + i}. Name another column, or mend the row."
                first += batch.num_rows
    except (pa.ArrowException, OSError):  # broken there too: the first error is told
        pass
    return ""


def _unreadable(error: BaseException) -> str:
    return f"cannot be read: {one_line(error)}. Is the file whole?"


# ---- NumPy ------------------------------------------------------------------------------------------------------------------


def _npy(path: Path) -> Columns:
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise InputError(f"{path}: not a .npy file of numbers: {one_line(error)}. Write it with numpy.save.") from error
    if values.ndim != 1 or values.dtype.kind not in "fiub":
        raise InputError(
            f"{path}: must hold one column of numbers; got {values.dtype} of shape {values.shape}. Save one vector."
        )

    def read(numbers: Sequence[str], labels: Sequence[str]) -> Iterator[Batch]:
        for i in range(0, len(values), BATCH):
            yield Batch(str(path), i, {numbers[0]: np.asarray(values[i : i + BATCH], dtype=np.float64)})

    return Columns(str(path), ("w",), len(values), read)
