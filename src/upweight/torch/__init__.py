"""Weights in PyTorch that arrive and keep acting: losses, samplers, moving weights, and the measure of what they did."""

from . import _installed as _installed  # isort: split

from ..training import MarginRule, class_weights, delivered_share, logit_adjust, margin_rule
from . import iwae
from ._margin import margin
from ._margin_loss import grad_norm, margin_loss
from ._tails import focal, poly
from ._weighted_loss import weighted_loss

__all__ = [
    "MarginRule",
    "class_weights",
    "delivered_share",
    "focal",
    "grad_norm",
    "iwae",
    "logit_adjust",
    "margin",
    "margin_loss",
    "margin_rule",
    "poly",
    "weighted_loss",
]
