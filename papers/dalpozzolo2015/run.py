"""Calibrating probability with undersampling: the paper's formula, ranking, thresholds and Brier score beside ours.

    python papers/dalpozzolo2015/run.py              # half a minute of CPU; exit 1 if a claim is missed
    python papers/dalpozzolo2015/run.py --short      # 3 seeds instead of 20

A seeded table with 2 % positives is undersampled to balance; a logistic regression and a random forest learn from what is left.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

import upweight as uw
import upweight.imbalance as im

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

ROWS, TRAIN, POSITIVE = 30_000, 15_000, 0.02
MEANS = ("brier_raw", "brier", "brier_crossfit", "oe_raw", "oe", "oe_crossfit")


def learners(seed: int) -> dict:
    """A learner whose log-odds are right, and one whose are not."""
    return {
        "logistic": LogisticRegression(max_iter=1000),
        "forest": RandomForestClassifier(60, min_samples_leaf=5, random_state=seed),
    }


def world(seed: int) -> tuple[np.ndarray, np.ndarray]:
    return make_classification(
        ROWS, n_features=10, n_informative=4, n_redundant=2, n_clusters_per_class=1, weights=[1 - POSITIVE], flip_y=0.005,
        class_sep=0.8, random_state=seed,
    )  # fmt: skip


def one(seed: int) -> dict[str, dict[str, float]]:
    """{learner: figures} of one table: distance of the formulas, AUC, decisions, Brier."""
    X, y = world(seed)
    r = im.RandomUnder(rng=seed).resample(X[:TRAIN], y[:TRAIN])
    beta = float((r.y == 0).sum() / (y[:TRAIN] == 0).sum())  # the paper's: p(s = 1 | negative)
    tau_s, tau = 0.5, beta * 0.5 / ((beta - 1) * 0.5 + 1)  # its threshold after undersampling, and before
    test, y_test = X[TRAIN:], y[TRAIN:]
    found = {}
    for name, learner in learners(seed).items():
        p_s = learner.fit(r.take(X[:TRAIN]), r.y).predict_proba(test)[:, 1]
        p = r.correction.apply(p_s)
        repaired = (
            im.Rebalanced(learner, im.RandomUnder(), rng=seed).fit(X[:TRAIN], y[:TRAIN]).predict_proba(test)[:, 1]
        )
        ours = expit_shift(tau_s, r.correction.log_odds)
        found[name] = {
            "formula_gap": float(np.abs(p - beta * p_s / (beta * p_s - p_s + 1)).max()),
            "auc_gap": float(abs(roc_auc_score(y_test, p) - roc_auc_score(y_test, p_s))),
            "threshold_gap": abs(ours - tau),
            "decisions_differ": float(((p_s >= tau_s) != (p >= ours)).sum()),
            "brier_raw": float(brier_score_loss(y_test, p_s)),
            "brier": float(brier_score_loss(y_test, p)),
            "oe_raw": float(y_test.sum() / p_s.sum()),
            "oe": float(y_test.sum() / p.sum()),
            "oe_crossfit": float(y_test.sum() / repaired.sum()),
            "brier_crossfit": float(brier_score_loss(y_test, repaired)),
        }
    return found


def expit_shift(p: float, log_odds: float) -> float:
    """A probability moved down by some log-odds."""
    return float(uw.Correction.offset(log_odds).apply(p))


def run(short: bool) -> dict[str, float]:
    """Worst gaps, seeds on which the Brier score is not worse, and mean figures."""
    tables = [one(seed) for seed in range(3 if short else 20)]
    figures: dict[str, float] = {}
    for name in ("logistic", "forest"):
        values = {key: np.array([t[name][key] for t in tables]) for key in tables[0][name]}
        figures |= {f"{name}_{key}": float(values[key].max()) for key in values if "gap" in key or "differ" in key}
        figures[f"{name}_brier_not_worse"] = float((values["brier"] <= values["brier_raw"]).mean())
        figures |= {f"{name}_{key}": float(values[key].mean()) for key in MEANS}
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer seeds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
