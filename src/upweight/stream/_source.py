"""Data on disk as files, tasks and batches: Parquet files, folders of them, CSV; on this machine or behind a URI.

    files    sorted by path; each with size, rows, and a token of what is in it
    tasks    consecutive row groups in path order, closed at a 64th of all compressed bytes, at least 8 and at most 256 MiB
    batches  65,536 rows at a time, in order

The trouble: a job that is cut by the number of workers cannot be resumed by another number of them. Tasks depend on the files alone. And a file of
the same name may hold other rows tomorrow, so a file is known by a token: SHA-256 of its size, its first and last 64 KiB and, for Parquet, its
footer.

Folders named `day=2024-05-01` become text columns, as Hive writes them. Names that start with a point or an underscore are no data.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from .._errors import InputError

__all__ = ["BATCH", "Piece", "Source", "SourceFile", "Task", "open_source"]

BATCH = 1 << 16
EDGE = 1 << 16  # bytes of either end that go into a token
LEAST_BYTES, MOST_BYTES, SHARE = 8 << 20, 256 << 20, 64
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".csv.gz", ".tsv", ".txt")


@dataclass(frozen=True)
class SourceFile:
    """One file: `path` relative to the root, `full` for its filesystem, what it holds, and the keys of its folders."""

    path: str
    full: str
    size: int
    rows: int
    token: str
    schema: pa.Schema
    groups: tuple[tuple[int, int], ...]  # (rows, compressed bytes) of each row group
    keys: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class Piece:
    """Row groups `first` to `stop` (exclusive) of one file; `before`, rows of the file that come first."""

    file: SourceFile
    first: int
    stop: int

    @property
    def before(self) -> int:
        return sum(rows for rows, _ in self.file.groups[: self.first])

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.file.groups[self.first : self.stop])


@dataclass(frozen=True)
class Task:
    """Pieces that are done together; `id` is a fingerprint of which rows they are."""

    pieces: tuple[Piece, ...]

    @cached_property
    def id(self) -> str:
        facts = [[p.file.path, p.file.token, p.first, p.stop] for p in self.pieces]
        return hashlib.sha256(json.dumps(facts, separators=(",", ":")).encode()).hexdigest()[:16]

    @property
    def bytes(self) -> int:
        return sum(p.bytes for p in self.pieces)


@dataclass(frozen=True)
class Source:
    """Files to read as one table.

    root : where relative paths start. files : sorted by path. schema : of all files together, folder keys last. filesystem : pyarrow's.
    """

    root: str
    files: tuple[SourceFile, ...]
    schema: pa.Schema
    filesystem: Any = field(repr=False)

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(f.rows for f in self.files)

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(f.size for f in self.files)

    def tasks(self) -> list[Task]:
        """The same tasks whatever the number of workers."""
        total = sum(size for f in self.files for _, size in f.groups)
        full = min(max(total // SHARE, LEAST_BYTES), MOST_BYTES)
        tasks: list[Task] = []
        pieces: list[Piece] = []
        held = 0
        for file in self.files:
            first = 0
            for group, (_, size) in enumerate(file.groups):
                held += size
                if held >= full:
                    tasks.append(Task((*pieces, Piece(file, first, group + 1))))
                    pieces, held, first = [], 0, group + 1
            if first < len(file.groups):
                pieces.append(Piece(file, first, len(file.groups)))
        return tasks + ([Task(tuple(pieces))] if pieces else [])

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """All rows in order, 65,536 at most at a time."""
        for task in self.tasks():
            for piece in task.pieces:
                yield from self.batches_of(piece, columns)

    def batches_of(self, piece: Piece, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Rows of one piece, in the schema of the source.

        Raises InputError where a page is damaged, naming file and row groups.
        """
        names = list(self.schema.names) if columns is None else list(columns)
        schema = pa.schema([self.schema.field(n) for n in names])
        own = [n for n in names if n in piece.file.schema.names]
        try:
            for batch in read_batches(self.filesystem, piece, own):
                yield in_schema(batch, schema, dict(piece.file.keys))
        except (pa.ArrowException, OSError) as error:
            where = f"{piece.file.path}: row groups {piece.first} to {piece.stop - 1}"
            raise InputError(f"{where} cannot be read ({first_line(error)}). Write the file again.") from error

    def to_dict(self) -> dict[str, Any]:
        """What a plan stores of its data."""
        return {
            "root": self.root,
            "schema": [[f.name, str(f.type)] for f in self.schema],
            "files": [{"path": f.path, "size": f.size, "rows": f.rows, "token": f.token} for f in self.files],
        }


def read_batches(filesystem: Any, piece: Piece, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Rows of a piece as the file holds them; page checksums are verified, and nothing is read ahead of its row group."""
    with filesystem.open_input_file(piece.file.full) as file:
        if is_parquet(piece.file.path):
            reader = pq.ParquetFile(file, pre_buffer=False, page_checksum_verification=True)
            groups = list(range(piece.first, piece.stop))
            yield from reader.iter_batches(batch_size=BATCH, row_groups=groups, columns=columns)
            return
    table = text_table(filesystem, piece.file.full, piece.file.schema)
    yield from table.select(columns).to_batches(max_chunksize=BATCH)


def in_schema(batch: pa.RecordBatch, schema: pa.Schema, keys: dict[str, str | None]) -> pa.RecordBatch:
    """A batch with the columns of the source: widened, folder keys added, columns that this file lacks all null."""
    columns = []
    for kind in schema:
        if kind.name in keys:
            columns.append(pa.repeat(pa.scalar(keys[kind.name], kind.type), batch.num_rows))
        elif kind.name in batch.schema.names:
            column = batch.column(kind.name)
            columns.append(column if column.type == kind.type else column.cast(kind.type))
        else:
            columns.append(pa.nulls(batch.num_rows, kind.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


# ---- finding files ----------------------------------------------------------------------------------------------------------


def open_source(paths: str | Sequence[str], *, filesystem: Any = None) -> Source:
    """Files, a folder, a pattern, or a list of them, as one source.

    paths : local paths or URIs (s3://, gs://, hdfs://, and what fsspec knows); a pattern has * or ?. filesystem : pyarrow's or fsspec's, for paths of it.

    Raises InputError for no file, a file that is no Parquet or CSV, columns of one name and two kinds.

    >>> open_source("no/such/folder")
    Traceback (most recent call last):
    ...
    upweight.InputError: no such file or folder: 'no/such/folder'.
    """
    given = [paths] if isinstance(paths, str) or hasattr(paths, "__fspath__") else list(paths)
    if not given:
        raise InputError("no data was named. Give a file, a folder, a pattern, or a list of them.")
    found: dict[str, str] = {}
    system = filesystem
    for one in given:
        system, listed = listing(str(one), filesystem)
        found |= {full: relative for full, relative in listed}
    root = str(given[0]) if len(given) == 1 else ""
    if not found:
        raise InputError(
            f"{str(given[0])!r} holds no Parquet or CSV files. Names that start with a point or underscore are no data."
        )
    files = tuple(
        described(system, full, relative) for full, relative in sorted(found.items(), key=lambda item: item[1])
    )
    return Source(root, files, joint_schema(files), system)


def listing(path: str, filesystem: Any) -> tuple[Any, list[tuple[str, str]]]:
    """(filesystem, [(full path, relative path)]) of a file, folder or pattern."""
    system, inner = resolved(path, filesystem)
    if any(c in inner for c in "*?["):
        base = inner[: min(inner.index(c) for c in "*?[" if c in inner)].rpartition("/")[0]
        infos = system.get_file_info(fs.FileSelector(base or ".", recursive=True, allow_not_found=True))
        hits = [
            i.path for i in infos if i.type == fs.FileType.File and fnmatch.fnmatch(i.path.removeprefix("./"), inner)
        ]
        return system, [(p, p.removeprefix(base).lstrip("/")) for p in hits if is_data(p.removeprefix(base))]
    info = system.get_file_info(inner)
    if info.type == fs.FileType.File:
        return system, [(inner, PurePosixPath(inner).name)]
    if info.type != fs.FileType.Directory:
        raise InputError(f"no such file or folder: {path!r}.")
    infos = system.get_file_info(fs.FileSelector(inner, recursive=True))
    hits = [i.path for i in infos if i.type == fs.FileType.File]
    base = inner.rstrip("/")
    return system, [(p, p[len(base) :].lstrip("/")) for p in hits if is_data(p[len(base) :])]


def resolved(path: str, filesystem: Any) -> tuple[Any, str]:
    """The filesystem of a path or URI, and the path inside it."""
    if filesystem is not None:
        system = filesystem if isinstance(filesystem, fs.FileSystem) else fs.PyFileSystem(fs.FSSpecHandler(filesystem))
        return system, path
    if "://" not in path:
        return fs.LocalFileSystem(), path
    try:
        return fs.FileSystem.from_uri(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return by_fsspec(path)


def by_fsspec(path: str) -> tuple[Any, str]:
    """What pyarrow does not know, fsspec may."""
    scheme = path.split("://")[0]
    try:
        import fsspec
    except ImportError as error:
        raise InputError(f"{path!r}: pyarrow knows no {scheme}://. Install fsspec, or pass filesystem=.") from error
    try:
        system = fsspec.filesystem(scheme)
    except (ValueError, ImportError) as error:
        raise InputError(f"{path!r}: no filesystem is known for {scheme}:// ({error}).") from error
    return fs.PyFileSystem(fs.FSSpecHandler(system)), path.split("://", 1)[1]


def is_data(relative: str) -> bool:
    parts = [p for p in relative.split("/") if p]
    hidden = any(p.startswith((".", "_")) for p in parts)
    return bool(parts) and not hidden and parts[-1].lower().endswith((*PARQUET, *TEXT))


def is_parquet(path: str) -> bool:
    return path.lower().endswith(PARQUET)


def folder_keys(relative: str) -> tuple[tuple[str, str | None], ...]:
    """(name, value) of folders such as day=2024-05-01; Hive's word for null is None."""
    out = []
    for part in relative.split("/")[:-1]:
        name, equal, value = part.partition("=")
        if equal and name:
            out.append((unquote(name), None if value == HIVE_NULL else unquote(value)))
    return tuple(out)


def described(system: Any, full: str, relative: str) -> SourceFile:
    """Size, rows, token, schema and row groups of one file."""
    size = int(system.get_file_info(full).size)
    keys = folder_keys(relative)
    if not is_parquet(relative):
        table = text_table(system, full, None)
        return SourceFile(
            relative,
            full,
            size,
            table.num_rows,
            token_of(system, full, size, b""),
            table.schema,
            ((table.num_rows, size),),
            keys,
        )
    try:
        with system.open_input_file(full) as file:
            meta = pq.ParquetFile(file, pre_buffer=False).metadata
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{relative}: not a whole Parquet file ({first_line(error)}). Write it again.") from error
    groups = tuple(
        (
            meta.row_group(g).num_rows,
            sum(meta.row_group(g).column(c).total_compressed_size for c in range(meta.num_columns)),
        )
        for g in range(meta.num_row_groups)
    )
    footer = str(meta.serialized_size).encode()
    return SourceFile(
        relative,
        full,
        size,
        meta.num_rows,
        token_of(system, full, size, footer),
        meta.schema.to_arrow_schema().remove_metadata(),
        groups,
        keys,
    )


def token_of(system: Any, full: str, size: int, footer: bytes) -> str:
    """First 16 hex digits of SHA-256 of size, both ends and footer size."""
    digest = hashlib.sha256(str(size).encode() + footer)
    with system.open_input_file(full) as file:
        digest.update(file.read(EDGE))
        file.seek(max(size - max(EDGE, int(footer or 0) + 8), 0))
        digest.update(file.read())
    return digest.hexdigest()[:16]


def text_table(system: Any, full: str, schema: pa.Schema | None) -> pa.Table:
    """A whole CSV file; `schema` pins the types that were found before."""
    from pyarrow import csv

    with system.open_input_stream(full, compression="gzip" if full.endswith(".gz") else None) as file:
        options = (
            csv.ConvertOptions(column_types=schema, strings_can_be_null=True)
            if schema is not None
            else csv.ConvertOptions(strings_can_be_null=True)
        )
        parse = csv.ParseOptions(delimiter="\t" if full.endswith(".tsv") else ",")
        try:
            return csv.read_csv(file, convert_options=options, parse_options=parse)
        except pa.ArrowInvalid as error:
            raise InputError(f"{full}: {first_line(error)}.") from error


# ---- one schema -------------------------------------------------------------------------------------------------------------


def joint_schema(files: Sequence[SourceFile]) -> pa.Schema:
    """Columns of all files in the order they are met, widened; folder keys are text, and come last."""
    kinds: dict[str, tuple[pa.DataType, str]] = {}
    for file in files:
        for kind in file.schema:
            there = kinds.get(kind.name)
            kinds[kind.name] = (kind.type, file.path) if there is None else (wider(kind, there, file.path), there[1])
    keys = dict.fromkeys(name for file in files for name, _ in file.keys)
    fields = [pa.field(name, kind) for name, (kind, _) in kinds.items() if name not in keys]
    return pa.schema([*fields, *(pa.field(name, pa.string()) for name in keys)])


def wider(kind: pa.Field, there: tuple[pa.DataType, str], path: str) -> pa.DataType:
    """The type that holds both: whole numbers, fractions, texts widen; a text and a number never meet."""
    one, two = there[0], kind.type
    if one == two or pa.types.is_null(two):
        return one
    if pa.types.is_null(one):
        return two
    if pa.types.is_integer(one) and pa.types.is_integer(two):
        return pa.int64()
    numbers = (pa.types.is_integer, pa.types.is_floating)
    if any(test(one) for test in numbers) and any(test(two) for test in numbers):
        return pa.float64()
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_dictionary)
    if any(test(one) for test in texts) and any(test(two) for test in texts):
        return pa.large_string()
    raise InputError(f"column {kind.name!r} is {one} in {there[1]} and {two} in {path}. Make it one type.")


def first_line(error: BaseException) -> str:
    return str(error).split("\n")[0].rstrip(".")[:200]
