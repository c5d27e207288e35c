"""Scores with repaired thresholds, scorers, macro-averaged errors."""

from ._mae import macro_mae
from ._score import Scores, score
from ._scorers import scorer

__all__ = ["Scores", "macro_mae", "score", "scorer"]
