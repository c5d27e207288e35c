"""What weights are used for: training, scoring and choosing, averages, promises."""

from ._conformal import Conformal, conformal
from ._conformal_quantile import conformal_quantile
from ._doubly_robust import doubly_robust
from ._performance import Performance, performance
from ._scorer import scorer
from ._weighted_estimator import WeightedEstimator

__all__ = [
    "Conformal",
    "Performance",
    "WeightedEstimator",
    "conformal",
    "conformal_quantile",
    "doubly_robust",
    "performance",
    "scorer",
]
