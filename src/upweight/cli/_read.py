"""Read DATA: CSV, Parquet, a folder of Parquet, or demo:NAME, as one Arrow table.

The trouble: real files have no header, five spellings of a gap, semicolons, a stray byte order mark, a row too short in line
70,000, or are not what their name says. Each is either read as meant, with a notice, or refused with file and line.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.dataset as pa_dataset
import pyarrow.parquet as pa_parquet
from pyarrow import compute

from .._errors import InputError

__all__ = ["GAPS", "Source", "read_source"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

GAPS = ["", "?", " ?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "<NA>"]
NUMBER = re.compile(r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$")
MAGIC = {
    b"PAR1": "Parquet",
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a zip or Excel file",
    b"SQLi": "SQLite",
    b"\x89HDF": "HDF5",
}
LOOK = 1 << 16  # bytes looked at to tell what a file is
CSV_ENDS = (".csv", ".tsv", ".txt", ".data", ".csv.gz", ".tsv.gz")


@dataclass(frozen=True)
class Source:
    """A table, what to call it, and how to say where a row stands in it; `leave_out` are columns that are targets too."""

    table: pa.Table
    name: str
    first_line: int | None = None
    headless: bool = False
    leave_out: tuple[str, ...] = ()

    def at(self, row: int) -> str:
        """'row 17 (line 19)' for text files, 'row 17' otherwise."""
        return f"row {row}" if self.first_line is None else f"row {row} (line {row + self.first_line})"


def read_source(data: str, tell: Callable[[str], None]) -> Source:
    """Read what the user named; `tell` gets notices."""
    if data.startswith("demo:"):
        from ..imbalance._demo import demo_table, demo_targets

        name = data.removeprefix("demo:")
        return Source(demo_table(name), data, leave_out=tuple(demo_targets(name)))
    path = Path(data)
    refuse_absent(path)
    try:
        source = (
            from_parquet(path) if path.is_dir() or path.suffix.lower() in (".parquet", ".pq") else from_csv(path, tell)
        )
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{data}: cannot be read: {one_line(error)}. Is the file whole?") from error
    refuse_doubles(source)
    if not source.table.num_rows:
        raise InputError(f"{data}: holds no rows, only the column names. Is this the right file?")
    return source


def refuse_absent(path: Path) -> None:
    if not path.exists():
        from ..imbalance._classes import nearest

        folder = path.parent if path.parent.is_dir() else Path()
        there = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
        raise InputError(f"{path}: no such file.{nearest(path.name, there) if there else ''}")
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes).")


def refuse_doubles(source: Source) -> None:
    names = source.table.column_names
    doubles = [n for n in dict.fromkeys(names) if names.count(n) > 1] if len(set(names)) < len(names) else []
    if doubles:
        at = ", ".join(str(j + 1) for j, n in enumerate(names) if n == doubles[0])
        more = f" (and {len(doubles) - 1} other names)" if len(doubles) > 1 else ""
        raise InputError(
            f"{source.name}: column {doubles[0]!r} stands {names.count(doubles[0])} times, at {at}{more}. Rename or drop one."
        )


def from_parquet(path: Path) -> Source:
    if path.is_file():
        return Source(pa_parquet.read_table(path), str(path))
    files = sorted(p for p in path.rglob("*") if p.suffix.lower() in (".parquet", ".pq"))
    if not files:
        raise InputError(f"{path}: a folder without .parquet files. Name a CSV or Parquet file.")
    return Source(pa_dataset.dataset([str(f) for f in files], format="parquet").to_table(), str(path))


def from_csv(path: Path, tell: Callable[[str], None]) -> Source:
    """A delimited text file, with or without a header line."""
    head = refuse_binary(path)
    encoding = "utf8" if decodes(head) else "latin1"
    if encoding == "latin1":
        tell(f"{path}: not UTF-8; read as Latin-1.")
    lines = head.decode(encoding, errors="replace").lstrip("\ufeff").splitlines()
    mark = delimiter(lines)
    table = parsed(path, encoding, mark, headless=False)
    headless = lacks_header(table)
    if headless:
        table = parsed(path, encoding, mark, headless=True)
        table = table.rename_columns([f"c{j}" for j in range(table.num_columns)])
        tell(f"{path}: no header line; columns are named c0 to c{table.num_columns - 1}.")
    stripped = [n.strip() for n in table.column_names]
    return Source(table.rename_columns(stripped), str(path), first_line=1 if headless else 2, headless=headless)


def refuse_binary(path: Path) -> bytes:
    """The first bytes of a text file; binary ones are refused with what they look like."""
    with open(path, "rb") as file:
        head = file.read(LOOK)
    if path.name.lower().endswith(".gz"):
        import gzip

        with gzip.open(path, "rb") as file:
            return file.read(LOOK)
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            raise InputError(
                f"{path}: not text but {kind}, whatever its name says. Name it by its kind, or save it as CSV."
            )
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path}: not text: a zero byte at position {head.index(0)}. Save it as CSV or Parquet.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path}: UTF-16 text. Save it as UTF-8.")
    return head


def decodes(head: bytes) -> bool:
    """Whether the bytes are UTF-8, a character cut at the end aside."""
    for cut in range(4):
        try:
            head[: len(head) - cut].decode("utf8")
            return True
        except UnicodeDecodeError:
            continue
    return False


def delimiter(lines: list[str]) -> str:
    """The mark that cuts the first lines into equally many fields, most of them."""
    lines = [l for l in lines[:-1] or lines if l.strip()][:20]
    counts = {mark: [l.count(mark) for l in lines] for mark in ",;\t|"}
    steady = {mark: min(c) for mark, c in counts.items() if c and min(c) > 0}
    return max(steady, key=lambda m: steady[m]) if steady else ","


def parsed(path: Path, encoding: str, mark: str, *, headless: bool) -> pa.Table:
    """Parse; a column whose type changes half-way becomes text, a row of another length is an error with its line."""
    texts: dict[str, pa.DataType] = {}
    while True:
        try:
            return parse_once(path, encoding, mark, headless, texts)
        except pa.ArrowInvalid as error:
            changed = re.search(r"In CSV column #(\d+)", str(error))
            name = column_at(path, encoding, mark, headless, int(changed.group(1))) if changed else None
            if name is None or name in texts:
                raise
            texts[name] = pa.string()


def parse_once(
    path: Path, encoding: str, mark: str, headless: bool, texts: dict[str, pa.DataType], *, threads: bool = True
) -> pa.Table:
    bad: list[pa_csv.InvalidRow] = []

    def note(row: pa_csv.InvalidRow) -> str:
        bad.append(row)
        return "skip"

    block = min(max(path.stat().st_size + 1, 1 << 20), 1 << 26)
    table = pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(
            autogenerate_column_names=headless, encoding=encoding, block_size=block, use_threads=threads
        ),
        parse_options=pa_csv.ParseOptions(delimiter=mark, invalid_row_handler=note),
        convert_options=pa_csv.ConvertOptions(null_values=GAPS, strings_can_be_null=True, column_types=texts),
    )
    if bad and threads:  # only one thread knows line numbers
        return parse_once(path, encoding, mark, headless, texts, threads=False)
    if bad:
        first = bad[0]
        more = f"; {len(bad):,} such lines" if len(bad) > 1 else ""
        raise InputError(
            f"{path}: line {first.number} has {first.actual_columns} fields, the first line {first.expected_columns}{more}. "
            "Mend the line, or quote what holds a delimiter."
        )
    return table


def column_at(path: Path, encoding: str, mark: str, headless: bool, number: int) -> str | None:
    if headless:
        return f"f{number}"
    with pa_csv.open_csv(
        path, read_options=pa_csv.ReadOptions(encoding=encoding), parse_options=pa_csv.ParseOptions(delimiter=mark)
    ) as reader:
        names = reader.schema.names
    return names[number] if number < len(names) else None


def lacks_header(table: pa.Table) -> bool:
    """Whether the first line is a row: its numbers stand over number columns, its texts are values of their columns."""
    names = table.column_names
    numeric = [bool(NUMBER.match(n)) for n in names]
    if not any(numeric) or counts_up([n for n, is_number in zip(names, numeric, strict=True) if is_number]):
        return False
    for name, is_number, column in zip(names, numeric, table.columns, strict=True):
        holds_numbers = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        if is_number != holds_numbers and not pa.types.is_null(column.type) and name not in GAPS:
            return False
    texts = [(n, c) for n, is_number, c in zip(names, numeric, table.columns, strict=True) if not is_number]
    found = [pc.any(pc.equal(c.cast(pa.string()), n)).as_py() for n, c in texts if not pa.types.is_null(c.type)]
    return not found or sum(map(bool, found)) >= len(found) / 2


def counts_up(names: list[str]) -> bool:
    """0, 1, 2, .. or 2019, 2020, ..: names, not values."""
    values = [float(n) for n in names]
    return len(values) > 1 and all(b - a == 1 for a, b in itertools.pairwise(values))


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
