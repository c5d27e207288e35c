"""What torch and keras share: class weights, margin rules, delivered shares, epoch plans, scores; NumPy and SciPy only.

_reading                     weights, counts and shares at the door
_class_weights, _delivered   weights of counts; what they deliver in small batches
_margin_rule, _logit_adjust  what is done to logits, in training and after it
_row_values, _scores         the last number seen of each row; whether drawing by scores pays
_draw, _plan, _row_draws     how often each row is drawn; the order of an epoch; what it is drawn by
_combine                     weights after resampling

Below are all names that other rooms may import.
"""

from ._class_weights import class_weights
from ._combine import combine
from ._delivered import delivered_share
from ._draw import METHODS as DRAW_METHODS
from ._draw import capped
from ._finding import Finding, said
from ._logit_adjust import logit_adjust
from ._margin_rule import KINDS as MARGIN_KINDS
from ._margin_rule import MarginRule, margin_rule
from ._memorised import memorised
from ._moving import adapt, pace, self_paced
from ._plan import epoch_order
from ._reading import linear
from ._row_draws import Proposal, RowDraws, over, seed_of
from ._row_values import Exchange, Pairs, RowValues
from ._scores import Scores
from ._struggles import Struggles, struggles
from ._trace import Trace, mean_one, trace

__all__ = [
    "DRAW_METHODS",
    "MARGIN_KINDS",
    "Exchange",
    "Finding",
    "MarginRule",
    "Pairs",
    "Proposal",
    "RowDraws",
    "RowValues",
    "Scores",
    "Struggles",
    "Trace",
    "adapt",
    "capped",
    "class_weights",
    "combine",
    "delivered_share",
    "epoch_order",
    "linear",
    "logit_adjust",
    "margin_rule",
    "mean_one",
    "memorised",
    "over",
    "pace",
    "said",
    "seed_of",
    "self_paced",
    "struggles",
    "trace",
]
