"""Where a simulation stands: calls of the budget, its phase, seconds left at the pace so far."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...work import Progress, count_bar

__all__ = ["CallProgress"]

QUIET = 2.0  # seconds before a terminal is told anything


class CallProgress:
    """Tells a function, a bar on a terminal, or nobody; the budget is the end, though most runs need less."""

    def __init__(self, wanted: Callable[[Progress], None] | bool | None, budget: int):
        self.call = wanted if callable(wanted) else None
        self.bar = count_bar() if wanted is None or wanted is True else None
        self.budget, self.began = budget, time.perf_counter()

    def at(self, calls: int, phase: str) -> None:
        """So many calls are done."""
        seconds = time.perf_counter() - self.began
        left = seconds * (self.budget / calls - 1) if calls else 0.0
        if self.call is not None:
            self.call(Progress(calls, self.budget, phase, seconds, left))
        if self.bar is not None and seconds > QUIET:
            self.bar.at(calls, self.budget, f"{phase}, at most {left:.0f} s left" if calls else phase)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
