"""A table with gaps, taken apart for an imputer and put together again as it came.

The trouble: a file holds more than an imputer can take: dates, keys, free text. Left out, the rest of the table would come back narrower than
it was; taken in, a key with a level a row makes a network of nothing else. So what can be modelled is, the other columns are carried
through, and that is told. What was observed is written as it was written: no 1.50 becomes 1.5.

    numbers, true and false, text of few values    modelled; gaps are filled
    dates, nested values, bytes, nothing but gaps,
    text with a value for every two rows           carried through; gaps stay, and are told

A key of numbers is taken for a measurement, for nothing tells them apart.

What is inside: `FillTable`, made by `FillTable.of`; `refuse_format`, which endings can be written; `as_bytes`, the file; `with_gaps`, a
table to try it on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import compute

from .._errors import InputError
from ..files import SourceTable
from ..tables import as_text, is_bytes, unnested

__all__ = ["FillTable", "as_bytes", "refuse_format", "refuse_numbered", "with_gaps"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

ENDINGS = (".csv", ".tsv", ".parquet")
FEW = 20  # levels that any text may have
MOST = 1000  # levels that no text may pass
DRAW, ROW = "draw", "row"


@dataclass(frozen=True, eq=False)
class FillTable:
    """A table and what of it is modelled.

    source : the whole of it. model : the columns that an imputer gets, gaps null. carried : (name, why) of the others.
    """

    source: SourceTable
    model: pa.Table
    carried: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, source: SourceTable) -> FillTable:
        columns, carried = {}, []
        for name, values in zip(source.table.column_names, source.table.columns, strict=True):
            found, why = _modelled(values, name)
            if why:
                carried.append((name, why))
            else:
                columns[name] = found
        if not columns:
            raise InputError(
                f"{source.name}: no column can be modelled: {', '.join(f'{n!r} ({w})' for n, w in carried[:5])}."
            )
        return cls(source, pa.table(columns), tuple(carried))

    def gaps(self) -> dict[str, int]:
        """{name: gaps} of the modelled columns that have some."""
        return {
            n: c.null_count for n, c in zip(self.model.column_names, self.model.columns, strict=True) if c.null_count
        }

    def rows_with_gaps(self) -> np.ndarray:
        """Numbers of the rows in which a modelled column has a gap."""
        return np.flatnonzero(np.any([c.is_null().to_numpy() for c in self.model.columns], axis=0))

    def carried_gaps(self) -> dict[str, int]:
        """{name: gaps} of the carried columns that have some."""
        return {n: g for n, _ in self.carried if (g := _gaps_of(self.source.table[n], n))}

    def filled(self, full: pa.Table) -> pa.Table:
        """The whole table with gaps taken from `full`, the filled model; every column of its own type."""
        table = self.source.table
        for name in self.gaps():
            at = table.column_names.index(name)
            merged = _merged(table[name], self.model[name].is_null(), full[name])
            table = table.set_column(at, pa.field(name, merged.type), merged)
        return table

    def written(self, full: pa.Table) -> pa.Table:
        """As `filled`; of a text file, text, each field as it was written there."""
        text = self._text
        if text is None:
            return self.filled(full)
        for name in self.gaps():
            at = text.column_names.index(name)
            text = text.set_column(at, name, _respelled(text[name], self.model[name].is_null(), full[name]))
        return text

    @cached_property
    def _text(self) -> pa.Table | None:
        """The file as it is written, read once."""
        return self.source.all_spelled()


def _respelled(text: Any, gaps: Any, full: Any) -> Any:
    """A column of a text file with its gaps filled, numbers with the comma that it has."""
    new = full.combine_chunks() if isinstance(full, pa.ChunkedArray) else full
    commas = not pa.types.is_string(new.type) and bool(pc.any(pc.match_substring(text, ",")).as_py())
    words = _as_words(new)
    return pc.if_else(gaps, pc.replace_substring(words, ".", ",") if commas else words, text)


def _modelled(values: pa.ChunkedArray, name: str) -> tuple[Any, str]:
    """A column as an imputer takes it, or why it cannot."""
    flat = unnested(values)
    if flat is None:
        return None, "nested values"
    kind = flat.type
    if pa.types.is_temporal(kind):
        return None, "dates or times"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        found = _numbers(flat)
    elif pa.types.is_boolean(kind):
        found = flat
    elif is_bytes(kind):
        return None, "bytes"
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        found = as_text(flat, name)
    else:
        return None, "nothing but gaps" if pa.types.is_null(kind) else str(kind)
    return (None, why) if (why := _why_not(found)) else (found, "")


def _numbers(flat: pa.Array) -> pa.Array:
    """Numbers with NaN as null; decimals as floats."""
    found = flat.cast(pa.float64()) if pa.types.is_decimal(flat.type) else flat
    return (
        pc.if_else(pc.is_nan(found), pa.scalar(None, found.type), found) if pa.types.is_floating(found.type) else found
    )


def _why_not(found: pa.Array) -> str:
    there = len(found) - found.null_count
    if not there:
        return "nothing but gaps"
    if not pa.types.is_string(found.type):
        return ""
    levels = pc.count_distinct(found).as_py()
    many = levels > max(FEW, there / 2) or levels > MOST
    return f"text of {levels:,} values in {there:,} rows" if many else ""


def _gaps_of(values: pa.ChunkedArray, name: str) -> int:
    flat = unnested(values)
    text = flat is not None and (pa.types.is_string(flat.type) or pa.types.is_large_string(flat.type))
    return as_text(flat, name).null_count if text else values.null_count


def _merged(column: pa.ChunkedArray, gaps: Any, full: Any) -> Any:
    """A column with the values of `full` where it has gaps, in its own type; decimals that do not fit make it float."""
    dense = unnested(column)
    new = full.combine_chunks() if isinstance(full, pa.ChunkedArray) else full
    if pa.types.is_decimal(dense.type):
        return _merged_decimals(dense, gaps, new)
    kind = pa.large_string() if pa.types.is_string_view(dense.type) else dense.type  # for which Arrow has no choice
    merged = pc.if_else(gaps, new.cast(kind), dense.cast(kind)).cast(dense.type)
    merged = merged.combine_chunks() if isinstance(merged, pa.ChunkedArray) else merged
    return merged.dictionary_encode().cast(column.type) if pa.types.is_dictionary(column.type) else merged


def _merged_decimals(dense: pa.Array, gaps: Any, new: pa.Array) -> pa.Array:
    places = Decimal(1).scaleb(-dense.type.scale)
    values = [
        Decimal(repr(v)).quantize(places) if gap else w
        for gap, v, w in zip(gaps.to_pylist(), new.to_pylist(), dense.to_pylist(), strict=True)
    ]
    try:
        return pa.array(values, dense.type)
    except pa.ArrowInvalid:
        return pa.array([None if v is None else float(v) for v in values])


def _as_words(values: pa.Array) -> pa.Array:
    """Values as the text of a file: numbers by their shortest spelling."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_boolean(values.type):
        return pc.if_else(values, "true", "false")
    return pa.array([None if v is None else repr(v) for v in values.to_pylist()], pa.string())


def with_gaps(table: pa.Table, share: float = 0.2) -> pa.Table:
    """The table with a share of its entries missing completely at random, the same ones every time."""
    gone = np.random.default_rng(0).random((table.num_columns, table.num_rows)) < share
    columns = [pc.if_else(g, pa.scalar(None, c.type), c) for g, c in zip(gone, table.columns, strict=True)]
    return pa.table(dict(zip(table.column_names, columns, strict=True)))


def refuse_format(path: str) -> str:
    """The ending of a file that can be written."""
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"-o {path}: must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}. Name the file so.")
    return ending


def as_bytes(parts: FillTable, tables: list[pa.Table], ending: str, *, draws: bool) -> bytes:
    """A file of the filled models; with `draws` one below the other, their number and that of the row in front."""
    form = parts.filled if ending == ".parquet" else parts.written
    whole = [_numbered(form(full), i) if draws else form(full) for i, full in enumerate(tables)]
    if ending == ".parquet":
        sink = pa.BufferOutputStream()
        pq.write_table(pa.concat_tables(whole, promote_options="permissive"), sink)
        return sink.getvalue().to_pybytes()
    text = parts.source.text
    mark = "\t" if ending == ".tsv" else "," if text is None else text.mark
    headless = text is not None and text.headless and not draws
    return b"".join(_csv_bytes(whole, mark, headless=headless, name=parts.source.name, typed=text is None))


def refuse_numbered(parts: FillTable) -> None:
    """A table that has the columns in which many fillings are numbered."""
    there = [name for name in (DRAW, ROW) if name in parts.source.table.column_names]
    if there:
        raise InputError(f"the column {there[0]!r} would stand twice beside the number of each draw. Rename it first.")


def _numbered(table: pa.Table, draw: int) -> pa.Table:
    rows = pa.array(range(table.num_rows), pa.int64())
    numbers = {DRAW: pa.array([draw + 1] * table.num_rows, pa.int64()), ROW: rows}
    return pa.table({**numbers, **dict(zip(table.column_names, table.columns, strict=True))})


def _csv_bytes(tables: list[pa.Table], mark: str, *, headless: bool, name: str, typed: bool) -> Iterator[bytes]:
    """Lines of the tables, the names once."""
    for i, table in enumerate(tables):
        text = io.StringIO()
        writer = csv.writer(text, delimiter=mark, lineterminator="\n")
        if i == 0 and not headless:
            writer.writerow(table.column_names)
        columns = [
            _column_text(c, n, name) if typed else c.to_pylist()
            for n, c in zip(table.column_names, table.columns, strict=True)
        ]
        writer.writerows(zip(*columns, strict=True))
        yield text.getvalue().encode("utf8", "backslashreplace")


def _column_text(column: Any, column_name: str, name: str) -> list[Any]:
    """A typed column as text."""
    flat = unnested(column)
    if flat is None or is_bytes(flat.type):
        raise InputError(
            f"{name}: column {column_name!r} has no form as text ({column.type}). Name an OUT that ends in .parquet."
        )
    if pa.types.is_floating(flat.type) or pa.types.is_boolean(flat.type):
        return _as_words(flat).to_pylist()
    return flat.cast(pa.string()).to_pylist()
