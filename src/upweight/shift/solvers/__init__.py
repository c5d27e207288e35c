"""The optimisations beneath the weights: one dual, one simplex, one ridge of squares; kernels and their means."""

from ._dual import Distance, DualPoint, minimise
from ._kernel_means import kernel_means, kernel_sums
from ._kernels import WIDTHS, gaussian, median_distance
from ._reach import left_at_zero, nearest
from ._simplex import best_mixture
from ._squares import least_squares, leave_one_out
from ._term_matrix import TermMatrix

__all__ = [
    "WIDTHS",
    "Distance",
    "DualPoint",
    "TermMatrix",
    "best_mixture",
    "gaussian",
    "kernel_means",
    "kernel_sums",
    "least_squares",
    "leave_one_out",
    "left_at_zero",
    "median_distance",
    "minimise",
    "nearest",
]
