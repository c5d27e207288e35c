"""Learners: from a name to a scikit-learn classifier, and what must be true of one before it is used here.

The trouble: a class is passed for an object, a regressor for a classifier, and a classifier without `predict_proba` has
nothing to repair. Each is met here, once, before anything is fitted; what only fitting can tell is asked again in `_fitting`,
and who counts classes already in `_double_count`.

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
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_regressor
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from .._errors import InputError, did_you_mean
from ._settings import set_all, spelled, split_settings

__all__ = [
    "LEARNERS",
    "Prepared",
    "answers_with_proba",
    "as_learner",
    "bare_learner",
    "learner_name",
    "refuse_without_proba",
    "seeded",
    "without_proba",
]

LEARNERS = {
    "logistic": lambda: LogisticRegression(C=1.0, max_iter=1000),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=100).set_params(early_stopping=False),
}
QUIET: dict[str, dict[str, Any]] = {  # no chatter, no files, and one thread: the processes are ours
    "lightgbm": {"verbosity": -1, "n_jobs": 1},
    "xgboost": {"n_jobs": 1},
    "catboost": {"verbose": False, "allow_writing_files": False, "thread_count": 1},
}


class Prepared(ClassifierMixin, BaseEstimator):
    """A learner that takes frames: imputation, scaling and rare categories before resampling, one-hot after it.

    Only `Rebalanced` fits it, fold by fold; `learner` is the scikit-learn classifier that gets the finished matrix.
    """

    def __init__(self, learner: Any = None):
        self.learner = learner


def as_learner(learner: Any) -> Any:
    """A new, unfitted learner: a name or MODULE:CLASS, settings in brackets, becomes `Prepared`; an object is cloned."""
    bare = refuse_without_proba(bare_learner(learner))
    return Prepared(bare) if isinstance(learner, str) else bare


def bare_learner(learner: Any) -> Any:
    """A new, unfitted classifier: the one behind a name, or the object cloned."""
    if not isinstance(learner, str):
        _refuse_no_learner(learner)
        return clone(learner)
    name, settings = split_settings(learner)
    if name in LEARNERS:
        return set_all(LEARNERS[name](), settings, learner)
    if ":" in name:
        return set_all(_from_module(name), settings, learner)
    raise InputError(
        f"unknown learner {name!r}.{did_you_mean(name, LEARNERS)} Or give MODULE:CLASS, say "
        "'sklearn.ensemble:RandomForestClassifier'."
    )


def _refuse_no_learner(learner: Any) -> None:
    """A class, None, a number: not what can be cloned and fitted."""
    if isinstance(learner, type):
        raise InputError(f"learner {learner.__name__} is a class; pass {learner.__name__}(), an object.")
    if not (hasattr(learner, "fit") and hasattr(learner, "get_params")) and not isinstance(learner, Prepared):
        raise InputError(
            f"`learner` must be 'logistic', 'boosting', 'MODULE:CLASS' or a scikit-learn classifier; got {learner!r} "
            f"({type(learner).__name__}). Pass an object such as LogisticRegression()."
        )


def _from_module(path: str) -> Any:
    module, _, name = path.partition(":")
    try:
        classifier = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise InputError(f"learner {path!r}: no module {error.name!r} here. Install it, or mend the name.") from error
    except (AttributeError, ValueError) as error:
        known = [n for n in dir(importlib.import_module(module)) if not n.startswith("_")] if module else []
        raise InputError(f"learner {path!r}: {module!r} has no {name!r}.{did_you_mean(name, known)}") from error
    try:
        return classifier(**QUIET.get(module, {}))
    except TypeError as error:
        raise InputError(
            f"learner {path!r}: {name}() needs arguments ({error}). Pass an object from Python."
        ) from error


# ---- predict_proba ----------------------------------------------------------------------------------------------------------


def refuse_without_proba(learner: Any) -> Any:
    """The learner, unless it is sure before fitting that it will have no `predict_proba`."""
    inner = learner.learner if isinstance(learner, Prepared) else learner
    if answers_with_proba(inner) is False:
        raise without_proba(inner)
    return learner


def answers_with_proba(learner: Any) -> bool | None:
    """Whether it has `predict_proba`; None if only fitting tells, as of a stack, whose last estimator is made then."""
    if hasattr(learner, "predict_proba"):
        return True
    steps = getattr(learner, "steps", None)
    if steps:
        return answers_with_proba(steps[-1][1])
    if not hasattr(type(learner), "predict_proba"):
        return False
    inner = getattr(learner, "estimator", None)
    if hasattr(inner, "fit"):
        return answers_with_proba(inner)
    undecided = _holds_others(learner) and getattr(learner, "voting", None) != "hard"
    return None if undecided else False


def _holds_others(learner: Any) -> bool:
    """Whether an estimator is made of others, so that what it offers may depend on them."""
    return any(hasattr(value, "fit") for value in learner.get_params(deep=True).values())


def without_proba(learner: Any) -> InputError:
    """What to say of a learner, fitted or not, that gives no probabilities."""
    steps = getattr(learner, "steps", None)
    last = learner
    while steps:
        last = steps[-1][1]
        steps = getattr(last, "steps", None)
    name = type(last).__name__
    if is_regressor(last):
        text = f"{name} is a regressor; a classifier is needed. Use one, say LogisticRegression(), or 'boosting'."
    elif not hasattr(type(last), "predict"):
        text = f"{name} does not predict; a classifier is needed. Use one, say LogisticRegression(), or 'boosting'."
    elif getattr(last, "voting", None) == "hard":
        text = f"{name} has no predict_proba, so there is nothing to repair. Use voting='soft'."
    else:
        text = (
            f"{name} has no predict_proba, so there is nothing to repair. Use CalibratedClassifierCV around it, or a "
            "classifier (or a loss) with probabilities."
        )
    return InputError(text)


# ---- names and seeds --------------------------------------------------------------------------------------------------------


def learner_name(learner: Any) -> str:
    """What to call a learner in settings: its name, or its repr on one line."""
    if isinstance(learner, str):
        return spelled(*split_settings(learner))
    return " ".join(repr(learner.learner if isinstance(learner, Prepared) else learner).split())


def seeded(learner: Any, rng: np.random.Generator) -> Any:
    """Give every `random_state` (ours: `rng`) that is None, however deep, a number from `rng`."""
    states = sorted(n for n, v in learner.get_params(deep=True).items() if _is_state(n) and v is None)
    return learner.set_params(**{name: int(rng.integers(2**31 - 1)) for name in states})


def _is_state(name: str) -> bool:
    return name.rsplit("__", 1)[-1] in ("random_state", "rng")
