"""Calls in processes: the same bits, and where g takes time half of it.

g sleeps, so that its time does not depend on how busy the machine is; what starts the processes is paid once before.
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from upweight.montecarlo import Run, rare


def sleepy(x):
    """5 ms a row."""
    time.sleep(0.005 * len(x))
    return 2.5 - x[:, 0]


def quick(x):
    return 2.5 - x[:, 0] - 0.1 * x[:, 1]


def timed(run):
    start = time.perf_counter()
    r = rare(sleepy, 2, relative_error=0.2, run=run, rng=0)
    return time.perf_counter() - start, r


@pytest.mark.slow
def test_two_workers_take_at_most_two_thirds_of_the_time():
    rare(quick, 2, relative_error=0.2, run=Run(workers=2), rng=0)  # the processes are there
    alone, one = timed(Run())
    shared, two = timed(Run(workers=2))
    assert two.to_dict() == one.to_dict()
    assert one.calls * 0.005 <= alone
    assert shared <= 0.65 * alone


def test_the_map_of_a_process_pool_gives_the_same_bits():
    plain = rare(quick, 2, relative_error=0.2, rng=0)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:  # a fork of threads may hang
        assert rare(quick, 2, relative_error=0.2, run=Run(map=executor.map), rng=0).to_dict() == plain.to_dict()
