"""Delimited text as an Arrow table: which encoding, which delimiter, whether there is a header, and on which line a row stands.

The trouble: one byte that is not UTF-8 may come after a gigabyte that is, a compressed file may break off, a quoted field may
span lines so that row 17 is not line 19, and half of Europe writes 3,5 where others write 3.5. All of it is found by looking
at the whole file, and what was guessed is told.

What is inside: `from_csv`, which reads one; `Text`, the file as lines and records; `refuse_binary`, which looks at the first bytes.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
from pyarrow import compute

from .._errors import InputError

__all__ = ["GAPS", "NUMBER", "Parsed", "Text", "from_csv", "one_line", "refuse_binary", "text_of"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

GAPS = ["", "?", " ?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "<NA>"]
NUMBER = re.compile(r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$")
DECIMAL_COMMA = r"^\s*[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?\s*$"
DRESSED = r"^\s*[+-]?[$€£¥]?\s?[+-]?(\d+|\d{1,3}([,' ]\d{3})+)([.,]\d+)?\s?[$€£¥%]?\s*$"  # $1,234  1'234  12 %
MAGIC = {
    b"PAR1": "Parquet",
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a zip or Excel file",
    b"SQLi": "SQLite",
    b"\x89HDF": "HDF5",
}
LOOK = 1 << 16  # bytes looked at to tell what a file is
PIECE = 1 << 22  # bytes decoded at a time
BLOCK = 1 << 26  # bytes parsed at a time, at most


@dataclass(frozen=True)
class Text:
    """A delimited text file and how it is to be read."""

    path: Path
    encoding: str
    mark: str

    @property
    def arrow_encoding(self) -> str:
        return "utf8" if self.encoding == "utf-8-sig" else self.encoding  # Arrow skips the byte order mark by itself

    def parsing(self, on_bad_row: Callable[[pa_csv.InvalidRow], str] | None = None) -> pa_csv.ParseOptions:
        """Quoted fields may span lines; told otherwise, Arrow miscounts rows where a block ends inside one."""
        return pa_csv.ParseOptions(delimiter=self.mark, newlines_in_values=True, invalid_row_handler=on_bad_row)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """(line it starts on, fields) of every record that is not blank; quoted fields may span lines."""
        with opened(self.path) as raw, io.TextIOWrapper(raw, encoding=self.encoding, newline="") as lines:
            reader, start = csv.reader(lines, delimiter=self.mark), 1
            for fields in reader:
                if fields:
                    yield start, fields
                start = reader.line_num + 1

    def line_of(self, record: int) -> int | None:
        """The line on which a record starts, the header being record 0; None where the file cannot tell."""
        try:
            found = next(itertools.islice(self.records(), record, None), None)
        except (csv.Error, ValueError, OSError):
            return None
        return None if found is None else found[0]

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
                f"{self.path}: line {line} has {count} field{'s' * (count != 1)}, the first line {len(head)}{more}. "
                "Mend the line, or quote what holds a delimiter."
            )


@dataclass(frozen=True)
class Parsed:
    """The table of a text file, whether its first line is a row, and the file itself."""

    table: pa.Table
    headless: bool
    text: Text

    def line(self, row: int) -> int | None:
        return self.text.line_of(row + (not self.headless))

    def spelled(self, name: str) -> pa.Array:
        """One column as it is written, gaps too."""
        return read_as_written(self.text, self.headless, self.table.column_names.index(name))


def from_csv(path: Path, tell: Callable[[str], None]) -> Parsed:
    """A delimited text file, with or without a header line."""
    text = text_of(path)
    if text.encoding == "latin1":
        tell(f"{path}: not UTF-8; read as Latin-1.")
    table = parsed(text, headless=False)
    headless = lacks_header(table)
    if headless:
        table = parsed(text, headless=True)
        table = table.rename_columns([f"c{j}" for j in range(table.num_columns)])
        tell(f"{path}: no header line; columns are named c0 to c{table.num_columns - 1}.")
    if text.mark == ";":
        table = with_decimal_commas(table, path, tell)
    tell_dressed_numbers(table, path, tell)
    return Parsed(table, headless, text)


def text_of(path: Path, *, whole: bool = True) -> Text:
    """Encoding and delimiter; `whole` reads all bytes for it, otherwise the first ones must do."""
    head = refuse_binary(path)
    utf8 = is_utf8(path) if whole else decodes(head)
    encoding = "utf-8-sig" if utf8 else "latin1"
    return Text(path, encoding, delimiter(head.decode(encoding, errors="replace").splitlines()))


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of the file, unpacked if its name ends in .gz; a broken archive is refused."""
    packed = path.name.lower().endswith(".gz")
    try:
        with gzip.open(path, "rb") if packed else open(path, "rb") as file:
            yield file  # type: ignore[misc]  # both are binary files
    except EOFError as error:
        raise InputError(f"{path}: the gzip file ends too early. Copy or download it again.") from error
    except (zlib.error, gzip.BadGzipFile) as error:
        if "Not a gzipped file" in str(error):
            raise InputError(f"{path}: not a gzip file, whatever its name says. Name it by its kind.") from error
        raise InputError(f"{path}: the gzip file is broken ({one_line(error)}). Copy or download it again.") from error


def refuse_binary(path: Path) -> bytes:
    """The first bytes of a text file; binary ones are refused with what they look like."""
    with opened(path) as file:
        head = file.read(LOOK)
    if not head:
        raise InputError(f"{path}: the file is empty once unpacked (0 bytes).")
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            raise InputError(
                f"{path}: not text but {kind}, whatever its name says. Name it by its kind, or save it as CSV."
            )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path}: UTF-16 text. Save it as UTF-8.")
    if b"\0" in head:
        raise InputError(f"{path}: not text: a zero byte at position {head.index(0)}. Save it as CSV or Parquet.")
    return head


def is_utf8(path: Path) -> bool:
    """Whether every byte of the file belongs to UTF-8 text."""
    decoder = codecs.getincrementaldecoder("utf8")()
    with opened(path) as file:
        try:
            while piece := file.read(PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def decodes(head: bytes) -> bool:
    """Whether the bytes are UTF-8, a character cut at the end aside."""
    try:
        codecs.getincrementaldecoder("utf8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def delimiter(lines: list[str]) -> str:
    """The mark that cuts the first lines into equally many fields, most of them."""
    lines = [l for l in lines[:-1] or lines if l.strip()][:20]
    counts = {mark: [l.count(mark) for l in lines] for mark in ",;\t|"}
    steady = {mark: min(c) for mark, c in counts.items() if c and min(c) > 0}
    return max(steady, key=lambda m: steady[m]) if steady else ","


# ---- parsing ----------------------------------------------------------------------------------------------------------------


def parsed(text: Text, *, headless: bool) -> pa.Table:
    """Parse; a column whose type changes half-way becomes text, a row of another length is an error with its line."""
    texts: dict[str, pa.DataType] = {}
    while True:
        try:
            return parse_once(text, headless, texts)
        except pa.ArrowInvalid as error:
            changed = re.search(r"In CSV column #(\d+)", str(error))
            name = column_at(text, headless, int(changed.group(1))) if changed else None
            if name is None or name in texts:
                raise
            texts[name] = pa.string()


def parse_once(text: Text, headless: bool, texts: dict[str, pa.DataType]) -> pa.Table:
    bad: list[pa_csv.InvalidRow] = []

    def note(row: pa_csv.InvalidRow) -> str:
        bad.append(row)
        return "skip"

    table = pa_csv.read_csv(
        text.path,
        read_options=reading(text, headless),
        parse_options=text.parsing(note),
        convert_options=pa_csv.ConvertOptions(null_values=GAPS, strings_can_be_null=True, column_types=texts),
    )
    if bad:
        text.refuse_ragged()
        raise InputError(
            f"{text.path}: a line has {bad[0].actual_columns} fields, the first {bad[0].expected_columns}: "
            f"{bad[0].text[:60]!r}. Mend the line, or quote what holds a delimiter."
        )
    return table


def reading(text: Text, headless: bool) -> pa_csv.ReadOptions:
    block = min(max(text.path.stat().st_size + 1, 1 << 20), BLOCK)
    return pa_csv.ReadOptions(autogenerate_column_names=headless, encoding=text.arrow_encoding, block_size=block)


def read_as_written(text: Text, headless: bool, number: int) -> pa.Array:
    """One column as text, nothing taken for a gap."""
    name = column_at(text, headless, number) or ""
    table = pa_csv.read_csv(
        text.path,
        read_options=reading(text, headless),
        parse_options=text.parsing(),
        convert_options=pa_csv.ConvertOptions(include_columns=[name], column_types={name: pa.string()}),
    )
    return table.column(0).combine_chunks()


def column_at(text: Text, headless: bool, number: int) -> str | None:
    if headless:
        return f"f{number}"
    with pa_csv.open_csv(text.path, read_options=reading(text, headless), parse_options=text.parsing()) as reader:
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


# ---- numbers that are not written as such -----------------------------------------------------------------------------------


def with_decimal_commas(table: pa.Table, path: Path, tell: Callable[[str], None]) -> pa.Table:
    """Text columns all of whose values are numbers with a decimal comma (3,5 or 1.234,5), as numbers; told."""
    read = []
    for j, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        if pa.types.is_string(column.type) and all_match(column, DECIMAL_COMMA) and has_comma(column):
            dotless = pc.replace_substring(pc.utf8_trim_whitespace(column), ".", "")
            plain = pc.utf8_ltrim(pc.replace_substring(dotless, ",", "."), "+")
            table = table.set_column(j, name, plain.cast(pa.float64()))
            read.append(name)
    if read:
        more = f" and {len(read) - 3:,} more" if len(read) > 3 else ""
        tell(f"{path}: commas read as decimal points in {', '.join(map(repr, read[:3]))}{more}.")
    return table


def tell_dressed_numbers(table: pa.Table, path: Path, tell: Callable[[str], None]) -> None:
    """Say which text columns look like numbers with a currency, a thousands mark, a per cent sign or a decimal comma."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_string(column.type) and all_match(column, DRESSED):
            first = next((v.as_py() for v in column if v.is_valid and not NUMBER.match(v.as_py())), None)
            if first is not None:
                tell(
                    f"{path}: column {name!r} is read as text, first {first!r}. For numbers write them plainly: 1234.5."
                )


def has_comma(column: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.match_substring(column, ",")).as_py())


def all_match(column: pa.ChunkedArray, pattern: str) -> bool:
    """Whether every value that is no gap matches; the first ones are asked first."""
    present = column.slice(0, 100).drop_null()
    if len(present) and not pc.all(pc.match_substring_regex(present, pattern)).as_py():
        return False
    present = column.drop_null()
    return bool(len(present)) and bool(pc.all(pc.match_substring_regex(present, pattern)).as_py())


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
