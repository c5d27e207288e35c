"""Jobs that have nothing to do with comparisons: every part once, in any order, bounded, killed and resumed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pytest

from upweight.work import CallWatch, Job, Journal, Watch, array_parts, run_job
from upweight.work import _run as run_module

KEYS = list(range(12))


def square(key: int) -> int:
    return key * key


def big(key: int) -> np.ndarray:
    return np.full(10, float(key))


@pytest.fixture(params=["here", "processes"])
def anywhere(request, monkeypatch):
    """The same law in this process and in two others."""
    if request.param == "here":
        yield
        return
    monkeypatch.setattr(run_module, "WORTH_PROCESSES", 0.0)
    with joblib.parallel_config(n_jobs=2):
        yield


def test_every_part_is_that_of_its_key(anywhere):
    run = run_job(Job(square, KEYS))
    assert {k: run.parts[k] for k in KEYS} == {k: k * k for k in KEYS}
    assert run.complete


def test_no_keys_is_no_work():
    run = run_job(Job(square, []))
    assert (run.parts, run.complete, run.processes) == ({}, True, 1)


def test_a_consumer_is_handed_each_part_once_and_nothing_is_kept(anywhere, tmp_path):
    journal = Journal(tmp_path, array_parts(), data="d", settings="s")
    run_job(Job(big, KEYS[:5]), journal=journal)
    met = []
    run = run_job(Job(big, KEYS), journal=journal, consume=lambda key, part: met.append((key, float(part.sum()))))
    assert sorted(met) == [(k, 10.0 * k) for k in KEYS]
    assert [k for k, _ in met[:5]] == KEYS[:5]  # those of the journal first
    assert (run.parts, run.complete) == ({}, True)


def counted_part(folder: Path, key: int) -> int:
    (folder / str(key)).touch()
    return key


def test_a_slow_consumer_bounds_the_parts_that_are_begun(monkeypatch, tmp_path):
    """Never more than the window ahead of the consumer, though the workers are far faster."""
    monkeypatch.setattr(run_module, "WORTH_PROCESSES", 0.0)
    ahead = []

    def consume(key, part):
        time.sleep(0.05)
        ahead.append(len(list(tmp_path.iterdir())) - len(ahead))

    with joblib.parallel_config(n_jobs=2):
        run_job(Job(partial(counted_part, tmp_path), list(range(40))), consume=consume)
    assert len(ahead) == 40
    assert (
        1 <= max(ahead) <= 8 + 1
    )  # four parts for each of two processes; the count was read before this one was taken off


@pytest.mark.parametrize("make", ["builtin", "threads"])
def test_a_map_of_ones_own(make):
    keys = []
    if make == "builtin":
        run = run_job(Job(square, KEYS), mapper=lambda f, ks: map(f, keys.extend(ks) or ks))
        assert keys == KEYS[1:]  # the first is timed here
    else:
        with ThreadPoolExecutor(3) as pool:
            run = run_job(Job(square, KEYS), mapper=pool.map)
    assert run.parts == {k: k * k for k in KEYS}


def test_what_a_map_leaves_out_is_not_complete():
    run = run_job(Job(square, KEYS), mapper=lambda f, ks: map(f, ks[:3]))
    assert (run.complete, len(run.parts)) == (False, 4)


class Told(Watch):
    def __init__(self):
        self.told, self.closed = [], 0

    def estimate(self, seconds, parts, processes):
        self.told.append((seconds, parts, processes))

    def step(self, label):
        self.told.append(label)

    def close(self):
        self.closed += 1


def napping(key: float) -> float:
    time.sleep(key)
    return key


def test_dearer_parts_are_foreseen_by_their_cost():
    watch = Told()
    run_job(Job(napping, [0.05, 0.1, 0.2], cost=lambda key: key, label=lambda key: f"{key} s"), watch=watch)
    seconds, parts, processes = watch.told[0]
    assert (parts, processes, watch.told[1:]) == (3, 1, ["0.05 s", "0.1 s", "0.2 s"])
    assert 0.35 <= seconds < 1.0  # 0.05 x (1 + 2 + 4) and what the sleep adds on a busy machine
    assert watch.closed == 1


def test_foresee_outranks_the_cost():
    watch = Told()
    run_job(Job(square, [1, 2, 3], cost=lambda key: 1e9, foresee=lambda key, parts, seconds, busy: 1.5), watch=watch)
    assert watch.told[0][0] == pytest.approx(3.0, abs=0.1)


def failing(key: int) -> int:
    if key == 3:
        raise ArithmeticError("three")
    return key


def test_a_part_that_fails_ends_the_job_and_the_others_are_in_the_journal(anywhere, tmp_path):
    journal = Journal(tmp_path, array_parts(), data="d", settings="s")
    watch = Told()
    with pytest.raises(ArithmeticError, match="three"):
        run_job(Job(failing, [0, 1, 2, 3]), journal=journal, watch=watch)
    assert journal.read(0) is not None
    assert watch.closed == 1


def test_check_ends_the_job_before_the_second_part():
    def refuse(part):
        raise ValueError(f"refused {part}")

    met = []
    with pytest.raises(ValueError, match="refused 1"):
        run_job(Job(lambda key: met.append(key) or key, [1, 2], check=refuse))
    assert met == [1]


def test_ctrl_c_keeps_what_is_done():
    def part(key):
        if key == 2:
            raise KeyboardInterrupt
        return key

    watch = Told()
    run = run_job(Job(part, [0, 1, 2, 3]), watch=watch)
    assert (run.parts, run.complete, watch.closed) == ({0: 0, 1: 1}, False, 1)


def test_ctrl_c_in_a_consumer_too():
    def consume(key, part):
        raise KeyboardInterrupt

    assert not run_job(Job(square, KEYS), consume=consume).complete


def test_progress_from_python():
    seen = []
    run_job(Job(square, KEYS), watch=CallWatch(seen.append))
    assert [p.done for p in seen] == list(range(13))
    assert {p.parts for p in seen} == {12}
    assert (seen[1].label, seen[-1].left) == ("0", 0.0)
