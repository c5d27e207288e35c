"""JSON lines as one Arrow table: one object a line, its keys the columns.

The trouble: a key that is absent is a gap; a key that stands twice in one object would be one value lost; a value that is a number
in one line and text in another is no column; an unfinished last line is half a row.

What is inside: `read_json_lines`, a whole table; `json_objects`, one object after the other for who reads keys of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from .._errors import InputError
from ._paths import Place, find, one_line
from ._text import opened, refuse_binary

__all__ = ["json_objects", "read_json_lines"]

ROWS = 1 << 16  # of a piece
LARGEST = 1 << 63


def read_json_lines(place: Place) -> pa.Table:
    """All rows; refused with the line that is no object, or holds a key twice."""
    refuse_binary(place)
    pieces: list[pa.Table] = []
    rows: list[dict[str, Any]] = []
    for _, row in objects(place):
        rows.append(row)
        if len(rows) == ROWS:
            pieces.append(_as_table(rows, place))
            rows = []
    pieces.append(_as_table(rows, place))
    pieces = [p for p in pieces if p.num_rows] or pieces[:1]
    try:
        return pa.concat_tables(pieces, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(
            f"{place.name}: a key holds values of several types ({one_line(error)}). Write them as one."
        ) from error


def json_objects(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of any ending, one after the other, each with the number of its line."""
    place = find(path)
    if place.kind == "folder":
        raise InputError(f"{place.name}: a folder, where a file of one JSON object a line was expected. Name the file.")
    refuse_binary(place)
    yield from objects(place)


def objects(place: Place) -> Iterator[tuple[int, dict[str, Any]]]:
    with opened(place) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, _one_object(line, place, number)


def _one_object(line: bytes, place: Place, number: int) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        row = dict(pairs)
        if len(row) < len(pairs):
            names = [name for name, _ in pairs]
            double = next(n for n in names if names.count(n) > 1)
            raise InputError(f"{place.name}: line {number}: key {double!r} stands twice. Take one away.")
        return row

    try:
        row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf8"), object_pairs_hook=unique)
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{place.name}: line {number} is not JSON ({one_line(error)}). Write one object a line."
        ) from error
    if not isinstance(row, dict):
        raise InputError(f"{place.name}: line {number} holds a {type(row).__name__}. Write one object a line.")
    return row


def _as_table(rows: list[dict[str, Any]], place: Place) -> pa.Table:
    """Some rows as a table; whole numbers beyond 64 bits as doubles, numbers and text in one key refused."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: column(name, [row.get(name) for row in rows], place) for name in names}
    return pa.table(columns)


def column(name: str, values: list[Any], place: Place) -> pa.Array:
    kinds = {type(v) for v in values if v is not None}
    if kinds and kinds <= {int, float}:
        large = any(isinstance(v, int) and abs(v) >= LARGEST for v in values)
        if large or float in kinds:
            values = [
                None if v is None else float(v) if abs(v) < 1e308 else float("inf") * (1 if v > 0 else -1)
                for v in values
            ]
    try:
        return pa.array(values, from_pandas=False)
    except (
        pa.ArrowInvalid,
        pa.ArrowTypeError,
        pa.ArrowNotImplementedError,
        OverflowError,
        UnicodeEncodeError,
    ) as error:
        raise InputError(
            f"{place.name}: key {name!r} holds values of several types ({one_line(error)}). Write them as one."
        ) from error
