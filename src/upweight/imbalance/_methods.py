"""The registry of rows: every remedy that `compare` knows, one entry each.

An entry says what the remedy is called, what it does to a training set (`make`), against which control it must be judged,
and in which sets it stands. To add a remedy add one entry; the sets, the command line, the comparison, its controls and
its sentences follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier

from .._errors import InputError
from .._weights import Weights
from ._bagging import BalancedBagging, PlainBagging, balanced_forest, easy_ensemble
from ._boosting import Boosted
from ._cascade import BalanceCascade
from ._chain import Chain
from ._class_weights import class_weights
from ._classes import nearest
from ._cleaning import NeighbourhoodCleaning
from ._condensed import CondensedNN, OneSided
from ._edited import EditedNN
from ._hardness import InstanceHardness
from ._learners import Prepared
from ._lifted import Lifted
from ._near_miss import NearMiss
from ._random import RandomOver, RandomUnder
from ._rusboost import RUSBoost
from ._smote import SMOTE
from ._tomek import TomekLinks

__all__ = ["METHODS", "SETS", "Method", "method", "rows_for"]

ALWAYS = ("none", "threshold")  # the two rows every comparison needs


@dataclass(frozen=True)
class Method:
    """One row of a comparison.

    name : what the user types. label : the same in words. make : gives the step (None changes nothing), or, with `whole`,
    a classifier that is a remedy in itself, given the learner. rival : name of the control that must be beaten. sets : where it stands.
    work : time of a cell as a multiple of that of "threshold", given the minority share (measured with both learners).
    """

    name: str
    label: str
    make: Callable[..., Any]
    sets: tuple[str, ...] = ()
    rival: str | None = None
    work: Callable[[float], float] = lambda share: 1.0
    whole: bool = False
    control: bool = False


def balanced(y: Any, base: Any) -> Weights:
    """Balanced class weights from what is there."""
    return class_weights(y, base=base)


def oversampled(share: float) -> float:
    """Work of a row that brings the classes to one size: up to twice the rows, and a search."""
    return 1.4 + 0.6 * (1 - 2 * share)


def searched(share: float) -> float:
    """Work of a row that searches neighbours and fits on little less than everything."""
    return 1.4


def smote_tomek() -> Chain:
    """SMOTE+Tomek: every Tomek link after SMOTE loses both its ends."""
    return Chain(SMOTE(), TomekLinks(drop="all"))


def smote_enn() -> Chain:
    """SMOTE+ENN: every row that its neighbours outvote goes, whichever its class."""
    return Chain(SMOTE(), EditedNN(drop="all"))


def nothing() -> None:
    """No step at all."""


QUICK = ("quick", "standard", "survey")
STANDARD = ("standard", "survey")
SURVEY = ("survey",)


def in_place(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """From a classifier made of the bare learner: the same within the learner's preparation or at the end of its pipeline."""

    def placed(learner: Any) -> Any:
        if isinstance(learner, Prepared):
            return make(learner.learner)
        steps = getattr(learner, "steps", None)
        if not steps:
            return make(learner)
        pipeline: Any = clone(learner)
        pipeline.steps[-1] = (steps[-1][0], make(steps[-1][1]))
        return pipeline

    return placed


TREES = 40  # of EasyEnsemble (4 x 10), of what is judged against its control, and of that control


def work(multiple: float) -> Callable[[float], float]:
    """Time as a multiple of "threshold", between what it is with "logistic" and with "boosting", digits and 20,000 x 20."""
    return lambda share: multiple


ENSEMBLES = (
    Method(
        "easy_ensemble", "EasyEnsemble", in_place(lambda learner: easy_ensemble()), STANDARD, "boosted", work(1.5), True
    ),
    Method(
        "balance_cascade",
        "BalanceCascade",
        in_place(lambda learner: BalanceCascade()),
        STANDARD,
        "boosted",
        work(1.5),
        True,
    ),
    Method("balanced_bagging", "balanced bagging", in_place(BalancedBagging), (), "bagged", work(3.5), True),
    Method(
        "balanced_forest", "a balanced forest", in_place(lambda learner: balanced_forest()), (), "forest", work(4), True
    ),
    Method("rusboost", "RUSBoost", in_place(lambda learner: RUSBoost(rounds=TREES)), (), "boosted", work(1.5), True),
    Method("errors", "more weight on what was wrong", in_place(Lifted), (), None, work(5), True),
    Method("boosted", "boosting", in_place(lambda learner: Boosted(rounds=TREES)), STANDARD, None, work(4), True, True),
    Method("bagged", "bagging", in_place(PlainBagging), (), None, work(6), True, True),
    Method("forest", "a forest", in_place(lambda learner: RandomForestClassifier()), (), None, work(10), True, True),
)

METHODS = {
    entry.name: entry
    for entry in (
        Method("none", "the untouched learner", nothing, QUICK, work=lambda s: 0.3),
        Method("threshold", "moving the threshold", nothing, QUICK),
        Method("weights", "class weights", lambda: balanced, QUICK, work=lambda s: 1.15),
        Method("random_under", "random undersampling", RandomUnder, QUICK, work=lambda s: 0.5 + 1.2 * s),
        Method("random_over", "random oversampling", RandomOver, STANDARD, work=lambda s: 1.1 + 0.4 * (1 - 2 * s)),
        Method("smote", "SMOTE", SMOTE, QUICK, work=oversampled),
        Method("borderline1", "Borderline-SMOTE 1", lambda: SMOTE(kind="borderline1"), STANDARD, work=oversampled),
        Method("borderline2", "Borderline-SMOTE 2", lambda: SMOTE(kind="borderline2"), SURVEY, work=oversampled),
        Method("adasyn", "ADASYN", lambda: SMOTE(kind="adasyn"), work=oversampled),
        Method("tomek", "Tomek links", TomekLinks, STANDARD, work=searched),
        Method("enn", "edited nearest neighbours", EditedNN, STANDARD, work=searched),
        Method("renn", "repeated ENN", lambda: EditedNN(scheme="repeated"), SURVEY, work=searched),
        Method("allknn", "AllKNN", lambda: EditedNN(scheme="growing"), work=searched),
        Method("ncr", "neighbourhood cleaning rule", NeighbourhoodCleaning, work=searched),
        Method("oss", "one-sided selection", OneSided, work=searched),
        Method("cnn", "condensed nearest neighbour", CondensedNN, SURVEY, work=searched),
        Method("nearmiss1", "NearMiss-1", NearMiss, STANDARD, work=searched),
        Method("nearmiss2", "NearMiss-2", lambda: NearMiss(version=2), SURVEY, work=searched),
        Method("nearmiss3", "NearMiss-3", lambda: NearMiss(version=3), SURVEY, work=searched),
        Method("hardness", "instance hardness threshold", InstanceHardness, work=lambda s: 2.0),
        Method("smote+tomek", "SMOTE, then Tomek links", smote_tomek, STANDARD, work=oversampled),
        Method("smote+enn", "SMOTE, then ENN", smote_enn, SURVEY, work=oversampled),
        *ENSEMBLES,
    )
}
SETS = ("quick", "standard", "survey", "all")


def method(name: str) -> Any:
    """The object behind a name: a resampler, a weight function, a classifier, or None for "none" and "threshold".

        method("random_under") is RandomUnder()

    Raises InputError for an unknown name, with the nearest ones. Source: the table of `compare`.

    >>> method("random_under")
    RandomUnder()
    """
    if name not in METHODS:
        raise InputError(f"unknown method {name!r}.{nearest(name, [*METHODS, *SETS])}")
    entry = METHODS[name]
    return entry.make(None) if entry.whole else entry.make()


def rows_for(methods: Any) -> list[Method]:
    """The rows of a comparison in order: the two that must be there, those asked for, and their controls."""
    if isinstance(methods, Mapping):
        asked = [custom(str(label), made) for label, made in methods.items()]
    else:
        asked = [METHODS[name] for name in names_asked(methods)]
    first = [METHODS[name] for name in ALWAYS]
    rows = {entry.name: entry for entry in (*first, *asked)}
    for entry in list(rows.values()):
        if entry.rival is not None:
            rows.setdefault(entry.rival, METHODS[entry.rival])
    return list(rows.values())


def names_asked(methods: Any) -> list[str]:
    """Names from a set, a comma list or a sequence; each must be known."""
    if isinstance(methods, str) and methods in SETS:
        return [n for n, e in METHODS.items() if methods == "all" or methods in e.sets]
    names = [n.strip() for n in methods.split(",")] if isinstance(methods, str) else list(methods)
    for name in names:
        if not isinstance(name, str):
            raise InputError(
                f"`methods` lists names; got {name!r}. Give objects a label: {{'mine': {type(name).__name__}()}}."
            )
        if name not in METHODS:
            raise InputError(f"unknown method {name!r}.{nearest(name, [*METHODS, *SETS])}")
    return names


def custom(label: str, made: Any) -> Method:
    """A row of the user's own: a method, or a classifier judged as it is."""
    if label in ALWAYS or not label.strip():
        raise InputError(f"`methods`: {label!r} cannot be a label; it is a row that every comparison has.")
    if isinstance(made, str) and made in METHODS:
        entry = METHODS[made]
        return Method(label, label, entry.make, rival=entry.rival, work=entry.work, whole=entry.whole)
    if hasattr(made, "predict_proba") or (hasattr(made, "fit") and hasattr(made, "predict")):
        return Method(label, label, lambda learner: made, whole=True)
    return Method(label, label, lambda: made)
