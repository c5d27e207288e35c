"""Pareto smoothing and the tail index against arviz-stats, which does the same fit one row at a time.

    python bench/tails.py

Both run in this process, in one thread, turn about; times are the median CPU seconds of several runs. arviz-stats takes
log-likelihoods, so it is handed the negated log-weights (the negation is not timed); it has no call for the index alone.
Demands: psis 5 x faster for 1000 rows of 4000, 8 x for 5000 of 500, 3 x for 500 of 20 000, 5 x for one of 1e6; khat 10 x for
1000 rows of 4000. Both answers must agree. Then growth (doubling n from 1e6 costs at most 2.3 x) and memory.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import platform
import tracemalloc
from importlib.metadata import version

import numpy as np
from _turns import together
from arviz_stats.base import array_stats

from upweight.arrays import khat, normalise, psis

SHAPES = {(1000, 4000): (5.0, 10.0), (5000, 500): (8.0, None), (500, 20_000): (3.0, None), (1_000_000,): (5.0, None)}


def against_arviz(shape: tuple[int, ...], demands: tuple[float, float | None]) -> None:
    l = 0.5 * np.random.default_rng(0).exponential(size=shape)  # tail index 0.5
    negated = -l
    theirs, k = array_stats.psislw(negated)
    ours, our_k = psis(l)
    apart = max(np.abs(our_k - k).max(), np.abs(normalise(ours) - theirs).max())
    arviz, smooth, index = together(lambda: array_stats.psislw(negated), lambda: psis(l), lambda: khat(l), repeats=5)
    name = " x ".join(f"{n:,}" for n in shape)
    for what, seconds, demand in (("psis", smooth, demands[0]), ("khat", index, demands[1])):
        ratio = arviz / seconds
        wanted = "" if demand is None else f", demand {demand:g} x{'' if ratio >= demand else ': MISSED'}"
        print(f"{what} {name:>14}: arviz-stats {arviz:.3f} s, ours {seconds:.4f} s, ratio {ratio:.1f} x{wanted}")
    print(f"     {name:>14}  largest difference in k-hat and log-weights {apart:.0e}")


def growth(n: int) -> None:
    l = 0.5 * np.random.default_rng(1).exponential(size=2 * n)
    for f in (khat, psis):
        half, full = together(lambda f=f: f(l[:n]), lambda f=f: f(l))
        print(f"{f.__name__}, growth from {n:.0e} to {2 * n:.0e} rows: {full / half:.2f} x")
        tracemalloc.start()
        f(l)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"{f.__name__}, traced peak at {2 * n:.0e} rows: {peak / l.nbytes:.2f} x the input")


if __name__ == "__main__":
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, arviz-stats {version('arviz-stats')}")
    for shape, demands in SHAPES.items():
        against_arviz(shape, demands)
    growth(4_000_000)
