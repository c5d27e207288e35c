"""Planning and sampling against a plain read of the same Parquet files by pyarrow; the hash by itself; logistic fits with offsets against glum.

    python bench/negatives.py

One process, one thread, calls turn about; times are the least CPU seconds of several runs. Four million rows of 21 columns, 19 of them float32, 12 read by
the pilot: 365 MB of Parquet in four files, as pyarrow writes them (snappy, row groups of a million rows).
Demands: sampling 1.6 x the read, page checksums on; the kernel .35 of it; planning 1.2 x a read of label, key and features; the hash 6 ns a row for
whole numbers, 25 for 16 bytes, 50 for 36, 250 for 1 to 60 mixed; a logistic fit with offsets 1.0 x glum.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from glum import GeneralizedLinearRegressor

from upweight import stream
from upweight.negatives import Pilot, StreamedLogistic, plan, sample

FILES, ROWS, COLUMNS, READ = 4, 1_000_000, 19, 12
NAMES = [f"x{j}" for j in range(READ)]


def least(*calls: Callable[[], object], repeats: int = 3) -> list[float]:
    """Least CPU seconds of each call, the calls taking turns."""
    times = np.empty((repeats, len(calls)))
    for row in times:
        for j, call in enumerate(calls):
            start = time.process_time()
            call()
            row[j] = time.process_time() - start
    return times.min(axis=0).tolist()


def told(what: str, value: float, demand: float, unit: str = "x") -> None:
    """One line: the figure and the demand."""
    print(f"{what:<64}{value:8.2f} {unit}   demand {demand:g}{'' if value <= demand else ': MISSED'}")


def table(seed: int, rows: int = ROWS) -> pa.Table:
    """A file of clicks: one row in 440 is positive, by six of the columns."""
    r = np.random.default_rng(seed)
    x = r.standard_normal((rows, COLUMNS))
    eta = -7.3 + 0.7 * x[:, :4].sum(1) + 0.8 * np.maximum(x[:, 4], 0) * x[:, 5]
    y = r.random(rows) < 1 / (1 + np.exp(-eta))
    numbers = {f"x{j}": x[:, j].astype("float32") for j in range(COLUMNS)}
    return pa.table({"id": np.arange(seed * rows, (seed + 1) * rows), **numbers, "y": y.astype("int8")})


def passes(folder: Path) -> None:
    """Plan and sample against reads of the same columns."""
    data = folder / "data"
    data.mkdir()
    for k in range(FILES):
        pq.write_table(table(k), data / f"{k}.parquet")
    files = sorted(data.iterdir())

    def batches(columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        for file in files:
            yield from pq.ParquetFile(file, pre_buffer=False).iter_batches(1 << 16, columns=columns, use_threads=False)

    pilot = Pilot.linear(NAMES)
    made = plan(data, label="y", key="id", pilot=pilot)

    def draw_sample() -> None:
        shutil.rmtree(folder / "out", ignore_errors=True)
        sample(data, made, folder / "out", jobs=1)

    needed = ["id", "y", *NAMES]
    plain, few, whole, kept, planned = least(
        lambda: [None for _ in batches()],
        lambda: [None for _ in batches(needed)],
        draw_sample,
        lambda: [made.apply(b).num_rows for b in batches()],
        lambda: plan(data, label="y", key="id", pilot=pilot),
    )
    print(
        f"{FILES * ROWS:,} rows x {COLUMNS + 2} columns; pyarrow {version('pyarrow')} reads all in {plain:.2f} s of CPU"
    )
    told("sample, one job, over a plain read", whole / plain, 1.6)
    told("kernel alone (a read with it less one without), over that read", (kept - plain) / plain, 0.35)
    told("plan, over a read of label, key and features", planned / few, 1.2)


def hashes(n: int = 500_000) -> None:
    """Nanoseconds a row of the draw."""
    r = np.random.default_rng(0)
    texts = {
        "16 bytes": (pa.array([f"imp-{i:012d}" for i in range(n)], pa.large_string()), 25),
        "36 bytes": (pa.array([f"00000000-0000-4000-8000-{i:012d}" for i in range(n)], pa.large_string()), 50),
        "1 to 60 bytes": (pa.array(["x" * k for k in r.integers(1, 61, n)], pa.large_string()), 250),
    }
    for name, (column, demand) in ({"int64": (pa.array(np.arange(n)), 6)} | texts).items():
        (seconds,) = least(lambda column=column: stream.draw(column, seed=7), repeats=5)
        told(f"draw of {name} keys, ns a row", 1e9 * seconds / n, demand, "ns")


def logistic(n: int = 200_000) -> None:
    """Logistic regression with an offset, no penalty."""
    r = np.random.default_rng(0)
    X, offset = r.standard_normal((n, 20)), r.normal(size=n)
    y = r.random(n) < 1 / (1 + np.exp(2 - X[:, :5].sum(1) * 0.3 - offset))
    theirs = GeneralizedLinearRegressor(family="binomial", alpha=0, gradient_tol=1e-8)
    ours = StreamedLogistic()
    a, b = least(lambda: theirs.fit(X, y.astype(float), offset=offset), lambda: ours.fit(X, y, offset=offset))
    apart = np.abs(theirs.coef_ - ours.coef_[0]).max()
    told(f"StreamedLogistic over glum {version('glum')}, {n:,} x 20", b / a, 1.0)
    print(f"largest difference of their coefficients {apart:.0e}")


def main() -> None:
    hashes()
    logistic()
    with tempfile.TemporaryDirectory() as folder:
        passes(Path(folder))


if __name__ == "__main__":
    main()
