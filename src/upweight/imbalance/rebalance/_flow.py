"""Rows on their way through a pipeline: table, labels and weights change together, step by step.

The trouble: a resampler changes the number of rows, and everything that belongs to a row must change with it; a transformer
must not be told of weights it did not ask for; and a last estimator that ignores weights must not get them in silence.

    transformer   X -> X',  told of weights only if its metadata request asks for `sample_weight`
    resampler     (X, y, w) -> (X', y', w'),  correction += delta
    estimator     fitted with w if any were given or if they vary

What is inside: `Flow`; `walk`, which fits and applies the steps before the last; `fit_last`; `transform` for prediction.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sklearn
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from ..._errors import InputError
from ..._undo import Correction
from ...tables import Labels, label_rows, labels_like, live_rows, row_slice
from ..resamplers import adopt, require_two_classes

__all__ = ["Flow", "fit_last", "is_pipeline", "kind_of", "last_of", "transform", "walk", "weighed_rows"]


@dataclass(frozen=True)
class Flow:
    """Rows on their way: table, labels, weights (None: never given and all alike), what happened to the odds, notes.

    y : labels in the kind they came in. array : the same as a plain array once rows have changed, which is what steps are
    fitted on; None before.
    """

    X: Any
    y: Any
    w: np.ndarray | None
    correction: Correction
    notes: tuple[str, ...] = ()
    array: np.ndarray | None = None

    @property
    def target(self) -> Any:
        """What steps are fitted on."""
        return self.y if self.array is None else self.array


def is_pipeline(step: Any) -> bool:
    """Whether a step is a pipeline: ours, scikit-learn's or imbalanced-learn's. A `Chain` is a resampler."""
    return isinstance(getattr(step, "steps", None), list) and not hasattr(step, "resample")


def last_of(pipeline: Any) -> Any:
    """The last step that is no pipeline itself; None of an empty one."""
    last = pipeline.steps[-1][1] if pipeline.steps else None
    return last_of(last) if is_pipeline(last) else last


def kind_of(step: Any) -> str:
    """nothing, pipeline, sampler, transformer or estimator."""
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return "nothing"
    if is_pipeline(step):
        return "pipeline" if kind_of(last_of(step)) != "estimator" else "estimator"
    if hasattr(step, "fit_resample") or hasattr(step, "resample"):
        return "sampler"
    return "transformer" if hasattr(step, "transform") or hasattr(step, "fit_transform") else "estimator"


def weighed_rows(X: Any, y: Any, w: np.ndarray | None, *, classes: bool) -> Flow:
    """All rows of positive weight; y is left as it came unless rows go. `classes`: y is labels, so one may go with its rows."""
    if w is None or w.all():
        return Flow(X, y, w, Correction.none())
    live = np.flatnonzero(w > 0)
    if y is None:
        return Flow(row_slice(X, live), None, w[live], Correction.none())
    kept = label_rows(y, live)
    gone = live_rows(None, Labels.of(y), w).gone if classes else ""
    notes = (gone,) if gone else ()
    return Flow(row_slice(X, live), kept, w[live], Correction.none(), notes, np.asarray(y)[live])


def walk(steps: list[tuple[str, Any]], flow: Flow) -> Flow:
    """Fit and apply steps that transform or resample."""
    for _, step in steps:
        kind = kind_of(step)
        if kind == "pipeline":
            flow = walk(step.steps, flow)
        elif kind == "sampler":
            flow = resampled(step, flow)
        elif kind == "transformer":
            flow = replace(flow, X=fitted_and_applied(step, flow))
    return flow


def resampled(step: Any, flow: Flow) -> Flow:
    sampler = step if hasattr(step, "resample") else adopt(step)
    r = require_two_classes(sampler.resample(flow.X, flow.y, sample_weight=flow.w), sampler)
    given = flow.w is not None or (r.weights != r.weights[0]).any()
    taken = r.take(flow.X)
    return Flow(
        taken,
        labels_like(flow.y, r, taken),
        r.weights if given else None,
        flow.correction + r.correction,
        (*flow.notes, *r.notes),
        r.y,
    )


def fitted_and_applied(step: Any, flow: Flow) -> Any:
    """The transformed rows; weights are handed over only on request."""
    asked = get_routing_for_object(step).consumes("fit_transform", ["sample_weight"])
    if flow.w is not None and asked:
        with sklearn.config_context(enable_metadata_routing=True):
            return step.fit_transform(flow.X, flow.target, sample_weight=flow.w)
    if hasattr(step, "fit_transform"):
        return step.fit_transform(flow.X, flow.target)
    return step.fit(flow.X, flow.target).transform(flow.X)


def fit_last(last: Any, flow: Flow) -> Flow:
    """Fit the last step; one that transforms or resamples is fitted like any other."""
    if is_pipeline(last):
        return fit_last(last.steps[-1][1], walk(last.steps[:-1], flow))
    if kind_of(last) != "estimator" and not hasattr(last, "predict"):
        return walk([("", last)], flow)
    fit_with_weights(last, flow.X, flow.target, flow.w)
    return flow


def fit_with_weights(last: Any, X: Any, y: Any, w: np.ndarray | None) -> Any:
    """Fit an estimator, with weights if there are any; weights that vary are never dropped in silence."""
    if w is not None and takes_weights(last):
        return last.fit(X, y, sample_weight=w)
    if w is None or (w == w[0]).all() or refuses_weights(last):
        return last.fit(X, y)
    raise InputError(
        f"{type(last).__name__}.fit takes no sample_weight, and the weights vary: {w.min():g} to {w.max():g}. Use another "
        "estimator, or RandomUnder(undo='offset') instead of weights."
    )


def takes_weights(last: Any) -> bool:
    """Whether `fit` has `sample_weight`, or hands unknown keywords on as searches do; a request of False is obeyed."""
    open_to_all = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(last.fit).parameters.values())
    return (has_fit_parameter(last, "sample_weight") or open_to_all) and not refuses_weights(last)


def refuses_weights(last: Any) -> bool:
    requests = getattr(get_routing_for_object(last), "fit", None)
    return requests is not None and requests.requests.get("sample_weight") is False


def transform(step: Any, X: Any) -> Any:
    """X through one step as in prediction: resamplers and "passthrough" change nothing."""
    kind = kind_of(step)
    if kind == "pipeline":
        for _, inner in step.steps:
            X = transform(inner, X)
    return step.transform(X) if kind == "transformer" else X
