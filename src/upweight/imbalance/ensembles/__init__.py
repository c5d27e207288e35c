"""Ensembles that balance their members, and the controls they must beat."""

from ._bagging import BalancedBagging, PlainBagging, balanced_forest, easy_ensemble
from ._boosting import Boosted, Votes
from ._cascade import BalanceCascade
from ._ensemble import Ensemble, EnsembleRows
from ._flat_tree import FlatTree
from ._rusboost import RUSBoost
from ._stumps import Stump

__all__ = [
    "BalanceCascade",
    "BalancedBagging",
    "Boosted",
    "Ensemble",
    "EnsembleRows",
    "FlatTree",
    "PlainBagging",
    "RUSBoost",
    "Stump",
    "Votes",
    "balanced_forest",
    "easy_ensemble",
]
