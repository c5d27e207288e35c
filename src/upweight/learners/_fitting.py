"""Fit a learner once, handing weights over once; what goes wrong there is said in words.

The trouble: a pipeline wants `sample_weight` under the name of its last step, a search under that of its estimator's, a vote
takes it through `**fit_params` and fails if a voter does not. Some classifiers can tell only after fitting whether they have
`predict_proba`. And text in a frame ends in a message that names a value and no column.

    w None or all one     fit(X, y)
    else                  fit(X, y, <name>=w),    name = sample_weight, or step__sample_weight
"""

from __future__ import annotations

import inspect
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
import sklearn
from sklearn.utils.validation import has_fit_parameter

from .._errors import InputError
from ..tables import is_frame
from ._learners import without_proba

__all__ = ["fit_learner", "fit_plainly", "weight_parameter"]


def fit_learner(learner: Any, X: Any, y: np.ndarray, w: np.ndarray | None) -> Any:
    """Fit, handing over weights once, and only if there are any that vary or differ from one; what comes has `predict_proba`."""
    if w is None or (w == 1.0).all():
        fitted = fit_plainly(learner, X, y)
    else:
        fitted = _fit_weighted(learner, X, y, w)
    if not hasattr(fitted, "predict_proba"):
        raise without_proba(fitted)
    return fitted


def fit_plainly(learner: Any, X: Any, y: np.ndarray) -> Any:
    """`fit(X, y)`; text that the learner cannot read is refused by the name of its column."""
    try:
        return learner.fit(X, y)
    except (TypeError, ValueError) as error:
        _refuse_text(learner, X, error)
        raise


def _fit_weighted(learner: Any, X: Any, y: np.ndarray, w: np.ndarray) -> Any:
    name = weight_parameter(learner)
    try:
        return learner.fit(X, y, **{name: w})
    except (TypeError, ValueError) as error:
        _refuse_text(learner, X, error)
        if not has_fit_parameter(learner, "sample_weight") and "sample" in str(error) and "weight" in str(error):
            raise _without_weights(learner, inner=error) from error
        raise


def weight_parameter(learner: Any) -> str:
    """Name of the keyword by which `fit` takes weights: of a pipeline its last step's, of a search its estimator's."""
    if has_fit_parameter(learner, "sample_weight"):  # our own Pipeline has steps and takes weights as they are
        return "sample_weight"
    if sklearn.get_config()["enable_metadata_routing"] and _takes_anything(learner):
        return "sample_weight"
    steps = getattr(learner, "steps", None)
    if steps:
        name, last = steps[-1]
        return f"{name}__{weight_parameter(last)}"
    if not _takes_anything(learner):
        raise _without_weights(learner)
    inner = getattr(learner, "estimator", None)
    return weight_parameter(inner) if hasattr(inner, "fit") else "sample_weight"


def _takes_anything(learner: Any) -> bool:
    """Whether `fit` hands keywords on that it does not know, as searches, votes and stacks do."""
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(learner.fit).parameters.values())


def _without_weights(learner: Any, inner: Exception | None = None) -> InputError:
    """What to say of a learner that takes no weights, with what it said itself."""
    steps = getattr(learner, "steps", None)
    name = type(steps[-1][1] if steps else learner).__name__
    why = "" if inner is None else f" ({' '.join(str(inner).split())[:200]})"
    return InputError(
        f"{name}.fit takes no sample_weight{why}. Use a resampler (random_under, random_over) instead of weights, or a "
        "learner that takes weights."
    )


def _refuse_text(learner: Any, X: Any, error: Exception) -> None:
    """If it was text in a frame that stopped a learner, say which column and what to do."""
    if isinstance(error, InputError) or not is_frame(X):  # ours say it themselves
        return
    if not any(word in str(error).lower() for word in ("convert", "string", "dtype", "categor")):
        return
    schema = nw.from_native(X, eager_only=True).schema
    words = [n for n, kind in schema.items() if kind in (nw.String, nw.Categorical, nw.Enum, nw.Object)]
    if words:
        more = f" and {len(words) - 1} more" if len(words) > 1 else ""
        raise InputError(
            f"`X` must hold numbers for {type(learner).__name__}; column {words[0]!r}{more}: {schema[words[0]]}. Put an "
            "encoder before it in a pipeline, or use a learner by name in `Rebalanced` or `compare`, which prepare frames."
        ) from error
