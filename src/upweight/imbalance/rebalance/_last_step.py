"""The last step of a pipeline, and steps in prediction.

The trouble: a last estimator that ignores weights must not get them in silence, and whether it takes any is told by its signature, its
metadata request, or not at all.

    estimator     fitted with w if any were given or if they vary;  refused if it takes none and they vary
    prediction    transformers only: resamplers and "passthrough" change nothing

What is inside: `fit_last`; `transform`.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from ..._errors import InputError
from ._step_kinds import is_pipeline, kind_of
from ._training_set import TrainingSet

__all__ = ["fit_last", "transform"]


def fit_last(last: Any, training: TrainingSet) -> TrainingSet:
    """Fit the last step; one that transforms or resamples is fitted like any other."""
    if is_pipeline(last):
        return fit_last(last.steps[-1][1], training.apply_all(step for _, step in last.steps[:-1]))
    if kind_of(last) != "estimator" and not hasattr(last, "predict"):
        return training.apply(last)
    _fit_with_weights(last, training.X, training.target, training.w)
    return training


def _fit_with_weights(last: Any, X: Any, y: Any, w: np.ndarray | None) -> Any:
    """Fit an estimator, with weights if there are any; weights that vary are never dropped in silence."""
    if w is not None and _takes_weights(last):
        return last.fit(X, y, sample_weight=w)
    if w is None or (w == w[0]).all() or _refuses_weights(last):
        return last.fit(X, y)
    raise InputError(
        f"{type(last).__name__}.fit takes no sample_weight, and the weights vary: {w.min():g} to {w.max():g}. Use another "
        "estimator, or RandomUnder(undo='offset') instead of weights."
    )


def _takes_weights(last: Any) -> bool:
    """Whether `fit` has `sample_weight`, or hands unknown keywords on as searches do; a request of False is obeyed."""
    open_to_all = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(last.fit).parameters.values())
    return (has_fit_parameter(last, "sample_weight") or open_to_all) and not _refuses_weights(last)


def _refuses_weights(last: Any) -> bool:
    requests = getattr(get_routing_for_object(last), "fit", None)
    return requests is not None and requests.requests.get("sample_weight") is False


def transform(step: Any, X: Any) -> Any:
    """X through one step as in prediction: resamplers and "passthrough" change nothing."""
    kind = kind_of(step)
    if kind == "pipeline":
        for _, inner in step.steps:
            X = transform(inner, X)
    return step.transform(X) if kind == "transformer" else X
