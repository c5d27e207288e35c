"""The harm of class imbalance corrections: ranking, promises and decisions of logistic models after each, and after repair.

    python papers/goorbergh2022/run.py              # a minute of CPU; exit 1 if a claim is missed
    python papers/goorbergh2022/run.py --short      # 2 seeds, one simulated prevalence and one table

Two classes of normal predictors at 3 and 10 % positives, and two public tables in cross-validation; logistic regression without and
with a ridge penalty. "Raw" is what the models promise, "repaired" the same models through `Rebalanced`.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import upweight.imbalance as im

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

TRAIN, TEST, COLUMNS, SHIFT = 5000, 50_000, 6, 0.39  # six predictors moved by .39 s.d. each: AUC .75
METHODS = {
    "none": lambda: "none",
    "weights": lambda: "weights",
    "under": im.RandomUnder,
    "over": im.RandomOver,
    "smote": im.SMOTE,
}
LEARNERS = {"logistic": 1e6, "ridge": 0.01}  # C: next to no penalty, and a strong one


def simulated(positive: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training and test rows: N(0, I) and N(.39, I) in six columns."""
    rng = np.random.default_rng(seed)
    y = rng.random(TRAIN + TEST) < positive
    X = rng.normal(size=(TRAIN + TEST, COLUMNS)) + SHIFT * y[:, None]
    return X[:TRAIN], y[:TRAIN], X[TRAIN:], y[TRAIN:]


def fitted(name: str, C: float, X: np.ndarray, y: np.ndarray, seed: int) -> im.Rebalanced:
    learner = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000))
    return im.Rebalanced(learner, METHODS[name](), rng=seed).fit(X, y)


def figures(y: np.ndarray, raw: np.ndarray, repaired: np.ndarray, prior: float, name: str) -> dict[str, float]:
    """AUC, O/E before and after, and balanced accuracy: at 0.5 of what was balanced, at the prevalence of what was not."""
    flagged = raw >= (prior if name == "none" else 0.5)
    return {
        "auc": float(roc_auc_score(y, raw)),
        "auc_repaired": float(roc_auc_score(y, repaired)),
        "oe_raw": float(y.sum() / raw.sum()),
        "oe": float(y.sum() / repaired.sum()),
        "balanced": float((flagged[y].mean() + (~flagged[~y]).mean()) / 2),
    }


def simulation(positive: float, seeds: int) -> dict[str, dict[str, float]]:
    """{learner_method: mean figures} over simulated tables."""
    found: dict[str, list[dict[str, float]]] = {}
    for seed in range(seeds):
        X, y, X_test, y_test = simulated(positive, seed)
        for learner, C in LEARNERS.items():
            for name in METHODS:
                m = fitted(name, C, X, y, seed)
                raw, p = m.predict_raw(X_test)[:, 1], m.predict_proba(X_test)[:, 1]
                found.setdefault(f"{learner}_{name}", []).append(figures(y_test, raw, p, float(y.mean()), name))
    return {key: {k: float(np.mean([r[k] for r in rows])) for k in rows[0]} for key, rows in found.items()}


def cross_validated(X: np.ndarray, y: np.ndarray, folds: int) -> dict[str, dict[str, float]]:
    """{learner_method: figures} of predictions pooled over test folds."""
    found = {}
    for learner, C in LEARNERS.items():
        for name in METHODS:
            raw, p = np.empty(len(y)), np.empty(len(y))
            for f, (a, b) in enumerate(StratifiedKFold(folds, shuffle=True, random_state=0).split(X, y)):
                m = fitted(name, C, X[a], y[a], f)
                raw[b], p[b] = m.predict_raw(X[b])[:, 1], m.predict_proba(X[b])[:, 1]
            found[f"{learner}_{name}"] = figures(y, raw, p, float(y.mean()), name)
    return found


def worst(cells: dict[str, dict[str, float]]) -> dict[str, float]:
    """The figures the claims are about: the worst over learners and methods."""
    changed = {key: c for key, c in cells.items() if not key.endswith("none")}
    full = {key: c for key, c in changed.items() if not key.endswith("under")}  # undersampling alone throws rows away

    def gap(key: str, figure: str) -> float:
        return abs(cells[key][figure] - cells[key.split("_")[0] + "_none"][figure])

    return {
        "auc_none": cells["logistic_none"]["auc"],
        "auc_gap": max(gap(key, "auc") for key in full),
        "auc_gap_under": max(gap(key, "auc") for key in changed if key not in full),
        "oe_none": cells["logistic_none"]["oe_raw"],
        "oe_raw_highest": max(c["oe_raw"] for c in changed.values()),
        "oe_lowest": min(c["oe"] for c in cells.values()),
        "oe_highest": max(c["oe"] for c in cells.values()),
        "balanced_gap": max(gap(key, "balanced") for key in changed),
        "balanced_gain": max(
            c["balanced"] - cells[key.split("_")[0] + "_none"]["balanced"] for key, c in changed.items()
        ),
    }


def run(short: bool) -> dict[str, float]:
    """All figures; those of public tables only if they are there."""
    found = {}
    for percent in (3,) if short else (3, 10):
        cells = simulation(percent / 100, 2 if short else 20)
        found |= {f"simulated_{percent}_{k}": v for k, v in worst(cells).items()}
    data = Path(os.environ.get("UPWEIGHT_DATA", HERE.parents[2] / "shared" / "data")) / "imbalanced"
    for name in ("mammography",) if short else ("mammography", "us_crime"):
        if (data / f"{name}.csv").exists():
            rows = np.loadtxt(data / f"{name}.csv", delimiter=",", skiprows=1)
            cells = cross_validated(rows[:, :-1], rows[:, -1] == 1, 3 if short else 5)
            found |= {f"{name}_{k}": v for k, v in worst(cells).items()}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer seeds and tables")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
