"""Means and spreads of numeric columns under several weightings at once, in one pass over blocks of rows.

The trouble: a table of a million rows and thirty columns lies in memory row by row or column by column, and a pass over one column of
the former reads all of it. Squares of values around 1e9 lose every digit, those of 1e200 overflow, and a gap is not a number. So a
block of rows is read at a time, whichever way the table lies, less a pivot that is a value of the column itself,

    d = x - pivot:   mean = pivot + sum w d / sum w,    var = (sum w d^2 / sum w - (sum w d / sum w)^2) / (1 - sum W^2)

and the few columns for which that lost digits, or left the range of a float, are read a second time, less their mean and scaled by a
power of two.

What is inside: `Weighting`, weights with sum one; `Numbers`, what is known of a numeric column; `dense` and `sparse`, which make them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .._errors import InputError

__all__ = ["Numbers", "Weighting", "dense", "sparse"]

CELLS = 1 << 17  # numbers of a block: with its squares it stays in the cache
STORED = 1 << 21  # numbers of a sparse block
SAMPLE = 101  # rows among which the pivot is the median
LOST = 1e-6  # a variance smaller than this share of sum w d^2 has lost digits
SMALLEST, LARGEST = 1e-280, 1e280  # squares outside have left, or may have left, the range of a float


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
    """A numeric column under k weightings: means, standard deviations (ddof 1) and shares of missing rows, each (k,)."""

    mean: np.ndarray
    sd: np.ndarray
    missing: np.ndarray


class ColumnSums(NamedTuple):
    """Per column (d,): sum w d, sum w d^2, sum w, the freedom lost, and the weight of missing rows."""

    first: np.ndarray
    second: np.ndarray
    total: np.ndarray
    lost: np.ndarray
    missing: np.ndarray


def dense(x: np.ndarray, weightings: Sequence[Weighting], names: Sequence[Any], label: str) -> Iterator[Numbers]:
    """Numbers of every column of a table (n, d) of real numbers; nan is a gap, infinite values are refused by name."""
    pivot = _pivots(x)
    figures = {}
    for weighting, sums in zip(
        _different(weightings), _scan(x, pivot, _different(weightings), names, label), strict=True
    ):
        figures[id(weighting)] = _mended(x, weighting, pivot, sums)
    each = [figures[id(weighting)] for weighting in weightings]
    for j in range(x.shape[1]):
        yield Numbers(*(np.array([figure[i][j] for figure in each]) for i in range(3)))


def _different(weightings: Sequence[Weighting]) -> list[Weighting]:
    return list({id(weighting): weighting for weighting in weightings}.values())


def _pivots(x: np.ndarray) -> np.ndarray:
    """A value of each column, near its middle (d,); 0 where there is none."""
    rows = np.unique(np.linspace(0, len(x) - 1, min(len(x), SAMPLE)).astype(np.int64))
    some = np.sort(np.asarray(x[rows], dtype=np.float64), axis=0)  # gaps last
    there = len(some) - np.isnan(some).sum(axis=0)
    pivot = some[np.maximum(there - 1, 0) // 2, np.arange(x.shape[1])]
    for j in np.flatnonzero(there == 0).tolist():
        first = int(np.argmax(~np.isnan(x[:, j])))
        pivot[j] = 0.0 if np.isnan(x[first, j]) else x[first, j]
    return pivot


def _scan(
    x: np.ndarray,
    pivot: np.ndarray,
    weightings: Sequence[Weighting],
    names: Sequence[Any],
    label: str,
    scale: Any = None,
) -> list[ColumnSums]:
    """The sums under each weighting of d = (x - pivot) scale, in one pass."""
    n, size = x.shape
    step = max(1, CELLS // size)
    order = "F" if x.flags.f_contiguous else "C"
    far, squares = (np.empty((min(step, n), size), order=order) for _ in range(2))
    sums = [ColumnSums(*np.zeros((5, size))) for _ in weightings]
    for i in range(0, n, step):
        rows = slice(i, i + step)
        block = x[rows]
        with np.errstate(over="ignore", invalid="ignore"):
            d = np.subtract(block, pivot, out=far[: len(block)]) if scale is None else _scaled(block, pivot, scale)
            square = np.multiply(d, d, out=squares[: len(block)])
            whole = np.isfinite(square.sum(axis=0)).all()
        there = None if whole else _there(x, block, names, label)
        if there is not None:
            d[~there] = square[~there] = 0.0
        for weighting, s in zip(weightings, sums, strict=True):
            _add(s, weighting.w[rows], weighting.lost[rows], d, square, there)
    return sums


def _scaled(block: np.ndarray, pivot: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """(x - pivot) scale, neither of which can overflow first."""
    return block * scale - pivot * scale


def _add(
    s: ColumnSums, w: np.ndarray, lost: np.ndarray, d: np.ndarray, square: np.ndarray, there: np.ndarray | None
) -> None:
    """Add a block of rows to the sums, in place; no BLAS, whose threads cost more than such a block."""
    with np.errstate(over="ignore", invalid="ignore"):
        np.add(s.first, np.einsum("i,ij->j", w, d), out=s.first)
        np.add(s.second, np.einsum("i,ij->j", w, square), out=s.second)
    for total, x in ((s.total, w), (s.lost, lost)):
        total += x.sum() if there is None else np.einsum("i,ij->j", x, there)
    if there is not None:
        np.add(s.missing, np.einsum("i,ij->j", w, ~there), out=s.missing)


def _there(x: np.ndarray, block: np.ndarray, names: Sequence[Any], label: str) -> np.ndarray | None:
    """Where a block is not nan, None if everywhere; infinite values are refused, counted over all rows."""
    for j in np.flatnonzero(np.isinf(block).any(axis=0)).tolist():
        _refuse_infinite(np.arange(len(x)), x[:, j], names[j], label)
    there = ~np.isnan(block)
    return None if there.all() else there


def _mended(
    x: np.ndarray, weighting: Weighting, pivot: np.ndarray, sums: ColumnSums
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means, sds and missing shares (d,); columns whose sums lost digits, or left the range of a float, are read again."""
    mean, spread = _around(sums, pivot)
    with np.errstate(invalid="ignore", divide="ignore"):
        square = sums.second / sums.total
    strange = (square < SMALLEST) & (sums.first != 0) | ~(square < LARGEST) & (sums.total > 0)
    tiny = (spread < LOST * square) | ((square == 0) & (pivot != 0) & (np.abs(pivot) < np.sqrt(SMALLEST)))
    again = np.flatnonzero(strange | tiny)
    scale = np.ones(len(pivot))
    if again.size:
        part = x[:, again]
        scale[again] = np.where((strange | (np.abs(pivot) < np.sqrt(SMALLEST)))[again], _unit(part), 1.0)
        known = np.where(np.isfinite(mean[again]), mean[again], pivot[again])
        known = np.where(tiny[again] & ~strange[again] & (square[again] > 0), known, pivot[again])
        second = _scan(part, known, [weighting], again.tolist(), "", scale[again])[0]
        mean[again], spread[again] = _around(second, known, scale[again])
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(_unbiased(spread, sums.lost / sums.total**2)) / scale
        return mean, sd, sums.missing / (sums.missing + sums.total)


def _around(sums: ColumnSums, pivot: np.ndarray, scale: Any = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Means, and spreads in the scaled unit."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        far = sums.first / sums.total
        return pivot + far / scale, np.maximum(sums.second / sums.total - far * far, 0.0)


def _unit(x: np.ndarray) -> np.ndarray:
    """A power of two (d,) that brings the largest absolute value of each column near one."""
    peak = np.fmax.reduce(np.abs(np.asarray(x, dtype=np.float64)), axis=0)
    return _to_one(peak)


def _to_one(peak: np.ndarray) -> np.ndarray:
    good = np.isfinite(peak) & (peak > 0)
    exponent = np.frexp(np.where(good, peak, 1.0))[1]
    return np.ldexp(1.0, np.clip(-exponent, -1000, 1000))


def _unbiased(spread: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """spread / (1 - sum W^2); zero where one row holds all the weight."""
    alone = lost >= 1 - 1e-12
    return np.where(alone, 0.0, spread / np.where(alone, 1.0, 1 - lost))


# ---- sparse -----------------------------------------------------------------------------------------------------------------


def sparse(x: Any, names: Sequence[Any], weightings: Sequence[Weighting], label: str) -> Iterator[tuple[Any, Numbers]]:
    """Numbers of columns of a CSC matrix, from what is stored; the rest is zero and stays unwritten."""
    step = max(1, STORED * len(names) // (x.nnz + 1))
    for i in range(0, len(names), step):
        some = list(names[i : i + step])
        block = x[:, some]
        column = np.repeat(np.arange(len(some)), np.diff(block.indptr))
        values = np.asarray(block.data, dtype=np.float64)
        for k in column[np.isinf(values)][:1].tolist():
            _refuse_infinite(block.indices[column == k], values[column == k], some[k], label)
        peak = np.zeros(len(some))
        np.fmax.at(peak, column, np.abs(values))
        scale = np.where((peak > 0) & ((peak < SMALLEST**0.5) | (peak > LARGEST**0.5)), _to_one(peak), 1.0)
        each = [
            _stored(values * scale[column], column, block.indices, weighting, len(some)) for weighting in weightings
        ]
        for j, name in enumerate(some):
            mean, sd, missing = (np.array([figures[k][j] for figures in each]) for k in range(3))
            yield name, Numbers(mean / scale[j], sd / scale[j], missing)


def _stored(
    v: np.ndarray, column: np.ndarray, rows: np.ndarray, weighting: Weighting, size: int
) -> tuple[np.ndarray, ...]:
    """Means, sds and missing shares of `size` columns from their stored values v of `column` and `rows`."""
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
        return mean, np.sqrt(_unbiased(spread, lost / total**2)), missing


def _refuse_infinite(rows: np.ndarray, x: np.ndarray, name: Any, label: str) -> None:
    bad = np.isinf(x)
    raise InputError(
        f"`{label}` column {name!r} must be finite; got {np.count_nonzero(bad):,} infinite, first at row {rows[bad].min()}. "
        f"Mend or drop those rows."
    )
