"""`balance` of a million rows and thirty columns against the cheapest thing one can do to them: two products with the weights.

    python bench/balance.py [rows]

The two products are ``w @ x`` and ``w @ (x * x)``, what a weighted mean and variance need at least. Demand: balance <= 4 x both, for
tables that lie row by row (C) and column by column (F); doubling the rows costs at most 2.3 x. One thread, CPU time, best of several.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import sys
import time
from collections.abc import Callable

import numpy as np

import upweight as uw

DEMAND = 4.0


def best(f: Callable[[], object], repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        start = time.process_time()
        f()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    n = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    rng = np.random.default_rng(0)
    x, target = rng.normal(size=(2 * n, 30)), rng.normal(0.1, 1, size=(10_000, 30))
    w = uw.Weights.of(rng.exponential(size=2 * n), kind="importance")
    print(f"upweight {uw.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}, {n:,} rows, 30 columns")
    half = w[:n]
    p = half.probabilities
    for order in "CF":
        table = np.array(x[:n], order=order)
        both = best(lambda t=table: (p @ t, p @ (t * t)))
        ours = best(lambda t=table: uw.balance(t, target, weights=half))
        print(
            f"{order} order: two products {both:.3f} s, balance {ours:.3f} s: {ours / both:.2f} x (demand {DEMAND:g} x)"
        )
    whole = best(lambda: uw.balance(x, target, weights=w), 3)
    print(
        f"growth from {n:.0e} to {2 * n:.0e} rows: {whole / best(lambda: uw.balance(x[:n], target, weights=half), 3):.2f} x"
    )


if __name__ == "__main__":
    main()
