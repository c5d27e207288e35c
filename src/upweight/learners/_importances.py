"""What fitted learners say of their columns: names after encoding, coefficients and importances averaged over members.

The trouble: a model is several learners, each with its own encoding, because a level is rare in one fold and frequent in the next. So their
vectors have other lengths, and the places of the columns differ.

    value of a column = mean over members of its value in each;   0 in a member that has no such column

Names: a number keeps its own; a level is "column=level", those that were rare are "column=rest", gaps "column=gap", also those of numbers. Numbers were scaled to a
standard deviation of one, so that a coefficient is one of log-odds per standard deviation.

What is inside: `_encoded_names`, of one member; `member_names` and `member_mean`, of all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..tables import Preparation, Schema
from ._fit_rows import FittedLearner

__all__ = ["member_mean", "member_names", "together"]


def _encoded_names(preparation: Preparation, schema: Schema) -> list[str]:
    """Names of the columns of `preparation.matrix`, in order."""
    names = [str(c.name) for c in schema.kept if c.kind == "numeric"]
    words = [f"{c.name}: {word}" for c in schema.kept if c.kind == "text" for word in c.categories]
    names += [words[at] for chosen in preparation.words for at in chosen.tolist()]
    for j, column in enumerate(c for c in schema.kept if c.kind == "categorical"):
        levels = _level_names(preparation.recode[j], [str(level) for level in column.categories])
        named = [f"{column.name}={levels[code]}" for code in preparation.shown[j].tolist()]
        names += named[1:] if len(named) == 2 else named  # two levels share a column
    numeric = [c.name for c in schema.kept if c.kind == "numeric"]
    return names + [f"{numeric[j]}=gap" for j in ([] if preparation.gaps is None else preparation.gaps.tolist())]


def _level_names(recode: np.ndarray, levels: list[str]) -> list[str]:
    """What each code after joining stands for: frequent levels, then the rest, then gaps."""
    rest = int(recode[-1]) - 1
    kept = [levels[i] for i in np.flatnonzero(recode[: len(levels)] < rest).tolist()]
    return [*kept, "rest", "gap"]


def member_names(models: Sequence[FittedLearner], schema: Schema | None, given: Sequence[str]) -> list[list[str]]:
    """Names of the columns that each member's learner got; `given`, the names of X, for those that got it as it is."""
    if schema is None or any(m.preparation is None for m in models):
        return [list(given) for _ in models]
    return [_encoded_names(m.preparation, schema) for m in models if m.preparation is not None]


def member_mean(models: Sequence[FittedLearner], attribute: str, names: Sequence[Sequence[str]]) -> np.ndarray:
    """Mean over members of a fitted attribute whose last axis is the columns, those of all members together.

    Raises AttributeError where a member has no such attribute, or one of another shape than its columns and classes.
    """
    values = [np.asarray(getattr(m.learner, attribute), dtype=np.float64) for m in models]
    every = together(names)
    at = {name: i for i, name in enumerate(every)}
    if len({v.shape[:-1] for v in values}) > 1 or any(
        v.shape[-1] != len(n) for v, n in zip(values, names, strict=True)
    ):
        raise AttributeError(f"{attribute} of the members cannot be averaged: they saw other columns or classes")
    total = np.zeros((*values[0].shape[:-1], len(every)))
    for value, own in zip(values, names, strict=True):
        total[..., [at[name] for name in own]] += value
    return total / len(values)


def together(names: Sequence[Sequence[str]]) -> list[str]:
    """Every name once, in the order of the longest list, then of appearance."""
    longest = max(names, key=len)
    return list(dict.fromkeys([*longest, *(name for own in names for name in own)]))
