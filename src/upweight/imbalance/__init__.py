"""Few of one kind: weights, resamplers, and the honest comparison of every remedy for class imbalance."""

from ..neighbours import Neighbours, neighbours, vdm
from .comparison import Comparison, MethodResult, Row, compare, method
from .ensembles import BalanceCascade, BalancedBagging, RUSBoost, balanced_forest, easy_ensemble
from .errors import ErrorWeights, upweight_errors
from .rebalance import Pipeline, Rebalanced, load
from .resamplers import (
    SMOTE,
    Chain,
    CondensedNN,
    EditedNN,
    InstanceHardness,
    NearMiss,
    NeighbourhoodCleaning,
    OneSided,
    RandomOver,
    RandomUnder,
    Resample,
    TomekLinks,
    adopt,
)
from .scores import Scores, macro_mae, score, scorer
from .weights import class_weights, cost_weights, density_weights, label_weights

__all__ = [
    "SMOTE",
    "BalanceCascade",
    "BalancedBagging",
    "Chain",
    "Comparison",
    "CondensedNN",
    "EditedNN",
    "ErrorWeights",
    "InstanceHardness",
    "MethodResult",
    "NearMiss",
    "NeighbourhoodCleaning",
    "Neighbours",
    "OneSided",
    "Pipeline",
    "RUSBoost",
    "RandomOver",
    "RandomUnder",
    "Rebalanced",
    "Resample",
    "Row",
    "Scores",
    "TomekLinks",
    "adopt",
    "balanced_forest",
    "class_weights",
    "compare",
    "cost_weights",
    "density_weights",
    "easy_ensemble",
    "label_weights",
    "load",
    "macro_mae",
    "method",
    "neighbours",
    "score",
    "scorer",
    "upweight_errors",
    "vdm",
]
