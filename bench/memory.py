"""Peak memory of planning, sampling and fitting against the size of the data, each in a process of its own.

    python bench/memory.py        # writes memory.png and memory.json here

Files of 400,000 rows and 21 columns (36 MB, row groups of 100,000 rows, 8.4 MB decoded), one to ten of them, one process at work. `sample` and `plan` read
Parquet; `StreamedLogistic.fit_stream` reads the batches of a sample that keeps every row.
Demand: 350 MB and four decoded row groups at most; ten times the data add 5 % at most.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from upweight.negatives import Pilot, plan

HERE = Path(__file__).resolve().parent
ROWS, GROUP, COLUMNS = 400_000, 100_000, 19
FILES = (1, 2, 5, 10)
HEAD = "from upweight import stream; from upweight.negatives import Pilot, Plan, StreamedLogistic, plan, sample\n"
TAIL = "\nprint(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))"  # ru_maxrss would count the parent
NAMES = [f"x{j}" for j in range(12)]
WORK = {
    "nothing (imports)": "",
    "plan": f"plan({{data!r}}, label='y', key='id', pilot=Pilot.linear({NAMES!r}))",
    "sample": "sample({data!r}, {plan!r}, {out!r}, jobs=1)",
    "fit_stream": (
        "class Rows:\n  def __iter__(self): return stream.open({data!r}).batches()\n"
        f"StreamedLogistic().fit_stream(Rows(), label='y', features={NAMES!r})"
    ),
}


def table() -> pa.Table:
    r = np.random.default_rng(0)
    x = r.standard_normal((ROWS, COLUMNS)).astype("float32")
    y = r.random(ROWS) < 1 / (1 + np.exp(7.3 - 0.7 * x[:, :4].sum(1)))
    return pa.table({"id": np.arange(ROWS), **{f"x{j}": x[:, j] for j in range(COLUMNS)}, "y": y.astype("int8")})


def peak(code: str) -> float:
    """Megabytes that a process of this work held at most."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", HEAD + code + TAIL], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    return int(done.stdout.split()[-1]) / 1024


def measured(folder: Path) -> dict[str, list[float]]:
    """Peaks by kind of work, one a number of files."""
    rows = table()
    (folder / "data").mkdir()
    pq.write_table(rows, folder / "one.parquet", row_group_size=GROUP)
    plan(rows, label="y", key="id", pilot=Pilot.linear(NAMES)).save(folder / "plan.json")
    peaks: dict[str, list[float]] = {name: [] for name in WORK}
    for files in FILES:
        for k in range(files):
            shutil.copy(folder / "one.parquet", folder / "data" / f"{k}.parquet")
        for name, work in WORK.items():
            place = {"data": str(folder / "data"), "plan": str(folder / "plan.json"), "out": str(folder / f"{files}")}
            peaks[name].append(peak(work.format(**place)))
            print(f"{files:3d} files, {files * ROWS:>9,} rows  {name:<18}{peaks[name][-1]:8.0f} MB")
    return peaks


def draw(peaks: dict[str, list[float]]) -> None:
    figure, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
    for name, values in peaks.items():
        ax.plot([f * ROWS / 1e6 for f in FILES], values, marker="o", label=name)
    ax.set(xlabel="million rows of 21 columns", ylabel="peak memory, MB", ylim=(0, None))
    ax.legend(frameon=False)
    figure.savefig(HERE / "memory.png", dpi=120)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        peaks = measured(Path(folder))
    for name, values in peaks.items():
        print(f"{name:<18}{values[-1] / values[0] - 1:+.1%} from {FILES[0]} to {FILES[-1]} files")
    (HERE / "memory.json").write_text(json.dumps({"rows": [f * ROWS for f in FILES], "megabytes": peaks}, indent=1))
    draw(peaks)


if __name__ == "__main__":
    main()
