"""Columns of a table as a balance table sees them: a number is a number, a category is its levels, and nothing is guessed.

The trouble: weights that shall bring every line of `upweight.balance` to the target must read columns as it does. A gap in a number has no
average that could be matched, so it is refused; a gap in a category is a level of its own.

What is inside: `LevelColumn`, one column; `read_levels`, those of a frame or array; `coded`, the same labels as codes into given levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
import pyarrow as pa

from ..._errors import InputError
from ..._frames import absent, is_absent
from ...tables import arrow_array, frame_of, is_frame, plain_series, refuse_lazy

__all__ = ["LevelColumn", "coded", "in_order", "read_levels", "refuse_gaps"]


@dataclass(frozen=True, eq=False)
class LevelColumn:
    """A column: `numbers` (n,) float64; or `codes` (n,) into its sorted `levels`, of which None is a gap."""

    name: Any
    numbers: np.ndarray | None = None
    codes: np.ndarray | None = None
    levels: tuple[Any, ...] = ()

    @property
    def rows(self) -> int:
        values = self.codes if self.numbers is None else self.numbers
        assert values is not None
        return len(values)

    def labels(self) -> list[Any]:
        """The values (n,) as they are."""
        if self.numbers is not None:
            return self.numbers.tolist()
        assert self.codes is not None
        return [self.levels[c] for c in self.codes.tolist()]


def read_levels(x: Any, label: str, names: Sequence[Any]) -> list[LevelColumn]:
    """The named columns of a frame, or of an array by position."""
    refuse_lazy(x)
    if is_frame(x):
        frame = frame_of(x)
        return [_of_series(name, plain_series(frame[name]), label) for name in names]
    a = np.asarray(x)
    if a.ndim != 2:
        raise InputError(f"`{label}` must be a table, rows by columns; got shape {a.shape}. One column: x[:, None].")
    if a.dtype.kind in "fiu":
        return [
            LevelColumn(j, numbers=refuse_gaps(np.asarray(a[:, j], dtype=np.float64), j, label))
            for j in map(int, names)
        ]
    return [_of_labels(j, a[:, j], label) for j in map(int, names)]


def _of_series(name: Any, series: Any, label: str) -> LevelColumn:
    if series.dtype.is_numeric():
        missing = series.is_null().to_numpy()
        x = (series.cast(nw.Float64) if missing.any() else series).to_numpy()
        return LevelColumn(name, numbers=refuse_gaps(np.asarray(x, dtype=np.float64), name, label))
    kind = str(series.dtype)
    if kind.startswith(("Boolean", "String", "Categorical", "Enum")):
        return _of_arrow(name, arrow_array(series))
    if kind == "Object":
        return _of_labels(name, np.array(series.to_list(), dtype=object), label)
    raise InputError(
        f"`{label}` column {name!r} is neither number, category, string nor bool; got {series.dtype}. Convert it, or leave it out."
    )


def _of_arrow(name: Any, values: Any) -> LevelColumn:
    """Labels of one type, coded by Arrow; only the few levels are sorted here."""
    if isinstance(values, pa.ChunkedArray):
        values = values.unify_dictionaries().combine_chunks()
    if isinstance(values, pa.ChunkedArray):  # of no chunk, or too long for one
        values = pa.concat_arrays(values.chunks)
    coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    labels = coded.dictionary.to_pylist()
    used = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(labels)))
    order = sorted(used.tolist(), key=lambda i: labels[i])
    place = np.full(len(labels) + 1, len(order))  # the last, which -1 points at, is the gap
    place[order] = np.arange(len(order))
    gap = bool((codes < 0).any())
    return LevelColumn(name, codes=place[codes], levels=(*(labels[i] for i in order), *[None] * gap))


def _of_labels(name: Any, values: np.ndarray, label: str) -> LevelColumn:
    gaps = absent(values)
    try:
        levels, codes = np.unique(values[~gaps], return_inverse=True)
    except TypeError:
        raise InputError(
            f"`{label}` column {name!r} mixes types that cannot be sorted. Make its labels strings."
        ) from None
    out = np.full(len(values), len(levels))
    out[~gaps] = codes.reshape(-1)
    return LevelColumn(name, codes=out, levels=(*levels.tolist(), *[None] * bool(gaps.any())))


def refuse_gaps(x: np.ndarray, name: Any, label: str) -> np.ndarray:
    """Numbers (n,) without gaps and infinities, or an error with count and first row."""
    bad = ~np.isfinite(x)
    if bad.any():
        row = int(bad.argmax())
        what = "missing" if np.isnan(x[row]) else "infinite"
        raise InputError(
            f"`{label}` column {name!r} must be finite; got {int(bad.sum()):,} missing or infinite, first {what} at row {row}. Impute first."
        )
    return x


def coded(column: LevelColumn, levels: Sequence[Any]) -> np.ndarray:
    """(n,) codes of a category column into other levels; -1 of one that is not among them."""
    assert column.codes is not None
    place = {_key(level): i for i, level in enumerate(levels)}
    return np.array([place.get(_key(level), -1) for level in column.levels])[column.codes]


def in_order(levels: set[Any]) -> tuple[Any, ...]:
    """Levels as a balance table lists them, the gap last."""
    some = [level for level in levels if not is_absent(level)]
    gap = [None] * (len(some) < len(levels))
    return (*sorted(some, key=lambda level: (str(type(level)), level)), *gap)


def _key(level: Any) -> Any:
    return None if is_absent(level) else level
