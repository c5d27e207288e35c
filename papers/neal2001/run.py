"""Annealed importance sampling and its heirs: single runs are unbiased where their moves move, and low together where they do not.

    python papers/neal2001/run.py              # 300 single runs a row, four CPU minutes; exit 1 if a claim is missed
    python papers/neal2001/run.py --short      # 40 single runs, no linear model of fifty coefficients

Neal (2001), Stat. Comput. 11; Dai, Heng, Jacob and Whiteley (2022), J. Am. Stat. Assoc. 117. Truths by conjugacy and quadrature.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np

import upweight as uw
from upweight.montecarlo.explorers import temper_particles

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)
from posteriors import BINOMIAL, POISSON, TWO_MODES, regression  # noqa: E402


def single(problem, seed: int) -> float:
    """Z over the truth, of one run of particles."""
    log_likelihood, prior, truth = problem
    inputs = uw.montecarlo.Inputs(prior)
    ask = lambda u, phase: log_likelihood(inputs.to_x(u))
    one = temper_particles(ask, lambda: 10**9, inputs.d, rng=np.random.default_rng(seed), name="run")
    return math.exp(one.log_z - truth)


def unbiased(problem, runs: int) -> float:
    """Mean of Z over the truth less one, in standard errors."""
    z = np.array([single(problem, seed) for seed in range(runs)])
    return float((z.mean() - 1) / (z.std(ddof=1) / math.sqrt(runs)))


def errors(problem, runs: int) -> np.ndarray:
    log_likelihood, prior, truth = problem
    found = [uw.montecarlo.evidence(log_likelihood, prior, rng=seed) for seed in range(runs)]
    assert all(post.converged for post in found)
    return np.array([post.evidence.log_value - truth for post in found])


def run(short: bool) -> dict[str, float]:
    runs, few = (40, 3) if short else (300, 20)
    found = {"binomial_single_z": unbiased(BINOMIAL, runs), "poisson_single_z": unbiased(POISSON, runs)}
    for name, problem in (("binomial", BINOMIAL), ("poisson", POISSON), ("linear_20", regression(100, 20))):
        found[f"{name}_rmse"] = float(np.sqrt(np.mean(errors(problem, few) ** 2)))
    post = uw.montecarlo.evidence(*TWO_MODES[:2], rng=0)
    found["modes_error"] = abs(post.evidence.log_value - TWO_MODES[2])
    found["modes_share"] = float(post.draws.mean(lambda x: 1.0 * (x[:, 0] < 0)).value)
    if not short:
        hard = regression(200, 50)
        found["stuck_single_log_z"] = float(np.mean([math.log(single(hard, seed)) for seed in range(4)]))
        found["linear_50_rmse"] = float(np.sqrt(np.mean(errors(hard, 3) ** 2)))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="40 single runs")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=short)


if __name__ == "__main__":
    sys.exit(main())
