"""Few of one kind: weights, resamplers, and the honest comparison of every remedy for class imbalance."""

from ._adopt import adopt
from ._categorical import vdm
from ._class_weights import class_weights, cost_weights
from ._density import density_weights
from ._labels import label_weights
from ._methods import method
from ._pipeline import Pipeline
from ._random import RandomOver, RandomUnder
from ._rebalanced import Rebalanced
from ._resample import Resample
from ._smote import SMOTE

__all__ = [
    "SMOTE",
    "Pipeline",
    "RandomOver",
    "RandomUnder",
    "Rebalanced",
    "Resample",
    "adopt",
    "class_weights",
    "cost_weights",
    "density_weights",
    "label_weights",
    "method",
    "vdm",
]
