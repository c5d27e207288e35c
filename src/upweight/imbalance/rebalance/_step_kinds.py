"""Kinds of steps, and what to call one: nothing, pipeline, sampler, transformer or estimator.

The trouble: steps come from three libraries and are told apart by what they can do, not by their class; and a `Chain` has steps and is a
sampler nevertheless. That is decided here and nowhere else.
"""

from __future__ import annotations

from typing import Any

__all__ = ["is_pipeline", "kind_of", "last_of", "name_of"]


def is_pipeline(step: Any) -> bool:
    """Whether a step is a pipeline: ours, scikit-learn's or imbalanced-learn's. A `Chain` is a resampler."""
    return isinstance(getattr(step, "steps", None), list) and not hasattr(step, "resample")


def last_of(pipeline: Any) -> Any:
    """The last step that is no pipeline itself; None of an empty one."""
    last = pipeline.steps[-1][1] if pipeline.steps else None
    return last_of(last) if is_pipeline(last) else last


def kind_of(step: Any) -> str:
    """nothing, pipeline, sampler, transformer or estimator; a function that weighs rows counts as the last."""
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return "nothing"
    if is_pipeline(step):
        return "pipeline" if kind_of(last_of(step)) != "estimator" else "estimator"
    if hasattr(step, "fit_resample") or hasattr(step, "resample"):
        return "sampler"
    return "transformer" if hasattr(step, "transform") or hasattr(step, "fit_transform") else "estimator"


def name_of(step: Any) -> str:
    """Name of a function, or of the class of anything else."""
    return getattr(step, "__name__", None) or type(step).__name__
