"""How long `upweight compare` takes, what it needs, and whether it said so beforehand.

    python bench/compare_speed.py [case ...]        cases: digits logistic boosting quick quick-boosting five

digits: demo:digits, standard set, 5 folds x 5 repeats. logistic, boosting: a seeded table of 50,000 x 20 with 5 % positives,
standard set, the default folds. quick, quick-boosting: the quick set on the same table. five: the rows none, threshold,
weights, random_under, random_over with 5 folds x 1 repeat.

A line a case: wall and CPU seconds of the whole command, its estimate over what the fits took, peak memory of all processes
together (sampled), seconds until the first line. Demands on two idle cores: digits 40 s, logistic 120 s, boosting 400 s, the
quick sets a fifth of those, five 90 s; 2 GB; the estimate within a factor 2; the first line within 2 s.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.datasets import make_classification

FIVE = "none,threshold,weights,random_under,random_over"
CASES = {  # what is asked, seconds allowed
    "digits": ("demo:digits --target eight --methods standard", 40),
    "logistic": ("{table} --target y --methods standard", 120),
    "boosting": ("{table} --target y --methods standard --learner boosting", 400),
    "quick": ("{table} --target y --methods quick", 24),
    "quick-boosting": ("{table} --target y --methods quick --learner boosting", 80),
    "five": (f"{{table}} --target y --methods {FIVE} --cv 5x1", 90),
}
CLOCK = os.sysconf("SC_CLK_TCK")


def table(path: Path, rows: int = 50_000) -> None:
    X, y = make_classification(
        rows, n_features=20, n_informative=6, weights=[0.95], flip_y=0.01, class_sep=0.8, random_state=0
    )
    pq.write_table(pa.table({**{f"x{j}": X[:, j] for j in range(20)}, "y": y}), path)


def family(pid: int) -> list[int]:
    """A process and its descendants (Linux)."""
    try:
        children = [int(c) for t in Path(f"/proc/{pid}/task").iterdir() for c in (t / "children").read_text().split()]
    except OSError:
        return []
    return [pid, *(one for child in children for one in family(child))]


def private(pid: int) -> float:
    """Memory that is this process's alone, in GB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1e6


def watch(pid: int, peak: list[float], stop: threading.Event) -> None:
    while not stop.wait(0.2):
        peak[0] = max(peak[0], sum(private(one) for one in family(pid)))


def run(case: str, data: Path, out: Path) -> None:
    asked, allowed = CASES[case]
    command = [sys.executable, "-m", "upweight", "compare", *asked.format(table=data).split(), "--rng", "0"]
    load, before, start = os.getloadavg()[0], os.times(), time.perf_counter()
    child = subprocess.Popen(
        [*command, "--json", str(out)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    peak, stop = [0.0], threading.Event()
    watcher = threading.Thread(target=watch, args=(child.pid, peak, stop), daemon=True)
    watcher.start()
    assert child.stdout is not None
    child.stdout.readline()
    first = time.perf_counter() - start
    child.communicate()
    wall, after = time.perf_counter() - start, os.times()
    stop.set()
    watcher.join()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    timing = json.loads(out.read_text())["timing"]
    ratio = timing["estimate"] / timing["seconds"]
    print(
        f"{case:<15} first line {first:4.1f} s{missed(first > 2)}; wall {wall:6.1f} s (demand {allowed}){missed(wall > allowed)}; "
        f"CPU {cpu:6.1f} s; peak {peak[0]:.2f} GB{missed(peak[0] > 2)}; estimate {timing['estimate']:.0f} s, "
        f"{ratio:.2f} of what it took{missed(not 0.5 <= ratio <= 2)}; load before {load:.1f}",
        flush=True,
    )


def missed(really: bool) -> str:
    return " MISSED" if really else ""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "table.parquet"
        table(data)
        for case in sys.argv[1:] or list(CASES):
            run(case, data, Path(folder) / "r.json")


if __name__ == "__main__":
    main()
