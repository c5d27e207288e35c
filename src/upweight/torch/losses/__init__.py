"""Margins, tails and losses of one number a row, and the one reducer."""

from ._forward_mode import directional
from ._group_dro import GroupDRO
from ._logit_adjust import logit_adjust
from ._looks import MASKED, numbers, visible
from ._margin import margin
from ._margin_loss import Tail, grad_norm, margin_loss
from ._meta import meta_weights
from ._offset_bce import offset_bce
from ._superloss import superloss, superloss_weight
from ._tails import FocalTail, PolyTail, focal, poly
from ._two_point import TwoPoint, two_point
from ._weighted_loss import weighted_loss

__all__ = [
    "MASKED",
    "FocalTail",
    "GroupDRO",
    "PolyTail",
    "Tail",
    "TwoPoint",
    "directional",
    "focal",
    "grad_norm",
    "logit_adjust",
    "margin",
    "margin_loss",
    "meta_weights",
    "numbers",
    "offset_bce",
    "poly",
    "superloss",
    "superloss_weight",
    "two_point",
    "visible",
    "weighted_loss",
]
