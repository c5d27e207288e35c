"""Where progress goes: nowhere, a bar on stderr, or words besides.

The trouble: a bar in a log file is noise, and none in a terminal leaves people guessing. A `Watch` is told the estimate once, every
part that is done, and the end; `terminal_watch` is a bar where stderr is a terminal. Who has a bar of their own, a notebook's or a
web page's, gives a function to `CallWatch`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

__all__ = ["CallWatch", "Progress", "Watch", "WordedWatch", "count_bar", "shown", "terminal_watch"]


class Watch:
    """Where progress goes: nowhere. `estimate` is called once, `step` after every part, `close` at the end."""

    def estimate(self, seconds: float, parts: int, processes: int) -> None:
        """Told once, after the first part."""

    def step(self, label: str) -> None:
        """Told after every part, by its label."""

    def close(self) -> None:
        """Told at the end, or when interrupted."""


class Bar(Watch):
    """A rich bar on stderr."""

    def estimate(self, seconds: float, parts: int, processes: int) -> None:
        self.start(parts)

    def start(self, parts: int) -> None:
        """Show a bar of so many parts."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.bar = Progress(*columns, console=Console(file=sys.stderr), transient=True)
        self.task = self.bar.add_task("fitting", total=parts)
        self.bar.start()

    def step(self, label: str) -> None:
        self.bar.update(self.task, advance=1, description=label)

    def at(self, done: int, parts: int, label: str) -> None:
        """Show so many of so many done, where nobody knew the steps beforehand."""
        if not hasattr(self, "bar"):
            self.start(parts)
        self.bar.update(self.task, completed=done, description=label)

    def close(self) -> None:
        if hasattr(self, "bar"):
            self.bar.stop()


class WordedWatch(Watch):
    """Another watch, with the estimate told in words as well: `tell(parts, seconds, processes)`."""

    def __init__(self, inner: Watch, tell: Callable[[int, float, int], None]):
        self.inner, self.tell = inner, tell

    def estimate(self, seconds: float, parts: int, processes: int) -> None:
        self.tell(parts, seconds, processes)
        self.inner.estimate(seconds, parts, processes)

    def step(self, label: str) -> None:
        self.inner.step(label)

    def close(self) -> None:
        self.inner.close()


class Progress(NamedTuple):
    """Where some long work stands: parts done, of how many, the label of the last one, seconds since the first, seconds left (about)."""

    done: int
    parts: int
    label: str
    seconds: float
    left: float


class CallWatch(Watch):
    """Progress from Python: `call(Progress)` once the estimate is known and after every part.

    >>> seen = []
    >>> watch = CallWatch(lambda p: seen.append(f"{p.done} of {p.parts}: {p.label}"))
    >>> watch.estimate(8.0, 2, 1)
    >>> watch.step("a"), watch.step("b"), seen
    (None, None, ['0 of 2: ', '1 of 2: a', '2 of 2: b'])
    """

    def __init__(self, call: Callable[[Progress], None]):
        self.call, self.parts, self.done = call, 0, 0

    def estimate(self, seconds: float, parts: int, processes: int) -> None:
        self.began, self.foreseen, self.parts = time.perf_counter(), seconds, parts
        self.call(Progress(0, parts, "", 0.0, seconds))

    def step(self, label: str) -> None:
        self.done += 1
        gone = time.perf_counter() - self.began
        share = self.done / max(self.parts, 1)
        left = (1 - share) * (self.foreseen if self.done == 1 else gone / share)
        self.call(Progress(self.done, self.parts, label, gone, max(left, 0.0)))


def terminal_watch() -> Watch:
    """A bar if stderr is a terminal."""
    return Bar() if sys.stderr is not None and sys.stderr.isatty() else Watch()


def count_bar() -> Bar | None:
    """A bar that counts by `at`, if stderr is a terminal."""
    watch = terminal_watch()
    return watch if isinstance(watch, Bar) else None


@contextmanager
def shown(parts: int) -> Iterator[Callable[[str], None]]:
    """What to call after each part of some long work: it moves a bar if stderr is a terminal, and is gone in the end."""
    watch = terminal_watch()
    if not isinstance(watch, Bar):
        yield lambda label: None
        return
    watch.start(parts)
    try:
        yield watch.step
    finally:
        watch.close()
