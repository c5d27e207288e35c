"""Learners: from a name to a scikit-learn classifier, and what must be true of one before it is used here.

The trouble: `class_weight="balanced"` inside a learner beside a remedy outside counts twice, and nobody notices, because
ranking stays the same and only the probabilities go wrong. A pipeline swallows `sample_weight`. A classifier without
`predict_proba` has nothing to repair. Each is met here, once, before anything is fitted.

    logistic   LogisticRegression(C=1, max_iter=1000)
    boosting   HistGradientBoostingClassifier(max_iter=100, early_stopping=False)
    MODULE:CLASS, made with its defaults (boosting libraries: quiet and in one thread); or any classifier object, cloned

A *name* brings its own preparation of frames (`_prepare`); an object is given `X` as it is, unless it is wrapped in
`Prepared`, which is what `compare` does.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import has_fit_parameter

from .._errors import InputError, UndoError
from .._undo import Correction
from ._classes import nearest

__all__ = [
    "LEARNERS",
    "Prepared",
    "as_learner",
    "fit_learner",
    "learner_name",
    "own_correction",
    "refuse_double_count",
    "seeded",
]

LEARNERS = {
    "logistic": lambda: LogisticRegression(C=1.0, max_iter=1000),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=100).set_params(early_stopping=False),
}
COUNTS_CLASSES = {
    "class_weight": None,
    "class_weights": None,
    "scale_pos_weight": 1,
    "is_unbalance": False,
    "auto_class_weights": None,
}
QUIET: dict[str, dict[str, Any]] = {  # no chatter, no files, and one thread: the processes are ours
    "lightgbm": {"verbosity": -1, "n_jobs": 1},
    "xgboost": {"n_jobs": 1},
    "catboost": {"verbose": False, "allow_writing_files": False, "thread_count": 1},
}
BALANCES = "sampling_strategy"  # what imbalanced-learn's ensembles have, and nothing else


class Prepared(ClassifierMixin, BaseEstimator):
    """A learner that takes frames: imputation, scaling and rare levels before resampling, one-hot after it.

    Only `Rebalanced` fits it, fold by fold; `learner` is the scikit-learn classifier that gets the finished matrix.
    """

    def __init__(self, learner: Any = None):
        self.learner = learner


def as_learner(learner: Any) -> Any:
    """A new, unfitted learner: a name or MODULE:CLASS becomes `Prepared`, an object is cloned."""
    if not isinstance(learner, str):
        return refuse_without_proba(clone(learner))
    if learner in LEARNERS:
        return Prepared(LEARNERS[learner]())
    if ":" in learner:
        return Prepared(refuse_without_proba(from_module(learner)))
    raise InputError(
        f"unknown learner {learner!r}.{nearest(learner, LEARNERS)} Or give MODULE:CLASS, say "
        "'sklearn.ensemble:RandomForestClassifier'."
    )


def from_module(path: str) -> Any:
    module, _, name = path.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise InputError(f"learner {path!r}: no module {error.name!r} here. Install it, or mend the name.") from error
    except (AttributeError, ValueError) as error:
        known = [n for n in dir(importlib.import_module(module)) if not n.startswith("_")] if module else []
        raise InputError(f"learner {path!r}: {module!r} has no {name!r}.{nearest(name, known)}") from error
    try:
        return found(**QUIET.get(module, {}))
    except TypeError as error:
        raise InputError(
            f"learner {path!r}: {name}() needs arguments ({error}). Pass an object from Python."
        ) from error


def refuse_without_proba(learner: Any) -> Any:
    inner = learner.learner if isinstance(learner, Prepared) else learner
    if not hasattr(inner, "predict_proba"):
        raise InputError(
            f"{type(inner).__name__} has no predict_proba, so there is nothing to repair. "
            "Use CalibratedClassifierCV around it, or SVC(probability=True), or a probabilistic loss."
        )
    return learner


def learner_name(learner: Any) -> str:
    """What to call a learner in settings: its name, or its repr on one line."""
    if isinstance(learner, str):
        return learner
    return " ".join(repr(learner.learner if isinstance(learner, Prepared) else learner).split())


def refuse_double_count(learner: Any, method: str) -> None:
    """Raise UndoError if the learner counts classes itself, however deep, or holds a sampler."""
    params = learner.get_params(deep=True)
    if getattr(learner, "balances_classes", False):
        refuse_balancing(learner, method)
    for name in sorted(params, key=lambda n: (n.count("__"), n)):
        value = params[name]
        leaf = name.rsplit("__", 1)[-1]
        if leaf in COUNTS_CLASSES and not unset(value, COUNTS_CLASSES[leaf]):
            shown = name.removeprefix("learner__") if isinstance(learner, Prepared) else name
            raise UndoError(f"{shown}={value!r} and method {method!r} count twice. Set one to {COUNTS_CLASSES[leaf]}.")
        if getattr(value, "balances_classes", False):
            refuse_balancing(value, method)
        if leaf == BALANCES and not hasattr(owner_of(learner, params, name), "fit_resample"):
            refuse_balancing(owner_of(learner, params, name), method)
        if hasattr(value, "fit_resample"):
            raise UndoError(
                f"{name} ({type(value).__name__}) resamples inside the learner and method {method!r} outside: they count "
                "twice. Take one out."
            )


def owner_of(learner: Any, params: dict[str, Any], name: str) -> Any:
    """`learner`, or what inside it has a parameter."""
    return params[name.rsplit("__", 1)[0]] if "__" in name else learner


def refuse_balancing(learner: Any, method: str) -> None:
    raise UndoError(
        f"{type(learner).__name__} balances inside and method {method!r} outside: they count twice. Use method 'none'."
    )


def own_correction(fitted: Any) -> Correction:
    """What a learner that balances inside added to the log-odds: ours say so, of others nothing is known; none if none does."""
    if hasattr(fitted, "predict_raw"):
        return Correction.none()
    mine = getattr(fitted, "correction_", None)
    if not isinstance(mine, Correction):
        inside = balances_inside(fitted)
        return Correction.none() if inside is None else Correction.impossible(f"{inside} balances inside the learner")
    steps = getattr(fitted, "steps", None)
    return mine + own_correction(steps[-1][1]) if steps else mine


def balances_inside(learner: Any) -> str | None:
    """What counts classes or resamples in a learner, however deep: a setting, or the name of a class; None if nothing does."""
    params = learner.get_params(deep=True) if hasattr(learner, "get_params") else {}
    for name, value in params.items():
        leaf = name.rsplit("__", 1)[-1]
        if hasattr(value, "fit_resample"):
            return type(value).__name__
        if leaf == BALANCES:
            return type(owner_of(learner, params, name)).__name__
        if leaf in COUNTS_CLASSES and not unset(value, COUNTS_CLASSES[leaf]):
            return f"{name}={value!r}"
    return None


def unset(value: Any, neutral: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, (bool, int, float)):
        return value == neutral
    return False


def seeded(learner: Any, rng: np.random.Generator) -> Any:
    """Give every `random_state` (ours: `rng`) that is None, however deep, a number from `rng`."""
    states = sorted(n for n, v in learner.get_params(deep=True).items() if is_state(n) and v is None)
    return learner.set_params(**{name: int(rng.integers(2**31 - 1)) for name in states})


def is_state(name: str) -> bool:
    return name.rsplit("__", 1)[-1] in ("random_state", "rng")


def fit_learner(learner: Any, X: Any, y: np.ndarray, w: np.ndarray | None) -> Any:
    """Fit, handing over weights once, and only if there are any that vary or differ from one."""
    if w is None or (w == 1.0).all():
        return learner.fit(X, y)
    return learner.fit(X, y, **{weight_parameter(learner): w})


def weight_parameter(learner: Any) -> str:
    """Name of the keyword by which `fit` takes weights; the last step's in a pipeline."""
    if has_fit_parameter(learner, "sample_weight"):  # our own Pipeline has steps and takes weights as they are
        return "sample_weight"
    steps = getattr(learner, "steps", None)
    if steps:
        name, last = steps[-1]
        return f"{name}__{weight_parameter(last)}"
    raise InputError(
        f"{type(learner).__name__}.fit takes no sample_weight. Use a resampler (random_under, random_over) instead of "
        "weights, or a learner that takes weights."
    )
