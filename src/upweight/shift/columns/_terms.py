"""The terms that weights shall match: means, squares and products of columns, one indicator a level.

The trouble: matching means leaves spreads and correlations where they were, and whoever writes out squares and products by hand writes some of
them twice: the square of an indicator is itself, and two levels of one column never meet.

    means           x of every number, 1{x = level} of every level of a category
    squares         the same, and x^2 of every number that is not 0/1
    interactions    squares, and the product of every two of the means that is not constant in both samples

What is inside: `TermPlan`, which terms there are, made from two tables; `TermRows`, those of some rows: dense columns, then sparse ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from ..._errors import InputError, require_choice
from ...tables import is_frame, row_count
from ._levels import LevelColumn, coded, in_order, read_levels
from ._pooled import refuse_other_columns

__all__ = ["TERMS", "TermPlan", "TermRows", "column_sds", "level_name", "refuse_unseen"]

TERMS = ("means", "squares", "interactions")
ROWS = 4096  # rows squared at a time


@dataclass(frozen=True, eq=False)
class TermRows:
    """TermRows of n rows: `names` (K,); `dense` (n, a) and `thin` (n, b) CSR, in this order."""

    names: tuple[str, ...]
    dense: np.ndarray
    thin: Any

    @property
    def rows(self) -> int:
        return self.dense.shape[0]

    def means(self) -> np.ndarray:
        """(K,) averages."""
        return np.append(self.dense.mean(axis=0), np.asarray(self.thin.sum(axis=0)).ravel() / self.rows)

    def sds(self) -> np.ndarray:
        """(K,) standard deviations, ddof 1; 0 of a single row. Columns are squared in units of their own, so that squares stay floats."""
        if self.rows < 2:
            return np.zeros(len(self.names))
        size = _size(abs(self.thin).max(axis=0).toarray().ravel() if self.thin.shape[1] else np.empty(0))
        x = self.thin @ sparse.diags_array(1 / size) if self.thin.shape[1] else self.thin
        mean = np.asarray(x.sum(axis=0)).ravel() / self.rows
        square = np.asarray(x.multiply(x).sum(axis=0)).ravel() / self.rows
        thin = np.sqrt(np.maximum(square - mean**2, 0.0) * self.rows / (self.rows - 1))
        return np.append(column_sds(self.dense), np.where(thin > 1e-12 * np.abs(mean), thin * size, 0.0))


@dataclass(frozen=True, eq=False)
class TermPlan:
    """Which terms the columns of a table have: `levels` of each column (None: a number), `squares` and `pairs` of its mean terms."""

    columns: tuple[Any, ...]
    levels: tuple[tuple[Any, ...] | None, ...]
    squares: tuple[int, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()
    thin: bool = False  # columns of a sparse matrix, which stay sparse

    @classmethod
    def of(cls, source: Any, target: Any, terms: str) -> tuple[TermPlan, TermRows, TermRows]:
        """The plan for two tables of the same columns, and the terms of both."""
        require_choice("terms", terms, TERMS)
        names = refuse_other_columns(source, target)
        for x, label in ((source, "source"), (target, "target")):
            if not row_count(x):
                raise InputError(f"`{label}` has no rows. Pass at least one.")
        if sparse.issparse(source) or sparse.issparse(target):
            plan = cls(names, (None,) * len(names), thin=True)
            blocks = [_sparse_means(x, label) for x, label in ((source, "source"), (target, "target"))]
        else:
            a, b = read_levels(source, "source", names), read_levels(target, "target", names)
            plan = cls(names, tuple(_levels_of(x, y) for x, y in zip(a, b, strict=True)))
            blocks = [plan._means(a), plan._means(b)]
        if terms != "means":
            plan = plan._with_products(blocks, terms == "interactions")
        first, second = (plan._all(block) for block in blocks)
        return plan, first, second

    def read(self, x: Any, label: str = "X") -> TermRows:
        """The terms of any rows with these columns; a level not among those known has none."""
        if self.thin:
            return self._all(_sparse_means(x, label))
        return self._all(self._means(read_levels(x, label, self.columns if is_frame(x) else range(len(self.columns)))))

    def _means(self, columns: Sequence[LevelColumn]) -> TermRows:
        """The mean terms of columns that were read."""
        numbers, names, blocks, thin_names = [], [], [], []
        for column, levels in zip(columns, self.levels, strict=True):
            if levels is None:
                if column.numbers is None:
                    raise InputError(f"column {column.name!r} was a number and is a category now. Convert it.")
                numbers.append(column.numbers)
                names.append(str(column.name))
            else:
                blocks.append(_indicators(column, levels))
                thin_names += [level_name(column.name, level) for level in levels]
        rows = columns[0].rows
        dense = np.column_stack(numbers) if numbers else np.empty((rows, 0))
        thin = sparse.csr_array(sparse.hstack(blocks)) if blocks else sparse.csr_array((rows, 0))
        return TermRows((*names, *thin_names), dense, thin)

    def _with_products(self, blocks: list[TermRows], pairs: bool) -> TermPlan:
        a = blocks[0].dense.shape[1]
        squares = [k for k in range(len(blocks[0].names)) if not all(_binary(_column(b, k)) for b in blocks)]
        plan = replace(self, squares=tuple(squares))
        if not pairs:
            return plan
        home = self._home(a)
        two = [(j, k) for j, k in itertools.combinations(range(len(home)), 2) if home[j] != home[k]]
        varies = [any(_varies(_product(b, j, k)) for b in blocks) for j, k in two]
        return replace(plan, pairs=tuple(pair for pair, moving in zip(two, varies, strict=True) if moving))

    def _home(self, dense: int) -> list[int]:
        """The column that each mean term belongs to."""
        numbers = [j for j, levels in enumerate(self.levels) if levels is None]
        if self.thin:
            return numbers
        return numbers + [j for j, levels in enumerate(self.levels) if levels is not None for _ in levels]

    def _all(self, means: TermRows) -> TermRows:
        """Means, squares and products of some rows, dense ones first."""
        if not self.squares and not self.pairs:
            return means
        names = means.names
        made = [(f"{names[k]}^2", k, k) for k in self.squares]
        made += [(f"{names[j]} x {names[k]}", j, k) for j, k in self.pairs]
        a = means.dense.shape[1]
        full = [(name, _product(means, j, k)) for name, j, k in made if max(j, k) < a]
        thin = [(name, _product(means, j, k)) for name, j, k in made if max(j, k) >= a]
        dense = np.column_stack([means.dense, *(x for _, x in full)])
        sparse_block = sparse.csr_array(sparse.hstack([means.thin, *(sparse.csr_array(x[:, None]) for _, x in thin)]))
        order = (*names[:a], *(n for n, _ in full), *names[a:], *(n for n, _ in thin))
        _refuse_overflow(order, dense, sparse_block)
        return TermRows(order, dense, sparse_block)


def refuse_unseen(source: TermRows, target: TermRows) -> None:
    """A level, or an entry of a sparse column, that no source row has cannot be weighted up."""
    there = np.diff(source.thin.tocsc().indptr) > 0
    share = np.asarray(target.thin.sum(axis=0)).ravel() / target.rows
    for k in np.flatnonzero(~there & (share != 0))[:1].tolist():
        name = source.names[source.dense.shape[1] + k]
        raise InputError(
            f"the target has {name} with a share of {share[k]:.4g}, which no source row has. Merge it or drop it from the target."
        )


def level_name(column: Any, level: Any) -> str:
    """'sex = f', or 'sex missing', as a balance table calls its rows."""
    return f"{column} missing" if level is None else f"{column} = {level}"


def _levels_of(a: LevelColumn, b: LevelColumn) -> tuple[Any, ...] | None:
    if (a.numbers is None) != (b.numbers is None):
        raise InputError(f"column {a.name!r} is a category on one side and a number on the other. Convert one of them.")
    return None if a.numbers is not None else in_order({*a.levels, *b.levels})


def _indicators(column: LevelColumn, levels: Sequence[Any]) -> sparse.csr_array:
    """(n, levels) 1 where the row has the level."""
    codes = coded(column, levels)
    known = np.flatnonzero(codes >= 0)
    starts = np.concatenate([[0], np.cumsum(codes >= 0)])
    return sparse.csr_array((np.ones(len(known)), codes[known], starts), shape=(len(codes), len(levels)))


def _sparse_means(x: Any, label: str) -> TermRows:
    found: Any = sparse.csr_array(x, dtype=np.float64)
    if not np.isfinite(found.data).all():
        row = int(np.searchsorted(found.indptr, int((~np.isfinite(found.data)).argmax()), side="right") - 1)
        bad = int((~np.isfinite(found.data)).sum())
        raise InputError(
            f"`{label}` must be finite; got {bad:,} missing or infinite, first at row {row}. Impute first."
        )
    return TermRows(tuple(map(str, range(found.shape[1]))), np.empty((found.shape[0], 0)), found)


def _column(means: TermRows, k: int) -> np.ndarray:
    a = means.dense.shape[1]
    return means.dense[:, k] if k < a else means.thin[:, [k - a]].toarray().ravel()


def _product(means: TermRows, j: int, k: int) -> np.ndarray:
    with np.errstate(over="ignore", under="ignore"):
        return _column(means, j) * _column(means, k)


def _refuse_overflow(names: tuple[str, ...], dense: np.ndarray, thin: Any) -> None:
    """A square or product beyond the floats would be matched by nothing."""
    bad = np.append(~np.isfinite(dense).all(axis=0), ~np.isfinite(thin.sum(axis=0)))
    if bad.any():
        raise InputError(
            f"terms must be finite; {names[int(bad.argmax())]} is too large for a float. Divide the column by a constant first."
        )


def column_sds(x: np.ndarray) -> np.ndarray:
    """(K,) standard deviations of (n, K) numbers, ddof 1; 0 of a constant. Columns are squared in units of their own.

    A block of rows at a time: of a large table no copy is made, which would take longer than the sums.
    """
    high, low = x.max(axis=0), x.min(axis=0)
    size = _size(np.maximum(high, -low))
    centre = (x if (size == 1).all() else x / size).mean(axis=0)
    square, drift = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for i in range(0, len(x), ROWS):
        d = x[i : i + ROWS] / size - centre
        square += np.einsum("ij,ij->j", d, d)
        drift += d.sum(axis=0)
    spread = np.sqrt((square - drift**2 / len(x)) / (len(x) - 1)) * size
    return np.where(high == low, 0.0, spread)


def _size(largest: np.ndarray) -> np.ndarray:
    """A power of two near the largest value of a column, 1 where squares are safe: dividing by it changes no digit."""
    far = (largest > 0) & ((largest > 1e100) | (largest < 1e-100))
    return np.where(far, np.ldexp(1.0, np.clip(np.frexp(largest)[1], -1000, 1000)), 1.0)


def _binary(x: np.ndarray) -> bool:
    return bool(((x == 0) | (x == 1)).all())


def _varies(x: np.ndarray) -> bool:
    return bool(len(x)) and bool(x.min() < x.max())
