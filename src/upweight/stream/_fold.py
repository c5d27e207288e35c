"""Sums over all rows that may be cut anywhere: a tally of each batch, added up, the same for any split.

    result( of(batch 1) + of(batch 2) + ... )

The trouble: counts, extremes and small samples of a log of a billion rows must come from one pass, on any number of processes, and be the same on
each. So what is folded is a tally: `of(rows)` of a batch, `a + b`, `result()`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from ..work import Job, run_job, terminal_watch
from ._engine_source import EngineSource
from ._source import Source, SourceTask, source_of

__all__ = ["fold"]


def fold(data: Any, tally: Any, *, columns: Sequence[str] | None = None, jobs: int | None = None) -> Any:
    """Tally all rows, batch by batch, and give the tally's result.

    data : path, folder, pattern, list of them, `Source`, a table (pandas, polars, Arrow), a Spark DataFrame or a Ray Dataset (whose workers need upweight). tally : a class, or an object, with `of(rows)` of a
    `pyarrow.Table`, giving things that can be added (`a + b`) and have a `result()`. columns : to be read; None for all. jobs : processes; None:
    what `joblib.parallel_config` says, else all cores.

    Returns what `result()` gives. Batches are added in order, so a tally whose sums are exact gives the same for any split.

    Raises InputError for damaged files, by name.

    Costs: one pass over `columns`; memory of one batch and two tallies a process.

    >>> class Rows(int):
    ...     of = staticmethod(lambda rows: Rows(rows.num_rows))
    ...     __add__ = lambda a, b: Rows(int(a) + int(b))
    ...     result = lambda a: int(a)
    >>> fold(pa.table({"x": [1, 2, 3]}), Rows)
    3
    """
    source = source_of(data)
    names = source.names_of(columns)
    if isinstance(source, EngineSource):
        return source.folded(tally, names)
    tasks = source.tasks()
    if not tasks:
        return tally.of(source.schema_of(names).empty_table()).result()
    job = Job(
        TaskFold(source, tally, tuple(names), tuple(tasks)), list(range(len(tasks))), label=partial(_name_of, tasks)
    )
    done = run_job(job, watch=terminal_watch(), jobs=jobs if source.table is None else 1)
    if not done.complete:
        raise KeyboardInterrupt
    total = done.parts[0]
    for number in range(1, len(tasks)):
        total = total + done.parts[number]
    return total.result()


@dataclass(frozen=True)
class TaskFold:
    """The tally of a task, by its number."""

    source: Source
    tally: Any
    columns: tuple[str, ...]
    tasks: tuple[SourceTask, ...]

    def __call__(self, number: int) -> Any:
        total = None
        for piece in self.tasks[number].pieces:
            at = piece.before
            for batch in self.source.batches_of(piece, self.columns):
                with self.source.told(piece, at):
                    part = self.tally.of(pa.Table.from_batches([batch]))
                total = part if total is None else total + part
                at += batch.num_rows
        return total if total is not None else self.tally.of(self.source.schema_of(self.columns).empty_table())


def _name_of(tasks: list[SourceTask], number: int) -> str:
    return tasks[number].pieces[0].file.path
