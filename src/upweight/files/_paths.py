"""What the user named: is it there, what was meant if it is not, and of which kind is it?

    a folder                 Parquet files in it
    .parquet .pq             Parquet
    .npy .npz                NumPy
    .xlsx .xlsm              Excel, its first sheet
    .jsonl .ndjson (.gz)     JSON, one object a line
    -                        standard input: kept in a temporary file; its first bytes say what it is
    all else (.gz)           delimited text

What is inside: `find`, from the name to a `Place`; `one_line`, for messages of others.
"""

from __future__ import annotations

import difflib
import os
import shutil
import sys
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path

from .._errors import InputError

__all__ = ["PARQUET", "Place", "find", "one_line", "unreadable"]

PARQUET = (".parquet", ".pq")
KINDS = {
    **dict.fromkeys(PARQUET, "parquet"),
    ".npy": "numpy",
    ".npz": "numpy",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".jsonl": "json",
    ".ndjson": "json",
}
NEAR = 0.75  # likeness from which on a name is suggested; "missing" and "mixnum" have 0.46, "chrn" and "churn" 0.89
FIRST_BYTES = {b"PAR1": ".parquet", b"PK\x03\x04": ".xlsx", b"\x93NUMPY": ".npy", b"{": ".jsonl"}
STANDARD_INPUT = "standard input"


@dataclass(frozen=True)
class Place:
    """Where the data are, what to call them in messages, and of which kind they are: folder, parquet, numpy, excel, json or text."""

    path: Path
    name: str
    kind: str

    @property
    def gzipped(self) -> bool:
        return self.path.name.lower().endswith(".gz")


def find(data: str, what: str = "DATA") -> Place:
    """The place of what was named; refused if nothing is there, or nothing is in it."""
    if not data.strip():
        raise InputError(f"{what} must name a file or a folder of Parquet files; got {data!r}. Name one.")
    if data == "-":
        return _standard_input()
    path = Path(data)
    if not there(path):
        near = " or ".join(map(repr, _near_files(path)))
        raise InputError(f"{path}: no such file. {f'Did you mean {near}?' if near else 'Check the path.'}")
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes). Write it again.")
    return Place(path, str(path), kind_of(path))


def there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long, or with a zero byte
        return False


def kind_of(path: Path) -> str:
    """By the ending, whatever its case; .gz stands behind that of text and JSON."""
    if path.is_dir():
        return "folder"
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    if endings[-1:] == [".gz"]:
        return "json" if KINDS.get(endings[0]) == "json" else "text"
    return KINDS.get(endings[-1], "text") if endings else "text"


def _standard_input() -> Place:
    """Standard input, copied to a temporary file that goes away with the place: what is guessed is guessed from the whole of it."""
    source = getattr(sys.stdin, "buffer", None)
    if source is None or sys.stdin.isatty():
        raise InputError("standard input: nothing is sent there. Pipe a file into the command, or name one.")
    handle, name = tempfile.mkstemp(prefix="upweight-")
    with open(handle, "wb") as copy:
        shutil.copyfileobj(source, copy)
    with open(name, "rb") as copy:
        head = copy.read(8)
    ending = next((kind for magic, kind in FIRST_BYTES.items() if head.lstrip().startswith(magic)), ".csv")
    path = Path(name + (".csv.gz" if head.startswith(b"\x1f\x8b") else ending))
    os.rename(name, path)
    place = Place(path, STANDARD_INPUT, kind_of(path))
    weakref.finalize(place, path.unlink, missing_ok=True)
    if not head:
        raise InputError("standard input: it is empty (0 bytes). Does the command before it write something?")
    return place


def _near_files(path: Path) -> list[str]:
    """Up to three files beside it whose names, endings aside, are nearly the same; the nearest first."""
    stem = lambda name: name.split(".")[0].lower()
    near = lambda a, b: difflib.SequenceMatcher(None, a, b).ratio()
    folder = path.parent if there(path.parent) and path.parent.is_dir() else Path()
    names = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    close = [name for name in names if near(stem(name), stem(path.name)) >= NEAR]
    return sorted(close, key=lambda name: near(name, path.name), reverse=True)[:3]


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")


def unreadable(name: str, error: BaseException) -> InputError:
    """What to raise for a file that its parser gave up on."""
    return InputError(f"{name}: cannot be read: {one_line(error)}. Is the file whole?")
