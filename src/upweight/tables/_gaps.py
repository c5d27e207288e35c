"""Gaps: which patterns of them a learner is told, and what is said of gaps that training did not have.

The trouble: an imputed median hides that nothing was there, and that nothing was there is often what tells the classes apart: a lab value
that nobody ordered, a date of cancellation. And a column that a broken join has emptied is scored like any other, by its median.

    told        a column of 0 and 1 for every pattern of gaps in the numbers of the training rows, where both stand in enough of them
    at scoring  gaps in a column that had none in training: a warning with their share; refused where a table of several rows has
                nothing else; a warning too where gaps were known, but so many in a row would come once in a thousand times

What is inside: `gap_columns`, where the numbers have gaps; `told_gaps`, the patterns; `tell_gaps`, what is said at scoring.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy import sparse

from .._errors import InputError, counted

__all__ = ["gap_columns", "tell_gaps", "told_gaps"]

UNLIKELY = 0.001


def gap_columns(numbers: Any) -> np.ndarray:
    """Columns of (n, p) numbers that have gaps; a sparse matrix has none."""
    if sparse.issparse(numbers):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.isnan(numbers).any(axis=0))


def told_gaps(numbers: Any, fewest: int) -> np.ndarray:
    """(g,) columns whose gaps are told: `fewest` rows with and without, and of columns empty in the same rows the first."""
    columns = gap_columns(numbers)
    met: set[bytes] = set()
    told = []
    for j in columns.tolist():
        gaps = np.isnan(numbers[:, j])
        pattern = np.packbits(gaps).tobytes()
        if fewest <= gaps.sum() <= len(gaps) - fewest and pattern not in met:
            met.add(pattern)
            told.append(j)
    return np.array(told, dtype=np.int64)


def tell_gaps(name: str, gaps: np.ndarray, *, known: int, rows: int, scored: str) -> None:
    """Say what training did not have; `known` of its `rows` (0: not recorded) were gaps, `scored` is what becomes of one."""
    bad, n = int(gaps.sum()), len(gaps)
    if not bad:
        return
    if known:
        if bad == n > 1 and rows and (known / rows) ** n < UNLIKELY:
            warnings.warn(
                f"`X`: column {name!r} is empty in all {counted(n, 'row')}; in training it was in {known:,} of {rows:,}. Is it filled elsewhere?",
                stacklevel=2,
            )
        return
    if bad == n > 1:
        raise InputError(
            f"`X`: column {name!r} is empty in all {counted(n, 'row')}, and had no gap in training. Fill it as in training, or fit without it."
        )
    row = int(gaps.argmax())
    warnings.warn(
        f"`X`: column {name!r} is empty in {bad:,} of {counted(n, 'row')} ({100 * bad / n:.0f} %), first at row {row}, and had no gap in training. "
        f"Fill it; such rows are scored {scored}.",
        stacklevel=2,
    )
