"""A journal of finished parts: a job that was stopped goes on where it stood.

The trouble: an hour of work dies with the laptop's battery. Each finished part is a file of its own, written beside its name and
renamed into place, so that a file that is there is whole. The folder remembers which data and which settings it belongs to, and
refuses others.

What is inside: `Journal`; `PartFormat`, how a part becomes a file; `array_parts`, the format of parts that are arrays; `pack_arrays` and
`unpack_arrays`, a part as arrays and plain facts in one `.npz` that holds no objects.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import InputError
from ..files import write_whole

__all__ = ["Journal", "PartFormat", "array_parts", "pack_arrays", "unpack_arrays"]

SCHEMA = "upweight.journal/1"
UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class PartFormat:
    """How a part becomes a file.

    file_name : function of (key, owner) giving a name; `owner` is a text of the data and settings, to be hashed into it.
    pack : function of a part giving bytes, or None for a part that is not kept. unpack : function of (key, bytes) giving the part.
    """

    file_name: Callable[[Any, tuple[str, ...]], str]
    pack: Callable[[Any], bytes | None]
    unpack: Callable[[Any, bytes], Any]


class Journal:
    """Finished parts in a folder, for one set of `data` and `settings` (fingerprints of both).

    `formerly` tells which fingerprint the same data had by the rules of an earlier version, and what has changed since.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        parts: PartFormat,
        *,
        data: str,
        settings: str,
        formerly: Mapping[str, str] | None = None,
    ):
        self.folder = Path(folder)
        self.formerly = dict(formerly or {})
        self.parts = parts
        self.owner = {"schema": SCHEMA, "data": data, "settings": settings}
        self.trouble: str | None = None
        self.claim()

    def claim(self) -> None:
        """Make the folder ours, or refuse it if it holds parts of other data or settings."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            head = self.folder / "journal.json"
            if not head.exists():
                write_whole(head, json.dumps(self.owner, indent=1).encode())
            there = json.loads(head.read_text())
            if not isinstance(there, dict):
                raise ValueError("journal.json is not a journal's")
        except (OSError, ValueError) as error:
            raise InputError(f"journal {str(self.folder)!r} cannot be used: {error}. Use another folder.") from error
        if (changed := self.formerly.get(str(there.get("data")))) is not None:
            raise InputError(
                f"journal {str(self.folder)!r} holds parts of these data that an earlier version computed, before {changed}; they "
                "cannot stand beside parts of today. Use another folder."
            )
        for what in ("data", "settings"):
            if there.get(what) != self.owner[what]:
                raise InputError(
                    f"journal {str(self.folder)!r} belongs to other {what}: {there.get(what)} there, {self.owner[what]} "
                    "here. Use another folder."
                )

    def path(self, key: Any) -> Path:
        """Where the part of a key is."""
        return self.folder / self.parts.file_name(key, tuple(self.owner.values()))

    def read(self, key: Any) -> Any:
        """The part, or None if it is not there (or not readable: then it is computed again)."""
        try:
            return self.parts.unpack(key, self.path(key).read_bytes())
        except UNREADABLE:
            return None

    def write(self, key: Any, part: Any) -> None:
        """Write by temporary file and rename. Parts that the format does not keep are computed again by the next call.

        A disk that is full must not end the run: the first failure is noted in `trouble`, and nothing more is written.
        """
        if self.trouble is not None or (content := self.parts.pack(part)) is None:
            return
        try:
            write_whole(self.path(key), content)
        except OSError as error:
            self.trouble = (
                f"journal {str(self.folder)!r} cannot be written ({error.strerror}); the run goes on without it"
            )


def array_parts(stem: str = "part") -> PartFormat:
    """The format of parts that are one array, or a dict of arrays by name; files are called `stem` and a checksum of the key.

    A key is told by its repr, which must be the same in every run: numbers, text, tuples of them.

    >>> format = array_parts()
    >>> format.file_name(("day", 3), ("data", "settings"))
    'part-b7a1cae8e356f213.npz'
    >>> format.unpack(3, format.pack(np.arange(2)))
    array([0, 1])
    """

    def file_name(key: Any, owner: tuple[str, ...]) -> str:
        return f"{stem}-{hashlib.sha256(repr((key, owner)).encode()).hexdigest()[:16]}.npz"

    return PartFormat(file_name, _pack_part, _unpack_part)


ALONE = "array"  # the name of a part that is one array


def _pack_part(part: Any) -> bytes:
    """An array, or a dict of them."""
    several = isinstance(part, Mapping)
    arrays = {str(name): np.asarray(a) for name, a in (part if several else {ALONE: part}).items()}
    for name, a in arrays.items():
        if a.dtype.hasobject:
            raise InputError(
                f"array {name!r} of a part holds objects ({a.dtype}); a journal keeps numbers and text. Convert it."
            )
    return pack_arrays(arrays, {"several": several})


def _unpack_part(key: Any, content: bytes) -> Any:
    """What `_pack_part` was given."""
    arrays, facts = unpack_arrays(content)
    return arrays if facts["several"] else arrays[ALONE]


def pack_arrays(arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> bytes:
    """Arrays and plain facts (numbers, text, lists) as one `.npz`.

    >>> unpack_arrays(pack_arrays({"p": np.arange(2.0)}, {"seconds": 1.5}))
    ({'p': array([0., 1.])}, {'seconds': 1.5})
    """
    buffer = io.BytesIO()
    named: dict[str, Any] = {**arrays, "more": np.array(json.dumps(dict(facts)))}
    np.savez(buffer, **named)
    return buffer.getvalue()


def unpack_arrays(content: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """(arrays, facts) of `pack_arrays`; raises ValueError, KeyError or a zip error for anything else."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files if name != "more"}, json.loads(str(file["more"]))
