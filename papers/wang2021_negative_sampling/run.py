"""Nonuniform negative sampling and log odds correction: what thinning costs in variance, by rule and by correction.

    python papers/wang2021_negative_sampling/run.py            # 4 designs x 200 runs: a quarter of an hour of CPU; exit 1 if a claim is missed
    python papers/wang2021_negative_sampling/run.py --short    # 1 design x 30 runs

N = 100,000 rows, one positive in 400, six columns, all coefficients equal. Figures are the mean squared error of the coefficients over that of a
logistic regression on all rows.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.optimize import brentq

from upweight.negatives import Pilot, Rule, StreamedLogistic, plan

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

ROWS, COLUMNS, SHARE = 100_000, 6, 1 / 400
SLOPES = {"normal": 0.6, "lognormal": 0.15, "t3": 0.25, "exponential": 0.5}
RULES = ("proportional", "optimal", "local", "uniform")
NAMES = [f"x{j}" for j in range(COLUMNS)]


def columns(design: str, rng: np.random.Generator) -> np.ndarray:
    """(ROWS, COLUMNS) of a design; the first three have correlations 0.5^|i - j|."""
    if design == "exponential":
        return rng.exponential(size=(ROWS, COLUMNS))
    spread = 0.5 ** np.abs(np.subtract.outer(np.arange(COLUMNS), np.arange(COLUMNS)))
    z = rng.standard_normal((ROWS, COLUMNS)) @ np.linalg.cholesky(spread).T
    if design == "t3":
        return z / np.sqrt(rng.chisquare(3, ROWS) / 3)[:, None]
    return np.exp(z) if design == "lognormal" else z


def sigmoid(eta: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-eta))


def one(design: str, seed: int, kappas: tuple[int, ...]) -> dict[str, float]:
    """{cell: squared error of the coefficients} of one run, and of all rows."""
    rng = np.random.default_rng(seed)
    X, slope = columns(design, rng), SLOPES[design]
    alpha = brentq(lambda a: sigmoid(a + slope * X.sum(1)).mean() - SHARE, -30, 5)
    y = rng.random(ROWS) < sigmoid(alpha + slope * X.sum(1))
    wrong = sigmoid(alpha + X @ (slope + rng.uniform(0, 0.15 if design == "lognormal" else 0.75, COLUMNS)))
    table = pa.table(
        {"id": np.arange(ROWS), "y": y, "s": np.clip(wrong, 1e-12, 1 - 1e-12)} | dict(zip(NAMES, X.T, strict=True))
    )
    pilot = Pilot.linear(NAMES, rows=200, normaliser=20_000)
    bad = {"pilot": Pilot.column("s"), "rule": Rule(floor=1e-6)}
    found = {"all": error(X, y, slope)}
    for kappa in kappas:
        cells = {rule: {"pilot": pilot, "rule": rule} for rule in RULES}
        for name, how in (cells | ({"wrong": bad} if kappa == 1 else {})).items():
            kept = plan(table, label="y", key="id", per_positive=kappa, rng=seed, **how).apply(table)
            Z, own = np.column_stack([kept[n] for n in NAMES]), kept["y"].to_numpy(zero_copy_only=False)
            found[f"{name}_offset_{kappa}"] = error(Z, own, slope, offset=kept["_uw_offset"].to_numpy())
            found[f"{name}_weights_{kappa}"] = error(Z, own, slope, sample_weight=kept["_uw_weight"].to_numpy())
    return found


def error(X: np.ndarray, y: np.ndarray, slope: float, **how: np.ndarray) -> float:
    return float(((StreamedLogistic().fit(X, y, **how).coef_[0] - slope) ** 2).sum())


def run(short: bool) -> dict[str, float]:
    """Ratios of mean squared errors, the worst over the designs."""
    kappas = (1, 4) if short else (1, 4, 10)
    found: dict[str, float] = {}
    per_design = []
    for design in ("normal",) if short else SLOPES:
        runs = [one(design, seed, kappas) for seed in range(30 if short else 200)]
        mean = {cell: float(np.mean([r[cell] for r in runs])) for cell in runs[0]}
        per_design.append({cell: value / mean["all"] for cell, value in mean.items()})
        print(design, {cell: round(value, 2) for cell, value in per_design[-1].items()})
    for kappa in kappas:
        found[f"offset_over_law_{kappa}"] = max(d[f"proportional_offset_{kappa}"] for d in per_design) / (1 + 1 / kappa)
    cells = [(rule, kappa) for rule in RULES for kappa in kappas]
    found["offset_over_weights"] = max(
        d[f"{r}_offset_{k}"] / d[f"{r}_weights_{k}"] for d in per_design for r, k in cells
    )
    found["uniform_over_proportional"] = min(d["uniform_weights_1"] / d["proportional_weights_1"] for d in per_design)
    found["wrong_pilot_designs"] = float(
        np.mean([d["wrong_weights_1"] >= 1.1 * d["wrong_offset_1"] for d in per_design])
    )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="one design, fewer runs")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
