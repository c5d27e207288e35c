"""Weights in PyTorch that arrive and keep acting: losses, samplers, moving weights, and the measure of what they did."""

from . import _installed as _installed  # isort: split

from ..training import (
    Finding,
    MarginRule,
    Scores,
    Struggles,
    Trace,
    adapt,
    class_weights,
    combine,
    delivered_share,
    logit_adjust,
    margin_rule,
    memorised,
    pace,
    self_paced,
    struggles,
    trace,
)
from . import iwae
from ._group_dro import GroupDRO
from ._importance_sampler import ImportanceSampler
from ._indexed import Indexed
from ._margin import margin
from ._margin_loss import grad_norm, margin_loss
from ._meta import meta_weights
from ._meter import Meter
from ._offset_bce import offset_bce
from ._presample import Pick, presample
from ._pruning_sampler import PruningSampler
from ._sampler import Shard
from ._superloss import superloss, superloss_weight
from ._tails import focal, poly
from ._two_point import TwoPoint, two_point
from ._weighted_loss import weighted_loss

__all__ = [
    "Finding",
    "GroupDRO",
    "ImportanceSampler",
    "Indexed",
    "MarginRule",
    "Meter",
    "Pick",
    "PruningSampler",
    "Scores",
    "Shard",
    "Struggles",
    "Trace",
    "TwoPoint",
    "adapt",
    "class_weights",
    "combine",
    "delivered_share",
    "focal",
    "grad_norm",
    "iwae",
    "logit_adjust",
    "margin",
    "margin_loss",
    "margin_rule",
    "memorised",
    "meta_weights",
    "offset_bce",
    "pace",
    "poly",
    "presample",
    "self_paced",
    "struggles",
    "superloss",
    "superloss_weight",
    "trace",
    "two_point",
    "weighted_loss",
]


def __getattr__(name: str):
    if name in ("hf", "lightning"):  # they need more than PyTorch, and are read when they are asked for
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
