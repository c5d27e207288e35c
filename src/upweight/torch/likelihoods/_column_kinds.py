"""What each column of a table is: numbers, two values, or levels.

    bool or two values       bernoulli
    text, category, object   categorical, also with one value
    the rest                 gaussian

by the values that were observed; a dict says otherwise, column by column. Dates and durations are refused: how far apart two of them are
is for the user to say.

What is inside: `kinds_of`; `identifiers_note`, what is said of levels that hardly repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._errors import InputError, did_you_mean
from ...tables import is_real
from ._levels import observed_values, refuse_other_levels
from ._read_columns import ReadColumns, label, raw_column, table_names, table_width

__all__ = ["KINDS", "identifiers_note", "kinds_of"]

KINDS = ("gaussian", "bernoulli", "categorical")  # in the order in which x holds them
SELDOM = 0.5


def kinds_of(X: Any, given: Any) -> list[str]:
    """(D,) "gaussian", "bernoulli" or "categorical" of each column, as `given` or by its values."""
    names, width = table_names(X), table_width(X)
    keys = list(range(width)) if names is None else list(names)
    said = dict(given) if isinstance(given, Mapping) else {}
    unknown = [key for key in said if key not in keys]
    if unknown:
        raise InputError(f"`columns` names {unknown[0]!r}, which `X` does not have.{did_you_mean(unknown[0], keys)}")
    return [_kind(raw_column(X, j), label(names, j), said.get(key)) for j, key in enumerate(keys)]


def _kind(column: Any, name: str, said: str | None) -> str:
    if said == "gaussian":
        return said
    _refuse_dates(column, name)
    found = observed_values(column)
    told_apart = said == "bernoulli" or not _only_numbers(column, found)
    if told_apart:
        refuse_other_levels(column, name)
    distinct = {(type(v).__name__, v) for v in found} if told_apart else set(found)
    if said == "bernoulli" and len(distinct) != 2:
        raise InputError(
            f"`X`: {name} must have two values for 'bernoulli'; got {len(distinct):,}. Use 'categorical' or 'gaussian'."
        )
    if said is not None:
        return said
    if len(distinct) == 2:
        return "bernoulli"
    return "gaussian" if _only_numbers(column, found) else "categorical"


def _only_numbers(column: Any, found: list[Any]) -> bool:
    if isinstance(column, np.ndarray):
        return column.dtype.kind in "iuf" or (column.dtype.kind == "O" and all(is_real(v) for v in found))
    return column.dtype.is_numeric() or not found


def _refuse_dates(column: Any, name: str) -> None:
    kind = column.dtype
    dated = kind.kind in "mM" if isinstance(column, np.ndarray) else kind.is_temporal()
    if dated:
        raise InputError(
            f"`X`: {name} holds {kind}, which is neither a number nor a level. Give a number, days since a date say, or leave it out."
        )


def identifiers_note(columns: ReadColumns, values: np.ndarray) -> str:
    """What is said of text with nearly as many levels as rows; empty if there is none."""
    told = [
        columns.label(j)
        for j, levels in enumerate(columns.levels)
        if levels and len(levels) > max(2, SELDOM * np.count_nonzero(~np.isnan(values[:, j])))
    ]
    if not told:
        return ""
    return f"{', '.join(told)}: more than one level for every two rows, and little can be learnt of one. An identifier? Leave it out"
