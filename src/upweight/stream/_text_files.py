"""A text file as a table, by the rules of `files`: a quote left open, a row too short, a gap in five spellings are what they are there.

A file that lies in an object store is copied to a temporary one first, since it is looked at before it is parsed.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
from pyarrow import fs

from ..files import read_text_file

__all__ = ["text_table", "told_once", "types_of"]


def text_table(
    system: Any,
    full: str,
    name: str,
    types: Mapping[str, pa.DataType],
    *,
    notice: Callable[[str], None] = lambda said: None,
) -> pa.Table:
    """A whole text file; `name` is what messages call it, `types` of columns that are known, `notice` gets what was guessed."""
    with _local_copy(system, full) as path:
        return read_text_file(path, notice, name=name, types=types)


def told_once(said: str) -> None:
    """What was guessed of a file, as a warning, when the file is opened; read again it is silent."""
    warnings.warn(said, UserWarning, stacklevel=2)


def types_of(schema: pa.Schema) -> dict[str, pa.DataType]:
    """{name: type} of a schema."""
    return {kind.name: kind.type for kind in schema}


@contextlib.contextmanager
def _local_copy(system: Any, full: str) -> Iterator[Path]:
    """The path of a file on this machine, or of a copy that goes away."""
    if isinstance(system, fs.LocalFileSystem):
        yield Path(full)
        return
    with tempfile.TemporaryDirectory(prefix="upweight-") as folder:
        path = Path(folder) / PurePosixPath(full).name
        with system.open_input_stream(full, compression=None) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        yield path
