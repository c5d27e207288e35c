"""Local case-control sampling: right where the model is right, and near the all-data fit where it is wrong.

    python papers/fithian2014_local_case_control/run.py            # 60 runs of both worlds: some minutes of CPU; exit 1 if a claim is missed
    python papers/fithian2014_local_case_control/run.py --short    # 12 runs

Right model: 100,000 rows, one positive in 400, six normal columns, a pilot of 200 + 200 rows; mean squared error of the coefficients over that of a
logistic regression on all rows. Wrong model: 200,000 rows whose log-odds hold a product and a square that the fit lacks; how far the mean of the fits lies
from the mean of those on all rows, over the same distance of uniform thinning with its constant.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.optimize import brentq

from upweight.negatives import Pilot, StreamedLogistic, plan

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

COLUMNS, SHARE, SLOPE = 6, 1 / 400, 0.6
NAMES = [f"x{j}" for j in range(COLUMNS)]
KAPPAS = (1, 4)


def normal(rows: int, rng: np.random.Generator) -> np.ndarray:
    """(rows, COLUMNS) with correlations 0.5^|i - j|."""
    spread = 0.5 ** np.abs(np.subtract.outer(np.arange(COLUMNS), np.arange(COLUMNS)))
    return rng.standard_normal((rows, COLUMNS)) @ np.linalg.cholesky(spread).T


def sigmoid(eta: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-eta))


def right(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A world that is linear."""
    X = normal(100_000, rng)
    alpha = brentq(lambda a: sigmoid(a + SLOPE * X.sum(1)).mean() - SHARE, -30, 5)
    return X, rng.random(len(X)) < sigmoid(alpha + SLOPE * X.sum(1))


def wrong(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A world that is not."""
    X = normal(200_000, rng)
    eta = -7 + 0.6 * X[:, :3].sum(1) + 0.45 * X[:, 0] * X[:, 1] + 0.25 * X[:, 2] ** 2
    return X, rng.random(len(X)) < sigmoid(eta)


def fits(X: np.ndarray, y: np.ndarray, seed: int, pilot: Pilot) -> dict[str, np.ndarray]:
    """{fit: coefficients (7,)} of one run: all rows, and each rule and correction at each kappa."""
    table = pa.table({"id": np.arange(len(y)), "y": y} | dict(zip(NAMES, X.T, strict=True)))
    found = {"all": coefficients(X, y)}
    for kappa in KAPPAS:
        for rule in ("local", "uniform"):
            made = plan(table, label="y", key="id", per_positive=kappa, rule=rule, pilot=pilot, rng=seed)
            kept = made.apply(table)
            Z, own = np.column_stack([kept[n] for n in NAMES]), kept["y"].to_numpy(zero_copy_only=False)
            for name, how in (("offset", "_uw_offset"), ("weights", "_uw_weight")):
                given = {"offset" if name == "offset" else "sample_weight": kept[how].to_numpy()}
                found[f"{rule}_{name}_{kappa}"] = coefficients(Z, own, **given)
    return found


def coefficients(X: np.ndarray, y: np.ndarray, **how: np.ndarray) -> np.ndarray:
    """(7,), the intercept first."""
    fit = StreamedLogistic().fit(X, y, **how)
    return np.r_[fit.intercept_, fit.coef_[0]]


def run(short: bool) -> dict[str, float]:
    """Variance where the model is right, bias where it is wrong."""
    runs = 12 if short else 60
    found: dict[str, float] = {}
    pilot = Pilot.linear(NAMES, rows=200, normaliser=20_000)
    mine = [fits(*right(np.random.default_rng(seed)), seed, pilot) for seed in range(runs)]
    error = {name: float(np.mean([((r[name][1:] - SLOPE) ** 2).sum() for r in mine])) for name in mine[0]}
    for kappa in KAPPAS:
        found[f"variance_local_{kappa}"] = error[f"local_offset_{kappa}"] / error["all"]
    mine = [fits(*wrong(np.random.default_rng(1000 + seed)), seed, Pilot.linear(NAMES)) for seed in range(runs)]
    mean = {name: np.mean([r[name] - r["all"] for r in mine], axis=0) for name in mine[0]}
    bias = {name: float(np.linalg.norm(d)) for name, d in mean.items()}
    print({name: round(b, 3) for name, b in bias.items()})
    for kappa in KAPPAS:
        found[f"bias_uniform_{kappa}"] = bias[f"uniform_offset_{kappa}"]
        found[f"bias_local_offset_{kappa}"] = bias[f"local_offset_{kappa}"] / bias[f"uniform_offset_{kappa}"]
        found[f"bias_local_weights_{kappa}"] = bias[f"local_weights_{kappa}"] / bias[f"uniform_offset_{kappa}"]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer runs")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
