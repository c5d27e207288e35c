"""Work of `rare` beside OpenTURNS' cross-entropy and subset simulation, and what it costs beyond the user's function.

    python bench/rare_events.py

Work is calls times the squared relative error, over 100 seeds of each, and is the same on every machine. Demands: at most a quarter of the better of the
two on each problem; our own time at most 100 microseconds a call in two dimensions, half a second a run in a hundred, three in three hundred.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import scipy
from scipy import special

from upweight.montecarlo import rare

SEEDS = 100


def four_branch(x: np.ndarray) -> np.ndarray:
    a, b = x[:, 0], x[:, 1]
    bent, side = 3 + 0.1 * (a - b) ** 2, (a + b) / np.sqrt(2)
    return np.minimum.reduce([bent - side, bent + side, a - b + 7 / np.sqrt(2), b - a + 7 / np.sqrt(2)])


def linear(x: np.ndarray) -> np.ndarray:
    return 3.5 - x.sum(axis=1) / np.sqrt(x.shape[1])


PROBLEMS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], int, float]] = {
    "linear 3.5": (linear, 4, float(special.ndtr(-3.5))),
    "RP22": (lambda x: 2.5 - (x[:, 0] + x[:, 1]) / np.sqrt(2) + 0.1 * (x[:, 0] - x[:, 1]) ** 2, 2, 4.207305511e-03),
    "RP111": (lambda x: 12.5 - abs(x[:, 0] * x[:, 1]), 2, 8.035085965e-07),
    "four-branch": (four_branch, 2, 2.222795066e-03),
    "RP107": (lambda x: 5 * np.sqrt(10) - x.sum(axis=1), 10, 2.866515719e-07),
}


def event(g: Callable[[np.ndarray], np.ndarray], d: int, seed: int) -> tuple[Any, list[int]]:
    """(event of OpenTURNS, rows asked of it so far)."""
    import openturns as ot

    ot.RandomGenerator.SetSeed(seed)
    rows: list[int] = []

    def counted(x: Any) -> np.ndarray:
        rows.append(len(x))
        return g(np.asarray(x))[:, None]

    function = ot.PythonFunction(d, 1, func_sample=counted)
    vector = ot.CompositeRandomVector(function, ot.RandomVector(ot.Normal(d)))
    return ot.ThresholdEvent(vector, ot.LessOrEqual(), 0.0), rows


def cross_entropy(g: Callable[[np.ndarray], np.ndarray], d: int, seed: int) -> tuple[float, int]:
    import openturns as ot

    failure, rows = event(g, d, seed)
    algorithm = ot.StandardSpaceCrossEntropyImportanceSampling(failure, 0.1)
    algorithm.setMaximumOuterSampling(1)
    algorithm.setBlockSize(1000)
    algorithm.run()
    return algorithm.getResult().getProbabilityEstimate(), sum(rows)


def subset(g: Callable[[np.ndarray], np.ndarray], d: int, seed: int) -> tuple[float, int]:
    import openturns as ot

    failure, rows = event(g, d, seed)
    algorithm = ot.SubsetSampling(failure)
    algorithm.setMaximumOuterSampling(1000)
    algorithm.setBlockSize(1)
    algorithm.run()
    return algorithm.getResult().getProbabilityEstimate(), sum(rows)


def ours(g: Callable[[np.ndarray], np.ndarray], d: int, seed: int) -> tuple[float, int]:
    r = rare(g, d, rng=seed)
    return (np.nan if r.probability is None else r.probability.value), r.calls


def work(method: Callable[..., tuple[float, int]], name: str) -> float:
    """Calls times the squared relative error."""
    g, d, p = PROBLEMS[name]
    found = [method(g, d, seed) for seed in range(SEEDS)]
    return float(np.mean([c for _, c in found]) * np.mean([(v / p - 1) ** 2 for v, _ in found]))


def own_time(d: int) -> tuple[float, int]:
    """(seconds beyond g, calls) of one run on the linear problem."""
    spent = [0.0]

    def timed(x: np.ndarray) -> np.ndarray:
        start = time.process_time()
        y = linear(x)
        spent[0] += time.process_time() - start
        return y

    start = time.process_time()
    r = rare(timed, d, rng=0)
    return time.process_time() - start - spent[0], r.calls


if __name__ == "__main__":
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}, OpenTURNS {version('openturns')}"
    )
    for name in PROBLEMS:
        a, b, c = (work(method, name) for method in (ours, cross_entropy, subset))
        print(
            f"work, {name}: ours {a:.1f}, cross-entropy {b:.1f}, subset {c:.1f}; ours over the better {a / min(b, c):.3f} (demand <= .25)"
        )
    for d in (2, 100, 300):
        seconds, calls = own_time(d)
        print(
            f"own time, d = {d}: {seconds:.2f} s for {calls:,} calls, {1e6 * seconds / calls:.0f} microseconds a call"
        )
