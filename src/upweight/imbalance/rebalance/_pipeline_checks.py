"""Steps of a pipeline at the door: (name, step) pairs, and parameters for the fit of one step.

The trouble: `fit(X, y, lr__sample_weight=w)` is how pipelines without weights are told of them. Here the pipeline carries the
weights itself, through resamplers that change the rows; a second set beside it would count twice, or have the wrong length.

    step__parameter = value     handed to the `fit` of that step (a resampler's `resample`); inner__lr__parameter goes deeper
    sample_weight of a step     refused where the pipeline's own weights reach it, or rows have changed before it

What is inside: `refuse_bad_steps`; `with_parameters`, the steps with their parameters bound.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..._errors import InputError, did_you_mean
from ...tables import idle
from ._step_kinds import is_pipeline, kind_of

__all__ = ["refuse_bad_steps", "with_parameters"]

FITS = ("fit", "fit_transform", "resample")  # what a parameter of a step is handed to


def refuse_bad_steps(steps: Any) -> None:
    """Pairs of objects, of which only the last may be an estimator."""
    _refuse_no_pairs(steps)
    for name, step in steps:
        if isinstance(step, type):
            raise InputError(f"step {name!r}: {step.__name__} is a class; give an object, {step.__name__}().")
        if kind_of(step) == "estimator" and not hasattr(step, "fit"):
            raise InputError(
                f"step {name!r} must be an estimator or 'passthrough'; got {step!r} ({type(step).__name__})."
            )
    for name, step in steps[:-1]:
        if kind_of(step) == "estimator":
            raise InputError(
                f"step {name!r} ({type(step).__name__}) neither transforms nor resamples. "
                "Only the last step may be an estimator."
            )


def _refuse_no_pairs(steps: Any) -> None:
    """Steps are a list of (name, step), one or more."""
    if not isinstance(steps, (list, tuple)):
        raise InputError(f"`steps` must be a list of (name, step); got {steps!r} ({type(steps).__name__}).")
    if not steps:
        raise InputError("`steps` is empty; a pipeline needs at least one (name, step).")
    for j, pair in enumerate(steps):
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not isinstance(pair[0], str):
            name = type(pair).__name__
            raise InputError(
                f"`steps` must be (name, step) pairs; got {name} at place {j}. Say "
                f"{f'({name.lower()!r}, {name}())' if hasattr(pair, 'fit') else '(name, step)'}."
            )


# ---- parameters of steps ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RowsBefore:
    """What is known of the rows before a step: how many came, and what has changed them ("" if nothing has)."""

    came: int
    changed: str


class Bound:
    """A step whose fits have some parameters already."""

    def __init__(self, step: Any, given: Mapping[str, Any]):
        self._step, self._given = step, given

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._step, name)
        return partial(member, **self._given) if name in FITS else member


@dataclass(frozen=True)
class BoundPipeline:
    """The steps of a pipeline, some of them bound."""

    steps: list[tuple[str, Any]]


def with_parameters(
    steps: list[tuple[str, Any]], given: Mapping[str, Any], *, rows: int, weighted: bool, dropped: int
) -> list[tuple[str, Any]]:
    """The steps with `given` {step__parameter: value} bound; `weighted`: the pipeline carries weights, `dropped` rows by them."""
    if not given:
        return list(steps)
    changed = idle(dropped) if dropped else ""
    return _bound_steps(steps, given, "", RowsBefore(rows, changed), weighted)[0]


def _bound_steps(
    steps: list[tuple[str, Any]], given: Mapping[str, Any], path: str, rows: RowsBefore, weighted: bool
) -> tuple[list[tuple[str, Any]], RowsBefore]:
    per_step = _by_step(given, [name for name, _ in steps], path)
    out = []
    for name, step in steps:
        own, whole = per_step.get(name, {}), f"{path}{name}"
        kind = kind_of(step)
        if is_pipeline(step):
            inner, rows = _bound_steps(step.steps, own, f"{whole}__", rows, weighted)
            out.append((name, BoundPipeline(inner)))
            continue
        for parameter, value in own.items():
            _refuse_unknown(step, kind, whole, parameter)
            _refuse_collision(f"{whole}__{parameter}", value, rows, weighted or kind == "sampler")
        out.append((name, _bound(step, own) if own else step))
        if kind == "sampler":
            rows = RowsBefore(rows.came, f"step {whole!r} ({type(step).__name__}) changes the rows")
    return out, rows


def _bound(step: Any, given: Mapping[str, Any]) -> Any:
    """The step bound, under the name of its own class, because errors tell it."""
    return type(type(step).__name__, (Bound,), {})(step, given)


def _by_step(given: Mapping[str, Any], names: list[str], path: str) -> dict[str, dict[str, Any]]:
    """{step: {parameter: value}}; what names no step is refused."""
    out: dict[str, dict[str, Any]] = {}
    for key, value in given.items():
        name, _, parameter = key.partition("__")
        if name not in names or not parameter:
            raise InputError(
                f"fit has no parameter {path + key!r}. Say step__parameter.{did_you_mean(name, names)}"
                if parameter
                else f"fit has no parameter {path + key!r}. Say step__parameter, say {names[-1]}__{key}."
            )
        out.setdefault(name, {})[parameter] = value
    return out


def _refuse_unknown(step: Any, kind: str, name: str, parameter: str) -> None:
    """A parameter that the step's fit does not take."""
    call = getattr(step, "resample" if kind == "sampler" else "fit", None)
    known = {} if call is None else inspect.signature(call).parameters
    if parameter in known or any(p.kind is p.VAR_KEYWORD for p in known.values()):
        return
    takes = ", ".join(n for n in known if n not in ("X", "y")) or "none"
    what = "'passthrough'" if kind == "nothing" else type(step).__name__
    raise InputError(f"step {name!r} ({what}) takes no parameter {parameter!r} in its fit. It takes: {takes}.")


def _refuse_collision(key: str, value: Any, rows: RowsBefore, weighted: bool) -> None:
    """Weights beside the pipeline's own, and values a row where rows have changed."""
    if key.endswith("__sample_weight") and (weighted or rows.changed):
        why = f", and {rows.changed}" if rows.changed else ""
        raise InputError(
            f"{key}: the pipeline carries weights itself{why}; a second set would count twice. Pass sample_weight to the "
            "pipeline."
        )
    shape = getattr(value, "shape", None) or ((len(value),) if isinstance(value, (list, tuple)) else ())
    if rows.changed and shape and shape[0] == rows.came:
        raise InputError(
            f"{key} has one value for each of {rows.came:,} rows, but {rows.changed} before it. Leave it out."
        )
