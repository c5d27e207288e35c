"""The world moved: density ratios, balancing to known margins, label shift, tests, and what weights are then used for."""

from .balancing import Infeasible, balancing_weights
from .ratios import KLIEP, DensityRatio, KernelMean, LeastSquares, LogLinear, density_ratio

__all__ = [
    "KLIEP",
    "DensityRatio",
    "Infeasible",
    "KernelMean",
    "LeastSquares",
    "LogLinear",
    "balancing_weights",
    "density_ratio",
]
