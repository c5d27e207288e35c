"""The world moved: density ratios, balancing to known margins, label shift, tests, and what weights are then used for."""

from .balancing import Infeasible, balancing_weights
from .diagnosis import Diagnosis, ShiftCurve, ShiftVerdict, diagnose
from .label import LabelShift, label_shift
from .ratios import DensityRatio, density_ratio
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
    "Conformal",
    "DensityRatio",
    "Diagnosis",
    "Infeasible",
    "LabelShift",
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
