"""Pareto smoothing on weights of known tail index: what it gains, where it stops gaining, and what k-hat knows.

    python papers/psis/run.py              # 10 000 runs a tail index, about 10 s of CPU; exit 1 if a claim is missed
    python papers/psis/run.py --short      # 400 runs, under a second, wider bounds

Target Exp(1 - k) over source Exp(1): the weights (1 - k) exp(k x) have tail index k exactly, and f = x has the mean
1 / (1 - k). Every figure is compared with `expected.json`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from upweight.arrays import normalise, psis, truncate

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

ROWS, CHUNK = 1000, 200
TAILS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


def errors(k: float, runs: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Relative errors of the plain, smoothed and truncated self-normalised mean of x, and k-hat, run by run."""
    rng = np.random.default_rng(1)
    found = {"self": [], "smooth": [], "truncate": []}
    khats = []
    for _ in range(0, runs, CHUNK):
        x = rng.exponential(size=(CHUNK, ROWS))
        l = np.log(1 - k) + k * x
        smooth, khat = psis(l)
        khats.append(khat)
        for how, tamed in (("self", l), ("smooth", smooth), ("truncate", truncate(l))):
            found[how].append((np.exp(normalise(tamed)) * x).sum(axis=-1) * (1 - k) - 1)
    return {how: np.concatenate(e) for how, e in found.items()}, np.concatenate(khats)


def run(short: bool) -> dict[str, float]:
    """RMSE of smoothed over plain and over truncated weights, and the median of k-hat, for every tail index."""
    figures = {}
    for k in TAILS:
        error, khat = errors(k, 400 if short else 10_000)
        rmse = {how: float(np.sqrt(np.mean(e**2))) for how, e in error.items()}
        figures[f"smooth_over_self_{k}"] = rmse["smooth"] / rmse["self"]
        figures[f"smooth_over_truncate_{k}"] = rmse["smooth"] / rmse["truncate"]
        figures[f"median_khat_{k}"] = float(np.median(khat))
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer runs, wider bounds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
