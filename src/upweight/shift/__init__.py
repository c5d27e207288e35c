"""The world moved: density ratios, balancing to known margins, label shift, tests, and what weights are then used for.

A name brings its room when it is first used: scikit-learn, which most of them stand on, takes longer to load than some of them to answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

_HOME = {
    "balancing": ("Infeasible", "balancing_weights"),
    "diagnosis": ("Diagnosis", "ShiftCurve", "ShiftVerdict", "diagnose"),
    "label": ("LabelShift", "label_shift"),
    "ratios": ("KLIEP", "DensityRatio", "KernelMean", "LeastSquares", "LogLinear", "density_ratio"),
    "testing": ("TwoSample", "two_sample_test"),
    "use": (
        "Conformal",
        "Performance",
        "WeightedEstimator",
        "conformal",
        "conformal_quantile",
        "doubly_robust",
        "performance",
        "scorer",
    ),
}


def __getattr__(name: str):
    from importlib import import_module

    for home, names in _HOME.items():
        if name in names:
            found = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
