"""Columns of a table, and their weighted means and spreads: numbers, levels, gaps; dense, sparse or a frame.

The trouble: a balance table must treat a column by what it is. A number has a mean and a variance; a category has one share a level;
a gap is neither and is counted by itself. A sparse matrix must not become dense on the way, and a frame must not become another.

    mean = sum W x,    var = sum W (x - mean)^2 / (1 - sum W^2)          (equal weights: the textbook's, ddof 1)

(for copies 1 - 1/N, as repeated rows have it).

Moments are taken over the rows where x is there; the share of rows where it is not is a figure of its own.

What is inside: `Table`, columns by name of an array, sparse matrix or frame; `Weighting`, weights with sum one; `Numbers` and `Levels`, what is known about a
numeric or a categorical column under several weightings at once. Values are read less a pivot, so that a constant is constant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import InputError
from .._frames import NUMPY, Container, refuse_doubled

__all__ = ["Levels", "Numbers", "Table", "Weighting"]

CELLS = 1 << 21  # numbers of a dense block of columns: 16 MB


@dataclass(frozen=True, eq=False)
class Weighting:
    """Weights (n,) of sum one, and what each takes from the freedom of a variance: W^2, or W/N for copies."""

    w: np.ndarray
    lost: np.ndarray

    @classmethod
    def equal(cls, n: int) -> Weighting:
        """Every row the same."""
        w = np.full(n, 1 / n)
        return cls(w, w * w)


@dataclass(frozen=True, eq=False)
class Numbers:
    """A numeric column under k weightings: means, variances (ddof 1) and shares of missing rows, each (k,)."""

    mean: np.ndarray
    var: np.ndarray
    missing: np.ndarray


@dataclass(frozen=True, eq=False)
class Levels:
    """A categorical column under k weightings: shares (k,) a level; the level None is "missing"."""

    shares: dict[Any, np.ndarray]
    rows: int


@dataclass(frozen=True, eq=False)
class Table:
    """Columns by name: of a 2-d array (names are positions), of a sparse matrix, or of a frame."""

    data: Any
    names: tuple[Any, ...]
    rows: int
    form: str  # "array", "sparse" or "frame"
    container: Container = NUMPY

    @classmethod
    def of(cls, x: Any, name: str) -> Table:
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
    def _frame(cls, x: Any, name: str) -> Table:
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
    ) -> Iterator[tuple[Any, Numbers | Levels]]:
        """Each named column under each weighting."""
        if self.form == "frame":
            return ((name, self._series(name, weightings, label)) for name in names)
        if self.form == "sparse":
            return _sparse(self.data, names, weightings, label)
        return self._array(names, weightings, label)

    def _array(
        self, names: Sequence[Any], weightings: Sequence[Weighting], label: str
    ) -> Iterator[tuple[Any, Numbers | Levels]]:
        if self.data.dtype.kind not in "fiu":
            for name in names:
                yield name, _levels_of(self.data[:, name], weightings, f"{label}[:, {name}]")
            return
        step = max(1, CELLS // self.rows)
        for i in range(0, len(names), step):
            some = list(names[i : i + step])
            for name, column in zip(some, _dense(self.data[:, some], weightings, some, label), strict=True):
                yield name, column

    def _series(self, name: Any, weightings: Sequence[Weighting], label: str) -> Numbers | Levels:
        import narwhals as nw

        series = self.data.get_column(name)
        if series.dtype.is_numeric():
            missing = series.is_null().to_numpy()
            x = (series.cast(nw.Float64) if missing.any() else series).to_numpy()
            return next(_dense(np.asarray(x, dtype=np.float64)[:, None], weightings, [name], label))
        if series.dtype in (nw.Boolean, nw.String, nw.Categorical, nw.Enum, nw.Object):
            return _group(series, weightings)
        raise InputError(
            f"`{label}` column {name!r} is neither number, category, string nor bool; got {series.dtype}. "
            f"Convert it, or leave it out with columns=."
        )


def _dense(x: np.ndarray, weightings: Sequence[Weighting], names: Sequence[Any], label: str) -> Iterator[Numbers]:
    """Numbers of every column of a dense block (n, b)."""
    x = np.asarray(x, dtype=np.float64)
    there = ~np.isnan(x)
    for j in np.flatnonzero(np.isinf(x).any(axis=0)).tolist():
        _refuse_infinite(np.arange(len(x)), x[:, j], names[j], label)
    gaps = not there.all()
    first = there.argmax(axis=0)
    pivot = np.where(there.any(axis=0), x[first, np.arange(x.shape[1])], 0.0)
    d = np.where(there, x - pivot, 0.0) if gaps else x - pivot
    each = [_moments(d, weighting, there if gaps else None) for weighting in weightings]
    for j in range(x.shape[1]):
        mean, var, missing = (np.array([figures[i][j] for figures in each]) for i in range(3))
        yield Numbers(mean + pivot[j], var, missing)


def _moments(
    d: np.ndarray, weighting: Weighting, there: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means, variances and missing shares of the columns of `d` (n, b), zero where not `there`."""
    w, size = weighting.w, d.shape[1]
    total, lost, missing = np.ones(size), np.full(size, weighting.lost.sum()), np.zeros(size)
    if there is not None:
        missing = np.minimum(1.0, np.einsum("i,ij->j", w, ~there))
        total, lost = np.einsum("i,ij->j", w, there), np.einsum("i,ij->j", weighting.lost, there)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.einsum("i,ij->j", w, d) / total
        far = d - mean
        if there is not None:
            far *= there
        spread = np.einsum("i,ij,ij->j", w, far, far) / total
        return mean, unbiased(spread, lost / total**2), missing


def unbiased(spread: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """spread / (1 - sum W^2); zero where one row holds all the weight."""
    alone = lost >= 1 - 1e-12
    return np.where(alone, 0.0, spread / np.where(alone, 1.0, 1 - lost))


def _sparse(x: Any, names: Sequence[Any], weightings: Sequence[Weighting], label: str) -> Iterator[tuple[Any, Numbers]]:
    """Numbers of columns of a CSC matrix, from what is stored; the rest is zero and stays unwritten."""
    step = max(1, CELLS * len(names) // (x.nnz + 1))
    for i in range(0, len(names), step):
        some = list(names[i : i + step])
        block = x[:, some]
        column = np.repeat(np.arange(len(some)), np.diff(block.indptr))
        values = np.asarray(block.data, dtype=np.float64)
        for k in column[np.isinf(values)][:1].tolist():
            _refuse_infinite(block.indices[column == k], values[column == k], some[k], label)
        each = [_stored(values, column, block.indices, weighting, len(some)) for weighting in weightings]
        for j, name in enumerate(some):
            yield name, Numbers(*(np.array([figures[k][j] for figures in each]) for k in range(3)))


def _stored(
    v: np.ndarray, column: np.ndarray, rows: np.ndarray, weighting: Weighting, size: int
) -> tuple[np.ndarray, ...]:
    """Means, variances and missing shares of `size` columns from their stored values v of `column` and `rows`."""
    gap = np.isnan(v)
    w, lost = weighting.w[rows], weighting.lost[rows]
    missing = np.minimum(1.0, np.bincount(column[gap], w[gap], size))
    lost = weighting.lost.sum() - np.bincount(column[gap], lost[gap], size)
    v, column, w = v[~gap], column[~gap], w[~gap]
    total = 1 - missing
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(column, w * v, size) / total
        zeros = np.maximum(0.0, total - np.bincount(column, w, size))
        spread = (np.bincount(column, w * (v - mean[column]) ** 2, size) + zeros * mean**2) / total
        return mean, unbiased(spread, lost / total**2), missing


def _levels_of(a: np.ndarray, weightings: Sequence[Weighting], label: str) -> Levels:
    """Levels of a NumPy column of bools, strings or objects; None and NaN are missing."""
    missing = np.array([v is None or v != v for v in a]) if a.dtype.kind == "O" else np.zeros(a.size, dtype=bool)
    try:
        levels, codes = np.unique(a[~missing], return_inverse=True)
    except TypeError:
        raise InputError(f"`{label}` mixes types that cannot be sorted. Make its labels strings.") from None
    shares = np.array([np.bincount(codes, x.w[~missing], levels.size) for x in weightings])
    found = {level: share for level, share in zip(levels.tolist(), shares.T, strict=True)}
    if missing.any():
        found[None] = np.array([x.w[missing].sum() for x in weightings])
    return Levels(found, a.size)


def _group(series: Any, weightings: Sequence[Weighting]) -> Levels:
    """Levels of a frame's column, summed by the frame's own library."""
    import narwhals as nw

    keys = [f"w{i}" for i in range(len(weightings))]
    columns = [nw.new_series(k, x.w, backend=series.implementation) for k, x in zip(keys, weightings, strict=True)]
    frame = series.alias("level").to_frame().with_columns(*columns)
    sums = frame.group_by("level").agg(*(nw.col(key).sum() for key in keys))
    gap = sums["level"].is_null().to_list()
    shares = np.column_stack([sums[key].to_numpy() for key in keys])
    levels = [None if missing else level for level, missing in zip(sums["level"].to_list(), gap, strict=True)]
    return Levels(dict(zip(levels, shares, strict=True)), len(series))


def _refuse_infinite(rows: np.ndarray, x: np.ndarray, name: Any, label: str) -> None:
    bad = np.isinf(x)
    raise InputError(
        f"`{label}` column {name!r} must be finite; got {np.count_nonzero(bad):,} infinite, first at row {rows[bad].min()}. "
        f"Mend or drop those rows."
    )
