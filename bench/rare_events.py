"""Work of `rare` beside OpenTURNS' cross-entropy and subset simulation and UQpy's, and what it costs beyond the user's function.

    python bench/rare_events.py

Work is calls times the squared relative error, over the seeds told below, and is the same on every machine. Demands: at most a quarter of the better of
OpenTURNS' two on each problem, and a fiftieth of plain Monte Carlo's, (1 - p)/p, where p is a thousandth or less; our own time at most 100 microseconds a
call in two dimensions, half a second a run in a hundred, three in three hundred; 150 MB over the import for 50,000 calls in a hundred dimensions; a
journal at most a tenth of the time of a g of a millisecond a row, and its replay of 50,000 calls under two seconds.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import logging
import platform
import sys
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from upweight.montecarlo import Run, rare

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "papers"))
from failures import PROBLEMS, G, linear

SEEDS = {"ours": 500, "cross_entropy": 500, "subset": 100, "subset_of_uqpy": 20}


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


def work(method: Callable[..., tuple[float, int]], name: str) -> float:
    """Calls times the squared relative error."""
    g, d, p = PROBLEMS[name]
    found = [method(g, d, seed) for seed in range(SEEDS[method.__name__])]
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


def peak_memory() -> None:
    """MB at the peak over what the import takes, of a run of 50,000 calls in a hundred dimensions, most of them in one fresh draw."""
    tracemalloc.start()
    r = rare(linear, 100, relative_error=0.0085, rng=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"memory, d = 100: {peak / 2**20:.0f} MB at the peak over {r.calls:,} calls (demand <= 150)")


def journal_cost() -> None:
    """Wall time with a journal over that without, a millisecond a row; then the time of reading 50,000 answers back."""

    def slow(x: np.ndarray) -> np.ndarray:
        time.sleep(0.001 * len(x))
        return linear(x)

    def run(g: G, journal: Path | None, **more: Any) -> float:
        start = time.perf_counter()
        rare(g, 4, run=Run(rows=True, journal=journal), rng=0, **more)
        return time.perf_counter() - start

    one_row = lambda x: slow(x[None])[0]
    with tempfile.TemporaryDirectory() as folder:
        ratios = [run(one_row, Path(folder) / f"{i}.uwj") / run(one_row, None) for i in range(3)]
        full = lambda x: 9 - x[0]
        hard: dict[str, Any] = {"family": "subset", "relative_error": 0.01}
        run(full, Path(folder) / "full.uwj", **hard)
        replay = run(full, Path(folder) / "full.uwj", **hard)
    print(f"journal: {np.median(ratios):.3f} of the time without (demand <= 1.1); replay {replay:.2f} s (demand < 2)")


if __name__ == "__main__":
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}, OpenTURNS {version('openturns')}, UQpy {version('UQpy')}"
    )
    for name in NAMES:
        p = PROBLEMS[name][2]
        a, b, c, d = (work(method, name) for method in (ours, cross_entropy, subset, subset_of_uqpy))
        print(
            f"work, {name}: ours {a:.1f}, OpenTURNS cross-entropy {b:.1f}, subset {c:.1f}, UQpy subset {d:.1f}; "
            f"ours over OpenTURNS' better {a / min(b, c):.3f} (demand <= .25); plain Monte Carlo over ours {(1 - p) / p / a:,.0f}",
            flush=True,
        )
    for d in (2, 100, 300):
        seconds, calls = own_time(d)
        print(
            f"own time, d = {d}: {seconds:.2f} s for {calls:,} calls, {1e6 * seconds / calls:.0f} microseconds a call"
        )
    peak_memory()
    journal_cost()
