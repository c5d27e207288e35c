"""A cell of a comparison as a file of a journal.

The name holds the method, a checksum of what the method is and of the data and settings, the repeat and the fold, so that two objects
of one label do not take each other's fits.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from dataclasses import fields
from functools import partial

from ...work import Journal, PartFormat, pack_arrays, unpack_arrays
from ._cells import Cell, ComparisonPlan, Key

__all__ = ["open_journal"]

ARRAYS = ("p", "raw", "importance")  # journals of version 0.1.0 lack the last
WRITTEN_AS = {"warned": "said"}  # what a field is called in the file: as in version 0.1.0


def open_journal(
    folder: str | os.PathLike[str],
    plan: ComparisonPlan,
    data: str,
    settings: str,
    formerly: Mapping[str, str] | None = None,
) -> Journal:
    """The journal of a comparison: finished cells in `folder`, for these fingerprints of data (now, and formerly) and settings."""
    marks = {m.name: m.mark for m in plan.methods}
    return Journal(
        folder, PartFormat(partial(_file_name, marks), _pack, unpack), data=data, settings=settings, formerly=formerly
    )


def _file_name(marks: Mapping[str, str], key: Key, owner: tuple[str, ...]) -> str:
    """smote-24b424a6-0-1.npz: method, checksum, repeat, fold."""
    safe = "".join(c if c.isalnum() or c in "_-" else "." for c in key.name)[:60]
    checksum = zlib.crc32("\0".join([key.name, marks.get(key.name, ""), *owner]).encode())
    return f"{safe}-{checksum:08x}-{key.repeat}-{key.fold}.npz"


def _pack(cell: Cell) -> bytes | None:
    """The file; a failed cell has none, and is tried again."""
    if cell.error is not None:
        return None
    arrays = {name: getattr(cell, name) for name in ARRAYS}
    facts = {
        WRITTEN_AS.get(f.name, f.name): getattr(cell, f.name) for f in fields(cell) if f.name not in ("key", *ARRAYS)
    }
    return pack_arrays(arrays, facts)


def unpack(key: Key, content: bytes) -> Cell:
    """The cell of a file."""
    arrays, facts = unpack_arrays(content)
    warned = tuple(facts.pop(WRITTEN_AS["warned"]))
    return Cell(key, **arrays, **facts, warned=warned)
