"""Failing loudly: does the test cry wolf, does it see more with more rows, and is label shift told from covariate shift?

    python papers/lipton2018/run.py              # some three CPU minutes; exit 1 if a claim is missed
    python papers/lipton2018/run.py --short      # few runs

On samples whose truth is a formula: N(0, I), a mean moved by .4 sd, classes whose shares moved, labels by a logistic model. And on handwritten digits
(optdigits, from the folder in UPWEIGHT_DATA, default ../shared/data beside the checkout), as ten principal components of rows that are not used again:
two samples of the same digits; a digit knocked out; noise of .6 sd in half the rows; digits below five kept one in five.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

import upweight.shift as sh

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)
from decisions import table  # noqa: E402

RUNS = {"linear": 200, "quadratic": 100, "boosting": 50, "auto": 100}
SHORT = {"linear": 10, "auto": 1}
ROWS = (100, 200, 400, 800)
MEANS = np.array([[0.0, 0.0], [1.5, 0.0], [0.0, 1.5]])
COMPONENTS = 10

Pair = tuple[np.ndarray, np.ndarray]
Labelled = tuple[np.ndarray, np.ndarray, np.ndarray]


def moved_mean(seed: int, n: int, d: int, by: float) -> Pair:
    """N(0, I_d) and the same with its first mean moved."""
    rng = np.random.default_rng(seed)
    b = rng.normal(size=(n, d))
    b[:, 0] += by
    return rng.normal(size=(n, d)), b


def moved_shares(seed: int, n: int = 1000) -> Labelled:
    """Three classes of N(mu_k, I_2) whose shares turn from (.5, .3, .2) to (.2, .3, .5)."""
    rng = np.random.default_rng(seed)
    y, late = rng.choice(3, n, p=[0.5, 0.3, 0.2]), rng.choice(3, n, p=[0.2, 0.3, 0.5])
    return MEANS[y] + rng.normal(size=(n, 2)), MEANS[late] + rng.normal(size=(n, 2)), y


def moved_columns(seed: int) -> Labelled:
    """One of five columns moved by .5 sd, labels by a logistic model of two."""
    a, b = moved_mean(seed, 200, 5, 0.5)
    rng = np.random.default_rng(seed + 10_000)
    return a, b, rng.random(200) < 1 / (1 + np.exp(-a[:, 0] - a[:, 1]))


class Digits:
    """Rows of optdigits as principal components of 1,600 other rows, and samples that changed in a known way."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        order = np.random.default_rng(0).permutation(len(y))
        self.mean = X[order[:1600]].mean(axis=0)
        self.way = np.linalg.svd(X[order[:1600]] - self.mean, full_matrices=False)[2][:COMPONENTS].T
        self.X, self.y = X[order[1600:]], y[order[1600:]]

    def sample(self, seed: int, n: int, change: str) -> Labelled:
        """n rows of the source, n of the changed target that are none of them, and the source's digits."""
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(self.y))
        source, rest = order[:n], order[n:]
        if change == "knocked out":
            rest = rest[self.y[rest] != 0]
        if change == "shares":
            rest = rest[rng.random(len(rest)) < np.where(self.y[rest] < 5, 0.2, 1.0)]
        late = self.X[rest[:n]]
        if change == "noise":
            late = late + 0.6 * rng.normal(size=late.shape) * (rng.random(n) < 0.5)[:, None]
        return (self.X[source] - self.mean) @ self.way, (late - self.mean) @ self.way, self.y[source]


def share_moved(draw: Callable[[int], tuple[np.ndarray, ...]], learner: str, runs: int) -> float:
    """Share of runs in which the test says that the rows moved."""
    return float(np.mean([sh.two_sample_test(*draw(s)[:2], learner=learner, rng=s).moved for s in range(runs)]))


def over_level(share: float, runs: int) -> float:
    """Rejections over what a test of level .05 is allowed in so many runs, .05 + 2 s.e.: at most 1 is right."""
    return share / (0.05 + 2 * float(np.sqrt(0.05 * 0.95 / runs)))


def share_called(code: str, draw: Callable[[int], Labelled], runs: int) -> float:
    """Share of a verdict among the runs in which a shift was seen."""
    found = []
    for seed in range(runs):
        a, b, y = draw(seed)
        found.append(sh.diagnose(a, b, y=y, rng=seed).verdict.code)
    return float(np.mean([c == code for c in found if c != "no_shift"] or [False]))


def formulas(short: bool) -> dict[str, float]:
    """Level, power and verdicts on samples whose truth is a formula."""
    found = {}
    for name, runs in (SHORT if short else RUNS).items():
        still = share_moved(lambda s: moved_mean(1000 + s, 200, 3, 0.0), name, runs)
        found[f"level_{name}"] = over_level(still, runs)
    runs = 5 if short else 100
    power = [share_moved(lambda s, n=n: moved_mean(s, n, 5, 0.4), "linear", runs) for n in ROWS]
    found |= {"power_100": power[0], "power_800": power[-1]}
    found["power_falls_by"] = max(0.0, *(a - b for a, b in pairwise(power)))
    found["label_shift_recognised"] = share_called("label_shift", moved_shares, 1 if short else 20)
    found["covariate_called_label"] = share_called("label_shift", moved_columns, 2 if short else 40)
    return found


def digits(short: bool, folder: Path | None) -> dict[str, float]:
    """The same questions on handwritten digits; nothing where the table is not there."""
    read = table("optdigits", folder)
    if read is None:
        return {}
    rows, runs = Digits(*read), 4 if short else 100
    still = share_moved(lambda s: rows.sample(s, 200, "none"), "linear", runs)
    found = {"digits_level": over_level(still, runs)}
    lost = [share_moved(lambda s, n=n: rows.sample(s, n, "knocked out"), "linear", runs) for n in (ROWS[0], ROWS[-1])]
    found |= {"digits_lost_100": lost[0], "digits_lost_800": lost[1]}
    noisy = lambda s: rows.sample(s, 800, "noise")
    found |= {f"digits_noise_{name}": share_moved(noisy, name, runs // 4) for name in ("linear", "quadratic")}
    if not short:
        found["digits_label_shift"] = share_called("label_shift", lambda s: rows.sample(s, 600, "shares"), 10)
    return found


def run(short: bool, folder: Path | None = None) -> dict[str, float]:
    """Rejections under no shift over what is allowed, power by rows, and shares of verdicts."""
    return formulas(short) | digits(short, folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="few runs")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
