"""Delimited text: which encoding, which delimiter, whether there is a header, and on which line a row stands.

The trouble: one byte that is not UTF-8 may come after a gigabyte that is, a compressed file may break off, a quoted field may
span lines so that row 17 is not line 19, and the first line may be a row. All of it is found by looking at the whole file, once,
for every reader; and what was guessed is told.

What is inside: `inspect_text`, from a place to a `Text`, which knows how Arrow is to parse it and where a record starts;
`refuse_binary`, which looks at the first bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
from pyarrow import compute

from .._errors import InputError, counted
from ._fields import GAPS, WITH_COMMA, kind_of_column, kind_of_field, plain_field
from ._paths import Place, one_line
from ._scan import BOM, LONG, TextScan, scan

__all__ = ["Text", "conversion", "inspect_text", "opened", "refuse_binary", "refuse_doubles"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

MAGIC = {
    b"PAR1": "Parquet",
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a zip or Excel file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ": "xz",
    b"\x93NUMPY": "a NumPy file",
    b"ARROW1": "an Arrow file",
    b"SQLi": "SQLite",
    b"\x89HDF": "HDF5",
}
LOOK = 1 << 16  # bytes looked at to tell what a file is
BLOCK = 1 << 26  # bytes parsed at a time, at most


def conversion(
    types: dict[str, pa.DataType] | None = None, *, only: Sequence[str] = (), gaps: bool = True
) -> pa_csv.ConvertOptions:
    """How values are read: columns of known type, the others guessed; `only` these columns; gaps as gaps, or as written."""
    return pa_csv.ConvertOptions(
        column_types=types,
        include_columns=list(only),
        null_values=GAPS if gaps else [],
        strings_can_be_null=gaps,
    )


@dataclass(frozen=True)
class Text:
    """A delimited text file and how it is to be read; `names` are c0, c1, ... where it has no header line;
    `renamed`: it has one, and not all names are as they stand there."""

    place: Place
    encoding: str
    mark: str
    names: tuple[str, ...] = ()
    headless: bool = False
    renamed: bool = False

    def open_csv(self, convert: pa_csv.ConvertOptions, *, block: int) -> pa_csv.CSVStreamingReader:
        """Batches of `block` bytes."""
        return pa_csv.open_csv(self.stream(), self.reading(block, use_threads=False), self.parsing(), convert)

    def read_csv(self, convert: pa_csv.ConvertOptions) -> pa.Table:
        """The whole file as one table."""
        size = max(self.place.path.stat().st_size + 1, 1 << 20)
        return pa_csv.read_csv(self.stream(), self.reading(min(size, BLOCK)), self.parsing(), convert)

    def stream(self) -> pa.NativeFile:
        return pa.input_stream(str(self.place.path), compression="gzip" if self.place.gzipped else None)

    def reading(self, block: int, *, use_threads: bool = True) -> pa_csv.ReadOptions:
        encoding = (
            "utf8" if self.encoding == "utf-8-sig" else self.encoding
        )  # Arrow skips the byte order mark by itself
        names = list(self.names) if self.headless or self.renamed else None
        return pa_csv.ReadOptions(
            encoding=encoding,
            column_names=names,
            skip_rows_after_names=int(self.renamed),  # the header, which then is a row to Arrow
            block_size=block,
            use_threads=use_threads,
        )

    def parsing(self) -> pa_csv.ParseOptions:
        """Quoted fields may span lines; told otherwise, Arrow miscounts rows where a block ends inside one.

        No `invalid_row_handler`: a thread of Arrow that holds a Python function when the interpreter ends aborts the process.
        """
        return pa_csv.ParseOptions(delimiter=self.mark, newlines_in_values=True)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """(line it starts on, fields) of every record that is not blank; quoted fields may span lines."""
        with opened(self.place) as raw, io.TextIOWrapper(raw, encoding=self.encoding, newline="") as lines:
            reader, start = csv.reader(lines, delimiter=self.mark), 1
            for fields in reader:
                if fields:
                    yield start, fields
                start = reader.line_num + 1

    def line(self, row: int) -> int | None:
        """The line on which a row starts; None where the file cannot tell."""
        try:
            record = next(itertools.islice(self.records(), row + (not self.headless), None), None)
        except (csv.Error, ValueError, OSError):
            return None
        return None if record is None else record[0]

    def spelled(self, name: str) -> pa.Array:
        """One column as it is written, gaps too."""
        as_written = conversion({name: pa.string()}, only=[name], gaps=False)
        return self.read_csv(as_written).column(0).combine_chunks()

    def all_spelled(self, names: Sequence[str]) -> pa.Table:
        """Every column as it is written, gaps too; `names` in the order of the file."""
        return self.read_csv(conversion(dict.fromkeys(names, pa.string()), only=names, gaps=False))

    def refuse_ragged(self) -> None:
        """Refuse records that have other than as many fields as the first, naming the line."""
        records = self.records()
        try:
            _, head = next(records, (1, []))
            bad = ((line, len(fields)) for line, fields in records if len(fields) != len(head))
            line, count = next(bad, (0, 0))
            others = sum(1 for _ in bad)
        except (csv.Error, UnicodeDecodeError):  # a field too long for it; bytes that only Arrow can pass over
            return
        if line:
            more = f"; {others + 1:,} such lines" if others else ""
            raise InputError(
                f"{self.place.name}: line {line} has {counted(count, 'field')}, the first line {len(head)}{more}. "
                "Mend the line, or quote what holds a delimiter."
            )


def inspect_text(place: Place, notice: Callable[[str], None]) -> Text:
    """Look at the whole file: how it is written, and what must be told or refused before it is parsed."""
    head = refuse_binary(place)
    lines = head.decode("utf-8-sig", errors="replace").splitlines()
    mark = delimiter(lines[:-1] if len(head) == LOOK and len(lines) > 1 else lines)  # the last may be cut
    one_column = not any(mark in line for line in lines[:1])
    facts = scan(lambda: opened(place), place.name, mark, blanks=one_column)
    if head.startswith(BOM) and not facts.utf8:
        raise InputError(f"{place.name}: begins as UTF-8 (byte order mark), but not all of it is. Save it as UTF-8.")
    text = _with_names(Text(place, "utf-8-sig" if facts.utf8 else "latin1", mark))
    if text.renamed:
        unnamed = [f"{j + 1} {n!r}" for j, n in enumerate(text.names) if n == _unnamed_as(j)]
        notice(
            f"{place.name}: columns without a name in the header line are called as pandas does: {', '.join(unnamed)}."
        )
    if not facts.utf8:
        notice(f"{place.name}: not UTF-8; read as Latin-1.")
    _note_long_fields(facts, place.name, notice)
    if text.headless:
        last = len(text.names) - 1
        notice(
            f"{place.name}: no header line; {'columns are' if last else 'the column is'} named c0{f' to c{last}' if last else ''}."
        )
    if len(text.names) == 1 and facts.blank is not None:
        raise InputError(
            f"{place.name}: line {facts.blank} is blank: a missing value, or no row? Take the line away, or write NA there."
        )
    return text


def _note_long_fields(facts: TextScan, name: str, notice: Callable[[str], None]) -> None:
    """Say which quoted fields span so many lines that their quote may be a slip."""
    for field in facts.long_fields[:3]:
        notice(
            f"{name}: the quoted field opened on line {field.line} spans {field.lines + 1:,} lines. Is its quote meant?"
        )
    more = len(facts.long_fields) - 3
    if more > 0:
        notice(f"{name}: {counted(more, 'more quoted field')} of over {LONG} lines.")


@contextmanager
def opened(place: Place) -> Iterator[IO[bytes]]:
    """The bytes of the file, unpacked if its name ends in .gz; a broken archive is refused."""
    try:
        with gzip.open(place.path, "rb") if place.gzipped else open(place.path, "rb") as file:
            yield file  # type: ignore[misc]  # both are binary files
    except EOFError as error:
        raise InputError(f"{place.name}: the gzip file ends too early. Copy or download it again.") from error
    except (zlib.error, gzip.BadGzipFile) as error:
        if "Not a gzipped file" in str(error):
            raise InputError(f"{place.name}: not a gzip file, whatever its name says. Name it by its kind.") from error
        raise InputError(
            f"{place.name}: the gzip file is broken ({one_line(error)}). Copy or download it again."
        ) from error


def refuse_binary(place: Place) -> bytes:
    """The first bytes of a text file; binary ones are refused with what they look like."""
    with opened(place) as file:
        head = file.read(LOOK)
    if not head:
        raise InputError(f"{place.name}: the file is empty once unpacked (0 bytes).")
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            raise InputError(
                f"{place.name}: not text but {kind}, whatever its name says. Name it by its kind, or save it as CSV."
            )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{place.name}: UTF-16 text. Save it as UTF-8.")
    if b"\0" in head:
        raise InputError(f"{place.name}: not text: a zero byte at position {head.index(0)}. Save it as CSV or Parquet.")
    if not head.removeprefix(BOM).strip():
        raise InputError(f"{place.name}: holds nothing but blanks. Is this the right file?")
    return head


def delimiter(lines: list[str]) -> str:
    """The mark that cuts the first lines into equally many fields, most of them; commas inside numbers do not count."""
    lines = [l for l in lines if l.strip()][:20]
    counts = {mark: [l.count(mark) for l in lines] for mark in ",;\t|"}
    steady = {mark: min(c) for mark, c in counts.items() if c and min(c) > 0}
    if ";" in steady and "," in steady and all(WITH_COMMA.match(f) for l in lines for f in l.split(";") if "," in f):
        del steady[","]
    return max(steady, key=lambda m: steady[m]) if steady else ","


def _with_names(text: Text) -> Text:
    """The file with its column names; c0, c1, ... if its first line is a row."""
    try:
        head = _first_block(text)
    except pa.ArrowInvalid:
        text.refuse_ragged()
        raise
    names, headless = head.column_names, _lacks_header(head, commas=text.mark == ";")
    if headless:
        names = [f"c{j}" for j in range(len(names))]
    called = [n if n.strip() else _unnamed_as(j) for j, n in enumerate(names)]
    refuse_doubles(called, text.place.name)
    return Text(text.place, text.encoding, text.mark, tuple(called), headless, renamed=called != names)


def _unnamed_as(j: int) -> str:
    """What pandas calls a column without a name."""
    return f"Unnamed: {j}"


def _first_block(text: Text) -> pa.Table:
    """The first rows, their first line taken for the header."""
    size = max(text.place.path.stat().st_size + 1, 1 << 20)
    with text.open_csv(conversion(), block=min(size, 1 << 23)) as reader:
        try:
            return pa.Table.from_batches([reader.read_next_batch()])
        except StopIteration:
            return reader.schema.empty_table()


def refuse_doubles(names: list[str], file: str) -> None:
    doubles = [n for n in dict.fromkeys(names) if names.count(n) > 1] if len(set(names)) < len(names) else []
    if doubles:
        at = ", ".join(str(j + 1) for j, n in enumerate(names) if n == doubles[0])
        more = f" (and {len(doubles) - 1} other names)" if len(doubles) > 1 else ""
        raise InputError(
            f"{file}: column {doubles[0]!r} stands {names.count(doubles[0])} times, at {at}{more}. Rename or drop one."
        )


def _lacks_header(table: pa.Table, *, commas: bool) -> bool:
    """Whether the first line is a row: its numbers, dates and booleans stand over such columns, its texts are values of theirs."""
    names = table.column_names
    kinds = [kind_of_field(n, commas=commas) for n in names]
    numbers = [n for n, kind in zip(names, kinds, strict=True) if kind == "number"]
    if set(kinds) == {"text"} or _counts_up([plain_field(n, commas=commas) for n in numbers]):
        return False
    texts = []
    for name, kind, column in zip(names, kinds, table.columns, strict=True):
        below = kind_of_column(column, commas=commas)
        if kind != below and below != "gaps" and name not in GAPS:
            return False
        if kind == "text" and below != "gaps":
            texts.append(bool(pc.any(pc.equal(column.cast(pa.string()), name)).as_py()))
    return not texts or sum(texts) >= len(texts) / 2


def _counts_up(values: list[float]) -> bool:
    """0, 1, 2, .. or 2019, 2020, ..: names, not values."""
    return len(values) > 1 and all(b - a == 1 for a, b in itertools.pairwise(values))
