"""What a policy would have earned, from rows of single decisions; the model and the weights that go in.

_reading, _lawful     weights, rewards and outcomes at the door; which formula may be used with which weights
_likelihood           the root behind empirical likelihood
_doubts               rules for `ok` that are stricter than those of the trunk
_value                value
_outcome              a model of the reward that never saw the row it answers for
_kernel               weights of continuous actions
"""

from ._doubts import MeanFigures, doubts_of, mean_fails, mean_figures
from ._kernel import kernel
from ._lawful import formula
from ._outcome import Outcome, outcome
from ._reading import read_outcome, read_reward, require_weights
from ._value import value

__all__ = [
    "MeanFigures",
    "Outcome",
    "doubts_of",
    "formula",
    "kernel",
    "mean_fails",
    "mean_figures",
    "outcome",
    "read_outcome",
    "read_reward",
    "require_weights",
    "value",
]
