"""Adaptive multiple importance sampling: what recycled points say of a banana's constant, and what fresh ones say.

    python papers/cornuet2012/run.py              # 40 runs, four CPU minutes; exit 1 if a claim is missed
    python papers/cornuet2012/run.py --short      # 6 runs

Cornuet, Marin, Mira and Robert (2012), Scand. J. Stat. 39, section 4: N(0, diag(100, 1, ...)) bent by x2 + .03 (x1^2 - 100), d = 10, log Z 0; 4,000
fresh points, two explorers of ten rounds of 1,000.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np

import upweight as uw
from upweight.montecarlo.explorers import _amis

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)
from posteriors import banana, wide  # noqa: E402

D = 10
START = wide(200, 50, *[4] * (D - 2))


def run(runs: int, *, short: bool) -> dict[str, float]:
    """Bias of Z, coverage of its interval, share converged; of fresh and of recycled points, and with safe adaptation off."""
    found: dict[str, list[float]] = {}
    for seed in range(runs):
        for name, recycle in (("fresh", False), ("recycled", True)):
            post = uw.montecarlo.adapt(banana, START, recycle=recycle, rng=seed)
            low, high = post.evidence.interval()
            found.setdefault(f"{name}_bias", []).append(np.exp(post.evidence.log_value) - 1)
            found.setdefault(f"{name}_covered", []).append(low <= 0 <= high)
            found.setdefault(f"{name}_converged", []).append(post.converged)
            if not recycle:
                found.setdefault("many", []).append(of_many(post.proposal, seed))
        with patch.object(_amis, "_tempered", lambda log_w, fewest: log_w):
            found.setdefault("unsafe", []).append(uw.montecarlo.adapt(banana, START, rng=seed).converged)
    z, mean = np.array(found.pop("many")), {name: float(np.mean(values)) for name, values in found.items()}
    mean["many_bias_in_se"] = float((z[:, 0].mean() - 1) / (np.sqrt((z[:, 1] ** 2).sum()) / runs))
    mean["safe_less_unsafe"] = mean["fresh_converged"] - mean.pop("unsafe")
    if short:  # six runs cannot tell coverages or shares apart
        del mean["recycled_covered"], mean["safe_less_unsafe"]
    return mean


def of_many(q: uw.montecarlo.Proposal, seed: int) -> tuple[float, float]:
    """(Z, its standard error) of 200,000 points from a proposal that is frozen: what 4,000 leave to a few large weights is seen."""
    x = q.sample(200_000, np.random.default_rng(10_000 + seed))
    w = np.exp(banana(x) - q.log_prob(x))
    return float(w.mean()), float(w.std() / np.sqrt(w.size))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="6 runs")
    short = parser.parse_args().short
    return judged(HERE, run(6 if short else 40, short=short), short=short, may_lack=short)


if __name__ == "__main__":
    sys.exit(main())
