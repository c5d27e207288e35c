"""Scorers: the figures of `score` where scikit-learn asks for one number, larger being better.

The trouble: `scoring="f1"` judges a threshold of 0.5 that nobody chose, and a search over it tunes the threshold by way of the
model. So a scorer says what it judges: a decision (what `predict` says, or the cut at a threshold that is given) or the
probabilities themselves.

    decision       sensitivity specificity precision npv f1 gmean iba balanced_accuracy mcc
    ranking        roc_auc average_precision
    probabilities  -brier  -log_loss  -|log oe|  -|slope - 1|          (turned so that larger is better)

If unsure: `scorer("average_precision")` to choose a model, `scorer("oe")` to see whether its promises hold.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import make_scorer

from ..._errors import InputError, did_you_mean
from ..._foreign_keywords import own_keywords
from ...learners import decision, macro
from ...tables import Labels, live_rows, refuse_other_index, row_weights
from ._mae import macro_mae
from ._score import read_threshold, score

__all__ = ["scorer"]

DECISIONS = ("sensitivity", "specificity", "precision", "npv", "f1", "gmean", "iba", "balanced_accuracy", "mcc")
RANKINGS = ("roc_auc", "average_precision")
PROMISES = ("brier", "log_loss", "oe", "slope")


@own_keywords
def scorer(name: str, *, threshold: float | None = None) -> Any:
    """A scikit-learn scorer of one figure of `score`: `cross_val_score(model, X, y, scoring=scorer("iba"))`.

        score(estimator, X, y, sample_weight=None) -> float, larger is better

    Parameters
    ----------
    name : sensitivity, specificity, precision, npv, f1, gmean, iba, balanced_accuracy, mcc (decisions); roc_auc,
        average_precision (ranking); brier, log_loss, oe, slope (probabilities, turned round); macro_mae (turned round).
    threshold : in [0, 1], for decisions: positive from this probability on; None takes what `predict` says.

    Returns
    -------
    A scikit-learn scorer; it takes `sample_weight`. Two classes: the positive is True, or 1 beside 0 or -1, else the rarest in
    the rows scored. More classes: the mean over classes.

    Raises
    ------
    InputError : an unknown name; a threshold for a figure that has none; more than two classes with a threshold.

    Costs: a decision figure rewards the threshold as much as the model; compare models by ranking.
    Source: `score`.

    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.arange(10.0)[:, None]; y = np.array([0, 0, 0, 0, 0, 0, 1, 0, 1, 1])
    >>> model = LogisticRegression().fit(X, y)
    >>> [round(scorer("sensitivity", threshold=t)(model, X, y), 2) for t in (0.5, 0.3)]
    [0.67, 1.0]
    """
    known = (*DECISIONS, *RANKINGS, *PROMISES, "macro_mae")
    if name not in known:
        raise InputError(f"unknown figure {name!r}.{did_you_mean(name, known)}")
    if threshold is None:
        return make_scorer(figure, response_method="predict" if name in (*DECISIONS, "macro_mae") else PROBA, name=name)
    if name not in DECISIONS:
        raise InputError(f"{name!r} judges no decision, so it has no threshold. Leave `threshold` out.")
    return make_scorer(figure, response_method=PROBA, name=name, threshold=read_threshold(threshold))


PROBA = "predict_proba"


def figure(y: Any, given: Any, *, name: str, threshold: float | None = None, sample_weight: Any = None) -> float:
    """One figure of predictions: labels for a decision, probabilities (of the last class, or of all) for the rest."""
    if name == "macro_mae":
        return -macro_mae(y, given, sample_weight=sample_weight)
    every = Labels.of(y)
    refuse_other_index({"y": y, "sample_weight": sample_weight})
    live = live_rows(None, every, row_weights(sample_weight, len(every.codes)))
    labels = live.labels
    if name in DECISIONS and threshold is None:
        return _of_labels(labels, np.asarray(given)[live.rows], name, live.w)
    p = np.asarray(given, dtype=np.float64)
    if p.ndim == 1 and labels.positive == 0:
        p = 1 - p
    value = getattr(score(y, p, threshold=threshold, sample_weight=sample_weight), name)
    if name == "oe":
        return -abs(float(np.log(value))) if value > 0 else -np.inf
    return -abs(value - 1) if name == "slope" else -value if name in PROMISES else value


def _of_labels(labels: Labels, predicted: np.ndarray, name: str, w: np.ndarray | None) -> float:
    """A decision figure of predicted labels: of the positive class, or the mean over three classes and more."""
    codes = [labels.positive] if len(labels.classes) == 2 else range(len(labels.classes))
    return macro([decision(labels.codes == c, predicted == labels.classes[c], w)[name] for c in codes])
