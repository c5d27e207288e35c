"""The world moved: density ratios, balancing to known margins, label shift, tests, and what weights are then used for."""

from .ratios import DensityRatio, density_ratio

__all__ = [
    "DensityRatio",
    "density_ratio",
]
