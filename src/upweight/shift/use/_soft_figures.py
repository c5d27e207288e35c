"""Figures of a classifier on rows whose labels are known, or only promised with a probability, each with the influence of every row.

The trouble: accuracy on unlabelled rows can be expected from probabilities, and measured on labelled rows with weights; to compare both,
one formula must serve both. A row has weight v_i and a label that is class k with probability L_ik (0 or 1 where it is known):

    accuracy, brier, log_loss        sum v g / sum v
    recall, specificity, precision, f1   sum v a / sum v b,      a, b  e.g.  L 1{decided},  L
    roc_auc                          sum_ij v_i L_i v_j (1 - L_j) 1{s_i > s_j} / (sum v L  sum v (1 - L)),   ties 1/2

More than two classes: macro averages of recall, specificity, precision, f1 and roc_auc, each class against the rest; the decision is the
most probable class.

What is inside: `METRICS`; `Decided`, a model's answers; `figures`, every metric with its influences; `values_of`, the values alone.

Source: Guillory et al., Predicting with confidence on unseen distributions, ICCV (2021), for accuracy expected from confidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["METRICS", "Decided", "figures", "values_of"]

METRICS = ("accuracy", "recall", "specificity", "precision", "f1", "roc_auc", "brier", "log_loss")
LEAST = 1e-15  # probability below which a log loss is not followed


@dataclass(frozen=True, eq=False)
class Decided:
    """Probabilities (K, n) of a model and its decisions (K, n), one true a row."""

    p: np.ndarray
    chosen: np.ndarray

    @classmethod
    def of(cls, p: np.ndarray, threshold: float) -> Decided:
        """Two classes: the last one from `threshold` on; more: the most probable."""
        k = (p[1] >= threshold).astype(np.intp) if len(p) == 2 else p.argmax(axis=0)
        return cls(p, k == np.arange(len(p))[:, None])

    @property
    def asked(self) -> range:
        """Classes whose figures are averaged: the last of two, or all."""
        return range(1, 2) if len(self.p) == 2 else range(len(self.p))


def figures(of: Decided, truth: np.ndarray, v: np.ndarray) -> dict[str, tuple[float, np.ndarray]]:
    """Value and influence (n,) of every metric, whose sum of squares is the squared error; truth (K, n), v (n,) sums to one.

    What cannot be told, as precision where nobody is called positive, is nan with influences of nan.
    """
    found = {name: _ratio(v, g, np.ones_like(v)) for name, g in _losses(of, truth).items()}
    by_class: dict[str, list[tuple[float, np.ndarray]]] = {}
    for k in of.asked:
        y, said = truth[k], of.chosen[k]
        for name, (a, b) in _shares(y, said).items():
            by_class.setdefault(name, []).append(_ratio(v, a, b))
        by_class.setdefault("roc_auc", []).append(_area(of.p[k], y, v))
    for name, each in by_class.items():
        found[name] = float(np.mean([value for value, _ in each])), np.mean([phi for _, phi in each], axis=0)
    return {name: found[name] for name in METRICS}


def values_of(of: Decided, truth: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The values of all metrics, in the order of `METRICS`."""
    return np.array([value for value, _ in figures(of, truth, v).values()])


def _losses(of: Decided, truth: np.ndarray) -> dict[str, np.ndarray]:
    """(n,) what each row adds to the metrics that are plain averages."""
    square = (truth * (1 - of.p) ** 2 + (1 - truth) * of.p**2).sum(axis=0)
    return {
        "accuracy": (truth * of.chosen).sum(axis=0),
        "brier": square / 2 if len(of.p) == 2 else square,
        "log_loss": -(truth * np.log(np.maximum(of.p, LEAST))).sum(axis=0),
    }


def _shares(y: np.ndarray, said: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Numerator and denominator of the metrics that are shares of shares; y (n,) probability of the class, said (n,) decided so."""
    hit = y * said
    return {
        "recall": (hit, y),
        "specificity": ((1 - y) * ~said, 1 - y),
        "precision": (hit, said.astype(np.float64)),
        "f1": (2 * hit, y + said),
    }


def _ratio(v: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[float, np.ndarray]:
    below = float(v @ b)
    if below <= 0:
        return np.nan, np.full(len(v), np.nan)
    value = float(v @ a) / below
    return value, v * (a - value * b) / below


def _area(score: np.ndarray, y: np.ndarray, v: np.ndarray) -> tuple[float, np.ndarray]:
    """Area under the ROC curve and its influences by placements: share of the other side below, ties half."""
    yes, no = v * y, v * (1 - y)
    if yes.sum() <= 0 or no.sum() <= 0:
        return np.nan, np.full(len(v), np.nan)
    levels, at = np.unique(score, return_inverse=True)
    mass = [np.bincount(at, side, len(levels)) / side.sum() for side in (yes, no)]
    above_no = (np.cumsum(mass[1]) - mass[1] / 2)[at]  # share of negatives below
    below_yes = 1 - (np.cumsum(mass[0]) - mass[0] / 2)[at]  # share of positives above
    value = float(yes @ above_no / yes.sum())
    return value, yes * (above_no - value) / yes.sum() + no * (below_yes - value) / no.sum()
