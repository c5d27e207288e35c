"""What would another policy have earned? Bandits, rankings, episodes, weights for RL training; columns go in, an `Estimate` comes out."""

from . import rl

__all__: list[str] = ["rl"]
