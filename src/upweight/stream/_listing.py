"""Which files a name stands for: a file, a folder, a pattern, a list of them; on this machine or behind a URI.

    folder    every data file below it; names that start with a point or an underscore are no data
    pattern   * ? [] within a name, ** for folders
    URI       s3://, gs://, hdfs:// by pyarrow, others by fsspec

A file that is reached twice is read once. Paths are relative to the folder or, of several names, to the folder they share, so that a copy of the
data elsewhere has the same paths. Folders named `day=2024-05-01` are keys, as Hive writes them.
"""

from __future__ import annotations

import fnmatch
import os
import posixpath
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

import pyarrow as pa
from pyarrow import fs

from .._errors import InputError

__all__ = ["DataFiles", "find_files", "folder_keys", "is_parquet", "resolved"]

HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")
WILD = "*?["


class DataFiles(NamedTuple):
    """Files of one filesystem: {path in it: relative path}; `root` is what messages call them, `folders` those that were named."""

    system: Any
    root: str
    folders: tuple[str, ...]
    paths: dict[str, str]


def find_files(paths: str | Sequence[str], filesystem: Any = None) -> DataFiles:
    """The data files of what was named, sorted by relative path.

    Raises InputError where nothing is there, or names lie on several filesystems.
    """
    given = [str(paths)] if isinstance(paths, str) or hasattr(paths, "__fspath__") else [str(p) for p in paths]
    if not given:
        raise InputError("no data was named. Give a file, a folder, a pattern, or a list of them.")
    systems, found, bases, folders = [], {}, [], []
    for one in given:
        system, base, hits = _listing(one, filesystem)
        systems.append(system)
        bases.append(base)
        folders += [] if hits == [resolved(one, filesystem)[1]] else [base]
        found |= dict.fromkeys(hits)
    if any(s != systems[0] for s in systems[1:]):
        raise InputError(f"{given[0]!r} and {given[-1]!r} lie on different filesystems. Copy them to one.")
    if not found:
        raise InputError(
            f"{given[0]!r} holds no Parquet or CSV files. Names that start with a point or underscore are no data."
        )
    base = bases[0] if len(given) == 1 else posixpath.commonpath(bases)
    paths_of = sorted((posixpath.relpath(full, base or "."), full) for full in found)
    return DataFiles(systems[0], given[0] if len(given) == 1 else base, tuple(folders), {f: r for r, f in paths_of})


def _listing(path: str, filesystem: Any) -> tuple[Any, str, list[str]]:
    """(filesystem, folder that paths are relative to, full paths) of a file, folder or pattern."""
    system, inner = resolved(path, filesystem)
    info = system.get_file_info(inner)
    if info.type == fs.FileType.File:
        return system, posixpath.dirname(inner), [inner]
    if info.type == fs.FileType.Directory:
        return system, inner, [p for p in _files_below(system, inner) if _is_data(posixpath.relpath(p, inner))]
    if not any(c in inner for c in WILD):
        raise InputError(f"no such file or folder: {path!r}.")
    base = inner[: min(inner.index(c) for c in WILD if c in inner)].rpartition("/")[0]
    parts = inner.split("/")
    hits = [p for p in _files_below(system, base) if _matches(p.split("/"), parts)]
    return system, base, [p for p in hits if _is_data(posixpath.relpath(p, base or "."))]


def _files_below(system: Any, folder: str) -> list[str]:
    infos = system.get_file_info(fs.FileSelector(folder, recursive=True, allow_not_found=True))
    return [i.path for i in infos if i.type == fs.FileType.File]


def _matches(names: list[str], pattern: list[str]) -> bool:
    """Whether a path fits a pattern, name by name; ** stands for any folders.

    >>> _matches(["a", "b", "c.pq"], ["a", "*", "*.pq"]), _matches(["a", "b", "c.pq"], ["a", "*.pq"])
    (True, False)
    """
    if not pattern or not names:
        return not pattern and not names
    if pattern[0] == "**":
        return any(_matches(names[k:], pattern[1:]) for k in range(len(names)))
    return fnmatch.fnmatchcase(names[0], pattern[0]) and _matches(names[1:], pattern[1:])


def resolved(path: str, filesystem: Any) -> tuple[Any, str]:
    """The filesystem of a path or URI, and the path inside it."""
    if filesystem is not None:
        system = filesystem if isinstance(filesystem, fs.FileSystem) else fs.PyFileSystem(fs.FSSpecHandler(filesystem))
        return system, path.rstrip("/") or "/"
    if "://" not in path:
        return fs.LocalFileSystem(), os.path.abspath(path)
    try:
        system, inner = fs.FileSystem.from_uri(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _by_fsspec(path)
    return system, inner.rstrip("/")


def _by_fsspec(path: str) -> tuple[Any, str]:
    """What pyarrow does not know, fsspec may."""
    scheme = path.split("://")[0]
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise InputError(f"{path!r}: pyarrow knows no {scheme}://. Install fsspec, or pass filesystem=.") from error
    try:
        system, inner = url_to_fs(path)
    except (ValueError, ImportError) as error:
        raise InputError(f"{path!r}: no filesystem is known for {scheme}:// ({error}).") from error
    return fs.PyFileSystem(fs.FSSpecHandler(system)), inner.rstrip("/")


def _is_data(relative: str) -> bool:
    parts = [p for p in relative.split("/") if p]
    hidden = any(p.startswith((".", "_")) for p in parts)
    return bool(parts) and not hidden and parts[-1].lower().endswith((*PARQUET, *TEXT))


def is_parquet(path: str) -> bool:
    return path.lower().endswith(PARQUET)


def folder_keys(relative: str) -> tuple[tuple[str, str | None], ...]:
    """(name, value) of folders such as day=2024-05-01; Hive's word for null is None."""
    out = []
    for part in relative.split("/")[:-1]:
        name, equal, value = part.partition("=")
        if equal and name:
            out.append((unquote(name), None if value == HIVE_NULL else unquote(value)))
    return tuple(out)
