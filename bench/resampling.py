"""Drawing 1e6 of 1e6 rows: our schemes against `Generator.choice(p=)` and against particles, and the alias table.

    python bench/resampling.py [rows]

All run in this process, in one thread, turn about; times are the median CPU seconds of several runs. `choice` is given
normalised weights, particles too; ours starts from log-weights, so that it pays for `exp` and normalising. particles has no
calls from logs and is compiled by Numba (compiled before it is timed); its multinomial is its own sorted version.
Demands against choice: systematic 10 x, stratified 8 x, multinomial 4 x, ssp 3 x; alias table 3 x to build and 8 x to draw
1e6 rows from; against particles 1 x each. Doubling the rows costs at most 2.3 x.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}

import platform
import sys
from importlib.metadata import version

import numpy as np
import particles.resampling as particles
from _turns import together

from upweight.arrays import alias_table, normalise, resample

DEMANDS = {"systematic": 10.0, "stratified": 8.0, "residual": None, "ssp": 3.0, "multinomial": 4.0}


def said(ratio: float, demand: float | None) -> str:
    return "" if demand is None else f" (demand {demand:g} x{'' if ratio >= demand else ': MISSED'})"


def schemes(l: np.ndarray, w: np.ndarray, rng: np.random.Generator) -> None:
    n = len(l)
    for method, demand in DEMANDS.items():
        particles.resampling(method, w[:1000] / w[:1000].sum())
        choice, theirs, ours = together(
            lambda: rng.choice(n, size=n, p=w),
            lambda m=method: particles.resampling(m, w),
            lambda m=method: resample(l, n, method=m, rng=rng),
        )
        print(
            f"{method:12} choice {choice:.3f} s, particles {theirs:.3f} s, ours {ours:.4f} s: "
            f"{choice / ours:.1f} x choice{said(choice / ours, demand)}, {theirs / ours:.2f} x particles{said(theirs / ours, 1.0)}"
        )


def alias(l: np.ndarray, w: np.ndarray, rng: np.random.Generator) -> None:
    n, table = len(l), alias_table(l)
    choice, build, draw = together(
        lambda: rng.choice(n, size=n, p=w), lambda: alias_table(l), lambda: table.draw(n, rng=rng)
    )
    print(f"alias table  build {build:.4f} s: {choice / build:.1f} x choice{said(choice / build, 3.0)}")
    print(f"alias table  {n:.0e} draws {draw:.4f} s: {choice / draw:.1f} x choice{said(choice / draw, 8.0)}")


def growth(n: int) -> None:
    l = np.random.default_rng(1).normal(size=2 * n)
    for method in DEMANDS:
        half, full = together(
            lambda m=method: resample(l[:n], n, method=m, rng=0), lambda m=method: resample(l, 2 * n, method=m, rng=0)
        )
        print(f"{method:12} growth from {n:.0e} to {2 * n:.0e} rows and draws: {full / half:.2f} x")


def main() -> None:
    n = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    rng = np.random.default_rng(0)
    l = 1.5 * rng.normal(size=n)
    w = np.exp(normalise(l))
    w /= w.sum()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, particles {version('particles')}, {n:,} rows")
    schemes(l, w, rng)
    alias(l, w, rng)
    growth(n)


if __name__ == "__main__":
    main()
