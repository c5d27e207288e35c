"""Files that a command will write: checked before the long work, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .._errors import InputError

__all__ = ["check_writable", "write_text"]


def check_writable(path: str, option: str, *, taken: dict[str, str]) -> Path:
    """Refuse a path that cannot be written, is the data, or is asked for twice; `taken` is {path: what it is}."""
    target = Path(path)
    folder = target.parent
    if not folder.is_dir():
        raise InputError(f"{option} {path}: there is no folder {str(folder)!r}. Make it first.")
    if target.is_dir():
        raise InputError(f"{option} {path}: that is a folder. Name a file in it.")
    real = str(target.resolve())
    if real in taken:
        raise InputError(f"{option} {path}: that is {taken[real]}. Name another file.")
    taken[real] = f"the file of {option}"
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"{option} {path}: cannot write there ({error.strerror}). Name another folder.") from error
    return target


def write_text(path: Path, text: str) -> None:
    """Write beside, then rename."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(beside, "w", encoding="utf8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}). Nothing was changed there.") from error
    finally:
        beside.unlink(missing_ok=True)
