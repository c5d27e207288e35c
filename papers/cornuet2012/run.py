"""Adaptive multiple importance sampling: what recycled points say of a banana's constant, and what fresh ones say.

    python papers/cornuet2012/run.py              # 40 runs, two CPU minutes; exit 1 if a claim is missed
    python papers/cornuet2012/run.py --short      # 6 runs

Cornuet, Marin, Mira and Robert (2012), Scand. J. Stat. 39, section 4: N(0, diag(100, 1, ...)) bent by x2 + .03 (x1^2 - 100), d = 10, log Z 0; 4,000
fresh points, two explorers of ten rounds of 1,000.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy import stats

import upweight as uw

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

D = 10
SD = np.r_[10.0, np.ones(D - 1)]
START = stats.multivariate_t(np.zeros(D), np.diag([200, 50] + [4] * (D - 2)), df=5)


def banana(x: np.ndarray) -> np.ndarray:
    y = x.copy()
    y[:, 1] -= 0.03 * (x[:, 0] ** 2 - 100)
    return stats.norm(0, SD).logpdf(y).sum(axis=1)


def run(runs: int) -> dict[str, float]:
    """Bias of Z, coverage of its interval, share converged; recycled and fresh."""
    found: dict[str, list[float]] = {}
    for seed in range(runs):
        for name, recycle in (("fresh", False), ("recycled", True)):
            post = uw.montecarlo.adapt(banana, START, recycle=recycle, rng=seed)
            low, high = post.evidence.interval()
            found.setdefault(f"{name}_bias", []).append(np.exp(post.evidence.log_value) - 1)
            found.setdefault(f"{name}_covered", []).append(low <= 0 <= high)
            found.setdefault(f"{name}_converged", []).append(post.converged)
    mean = {name: float(np.mean(values)) for name, values in found.items()}
    z = np.array(found["fresh_bias"])
    mean["fresh_bias_in_se"] = float(z.mean() / (z.std(ddof=1) / np.sqrt(runs)))
    return mean


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="6 runs")
    short = parser.parse_args().short
    return judged(HERE, run(6 if short else 40), short=short)


if __name__ == "__main__":
    sys.exit(main())
