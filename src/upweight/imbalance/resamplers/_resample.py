"""Resample: which rows, which parents, which weights; the matrix only when asked for.

The trouble: resamplers hand back a copied matrix. The rows it came from, their weights, the index of the frame and the
column types are gone, a synthetic row cannot be told from a real one, and nobody knows what happened to the odds.

    row j of the output:   x_j = x_a + step_j (x_b - x_a),   (a, b) = parents_j;   a real row has a = b and step 0
    delta_c = log(W'_c / W') - log(W_c / W)                  the class masses before and after, with weights

`take(X)` builds the rows in the kind of frame `X` is. A category is never mixed: it is copied from one row, its donor.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import narwhals.stable.v1 as nw
import numpy as np
from scipy import sparse

from ... import _html as html
from ..._errors import InputError, counted
from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ..._undo import Correction
from ...neighbours import series_numbers
from ...tables import (
    Table,
    concat_rows,
    frame_of,
    interpolate,
    is_frame,
    numbers_like,
    row_count,
    row_slice,
)
from ._donors import Donors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

__all__ = ["Resample", "mass_correction"]

BLOCK = 1 << 16  # numbers made at a time


@set_module("upweight.imbalance")
@own_keywords
@dataclass(frozen=True, eq=False)
class Resample:
    """What a resampler did to n rows, as m output rows; frozen.

    Attributes
    ----------
    indices : (m,) int64, source row each output row starts from; -1 for a row that an adopted sampler made up.
    parents : (m, 2) int64, (i, i) for a real row, (a, b) for a synthetic one.
    step : (m,) float64 in [0, 1], how far from a to b; 0 for real rows.
    y : (m,) labels of the output rows.
    weights : (m,) float64 weights to train with: those of the source rows, times what the method adds.
    correction : `Correction` of the log-odds, from weighted class masses.
    copied : `Donors`, the source row of each category, or None. categorical : positions or names of the columns it is for.
    removed : (r,) int64 source rows of positive weight that are in no output row.
    notes : tuple of str, what the reader should know.
    made : rows that an adopted sampler made up, in order, in its own kind; None if there are none.

    >>> from upweight.imbalance import RandomOver
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> r = RandomOver(rng=0).resample(X, np.array([0, 0, 0, 1]))
    >>> r.take(X).ravel().tolist(), r.y.tolist(), r.correction.status
    ([0.0, 1.0, 2.0, 3.0, 3.0, 3.0], [0, 0, 0, 1, 1, 1], 'approximate')
    >>> Resample.of_rows(r.indices[:2], r.y[:2], r.weights[:2], r.correction).removed.tolist()
    []
    >>> len(r.plot(np.c_[X, X]).collections)
    1
    """

    indices: np.ndarray
    parents: np.ndarray
    step: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    correction: Correction
    copied: Donors | None = None
    categorical: tuple[Any, ...] = ()
    removed: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    notes: tuple[str, ...] = ()
    made: Any = None

    @classmethod
    def of_rows(
        cls,
        indices: Any,
        y: np.ndarray,
        weights: np.ndarray,
        correction: Correction,
        *,
        removed: np.ndarray | None = None,
        notes: tuple[str, ...] = (),
    ) -> Resample:
        """A resample of real rows only: `indices` (m,) into the source, `y` (m,) and `weights` (m,) of the output rows."""
        indices = np.asarray(indices, dtype=np.int64)
        parents, gone = np.stack([indices, indices], axis=1), np.empty(0, np.int64) if removed is None else removed
        return cls(indices, parents, np.zeros(len(indices)), y, weights, correction, removed=gone, notes=notes)

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def is_synthetic(self) -> np.ndarray:
        """(m,) bool, rows that are in no source table."""
        return (self.parents[:, 0] != self.parents[:, 1]) | (self.indices < 0)

    @property
    def donors(self) -> np.ndarray | None:
        """(m, number of `categorical`) int64 source row that each category is copied from, or None; made when it is asked for."""
        return None if self.copied is None else self.copied.table()

    def __repr__(self) -> str:
        made = int(self.is_synthetic.sum())
        rows = counted(len(self), "row")
        return f"Resample({rows}, {made:,} synthetic, {len(self.removed):,} removed, {self.correction.status})"

    def plot(self, X: Any, *, columns: Sequence[Any] | None = None, ax: Any = None) -> Axes:
        """Kept, dropped and made rows of `X` (n, d), the table that was resampled; see `upweight.plots.resample`."""
        from ...plots import resample

        return resample(self, X, columns=columns, ax=ax)

    def _repr_html_(self) -> str:
        labels, codes = np.unique(self.y, return_inverse=True)
        made = np.bincount(codes.reshape(-1), self.is_synthetic, len(labels))
        mass = np.bincount(codes.reshape(-1), self.weights, len(labels))
        counts = zip(labels.tolist(), np.bincount(codes.reshape(-1), minlength=len(labels)), made, mass, strict=True)
        rows = [[label, f"{n:,}", f"{new:,.0f}", f"{w:,.6g}"] for label, n, new, w in counts]
        said = [f"odds: {self.correction.status}{': ' * bool(self.correction.why)}{self.correction.why}", *self.notes]
        return html.block([repr(self)], ["class", "rows", "of them made", "weight"], rows, after=said)

    def take(self, X: Any) -> Any:
        """The output rows, in the kind of table that `X` is.

        X : the table that was resampled (NumPy, CSR, pandas, polars, Arrow), n rows. Returns m rows; pandas keep the index
        of the row they start from. Columns keep their type; whole numbers and bools become fractions, float64 or the
        nullable or Arrow type beside theirs, where rows are synthetic.

        Raises InputError if `X` has fewer rows than were resampled. Costs: one copy of m rows.
        """
        if len(self.indices) and row_count(X) <= self.parents.max():
            raise InputError(
                f"`X` has {counted(row_count(X), 'row')}, but row {int(self.parents.max()):,} was resampled. Pass the same table."
            )
        if not self.is_synthetic.any():
            return row_slice(X, self.indices)
        if isinstance(X, sparse.spmatrix):  # the older kind of sparse matrix stays what it is
            return sparse.csr_matrix(self.take(sparse.csr_array(X)))
        if self.made is not None:
            return _with_made(self, X)
        if isinstance(X, Table):
            return _table_between(X, self)
        if is_frame(X):
            return _frame_between(X, self)
        return _matrix_between(X, self)


def _table_between(X: Table, r: Resample) -> Table:
    """A prepared table: `categorical` counts through its numbers, then through its codes."""
    p = X.numbers.shape[1]
    if r.copied is None:
        return Table(interpolate(X.numbers, r.parents, r.step), X.codes[r.indices])
    place = np.asarray(r.categorical, dtype=np.int64)
    flags = place < p
    flagged = r.copied.columns(flags) if flags.any() else None
    numbers = _matrix_between(X.numbers, replace(r, categorical=tuple(place[flags].tolist()), copied=flagged))
    voted, codes = r.copied.columns(~flags), np.empty((len(r), X.codes.shape[1]), X.codes.dtype)
    for j in range(codes.shape[1]):
        codes[:, j] = X.codes[voted.column(j), j]
    return Table(numbers, codes)


def _matrix_between(X: Any, r: Resample) -> Any:
    """Numbers between their parents, categorical columns from their donors."""
    X = X.tocsr() if sparse.issparse(X) else np.asarray(X)
    if r.copied is None and X.dtype.kind != "O":
        return interpolate(X, r.parents, r.step)
    if not sparse.issparse(X):
        return _dense_between(X, r)
    assert r.copied is not None
    rest = np.setdiff1d(np.arange(X.shape[1]), r.categorical)
    copied = [sparse.csr_array(X[r.copied.column(j)][:, [column]]) for j, column in enumerate(r.categorical)]
    both = sparse.hstack([interpolate(X[:, rest], r.parents, r.step), *copied] if len(rest) else copied)
    return sparse.csr_array(both)[:, np.argsort([*rest, *r.categorical])]


def _dense_between(X: np.ndarray, r: Resample) -> np.ndarray:
    """The same of an array, some rows at a time: nothing is held but the output and a block."""
    chosen = r.categorical if r.copied is not None else ()
    rest = np.setdiff1d(np.arange(X.shape[1]), chosen)
    whole = X.dtype.kind in "iub" and len(rest)
    out = X[r.indices] if not whole else X[r.indices].astype(np.result_type(X.dtype, np.float64))
    new = np.flatnonzero(r.parents[:, 0] != r.parents[:, 1]) if len(rest) else np.empty(0, np.int64)
    for some in np.array_split(new, 1 + new.size * X.shape[1] // BLOCK):
        two = X[r.parents[some].T.ravel()][:, rest]
        two = two.astype(np.float64) if X.dtype.kind == "O" else two
        pairs = np.arange(2 * len(some)).reshape(2, -1).T
        out[some[:, None], rest] = interpolate(two, pairs, r.step[some])
    for j, column in enumerate(chosen):
        assert r.copied is not None
        out[:, column] = X[r.copied.column(j), column]
    return out


def _frame_between(X: Any, r: Resample) -> Any:
    """Column by column: numbers between their parents, categories from their donors, the rest from the starting row."""
    frame = frame_of(X)
    made = []
    for j, name in enumerate(frame.columns):
        series = frame.get_column(name)
        where = [i for i, c in enumerate(r.categorical) if c in (name, j)]
        if r.copied is not None and where:
            values = series[r.copied.column(where[0])]
        elif (numbers := series_numbers(series, bools=True)) is not None:
            values = numbers_like(series, interpolate(numbers[:, None], r.parents, r.step)[:, 0])
        else:
            values = series[r.indices]
        made.append(nw.maybe_reset_index(values).alias(name))
    start = frame.select(nw.col(frame.columns[0]))[r.indices]
    out = nw.to_native(nw.maybe_reset_index(start).with_columns(*made))
    if (index := nw.maybe_get_index(start)) is not None:
        out.index = index
    return out


def _with_made(r: Resample, X: Any) -> Any:
    """Real rows of X and made-up rows of an adopted sampler, in output order; a matrix or a prepared table."""
    real = r.indices >= 0
    source = np.where(real, r.indices, 0)
    if isinstance(X, Table):
        p = X.numbers.shape[1]
        numbers = concat_rows(X.numbers, source, real, r.made[:, :p])
        return Table(numbers, concat_rows(X.codes, source, real, np.rint(r.made[:, p:]).astype(np.int32)))
    if is_frame(X):
        made = nw.from_native(r.made, eager_only=True)
        wider = [nw.col(c).cast(t) for c, t in made.schema.items() if t.is_float()]  # whole numbers beside fractions
        stacked = nw.concat([frame_of(X).with_columns(*wider), made])
        rows = np.where(real, source, row_count(X) + np.cumsum(~real) - 1)
        return nw.to_native(stacked[rows.tolist()])
    return concat_rows(X.tocsr() if sparse.issparse(X) else np.asarray(X), source, real, r.made)


def mass_correction(
    before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray], classes: int, status: str, why: str
) -> Correction:
    """delta_c = log(W'_c/W') - log(W_c/W) from (codes, weights) before and after; a class without mass gets 0.

    For two classes the Correction holds one number, that of the second class against the first.
    """
    shares = [np.bincount(codes, weights=w, minlength=classes) for codes, w in (before, after)]
    there = (shares[0] > 0) & (shares[1] > 0)
    old, new = (np.where(there, s / s.sum(), 1.0) for s in shares)
    delta = np.log(new) - np.log(old)
    log_odds = float(delta[1] - delta[0]) if classes == 2 else delta
    return Correction(log_odds, status, why)
