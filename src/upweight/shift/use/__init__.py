"""What weights are used for: training, scoring and choosing, averages, promises."""

from ._conformal import Conformal, conformal
from ._conformal_quantile import conformal_quantile
from ._doubly_robust import doubly_robust

__all__ = ["Conformal", "conformal", "conformal_quantile", "doubly_robust"]
