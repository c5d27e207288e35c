"""Run many parts of one job in processes, one thread each, with an estimate, a bar, a journal and a way out.

The trouble: nobody starts a run that does not say how long it will take, and Ctrl-C after an hour must not mean an hour lost. The
first part is timed in this process; what it took says what the rest will take. Parts come back in any order; the answer must not
depend on it, so a part is a function of its key and of nothing that another part leaves behind.

    total = seconds of the first part + (start-up + sum of foreseen seconds) / processes
    foreseen seconds of a part = seconds of the first * cost(key) / cost(first),  unless the job foresees otherwise
    processes = 1 where that is less than starting them would cost

Parts are kept, or handed to a consumer one by one, and then no more than a few a process are in memory at any time.

What is inside: `Job`, what is to be run; `run_job`; `Run`, what came of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from ._journal import Journal
from ._processes import Mapper, each_part, stoppable, workers
from ._progress import Watch

__all__ = ["Job", "Run", "run_job"]

WORTH_PROCESSES = 4.0  # seconds of work below which starting processes costs more than it saves
START_SECONDS = 2.5  # processor time that starting one takes: it imports scikit-learn
MOST_BUSY = 20.0

Consumer = Callable[[Any, Any], None]


def _equal_cost(key: Hashable) -> float:
    """Every part costs the same."""
    return 1.0


def _nothing_refused(part: Any) -> None:
    """The first part may be anything."""


@dataclass(frozen=True)
class Job:
    """What is to be run.

    Attributes
    ----------
    run : function of one key that gives its part; it goes to other processes, so it and what it holds must be picklable.
    keys : all keys, hashable, each once, in the order in which parts are begun (dear ones first wastes least at the end).
    label : function of a key that gives what the bar calls it.
    cost : function of a key that gives what its part costs, in any unit: bytes of its file, rows times columns.
    first : function of the keys that the journal does not hold giving the one whose part is timed, in this process.
    check : function of the first part; what it raises ends the job before anything more is run.
    foresee : function (key, parts in memory so far, seconds of the first part, busy) giving the seconds that a part will take, where a
        cost is not enough; `busy` is wall clock over processor time of the first part, above one on a machine that others use too.
    """

    run: Callable[[Any], Any]
    keys: Sequence[Any]
    label: Callable[[Any], str] = str
    cost: Callable[[Any], float] = _equal_cost
    first: Callable[[list[Any]], Any] = itemgetter(0)
    check: Callable[[Any], None] = _nothing_refused
    foresee: Callable[[Any, Mapping[Any, Any], float, float], float] | None = None


@dataclass(frozen=True)
class Run:
    """Finished parts by key (none of them if a consumer took them), whether all are, seconds, seconds foreseen, processes."""

    parts: dict[Any, Any]
    complete: bool
    seconds: float
    estimate: float
    processes: int


def run_job(
    job: Job,
    *,
    journal: Journal | None = None,
    watch: Watch | None = None,
    consume: Consumer | None = None,
    mapper: Mapper | None = None,
    jobs: int | None = None,
) -> Run:
    """Run every part that the journal does not hold.

        {key: job.run(key) for key in job.keys}

    Parameters
    ----------
    job : what is to be run. journal : where finished parts are kept, and looked for first. watch : where progress goes.
    consume : function (key, part), called in this process, once for every part as it comes, those of the journal first. Parts are not
        kept then: four a process are in memory at most, however many there are.
    mapper : `map`-like function (function, keys) -> answers in any order, to run in instead of our own processes: `executor.map`, a
        cluster's; nobody knows how many of it work at once, so the estimate counts one. None: as many processes as `joblib.parallel_config` says, else as there are cores.
    jobs : processes at most; None: as many as said above.

    Returns
    -------
    Run; after Ctrl-C with `complete` False, what is done kept.

    Raises
    ------
    Whatever `job.check`, a part or the consumer raises; SystemExit(143) on SIGTERM, unless the program handles that signal itself.
    Finished parts are in the journal then.

    Costs: the first part runs alone; starting processes takes seconds. With a consumer they wait for each other after every four parts.

    >>> run_job(Job(abs, [-3, 4])).parts
    {-3: 3, 4: 4}
    >>> total = []
    >>> run_job(Job(abs, [-3, 4]), consume=lambda key, part: total.append(part)).parts, sum(total)
    ({}, 7)
    """
    start = time.perf_counter()
    watch = Watch() if watch is None else watch
    taken = Taken(journal, consume)
    estimate, processes = 0.0, 1
    try:
        with stoppable():
            left = taken.recall(job.keys)
            if left:
                first, seconds, busy = _run_first(job, left, taken)
                ahead = [foreseen(job, key, first, taken.parts, seconds, busy) for key in left]
                rest, processes = _spread(ahead, busy, 1 if mapper else jobs or workers())
                estimate = seconds + rest
                watch.estimate(estimate, len(left) + 1, processes)
                watch.step(job.label(first))
                for key, part in each_part(job.run, left, processes, bounded=consume is not None, mapper=mapper):
                    taken.take(key, part)
                    watch.step(job.label(key))
    except KeyboardInterrupt:
        pass
    finally:
        watch.close()
    return Run(taken.parts, taken.count == len(job.keys), time.perf_counter() - start, estimate, processes)


class Taken:
    """Parts that are done: written down, then kept or handed on."""

    def __init__(self, journal: Journal | None, consume: Consumer | None):
        self.journal, self.consume = journal, consume
        self.parts: dict[Any, Any] = {}
        self.count = 0

    def recall(self, keys: Iterable[Any]) -> list[Any]:
        """Hand on what the journal holds; the keys that it does not."""
        left = []
        for key in keys:
            part = None if self.journal is None else self.journal.read(key)
            if part is None:
                left.append(key)
            else:
                self.hand_on(key, part)
        return left

    def take(self, key: Any, part: Any) -> None:
        """A part that was just made."""
        if self.journal is not None:
            self.journal.write(key, part)
        self.hand_on(key, part)

    def hand_on(self, key: Any, part: Any) -> None:
        if self.consume is None:
            self.parts[key] = part
        else:
            self.consume(key, part)
        self.count += 1


def _run_first(job: Job, left: list[Any], taken: Taken) -> tuple[Any, float, float]:
    """Run one part here; (its key, its seconds, how busy the machine is)."""
    first = job.first(left)
    left.remove(first)
    used, began = time.process_time(), time.perf_counter()
    part = job.run(first)
    seconds = time.perf_counter() - began
    busy = seconds / max(time.process_time() - used, 1e-3)
    taken.take(first, part)
    job.check(part)
    return first, seconds, min(max(busy, 1.0), MOST_BUSY)


def foreseen(job: Job, key: Any, first: Any, parts: Mapping[Any, Any], seconds: float, busy: float) -> float:
    """Seconds that a part will take."""
    if job.foresee is not None:
        return job.foresee(key, parts, seconds, busy)
    return seconds * job.cost(key) / max(job.cost(first), 1e-300)


def _spread(ahead: list[float], busy: float, most: int) -> tuple[float, int]:
    """(seconds of what is left, processes)."""
    rest = sum(ahead)
    processes = min(most, max(len(ahead), 1))
    if rest < WORTH_PROCESSES or processes == 1:
        return rest, 1
    return START_SECONDS * busy + rest / processes, processes
