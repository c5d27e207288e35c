"""Read DATA: CSV, Parquet, a folder of Parquet, or demo:NAME, as one Arrow table.

The trouble: real files have no header, five spellings of a gap, semicolons, a stray byte order mark, a row too short in line
70,000, or are not what their name says; and the files of a folder differ. Each is either read as meant, with a notice, or refused
with file, column and line.

What is inside: `read_source` and what it gives, a `Source`; text is read in `_text`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as pa_dataset
import pyarrow.parquet as pa_parquet
from pyarrow import compute

from .._errors import InputError
from ._text import Parsed, from_csv, one_line

__all__ = ["PARQUET", "Source", "parquet_files", "read_source", "refuse_absent"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

PARQUET = (".parquet", ".pq")
NEAR = 0.75  # likeness from which on a name is suggested; "missing" and "mixnum" have 0.46, "chrn" and "churn" 0.89


@dataclass(frozen=True)
class Source:
    """A table, what to call it, and how to say where a row stands in it; `leave_out` are columns that are targets too."""

    table: pa.Table
    name: str
    parsed: Parsed | None = None
    leave_out: tuple[str, ...] = ()

    @property
    def headless(self) -> bool:
        return self.parsed is not None and self.parsed.headless

    def at(self, row: int) -> str:
        """'row 17 (line 19)' for text files, 'row 17' otherwise."""
        line = None if self.parsed is None else self.parsed.line(row)
        return f"row {row}" if line is None else f"row {row} (line {line})"

    def spelled(self, name: str) -> pa.Array | None:
        """One column of a text file as it is written, gaps too; None for other sources."""
        return None if self.parsed is None else self.parsed.spelled(name)


def read_source(data: str, tell: Callable[[str], None]) -> Source:
    """Read what the user named; `tell` gets notices."""
    if data.startswith("demo:"):
        from ._demo import demo_table, demo_targets

        name = data.removeprefix("demo:")
        return Source(demo_table(name), data, leave_out=tuple(demo_targets(name)))
    path = refuse_absent(data)
    try:
        if path.is_dir() or path.suffix.lower() in PARQUET:
            source = from_parquet(path)
        else:
            found = from_csv(path, tell)
            source = Source(found.table, str(path), found)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{data}: cannot be read: {one_line(error)}. Is the file whole?") from error
    refuse_doubles(source.table.column_names, source.name)
    if not source.table.num_rows:
        raise InputError(f"{data}: holds no rows, only the column names. Is this the right file?")
    return source


def refuse_absent(data: str, what: str = "DATA") -> Path:
    """The path, if something is there."""
    path = Path(data)
    if not data.strip():
        raise InputError(f"{what} must name a file or a folder of Parquet files; got {data!r}. Name one.")
    if not path.exists():
        near = " or ".join(map(repr, near_files(path)))
        raise InputError(f"{path}: no such file. {f'Did you mean {near}?' if near else 'Check the path.'}")
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes). Write it again.")
    return path


def near_files(path: Path) -> list[str]:
    """Up to three files beside it whose names, endings aside, are nearly the same; the nearest first."""
    stem = lambda name: name.split(".")[0].lower()
    near = lambda a, b: difflib.SequenceMatcher(None, a, b).ratio()
    folder = path.parent if path.parent.is_dir() else Path()
    there = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    close = [name for name in there if near(stem(name), stem(path.name)) >= NEAR]
    return sorted(close, key=lambda name: near(name, path.name), reverse=True)[:3]


def refuse_doubles(names: list[str], file: str) -> None:
    doubles = [n for n in dict.fromkeys(names) if names.count(n) > 1] if len(set(names)) < len(names) else []
    if doubles:
        at = ", ".join(str(j + 1) for j, n in enumerate(names) if n == doubles[0])
        more = f" (and {len(doubles) - 1} other names)" if len(doubles) > 1 else ""
        raise InputError(
            f"{file}: column {doubles[0]!r} stands {names.count(doubles[0])} times, at {at}{more}. Rename or drop one."
        )


# ---- Parquet ----------------------------------------------------------------------------------------------------------------


def parquet_files(path: Path) -> list[Path]:
    """The Parquet files of a folder, hidden ones aside."""
    return sorted(p for p in path.rglob("*") if p.suffix.lower() in PARQUET and not p.name.startswith(("_", ".")))


def from_parquet(path: Path) -> Source:
    if path.is_file():
        refuse_doubles(schema_of(path).names, str(path))
        return Source(pa_parquet.read_table(path), str(path))
    files = parquet_files(path)
    if not files:
        raise InputError(f"{path}: a folder without .parquet files. Name a CSV or Parquet file.")
    schema = common_schema(files)
    parts = pa_dataset.dataset([str(f) for f in files], schema=schema, format="parquet")
    return Source(parts.to_table(), str(path))


def schema_of(file: Path) -> pa.Schema:
    try:
        return pa_parquet.read_schema(file).remove_metadata()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file}: cannot be read: {one_line(error)}. Is the file whole?") from error


def common_schema(files: list[Path]) -> pa.Schema:
    """The schema of all: same columns in each, types that become one without loss of meaning (int64 and double: double)."""
    schemas = [(file, schema_of(file)) for file in files]
    first, found = schemas[0]
    for file, schema in schemas:
        refuse_doubles(schema.names, str(file))
        refuse_lacking(file, schema.names, first, found.names)
        refuse_lacking(first, found.names, file, schema.names)
    merged = {name: found.field(name).type for name in found.names}
    for file, schema in schemas[1:]:
        for name in merged:
            merged[name] = one_type(name, merged[name], schema.field(name).type, file, first)
    return pa.schema(list(merged.items()))


def refuse_lacking(file: Path, names: list[str], other: Path, needed: list[str]) -> None:
    lacking = [n for n in needed if n not in set(names)]
    if lacking:
        more = f" (and {len(lacking) - 1} others)" if len(lacking) > 1 else ""
        raise InputError(
            f"{file}: no column {lacking[0]!r}{more}, which {other} has. "
            "Write all files with the same columns, or name one file."
        )


def one_type(name: str, kind: pa.DataType, other: pa.DataType, file: Path, first: Path) -> pa.DataType:
    """A type that holds both."""
    if kind == other:
        return kind
    both = [pa.schema([(name, plain_type(k))]) for k in (kind, other)]
    try:
        return pa.unify_schemas(both, promote_options="permissive").field(0).type
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(
            f"{file}: column {name!r} is {other}, in {first} {kind}. Write it as one type in all files."
        ) from error


def plain_type(kind: pa.DataType) -> pa.DataType:
    """What the values are, however they are packed."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind
