"""A report is written whole or not at all.

The page replaces one that somebody may be reading. So it is made in memory, written to a temporary file in the same folder
(the same disk, so that the last step is one rename) and only then given its name. A full disk, a killed process or a
document that turns out wrong leaves the old page as it was; the temporary file is taken away again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .._errors import InputError
from ..files import is_stream, write_whole
from ._page import page

__all__ = ["write"]


def write(facts: dict[str, Any], path: str | os.PathLike[str]) -> Path:
    """Write the page of `facts` to `path`, atomically; it changes no estimate.

    Parameters
    ----------
    facts : dict
        An `upweight.compare/1` document, as `page` takes it.
    path : path of the HTML file to make or to replace; its folder must exist.

    Returns
    -------
    Path of the file written; a link is followed, so that the link stays one.

    Raises
    ------
    InputError
        The document is not an `upweight.compare/1` one, or `path` cannot be a file.
    OSError
        The disk said no; the old file is untouched.

    Costs:  nothing is estimated here. A SIGKILL between two steps may leave one hidden `.part` file behind.

    >>> write({"schema": "something else"}, "report.html")
    Traceback (most recent call last):
    ...
    upweight.InputError: `schema` must be 'upweight.compare/1'; got 'something else'. Write the ...
    """
    html = page(facts).encode("utf-8")
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise InputError(f"`path` must be a file; {str(path)!r} is a folder. Add a name, such as report.html.")
    if not is_stream(path) and not target.parent.is_dir():
        raise InputError(f"`path` must lie in a folder that exists; {str(target.parent)!r} does not. Make it first.")
    write_whole(path, html)
    return target
