"""A run that is killed at any moment goes on where it stood: bit-identical, and no call is made twice but those of an unsynced batch."""

import os
import signal
import subprocess
import sys
import time

import pytest

SCRIPT = """
import sys, time
from upweight.montecarlo import Run, rare

def g(x):
    with open({log!r}, "a") as log:
        log.write("x")
    time.sleep({pause})
    return 2.5 - x[0]

r = rare(g, 2, rng=0, budget=4000, run=Run(rows=True, journal={journal}, progress=False))
print(r.to_json())
"""


def script(folder, name, journal, pause):
    return SCRIPT.format(log=str(folder / name), journal=repr(str(folder / journal)) if journal else None, pause=pause)


def started(code):
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_killed_three_times_and_resumed_it_is_the_same_run(tmp_path):
    undisturbed = started(script(tmp_path, "calm", None, 0)).communicate(timeout=120)[0]
    calls = (tmp_path / "calm").stat().st_size
    code = script(tmp_path, "killed", "run.uwj", 0.0005)
    for wanted in (150, 777, 1500):
        child = started(code)
        deadline = time.monotonic() + 60
        while not ((tmp_path / "killed").exists() and (tmp_path / "killed").stat().st_size > wanted):
            assert time.monotonic() < deadline
            assert child.poll() is None, child.communicate()
            time.sleep(0.005)
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    out, err = started(code).communicate(timeout=120)
    assert out == undisturbed, err
    assert (tmp_path / "killed").stat().st_size <= calls + 3 * 50
