"""Columns of a table, by what they are: numbers, categories, gaps; dense, sparse or a frame.

The trouble: a balance table must treat a column by what it is. A number has a mean and a variance; a category has one share each; a gap
is neither and is counted by itself. A sparse matrix must not become dense on the way, and a frame must not become another.

Moments are taken over the rows where x is there; the share of rows where it is not is a figure of its own.

What is inside: `SourceTarget`, columns by name of an array, sparse matrix or frame; `Categories`, what is known about a categorical column
under several weightings at once. Numeric columns are read in `_numbers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import InputError
from .._frames import NUMPY, Container, refuse_doubled
from ._numbers import Numbers, Weighting, dense, sparse

__all__ = ["Categories", "SourceTarget"]


@dataclass(frozen=True, eq=False)
class Categories:
    """A categorical column under k weightings: shares (k,) a category; None is "missing"."""

    shares: dict[Any, np.ndarray]
    rows: int


@dataclass(frozen=True, eq=False)
class SourceTarget:
    """Columns by name: of a 2-d array (names are positions), of a sparse matrix, or of a frame."""

    data: Any
    names: tuple[Any, ...]
    rows: int
    form: str  # "array", "sparse" or "frame"
    container: Container = NUMPY

    @classmethod
    def of(cls, x: Any, name: str) -> SourceTarget:
        """Read `x`; nothing is copied yet."""
        if hasattr(x, "tocsc"):
            x = x.tocsc()
            if not x.has_canonical_format:
                x = x.copy()
                x.sum_duplicates()
            return cls(x, tuple(range(x.shape[1])), x.shape[0], "sparse")
        if hasattr(type(x), "columns"):
            return cls._frame(x, name)
        a = np.asarray(x)
        if a.ndim != 2 or a.size == 0:
            raise InputError(
                f"`{name}` must be a table of rows and columns; got shape {a.shape}. One column: x[:, None]."
            )
        return cls(a, tuple(range(a.shape[1])), a.shape[0], "array")

    @classmethod
    def _frame(cls, x: Any, name: str) -> SourceTarget:
        import narwhals as nw

        refuse_doubled(x, name)
        try:
            frame = nw.from_native(x, eager_only=True)
        except TypeError:
            raise InputError(
                f"`{name}` must be an eager pandas, polars or Arrow frame; got {type(x).__name__}. Collect it first."
            ) from None
        if len(frame) == 0:
            raise InputError(f"`{name}` has no rows. Pass at least one.")
        return cls(frame, tuple(frame.columns), len(frame), "frame", Container(index=nw.maybe_get_index(frame)))

    def read(
        self, names: Sequence[Any], weightings: Sequence[Weighting], label: str
    ) -> Iterator[tuple[Any, Numbers | Categories]]:
        """Each named column under each weighting."""
        if self.form == "frame":
            return ((name, self._series(name, weightings, label)) for name in names)
        if self.form == "sparse":
            return sparse(self.data, names, weightings, label)
        return self._array(names, weightings, label)

    def _array(
        self, names: Sequence[Any], weightings: Sequence[Weighting], label: str
    ) -> Iterator[tuple[Any, Numbers | Categories]]:
        if self.data.dtype.kind not in "fiu":
            for name in names:
                yield name, _categories_of(self.data[:, name], weightings, f"{label}[:, {name}]")
            return
        x = self.data if [*names] == [*self.names] else self.data[:, list(names)]
        yield from zip(names, dense(x, weightings, names, label), strict=True)

    def _series(self, name: Any, weightings: Sequence[Weighting], label: str) -> Numbers | Categories:
        import narwhals as nw

        series = self.data.get_column(name)
        if series.dtype.is_numeric():
            missing = series.is_null().to_numpy()
            x = (series.cast(nw.Float64) if missing.any() else series).to_numpy()
            return next(dense(np.asarray(x, dtype=np.float64)[:, None], weightings, [name], label))
        if series.dtype in (nw.Boolean, nw.String, nw.Categorical, nw.Enum, nw.Object):
            return _group(series, weightings)
        raise InputError(
            f"`{label}` column {name!r} is neither number, category, string nor bool; got {series.dtype}. "
            f"Convert it, or leave it out with columns=."
        )


def _categories_of(a: np.ndarray, weightings: Sequence[Weighting], label: str) -> Categories:
    """Categories of a NumPy column of bools, strings or objects; None and NaN are missing."""
    missing = np.array([v is None or v != v for v in a]) if a.dtype.kind == "O" else np.zeros(a.size, dtype=bool)
    try:
        names, codes = np.unique(a[~missing], return_inverse=True)
    except TypeError:
        raise InputError(f"`{label}` mixes types that cannot be sorted. Make its labels strings.") from None
    each = np.array([np.bincount(codes, x.w[~missing], names.size) for x in weightings])
    shares = dict(zip(names.tolist(), each.T, strict=True))
    if missing.any():
        shares[None] = np.array([x.w[missing].sum() for x in weightings])
    return Categories(shares, a.size)


def _group(series: Any, weightings: Sequence[Weighting]) -> Categories:
    """Categories of a frame's column, summed by the frame's own library."""
    import narwhals as nw

    keys = [f"w{i}" for i in range(len(weightings))]
    columns = [nw.new_series(k, x.w, backend=series.implementation) for k, x in zip(keys, weightings, strict=True)]
    frame = series.alias("category").to_frame().with_columns(*columns)
    sums = frame.group_by("category").agg(*(nw.col(key).sum() for key in keys))
    gap = sums["category"].is_null().to_list()
    shares = np.column_stack([sums[key].to_numpy() for key in keys])
    names = [None if missing else name for name, missing in zip(sums["category"].to_list(), gap, strict=True)]
    return Categories(dict(zip(names, shares, strict=True)), len(series))
