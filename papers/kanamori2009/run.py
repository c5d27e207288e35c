"""uLSIF: leave-one-out in closed form against fits with each pair left out, and how fast the learnt ratio nears the truth.

    python papers/kanamori2009/run.py              # a minute of CPU; exit 1 if a claim is missed
    python papers/kanamori2009/run.py --short      # fewer seeds and rows, wider bounds

Every figure is compared with `expected.json`, which says where it comes from and how far it may be off.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

import upweight.shift as sh
from upweight.shift.solvers import gaussian, leave_one_out

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

WIDTHS, RIDGES = (0.3, 1.0, 3.0), (0.01, 0.1, 1.0)


def left_out(P: np.ndarray, Q: np.ndarray, ridge: float) -> float:
    """The score of plain least squares, one fit for every pair left out."""
    scores = []
    for i in range(min(len(P), len(Q))):
        p, q = np.delete(P, i, axis=0), np.delete(Q, i, axis=0)
        a = np.maximum(0, np.linalg.solve(p.T @ p / len(p) + ridge * np.eye(P.shape[1]), q.mean(axis=0)))
        scores.append((P[i] @ a) ** 2 / 2 - Q[i] @ a)
    return float(np.mean(scores))


def closed_form_gap(seeds: int) -> float:
    """Largest difference over seeds and nine cells, relative to one or the score."""
    worst = 0.0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        source, target = rng.normal(size=(80, 2)), rng.normal(0.5, 1, (60, 2))
        for width in WIDTHS:
            P, Q = gaussian(source, target[:20], width), gaussian(target, target[:20], width)
            found = leave_one_out(P, Q, np.full(80, 1 / 80), 0.0, RIDGES)
            for ridge, score in zip(RIDGES, found, strict=True):
                truth = left_out(P, Q, ridge)
                worst = max(worst, abs(score - truth) / max(1.0, abs(truth)))
    return worst


def error(n: int, seed: int) -> float:
    """Mean squared error of the ratio of N(0, 1) to N(.5, .7^2) at the source rows, learnt from n rows a side."""
    rng = np.random.default_rng([seed, n])
    source, target = rng.normal(size=(n, 1)), rng.normal(0.5, 0.7, (n, 1))
    x = source[:, 0]
    truth = np.exp(x**2 / 2 - (x - 0.5) ** 2 / (2 * 0.49)) / 0.7
    r = sh.density_ratio(source, target, method="ulsif", rng=seed)
    return float(np.mean((r.weights.values - truth) ** 2))


def slope(sizes: tuple[int, ...], values: list[float]) -> float:
    """Of a line through logs."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def seconds(n: int) -> float:
    """CPU seconds of one fit of thirty cells with a hundred kernels, the least of five."""
    rng = np.random.default_rng(n)
    source, target = rng.normal(size=(n, 5)), rng.normal(0.3, 1, (n, 5))
    found = []
    for _ in range(5):
        start = time.process_time()
        sh.density_ratio(source, target, method="ulsif", rng=0)
        found.append(time.process_time() - start)
    return min(found)


def run(short: bool) -> dict[str, float]:
    """All figures."""
    sizes = (200, 400, 800, 1600) if short else (200, 400, 800, 1600, 3200)
    errors = [float(np.median([error(n, seed) for seed in range(4 if short else 8)])) for n in sizes]
    large = (4000, 8000) if short else (10_000, 20_000, 40_000)
    return {
        "closed_form_gap": closed_form_gap(3 if short else 20),
        "slope_of_the_error": slope(sizes, errors),
        "error_at_the_end": errors[-1],
        "slope_of_the_time": slope(large, [seconds(n) for n in large]),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer seeds and rows, wider bounds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
