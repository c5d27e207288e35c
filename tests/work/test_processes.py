"""Processes end with their parent, in order when told to, and what they finished is there when the job is begun again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest

from upweight.work import Job, Watch, run_job
from upweight.work._processes import end_with, workers

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


class Closed(Watch):
    """Counts how often it was closed."""

    times = 0

    def close(self) -> None:
        self.times += 1


def test_processes_are_those_that_joblib_is_told_of():
    with joblib.parallel_config(n_jobs=3):
        assert workers() == 3
    assert workers() >= 1


def test_a_worker_whose_parent_is_gone_leaves_at_once():
    """A process told to end with a parent that it has not: gone within a second, without a word."""
    code = "import os, time; from upweight.work._processes import end_with; end_with(os.getppid() + 1); time.sleep(30)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=25, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


def test_the_watch_on_the_parent_is_started_once(monkeypatch):
    import threading

    monkeypatch.setattr("upweight.work._processes.look_for", lambda parent: time.sleep(0.5))
    before = threading.active_count()
    end_with(os.getppid())
    end_with(os.getppid())
    assert threading.active_count() == before + 1


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
    watch = Closed()
    try:
        with pytest.raises(SystemExit) as ended:
            run_job(Job(lambda key: os.kill(os.getpid(), signal.SIGTERM), [0]), watch=watch)
        assert (ended.value.code, watch.times) == (143, 1)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
