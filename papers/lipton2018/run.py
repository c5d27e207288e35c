"""Failing loudly: does the test cry wolf, does it see more with more rows, and is label shift told from covariate shift?

    python papers/lipton2018/run.py              # some CPU minutes; exit 1 if a claim is missed
    python papers/lipton2018/run.py --short      # few runs

Size: two samples of N(0, I_3), every classifier. Power: a shift of .4 sd in one of five columns, 100 to 800 rows a side. Label shift: classes at N(mu_k, I_2),
shares (.5, .3, .2) to (.2, .3, .5). Covariate shift: .5 sd in one of five columns, labels by a logistic model of them.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

import upweight.shift as sh

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

RUNS = {"linear": 200, "quadratic": 100, "boosting": 50, "auto": 60}
SHORT = {"linear": 20, "auto": 5}
MEANS = np.array([[0.0, 0.0], [1.5, 0.0], [0.0, 1.5]])


def normal(seed: int, n: int, d: int, by: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    b = rng.normal(size=(n, d))
    b[:, 0] += by
    return rng.normal(size=(n, d)), b


def rejected(learner: str, seed: int, n: int, d: int, by: float) -> bool:
    return sh.two_sample_test(*normal(seed, n, d, by), learner=learner, rng=seed).moved


def size(learner: str, runs: int) -> float:
    """Share of rejections under no shift over what .05 allows of so many runs, .05 + 2 s.e.; at most 1 is right."""
    share = np.mean([rejected(learner, 1000 + s, 200, 3, 0.0) for s in range(runs)])
    return float(share / (0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)))


def by_class(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y, late = rng.choice(3, 600, p=[0.5, 0.3, 0.2]), rng.choice(3, 600, p=[0.2, 0.3, 0.5])
    return MEANS[y] + rng.normal(size=(600, 2)), MEANS[late] + rng.normal(size=(600, 2)), y


def by_columns(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a, b = normal(seed, 200, 5, 0.5)
    rng = np.random.default_rng(seed + 10_000)
    return a, b, rng.random(200) < 1 / (1 + np.exp(-a[:, 0] - a[:, 1]))


def share_called(code: str, samples, runs: int) -> float:
    """Share of a verdict among the runs in which a shift was seen."""
    found = []
    for seed in range(runs):
        a, b, y = samples(seed)
        found.append(sh.diagnose(a, b, y=y, rng=seed).verdict.code)
    moved = [c for c in found if c != "no_shift"]
    return float(np.mean([c == code for c in moved]))


def run(short: bool) -> dict[str, float]:
    """Sizes over what is allowed, power by rows, and shares of verdicts."""
    found = {f"size_{name}": size(name, runs) for name, runs in (SHORT if short else RUNS).items()}
    runs = 20 if short else 100
    power = [np.mean([rejected("linear", s, n, 5, 0.4) for s in range(runs)]) for n in (100, 200, 400, 800)]
    found["power_100"], found["power_800"] = float(power[0]), float(power[-1])
    found["power_falls_by"] = float(max(0.0, *(a - b for a, b in pairwise(power))))
    found["label_shift_recognised"] = share_called("label_shift", by_class, 2 if short else 30)
    found["covariate_called_label"] = share_called("label_shift", by_columns, 3 if short else 60)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="few runs")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
