"""What is known of one method: its figures, and its differences to moving the threshold and to its control.

    figures       means over test folds, shares in [0, 1], alerts and cost per 1,000 rows
    differences   `Interval`: mean over folds, 95 % interval, p (of AP adjusted for the number of methods)

Inside they are kept together, as `ap_change`, `log_loss_change` and `rival_change`; the document and whoever reads a result see
them flat, `ap_diff`, `ap_low`, `ap_high`, `ap_p` and so on, in the order of `FLAT`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..._set_module import set_module
from ...learners import Interval

__all__ = ["FLAT", "FoldFigures", "MethodResult"]

UNKNOWN = Interval(np.nan, np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class FoldFigures:
    """One method in one fold, what could not be told nan; the mean over folds stands in `MethodResult` under the same name."""

    ap: float = np.nan
    roc_auc: float = np.nan
    log_loss: float = np.nan
    brier: float = np.nan
    recall: float = np.nan
    specificity: float = np.nan
    precision: float = np.nan
    alerts: float = np.nan
    cost: float = np.nan
    raw_recall: float = np.nan
    raw_specificity: float = np.nan
    raw_precision: float = np.nan
    recall_same_alerts: float = np.nan
    threshold: float = np.nan
    n_train: float = np.nan
    ess_min: float = np.nan
    synthetic_share: float = np.nan

    @classmethod
    def names(cls) -> list[str]:
        """Names of the figures."""
        return [f.name for f in fields(cls)]


@set_module("upweight.imbalance")
@dataclass(frozen=True, repr=False)
class MethodResult:
    """One method in a comparison; what could not be told is nan.

    Shares are in [0, 1]; `alerts` and `cost` are per 1,000 rows; differences are this method less "threshold" (`rival_*`: less
    its control), with 95 % intervals; `ap_p` is adjusted over methods (Holm); `oe` is observed/expected of repaired probabilities,
    `oe_raw` and `raw_*` of those before repair, at 0.5; `seconds` is the sum over folds.

    Attributes
    ----------
    ap_change, log_loss_change, rival_change : `Interval` (mean, low, high, p); each number also by its own name: `ap_diff`, `ap_low`,
        `ap_high`, `ap_p`, `log_loss_diff`, `log_loss_low`, `log_loss_high`, `rival_diff`, `rival_low`, `rival_high`.

    >>> from sklearn.datasets import load_digits
    >>> from upweight.imbalance import compare
    >>> X, digit = load_digits(return_X_y=True)
    >>> row = compare(X[:600], digit[:600] == 8, methods="weights", cv="3x1", rng=0).rows[2]
    >>> row.name, row.status, round(row.oe_raw, 1), row.to_dict()["folds"]
    ('weights', 'approximate', 0.8, 3)
    """

    name: str  # as in `methods=`
    label: str  # as the table calls it
    rival: str | None = None  # the control it is also held against, or None
    status: str = ""  # exact, approximate or impossible: whether a formula undoes it
    n_train: float = np.nan  # rows it trained on, mean over folds
    ess_min: float = np.nan  # fewest effective rows of a class, over folds
    synthetic_share: float = np.nan  # share of its training rows that were made up
    ap: float = np.nan  # average precision, mean over folds
    ap_change: Interval = UNKNOWN
    roc_auc: float = np.nan  # area under the ROC curve
    log_loss: float = np.nan  # of repaired probabilities, in nats
    log_loss_change: Interval = UNKNOWN
    brier: float = np.nan  # of repaired probabilities
    oe_raw: float = np.nan  # observed over expected before repair
    oe: float = np.nan  # observed over expected after repair
    slope: float = np.nan  # calibration slope of repaired probabilities
    threshold: float = np.nan  # repaired probability from which a row is called positive
    recall: float = np.nan  # share of positives found at the threshold
    specificity: float = np.nan  # share of the others left alone
    precision: float = np.nan  # share of the alerts that are right
    alerts: float = np.nan  # rows flagged per 1,000
    cost: float = np.nan  # false alarms and misses in the unit of a false alarm, per 1,000 rows; nan without `cost`
    recall_same_alerts: float = np.nan  # recall with as many alerts as moving the threshold gives
    raw_recall: float = np.nan  # recall of unrepaired probabilities at 0.5
    raw_specificity: float = np.nan  # the same, of specificity
    raw_precision: float = np.nan  # the same, of precision
    rival_change: Interval = UNKNOWN
    folds: int = 0  # that were finished
    error: str | None = None  # why it has no figures, or None
    seconds: float = 0.0  # sum over folds

    @property
    def ap_diff(self) -> float:
        """AP less that of moving the threshold, mean over folds."""
        return self.ap_change.mean

    @property
    def ap_low(self) -> float:
        """Lower end of the 95 % interval of `ap_diff`."""
        return self.ap_change.low

    @property
    def ap_high(self) -> float:
        """Upper end of the 95 % interval of `ap_diff`."""
        return self.ap_change.high

    @property
    def ap_p(self) -> float:
        """p of no AP difference, adjusted for the number of methods (Holm)."""
        return self.ap_change.p

    @property
    def log_loss_diff(self) -> float:
        """Log loss less that of moving the threshold, mean over folds."""
        return self.log_loss_change.mean

    @property
    def log_loss_low(self) -> float:
        """Lower end of the 95 % interval of `log_loss_diff`."""
        return self.log_loss_change.low

    @property
    def log_loss_high(self) -> float:
        """Upper end of the 95 % interval of `log_loss_diff`."""
        return self.log_loss_change.high

    @property
    def rival_diff(self) -> float:
        """AP less that of the control, mean over folds."""
        return self.rival_change.mean

    @property
    def rival_low(self) -> float:
        """Lower end of the 95 % interval of `rival_diff`."""
        return self.rival_change.low

    @property
    def rival_high(self) -> float:
        """Upper end of the 95 % interval of `rival_diff`."""
        return self.rival_change.high

    @property
    def finished(self) -> bool:
        """Whether it has figures: it did not fail, and a fold is in."""
        return self.error is None and self.folds > 0

    def to_dict(self) -> dict[str, Any]:
        """{name: value} of every figure, flat, in the order of the document."""
        return {name: getattr(self, name) for name in FLAT}

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{k}={v!r}' for k, v in self.to_dict().items())})"


FLAT = (
    *("name", "label", "rival", "status", "n_train", "ess_min", "synthetic_share"),
    *("ap", "ap_diff", "ap_low", "ap_high", "ap_p", "roc_auc"),
    *("log_loss", "log_loss_diff", "log_loss_low", "log_loss_high", "brier", "oe_raw", "oe", "slope", "threshold"),
    *("recall", "specificity", "precision", "alerts", "cost", "recall_same_alerts"),
    *("raw_recall", "raw_specificity", "raw_precision", "rival_diff", "rival_low", "rival_high"),
    *("folds", "error", "seconds"),
)
