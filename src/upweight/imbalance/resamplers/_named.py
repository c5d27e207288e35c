"""What a name stands for: the steps before a learner, by the names that people type.

`STEPS` makes a resampler, a weight function, or None for what changes nothing; `CLASSIFIERS` are names of rows of a comparison that
take the learner's place, so that they can be refused in words where a step is wanted. The rows themselves, with their controls and sets,
stand in the comparison's own table.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..._errors import InputError, did_you_mean
from ..._weights import Weights
from ...learners import named_sampler
from ..weights import class_weights
from ._chain import Chain
from ._cleaning import NeighbourhoodCleaning
from ._condensed import CondensedNN, OneSided
from ._edited import EditedNN
from ._hardness import InstanceHardness
from ._near_miss import NearMiss
from ._random import RandomOver, RandomUnder
from ._smote import SMOTE
from ._tomek import TomekLinks

__all__ = ["CLASSIFIERS", "SETS", "STEPS", "step_of"]


def _balanced(y: Any, base: Any) -> Weights:
    """Balanced class weights from what is there."""
    return class_weights(y, base=base)


def _balanced_weights() -> Callable[[Any, Any], Weights]:
    """The weight function of the name "weights"."""
    return _balanced


def _smote_tomek() -> Chain:
    """SMOTE+Tomek: every Tomek link after SMOTE loses both its ends."""
    return Chain(SMOTE(), TomekLinks(drop="all"))


def _smote_enn() -> Chain:
    """SMOTE+ENN: every row that its neighbours outvote goes, whichever its class."""
    return Chain(SMOTE(), EditedNN(drop="all"))


def nothing() -> None:
    """No step at all."""


STEPS: dict[str, Callable[[], Any]] = {
    "none": nothing,
    "threshold": nothing,
    "weights": _balanced_weights,
    "random_under": RandomUnder,
    "random_over": RandomOver,
    "smote": SMOTE,
    "borderline1": partial(SMOTE, kind="borderline1"),
    "borderline2": partial(SMOTE, kind="borderline2"),
    "adasyn": partial(SMOTE, kind="adasyn"),
    "tomek": TomekLinks,
    "enn": EditedNN,
    "renn": partial(EditedNN, scheme="repeated"),
    "allknn": partial(EditedNN, scheme="growing"),
    "ncr": NeighbourhoodCleaning,
    "oss": OneSided,
    "cnn": CondensedNN,
    "nearmiss1": NearMiss,
    "nearmiss2": partial(NearMiss, version=2),
    "nearmiss3": partial(NearMiss, version=3),
    "hardness": InstanceHardness,
    "smote+tomek": _smote_tomek,
    "smote+enn": _smote_enn,
    "negatives": partial(named_sampler, "negatives"),
}
CLASSIFIERS = (
    "easy_ensemble",
    "balance_cascade",
    "balanced_bagging",
    "balanced_forest",
    "rusboost",
    "errors",
    "boosted",
    "bagged",
    "forest",
)
SETS = ("quick", "standard", "survey", "all")


def step_of(name: str) -> Any:
    """The step of a name, None for "none" and "threshold"; a set, a classifier and an unknown name are refused."""
    if name in STEPS:
        return STEPS[name]()
    if name in SETS:
        raise InputError(f"{name!r} is a set of methods, not one. Name one of it: {', '.join(list(STEPS)[:4])}, ...")
    if name in CLASSIFIERS:
        raise InputError(
            f"{name!r} is a classifier, not a method of another learner. Use `compare`, or Rebalanced(method({name!r}), 'none')."
        )
    raise InputError(f"unknown method {name!r}.{did_you_mean(name, [*STEPS, *CLASSIFIERS])}")
