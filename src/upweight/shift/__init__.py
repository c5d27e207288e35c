"""The world moved: density ratios, balancing to known margins, label shift, tests, and what weights are then used for."""

from .balancing import Infeasible, balancing_weights
from .ratios import DensityRatio, density_ratio

__all__ = [
    "DensityRatio",
    "Infeasible",
    "balancing_weights",
    "density_ratio",
]
