"""Files that a command will write: checked before the long work, written whole or not at all.

The options mean the same in every command: `--json` and `--report` name a file, a pipe or a device; a bare `--json` is standard
output; `--save` names a file. None may be what is read, or be named twice.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from .._errors import InputError
from ..files import is_stream, write_whole

__all__ = ["STANDARD_OUTPUT", "check_writable", "refuse_taken", "taken_by", "write_text", "writing"]

STANDARD_OUTPUT = "-"  # what a bare --json stands for


def taken_by(data: str) -> dict[str, str]:
    """{path: what it is} of what is read: no output may be it or, if it is a folder, lie in it."""
    return {} if data.startswith("demo:") or data == "-" else {os.path.realpath(data): "the data"}


def check_writable(path: str, option: str, *, taken: dict[str, str], stream: bool = True) -> Path:
    """Refuse a path that cannot be written, is the data, or is asked for twice; `taken` is {path: what it is}.

    `stream` allows pipes and devices.
    """
    if not path.strip():
        raise InputError(f"{option} must name a file; got {path!r}. Name one.")
    real = Path(os.path.realpath(path))
    if real.is_dir():
        raise InputError(f"{option} {path}: that is a folder. Name a file in it.")
    refuse_taken(real, path, option, taken)
    if is_stream(path):
        if not stream:
            raise InputError(f"{option} {path}: that is a pipe or a device. Name a file.")
        if not os.access(path, os.W_OK):
            raise InputError(f"{option} {path}: cannot write there (Permission denied). Name another file.")
        return Path(path)
    taken[str(real)] = f"the file of {option}"
    if not real.parent.is_dir():
        folder = str(Path(path).parent if not os.path.islink(path) else real.parent)
        raise InputError(f"{option} {path}: there is no folder {folder!r}. Make it first.")
    try:
        with tempfile.TemporaryFile(dir=real.parent):
            pass
    except OSError as error:
        raise InputError(f"{option} {path}: cannot write there ({error.strerror}). Name another folder.") from error
    return Path(path)


def refuse_taken(real: Path, path: str, option: str, taken: dict[str, str]) -> None:
    for other, what in taken.items():
        if str(real) == other:
            raise InputError(f"{option} {path}: that is {what}. Name another file.")
        if Path(other) in real.parents and Path(other).is_dir():
            raise InputError(f"{option} {path}: that lies in the folder of {what}. Name a file elsewhere.")


def write_text(path: Path, text: str) -> None:
    """Write the text as UTF-8, whole or not at all; bytes of file names that are no text are escaped."""
    writing(path, lambda: write_whole(path, text.encode("utf8", "backslashreplace")))


def writing(path: Path, write: Callable[[], object]) -> None:
    """Write, and tell in one line if the disk says no."""
    try:
        write()
    except OSError as error:
        kept = "What a pipe or device took cannot be taken back" if is_stream(path) else "Nothing was changed there"
        raise InputError(f"{path}: cannot be written ({error.strerror}). {kept}.") from error
