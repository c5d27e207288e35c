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

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .._errors import InputError
from ..tables import frame_of, is_frame
from ._engine_source import EngineSource, engine_of, engine_source
from ._listing import find_files, folder_keys, is_parquet
from ._text_files import text_table, told_once, types_of

__all__ = [
    "BATCH",
    "POSITION",
    "Piece",
    "Source",
    "SourceFile",
    "SourceTask",
    "frame_source",
    "open_files",
    "open_source",
    "source_of",
]

Types = Mapping[str, pa.DataType]
NO_TYPES: Types = MappingProxyType({})
BATCH = 1 << 16
EDGE = 1 << 16  # bytes of either end that go into a token
POSITION_TYPES = {"_uw_file": pa.field("_uw_file", pa.large_string()), "_uw_row": pa.field("_uw_row", pa.int64())}
LEAST_BYTES, MOST_BYTES, SHARE = 8 << 20, 256 << 20, 64
POSITION = ("_uw_file", "_uw_row")  # token of its file and number in it: what tells rows without a key apart


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
class SourceTask:
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

    root : what was named. folders : those that were named, in the filesystem. table : the rows of a frame, which has no files on a disk. files : sorted by path. schema : of all files together, folder keys last. filesystem : pyarrow's.
    """

    root: str
    folders: tuple[str, ...]
    files: tuple[SourceFile, ...]
    schema: pa.Schema
    filesystem: Any = field(repr=False)
    table: pa.Table | None = field(default=None, repr=False)

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(f.rows for f in self.files)

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(f.size for f in self.files)

    def tasks(self) -> list[SourceTask]:
        """The same tasks whatever the number of workers."""
        total = sum(size for f in self.files for _, size in f.groups)
        full = min(max(total // SHARE, LEAST_BYTES), MOST_BYTES)
        tasks: list[SourceTask] = []
        pieces: list[Piece] = []
        held = 0
        for file in self.files:
            first = 0
            for group, (_, size) in enumerate(file.groups):
                held += size
                if held >= full:
                    tasks.append(SourceTask((*pieces, Piece(file, first, group + 1))))
                    pieces, held, first = [], 0, group + 1
            if first < len(file.groups):
                pieces.append(Piece(file, first, len(file.groups)))
        return tasks + ([SourceTask(tuple(pieces))] if pieces else [])

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """All rows in order, 65,536 at most at a time."""
        for task in self.tasks():
            for piece in task.pieces:
                yield from self.batches_of(piece, columns)

    def batches_of(self, piece: Piece, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Rows of one piece, in the schema of the source.

        Raises InputError where a page is damaged, naming file and row groups.
        """
        names = self.names_of(columns)
        token = piece.file.token if self.table is None else ""
        schema = self.schema_of(names)
        keys = dict(piece.file.keys)
        own = [n for n in names if n in piece.file.schema.names and n not in keys]
        at = piece.before
        try:
            for batch in self.raw_batches(piece, own):
                yield _in_schema(batch, schema, keys, (token, at))
                at += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            where = f"{piece.file.path}: row groups {piece.first} to {piece.stop - 1}"
            raise InputError(f"{where} cannot be read ({_first_line(error)}). Write the file again.") from error

    def schema_of(self, names: Sequence[str]) -> pa.Schema:
        """Names and types of some columns."""
        return pa.schema([POSITION_TYPES[n] if n in POSITION else self.schema.field(n) for n in names])

    def raw_batches(self, piece: Piece, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Rows of one piece as they are held.

        Raises InputError for a file that is empty, damaged, no UTF-8, or has a column twice.
        """
        if self.table is None:
            return _read_batches(self.filesystem, piece, columns)
        return iter(_without_index(self.table.select(columns)).to_batches(max_chunksize=BATCH))

    def names_of(self, columns: Sequence[str] | None) -> list[str]:
        """The columns that are asked for, all if None; one that is not there is refused."""
        if columns is None:
            return list(self.schema.names)
        names = list(dict.fromkeys(columns))
        for name in names:
            if name not in POSITION and name not in self.schema.names:
                have = ", ".join(map(repr, self.schema.names[:12]))
                raise InputError(f"{self.root!r} has no column {name!r}; it has {have}. Name one of these.")
        return names

    def refuse_changed(self, piece: Piece) -> None:
        """Refuse a file that is not what it was when this source was opened."""
        if self.table is not None:
            return
        try:
            same = _token_of_file(self.filesystem, piece.file) == piece.file.token
        except (pa.ArrowException, OSError, InputError):
            same = False
        if not same:
            raise InputError(f"{piece.file.path}: changed while it was read. Start again in a new folder.")

    @contextlib.contextmanager
    def told(self, piece: Piece, at: int) -> Iterator[None]:
        """What is refused of rows from number `at` of a piece on is told with file, row groups and that number."""
        try:
            yield
        except InputError as error:
            if self.table is not None:
                raise
            where = f"{piece.file.path}: row groups {piece.first} to {piece.stop - 1}"
            raise InputError(f"{where}, counted from row {at} of the file: {error}") from error

    def changes_since(self, recorded: Mapping[str, Any]) -> str:
        """What differs between these files and those of a document of `to_dict`, in words; nothing if they are the same, or there are none."""
        before: Mapping[str, str] = {f["path"]: f["token"] for f in recorded.get("files", [])}
        if not before or self.table is not None:
            return ""
        changed = [f.path for f in self.files if before.get(f.path, f.token) != f.token]
        new = [f.path for f in self.files if f.path not in before and f.token not in before.values()]
        said = [f"{len(x)} {word}, first {x[0]}" for x, word in ((changed, "changed"), (new, "new")) if x]
        return f"files since the plan was made: {'; '.join(said)}" if said else ""

    def to_dict(self) -> dict[str, Any]:
        """What a plan stores of its data; nothing of a frame."""
        if self.table is not None:
            return {}
        return {
            "root": self.root,
            "schema": [[f.name, str(f.type)] for f in self.schema],
            "files": [{"path": f.path, "size": f.size, "rows": f.rows, "token": f.token} for f in self.files],
        }


def _read_batches(filesystem: Any, piece: Piece, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Rows of a piece as the file holds them; page checksums are verified, and nothing is read ahead of its row group."""
    with filesystem.open_input_file(piece.file.full) as file:
        if is_parquet(piece.file.path):
            reader = pq.ParquetFile(file, pre_buffer=False, page_checksum_verification=True)
            groups = list(range(piece.first, piece.stop))
            yield from reader.iter_batches(batch_size=BATCH, row_groups=groups, columns=columns, use_threads=False)
            return
    table = text_table(filesystem, piece.file.full, piece.file.path, types_of(piece.file.schema))
    yield from table.select(columns).to_batches(max_chunksize=BATCH)


def _in_schema(
    batch: pa.RecordBatch, schema: pa.Schema, keys: dict[str, str | None], position: tuple[str, int]
) -> pa.RecordBatch:
    """A batch with the columns of the source: widened, folder keys and positions added, columns that this file lacks all null."""
    columns = []
    for kind in schema:
        if kind.name == POSITION[0]:
            columns.append(pa.repeat(pa.scalar(position[0], kind.type), batch.num_rows))
        elif kind.name == POSITION[1]:
            columns.append(pa.array(np.arange(position[1], position[1] + batch.num_rows)))
        elif kind.name in keys:
            columns.append(pa.repeat(pa.scalar(keys[kind.name], kind.type), batch.num_rows))
        elif kind.name in batch.schema.names:
            column = batch.column(kind.name)
            columns.append(column if column.type == kind.type else column.cast(kind.type))
        else:
            columns.append(pa.nulls(batch.num_rows, kind.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


# ---- finding files ----------------------------------------------------------------------------------------------------------


def open_source(paths: str | Sequence[str], *, filesystem: Any = None, types: Types = NO_TYPES) -> Source:
    """Files, a folder, a pattern, or a list of them, as one source.

    paths : local paths or URIs (s3://, gs://, hdfs://, and what fsspec knows); a pattern has * or ?. filesystem : pyarrow's or fsspec's, for paths of it.
    types : of columns of text files that are known, by name; others are those of their values, in all files.

    Raises InputError for no file, a file that is no Parquet or CSV, columns of one name and two kinds.

    >>> from upweight.stream import open as open_source
    >>> open_source("no/such/folder")
    Traceback (most recent call last):
    ...
    upweight.InputError: no such file or folder: 'no/such/folder'.
    """
    found = find_files(paths, filesystem)
    return open_files(found.system, found.paths, found.root, found.folders, types)


def open_files(
    system: Any, paths: Mapping[str, str], root: str, folders: tuple[str, ...] = (), types: Types = NO_TYPES
) -> Source:
    """These files, in this order, as one source: {path in the filesystem: path relative to `root`}.

    Raises InputError for a file that is empty, damaged, no UTF-8, or has a column twice, and for files of different columns.
    """
    files = tuple(_described(system, full, relative, types) for full, relative in paths.items())
    return Source(root, folders, files, _joint_schema(files), system)


def source_of(data: Any, *, filesystem: Any = None, types: Types = NO_TYPES) -> Source | EngineSource:
    """Data as a source: what `open` takes, a source itself, a Spark DataFrame or Ray Dataset, or a frame (pandas, polars, Arrow), whose rows are held as
    they are.

    types : as of `open`.

    Raises InputError for what is neither a path nor a table nor an engine's data, for no data, and for columns of one name.
    """
    if isinstance(data, (Source, EngineSource)):
        return data
    if engine_of(data) is not None:
        return engine_source(data)
    given = data if isinstance(data, (list, tuple)) else [data]
    if all(isinstance(d, str) or hasattr(d, "__fspath__") for d in given):
        return open_source(data, filesystem=filesystem, types=types)
    return frame_source(_table_of(data))


def frame_source(table: pa.Table, token: str = "") -> Source:
    """An Arrow table as a source; `token` stands for what it holds."""
    rows, size = table.num_rows, table.nbytes
    file = SourceFile("", "", size, rows, token, table.schema, ((rows, size),) if rows else ())
    return Source("table", (), (file,), table.schema, None, table)


def _table_of(data: Any) -> pa.Table:
    """A frame (pandas, polars, Arrow) as an Arrow table; other things are refused."""
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if is_frame(data):
        return frame_of(data).to_arrow()
    raise InputError(
        f"`data` must be a path, a folder, a list of them, or a table (pandas, polars, Arrow); got {type(data).__name__}."
    )


def _without_index(table: pa.Table) -> pa.Table:
    """The table without what pandas wrote about itself, so that its batches are like those of any other."""
    return table.replace_schema_metadata(None)


def _described(system: Any, full: str, relative: str, types: Types) -> SourceFile:
    """Size, rows, token, schema and row groups of one file; `types` of columns of text files that are known."""
    size = int(system.get_file_info(full).size)
    if is_parquet(relative):
        meta = _footer_of(system, full, relative)
        schema = meta.schema.to_arrow_schema().remove_metadata()
        groups = tuple(
            (g.num_rows, sum(g.column(c).total_compressed_size for c in range(meta.num_columns)))
            for g in (meta.row_group(j) for j in range(meta.num_row_groups))
        )
        token = _token_of(system, full, size, str(meta.serialized_size).encode())
    else:
        table = text_table(system, full, relative, types, notice=told_once)
        schema, groups, token = table.schema, ((table.num_rows, size),), _token_of(system, full, size, b"")
    names = schema.names
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise InputError(f"{relative}: two columns are called {twice!r}. Rename one.")
    return SourceFile(
        relative, full, size, sum(rows for rows, _ in groups), token, schema, groups, folder_keys(relative)
    )


def _footer_of(system: Any, full: str, relative: str) -> Any:
    """What a Parquet file says of itself."""
    try:
        with system.open_input_file(full) as file:
            return pq.ParquetFile(file, pre_buffer=False).metadata
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{relative}: not a whole Parquet file ({_first_line(error)}). Write it again.") from error


def _token_of_file(system: Any, file: SourceFile) -> str:
    """The token of a file as it is now."""
    size = int(system.get_file_info(file.full).size or 0)
    footer = str(_footer_of(system, file.full, file.path).serialized_size).encode() if is_parquet(file.path) else b""
    return _token_of(system, file.full, size, footer)


def _token_of(system: Any, full: str, size: int, footer: bytes) -> str:
    """First 16 hex digits of SHA-256 of size, both ends and footer size."""
    digest = hashlib.sha256(str(size).encode() + footer)
    with system.open_input_file(full) as file:
        digest.update(file.read(EDGE))
        file.seek(max(size - max(EDGE, int(footer or 0) + 8), 0))
        digest.update(file.read())
    return digest.hexdigest()[:16]


# ---- one schema -------------------------------------------------------------------------------------------------------------


def _joint_schema(files: Sequence[SourceFile]) -> pa.Schema:
    """Columns of all files in the order they are met, widened; folder keys are text, and come last."""
    kinds: dict[str, tuple[pa.DataType, str]] = {}
    for file in files:
        for kind in file.schema:
            there = kinds.get(kind.name)
            kinds[kind.name] = (kind.type, file.path) if there is None else (_wider(kind, there, file.path), there[1])
    keys = dict.fromkeys(name for file in files for name, _ in file.keys)
    fields = [pa.field(name, kind) for name, (kind, _) in kinds.items() if name not in keys]
    return pa.schema([*fields, *(pa.field(name, pa.string()) for name in keys)])


def _wider(kind: pa.Field, there: tuple[pa.DataType, str], path: str) -> pa.DataType:
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


def _first_line(error: BaseException) -> str:
    return str(error).split("\n")[0].rstrip(".")[:200]
