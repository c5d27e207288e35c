"""Parquet: one file, or a folder of files with one schema, whose folders may be keys (day=2024-01-01/part-0.parquet).

The trouble: the files of a folder differ in columns and types; some are leftovers of a writer (_temporary, ._copy), whose rows would
count twice; keys stand in the names of folders only; a page that is damaged turns into an error in the middle, or into indices
that point outside. So schemas are compared first, what is read is validated, and rows are counted against what the file says; checksums are
verified where the writer left them.

What is inside: `ParquetFiles`, the files, their common schema and keys; `tables` reads them whole, `batches` a few columns at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pa_parquet

from .._errors import InputError, counted
from ._fields import NUMBER
from ._paths import PARQUET, Place, unreadable
from ._text import refuse_doubles

__all__ = ["BATCH", "ParquetFiles", "open_parquet"]

BATCH = 1 << 19  # rows: 4 MB a column
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
OTHERS = {".csv", ".tsv", ".txt", ".gz", ".xlsx", ".jsonl", ".ndjson", ".npy", ".npz", ".feather", ".orc"}
BROKEN = (
    pa.ArrowException,
    OSError,
    UnicodeDecodeError,
    ValueError,
    OverflowError,
)  # what Arrow raises on damaged files
Keys = dict[str, str | None]


@dataclass(frozen=True)
class ParquetFiles:
    """Files that hold one table: its schema, keys of folders last; the keys and the number of rows of each file.

    `place` is where they were found; a temporary file stays as long as somebody holds it.
    """

    place: Place
    files: tuple[Path, ...]
    schema: pa.Schema
    keys: tuple[Keys, ...]
    rows: tuple[int, ...]

    def tables(self) -> Iterator[pa.Table]:
        """Each file whole, in the common schema."""
        own = [n for n in self.schema.names if n not in self.keys[0]]
        for i, file in enumerate(self.files):
            with _readable(file) as source:
                table = source.read()
                table.validate(full=True)
                parts = [cast(table.column(name), self.schema.field(name), file) for name in own]
            _refuse_miscount(file, table.num_rows, self.rows[i])
            yield pa.table([*parts, *self.key_columns(i, table.num_rows)], schema=self.schema)

    def batches(self, names: Sequence[str]) -> Iterator[tuple[Path, int, pa.RecordBatch]]:
        """(file, number of the first row in it, these columns of some rows); nothing else is read."""
        keys = [n for n in names if n in self.keys[0]]
        own = [n for n in names if n not in keys]
        for i, file in enumerate(self.files):
            first = 0
            with _readable(file) as source:
                for batch in source.iter_batches(BATCH, columns=own, use_threads=False):
                    batch.validate(full=True)
                    columns = [cast(batch.column(n), self.schema.field(n), file) for n in own]
                    columns += self.key_columns(i, batch.num_rows, keys)
                    yield file, first, pa.RecordBatch.from_arrays(columns, names=[*own, *keys])
                    first += batch.num_rows
            _refuse_miscount(file, first, self.rows[i])

    def key_columns(self, i: int, rows: int, names: Sequence[str] | None = None) -> list[pa.Array]:
        """The keys of one file, repeated for its rows."""
        keys = self.keys[i] if names is None else {n: self.keys[i][n] for n in names}
        return [pa.repeat(_key_value(text, self.schema.field(name).type), rows) for name, text in keys.items()]


def open_parquet(place: Place, notice: Callable[[str], None]) -> ParquetFiles:
    """The file, or the files of the folder, with one schema; refused with the file that breaks it."""
    if place.kind != "folder":
        schema, rows = footer(place.path)
        return ParquetFiles(place, (place.path,), schema, ({},), (rows,))
    files = _parquet_files(place.path)
    if not files:
        raise InputError(f"{place.name}: a folder without .parquet files. Name a CSV or Parquet file.")
    _note_left_out(place, notice)
    footers = [footer(file) for file in files]
    schema = _common_schema(list(zip(files, (schema for schema, _ in footers), strict=True)))
    keys = _folder_keys(place.path, files, set(schema.names))
    for name in keys[0]:
        schema = schema.append(pa.field(name, _key_type([k[name] for k in keys])))
    return ParquetFiles(place, tuple(files), schema, keys, tuple(rows for _, rows in footers))


# ---- files ------------------------------------------------------------------------------------------------------------------


def _parquet_files(folder: Path) -> list[Path]:
    """The Parquet files of a folder; hidden ones, and those that a writer has not finished, aside."""
    paths = (p for p in folder.rglob("*") if p.suffix.lower() in PARQUET and p.is_file())
    return sorted(p for p in paths if not any(map(_hidden, p.relative_to(folder).parts)))


def _hidden(name: str) -> bool:
    """.name and _name, as Spark and Hive have it; `_key=value` is a key."""
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def _note_left_out(place: Place, notice: Callable[[str], None]) -> None:
    """Say which files of the folder look like data and are not read."""
    others = sorted(p for p in place.path.rglob("*") if p.suffix.lower() in OTHERS and p.is_file())
    others = [p for p in others if not any(map(_hidden, p.relative_to(place.path).parts))]
    if others:
        notice(
            f"{place.name}: only Parquet is read; {counted(len(others), 'other file')} left out, first {others[0].name!r}."
        )


@contextmanager
def _readable(file: Path) -> Iterator[pa_parquet.ParquetFile]:
    """The file, open; whatever Arrow finds broken in it is refused with its name."""
    try:
        with pa_parquet.ParquetFile(
            file, pre_buffer=False, buffer_size=1 << 20, page_checksum_verification=True
        ) as source:
            yield source
    except InputError:
        raise
    except BROKEN as error:
        raise unreadable(str(file), error) from error


def footer(file: Path) -> tuple[pa.Schema, int]:
    """Schema and number of rows."""
    with _readable(file) as source:
        names = source.schema_arrow.names
        refuse_doubles(names, str(file))
        return source.schema_arrow.remove_metadata(), source.metadata.num_rows


def _refuse_miscount(file: Path, rows: int, footer_rows: int) -> None:
    if rows != footer_rows:
        raise InputError(
            f"{file}: its footer says {counted(footer_rows, 'row')}, its pages hold {rows:,}. Write it again."
        )


# ---- one schema -------------------------------------------------------------------------------------------------------------


def _common_schema(schemas: list[tuple[Path, pa.Schema]]) -> pa.Schema:
    """The schema of all: same columns in each, types that become one without loss of meaning (int64 and double: double)."""
    first, kept = schemas[0]
    for file, schema in schemas:
        _refuse_lacking(file, schema.names, first, kept.names)
        _refuse_lacking(first, kept.names, file, schema.names)
    merged = {name: kept.field(name).type for name in kept.names}
    for file, schema in schemas[1:]:
        for name in merged:
            merged[name] = _one_type(name, merged[name], schema.field(name).type, file, first)
    return pa.schema(list(merged.items()))


def _refuse_lacking(file: Path, names: list[str], other: Path, needed: list[str]) -> None:
    lacking = [n for n in needed if n not in set(names)]
    if lacking:
        more = f" (and {counted(len(lacking) - 1, 'other')})" if len(lacking) > 1 else ""
        raise InputError(
            f"{file}: no column {lacking[0]!r}{more}, which {other} has. "
            "Write all files with the same columns, or name one file."
        )


def _one_type(name: str, kind: pa.DataType, other: pa.DataType, file: Path, first: Path) -> pa.DataType:
    """A type that holds both."""
    if kind == other:
        return kind
    both = [pa.schema([(name, _plain_type(k))]) for k in (kind, other)]
    try:
        return pa.unify_schemas(both, promote_options="permissive").field(0).type
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(
            f"{file}: column {name!r} is {other}, in {first} {kind}. Write it as one type in all files."
        ) from error


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """What the values are, however they are packed."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def cast(column: pa.Array | pa.ChunkedArray, field: pa.Field, file: Path) -> pa.Array | pa.ChunkedArray:
    if column.type == field.type:
        return column
    try:
        return column.cast(field.type)
    except pa.ArrowException as error:
        raise InputError(
            f"{file}: column {field.name!r} is {column.type}, in other files {field.type}, and not all of it fits: "
            f"{error}. Write it as one type in all files."
        ) from error


# ---- keys of folders --------------------------------------------------------------------------------------------------------


def _folder_keys(folder: Path, files: Sequence[Path], columns: set[str]) -> tuple[Keys, ...]:
    """{key: value} of each file, from the folders it lies in; keys that are columns of the files too are left to these."""
    keys = [dict(map(_key_of, filter(_is_key, file.relative_to(folder).parts[:-1]))) for file in files]
    for file, own in zip(files, keys, strict=True):
        if list(own) != list(keys[0]):
            raise InputError(
                f"{file}: lies in folders of the keys {list(own)}, {files[0]} in those of {list(keys[0])}. "
                "Give all files the same keys, or name one folder."
            )
    return tuple({name: value for name, value in own.items() if name not in columns} for own in keys)


def _is_key(part: str) -> bool:
    return part.find("=") > 0


def _key_of(part: str) -> tuple[str, str | None]:
    name, value = part.split("=", 1)
    return unquote(name), None if value == NO_VALUE else unquote(value)


def _key_type(values: Sequence[str | None]) -> pa.DataType:
    """Numbers if all are, whole ones as such; else text."""
    present = [v for v in values if v is not None]
    if present and all(
        v.removeprefix("-").isascii() and v.removeprefix("-").isdigit() and len(v) < 19 for v in present
    ):
        return pa.int64()
    return pa.float64() if present and all(map(NUMBER.match, present)) else pa.string()


def _key_value(text: str | None, kind: pa.DataType) -> pa.Scalar:
    if text is None or pa.types.is_string(kind):
        return pa.scalar(text, kind)
    return pa.scalar(int(text) if pa.types.is_integer(kind) else float(text), kind)
