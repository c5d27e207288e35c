"""Subset simulation: the same cost in every dimension, a spread that its own formula does not see, and a trap that `rare` refuses.

    python papers/au2001/run.py              # four CPU minutes; exit 1 if a claim is missed
    python papers/au2001/run.py --short      # few runs

Truth: Phi(-3.5) for the linear problem, 3.195788433e-05 for RP110, by quadrature.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy import special

from upweight.montecarlo import rare
from upweight.montecarlo.explorers import SubsetRun, subset_run

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)
from failures import PROBLEMS, linear  # noqa: E402

RP110, _, P110 = PROBLEMS["RP110"]
LEVEL, SHARE = 500, 0.1


def single(g, d: int, seed: int) -> SubsetRun:
    one = subset_run(lambda u, phase: g(u), lambda: 10**6, d, rng=np.random.default_rng(seed))
    assert one is not None
    return one


def cv_of_formula(one: SubsetRun) -> float:
    """The spread of one run by the formula that takes its points for independent."""
    levels = len(one.history) - 1
    last = one.p / SHARE**levels
    return float(np.sqrt(levels * (1 - SHARE) / (SHARE * LEVEL) + (1 - last) / (last * LEVEL)))


def spread(d: int, runs: int) -> tuple[float, float, float]:
    """(cv of single runs, median of what their formula says, mean calls)."""
    found = [single(linear, d, seed) for seed in range(runs)]
    p = np.array([one.p for one in found])
    calls = float(np.mean([sum(row["calls"] for row in one.history) for one in found]))
    return float(p.std() / special.ndtr(-3.5)), float(np.median([cv_of_formula(one) for one in found])), calls


def run(short: bool) -> dict[str, float]:
    """Spreads and calls by dimension; shares of wrong single runs and of wrong answers of `rare` on RP110."""
    found: dict[str, float] = {}
    for d in (2, 100) if short else (2, 100, 300):
        cv, formula, calls = spread(d, 40 if short else 200)
        found |= {f"cv_{d}": cv, f"calls_{d}": calls, f"formula_over_cv_{d}": formula / cv}
    singles = np.array([single(RP110, 2, seed).p for seed in range(20 if short else 100)])
    found["rp110_single_off_by_half"] = float(np.mean(np.abs(singles / P110 - 1) > 0.5))
    answers = [rare(RP110, 2, family=f, rng=s) for s in range(3 if short else 50) for f in ("auto", "subset")]
    wrong = [r.probability is None or abs(r.probability.value / P110 - 1) > 0.5 for r in answers if r.converged]
    found["rp110_rare_wrong"] = float(np.sum(wrong))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="few runs")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
