"""What drawing, fitting and judging cost beside the user's function; integrate against vegas itself, adapt against pypmc.

    python bench/posterior.py

One thread, CPU seconds, medians of runs that take turns. Demands: integrate <= 1.5 x the time of vegas for the same evaluations; ours beyond the
likelihood <= 100 microseconds a call and 1 s a run of eight schools; calls counted to the row.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import platform
import time
from importlib.metadata import version
from typing import Any

import numpy as np
import scipy
from _turns import together
from scipy import special, stats

import upweight as uw

A, U = np.arange(1.0, 6.0), np.array([0.1, 0.3, 0.5, 0.7, 0.9])
BUDGET = 130_000


def gauss(x: np.ndarray) -> np.ndarray:
    return np.exp(-((A * (x - U)) ** 2).sum(axis=1))


def against_vegas() -> None:
    import vegas

    def theirs() -> None:
        grid = vegas.Integrator([(0, 1)] * 5)
        grid(vegas.batchintegrand(gauss), nitn=13, neval=BUDGET // 13)

    ours = lambda: uw.montecarlo.integrate(gauss, [(0, 1)] * 5, budget=BUDGET, rng=0)
    a, b = together(theirs, ours, repeats=5)
    print(
        f"integrate, {BUDGET:,} calls in five dimensions: vegas {a:.3f} s, ours {b:.3f} s, ratio {b / a:.2f} (demand <= 1.5)"
    )


def three_modes(x: np.ndarray) -> np.ndarray:
    """Student modes of seven degrees in five dimensions: log Z is 0."""
    at = np.array([[6, 0, 0, 0, 0], [-6, 4, 0, 0, 0], [0, -8, 0, 0, 0.0]])
    squared = ((x[..., None, :] - at) ** 2).sum(axis=-1)
    size = special.gammaln(6) - special.gammaln(3.5) - 2.5 * np.log(7 * np.pi)
    return special.logsumexp(size - 6 * np.log1p(squared / 7), axis=-1, b=[0.5, 0.3, 0.2])


def against_pypmc(seeds: int = 20) -> None:
    """adapt against population Monte Carlo, the same start and 24,000 calls each; the last 4,000 points give pypmc's evidence too."""
    from pypmc.density.mixture import create_gaussian_mixture, create_t_mixture
    from pypmc.mix_adapt.pmc import gaussian_pmc
    from pypmc.sampler.importance_sampling import ImportanceSampler

    start = stats.multivariate_t(np.zeros(5), 36 * np.eye(5), df=5)
    ours, theirs, believed = [], [], 0
    for seed in range(seeds):
        post = uw.montecarlo.adapt(three_modes, start, rng=seed)
        assert post.calls == 24_000
        believed += post.converged
        ours.append(post.evidence.log_value)
        random = np.random.RandomState(seed)
        q = create_t_mixture([np.zeros(5)], [36 * np.eye(5)], [5])
        for step in range(10):
            sampler = ImportanceSampler(lambda x: float(three_modes(x)), q, rng=random)
            sampler.run(2000)
            if step == 0:  # a mixture of ten at points of the first round, as its manual begins
                at = sampler.samples[:][random.choice(2000, 10, p=_shares(sampler))]
                q = create_gaussian_mixture(at, [4 * np.eye(5)] * 10)
            q = gaussian_pmc(sampler.samples[:], q, weights=sampler.weights[:].ravel())
        sampler = ImportanceSampler(lambda x: float(three_modes(x)), q, rng=random)
        sampler.run(4000)
        theirs.append(float(np.log(sampler.weights[:].mean())))
    a, b = (float(np.sqrt(np.mean(np.square(z)))) for z in (ours, theirs))
    print(
        f"three modes, 24,000 calls each, RMSE of log Z over {seeds} seeds: pypmc {b:.4f}, adapt {a:.4f} ({believed} converged)"
    )


def _shares(sampler: Any) -> np.ndarray:
    w = sampler.weights[:].ravel()
    return w / w.sum()


def beyond_the_function() -> None:
    effect, error = np.array([28, 8, -3, 7, -1, 1, 18, 12.0]), np.array([15, 10, 16, 11, 9, 11, 10, 18.0])

    def schools(u: np.ndarray) -> np.ndarray:
        tau = stats.halfcauchy(scale=5).ppf(stats.norm.cdf(u[:, 1]))
        return np.column_stack([5 * u[:, 0], tau, 5 * u[:, :1] + tau[:, None] * u[:, 2:]])

    spent, rows = [0.0], [0]

    def log_likelihood(x: np.ndarray) -> np.ndarray:
        start = time.process_time()
        l = -0.5 * (((effect - x[:, 2:]) / error) ** 2).sum(axis=1)
        spent[0] += time.process_time() - start
        rows[0] += len(x)
        return l

    prior = uw.montecarlo.Inputs.transform(schools, 10)
    start = time.process_time()
    post = uw.montecarlo.evidence(log_likelihood, prior, rng=0)
    own = time.process_time() - start - spent[0]
    assert rows[0] == post.calls
    print(
        f"evidence, eight schools: {post.calls:,} calls, {own:.2f} s of our own, {1e6 * own / post.calls:.0f} microseconds a call"
    )


if __name__ == "__main__":
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}, vegas {version('vegas')}, pypmc {version('pypmc')}"
    )
    against_vegas()
    against_pypmc()
    beyond_the_function()
