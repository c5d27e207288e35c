"""Importance weights in Keras 3, whatever is beneath: losses on the margin, data drawn by importance, scores that follow the network."""

from . import _installed as _installed  # isort: split

from ..training import (
    Finding,
    MarginRule,
    Scores,
    Struggles,
    Trace,
    adapt,
    class_weights,
    combine,
    delivered_share,
    logit_adjust,
    margin_rule,
    memorised,
    pace,
    self_paced,
    struggles,
    trace,
)
from ._margin_loss import MarginLoss
from ._weighted_data import WeightedData
from ._weights_callback import WeightsCallback

__all__ = [
    "Finding",
    "MarginLoss",
    "MarginRule",
    "Scores",
    "Struggles",
    "Trace",
    "WeightedData",
    "WeightsCallback",
    "adapt",
    "class_weights",
    "combine",
    "delivered_share",
    "logit_adjust",
    "margin_rule",
    "memorised",
    "pace",
    "self_paced",
    "struggles",
    "trace",
]
