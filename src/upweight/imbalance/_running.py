"""Run the cells of a plan in processes, one thread each, with an estimate, a bar, a journal and a way out.

The trouble: nobody starts a run that does not say how long it will take, and Ctrl-C after an hour must not mean an hour
lost. The first cell is timed in this process; what it took says what the rest will take. Cells come back in any order;
the answer does not depend on it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import joblib
from joblib.parallel import get_active_backend

from .._errors import InputError
from ._cells import Cell, Key, Plan, run_cell
from ._journal import Journal
from ._table import Table

__all__ = ["Run", "Watch", "run_plan", "shown"]

WORTH_PROCESSES = 4.0  # seconds of work below which starting processes costs more than it saves
ALONE = "the learner fails on its own, without any remedy"
START_SECONDS = 2.5  # processor time that starting one takes: it imports scikit-learn


class Watch:
    """Where progress goes: nowhere. `estimate` is called once, `step` after every cell, `close` at the end."""

    def estimate(self, seconds: float, cells: int, processes: int) -> None:
        """Told once, after the first timed cell."""

    def step(self, cell: Cell) -> None:
        """Told after every cell."""

    def close(self) -> None:
        """Told at the end, or when interrupted."""


class Bar(Watch):
    """A rich bar on stderr."""

    def estimate(self, seconds: float, cells: int, processes: int) -> None:
        self.start(cells)

    def start(self, parts: int) -> None:
        """Show a bar of so many parts."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.bar = Progress(*columns, console=Console(file=sys.stderr), transient=True)
        self.task = self.bar.add_task("fitting", total=parts)
        self.bar.start()

    def step(self, cell: Cell) -> None:
        self.advance(cell.key.name)

    def advance(self, name: str) -> None:
        """One part more, which was this."""
        self.bar.update(self.task, advance=1, description=name)

    def close(self) -> None:
        if hasattr(self, "bar"):
            self.bar.stop()


class Told(Watch):
    """Another watch, with the estimate told in words as well: `tell(cells, seconds, processes)`."""

    def __init__(self, inner: Watch, tell: Callable[[int, float, int], None]):
        self.inner, self.tell = inner, tell

    def estimate(self, seconds: float, cells: int, processes: int) -> None:
        self.tell(cells, seconds, processes)
        self.inner.estimate(seconds, cells, processes)

    def step(self, cell: Cell) -> None:
        self.inner.step(cell)

    def close(self) -> None:
        self.inner.close()


class Run:
    """Finished cells, whether all are, and how long it took."""

    def __init__(self, cells: dict[Key, Cell], complete: bool, seconds: float, estimate: float, processes: int):
        self.cells = cells
        self.complete = complete
        self.seconds = seconds
        self.estimate = estimate
        self.processes = processes


def terminal_watch() -> Watch:
    """A bar if stderr is a terminal."""
    return Bar() if sys.stderr is not None and sys.stderr.isatty() else Watch()


@contextmanager
def shown(parts: int) -> Iterator[Callable[[str], None]]:
    """What to call after each part of some long work: it moves a bar if stderr is a terminal, and is gone in the end."""
    watch = terminal_watch()
    if not isinstance(watch, Bar):
        yield lambda name: None
        return
    watch.start(parts)
    try:
        yield watch.advance
    finally:
        watch.close()


def run_plan(plan: Plan, journal: Journal | None, watch: Watch) -> Run:
    """Run every cell that the journal does not hold. Ctrl-C ends it early, with `complete` False."""
    start = time.perf_counter()
    cells = {k: c for k in plan.keys if journal is not None and (c := journal.read(k)) is not None}
    left = [k for k in plan.keys if k not in cells]
    total, processes = 0.0, 1
    try:
        if left:
            first = next((k for k in left if k.name == "threshold"), left[0])
            left.remove(first)
            used = time.process_time()
            keep(cells, run_cell(plan, first), journal)
            busy = cells[first].seconds / max(time.process_time() - used, 1e-3)
            refuse_hopeless(cells[first])
            unit = next(c.seconds for c in cells.values() if c.key.name == "threshold")
            total, processes = foreseen(plan, unit, left, min(max(busy, 1.0), 20.0))
            total += cells[first].seconds
            watch.estimate(total, len(left) + 1, processes)
            watch.step(cells[first])
            for cell in each_cell(plan, left, processes):
                keep(cells, cell, journal)
                watch.step(cell)
    except KeyboardInterrupt:
        pass
    finally:
        watch.close()
    return Run(cells, len(cells) == len(plan.keys), time.perf_counter() - start, total, processes)


def refuse_hopeless(first: Cell) -> None:
    """A learner that fails without any remedy fails with all of them."""
    if first.error is not None and first.key.name == "threshold":
        plain = first.error.removeprefix("InputError: ")  # ours says what to do without any more words
        raise InputError(plain if plain != first.error else f"{ALONE}: {first.error}")


def keep(cells: dict[Key, Cell], cell: Cell, journal: Journal | None) -> None:
    cells[cell.key] = cell
    if journal is not None:
        journal.write(cell)


def foreseen(plan: Plan, unit: float, left: list[Key], busy: float) -> tuple[float, int]:
    """(seconds of what is left, processes) from the seconds of one cell of "threshold".

    `busy` is wall clock over processor time of that cell, above one on a machine that others use too.
    """
    share = float(plan.task.prior.min())
    entries = size(plan)

    def seconds(name: str) -> float:
        method = plan.method(name)
        return method.work(share) * unit + method.extra * 1e-9 * entries * busy

    rest = sum(seconds(k.name) for k in left)
    processes = min(workers(), max(len(left), 1))
    if rest < WORTH_PROCESSES or processes == 1:
        return rest, 1
    return START_SECONDS * busy + rest / processes, processes


def size(plan: Plan) -> float:
    """Rows times columns that all models of a cell see together."""
    rows = plan.fold_of.shape[1] * (1 - 1 / plan.folds) * (plan.inner - 1)
    table = plan.task.X
    return rows * (table.numbers.shape[1] + table.codes.shape[1] if isinstance(table, Table) else table.shape[1])


def workers() -> int:
    """Processes to use: what `joblib.parallel_config` says, else every core we may use."""
    asked: Any = get_active_backend()[1]
    return joblib.effective_n_jobs(-1 if asked is None else asked)


def each_cell(plan: Plan, left: list[Key], processes: int) -> Iterator[Cell]:
    """Cells as they finish."""
    if processes == 1:
        for key in left:
            yield run_cell(plan, key)
        return
    one: Any = 1  # cell at a time, so that each is written down as soon as it is done
    pool: Any = joblib.Parallel(
        n_jobs=processes, return_as="generator_unordered", batch_size=one, pre_dispatch="2*n_jobs"
    )
    yield from pool(joblib.delayed(quiet_cell)(os.getpid(), plan, key) for key in left)


def quiet_cell(parent: int, plan: Plan, key: Key) -> Any:
    """`run_cell` in a worker; Ctrl-C is for the parent alone."""
    if os.getpid() != parent and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return run_cell(plan, key)
