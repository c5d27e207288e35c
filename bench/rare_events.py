"""Work of `rare` beside OpenTURNS' cross-entropy and subset simulation and UQpy's, and what it costs beyond the user's function.

    python bench/rare_events.py

Work is calls times the squared relative error, over 100 seeds of each, and is the same on every machine. Demands: at most a quarter of the better of
OpenTURNS' two on each problem; our own time at most 100 microseconds a call in two dimensions, half a second a run in a hundred, three in three hundred.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import logging
import platform
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from upweight.montecarlo import rare

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "papers"))
from failures import PROBLEMS, G, linear

SEEDS = 100


NAMES = ("linear 4", "RP22", "RP89", "RP111", "four-branch", "RP107")


def event(g: G, d: int, seed: int) -> tuple[Any, list[int]]:
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


def cross_entropy(g: G, d: int, seed: int) -> tuple[float, int]:
    import openturns as ot

    failure, rows = event(g, d, seed)
    algorithm = ot.StandardSpaceCrossEntropyImportanceSampling(failure, 0.1)
    algorithm.setMaximumOuterSampling(1)
    algorithm.setBlockSize(1000)
    algorithm.run()
    return algorithm.getResult().getProbabilityEstimate(), sum(rows)


def subset(g: G, d: int, seed: int) -> tuple[float, int]:
    import openturns as ot

    failure, rows = event(g, d, seed)
    algorithm = ot.SubsetSampling(failure)
    algorithm.setMaximumOuterSampling(1000)
    algorithm.setBlockSize(1)
    algorithm.run()
    return algorithm.getResult().getProbabilityEstimate(), sum(rows)


def subset_of_uqpy(g: G, d: int, seed: int) -> tuple[float, int]:
    """Its Metropolis chains, 1,000 points a level, started from draws of the standard normal (4.1.6's modified Metropolis fails under NumPy 2.4)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from UQpy.reliability import SubsetSimulation
        from UQpy.run_model import RunModel
        from UQpy.sampling import MetropolisHastings

    class Model(RunModel):
        """g itself, without the files that UQpy would run."""

        def __init__(self) -> None:
            self.qoi_list: list[float] = []

        def run(self, samples: Any = None, append_samples: bool = True) -> None:
            self.qoi_list += list(g(np.asarray(samples)))

    logging.getLogger("UQpy").setLevel(logging.CRITICAL)
    model, random = Model(), np.random.RandomState(seed)
    chains = MetropolisHastings(
        log_pdf_target=lambda x: -0.5 * (np.atleast_2d(x) ** 2).sum(axis=1),
        dimension=d,
        n_chains=100,
        random_state=random,
    )
    found = SubsetSimulation(model, chains, samples_init=random.standard_normal((1000, d)), nsamples_per_subset=1000)
    return float(found.failure_probability), len(model.qoi_list)


def ours(g: G, d: int, seed: int) -> tuple[float, int]:
    r = rare(g, d, rng=seed)
    return (np.nan if r.probability is None else r.probability.value), r.calls


def work(method: Callable[..., tuple[float, int]], name: str, seeds: int = SEEDS) -> float:
    """Calls times the squared relative error."""
    g, d, p = PROBLEMS[name]
    found = [method(g, d, seed) for seed in range(seeds)]
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
        f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}, OpenTURNS {version('openturns')}, UQpy {version('UQpy')}"
    )
    for name in NAMES:
        a, b, c = (work(method, name) for method in (ours, cross_entropy, subset))
        d = work(subset_of_uqpy, name, 20)
        print(
            f"work, {name}: ours {a:.1f}, OpenTURNS cross-entropy {b:.1f}, subset {c:.1f}, UQpy subset {d:.1f} (20 seeds); "
            f"ours over OpenTURNS' better {a / min(b, c):.3f} (demand <= .25)",
            flush=True,
        )
    for d in (2, 100, 300):
        seconds, calls = own_time(d)
        print(
            f"own time, d = {d}: {seconds:.2f} s for {calls:,} calls, {1e6 * seconds / calls:.0f} microseconds a call"
        )
