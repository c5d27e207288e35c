"""Ensembles that balance their members, and the controls they must beat."""

from ._bagging import BalancedBagging, PlainBagging, balanced_forest, easy_ensemble
from ._boosting import Boosted
from ._cascade import BalanceCascade
from ._ensemble import Ensemble, Rows
from ._rusboost import RUSBoost

__all__ = [
    "BalanceCascade",
    "BalancedBagging",
    "Boosted",
    "Ensemble",
    "PlainBagging",
    "RUSBoost",
    "Rows",
    "balanced_forest",
    "easy_ensemble",
]
