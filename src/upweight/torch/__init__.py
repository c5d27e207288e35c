"""Weights in PyTorch that arrive and keep acting: losses, samplers, moving weights, and the measure of what they did."""

from . import _installed as _installed  # isort: split

from ..training import MarginRule, Scores, class_weights, combine, delivered_share, logit_adjust, margin_rule
from ._importance_sampler import ImportanceSampler
from ._indexed import Indexed
from ._margin import margin
from ._margin_loss import grad_norm, margin_loss
from ._offset_bce import offset_bce
from ._presample import Pick, presample
from ._pruning_sampler import PruningSampler
from ._sampler import Shard
from ._tails import focal, poly
from ._weighted_loss import weighted_loss

__all__ = [
    "ImportanceSampler",
    "Indexed",
    "MarginRule",
    "Pick",
    "PruningSampler",
    "Scores",
    "Shard",
    "class_weights",
    "combine",
    "delivered_share",
    "focal",
    "grad_norm",
    "logit_adjust",
    "margin",
    "margin_loss",
    "margin_rule",
    "offset_bce",
    "poly",
    "presample",
    "weighted_loss",
]
