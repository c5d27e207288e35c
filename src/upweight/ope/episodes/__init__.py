"""Groups of decisions: rankings of slots, episodes of steps; their products of ratios in logs, and what they are worth.

_running, _groups          running products inside groups; rows by group and by time
_trajectory, _marginal     weights of whole groups, and of states
_states                    how weights of states are estimated, and the error of that
_formulas                  each formula: a value and its influences
_doubts, _sequence         sequence
"""

from ._marginal import marginal
from ._sequence import sequence
from ._trajectory import trajectory

__all__ = ["marginal", "sequence", "trajectory"]
