"""Rows are paired by their place, so pandas objects whose indexes differ are refused.

The trouble: `X = frame[columns]`, `y = labels.sort_values()`: both have n rows, every one beside another's label, and nothing fails. Which
rows belong together is the caller's to say; what has no index (arrays, lists, polars, Arrow) is taken in its order.

What is inside: `refuse_other_index`, for every door that takes several columns of the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals.stable.v1 as nw

from .._errors import InputError
from .._weights import Weights

__all__ = ["refuse_other_index"]


def refuse_other_index(columns: Mapping[str, Any]) -> None:
    """Columns (or tables) by the names of their arguments; None and what has no index fit any."""
    indexed = [(name, index) for name, column in columns.items() if (index := _index_of(column)) is not None]
    for name, index in indexed[1:]:
        first, of_first = indexed[0]
        if index is of_first or len(index) != len(of_first) or index.equals(of_first):
            continue  # another length is refused by whoever counts
        if index.is_unique and of_first.is_unique and bool(of_first.isin(index).all()):
            remedy = f"It is the same index in another order: pass `{name}.loc[{first}.index]`."
        else:
            remedy = "Reindex one of them, or pass `.to_numpy()` of both if the order is right."
        row = next(i for i, (a, b) in enumerate(zip(of_first, index, strict=True)) if a != b)
        raise InputError(
            f"`{first}` and `{name}` have different indexes, first {of_first[row]!r} and {index[row]!r} at row {row}; rows are never "
            f"aligned in silence. {remedy}"
        )


def _index_of(column: Any) -> Any:
    """The index of a pandas-like object, or of `Weights` made from one."""
    if isinstance(column, Weights):
        return column._container.index
    pandas = nw.dependencies.is_pandas_like_series(column) or nw.dependencies.is_pandas_like_dataframe(column)
    return column.index if pandas else None
