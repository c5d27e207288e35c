"""Few of one kind: weights, resamplers, and the honest comparison of every remedy for class imbalance."""

from ._adopt import adopt
from ._class_weights import class_weights, cost_weights
from ._compare import Comparison, compare
from ._methods import method
from ._random import RandomOver, RandomUnder
from ._rebalanced import Rebalanced
from ._resample import Resample
from ._rows import Row
from ._save import load
from ._score import Scores, score

__all__ = [
    "Comparison",
    "RandomOver",
    "RandomUnder",
    "Rebalanced",
    "Resample",
    "Row",
    "Scores",
    "adopt",
    "class_weights",
    "compare",
    "cost_weights",
    "load",
    "method",
    "score",
]
