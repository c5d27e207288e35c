"""The registry of methods: every remedy that `compare` knows, one entry each.

An entry says what the remedy is called, what it does to a training set (`make`), against which control it must be judged,
and in which sets it stands. To add a remedy add one entry; the sets, the command line, the comparison, its controls and
its sentences follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier

from ..._errors import InputError, did_you_mean
from ..._foreign_keywords import own_keywords
from ...learners import Prepared
from ..ensembles import BalanceCascade, BalancedBagging, Boosted, PlainBagging, RUSBoost, balanced_forest, easy_ensemble
from ..errors import Lifted
from ..resamplers import SETS, STEPS

__all__ = ["METHODS", "SETS", "Method", "method", "methods_for"]


@dataclass(frozen=True)
class Times:
    """Time as a fixed multiple of "threshold"; 0 for what does not fit the learner at all."""

    multiple: float

    def __call__(self, share: float) -> float:
        return self.multiple


@dataclass(frozen=True)
class Method:
    """What a comparison can try: one line of its table.

    name : what the user types. label : the same in words. make : gives the step (None changes nothing), or, with `whole`,
    a classifier that is a remedy in itself, given the learner. rival : name of the control that must be beaten. sets : where it stands.
    work : time of a cell as a multiple of that of "threshold", given the minority share. extra : what a model of the inner folds
    takes besides, in nanoseconds a row and column (searching, trees). Both measured on digits, 8,000 and 50,000 x 20 and
    20,000 x 60 with both learners: for the estimate of time, which must hold within a factor two. mark : what tells two objects
    of the user's own apart, for the journal.
    """

    name: str
    label: str
    make: Callable[..., Any]
    sets: tuple[str, ...] = ()
    rival: str | None = None
    work: Callable[[float], float] = Times(1.0)
    whole: bool = False
    control: bool = False
    untouched: bool = False
    reference: bool = False
    extra: float = 0.0
    mark: str = ""
    try_as: str = ""

    @property
    def always(self) -> bool:
        """Whether every comparison needs it."""
        return self.untouched or self.reference

    def __reduce_ex__(self, protocol: Any) -> Any:
        """An entry of the registry comes back as that very entry."""
        return (_registered, (self.name,)) if METHODS.get(self.name) is self else super().__reduce_ex__(protocol)


def _registered(name: str) -> Method:
    return METHODS[name]


def _oversampled(share: float) -> float:
    """Work of a fit on classes of one size: up to twice the rows."""
    return 1.1 + 0.4 * (1 - 2 * share)


def _thinned(share: float) -> float:
    """Work of fits on the rare rows and five others for each."""
    return 0.35 + 0.65 * min(1.0, 6 * share)


NEGATIVES = 350  # of its pilot, in nanoseconds a row and column
QUICK = ("quick", "standard", "survey")
STANDARD = ("standard", "survey")
SURVEY = ("survey",)


# Comparisons are pickled, so what is made to be called is an object or a function with a name, never a lambda.


@dataclass(frozen=True)
class InPlace:
    """From a classifier made of the bare learner: the same within the learner's preparation or at the end of its pipeline."""

    make: Callable[[Any], Any]

    def __call__(self, learner: Any) -> Any:
        if isinstance(learner, Prepared):
            return self.make(learner.learner)
        steps = getattr(learner, "steps", None)
        if not steps:
            return self.make(learner)
        pipeline: Any = clone(learner)
        pipeline.steps[-1] = (steps[-1][0], self.make(steps[-1][1]))
        return pipeline


@dataclass(frozen=True)
class Instead:
    """A classifier that takes the learner's place and needs nothing of it."""

    make: Callable[[], Any]

    def __call__(self, learner: Any) -> Any:
        return self.make()


@dataclass(frozen=True, eq=False)
class GivenObject:
    """An object of the user's own, whatever the learner."""

    made: Any

    def __call__(self, *learner: Any) -> Any:
        return self.made


TREES = 40  # of EasyEnsemble (4 x 10), of what is judged against its control, and of that control


def _undersampled(share: float) -> float:
    """Work of fits on twice the rare rows."""
    return 0.7 + 0.8 * share


def ensemble(
    name: str,
    label: str,
    make: Callable[[Any], Any],
    sets: tuple[str, ...] = (),
    rival: str | None = None,
    *,
    times: float,
    extra: float = 0.0,
) -> Method:
    """A method that is a classifier in itself, beside its control."""
    return Method(name, label, InPlace(make), sets, rival, Times(times), whole=True, extra=extra)


def control(
    name: str,
    label: str,
    make: Callable[[Any], Any],
    sets: tuple[str, ...] = (),
    *,
    times: float,
    extra: float = 0.0,
    try_as: str = "",
) -> Method:
    """What an ensemble must beat: as many trees on all rows."""
    made = Method(name, label, InPlace(make), sets, None, Times(times), whole=True, control=True, extra=extra)
    return replace(made, try_as=try_as)


def _step(
    name: str,
    label: str,
    sets: tuple[str, ...] = (),
    *,
    work: Callable[[float], float] = Times(1.0),
    extra: float = 0.0,
) -> Method:
    """A method that trains the learner on other rows or weights."""
    return Method(name, label, STEPS[name], sets, work=work, extra=extra)


ENSEMBLES = (
    ensemble("easy_ensemble", "EasyEnsemble", Instead(easy_ensemble), STANDARD, "boosted", times=0, extra=330),
    ensemble("balance_cascade", "BalanceCascade", Instead(BalanceCascade), STANDARD, "boosted", times=0, extra=310),
    ensemble("balanced_bagging", "balanced bagging", BalancedBagging, rival="bagged", times=3),
    ensemble("balanced_forest", "a balanced forest", Instead(balanced_forest), rival="forest", times=0, extra=2800),
    ensemble("rusboost", "RUSBoost", Instead(partial(RUSBoost, rounds=TREES)), rival="boosted", times=0, extra=1000),
    ensemble("errors", "more weight on what was wrong", Lifted, times=4),
    control(
        "boosted",
        "boosting",
        Instead(partial(Boosted, rounds=TREES)),
        STANDARD,
        times=0,
        extra=540,
        try_as="boosting",
    ),
    control("bagged", "bagging", PlainBagging, times=5, try_as="sklearn.ensemble:BaggingClassifier"),
    control(
        "forest",
        "a forest",
        Instead(RandomForestClassifier),
        times=0,
        extra=9000,
        try_as="sklearn.ensemble:RandomForestClassifier",
    ),
)

METHODS = {
    entry.name: entry
    for entry in (
        replace(_step("none", "the untouched learner", QUICK, work=Times(0.35)), untouched=True),
        replace(_step("threshold", "moving the threshold", QUICK), reference=True),
        _step("weights", "class weights", QUICK, work=Times(1.1)),
        _step("random_under", "random undersampling", QUICK, work=_undersampled),
        _step("random_over", "random oversampling", STANDARD, work=_oversampled),
        _step("smote", "SMOTE", QUICK, work=_oversampled, extra=110),
        _step(
            "borderline1",
            "Borderline-SMOTE 1",
            STANDARD,
            work=_oversampled,
            extra=190,
        ),
        _step("borderline2", "Borderline-SMOTE 2", SURVEY, work=_oversampled, extra=220),
        _step("adasyn", "ADASYN", work=_oversampled, extra=170),
        _step("tomek", "Tomek links", STANDARD, extra=120),
        _step("enn", "edited nearest neighbours", STANDARD, extra=320),
        _step("renn", "repeated ENN", SURVEY, extra=450),
        _step("allknn", "AllKNN", extra=420),
        _step("ncr", "neighbourhood cleaning rule", extra=320),
        _step("oss", "one-sided selection", extra=190),
        _step("cnn", "condensed nearest neighbour", SURVEY, extra=450),
        _step("nearmiss1", "NearMiss-1", STANDARD, extra=115),
        _step("nearmiss2", "NearMiss-2", SURVEY, extra=130),
        _step("nearmiss3", "NearMiss-3", SURVEY, extra=120),
        _step("hardness", "instance hardness threshold", work=Times(2), extra=150),
        _step("smote+tomek", "SMOTE, then Tomek links", STANDARD, work=_oversampled, extra=330),
        _step("smote+enn", "SMOTE, then ENN", SURVEY, work=_oversampled, extra=2000),
        _step("negatives", "negative sampling", work=_thinned, extra=NEGATIVES),
        *ENSEMBLES,
    )
}


@own_keywords
def method(name: str) -> Any:
    """The object behind a name: a resampler, a weight function, a classifier, or None for "none" and "threshold".

        method("random_under") is RandomUnder()

    Raises InputError for an unknown name, with the nearest ones. Source: the table of `compare`.

    >>> method("random_under")
    RandomUnder()
    """
    if isinstance(name, str) and name in SETS:
        raise InputError(
            f"{name!r} is a set of methods, not one. Name one of it: {', '.join(_names_asked(name)[:4])}, ..."
        )
    if not isinstance(name, str) or name not in METHODS:
        raise InputError(f"unknown method {name!r}.{did_you_mean(name, METHODS)}")
    entry = METHODS[name]
    return entry.make(None) if entry.whole else entry.make()


def methods_for(methods: Any) -> list[Method]:
    """The methods of a comparison in order: the two that must be there, those asked for, and their controls."""
    if isinstance(methods, Mapping):
        asked = [_custom(str(label), made) for label, made in methods.items()]
    else:
        asked = [METHODS[name] for name in _names_asked(methods)]
    first = [entry for entry in METHODS.values() if entry.always]
    chosen = {entry.name: entry for entry in (*first, *asked)}
    for entry in list(chosen.values()):
        if entry.rival is not None:
            chosen.setdefault(entry.rival, METHODS[entry.rival])
    return list(chosen.values())


def _names_asked(methods: Any) -> list[str]:
    """Names from a set, a comma list or a sequence of names and sets: all of them once, in the order asked for."""
    if not isinstance(methods, Iterable):
        raise InputError(
            f"`methods` must be a set ({', '.join(SETS)}), names, or {{label: method}}; got {methods!r}. Leave it out for "
            "the standard set."
        )
    asked = [n.strip() for n in methods.split(",")] if isinstance(methods, str) else list(methods)
    return list(dict.fromkeys(name for one in asked for name in _names_behind(one)))


def _names_behind(name: Any) -> list[str]:
    """The names a word stands for: those of a set, or itself."""
    if not isinstance(name, str):
        raise InputError(
            f"`methods` lists names; got {name!r}. Give objects a label: {{'mine': {type(name).__name__}()}}."
        )
    if name in SETS:
        return [n for n, e in METHODS.items() if name == "all" or name in e.sets]
    if name not in METHODS:
        raise InputError(f"unknown method {name!r}.{did_you_mean(name, [*METHODS, *SETS])}")
    return [name]


def _custom(label: str, made: Any) -> Method:
    """A method of the user's own: a remedy, or a classifier judged as it is."""
    if not label.strip() or (label in METHODS and METHODS[label].always):
        raise InputError(f"`methods`: {label!r} cannot be a label; it is a method that every comparison has.")
    if isinstance(made, str) and made in METHODS:
        return replace(METHODS[made], name=label, label=label, sets=(), untouched=False, reference=False)
    if hasattr(made, "predict_proba") or (hasattr(made, "fit") and hasattr(made, "predict")):
        return Method(label, label, GivenObject(made), whole=True, mark=_mark_of(made))
    return Method(label, label, GivenObject(made), mark=_mark_of(made))


def _mark_of(made: Any) -> str:
    """What an object is, the same in every run: its settings, and of a function its code."""
    if isinstance(made, (list, tuple)):
        return "+".join(_mark_of(one) for one in made)
    code = getattr(made, "__code__", None)
    if code is not None:
        return f"{made.__qualname__} {code.co_code.hex()} {code.co_names} {code.co_consts!r}"
    return re.sub(r" at 0x[0-9a-f]+", "", " ".join(repr(made).split()))
