"""A folder of results in which a file is there whole or not at all, on this machine or in an object store.

    local       written beside under a hidden name, synced, renamed, the folder synced;  one run at a time holds `.lock`
    elsewhere   written to local disk, then put under its final name in one go

The trouble: a process that is killed leaves half a file, and a file that is half there looks like a file. So names appear last. Object stores know
no rename and no lock, so names of data hold a fingerprint of what is in them: a second run beside the first cannot replace its files by others.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyarrow import fs

from .._errors import InputError
from ._listing import resolved

__all__ = ["HIDDEN", "Output", "canonical"]

HIDDEN = ".part-"
CHUNK = 1 << 20


def canonical(facts: Any) -> str:
    """JSON text with sorted keys, no blanks, ASCII only and shortest numbers: one text for one document."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


class Output:
    """A folder for results: `out` a local path or a URI, or a path of `filesystem`.

    Raises InputError for a place that no filesystem is known for.
    """

    def __init__(self, out: str, filesystem: Any = None):
        self.name = str(out)
        self.system, self.root = resolved(self.name, filesystem)
        self.local = isinstance(self.system, fs.LocalFileSystem)

    def path(self, name: str) -> str:
        """Where `name` lies, as the filesystem calls it."""
        return f"{self.root.rstrip('/')}/{name}"

    def make(self, *folders: str) -> None:
        """The folder and folders in it; an object store needs none."""
        for folder in ("", *folders):
            self.system.create_dir(self.path(folder).rstrip("/"), recursive=True)

    def names(self, folder: str = "") -> list[str]:
        """Names of the files in a folder, hidden ones too, sorted; none if there is no such folder."""
        where = self.path(folder).rstrip("/")
        infos = self.system.get_file_info(fs.FileSelector(where, allow_not_found=True))
        return sorted(Path(i.path).name for i in infos if i.type == fs.FileType.File)

    def entries(self) -> list[str]:
        """Names of files and folders at the top, hidden ones too, sorted; none if there is no such folder; a file is refused."""
        if self.system.get_file_info(self.root).type == fs.FileType.File:
            raise InputError(f"{self.name!r} is a file. Name a folder.")
        infos = self.system.get_file_info(fs.FileSelector(self.root, allow_not_found=True))
        return sorted(Path(i.path).name for i in infos)

    def there(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return self.system.get_file_info(self.path(name)).type == fs.FileType.File

    def read(self, name: str) -> bytes | None:
        """What a file holds, None if there is none."""
        if not self.there(name):
            return None
        with self.system.open_input_stream(self.path(name)) as file:
            return file.read()

    def read_json(self, name: str) -> Any:
        """A document, None if there is none or it is not readable: an unreadable commit is no commit."""
        content = self.read(name)
        try:
            return None if content is None else json.loads(content)
        except (ValueError, RecursionError):
            return None

    def write_json(self, name: str, facts: Any) -> None:
        """A document, whole or not at all."""
        self.write_text(name, canonical(facts) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """A text, whole or not at all."""
        with self.beside(name) as path:
            path.write_text(text, encoding="utf-8")

    def remove(self, name: str) -> None:
        """Take a file away, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self.system.delete_file(self.path(name))

    def remove_folder(self, name: str) -> None:
        """Take a folder away with what is in it; one that is not there is fine."""
        with contextlib.suppress(FileNotFoundError):
            self.system.delete_dir(self.path(name))

    @contextlib.contextmanager
    def beside(self, name: str) -> Iterator[Path]:
        """A local path to write to; what is there in the end gets its name, and if anything goes wrong nothing does."""
        with self.temporary(name) as path:
            yield path
            self.put(path, name)

    @contextlib.contextmanager
    def temporary(self, name: str) -> Iterator[Path]:
        """A local path on the disk of `name`, gone in the end unless it was put somewhere."""
        folder = Path(self.path(name)).parent if self.local else Path(tempfile.gettempdir())
        path = folder / f"{HIDDEN}{Path(name).name[:60]}.{secrets.token_hex(6)}.tmp"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def put(self, path: Path, name: str) -> None:
        """Give a finished local file its final name."""
        if not self.local:
            with path.open("rb") as source, self.system.open_output_stream(self.path(name)) as target:
                shutil.copyfileobj(source, target, CHUNK)
            return
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(path, self.path(name))
        _sync_folder(Path(self.path(name)).parent)

    def sweep(self, *folders: str) -> None:
        """Take away what killed runs left half-written."""
        for folder in folders:
            for name in self.names(folder):
                if name.startswith(HIDDEN):
                    self.remove(f"{folder}/{name}" if folder else name)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """One run at a time in a local folder; object stores have no lock.

        Raises InputError if another run is writing there.
        """
        if not self.local or os.name != "posix":
            yield
            return
        import fcntl  # not on Windows

        with open(self.path(".lock"), "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputError(
                    f"{self.name!r} is being written by another run. Wait for it, or use another folder."
                ) from error
            yield


def _sync_folder(folder: Path) -> None:
    """A rename is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
