"""Few of one kind: weights, resamplers, and the honest comparison of every remedy for class imbalance."""

from ._adopt import adopt
from ._class_weights import class_weights, cost_weights
from ._methods import method
from ._random import RandomOver, RandomUnder
from ._rebalanced import Rebalanced
from ._resample import Resample

__all__ = [
    "RandomOver",
    "RandomUnder",
    "Rebalanced",
    "Resample",
    "adopt",
    "class_weights",
    "cost_weights",
    "method",
]
