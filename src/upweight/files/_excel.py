"""The first sheet of an Excel file, as text: what is true of text files is then true of it too.

The trouble: a sheet holds numbers, dates, words, formulas and gaps in any cell. A formula whose value was never stored reads as a gap;
a second sheet is easily forgotten. So a formula without value is refused with its cell, other sheets are told, and the values go
through the one reading of text that CSV goes through: same types, same gaps, same header.

What is inside: `excel_as_text`, from the place of an .xlsx file to that of a temporary CSV file. openpyxl is brought when first needed.
"""

from __future__ import annotations

import csv
import datetime
import importlib
import os
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .._errors import InputError, MissingExtra, counted
from ._paths import Place, one_line

__all__ = ["excel_as_text"]

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def excel_as_text(place: Place, notice: Callable[[str], None]) -> Place:
    """The first sheet as a CSV file, which goes away with the place; other sheets are told."""
    try:
        openpyxl: Any = importlib.import_module("openpyxl")
    except ImportError as error:
        raise MissingExtra(
            f"{place.name}: Excel files are read by openpyxl, which is not here. Run `pip install openpyxl`, or save the sheet as CSV."
        ) from error
    try:
        rows, others = _sheet_rows(openpyxl, place)
    except InputError:
        raise
    except BROKEN as error:
        raise InputError(f"{place.name}: not a whole Excel file: {one_line(error)}. Save it again.") from error
    if others:
        notice(f"{place.name}: the first sheet is read; {counted(len(others), 'other')} left out, first {others[0]!r}.")
    return _as_csv(rows, place)


def _sheet_rows(openpyxl: Any, place: Place) -> tuple[list[list[str]], list[str]]:
    """The rows of the first sheet, written as text and equally long; the names of the other sheets."""
    book = openpyxl.load_workbook(place.path, read_only=True, data_only=True)
    sheets = book.worksheets
    if not sheets:
        raise InputError(f"{place.name}: holds no sheet of cells. Is this the right file?")
    values = [list(row) for row in sheets[0].iter_rows(values_only=True)]
    others = [sheet.title for sheet in sheets[1:]]
    book.close()
    _refuse_unknown_formulas(openpyxl, place, values)
    while values and all(v is None for v in values[-1]):
        values.pop()
    width = max((j + 1 for row in values for j, v in enumerate(row) if v is not None), default=0)
    if not width:
        raise InputError(f"{place.name}: the first sheet is empty. Put the table on the first sheet.")
    return [[written(v) for v in [*row, *[None] * width][:width]] for row in values], others


def _refuse_unknown_formulas(openpyxl: Any, place: Place, values: list[list[Any]]) -> None:
    """A formula that no program has computed has no value; it is not a gap."""
    if not any(v is None for row in values for v in row):
        return
    book = openpyxl.load_workbook(place.path, read_only=True, data_only=False)
    for row, formulas in zip(values, book.worksheets[0].iter_rows(), strict=False):
        for value, cell in zip(row, formulas, strict=False):
            if value is None and getattr(cell, "data_type", None) == "f":
                raise InputError(
                    f"{place.name}: cell {cell.coordinate} holds a formula whose value was not stored. "
                    "Open and save the file in a spreadsheet program, or save it as CSV."
                )
    book.close()


def written(value: Any) -> str:
    """A cell as CSV has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else str(value)


def _as_csv(rows: list[list[str]], place: Place) -> Place:
    handle, name = tempfile.mkstemp(prefix="upweight-", suffix=".csv")
    with open(handle, "w", encoding="utf8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(row for row in rows if any(row))
    text = Place(Path(name), place.name, "text")
    weakref.finalize(text, lambda: os.path.exists(name) and os.unlink(name))
    return text
