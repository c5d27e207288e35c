"""Importance weights in PyTorch: losses in which they act, samplers, weights that move, and a meter of what became of them."""

from ..training import (
    Finding,
    Struggles,
    Trace,
    adapt,
    memorised,
    pace,
    self_paced,
    struggles,
    trace,
)
from ._group_dro import GroupDRO
from ._meta import meta_weights
from ._superloss import superloss, superloss_weight
from ._two_point import TwoPoint, two_point

__all__ = [
    "Finding",
    "GroupDRO",
    "Struggles",
    "Trace",
    "TwoPoint",
    "adapt",
    "memorised",
    "meta_weights",
    "pace",
    "self_paced",
    "struggles",
    "superloss",
    "superloss_weight",
    "trace",
    "two_point",
]
