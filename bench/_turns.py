"""Several calls timed in turns, for ratios on a machine that is busy with other things."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

__all__ = ["together"]


def together(*calls: Callable[[], object], repeats: int = 7) -> list[float]:
    """Median CPU seconds of each call, the calls taking turns so that a busy machine is busy for all of them."""
    times = np.empty((repeats, len(calls)))
    for row in times:
        for j, call in enumerate(calls):
            start = time.process_time()
            call()
            row[j] = time.process_time() - start
    return np.median(times, axis=0).tolist()
