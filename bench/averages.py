"""Speed of averages with an honest interval, and of the weighted area under the curve.

    python bench/averages.py             # 1e7 rows for means, 1e6 + 1e6 scores for c2st
    python bench/averages.py 1e6         # another size for both

Everything runs in this process, in one thread, turn about; times are the median CPU seconds of several runs. Demands: `mean(f)` with
its interval, k-hat included, <= 8 x `np.exp(log_w)`, clustered or smoothed <= 12 x; a median with its interval <= 1.3 x one `np.argsort`
of f; c2st with its error at least 4 x faster than scikit-learn's weighted `roc_auc_score`, which gives no error; doubling n costs at
most 2.3 x.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import dataclasses
import platform
import sys
import tracemalloc
from importlib.metadata import version

import numpy as np
from _turns import together
from sklearn.metrics import roc_auc_score

import upweight as uw

DEMANDS = {"mean(f)": 8, "smooth().mean(f)": 12, "mean(f, cluster=)": 12, "quantile(f, 0.5)": 1.3}


def rows(n: int) -> tuple[uw.Weights, np.ndarray]:
    rng = np.random.default_rng(0)
    return uw.Weights.of_log(0.3 * rng.exponential(size=n), kind="importance"), rng.normal(size=n)


def anew(w: uw.Weights) -> uw.Weights:
    """The same weights with nothing remembered, so that k-hat is computed again."""
    return dataclasses.replace(w)


def means(n: int) -> None:
    w, f = rows(n)
    indicator = (f > 1).astype(float)
    cluster = np.arange(n) // 10
    exact = w.declare(exact=True)
    calls = {
        "mean(f)": lambda: anew(w).mean(f).interval(),
        "mean(f), k-hat known": lambda: w.mean(f).interval(),
        "mean(f), exact weights": lambda: anew(exact).mean(f).interval(),
        "mean(indicator)": lambda: anew(w).mean(indicator).interval(),
        "smooth().mean(f)": lambda: anew(w).smooth().mean(f).interval(),
        "mean(f, cluster=)": lambda: anew(w).mean(f, cluster=cluster).interval(),
        "quantile(f, 0.5)": lambda: anew(w).quantile(f, 0.5).interval(),
    }
    exp, sort, *times = together(lambda: np.exp(w.log_w), lambda: np.argsort(f), *calls.values(), repeats=5)
    print(f"np.exp of {n:.0e} log-weights: {exp:.4f} s; np.argsort of f: {sort:.4f} s, {sort / exp:.1f} x np.exp")
    for name, seconds in zip(calls, times, strict=True):
        peer, unit = ("np.argsort", sort) if name.startswith("quantile") else ("np.exp", exp)
        most, ratio = DEMANDS.get(name), seconds / unit
        wanted = "" if most is None else f", demand <= {most:g} x{'' if ratio <= most else ': MISSED'}"
        print(f"{name:24} {n:.0e} rows: {seconds:.4f} s, {ratio:.2f} x {peer}{wanted}")


def memory(n: int) -> None:
    w, f = rows(n)
    tracemalloc.start()
    w.mean(f)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"mean(f), traced peak: {peak / 2**20:.1f} MB for an input of {2 * f.nbytes / 2**20:.0f} MB")


def growth(n: int) -> None:
    half, full = rows(n), rows(2 * n)
    a, b = together(lambda: anew(half[0]).mean(half[1]), lambda: anew(full[0]).mean(full[1]))
    print(
        f"mean(f), growth from {n:.0e} to {2 * n:.0e} rows: {b / a:.2f} x, demand <= 2.3 x{'' if b / a <= 2.3 else ': MISSED'}"
    )


def areas(n: int) -> None:
    rng = np.random.default_rng(1)
    s, t, w = rng.normal(size=n), rng.normal(1, 1, n), uw.Weights.of(rng.exponential(size=n), kind="importance")
    y, x, weight = np.repeat([0, 1], n), np.r_[s, t], np.r_[np.asarray(w), np.ones(n)]
    apart = abs(uw.c2st(s, t, weights=w).value - roc_auc_score(y, x, sample_weight=weight))
    ours, sklearn = together(
        lambda: uw.c2st(s, t, weights=w), lambda: roc_auc_score(y, x, sample_weight=weight), repeats=5
    )
    ratio = sklearn / ours
    print(
        f"c2st with its error, {n:.0e} + {n:.0e} scores: scikit-learn {sklearn:.3f} s, ours {ours:.3f} s, "
        f"ratio {ratio:.1f} x, demand >= 4 x{'' if ratio >= 4 else ': MISSED'}; areas differ by {apart:.0e}"
    )


def main() -> None:
    said = int(float(sys.argv[1])) if len(sys.argv) > 1 else None
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, scikit-learn {version('scikit-learn')}")
    means(said or 10_000_000)
    memory(said or 10_000_000)
    growth((said or 4_000_000) // 4)
    areas(said or 1_000_000)


if __name__ == "__main__":
    main()
