"""What the target would do in each row, asked for a few thousand rows at a time.

The trouble: a target policy over a thousand actions is a table of a thousand columns, and peers ask for it whole: a million rows of it are
eight gigabytes. It may come as a matrix, dense or sparse, as one column of actions if the target is deterministic, or as a function of row
numbers, and is only ever looked at in blocks of rows.

What is inside: `TargetActions`, which reads them, checks that rows add up to one and gives blocks; `read_actions`, logged actions by number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..._errors import InputError
from ..._frames import read, require

__all__ = ["TargetActions", "read_actions"]

ROWS = 4096  # asked for at a time
CLOSE = 1e-6  # by which the probabilities of a row may miss one


class TargetActions(NamedTuple):
    """pi(a | x) of n rows over `width` actions, in whatever form it came."""

    n: int
    width: int
    of: Callable[[np.ndarray], Any]  # row numbers (m,) -> (m, K) probabilities, or (m,) actions

    @classmethod
    def read(cls, target: Any, action: np.ndarray, features: Any) -> TargetActions:
        """`target` : (n, K) array or CSR matrix, (n,) actions, or a callable of row numbers; `action` : (n,) logged actions."""
        from ...tables import is_frame, matrix

        n = action.size
        if callable(target):
            count = _rows_of(target, np.arange(min(n, 1))).shape[-1]
            return cls(n, _width(count, features), lambda rows: _rows_of(target, rows))
        if hasattr(target, "tocsr"):
            matrix = target.tocsr()
            _refuse_rows(matrix.shape[0], n)
            return cls(n, _width(matrix.shape[1], features), lambda rows: matrix[rows].toarray())
        if is_frame(target):
            target = matrix(target)
        table, _ = read(target, "target")
        _refuse_rows(table.shape[0] if table.ndim else 0, n)
        if table.ndim == 2:
            return cls(n, _width(table.shape[1], features), lambda rows: table[rows])
        most = features.shape[0] if features is not None else 1 + int(max(table.max(), action.max()))
        chosen = read_actions(table, most, "target")
        return cls(n, most, lambda rows: chosen[rows])

    def blocks(self, rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Row numbers (m,), 4,096 at a time, and what the target does there: (m, K) probabilities, or (m,) actions."""
        for i in range(0, rows.size, ROWS):
            block = rows[i : i + ROWS]
            found = np.asarray(self.of(block))
            if found.ndim == 2:
                _refuse_sums(found, block)
            yield block, found


def read_actions(action: Any, count: int | None, name: str = "action") -> np.ndarray:
    """Actions (n,) as whole numbers 0 ... K - 1."""
    a, _ = read(action, name)
    if a.ndim != 1 or a.size == 0:
        raise InputError(f"`{name}` must be one column of action numbers; got shape {a.shape}.")
    most = "K - 1" if count is None else f"{count - 1:,}"
    ok = (a >= 0) & (a == np.rint(a)) & (a < (np.inf if count is None else count))
    require(ok, f"`{name}`", f"be whole numbers 0 ... {most}", a, "Number the actions from 0.", "outside")
    return a.astype(np.intp)


def _rows_of(target: Callable[[np.ndarray], Any], rows: np.ndarray) -> np.ndarray:
    given = target(rows)
    found = np.asarray(given.toarray() if hasattr(given, "toarray") else given, dtype=np.float64)
    if found.ndim != 2 or found.shape[0] != rows.size:
        raise InputError(
            f"`target` as a function must give (m, K) probabilities for m row numbers; got shape {found.shape} for {rows.size:,} rows."
        )
    return found


def _refuse_rows(rows: int, n: int) -> None:
    if rows != n:
        raise InputError(
            f"`target` must have one row an action; got {rows:,} for {n:,} actions. Pass both of the same rows."
        )


def _width(count: int, features: Any) -> int:
    if features is not None and features.shape[0] != count:
        raise InputError(
            f"`features` must have one row an action; got {features.shape[0]:,} for {count:,} columns of `target`."
        )
    return count


def _refuse_sums(pi: np.ndarray, rows: np.ndarray) -> None:
    below = (pi < 0).any(axis=1)
    if below.any():
        first = int(below.argmax())
        raise InputError(
            f"`target` must hold probabilities, which are >= 0; got {pi[first].min():.6g} at row {rows[first]}. Mend that row."
        )
    sums = pi.sum(axis=1)
    bad = ~(np.abs(sums - 1) <= CLOSE)
    if bad.any():
        first = int(bad.argmax())
        raise InputError(
            f"`target` must hold probabilities that add up to 1 in every row; got {sums[first]:.6g} at row {rows[first]}. "
            "Divide each row by its sum."
        )
