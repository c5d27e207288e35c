"""Columns and rows that make a comparison of two samples empty: a running number, and the same rows on both sides.

The trouble: a customer number that was given in order tells new rows from old ones without fail, and a ratio learnt from it says that no
source row is like any target row. And a target that was drawn from the source itself has nothing to tell.

    an identifier    whole numbers, dates or text, every value of both samples different, and one side below the other;
                     or a running number by name and by values on either side, from another start or to another end
    in both          share of target rows that are source rows, where the source's own rows differ from each other

What is inside: `refuse_identifiers`; `share_in_both`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from ..._errors import InputError, printable
from ...tables import Table, numbers_rows

__all__ = ["refuse_identifiers", "share_in_both"]

FEWEST = 10  # rows a side below which a column of different values is no identifier yet
TOLD_APART = 0.99  # area under the curve of the column alone
DISTINCT = 0.95  # share of source rows that differ from all others, from which a row in both is no accident


def refuse_identifiers(columns: Iterable[tuple[Any, Any]], n_source: int) -> None:
    """Refuse a column, joined source first, that numbers the rows and tells the two sides apart alone, or by how many rows they have."""
    for name, values in columns:
        if _two_counters(str(name), values, n_source):
            raise InputError(
                f"column `{printable(name)}` numbers the rows of either side; where their numbers differ it tells the two apart and says "
                "nothing of them: exclude it."
            )
        x = _whole_or_text(values)
        if x is None or min(n_source, len(x) - n_source) < FEWEST or len(np.unique(x)) < len(x):
            continue
        rank = np.empty(len(x))
        rank[np.argsort(x, kind="stable")] = np.arange(len(x))
        n_target = len(x) - n_source
        area = (rank[n_source:].mean() - (n_target - 1) / 2) / n_source
        if max(area, 1 - area) >= TOLD_APART:
            raise InputError(
                f"column `{printable(name)}` alone tells the two apart: all its {len(x):,} values differ, and those of one side come "
                "after the other's. It numbers the rows: exclude it."
            )


def _two_counters(name: str, values: Any, n_source: int) -> bool:
    """Whether a whole-number column of a frame counts the rows of both sides, and not the same numbers."""
    if isinstance(values, np.ndarray) or values.null_count or not pa.types.is_integer(values.type):
        return False
    x = values.to_numpy(zero_copy_only=False)
    sides = x[:n_source], x[n_source:]
    if min(map(len, sides)) < FEWEST or not all(numbers_rows(name, side) for side in sides):
        return False
    return sides[0].min() != sides[1].min() or len(sides[0]) != len(sides[1])


def _whole_or_text(values: Any) -> np.ndarray | None:
    """The values as an array that sorts; None of fractions, categories, gaps and truths."""
    if isinstance(values, np.ndarray):
        return values
    kind = values.type
    if values.null_count or pa.types.is_dictionary(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return None
    if len(values.unique()) < len(values):
        return None
    if pa.types.is_integer(kind):
        return values.to_numpy(zero_copy_only=False)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return values.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy(zero_copy_only=False)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return np.array(values.to_pylist(), dtype=str)
    return None


def share_in_both(table: Table, n_source: int) -> float:
    """Share of the rows after the first `n_source` that are among these; 0 where the first are not distinct themselves."""
    keys = _row_keys(table)
    if keys is None:
        return 0.0
    source, target = keys[:n_source], keys[n_source:]
    if len(np.unique(source)) < DISTINCT * n_source:
        return 0.0
    return float(np.isin(target, source).mean())


def _row_keys(table: Table) -> np.ndarray | None:
    """(n,) a number that equal rows share; None of sparse tables, whose rows are seldom distinct."""
    if sparse.issparse(table.numbers):
        return None
    blocks = [np.ascontiguousarray(table.numbers + 0.0).view(np.uint64), table.codes.astype(np.uint64)]
    blocks.append(np.ascontiguousarray(table.word_sums()).view(np.uint64))
    key = np.zeros(len(table), np.uint64)
    for column in np.hstack(blocks).T:
        key = (key ^ column) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    return key
