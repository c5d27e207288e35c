"""From a method to the steps that a training set goes through.

A method is a name of the registry, a resampler, a sampler with `fit_resample` (adopted), a function `f(y, base) -> Weights`, a pipeline of
samplers, or a list of them. Whatever else comes is refused here, before anything is fitted.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..._errors import InputError
from ..resamplers import step_of
from ._step_kinds import is_pipeline, kind_of, name_of

__all__ = ["as_steps"]


def as_steps(method: Any) -> tuple[Any, ...]:
    """The steps of a method: resamplers and weight functions; () for "none"."""
    if isinstance(method, (list, tuple)):
        return tuple(step for one in method for step in as_steps(one))
    if isinstance(method, str):
        step = step_of(method)
        return () if step is None else (step,)
    if isinstance(method, type):
        raise InputError(f"method {method.__name__} is a class; give an object, {method.__name__}().")
    if is_pipeline(method):
        return _steps_of_pipeline(method)
    if hasattr(method, "resample") or hasattr(method, "fit_resample"):
        return (method,)
    if callable(method):
        return (_called_with_two(method),)
    if method is None:
        raise InputError("`method` is None. To change nothing but the threshold say 'none'.")
    raise InputError(
        "`method` must be a name, a resampler, a sampler with fit_resample, a function f(y, base) -> Weights, or a list of "
        f"them; got {method!r} ({type(method).__name__}). To change nothing say 'none'."
    )


def _steps_of_pipeline(method: Any) -> tuple[Any, ...]:
    """The samplers of a pipeline; a transformer among them would be lost in prediction, so it is refused."""
    for name, step in method.steps:
        if kind_of(step) not in ("sampler", "nothing", "pipeline"):
            raise InputError(
                f"method {type(method).__name__}: step {name!r} ({type(step).__name__}) is no sampler, and what it does would "
                "be missing where the learner predicts. Put it into a pipeline with the learner; give the samplers as a list."
            )
    return tuple(one for _, step in method.steps if kind_of(step) != "nothing" for one in as_steps(step))


def _called_with_two(weigh: Callable[..., Any]) -> Callable[..., Any]:
    """The function, if it can be called as f(y, base)."""
    try:
        signature = inspect.signature(weigh)
    except (TypeError, ValueError):  # written in C: nothing is known before the call
        return weigh
    try:
        signature.bind(None, None)
    except TypeError as error:
        name = name_of(weigh)
        raise InputError(
            f"method {name}{signature} is called as {name}(y, base), labels and the weights that are there (or None), and "
            f"cannot be: {error}. Say lambda y, base: ..."
        ) from error
    return weigh
