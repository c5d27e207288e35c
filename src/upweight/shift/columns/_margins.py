"""Known means and shares as terms: margins of single columns, and joint cells of several.

The trouble: a census gives shares and no rows. Raking brings several margins to their shares at once, post-stratification the cells of one
joint table; both are averages of indicators, so no contingency table is ever built.

    {"age": 41.2}                                        mean of a number
    {"sex": {"f": .52, "m": .48}}                        shares of the levels of a column
    {("sex", "age"): {("f", "18-24"): .06, ...}}         shares of the cells of several columns

What is inside: `known_terms`, the terms of the source rows and the averages that are wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse

from ..._errors import InputError, did_you_mean, is_number, plain, printable
from ...tables import column_names, is_frame
from ._levels import LevelColumn, in_order, read_levels
from ._terms import TermRows, level_name

__all__ = ["known_terms"]

NEAR_ONE = 1e-6


def known_terms(source: Any, target: Mapping[Any, Any]) -> tuple[TermRows, np.ndarray]:
    """The terms of the source rows that the mapping names, and the averages (K,) it wants of them, dense ones first."""
    if not target:
        raise InputError("`target` names no column. Give {column: mean} or {column: {level: share}}.")
    names = column_names(source) if is_frame(source) else list(range(np.shape(source)[1]))
    numbers: list[tuple[str, np.ndarray, float]] = []
    blocks: list[tuple[list[str], np.ndarray, list[float]]] = []
    for key, wanted in target.items():
        columns = _columns_of(key, names)
        read = _read(source, columns)
        if len(columns) == 1 and read[0].numbers is not None and not isinstance(wanted, Mapping):
            numbers.append((str(key), read[0].numbers, _mean_of(key, wanted)))
        else:
            blocks.append(_shares_of(key, read, wanted))
    rows = len(numbers[0][1]) if numbers else len(blocks[0][1])
    dense = np.column_stack([x for _, x, _ in numbers]) if numbers else np.empty((rows, 0))
    thin = sparse.csr_array(sparse.hstack([_one_hot(codes, len(n)) for n, codes, _ in blocks])) if blocks else None
    terms = TermRows(
        (*(name for name, _, _ in numbers), *(name for n, _, _ in blocks for name in n)),
        dense,
        sparse.csr_array((rows, 0)) if thin is None else thin,
    )
    return terms, np.array([m for _, _, m in numbers] + [share for _, _, shares in blocks for share in shares])


def _columns_of(key: Any, names: list[Any]) -> list[Any]:
    """The columns that a key means: itself, or of a tuple that is no name, its parts."""
    parts = [key] if key in names or not isinstance(key, tuple) else list(key)
    for part in parts:
        if part not in names:
            raise InputError(f"`source` has no column {part!r}, which the target names.{did_you_mean(part, names)}")
    return parts


def _read(source: Any, columns: list[Any]) -> list[LevelColumn]:
    if not sparse.issparse(source):
        return read_levels(source, "source", columns)
    dense = source.tocsc()[:, columns].toarray()
    return [LevelColumn(j, numbers=np.asarray(dense[:, i], dtype=np.float64)) for i, j in enumerate(columns)]


def _mean_of(key: Any, wanted: Any) -> float:
    if not is_number(plain(wanted)) or not np.isfinite(wanted):
        raise InputError(f"the target mean of column {key!r} must be a finite number; got {wanted!r}.")
    return float(wanted)


def _shares_of(key: Any, columns: list[LevelColumn], wanted: Any) -> tuple[list[str], np.ndarray, list[float]]:
    """Names of the cells, the cell of every row, and the share wanted of each."""
    cells, codes = _cells_of(columns)
    if not isinstance(wanted, Mapping) and len(columns) == 1 and {*cells} <= {True, False} and is_number(plain(wanted)):
        wanted = {False: 1 - float(wanted), True: float(wanted)}
    if not isinstance(wanted, Mapping):
        raise InputError(
            f"column {key!r} is a category, which has a share a level and no mean; got {wanted!r}. Say {{{key!r}: {{level: share}}}}."
        )
    shares = {_cell(level): _share(key, level, share) for level, share in wanted.items()}
    _refuse_wrong_shares(key, shares, cells, codes)
    kept = [c for c in in_order({*shares}) if c in {*cells}]
    place = {cell: i for i, cell in enumerate(kept)}
    name = key if len(columns) == 1 else " x ".join(str(c.name) for c in columns)
    codes = np.array([place[cell] for cell in cells])[codes]
    return [level_name(name, cell) for cell in kept], codes, [shares[cell] for cell in kept]


def _cells_of(columns: list[LevelColumn]) -> tuple[list[Any], np.ndarray]:
    """The cells that rows lie in, each once, and the number (n,) of every row's."""
    if len(columns) == 1 and columns[0].codes is not None:
        return list(columns[0].levels), columns[0].codes
    labels = columns[0].labels() if len(columns) == 1 else list(zip(*(c.labels() for c in columns), strict=True))
    cells = list(dict.fromkeys(labels))
    place = {cell: i for i, cell in enumerate(cells)}
    return cells, np.array([place[cell] for cell in labels])


def _cell(level: Any) -> Any:
    return tuple(plain(part) for part in level) if isinstance(level, tuple) else plain(level)


def _share(key: Any, level: Any, share: Any) -> float:
    if not is_number(plain(share)) or not 0 <= share <= 1:
        raise InputError(f"the share of {key!r} at {level!r} must be a number from 0 to 1; got {share!r}.")
    return float(share)


def _refuse_wrong_shares(key: Any, shares: Mapping[Any, float], cells: list[Any], codes: np.ndarray) -> None:
    total = sum(shares.values())
    if not total:
        raise InputError(
            f"the shares of {key!r} must sum to 1; got 0 from {len(shares)}. Say {{{key!r}: {{level: share}}}}."
        )
    if abs(total - 1) > NEAR_ONE:
        raise InputError(
            f"the shares of {key!r} must sum to 1; got {total:.6g}. Divide each by {total:.6g}, or mend one."
        )
    there = {*cells}
    unnamed = np.isin(codes, [i for i, cell in enumerate(cells) if cell not in shares])
    if unnamed.any():
        row = int(unnamed.argmax())
        raise InputError(
            f"the shares of {key!r} must name every level of the source; got none for {cells[codes[row]]!r}, first at row {row}. "
            "Give it a share, 0 if the target has none."
        )
    unseen = [cell for cell, share in shares.items() if share > 0 and cell not in there]
    if unseen:
        raise InputError(
            f"the target wants a share of {shares[unseen[0]]:.4g} of {key!r} = {printable(unseen[0])!r}, which no source row has. "
            "Merge it or drop it from the target."
        )


def _one_hot(codes: np.ndarray, levels: int) -> sparse.csr_array:
    n = len(codes)
    return sparse.csr_array((np.ones(n), codes, np.arange(n + 1)), shape=(n, levels))
