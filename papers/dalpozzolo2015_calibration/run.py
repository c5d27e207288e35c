"""Calibrating probability with undersampling, on mammography: promises before and after the constant of a uniform plan.

    python papers/dalpozzolo2015_calibration/run.py              # 5 x 5 folds, some seconds; exit 1 if a claim is missed
    python papers/dalpozzolo2015_calibration/run.py --short      # 5 folds once

One negative for each positive is kept at random, a logistic regression learns from them, and `plan.correction()` gives the odds back. The table is read
from the folder in UPWEIGHT_DATA (default ../shared/data beside the checkout).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from upweight.negatives import NegativeSampler

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

TABLE = "imbalanced/mammography.csv"


def data_at() -> Path:
    return Path(os.environ.get("UPWEIGHT_DATA", HERE.parents[2] / "shared" / "data")) / TABLE


def table(path: Path) -> tuple[np.ndarray, np.ndarray]:
    held = np.loadtxt(path, delimiter=",", skiprows=1)
    return held[:, :-1], held[:, -1].astype(int)


def fold(X: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray, seed: int) -> dict[str, float]:
    """Figures of one test fold."""
    thin = NegativeSampler(per_positive=1, rule="uniform", rng=seed)
    A, b = thin.fit_resample(X[train], y[train])
    raw = learner().fit(A, b).predict_proba(X[test])[:, 1]
    repaired = thin.plan_.correction().apply(raw)
    beta = thin.plan_.design["rule"]["rate"]  # the paper's: p(s = 1 | negative)
    everything = learner().fit(X[train], y[train]).predict_proba(X[test])[:, 1]
    return {
        "formula_gap": float(np.abs(repaired - beta * raw / (beta * raw - raw + 1)).max()),
        "auc_gap": abs(roc_auc_score(y[test], raw) - roc_auc_score(y[test], repaired)),
        "order_differs": float((np.argsort(raw, kind="stable") != np.argsort(repaired, kind="stable")).sum()),
        "expected_raw": float(raw.sum()),
        "expected": float(repaired.sum()),
        "observed": float(y[test].sum()),
        "brier_raw": brier_score_loss(y[test], raw),
        "brier": brier_score_loss(y[test], repaired),
        "brier_all_rows": brier_score_loss(y[test], everything),
    }


def learner():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def run(short: bool, path: Path | None = None) -> dict[str, float]:
    """Worst gaps and mean figures over the folds; nothing where the table is not there."""
    path = data_at() if path is None else path
    if not path.exists():
        return {}
    X, y = table(path)
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=1 if short else 5, random_state=0)
    each = [fold(X, y, train, test, seed) for seed, (train, test) in enumerate(folds.split(X, y))]
    values = {name: np.array([e[name] for e in each]) for name in each[0]}
    found = {name: float(values[name].max()) for name in ("formula_gap", "auc_gap", "order_differs")}
    found |= {name: float(values[name].mean()) for name in ("brier_raw", "brier", "brier_all_rows")}
    for name in ("expected_raw", "expected"):
        found[f"{name}_over_observed"] = float(values[name].sum() / values["observed"].sum())
    found["brier_not_worse"] = float((values["brier"] <= values["brier_raw"]).mean())
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="one repeat")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
