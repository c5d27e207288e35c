"""Few of one kind: weights, resamplers, and the honest comparison of every remedy for class imbalance."""

from ..neighbours._categorical import vdm
from ..neighbours._neighbours import Neighbours, neighbours
from .comparison._compare import Comparison, compare
from .comparison._methods import method
from .comparison._results import Row
from .ensembles._bagging import BalancedBagging, balanced_forest, easy_ensemble
from .ensembles._cascade import BalanceCascade
from .ensembles._rusboost import RUSBoost
from .errors._error_weights import ErrorWeights, upweight_errors
from .rebalance._pipeline import Pipeline
from .rebalance._rebalanced import Rebalanced
from .rebalance._save import load
from .resamplers._adopt import adopt
from .resamplers._chain import Chain
from .resamplers._cleaning import NeighbourhoodCleaning
from .resamplers._condensed import CondensedNN, OneSided
from .resamplers._edited import EditedNN
from .resamplers._hardness import InstanceHardness
from .resamplers._near_miss import NearMiss
from .resamplers._random import RandomOver, RandomUnder
from .resamplers._resample import Resample
from .resamplers._smote import SMOTE
from .resamplers._tomek import TomekLinks
from .scores._mae import macro_mae
from .scores._score import Scores, score
from .scores._scorers import scorer
from .weights._class_weights import class_weights, cost_weights
from .weights._density import density_weights
from .weights._multilabel import label_weights

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
