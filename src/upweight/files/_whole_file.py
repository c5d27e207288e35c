"""A file is written whole or not at all, and what is no file is written into.

The trouble: a disk that is full half-way, or a killed process, must not leave half a model under the name of the old one. So the
content goes to a file beside it, on the same disk, and one rename gives it the name. But a rename onto `/dev/stdout`, a pipe or a
link would replace the device, the pipe or the link itself, for everybody on the machine.

    a file, or nothing there    written beside, then renamed; the mode stays
    a link                      what it points to is treated so; the link stays
    a device, a pipe            opened and written into
    where standard output goes  written there, after what was printed

What is inside: `write_whole`; `is_stream`, which tells the last two from the first two.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import sys
from pathlib import Path

__all__ = ["is_stream", "write_whole"]


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Give `path` this content, whole or not at all; into a device or pipe it is written as far as that takes it.

    Raises
    ------
    OSError
        The disk said no; an old file is untouched.

    Costs:  a SIGKILL between two steps may leave one hidden `.part` file behind.
    """
    if is_stream(path):
        return _write_into(path, content)
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}.part")
    try:
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except OSError as error:  # of the file that was asked for, not of the one that was to become it
        error.filename, error.filename2 = os.fspath(path), None
        raise
    finally:
        beside.unlink(missing_ok=True)


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether something is there that is no file on a disk, or the file that standard output or error goes to."""
    try:
        status = os.stat(path)
    except OSError:  # nothing there, or a link to nothing
        return False
    return not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)) or _output_descriptor(status) is not None


def _output_descriptor(status: os.stat_result) -> int | None:
    """The descriptor of standard output or error that goes to the same place."""
    for descriptor in (1, 2):
        try:
            if os.path.samestat(status, os.fstat(descriptor)):
                return descriptor
        except OSError:  # closed
            continue
    return None


def _write_into(path: str | os.PathLike[str], content: bytes) -> None:
    """Write without creating or shortening; where standard output goes through its own descriptor, which knows the place."""
    descriptor = _output_descriptor(os.stat(path))
    if descriptor is None:
        descriptor = os.open(path, os.O_WRONLY)
    else:
        for printed in (sys.stdout, sys.stderr):
            if printed is not None:
                printed.flush()
        descriptor = os.dup(descriptor)
    with open(descriptor, "wb") as file:
        file.write(content)
