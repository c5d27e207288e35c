"""The figures a probability or a decision is judged by, each a line or two, all weighted.

    sensitivity  TP/(TP+FN)      specificity  TN/(TN+FP)      precision  TP/(TP+FP)      npv  TN/(TN+FN)
    alerts       1000 (TP+FP)/W                               cost       1000 (R FN + FP)/W
    average precision, area under the ROC curve               ties as scikit-learn has them

`recall_at` answers "with as many alerts": rows are flagged from the top until the alerts are spent, ties shared. Without
it two models at different thresholds cannot be compared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from .._undo import Calibration, calibration, read_held_out, read_proba

__all__ = ["average_precision", "calibrate", "decision", "macro", "recall_at", "roc_auc"]


def _ratio(a: float, b: float) -> float:
    return float(a / b) if b > 0 else np.nan


def average_precision(hit: np.ndarray, p: np.ndarray, w: np.ndarray | None) -> float:
    """Area under the precision-recall steps of `p` for the rows with `hit`."""
    return float(average_precision_score(hit, p, sample_weight=w)) if hit.any() else np.nan


def roc_auc(hit: np.ndarray, p: np.ndarray, w: np.ndarray | None) -> float:
    """Chance that a hit is ranked above another row, ties a half."""
    return float(roc_auc_score(hit, p, sample_weight=w)) if hit.any() and not hit.all() else np.nan


def decision(hit: np.ndarray, flagged: np.ndarray, w: np.ndarray | None) -> dict[str, float]:
    """Figures of flagging some rows, from the four weighted cells."""
    w = np.ones(len(hit)) if w is None else w
    tp, fp = float(w[hit & flagged].sum()), float(w[~hit & flagged].sum())
    fn, tn = float(w[hit & ~flagged].sum()), float(w[~hit & ~flagged].sum())
    total = tp + fp + fn + tn
    sensitivity, specificity, precision = _ratio(tp, tp + fn), _ratio(tn, tn + fp), _ratio(tp, tp + fp)
    spread = np.sqrt(tp + fp) * np.sqrt(tp + fn) * np.sqrt(tn + fp) * np.sqrt(tn + fn)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "precision": precision,
        "npv": _ratio(tn, tn + fn),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "gmean": float(np.sqrt(sensitivity * specificity)),
        "iba": float((1 + 0.1 * (sensitivity - specificity)) * sensitivity * specificity),
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "mcc": _ratio(tp * tn - fp * fn, spread),
        "alerts": 1000 * (tp + fp) / total,
        "misses": 1000 * fn / total,
        "false_alarms": 1000 * fp / total,
    }


def recall_at(hit: np.ndarray, p: np.ndarray, w: np.ndarray | None, alerts: float) -> float:
    """Share of the hits among the first `alerts` (weighted rows) from the top of `p`; a tie is shared out evenly."""
    w = np.ones(len(hit)) if w is None else w
    order = np.argsort(-p, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
    spent = np.concatenate([[0.0], np.cumsum(w[order])[ends]])
    hits = np.concatenate([[0.0], np.cumsum((w * hit)[order])[ends]])
    return _ratio(float(np.interp(alerts, spent, hits)), float(hits[-1]))


def calibrate(codes: np.ndarray, p: np.ndarray, w: np.ndarray | None) -> Calibration:
    """O/E, slope, Brier and log loss of (n,) or (n, K) probabilities."""
    return calibration(read_held_out(codes, read_proba(p), w))


def macro(values: Any) -> float:
    """Mean over classes, classes that say nothing left out."""
    each = np.asarray(values, dtype=float)
    return float(np.nanmean(each)) if np.isfinite(each).any() else np.nan


def farthest(oe: Any) -> float:
    """Of one O/E a class the one farthest from one."""
    each = np.atleast_1d(oe)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.abs(np.log(each))
    return float(each[int(np.nanargmax(far))]) if np.isfinite(far).any() else np.nan
