"""The optimisations beneath the weights: one dual, one simplex, one ridge of squares."""

from ._dual import Distance, DualPoint, minimise
from ._reach import left_at_zero, nearest
from ._term_matrix import TermMatrix

__all__ = ["Distance", "DualPoint", "TermMatrix", "left_at_zero", "minimise", "nearest"]
