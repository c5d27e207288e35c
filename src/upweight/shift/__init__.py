"""The world moved: density ratios, balancing to known margins, label shift, tests, and what weights are then used for."""

from .balancing import Infeasible, balancing_weights
from .diagnosis import Diagnosis, ShiftCurve, ShiftVerdict, diagnose
from .label import LabelShift, label_shift
from .ratios import KLIEP, DensityRatio, KernelMean, LeastSquares, LogLinear, density_ratio
from .testing import TwoSample, two_sample_test
from .use import (
    Conformal,
    Performance,
    WeightedEstimator,
    conformal,
    conformal_quantile,
    doubly_robust,
    performance,
    scorer,
)

__all__ = [
    "KLIEP",
    "Conformal",
    "DensityRatio",
    "Diagnosis",
    "Infeasible",
    "KernelMean",
    "LabelShift",
    "LeastSquares",
    "LogLinear",
    "Performance",
    "ShiftCurve",
    "ShiftVerdict",
    "TwoSample",
    "WeightedEstimator",
    "balancing_weights",
    "conformal",
    "conformal_quantile",
    "density_ratio",
    "diagnose",
    "doubly_robust",
    "label_shift",
    "performance",
    "scorer",
    "two_sample_test",
]
