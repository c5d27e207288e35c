"""Jobs that have nothing to do with comparisons: every part once, in any order, bounded, killed and resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
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
JOB = """
import sys, time
from functools import partial
from pathlib import Path
import numpy as np
from upweight.work import Job, Journal, array_parts, run_job

def draws(log, key):
    (Path(log) / f"{key}-{time.time_ns()}").touch()  # one file for every time that a part is made
    time.sleep(0.4)
    return np.random.default_rng(key).normal(size=1000)

if __name__ == "__main__":
    log, folder, out = sys.argv[1:]
    journal = Journal(folder, array_parts("draws"), data="none", settings="1")
    run = run_job(Job(partial(draws, log), list(range(12)), foresee=lambda *a: 5.0), journal=journal)
    np.save(out, np.array([run.parts[key] for key in range(12)]))
"""


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


# ---- killed -----------------------------------------------------------------------------------------------------------------


def started(script: Path, *args: Path) -> subprocess.Popen:
    with open(script.with_suffix(".err"), "wb") as errors:
        return subprocess.Popen(
            [sys.executable, str(script), *map(str, args)],
            stderr=errors,
            start_new_session=True,
            env={**os.environ, "LOKY_MAX_CPU_COUNT": "2"},
        )


def alive(group: int) -> int:
    """Processes of a group that are no zombies."""
    stats = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stats.append((folder / "stat").read_text().rpartition(")")[2].split())
        except OSError:
            continue
    return sum(1 for s in stats if int(s[2]) == group and s[0] not in "ZX")


def wait_until(true, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def script(tmp_path):
    (tmp_path / "log").mkdir()
    file = tmp_path / "job.py"
    file.write_text(JOB)
    return file


on_linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes from /proc")


@on_linux
@pytest.mark.parametrize("sent", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_killed_and_resumed_only_missing_parts_run_and_answers_are_identical(script, tmp_path, sent):
    log, folder, out = tmp_path / "log", tmp_path / "journal", tmp_path / "out.npy"
    job = started(script, log, folder, out)
    assert wait_until(lambda: len(list(folder.glob("draws-*.npz"))) >= 4, 60)
    os.kill(job.pid, sent)
    assert job.wait(30) == (-signal.SIGKILL if sent == signal.SIGKILL else 143)
    assert wait_until(lambda: alive(job.pid) == 0, 10), "workers outlive their parent"
    if sent == signal.SIGTERM:
        assert script.with_suffix(".err").read_text() == ""
    kept = len(list(folder.glob("draws-*.npz")))
    begun = len(list(log.iterdir()))
    assert 4 <= kept < 12
    assert started(script, log, folder, out).wait(60) == 0
    assert len(list(log.iterdir())) - begun == 12 - kept
    np.testing.assert_array_equal(np.load(out), [np.random.default_rng(key).normal(size=1000) for key in range(12)])


@pytest.mark.slow
@on_linux
def test_sigterm_to_the_whole_group_ends_it_all(script, tmp_path):
    job = started(script, tmp_path / "log", tmp_path / "journal", tmp_path / "out.npy")
    assert wait_until(lambda: len(list((tmp_path / "journal").glob("*.npz"))) >= 2, 60)
    os.killpg(job.pid, signal.SIGTERM)
    assert job.wait(30) == 143
    assert wait_until(lambda: alive(job.pid) == 0, 10)


def test_a_program_that_handles_sigterm_keeps_its_handler():
    before = signal.signal(signal.SIGTERM, lambda *a: None)
    try:
        mine = signal.getsignal(signal.SIGTERM)
        assert run_job(Job(lambda key: signal.getsignal(signal.SIGTERM) is mine, [0])).parts[0]
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_sigterm_ends_in_order_and_the_handler_goes_with_the_job():
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    watch = Told()
    try:
        with pytest.raises(SystemExit) as ended:
            run_job(Job(lambda key: os.kill(os.getpid(), signal.SIGTERM), [0]), watch=watch)
        assert (ended.value.code, watch.closed) == (143, 1)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
