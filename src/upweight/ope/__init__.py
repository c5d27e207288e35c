"""What would another policy have earned? Bandits, rankings, episodes, weights for RL training; columns go in, an `Estimate` comes out."""

from . import rl
from .values import Outcome, kernel, outcome, value

__all__ = ["Outcome", "kernel", "outcome", "rl", "value"]
