"""What would another policy have earned? Bandits, rankings, episodes, weights for RL training; columns go in, an `Estimate` comes out."""

from .proofs import Band, band, cvar, guarantee
from .tuning import Path, lepski, path
from .values import Outcome, kernel, outcome, value

__all__ = ["Band", "Outcome", "Path", "band", "cvar", "guarantee", "kernel", "lepski", "outcome", "path", "value"]
