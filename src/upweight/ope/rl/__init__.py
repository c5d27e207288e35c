"""Weights for reinforcement learning and for the tuning of language models: pure functions over arrays of log-ratios.

NumPy, PyTorch or JAX in, the same out; the last axis is time, leading axes a batch. Nothing here knows `Weights`, and neither library is imported.
`vtrace` and `retrace` make targets of values, `priority_weights` undo a replay buffer's draws, `policy_weights` and `masked_mean` average over
tokens that another policy sampled, `ratio_stats` says what the ratios of a batch show.
"""

from ._masked_mean import masked_mean
from ._policy_weights import policy_weights
from ._priority import priority_weights
from ._ratio_stats import RatioStats, ratio_stats
from ._retrace import retrace
from ._vtrace import VTrace, vtrace

__all__ = [
    "RatioStats",
    "VTrace",
    "masked_mean",
    "policy_weights",
    "priority_weights",
    "ratio_stats",
    "retrace",
    "vtrace",
]
