"""Who counts classes already: settings, samplers and remedies inside a learner, however deep.

The trouble: `class_weight="balanced"` inside a learner beside a remedy outside counts twice, and nobody notices, because
ranking stays the same and only the probabilities go wrong. It hides in pipelines, in ensembles, in the grid of a search, and
in a `Rebalanced` inside another.

    class_weight, class_weights, scale_pos_weight, is_unbalance, auto_class_weights     a setting that is not neutral
    an object with `fit_resample`, or with imbalanced-learn's `sampling_strategy`         a sampler inside
    `balances_classes`                                                                    our own say so themselves

Each is met once, before anything is fitted; without a remedy outside it is the learner's own business, and then
`own_correction` says what is known about the odds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._errors import UndoError
from .._undo import Correction
from ._learners import Prepared

__all__ = ["own_correction", "refuse_double_count"]

COUNTS_CLASSES = {
    "class_weight": None,
    "class_weights": None,
    "scale_pos_weight": 1,
    "is_unbalance": False,
    "auto_class_weights": None,
}
BALANCES = "sampling_strategy"  # what imbalanced-learn's ensembles have, and nothing else
GRIDS = ("param_grid", "param_distributions")  # of searches: {name: values to try}, or a list of them


def refuse_double_count(learner: Any, method: str) -> None:
    """Raise UndoError if the learner counts classes itself, however deep, or holds a sampler."""
    if getattr(learner, "balances_classes", False):
        _refuse_balancing(learner, method)
    params = learner.get_params(deep=True)
    for name in sorted(params, key=lambda n: (n.count("__"), n)):
        value, leaf = params[name], _leaf_of(name)
        shown = name.removeprefix("learner__") if isinstance(learner, Prepared) else name
        if leaf in GRIDS:
            _refuse_grid(shown, value, method)
            continue
        _refuse_value(shown, value, method)
        if leaf == BALANCES and not hasattr(_owner_of(learner, params, name), "fit_resample"):
            _refuse_balancing(_owner_of(learner, params, name), method)


def _refuse_value(name: str, value: Any, method: str) -> None:
    """One parameter of a learner: a setting that counts classes, or an object that balances or resamples."""
    leaf = _leaf_of(name)
    if leaf in COUNTS_CLASSES and not _unset(value, COUNTS_CLASSES[leaf]):
        raise UndoError(f"{name}={value!r} and method {method!r} count twice. Set one to {COUNTS_CLASSES[leaf]}.")
    if getattr(value, "balances_classes", False):
        _refuse_balancing(value, method)
    if hasattr(value, "fit_resample"):
        raise UndoError(
            f"{name} ({type(value).__name__}) resamples inside the learner and method {method!r} outside: they count "
            "twice. Take one out."
        )


def _refuse_grid(name: str, grid: Any, method: str) -> None:
    """The values a search would try are settings of the learner too."""
    for key, value in _tried(grid):
        leaf = _leaf_of(key)
        if leaf in COUNTS_CLASSES and not _unset(value, COUNTS_CLASSES[leaf]):
            raise UndoError(
                f"{name} tries {key}={value!r}, and with method {method!r} that counts twice. Take {key} out of {name}."
            )
        if isinstance(value, type):
            continue
        _refuse_value(f"{name}[{key!r}]", value, method)
        if hasattr(value, "get_params"):
            refuse_double_count(value, method)


def _tried(grid: Any) -> Iterator[tuple[str, Any]]:
    """(name, value) of all that a grid holds; a distribution stands for its values."""
    for part in [grid] if isinstance(grid, Mapping) else grid or []:
        for key, values in part.items():
            for value in [values] if hasattr(values, "rvs") else values:
                yield key, value


def _refuse_balancing(learner: Any, method: str) -> None:
    raise UndoError(
        f"{type(learner).__name__} balances inside and method {method!r} outside: they count twice. Use method 'none'."
    )


def own_correction(fitted: Any) -> Correction:
    """What a learner that balances inside added to the log-odds: ours say so, of others nothing is known; none if none does."""
    if hasattr(fitted, "predict_raw"):
        return Correction.none()
    if hasattr(fitted, "best_estimator_"):  # of a search only the winner counts
        return own_correction(fitted.best_estimator_)
    mine = getattr(fitted, "correction_", None)
    if not isinstance(mine, Correction):
        inside = _balances_inside(fitted)
        return Correction.none() if inside is None else Correction.impossible(f"{inside} balances inside the learner")
    steps = getattr(fitted, "steps", None)
    return mine + own_correction(steps[-1][1]) if steps else mine


def _balances_inside(learner: Any) -> str | None:
    """What counts classes or resamples in a learner, however deep: a setting, or the name of a class; None if nothing does."""
    params = learner.get_params(deep=True) if hasattr(learner, "get_params") else {}
    for name, value in params.items():
        leaf = _leaf_of(name)
        if hasattr(value, "fit_resample"):
            return type(value).__name__
        if leaf == BALANCES:
            return type(_owner_of(learner, params, name)).__name__
        if leaf in COUNTS_CLASSES and not _unset(value, COUNTS_CLASSES[leaf]):
            return f"{name}={value!r}"
    return None


def _leaf_of(name: str) -> str:
    return name.rsplit("__", 1)[-1]


def _owner_of(learner: Any, params: dict[str, Any], name: str) -> Any:
    """`learner`, or what inside it has a parameter."""
    return params[name.rsplit("__", 1)[0]] if "__" in name else learner


def _unset(value: Any, neutral: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, (bool, int, float)):
        return value == neutral
    return False
