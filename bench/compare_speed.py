"""How long `compare` takes, what it needs, and whether it said so beforehand.

    python bench/compare_speed.py [logistic|boosting] [rows]

A seeded table of 50,000 x 20 with 5 % positives, 5 folds x 1 repeat, the five rows none, threshold, weights, random_under,
random_over. Printed: wall and CPU seconds, the estimate and its ratio to the wall clock, peak resident memory of all
processes together (sampled), seconds until the first line of the command, versions and load. Demands: logistic 90 s on two
idle cores, 2 GB, the estimate within a factor two, the first line within 2 s.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.datasets import make_classification

FIVE = "none,threshold,weights,random_under,random_over"


def table(path: Path, rows: int) -> None:
    X, y = make_classification(
        rows, n_features=20, n_informative=6, weights=[0.95], flip_y=0.01, class_sep=0.8, random_state=0
    )
    pq.write_table(pa.table({**{f"x{j}": X[:, j] for j in range(20)}, "y": y}), path)


def watch(pid: int, peak: list[float], stop: threading.Event) -> None:
    """Largest sum of unique memory over the process and its children, in GB."""
    while not stop.wait(0.2):
        try:
            family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
            peak.append(sum(p.memory_full_info().uss for p in family) / 1e9)
        except psutil.Error:
            continue


def main() -> None:
    learner = sys.argv[1] if len(sys.argv) > 1 else "logistic"
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 50_000
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "table.parquet"
        table(data, rows)
        command = [sys.executable, "-m", "upweight", "compare", str(data), "--target", "y", "--cv", "5x1"]
        command += ["--learner", learner, "--methods", FIVE, "--json", str(Path(folder) / "r.json")]
        start = time.perf_counter()
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        peak, stop = [0.0], threading.Event()
        threading.Thread(target=watch, args=(run.pid, peak, stop), daemon=True).start()
        assert run.stdout is not None
        run.stdout.readline()
        first = time.perf_counter() - start
        run.communicate()
        wall = time.perf_counter() - start
        stop.set()
        import json

        facts = json.loads((Path(folder) / "r.json").read_text())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    estimate = facts["timing"]["estimate"]
    print(f"{learner}, {rows:,} x 20, 5 folds x 1 repeat, {FIVE}")
    print(
        f"first line {first:.1f} s, wall {wall:.1f} s, CPU {used.ru_utime + used.ru_stime:.1f} s, peak {max(peak):.2f} GB"
    )
    print(
        f"estimate {estimate:.1f} s, fits took {facts['timing']['seconds']:.1f} s, ratio {estimate / facts['timing']['seconds']:.2f}"
    )
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {facts['versions']}")


if __name__ == "__main__":
    main()
