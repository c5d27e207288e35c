"""Processes that run parts, end with the one that started them, and end in order when that is asked to.

The trouble: a worker does not notice that its parent was killed; it waits for minutes for a next part, and its memory with it. And
SIGTERM, which is how `timeout`, a container and a cluster say "stop now", ends Python on the spot: no file is closed, no worker told.

    parent gone             a thread in every worker sees another parent, within half a second, and ends the worker
    Ctrl-C                  is for the parent alone: workers ignore it, and are ended by the parent
    SIGTERM in the parent   SystemExit(143) there, so that everything is undone in its order: workers, bar, temporary files

What is inside: `each_part`, parts as they finish, from our processes or a map that somebody gives; `stoppable`; `workers`.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import joblib
from joblib.parallel import get_active_backend

__all__ = ["Mapper", "each_part", "stoppable", "workers"]

Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

OWN_CHILDREN = ("LokyBackend", "MultiprocessingBackend")  # whose workers are children of this process
LOOK_EVERY = 0.3  # seconds
IN_MEMORY = 4  # parts a process, where a consumer takes them
STOPPED = 143  # what a shell reports of a program that SIGTERM ended


def workers() -> int:
    """Processes to use: what `joblib.parallel_config` says, else every core we may use."""
    wanted: Any = get_active_backend()[1]
    return joblib.effective_n_jobs(-1 if wanted is None else wanted)


def each_part(
    run: Callable[[Any], Any], keys: Sequence[Any], processes: int, *, bounded: bool, mapper: Mapper | None
) -> Iterator[tuple[Any, Any]]:
    """(key, part) as they finish; `bounded`: no more than a few a process are begun before those before them are taken."""
    if mapper is not None:
        yield from mapper(partial(_with_key, run, os.getpid(), False), keys)
    elif processes == 1:
        for key in keys:
            yield key, run(key)
    else:
        yield from _from_pool(run, keys, processes, processes * IN_MEMORY if bounded else len(keys))


def _from_pool(
    run: Callable[[Any], Any], keys: Sequence[Any], processes: int, window: int
) -> Iterator[tuple[Any, Any]]:
    """Parts from processes of our own, at most `window` of them at a time."""
    one: Any = 1  # part at a time, so that each is written down as soon as it is done
    pool: Any = joblib.Parallel(
        n_jobs=processes, return_as="generator_unordered", batch_size=one, pre_dispatch="2*n_jobs"
    )
    own = type(get_active_backend()[0]).__name__ in OWN_CHILDREN
    call = joblib.delayed(partial(_with_key, run, os.getpid(), own))
    with pool:
        for at in range(0, len(keys), window):
            parts = pool(call(key) for key in keys[at : at + window])
            try:
                for part in parts:  # noqa: UP028  `yield from` would close them, and warn, before we do
                    yield part
            finally:
                with warnings.catch_warnings():  # who breaks off knows what is lost
                    warnings.filterwarnings("ignore", ".*have been cancelled", UserWarning)
                    parts.close()


def _with_key(run: Callable[[Any], Any], parent: int, own: bool, key: Any) -> Any:
    """One part with its key; in a worker Ctrl-C is for the parent alone, and the end of the parent is the end of the worker."""
    if os.getpid() != parent:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        if own:
            end_with(parent)
    return key, run(key)


# ---- the end of the parent --------------------------------------------------------------------------------------------------

WATCHER = "upweight-end-with-parent"


def end_with(parent: int) -> None:
    """End this process when `parent` is no longer its parent; the thread that looks is started once."""
    if os.name == "nt" or any(
        t.name == WATCHER for t in threading.enumerate()
    ):  # Windows ends a job's processes together
        return
    threading.Thread(target=look_for, args=(parent,), name=WATCHER, daemon=True).start()


def look_for(parent: int) -> None:
    """Wait until the parent is another, then leave at once: nobody is there to be told anything."""
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os._exit(1)


# ---- SIGTERM ----------------------------------------------------------------------------------------------------------------


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside, SIGTERM raises SystemExit(143) in the main thread; a program that handles it itself goes on doing so."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _stop(number: int, frame: Any) -> None:
    """The first SIGTERM ends in order; those that follow are not to break that off."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(STOPPED)
