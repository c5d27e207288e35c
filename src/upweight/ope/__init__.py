"""What would another policy have earned? Bandits, rankings, episodes, weights for RL training; columns go in, an `Estimate` comes out."""

from .evaluation import Evaluation, evaluate
from .proofs import Band, band, cvar, guarantee
from .tuning import Path, lepski, path
from .values import Outcome, kernel, outcome, value

__all__ = [
    "Band",
    "Evaluation",
    "Outcome",
    "Path",
    "band",
    "cvar",
    "evaluate",
    "guarantee",
    "kernel",
    "lepski",
    "outcome",
    "path",
    "value",
]
