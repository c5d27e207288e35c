"""Resampling schemes by their variance: the order they take, where systematic fails, how fast sorted rows converge.

    python papers/resampling/run.py              # about 30 s of CPU; exit 1 if a claim is missed
    python papers/resampling/run.py --short      # a few seconds, fewer runs

Every figure is compared with `expected.json`.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from upweight.arrays import normalise, resample

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

METHODS = ("multinomial", "residual", "stratified", "ssp", "systematic")


def extra_variance(log_w: np.ndarray, f: np.ndarray, method: str, runs: int, rng: np.random.Generator) -> float:
    """Mean square that resampling adds to the weighted mean of f: n rows drawn from n."""
    exact = np.exp(normalise(log_w)) @ f
    drawn = (f[resample(log_w, len(f), method=method, rng=rng)].mean() for _ in range(runs))
    return float(np.mean([(mean - exact) ** 2 for mean in drawn]))


def random_rows(runs: int) -> dict[str, float]:
    """Rows in no order (Douc and Cappe): each scheme's variance over that of multinomial draws."""
    rng = np.random.default_rng(1)
    log_w, f = rng.normal(size=500), rng.normal(size=500)
    found = {m: extra_variance(log_w, f, m, runs, rng) for m in METHODS}
    return {f"random_{m}": found[m] / found["multinomial"] for m in METHODS}


def alternating_rows(runs: int) -> dict[str, float]:
    """n W = 1.2, 0.8, 1.2, 0.8 and f = 1, 0, 1, 0: the rows are in step with the systematic comb."""
    rng = np.random.default_rng(2)
    log_w, f = np.log(np.tile([1.2, 0.8], 500)), np.tile([1.0, 0.0], 500)
    found = {m: extra_variance(log_w, f, m, runs, rng) for m in METHODS}
    return {f"alternating_{m}": found[m] / found["multinomial"] for m in METHODS}


def sorted_rows(runs: int) -> dict[str, float]:
    """Sorted rows and a smooth f: the slope of log variance on log n; -1 is the rate of independent draws."""
    sizes = 2 ** np.arange(7, 14)
    figures = {}
    for method in METHODS:
        rng = np.random.default_rng(3)
        variances = []
        for n in sizes:
            x = [np.sort(rng.normal(size=n)) for _ in range(runs)]
            variances.append(np.mean([extra_variance(0.8 * row, np.sin(row), method, 1, rng) for row in x]))
        figures[f"slope_{method}"] = float(np.polyfit(np.log(sizes), np.log(variances), 1)[0])
    return figures


def run(short: bool) -> dict[str, float]:
    """All figures, and the steps of the order multinomial > residual > stratified > ssp, each of which must be below 1."""
    runs = 2000 if short else 20_000
    figures = random_rows(runs) | alternating_rows(runs // 2) | sorted_rows(100 if short else 1000)
    order = METHODS[:4]
    steps = {
        f"{after}_below_{before}": figures[f"random_{after}"] / figures[f"random_{before}"]
        for before, after in pairwise(order)
    }
    return figures | steps


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer runs")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
