"""What it costs to score rows, beside what it costs to read them: measured on the first rows of the data, before all of them are gone through.

reads    CPU seconds of the plan's keep-probabilities over CPU seconds of reading the same rows
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from ..._set_module import set_module
from ...stream import Source, source_of

__all__ = ["ScoringCost", "scoring_cost"]

BATCHES = 4  # of 65,536 rows: some hundredths of a second
DEAR = 3.0  # reads from which a cheaper pilot is offered


@set_module("upweight.negatives.scoring")
@dataclass(frozen=True)
class ScoringCost:
    """Of so many `rows`: CPU seconds of `reading` and of `scoring` them; nothing was read of rows in memory. kind : of the pilot."""

    rows: int
    reading: float | None
    scoring: float
    kind: str

    @property
    def reads(self) -> float | None:
        """Scoring over reading; None where nothing is read."""
        return self.scoring / self.reading if self.reading else None

    def __str__(self) -> str:
        """In words, with what would be cheaper."""
        if not self.rows:
            return "there are no rows to measure the cost of scoring on"
        each = f"{1e9 * self.scoring / self.rows:,.0f} ns a row (measured on {self.rows:,})"
        if self.reads is None:
            return f"scoring costs {each}"
        offer = "; a linear pilot costs less than a read" if self.reads > DEAR and self.kind != "linear" else ""
        return f"scoring costs {self.reads:.2g} times reading, {each}{offer}"


def scoring_cost(pi: Callable[[Any], np.ndarray], kind: str, data: Any) -> ScoringCost | None:
    """From the keep-probabilities of rows, a function; None where an engine holds the rows, whose cost is not ours to measure."""
    source = source_of(data)
    if not isinstance(source, Source):
        return None
    start = time.process_time()
    batches = list(islice(source.batches(), BATCHES))
    reading = time.process_time() - start
    rows = sum(b.num_rows for b in batches)
    if batches:
        pi(batches[0].slice(0, 1000))  # what is made at the first call is no cost of rows
    start = time.process_time()
    for batch in batches:
        pi(pa.Table.from_batches([batch]))
    return ScoringCost(rows, None if source.table is not None else reading, time.process_time() - start, kind)
