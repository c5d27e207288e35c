"""Where the progress of a comparison goes: a bar, lines, a function of the user's own, or nowhere.

None     a bar where standard error is a terminal, else nothing
True     the same bar, or lines on standard error where there is no terminal (notebooks, logs): the estimate, then every tenth
False    nothing
f        f(done, total) after every fit
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ..._errors import InputError
from ...work import Watch, terminal_watch

__all__ = ["duration", "watch_for"]


def watch_for(progress: Any) -> Watch:
    """The watch that `progress` asks for."""
    if progress is None:
        return terminal_watch()
    if progress is False:
        return Watch()
    if progress is True:
        return terminal_watch() if sys.stderr is not None and sys.stderr.isatty() else Lines()
    if callable(progress):
        return Told(progress)
    raise InputError(
        f"`progress` must be None, True, False or a function of (done, total); got {progress!r} ({type(progress).__name__}). "
        "Leave it out."
    )


class Told(Watch):
    """Tells a function how many fits are done, of how many."""

    def __init__(self, tell: Callable[[int, int], Any]):
        self.tell, self.done, self.total = tell, 0, 0

    def estimate(self, seconds: float, parts: int, processes: int) -> None:
        self.total = parts

    def step(self, label: str) -> None:
        self.done += 1
        self.tell(self.done, self.total)


class Lines(Told):
    """A line with the estimate, and one every tenth of the way, on standard error."""

    def __init__(self) -> None:
        super().__init__(self.write)

    def estimate(self, seconds: float, parts: int, processes: int) -> None:
        super().estimate(seconds, parts, processes)
        line(f"{parts:,} fits, about {duration(seconds)} on {processes} core{'s' * (processes > 1)}.")

    def write(self, done: int, total: int) -> None:
        """A line where another tenth is done."""
        if 10 * done // total > 10 * (done - 1) // total:
            line(f"{done:,} of {total:,} fits")


def line(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def duration(seconds: float) -> str:
    """About how long, in words."""
    if seconds < 90:
        return f"{max(1, round(seconds)):d} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
