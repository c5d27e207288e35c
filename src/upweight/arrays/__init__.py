"""Pure functions over arrays of log-weights: NumPy, PyTorch or JAX in, the same out; the last axis is the
sample."""

from upweight.arrays._ess import design_effect, ess, ess_for
from upweight.arrays._log import log_mean_exp, log_sum_exp, normalise

__all__ = ["design_effect", "ess", "ess_for", "log_mean_exp", "log_sum_exp", "normalise"]
