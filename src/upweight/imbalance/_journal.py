"""A journal of finished cells: a comparison that was stopped goes on where it stood.

The trouble: an hour of fits dies with the laptop's battery. Each finished cell is a file of its own, written beside its
name and renamed into place, so that a file that is there is whole. The folder remembers which data and which settings
it belongs to, and refuses others.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import InputError
from ._cells import Cell, Key, Plan

__all__ = ["Journal", "write_atomic"]

SCHEMA = "upweight.journal/1"


class Journal:
    """Finished cells in a folder, for one set of data and settings."""

    def __init__(self, folder: str | os.PathLike[str], plan: Plan, data: str, settings: str):
        self.folder = Path(folder)
        self.marks = {m.name: m.mark for m in plan.rows}
        self.whose = {"schema": SCHEMA, "data": data, "settings": settings}
        self.trouble: str | None = None
        self.claim()

    def claim(self) -> None:
        """Make the folder ours, or refuse it if it holds cells of other data or settings."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            head = self.folder / "journal.json"
            if not head.exists():
                write_atomic(head, json.dumps(self.whose, indent=1).encode())
            found = json.loads(head.read_text())
            if not isinstance(found, dict):
                raise ValueError("journal.json is not a journal's")
        except (OSError, ValueError) as error:
            raise InputError(f"journal {str(self.folder)!r} cannot be used: {error}. Use another folder.") from error
        for what in ("data", "settings"):
            if found.get(what) != self.whose[what]:
                raise InputError(
                    f"journal {str(self.folder)!r} belongs to other {what}: {found.get(what)} there, {self.whose[what]} "
                    "here. Use another folder."
                )

    def path(self, key: Key) -> Path:
        safe = "".join(c if c.isalnum() or c in "_-" else "." for c in key.name)[:60]
        whose = zlib.crc32("\0".join([key.name, self.marks.get(key.name, ""), *self.whose.values()]).encode())
        return self.folder / f"{safe}-{whose:08x}-{key.repeat}-{key.fold}.npz"

    def read(self, key: Key) -> Cell | None:
        """The cell, or None if it is not there (or not readable: then it is computed again)."""
        try:
            content = io.BytesIO(self.path(key).read_bytes())
            with np.load(content, allow_pickle=False) as file:
                more: dict[str, Any] = json.loads(str(file["more"]))
                more |= {"key": key, "said": tuple(more["said"])}
                return Cell(**more, p=file["p"], raw=file["raw"])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
            return None

    def write(self, cell: Cell) -> None:
        """Write by temporary file and rename. Failed cells are not kept: the next call tries them again.

        A disk that is full must not end the run: the first failure is noted in `trouble`, and nothing more is written.
        """
        if cell.error is not None or self.trouble is not None:
            return
        more = {k: v for k, v in asdict(cell).items() if k not in ("key", "p", "raw")}
        buffer = io.BytesIO()
        np.savez(buffer, p=cell.p, raw=cell.raw, more=np.array(json.dumps(more)))
        try:
            write_atomic(self.path(cell.key), buffer.getvalue())
        except OSError as error:
            self.trouble = (
                f"journal {str(self.folder)!r} cannot be written ({error.strerror}); the run goes on without it"
            )


def write_atomic(path: Path, content: bytes) -> None:
    """Write beside, then rename: whoever reads sees the old file or the whole new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
