"""Memory of a run does not grow with the data."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight import stream
from upweight.negatives import plan

ROWS, GROUP, COLUMNS = 100_000, 20_000, 20
CODE = """
import sys
sys.path.insert(0, {src!r})
from upweight import stream
from upweight.negatives import Pilot, Plan, plan, sample
made = Plan.load({plan!r})
sample({data!r}, made, {out!r}, jobs=1)
plan({data!r}, label="y", key="id", per_positive=2, pilot=Pilot.linear(rows=500, normaliser=1000))
print(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from /proc")
def test_ten_times_the_data_add_at_most_a_twentieth(tmp_path):
    """A million rows of 168 bytes are 168 MB, which would be seen; the pilot's rows, whose number is bounded, are few, so that one file holds all of them."""
    r = np.random.default_rng(0)
    x = r.standard_normal((ROWS, COLUMNS))
    y = r.random(ROWS) < 1 / (1 + np.exp(4 - x[:, 0]))
    table = pa.table({"id": np.arange(ROWS), **{f"x{j}": x[:, j] for j in range(COLUMNS)}, "y": y.astype("int8")})
    pq.write_table(table, tmp_path / "one.parquet", row_group_size=GROUP)
    plan(table, label="y", key="id", per_positive=2).save(tmp_path / "plan.json")
    peaks = []
    for files in (1, 10):
        data = tmp_path / f"data{files}"
        data.mkdir()
        for k in range(files):
            shutil.copy(tmp_path / "one.parquet", data / f"{k}.parquet")
        src = str(Path(stream.__file__).parents[2])
        code = CODE.format(src=src, plan=str(tmp_path / "plan.json"), data=str(data), out=str(tmp_path / f"out{files}"))
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stdout.split()[-1]) / 1024)
    decoded = GROUP * (COLUMNS + 1) * 8 / 2**20
    assert peaks[0] < 350 + 4 * decoded
    assert peaks[1] < 1.05 * peaks[0] + 4 * decoded, peaks
