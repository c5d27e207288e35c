"""Which rows stay, which are repeated, which are made."""

from ._adopt import adopt
from ._chain import Chain
from ._cleaning import NeighbourhoodCleaning
from ._condensed import CondensedNN, OneSided
from ._edited import EditedNN
from ._hardness import InstanceHardness
from ._named import SETS, STEPS, step_of
from ._near_miss import NearMiss
from ._random import RandomOver, RandomUnder
from ._resample import Resample, mass_correction
from ._smote import SMOTE
from ._tomek import TomekLinks
from ._vanished import require_two_classes

__all__ = [
    "SETS",
    "SMOTE",
    "STEPS",
    "Chain",
    "CondensedNN",
    "EditedNN",
    "InstanceHardness",
    "NearMiss",
    "NeighbourhoodCleaning",
    "OneSided",
    "RandomOver",
    "RandomUnder",
    "Resample",
    "TomekLinks",
    "adopt",
    "mass_correction",
    "require_two_classes",
    "step_of",
]
