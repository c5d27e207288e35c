"""Speed and memory of `check` and `Tally`, against the cheapest thing one can do to log-weights: `np.exp`.

    python bench/check.py                # 1e7 rows for check, 1e8 for Tally
    python bench/check.py 1e6            # a tenth of both

Demands: check <= 4 x np.exp and, with `Weights.of` and the input, < 3 x the memory of the input; Tally <= 10 x reading its batches
and taking np.exp of them (np.exp alone may cost half a nanosecond a row, where it is vectorised), memory growing by at most 100 MB over a
hundred batches; both linear in n.
"""

from __future__ import annotations

import io
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

import upweight as uw


def best(f: Callable[[], object], repeats: int = 5) -> float:
    """CPU seconds of the fastest of several runs; everything here runs in one thread."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        f()
        times.append(time.process_time() - start)
    return min(times)


def orders(n: int) -> dict[str, np.ndarray]:
    """Log-weights of a right ratio, in random, ascending and two-valued form."""
    x = np.random.default_rng(0).exponential(size=n)
    l = np.log(0.7) + 0.3 * x  # target Exp(0.7), source Exp(1): mean weight one, tail index 0.3
    two = np.log(np.where(x < 2.302585, 0.5, 5.5))  # one row in ten
    return {"random": l, "ascending": np.sort(l), "two values": two}


def check_rows(n: int) -> None:
    for name, l in orders(n).items():
        w = uw.Weights.of_log(l, kind="importance", exact=True)
        exp, check = best(lambda l=l: np.exp(l)), best(w.check)
        print(f"check, {n:.0e} rows, {name:10}: {check:.3f} s, np.exp {exp:.3f} s, ratio {check / exp:.2f}")
    l = orders(2 * n)["random"]
    half = uw.Weights.of_log(l[:n], kind="importance", exact=True)
    both = uw.Weights.of_log(l, kind="importance", exact=True)
    print(f"check, growth from {n:.0e} to {2 * n:.0e} rows: {best(both.check) / best(half.check):.2f} x")


def check_memory(n: int) -> None:
    values = np.exp(orders(n)["random"])
    tracemalloc.start()
    kept = np.array(values)
    uw.Weights.of(kept, kind="importance", exact=True).check()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"check, traced peak with `of` and the input: {peak / kept.nbytes:.2f} x the input")


def tally_rows(n: int, batch: int) -> None:
    rng = np.random.default_rng(1)
    total, read, exp, ours = None, 0.0, 0.0, 0.0
    before = 0
    file = io.BytesIO()
    for i in range(n // batch):
        file.seek(0)
        np.save(file, np.log(0.7) + 0.3 * rng.exponential(size=batch))
        file.seek(0)
        times = [time.process_time()]
        l = np.load(file)
        times.append(time.process_time())
        np.exp(l)
        times.append(time.process_time())
        part = uw.Tally.of(uw.Weights.of_log(l, kind="importance", exact=True))
        total = part if total is None else total + part
        times.append(time.process_time())
        spent = np.diff(times)
        read, exp, ours = read + spent[0], exp + spent[1], ours + spent[2]
        if i == 1:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"Tally, {n:.0e} rows in batches of {batch:.0e}: {ours:.2f} s, np.exp {exp:.2f} s, reading {read:.2f} s: "
        f"{ours / (exp + read):.2f} x both (demand 10 x), {ours / exp:.2f} x np.exp alone"
    )
    print(
        f"Tally, growth of peak memory after the second batch: {growth:.0f} MB; {total.result().grade}, k-hat {total.khat:.3f}"
    )


if __name__ == "__main__":
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**7
    print(f"upweight {uw.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}")
    tally_rows(10 * rows, min(10**6, rows))
    check_rows(rows)
    check_memory(rows)
