"""Weights: log-weights that know their kind, their promise and their history; how they are made and tamed."""

from ._kinds import KINDS, Step, forbid, known, rows_worth
from ._ratio import log_ratio, mixture, ratio
from ._weights import Weights

__all__ = ["KINDS", "Step", "Weights", "forbid", "known", "log_ratio", "mixture", "ratio", "rows_worth"]
