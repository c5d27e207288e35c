"""What would another policy have earned? Bandits, rankings, episodes, weights for RL training; columns go in, an `Estimate` comes out."""

from . import rl
from .episodes import marginal, sequence, trajectory
from .logs import read_dsjson
from .values import Outcome, kernel, outcome, value

__all__ = ["Outcome", "kernel", "marginal", "outcome", "read_dsjson", "rl", "sequence", "trajectory", "value"]
