"""Conformal prediction under covariate shift, on airfoil noise: coverage without weights, with true ones, with learnt ones.

    python papers/tibshirani2019/run.py              # 1,000 splits, two CPU minutes; exit 1 if a claim is missed
    python papers/tibshirani2019/run.py --short      # 60 splits

1,503 rows; columns 1 and 5 in logs, least squares on 375 rows, 376 to calibrate; of the rest a quarter is drawn with replacement in
proportion to exp(-log x1 + log x5). Read from the folder in UPWEIGHT_DATA (default ../shared/data beside the checkout).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LinearRegression

import upweight as uw
import upweight.shift as sh

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

TABLE = "shift/airfoil.txt"
LEVEL = 0.9


def data_at() -> Path:
    return Path(os.environ.get("UPWEIGHT_DATA", HERE.parents[2] / "shared" / "data")) / TABLE


def known(x: np.ndarray) -> uw.Weights:
    """The tilt, whose constant cancels."""
    return uw.Weights.of_log(x[:, 4] - x[:, 0], kind="importance")


def covered(interval: tuple[np.ndarray, np.ndarray], y: np.ndarray) -> float:
    return float(((interval[0] <= y) & (y <= interval[1])).mean())


def one(X: np.ndarray, y: np.ndarray, seed: int, *, learn: bool) -> dict[str, float]:
    """Coverage on one split."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    train, hold, rest = order[:375], order[375:751], order[751:]
    tilt = np.exp(X[rest, 4] - X[rest, 0])
    moved = rng.choice(rest, len(rest) // 4, p=tilt / tilt.sum())
    model = LinearRegression().fit(X[train], y[train])
    plain = sh.conformal(model, X[hold], y[hold], level=LEVEL)
    true = sh.conformal(model, X[hold], y[hold], shift=known, level=LEVEL)
    found = {
        "no_shift": covered(plain.interval(X[rest]), y[rest]),
        "shifted_unweighted": covered(plain.interval(X[moved]), y[moved]),
        "shifted_true_weights": covered(true.interval(X[moved]), y[moved]),
        "infinite": true.infinite(X[moved]),
        "ess": float(known(X[hold]).ess),
    }
    if learn:
        r = sh.density_ratio(X[train], X[moved], method="linear", rng=seed)
        learnt = sh.conformal(model, X[hold], y[hold], shift=r, level=LEVEL)
        found["shifted_logistic_weights"] = covered(learnt.interval(X[moved]), y[moved])
    return found


def run(short: bool, path: Path | None = None) -> dict[str, float]:
    """Mean coverages; nothing where the table is not there. Logistic weights are learnt in every fifth split."""
    path = data_at() if path is None else path
    if not path.exists():
        return {}
    held = np.loadtxt(path)
    X, y = held[:, :5].copy(), held[:, 5]
    X[:, [0, 4]] = np.log(X[:, [0, 4]])
    each = [one(X, y, seed, learn=seed % 5 == 0) for seed in range(60 if short else 1000)]
    names = ("no_shift", "shifted_unweighted", "shifted_true_weights", "shifted_logistic_weights", "infinite", "ess")
    return {name: float(np.mean([e[name] for e in each if name in e])) for name in names}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="60 splits")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
