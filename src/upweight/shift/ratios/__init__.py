"""How much more often the target has a row than the source: a function fitted on the rows of both."""

from ._candidates import candidates, folds_of, logits, logits_out_of_fold, one_candidate
from ._density_ratio import density_ratio, ratio_of, refuse_method
from ._ratio_function import DensityRatio
from ._settings import KLIEP, KernelMean, LeastSquares, LogLinear

__all__ = [
    "KLIEP",
    "DensityRatio",
    "KernelMean",
    "LeastSquares",
    "LogLinear",
    "candidates",
    "density_ratio",
    "folds_of",
    "logits",
    "logits_out_of_fold",
    "one_candidate",
    "ratio_of",
    "refuse_method",
]
