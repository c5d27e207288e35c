"""What torch and keras share: class weights, margin rules, delivered shares, epoch plans, scores; NumPy and SciPy only.

_reading                     weights, counts and shares at the door
_class_weights, _delivered   weights of counts; what they deliver in small batches
_margin_rule, _logit_adjust  what is done to logits, in training and after it
_row_values, _scores         the last number seen of each row; whether importance sampling pays
_draw, _plan                 how often each row is drawn; the order of an epoch
_combine                     weights after resampling

Below are all names that other rooms may import.
"""

from ._class_weights import class_weights
from ._delivered import delivered_share
from ._logit_adjust import logit_adjust
from ._margin_rule import KINDS as MARGIN_KINDS
from ._margin_rule import MarginRule, margin_rule
from ._reading import linear

__all__ = [
    "MARGIN_KINDS",
    "MarginRule",
    "class_weights",
    "delivered_share",
    "linear",
    "logit_adjust",
    "margin_rule",
]
