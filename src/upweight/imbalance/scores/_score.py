"""Score: every figure of a classifier for a rare class, from labels and probabilities.

The trouble: accuracy is blind to a rare class, a ranking figure is blind to wrong probabilities, and a figure at 0.5 judges
the threshold rather than the model. So ranking, decision and calibration stand side by side, and the threshold is said.

If one figure must do: `average_precision` for ranking, `oe` for promises, cost at your threshold for decisions.

Sources: iba: Garcia, Mollineda and Sanchez, ICPR (2010), alpha 0.1; average precision, MCC, Brier: as in scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ..._errors import InputError, did_you_mean, is_number, plain
from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ...learners import average_precision, calibrate, decision, farthest, macro, roc_auc
from ...tables import Labels, live_rows, refuse_other_index, row_weights
from ..rebalance import read_cost

__all__ = ["Scores", "read_threshold", "score"]


@set_module("upweight.imbalance")
@dataclass(frozen=True)
class Scores:
    """Figures of one class against the rest; for K > 2 the macro averages, with `by_class` holding each.

    All are shares in [0, 1] except mcc (-1 to 1), log_loss (nats), oe (observed/expected), slope (calibration slope), alerts
    (rows flagged per 1,000) and support (rows of the class). `threshold` is what was cut at; nan if K > 2.

    >>> from upweight.imbalance import score
    >>> s = score(["a", "b", "c"] * 2, np.eye(3)[[0, 1, 2, 0, 1, 1]] * 0.9 + 0.1 / 3)
    >>> sorted(s.by_class), round(s.by_class["b"].precision, 2), round(s.sensitivity, 2)
    (['a', 'b', 'c'], 0.67, 0.83)
    """

    sensitivity: float  # recall: share of the class that is found
    specificity: float  # share of the other rows that are left alone
    precision: float  # share of the flagged rows that are of the class
    npv: float  # share of the rows not flagged that are not of the class
    f1: float  # harmonic mean of precision and sensitivity
    gmean: float  # root of sensitivity times specificity
    iba: float  # index balanced accuracy of the geometric mean, alpha 0.1
    balanced_accuracy: float  # mean of sensitivity and specificity
    mcc: float  # Matthews' correlation, -1 to 1
    roc_auc: float  # area under the ROC curve
    average_precision: float  # area under precision against recall, by steps
    brier: float  # mean squared error of the probabilities
    log_loss: float  # nats a row
    oe: float  # observed positives over the sum of probabilities
    slope: float  # calibration slope: 1 is right, below 1 too sure
    alerts: float  # rows flagged per 1,000
    support: int  # rows of the class, not weighted
    threshold: float = np.nan  # what was cut at; nan for more than two classes
    by_class: Mapping[Any, Scores] = field(
        default_factory=dict
    )  # {label: Scores} for more than two classes, else empty

    def __str__(self) -> str:
        named = [f for f in fields(self) if f.name not in ("by_class", "support")]
        lines = [f"{f.name:<18} {getattr(self, f.name):>8.3f}" for f in named]
        return "\n".join([*lines, f"{'support':<18} {self.support:>8,}"])


@own_keywords
def score(
    y: Any,
    proba: Any,
    *,
    threshold: float | None = None,
    cost: float | None = None,
    positive: Any = None,
    sample_weight: Any = None,
) -> Scores:
    """Judge probabilities and the decision they lead to.

        flagged iff p >= t,   t = `threshold`, or 1/(1 + cost), or the share of positives;   K > 2: argmax p_k / pi_k

    Parameters
    ----------
    y : (n,) labels. proba : (n,) p(positive), or (n, K) with a column a class, classes sorted.
    threshold : in [0, 1]. cost : false alarms that one miss is worth; one of the two.
    positive : label; None takes True, or 1 beside 0 or -1, else the rarest.
    sample_weight : (n,) weights >= 0 or `Weights`; they count in every figure but `support`. Rows of zero weight are as if removed, and
        a class that has no others goes with them: columns of `proba` are those of the classes left, or of all, and then its column
        is taken out and the others scaled to sum one.

    Returns
    -------
    Scores; for K > 2 macro averages and `by_class`.

    Raises
    ------
    InputError : one class, another number of columns than classes, probabilities outside [0, 1], both threshold and cost.

    Costs: nothing is fitted; on training rows every figure flatters.
    Source: section headings of the file; Elkan (2001) for the thresholds.

    >>> s = score([0] * 8 + [1] * 2, [.1, .1, .1, .1, .1, .1, .1, .6, .4, .7], threshold=.3)
    >>> round(s.sensitivity, 2), round(s.precision, 2), round(s.average_precision, 3), round(s.oe, 2)
    (1.0, 0.67, 0.833, 0.83)
    """
    labels, p, w = _read_scored(y, proba, sample_weight)
    if p.ndim == 2 and len(labels.classes) == 2:
        p = p[:, labels.positive if positive is None else _code_of(labels, positive)]
    if p.ndim == 1:
        code = labels.positive if positive is None else _code_of(labels, positive)
        return _one_class(labels.codes == code, p, cut(labels.codes == code, w, threshold, cost), w)
    if threshold is not None or cost is not None or positive is not None:
        raise InputError(
            "`threshold`, `cost` and `positive` are for two classes; with more the cut is argmax p_k/pi_k."
        )
    prior = np.bincount(labels.codes, weights=w, minlength=p.shape[1])
    chosen = (p / prior).argmax(axis=1)
    each = {
        plain(c): _one_class(labels.codes == k, p[:, k], None, w, chosen == k) for k, c in enumerate(labels.classes)
    }
    return _macro_scores(each, labels, p, w)


def _read_scored(y: Any, proba: Any, sample_weight: Any) -> tuple[Labels, np.ndarray, np.ndarray | None]:
    """Labels, probabilities and weights of the rows that count, columns of the classes that count."""
    every = Labels.of(y)
    refuse_other_index({"y": y, "proba": proba, "sample_weight": sample_weight})
    live = live_rows(None, every, row_weights(sample_weight, len(every.codes)))
    p = _proba_of(proba, every, live.labels)
    if p.ndim == 2 and p.shape[1] > len(live.labels.classes):  # of a model that knows the class that is gone
        kept = p[:, np.isin(every.classes, live.labels.classes)]
        mass = kept.sum(axis=1, keepdims=True)
        p = np.divide(kept, mass, out=np.full(kept.shape, 1 / kept.shape[1]), where=mass > 0)
    return live.labels, p[live.rows], live.w


def _proba_of(proba: Any, every: Labels, live: Labels) -> np.ndarray:
    """(n,) for two classes, or (n, K) with a column for each class, or for each class that counts."""
    try:
        p = np.asarray(proba, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"`proba` must be numbers: {error}. Pass what predict_proba says, not labels.") from error
    k, n = len(live.classes), len(every.codes)
    columns = p.ndim == 2 and p.shape[1] in (k, len(every.classes))
    if p.shape[:1] != (n,) or not (columns or (p.ndim == 1 and k == 2)):
        raise InputError(
            f"`proba` must be (n,) for two classes or (n, {k}), a column a class, n = {n:,}; got {p.shape}."
        )
    if not (np.isfinite(p).all() and (p >= 0).all() and (p <= 1).all()):
        row = int((~((p >= 0) & (p <= 1))).reshape(len(p), -1).any(axis=1).argmax())
        raise InputError(f"`proba` must lie in [0, 1]; first other value at row {row}. Log-odds? Apply expit first.")
    return p


def _code_of(labels: Labels, positive: Any) -> int:
    known = [plain(c) for c in labels.classes]
    if plain(positive) not in known:
        raise InputError(f"`positive` is {positive!r}, which `y` has not.{did_you_mean(positive, known)}")
    return known.index(plain(positive))


def cut(hit: np.ndarray, w: np.ndarray | None, threshold: float | None, cost: float | None) -> float:
    if threshold is not None and cost is not None:
        raise InputError("`threshold` and `cost` both say where to cut. Give one.")
    if threshold is not None:
        return read_threshold(threshold)
    cost = read_cost(cost)
    return float(np.average(hit, weights=w)) if cost is None else 1 / (1 + cost)


def read_threshold(threshold: Any) -> float:
    """A number in [0, 1]."""
    if not is_number(threshold) or not 0 <= threshold <= 1:
        raise InputError(f"`threshold` must lie in [0, 1]; got {threshold!r}. Say .5, or leave it out.")
    return float(threshold)


def _one_class(
    hit: np.ndarray, p: np.ndarray, at: float | None, w: np.ndarray | None, flagged: np.ndarray | None = None
) -> Scores:
    figures = decision(hit, p >= at if flagged is None else flagged, w)
    shares: dict[str, Any] = {k: v for k, v in figures.items() if k not in ("misses", "false_alarms")}
    calibration = calibrate(hit.astype(int), p, w)
    return Scores(
        **shares,
        roc_auc=roc_auc(hit, p, w),
        average_precision=average_precision(hit, p, w),
        brier=calibration.brier,
        log_loss=calibration.log_loss,
        oe=calibration.oe,
        slope=calibration.slope,
        support=int(hit.sum()),
        threshold=np.nan if at is None else at,
    )


def _macro_scores(each: Mapping[Any, Scores], labels: Labels, p: np.ndarray, w: np.ndarray | None) -> Scores:
    """Means over classes; Brier, log loss and slope of all classes together; the O/E farthest from one."""
    own = ("by_class", "support", "threshold", "oe", "slope", "brier", "log_loss")
    names = [f.name for f in fields(Scores) if f.name not in own]
    means: dict[str, Any] = {name: macro([getattr(s, name) for s in each.values()]) for name in names}
    calibration = calibrate(labels.codes, p, w)
    return Scores(
        **means,
        brier=calibration.brier,
        log_loss=calibration.log_loss,
        slope=calibration.slope,
        oe=farthest(calibration.oe),
        support=len(labels.codes),
        by_class=each,
    )
