"""Where the progress of a comparison goes: a bar, lines, a function of the user's own, or nowhere.

None     a bar where standard error is a terminal, else nothing
True     the same bar, or lines on standard error where there is no terminal (notebooks, logs): the estimate, then every tenth
False    nothing
f        f(done, total) after every fit
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from ..._errors import InputError
from ...work import Watch, terminal_watch

__all__ = ["Forewarned", "Spoken", "watch_for"]

MUCH = 0.3  # share of the time from which the method that takes it is named


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


class Forewarned(Watch):
    """A watch that is told beforehand what each method will take."""

    def __init__(self) -> None:
        self.by_method: Mapping[str, float] = {}

    def forecast(self, by_method: Mapping[str, float]) -> None:
        """{method: processor seconds}, told once, before the estimate; "" for all that cannot be left out."""
        self.by_method = by_method

    def words(self, seconds: float, parts: int, processes: int) -> str:
        """How many fits, how long, and which method takes much of it.

        >>> watch = Forewarned()
        >>> watch.forecast({"smote": 5.0, "smote+tomek": 30.0, "none": 1.0})
        >>> watch.words(20.0, 75, 2)
        '75 fits, about 20 s on 2 cores, 83 % of it for smote+tomek.'
        """
        text = f"{parts:,} fits, about {_duration(seconds)} on {processes} core{'s' * (processes > 1)}"
        total = sum(self.by_method.values())
        slow = max(filter(None, self.by_method), key=lambda name: self.by_method[name], default="")
        if slow and len(self.by_method) > 2 and self.by_method[slow] > MUCH * total:
            text += f", {100 * self.by_method[slow] / total:.0f} % of it for {slow}"
        return f"{text}."


class Spoken(Forewarned):
    """Another watch, with the estimate told in words as well."""

    def __init__(self, inner: Watch, tell: Callable[[str], Any]):
        super().__init__()
        self.inner, self.tell = inner, tell

    def estimate(self, seconds: float, parts: int, processes: int) -> None:
        self.tell(self.words(seconds, parts, processes))
        self.inner.estimate(seconds, parts, processes)

    def step(self, label: str) -> None:
        self.inner.step(label)

    def close(self) -> None:
        self.inner.close()


class Told(Forewarned):
    """Tells a function how many fits are done, of how many."""

    def __init__(self, tell: Callable[[int, int], Any]):
        super().__init__()
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
        _line(self.words(seconds, parts, processes))

    def write(self, done: int, total: int) -> None:
        """A line where another tenth is done."""
        if 10 * done // total > 10 * (done - 1) // total:
            _line(f"{done:,} of {total:,} fits")


def _line(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _duration(seconds: float) -> str:
    """About how long, in words."""
    if seconds < 90:
        return f"{max(1, round(seconds)):d} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
