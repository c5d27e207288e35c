"""Run many parts of one job in processes, one thread each, with an estimate, a bar, a journal and a way out.

The trouble: nobody starts a run that does not say how long it will take, and Ctrl-C after an hour must not mean an hour lost. The
first part is timed in this process; what it took says what the rest will take. Parts come back in any order; the answer must not
depend on it, so a part is a function of its key and of nothing that another part leaves behind.

    total = seconds of the first part + (start-up + sum of foreseen seconds) / processes
    processes = 1 where that is less than starting them would cost

What is inside: `Job`, what is to be run; `run_job`; `Run`, what came of it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import joblib
from joblib.parallel import get_active_backend

from ._journal import Journal
from ._progress import Watch

__all__ = ["Job", "Run", "run_job"]

WORTH_PROCESSES = 4.0  # seconds of work below which starting processes costs more than it saves
START_SECONDS = 2.5  # processor time that starting one takes: it imports scikit-learn
MOST_BUSY = 20.0


def as_first(key: Hashable, parts: Mapping[Any, Any], seconds: float, busy: float) -> float:
    """Every part takes as long as the first."""
    return seconds


def nothing_refused(part: Any) -> None:
    """The first part may be anything."""


@dataclass(frozen=True)
class Job:
    """What is to be run.

    Attributes
    ----------
    run : function of one key that gives its part; it goes to other processes, so it and what it holds must be picklable.
    keys : all keys, hashable, in the order in which parts are begun.
    label : function of a key that gives what the bar calls it.
    first : function of the keys that the journal does not hold giving the one whose part is timed, in this process.
    check : function of the first part; what it raises ends the job before anything more is run.
    foresee : function (key, parts so far, seconds of the first part, busy) giving the seconds that a part will take; `busy` is wall
        clock over processor time of the first part, above one on a machine that others use too.
    """

    run: Callable[[Any], Any]
    keys: Sequence[Any]
    label: Callable[[Any], str] = str
    first: Callable[[list[Any]], Any] = itemgetter(0)
    check: Callable[[Any], None] = nothing_refused
    foresee: Callable[[Any, Mapping[Any, Any], float, float], float] = as_first


@dataclass(frozen=True)
class Run:
    """Finished parts by key, whether all are, how long it took, what was foreseen (both seconds), and in how many processes."""

    parts: dict[Any, Any]
    complete: bool
    seconds: float
    estimate: float
    processes: int


def run_job(job: Job, *, journal: Journal | None = None, watch: Watch | None = None, workers: int | None = None) -> Run:
    """Run every part that the journal does not hold. Ctrl-C ends it early, with `complete` False and what is done kept.

    workers : processes at most; None: what `joblib.parallel_config` says, else every core we may use.

    Raises whatever `job.check` or a part raises; finished parts are in the journal then.

    >>> run_job(Job(abs, [-3, 4])).parts
    {-3: 3, 4: 4}
    """
    start = time.perf_counter()
    watch = Watch() if watch is None else watch
    parts = {} if journal is None else journal.held(job.keys)
    left = [k for k in job.keys if k not in parts]
    estimate, processes = 0.0, 1
    try:
        if left:
            seconds, busy = run_first(job, left, parts, journal)
            ahead = [job.foresee(k, parts, seconds, busy) for k in left]
            rest, processes = foreseen(ahead, busy, allowed() if workers is None else workers)
            estimate = seconds + rest
            watch.estimate(estimate, len(left) + 1, processes)
            watch.step(job.label(next(reversed(parts))))
            for key, part in each_part(job, left, processes):
                keep(parts, key, part, journal)
                watch.step(job.label(key))
    except KeyboardInterrupt:
        pass
    finally:
        watch.close()
    return Run(parts, len(parts) == len(job.keys), time.perf_counter() - start, estimate, processes)


def run_first(job: Job, left: list[Any], parts: dict[Any, Any], journal: Journal | None) -> tuple[float, float]:
    """Run one part here; (its seconds, how busy the machine is)."""
    first = job.first(left)
    left.remove(first)
    used, began = time.process_time(), time.perf_counter()
    part = job.run(first)
    seconds = time.perf_counter() - began
    busy = seconds / max(time.process_time() - used, 1e-3)
    keep(parts, first, part, journal)
    job.check(part)
    return seconds, min(max(busy, 1.0), MOST_BUSY)


def keep(parts: dict[Any, Any], key: Any, part: Any, journal: Journal | None) -> None:
    parts[key] = part
    if journal is not None:
        journal.write(key, part)


def foreseen(ahead: list[float], busy: float, workers: int) -> tuple[float, int]:
    """(seconds of what is left, processes)."""
    rest = sum(ahead)
    processes = min(workers, max(len(ahead), 1))
    if rest < WORTH_PROCESSES or processes == 1:
        return rest, 1
    return START_SECONDS * busy + rest / processes, processes


def allowed() -> int:
    """Processes to use: what `joblib.parallel_config` says, else every core we may use."""
    asked: Any = get_active_backend()[1]
    return joblib.effective_n_jobs(-1 if asked is None else asked)


def each_part(job: Job, left: list[Any], processes: int) -> Iterator[tuple[Any, Any]]:
    """Parts as they finish."""
    if processes == 1:
        for key in left:
            yield key, job.run(key)
        return
    one: Any = 1  # part at a time, so that each is written down as soon as it is done
    pool: Any = joblib.Parallel(
        n_jobs=processes, return_as="generator_unordered", batch_size=one, pre_dispatch="2*n_jobs"
    )
    yield from pool(joblib.delayed(quiet_part)(os.getpid(), job.run, key) for key in left)


def quiet_part(parent: int, run: Callable[[Any], Any], key: Any) -> Any:
    """One part in a worker, with its key; Ctrl-C is for the parent alone."""
    if os.getpid() != parent and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return key, run(key)
