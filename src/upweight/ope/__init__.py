"""What would another policy have earned? Bandits, rankings, episodes, weights for RL training; columns go in, an `Estimate` comes out."""

from . import rl
from .episodes import marginal, sequence, trajectory
from .evaluation import Evaluation, evaluate
from .ledger import Ledger
from .logs import read_dsjson
from .proofs import Band, band, cvar, guarantee
from .tuning import Path, lepski, path
from .values import Outcome, kernel, outcome, value

__all__ = [
    "Band",
    "Evaluation",
    "Ledger",
    "Outcome",
    "Path",
    "band",
    "cvar",
    "evaluate",
    "guarantee",
    "kernel",
    "lepski",
    "marginal",
    "outcome",
    "path",
    "read_dsjson",
    "rl",
    "sequence",
    "trajectory",
    "value",
]
