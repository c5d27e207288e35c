"""A journal of answers: every value of a dear function, appended and synced as it arrives, so that none is computed twice.

The trouble: a simulation that asks a function fifty thousand times dies after forty. `Journal` keeps parts that are large and few; here
the answers are small and many, and the questions come back in the same order if the seed is the same.

    line 1      {"schema": ..., "owner": {...}}                    whose answers these are
    others      {"request", "first", "rows", "digest", "y", "sum"}      answers to rows first ... first + rows of a request

y is float64 in base64, one number a row or several; digest tells the questions, sum the line. A torn last line is dropped. Any other line that is damaged, another
owner or another digest is an InputError that names file and line, and nothing is overwritten. One writer at a time, by a lock of the file.

What is inside: `AnswerJournal`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import InputError

__all__ = ["AnswerJournal"]

SCHEMA = "upweight.answers/1"
FAR = 1 << 40  # a byte no journal reaches, for systems that lock bytes


class AnswerJournal:
    """Answers in a file, for one `owner` (settings, seed and fingerprints, as plain facts).

    `recall(request, questions)` gives the answers that were there when it was opened, `append` adds some. To be closed in the end.
    """

    def __init__(self, path: str | os.PathLike[str], owner: Mapping[str, Any]):
        self.path = Path(path)
        self.owner = json.loads(json.dumps(dict(owner)))
        self.lines: dict[int, list[tuple[int, dict[str, Any]]]] = {}
        self.kept = 0
        if self.path.exists() and not (self.path.is_file() or self.path.is_dir()):
            raise self._unusable("it is no regular file")  # a device could be read for ever
        try:
            self.file = open(self.path, "a+b")  # noqa: SIM115  closed by `close`
        except OSError as error:
            raise self._unusable(error.strerror) from error
        try:
            _lock(self.file)
            self._read()
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise self._unusable(
                    "another run writes to it" if isinstance(error, BlockingIOError) else str(error.strerror)
                ) from error
            raise

    def recall(self, request: int, questions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(answers (n,) or (n, c), whether each is there (n,)) for the rows of `questions` (n, d); refuses answers to other questions."""
        y, there = np.zeros(len(questions)), np.zeros(len(questions), dtype=bool)
        for number, line in self.lines.get(request, ()):
            rows = slice(line["first"], line["first"] + line["rows"])
            if rows.stop > len(questions) or line["digest"] != _digest(questions[rows]):
                raise InputError(
                    f"journal {str(self.path)!r}, line {number}, answers other questions than are asked now. It belongs to another run or "
                    "version: use another file."
                )
            found = np.frombuffer(base64.b64decode(line["y"]))
            found = found if found.size == line["rows"] else found.reshape(line["rows"], -1)
            if not there.any():
                y = np.zeros((len(questions), *found.shape[1:]))
            y[rows] = found
            there[rows] = True
        return y, there

    def append(self, request: int, first: int, questions: np.ndarray, y: np.ndarray) -> None:
        """Write answers y (m,) or (m, c) to rows first ... first + m of a request, and wait until they are on the disk."""
        line = {"request": request, "first": first, "rows": len(y), "digest": _digest(questions)}
        line["y"] = base64.b64encode(np.ascontiguousarray(y, dtype=np.float64).tobytes()).decode()
        self._write(line | {"sum": _sum(line)})
        self.kept += len(y)

    def close(self) -> None:
        """Give the file back."""
        with suppress(OSError):  # a full disk, told when it was written to
            self.file.close()

    def __enter__(self) -> AnswerJournal:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    # ---- the file -----------------------------------------------------------------------------------------------------------

    def _write(self, line: dict[str, Any]) -> None:
        try:
            self.file.write(json.dumps(line).encode() + b"\n")
            self.file.flush()
            os.fsync(self.file.fileno())
        except OSError as error:
            raise InputError(
                f"journal {str(self.path)!r} cannot be written ({error.strerror}). Make room and run again: what it holds is not asked twice."
            ) from error

    def _read(self) -> None:
        """Take the lines in; a torn last one is cut off, and an empty file is given its first."""
        self.file.seek(0)
        content = self.file.read()
        lines = content.split(b"\n")
        good = 0
        for number, text in enumerate(lines, 1):
            if not text and number == len(lines):
                break
            line = _parsed(text) if number < len(lines) else None  # without its end it is torn
            if line is None or (number > 1 and not _whole(line)):
                if not any(lines[number:]) and (number > 1 or self._first().startswith(text)):
                    break
                raise InputError(f"journal {str(self.path)!r}, line {number}, is damaged. Use another file.")
            self._take(number, line)
            good += len(text) + 1
        if good < len(content):
            self.file.truncate(good)
        if good == 0:
            self._write(self._header())

    def _header(self) -> dict[str, Any]:
        return {"schema": SCHEMA, "owner": self.owner}

    def _first(self) -> bytes:
        """The first line as it would be written: a torn beginning of it is ours, any other text is somebody else's file."""
        return json.dumps(self._header()).encode()

    def _take(self, number: int, line: dict[str, Any]) -> None:
        if number > 1:
            self.lines.setdefault(line["request"], []).append((number, line))
            self.kept += line["rows"]
            return
        there = line.get("owner")
        if line.get("schema") != SCHEMA or not isinstance(there, dict):
            raise InputError(f"journal {str(self.path)!r}, line 1, is not a journal's. Use another file.")
        for what in sorted({*there, *self.owner}):
            if there.get(what) != self.owner.get(what):
                raise InputError(
                    f"journal {str(self.path)!r}, line 1, belongs to another run: {what} {there.get(what)!r} there, "
                    f"{self.owner.get(what)!r} here. Use another file."
                )

    def _unusable(self, why: str | None) -> InputError:
        return InputError(f"journal {str(self.path)!r} cannot be used: {why}. Use another file.")


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _whole(line: dict[str, Any]) -> bool:
    """Whether a line of answers is as it was written."""
    body = {k: v for k, v in line.items() if k != "sum"}
    return line.get("sum") == _sum(body) and {"request", "first", "rows", "digest", "y"} == set(body)


def _sum(line: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(line, sort_keys=True).encode()).hexdigest()[:16]


def _digest(questions: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(questions, dtype=np.float64).tobytes()).hexdigest()[:16]


def _lock(file: Any) -> None:
    """One writer at a time; BlockingIOError for the second. The lock ends with the process."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        file.seek(FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # pyright: ignore[reportAttributeAccessIssue]
        except OSError as error:
            raise BlockingIOError(error.errno, error.strerror) from error
    else:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
