"""The levels of one column: which there are, their codes, and a column of them again.

The trouble: True equals 1 equals 1.0 in Python, and a dictionary keyed by value makes one level of three. Levels are told apart by type and
value, unless what comes equals one level only; types that no file can carry (dates, tuples, objects) are refused when fit meets them.

What is inside: `levels_of`, `codes_of`; `objects_of` and `levels_like`, the way back; `filled_levels`, gaps filled.
"""

from __future__ import annotations

from typing import Any

import narwhals.stable.v1 as nw
import numpy as np

from ..._errors import InputError, counted, did_you_mean, plain
from ..._frames import is_absent

__all__ = [
    "codes_of",
    "filled_levels",
    "levels_like",
    "levels_of",
    "objects_of",
    "observed_values",
    "refuse_other_levels",
]

KEPT = (str, bool, int, float)  # what a file keeps with its type


def _level_list(column: Any) -> list[Any]:
    """The values of a column as Python objects, gaps None."""
    values = column.tolist() if isinstance(column, np.ndarray) else column.to_list()
    return [None if is_absent(v) else plain(v) for v in values]


def observed_values(column: Any) -> list[Any]:
    """The values of a column as Python objects, gaps left out."""
    return [v for v in _level_list(column) if v is not None]


def refuse_other_levels(column: Any, name: str) -> None:
    """Levels of a type that no file keeps, with the first such row."""
    values = _level_list(column)
    other = next((i for i, v in enumerate(values) if v is not None and type(v) not in KEPT), None)
    if other is not None:
        raise InputError(
            f"`X`: levels of {name} must be text, whole numbers, numbers or true and false; got {type(values[other]).__name__} "
            f"at row {other}. Convert it, or leave the column out."
        )


def levels_of(column: Any, name: str) -> tuple[Any, ...]:
    """The levels of a column, sorted by type and value; gaps are none."""
    refuse_other_levels(column, name)
    values = _level_list(column)
    distinct = dict.fromkeys((type(v).__name__, v) for v in values if v is not None)
    if not distinct:
        raise InputError(
            f"`X`: {name} is empty in all {len(values):,} rows, and nothing can be learnt of it. Leave it out."
        )
    return tuple(v for _, v in sorted(distinct))


def codes_of(column: Any, levels: tuple[Any, ...], name: str) -> np.ndarray:
    """(n,) the place of each value among `levels`, NaN for gaps; a value that is none of them is refused with its row."""
    place = {(type(v).__name__, v): float(c) for c, v in enumerate(levels)}
    equal = {
        v: float(c) for c, v in enumerate(levels)
    }  # whole numbers become floats where a gap comes into their column
    loose = equal if len(equal) == len(levels) else {}
    values = _level_list(column)
    each = (place.get((type(v).__name__, v), loose.get(v, -1.0)) if v is not None else np.nan for v in values)
    out = np.fromiter(each, np.float64, len(values))
    if (bad := out == -1).any():
        row = int(bad.argmax())
        raise InputError(
            f"`X`: {name} has {counted(int(bad.sum()), 'value')} that fit did not meet, first {values[row]!r} at row {row}."
            f"{did_you_mean(values[row], levels)} Write it as a gap, or fit with it."
        )
    return out


def objects_of(codes: np.ndarray, levels: tuple[Any, ...]) -> list[Any]:
    """The levels that codes stand for."""
    return [levels[int(c)] for c in codes]


def levels_like(series: nw.Series, objects: list[Any]) -> nw.Series:
    """Values as a column of the type of `series`."""
    native: Any = series.to_native()
    if nw.dependencies.is_pandas_like_series(native):
        return nw.from_native(type(native)(objects, dtype=native.dtype, name=native.name), series_only=True)
    if series.dtype == nw.Object:
        return nw.from_native(type(native)(native.name, objects, dtype=native.dtype), series_only=True)
    made = nw.new_series(series.name, objects, backend=series.implementation)
    if series.implementation.is_pyarrow():  # whose text and dictionaries have more types than narwhals tells apart
        made_native: Any = made.to_native()
        return nw.from_native(made_native.cast(native.type), series_only=True)
    return made.cast(series.dtype)


def filled_levels(series: nw.Series, codes: np.ndarray, levels: tuple[Any, ...]) -> nw.Series:
    """A column with its gaps filled by the levels that `codes` (n,) stand for; without a gap, as it came."""
    values = _level_list(series)
    if all(v is not None for v in values):
        return series
    return levels_like(series, [levels[int(c)] if v is None else v for v, c in zip(values, codes, strict=True)])
