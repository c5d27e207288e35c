"""Run: how functions are called. It changes seconds, never an answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..._errors import InputError, require_flag, require_int
from ..._set_module import set_module
from ...work import Progress

__all__ = ["Run"]


@set_module("upweight.montecarlo")
@dataclass(frozen=True)
class Run:
    """How a function is called: by rows or arrays, in pieces, in processes, with a journal. The answer is the same bits whatever it says.

    Parameters
    ----------
    rows : True calls the function with one row at a time: (d,) numbers, or a dict of floats if the inputs are named.
    batch : rows of one call at most; None is all that are asked at once.
    workers : processes over which calls are spread, by joblib.
    map : `map`-like function (function, pieces) -> answers, such as `executor.map`, in the place of workers.
    journal : path of a file to which every answer is appended and synced; the same call with the same seed asks only what is missing.
    progress : None, a bar if stderr is a terminal; False, nothing; or a function that is given (calls, budget, phase, seconds, left),
        named `done`, `parts`, `label`, `seconds` and `left`.

    Raises
    ------
    InputError : workers and map together, a batch or workers below one.

    Costs: rows and small batches cost the calls of Python. Same bits are promised if the function's value for a row does not depend on the
    other rows; a matrix product in it may differ in the last digit. A changed function cannot be seen by the journal.

    >>> Run(rows=True, batch=100)
    Run(rows=True, batch=100, workers=1, map=None, journal=None, progress=None)
    """

    rows: bool = False
    batch: int | None = None
    workers: int = 1
    map: Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]] | None = None
    journal: str | os.PathLike[str] | None = None
    progress: Callable[[Progress], None] | bool | None = None

    def __post_init__(self) -> None:
        require_flag("rows", self.rows)
        require_int("workers", self.workers)
        if self.batch is not None:
            require_int("batch", self.batch)
        if self.map is not None and not callable(self.map):
            raise InputError(
                f"`map` must be a function (function, pieces); got {type(self.map).__name__}. Pass executor.map."
            )
        if self.map is not None and self.workers > 1:
            raise InputError(
                f"`workers` and `map` both say where calls run; got workers={self.workers} and a map. Leave one out."
            )
        if self.journal is not None and not isinstance(self.journal, (str, os.PathLike)):
            raise InputError(
                f"`journal` must be the path of a file; got {self.journal!r}. Pass journal='run.uwj', for example."
            )
        if self.progress is not None and not callable(self.progress) and not isinstance(self.progress, bool):
            raise InputError(
                f"`progress` must be None, False or a function; got {self.progress!r}. Leave it out for a bar."
            )
