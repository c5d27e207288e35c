"""Weights whose averages are the target's, the nearest to the weights that the rows have already."""

from ._balancing_weights import balancing_weights
from ._infeasible import Infeasible

__all__ = ["Infeasible", "balancing_weights"]
