"""Improved cross-entropy: how exact for how many calls, beside the classic method; and the family that a hundred dimensions need.

    python papers/papaioannou2019/run.py              # six CPU minutes; exit 1 if a claim is missed
    python papers/papaioannou2019/run.py --short      # few runs

Truth: RP22, four-branch and parabola by quadrature (10 digits), Phi(-3.5) for the linear one in 100 dimensions.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy import stats

from upweight.montecarlo import rare

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)
from failures import PROBLEMS, G, linear  # noqa: E402

NAMES = {"rp22": "RP22", "four_branch": "four-branch", "parabola": "parabola", "linear_100": "linear 100"}


def ours(name: str, runs: int) -> tuple[float, float, float]:
    """(relative RMSE, mean calls, share converged) of `rare`."""
    g, d, p = PROBLEMS[NAMES[name]]
    found = [rare(g, d, rng=seed) for seed in range(runs)]
    errors = [r.probability.value / p - 1 for r in found if r.converged and r.probability is not None]
    return (
        float(np.sqrt(np.mean(np.square(errors)))),
        float(np.mean([r.calls for r in found])),
        len(errors) / runs,
    )


def classic(g: G, d: int, seed: int, n: int = 1000) -> tuple[float, int]:
    """(p, calls): levels by quantiles, one Gaussian, an answer from n fresh points of the last."""
    rng = np.random.default_rng(seed)
    mean, cov, calls = np.zeros(d), np.eye(d), 0
    phi = stats.multivariate_normal(np.zeros(d), np.eye(d))
    for _ in range(30):
        q = stats.multivariate_normal(mean, cov)
        u = np.atleast_2d(q.rvs(n, random_state=rng))
        y = g(u)
        calls += n
        level = max(float(np.quantile(y, 0.1)), 0.0)
        chosen = y <= level
        w = np.exp(phi.logpdf(u[chosen]) - q.logpdf(u[chosen]))
        w /= w.sum()
        mean = w @ u[chosen]
        away = u[chosen] - mean
        cov = (w[:, None] * away).T @ away + 1e-6 * np.eye(d)
        if level == 0:
            break
    q = stats.multivariate_normal(mean, cov)
    u = q.rvs(n, random_state=rng)
    return float(np.mean(np.where(g(u) <= 0, np.exp(phi.logpdf(u) - q.logpdf(u)), 0.0))), calls + n


def work(errors: np.ndarray, calls: float) -> float:
    return float(calls * np.mean(np.square(errors)))


def against_classic(runs: int) -> float:
    """Work of the classic method over ours on the four-branch problem."""
    g, d, p = PROBLEMS[NAMES["four_branch"]]
    theirs = [classic(g, d, seed) for seed in range(runs)]
    rmse, calls, _ = ours("four_branch", runs)
    return work(np.array([v / p - 1 for v, _ in theirs]), float(np.mean([c for _, c in theirs]))) / (calls * rmse**2)


def arrived(family: str, runs: int) -> float:
    """Share of runs of one family in which a draw of cross-entropy explorers was believed, in 100 dimensions."""
    found = [rare(linear, 100, family=family, budget=20_000, rng=seed) for seed in range(runs)]
    return float(np.mean([r.converged and r.method == "cross-entropy" for r in found]))


def run(short: bool) -> dict[str, float]:
    """Relative errors, calls, shares converged, work against the classic method, and families."""
    found = {}
    for name in ("four_branch", "linear_100") if short else NAMES:
        figures = ours(name, 5 if short else 100)
        found |= {f"{what}_{name}": x for what, x in zip(("rmse", "calls", "converged"), figures, strict=True)}
    found["work_of_classic"] = against_classic(10 if short else 100)
    found["full_gaussian_arrives_100"] = arrived("mixture", 2 if short else 10)
    found["vmfn_arrives_100"] = arrived("vmfn", 2 if short else 10)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="few runs")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
