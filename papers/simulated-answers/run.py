"""Answers by simulation beside the truth: how often they converge, how often their intervals cover, what they cost. No paper: our own promise.

    python papers/simulated-answers/run.py                    # 100 runs a row, twenty CPU minutes; exit 1 if a claim is missed
    python papers/simulated-answers/run.py --only integrals   # failures, needle, evidence, integrals or adapt
    python papers/simulated-answers/run.py --short            # 3 runs of a few rows

Truths by quadrature or in closed form. Each part prints its table as it goes.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

import upweight as uw

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)
from failures import PROBLEMS  # noqa: E402
from posteriors import BINOMIAL, POISSON, TWO_MODES, Evidence, banana, regression, wide  # noqa: E402

mc = uw.montecarlo
HARD = {"RP110", "twelve modes"}  # where a tenth of the runs may be refused


@dataclass(frozen=True)
class Answer:
    """One run: its error (relative, or of log Z), whether its interval holds the truth, whether it converged, its road and its calls."""

    error: float
    covered: bool
    converged: bool
    method: str
    calls: int


@dataclass(frozen=True)
class Row:
    """All runs of one problem."""

    name: str
    answers: tuple[Answer, ...]

    @property
    def believed(self) -> list[Answer]:
        return [a for a in self.answers if a.converged]

    @property
    def converged(self) -> float:
        return len(self.believed) / len(self.answers)

    @property
    def coverage(self) -> float:
        """Of the answers that converged."""
        return float(np.mean([a.covered for a in self.believed]))

    @property
    def rmse(self) -> float:
        return float(np.sqrt(np.mean([a.error**2 for a in self.believed])))

    @property
    def subset(self) -> float:
        """Share of runs whose number is subset simulation's own."""
        return float(np.mean([a.method == "subset" and a.converged for a in self.answers]))

    def __str__(self) -> str:
        errors = [a.error for a in self.believed]
        calls = np.mean([a.calls for a in self.answers])
        return (
            f"| {self.name} | {len(self.answers)} | {len(self.believed)} | {sum(a.covered for a in self.believed)} | {100 * np.mean(errors):+.2f} | "
            f"{100 * self.rmse:.2f} | {100 * max(errors, key=abs):+.1f} | {calls:,.0f} |"
        )


HEAD = "| problem | runs | converged | of them covered | mean error, % | RMSE, % | worst, % | calls |\n|---|---|---|---|---|---|---|---|"


def table(title: str, rows: Iterable[Row]) -> list[Row]:
    """The rows, printed as each is done."""
    print(f"\n{title}\n\n{HEAD}", flush=True)
    kept, start = [], time.process_time()
    for row in rows:
        print(row, flush=True)
        kept.append(row)
    print(f"\n{time.process_time() - start:.0f} CPU s", flush=True)
    return kept


# ---- failure probabilities -----------------------------------------------------------------------------------------------------------------------


def failure(g: Callable[[np.ndarray], np.ndarray], inputs: Any, p: float, seed: int) -> Answer:
    r = mc.rare(g, inputs, rng=seed)
    low, high = r.interval()
    value = math.nan if r.probability is None else float(r.probability.value)
    return Answer(value / p - 1, low <= p <= high, r.converged, r.method, r.calls)


def failures(short: bool) -> dict[str, float]:
    """Over the whole table: coverage, convergence, and converged answers that a fresh draw gave and that are far off."""

    def rows() -> Iterator[Row]:
        for name in ("four-branch", "RP107", "far island") if short else PROBLEMS:
            g, inputs, p = PROBLEMS[name]
            yield Row(name, tuple(failure(g, inputs, p, 1000 + seed) for seed in range(3 if short else 100)))

    found = table("Failure probabilities", rows())
    every = [a for row in found for a in row.answers]
    drawn = [a for a in every if a.converged and a.method != "subset"]
    out = {
        "failures_coverage": float(np.mean([a.covered for a in every if a.converged])),
        "failures_off_by_30": float(np.mean([a in drawn and abs(a.error) > 0.3 for a in every])),
        "failures_calls_at_most": float(max(a.calls for a in every)),
        "failures_subset_worst": max(row.subset for row in found),
        "failures_converged_worst": min(row.converged for row in found if row.name not in HARD),
        "failures_half_an_island": float(
            sum(
                a.converged and abs(a.error + 0.5) < 0.1
                for row in found
                for a in row.answers
                if row.name == "far island"
            )
        ),
    }
    if not short:
        out["failures_coverage_worst"] = min(row.coverage for row in found)
        out["failures_converged_hard"] = min(row.converged for row in found if row.name in HARD)
    return out


def needle(x: np.ndarray) -> np.ndarray:
    """A slope to the right, and a ball that nothing leads to, with two thirds of p."""
    return np.where(np.hypot(x[:, 0] + 2.5, x[:, 1] + 2.5) < 0.25, -1.0, 4 - x[:, 0])


def needles(short: bool) -> dict[str, float]:
    """What nobody can know: runs that never hit the ball, and converged without it."""
    ball = stats.ncx2(2, 2 * 2.5**2).cdf(0.25**2)
    p = float(stats.norm.sf(4) + ball)
    [row] = table(
        "A needle", [Row("needle", tuple(failure(needle, 2, p, seed) for seed in range(3 if short else 100)))]
    )
    out = {"needle_converged_without": float(np.mean([a.converged and a.error < -0.5 for a in row.answers]))}
    print(
        f"refused {1 - row.converged:.2f}, right {np.mean([a.converged and a.error > -0.5 for a in row.answers]):.2f}, converged without the "
        f"needle {out['needle_converged_without']:.2f}"
    )
    return out


# ---- evidence ------------------------------------------------------------------------------------------------------------------------------------

EFFECT, ERROR = np.array([28, 8, -3, 7, -1, 1, 18, 12]), np.array([15, 10, 16, 11, 9, 11, 10, 18])


def schools(u: np.ndarray) -> np.ndarray:
    mu, tau = 5 * u[:, 0], stats.halfcauchy(scale=5).ppf(stats.norm.cdf(u[:, 1]))
    return np.column_stack([mu, tau, mu[:, None] + tau[:, None] * u[:, 2:]])


EVIDENCE: dict[str, Evidence] = {
    "eight schools": (
        lambda x: stats.norm(x[:, 2:], ERROR).logpdf(EFFECT).sum(axis=1),
        mc.Inputs.transform(schools, 10),
        -31.311347352,
    ),
    "binomial": BINOMIAL,
    "Poisson": POISSON,
    "regression, 20": regression(100, 20),
    "two modes": TWO_MODES,
    "regression, 50": regression(200, 50),
}


def posterior(post: Any, truth: float) -> Answer:
    low, high = post.evidence.interval()
    return Answer(post.evidence.log_value - truth, low <= truth <= high, post.converged, post.method, post.calls)


def evidence(short: bool) -> dict[str, float]:
    def rows() -> Iterator[Row]:
        for name in ("eight schools", "binomial") if short else EVIDENCE:
            f, prior, truth = EVIDENCE[name]
            runs = 3 if short else 25 if name == "regression, 50" else 100
            yield Row(name, tuple(posterior(mc.evidence(f, prior, rng=seed), truth) for seed in range(runs)))

    found = table("Log evidence (errors in hundredths)", rows())
    every = [a for row in found for a in row.answers]
    out = {"evidence_converged": float(np.mean([a.converged for a in every]))}
    if not short:
        out |= {
            "evidence_coverage": float(np.mean([a.covered for a in every if a.converged])),
            "evidence_coverage_worst": min(row.coverage for row in found),
        }
    return out


# ---- integrals over a box ------------------------------------------------------------------------------------------------------------------------

A, U = np.arange(1.0, 6.0), np.array([0.1, 0.3, 0.5, 0.7, 0.9])
GENZ: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "oscillatory": (lambda x: np.cos(2 * np.pi * U[0] + x @ A), -0.015820223091),
    "product": (lambda x: (1 / (A**-2 + (x - U) ** 2)).prod(axis=1), 1118.381529907),
    "corner": (lambda x: (1 + x @ A) ** -6, 2.602538280e-05),
    "gauss": (lambda x: np.exp(-(A**2 * (x - U) ** 2).sum(axis=1)), 0.036179461922),
    "c0": (lambda x: np.exp(-(A * abs(x - U)).sum(axis=1)), 0.024318307979),
    "jump": (lambda x: np.where((x[:, 0] <= 0.1) & (x[:, 1] <= 0.3), np.exp(x @ A), 0.0), 108.652427693),
}


def integral(f: Callable[[np.ndarray], np.ndarray], truth: float, seed: int) -> Answer:
    i = mc.integrate(f, [(0, 1)] * 5, budget=26_000, rng=seed)
    low, high = i.value.interval()
    return Answer(float(i.value.value / truth - 1), bool(low <= truth <= high), i.value.ok, "vegas", i.calls)


def integrals(short: bool) -> dict[str, float]:
    names = ("gauss", "jump") if short else tuple(GENZ)
    runs = range(3 if short else 100)
    found = table(
        "Integrals over a box", (Row(name, tuple(integral(*GENZ[name], seed) for seed in runs)) for name in names)
    )
    out = {f"integral_rmse_{row.name}": row.rmse for row in found}
    if not short:
        out["integral_coverage_worst"] = min(row.coverage for row in found)
    return out


# ---- densities without a prior -------------------------------------------------------------------------------------------------------------------


def three_modes(x: np.ndarray) -> np.ndarray:
    at = np.zeros((3, 5))
    at[0, 0], at[1, :2], at[2, 1] = 6, (-6, 4), -8
    parts = [stats.multivariate_t(m, np.eye(5), df=7).logpdf(x) for m in at]
    return np.logaddexp.reduce(np.log([0.5, 0.3, 0.2])[:, None] + np.array(parts))


ADAPT = {
    "banana, 2": (banana, wide(200, 50)),
    "banana, 10": (banana, wide(200, 50, *[4] * 8)),
    "three modes": (three_modes, wide(*[36] * 5)),
}


def adapt(short: bool) -> dict[str, float]:
    names = ("three modes",) if short else tuple(ADAPT)
    runs = range(3 if short else 100)
    found = table(
        "Densities without a prior (errors of log Z in hundredths)",
        (Row(name, tuple(posterior(mc.adapt(*ADAPT[name], rng=seed), 0.0) for seed in runs)) for name in names),
    )
    out = {f"adapt_converged_{row.name}": row.converged for row in found}
    if not short:
        out["adapt_coverage_worst"] = min(row.coverage for row in found)
    return out


PARTS = {"failures": failures, "needle": needles, "evidence": evidence, "integrals": integrals, "adapt": adapt}


def run(short: bool, only: Iterable[str] = PARTS) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in only:
        found |= PARTS[name](short)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="3 runs of a few rows")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), help="which tables")
    asked = parser.parse_args()
    found = run(asked.short, asked.only)
    print()
    return judged(HERE, found, short=asked.short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
