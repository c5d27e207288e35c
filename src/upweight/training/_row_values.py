"""The last number seen of each row: kept where it was computed, moved once an epoch, the same on every rank.

The trouble: scores come in batches, on a device, in the order of a rank. Moving each batch at once makes the processor wait at every step;
ranks that keep their own scores soon draw by different probabilities.

    value_i <- decay value_i + (1 - decay) score,      in (step, rank) order

What is inside: `RowValues`, with `add` (each step) and `settle` (each epoch).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from .._errors import InputError
from .._frames import from_torch
from ._reading import refuse_bad

__all__ = ["Exchange", "RowValues"]

Pairs: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray]  # rows (m,), values (m,), rows of each step
Exchange: TypeAlias = Callable[[Pairs], list[Pairs]]  # this rank's pairs to those of all ranks, in their order


class RowValues:
    """One float32 a row, NaN until the row is seen; `age` counts epochs since."""

    def __init__(self, n: int, decay: float, name: str) -> None:
        self.n, self.decay, self.name = n, decay, name
        self.settled = np.full(n, np.nan, np.float32)
        self.age = np.zeros(n, np.int32)
        self._steps: list[tuple[Any, Any]] = []
        self._looked_at_device = False

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, index: Any, value: Any) -> None:
        """Note the values of one step; nothing of it is kept unless all of it is right.

        Raises InputError for indexes and values of different shapes, and for values below 0 or not finite.
        """
        rows, values = self._here(index), self._here(value)
        shape = getattr(rows, "shape", ())
        if len(shape) != 1 or tuple(values.shape) != tuple(shape):
            raise InputError(
                f"`index` and `{self.name}` must be one number a row; got shapes {tuple(shape)} and {tuple(values.shape)}. Flatten them."
            )
        if isinstance(rows, np.ndarray):
            self._refuse_rows(rows)
        if isinstance(values, np.ndarray):
            refuse_bad(values, self.name)
        elif not self._looked_at_device:
            refuse_bad(from_torch(values).astype(np.float64), self.name)
            self._looked_at_device = True
        self._steps.append((rows, values))

    def _here(self, x: Any) -> Any:
        """A copy that later steps cannot change: an array, or a tensor that stays on its device."""
        if hasattr(x, "detach"):
            return np.array(from_torch(x)) if x.device.type == "cpu" else x.detach().clone()
        return np.array(x)

    def _refuse_rows(self, rows: np.ndarray) -> None:
        if rows.dtype.kind not in "iu":
            raise InputError(f"`index` must be whole numbers; got {rows.dtype}. Indexed(dataset) gives them.")
        if len(rows) and (rows.min() < 0 or rows.max() >= self.n):
            bad = (rows < 0) | (rows >= self.n)
            first = int(bad.argmax())
            raise InputError(
                f"`index` must lie in 0 to {self.n - 1}; got {int(bad.sum()):,} outside, first {rows[first]} at row {first}. "
                "Number the rows of the whole data set."
            )

    def pairs(self) -> Pairs:
        """What was noted since the epoch began, on the host, looked at.

        Raises InputError for values below 0 or not finite.
        """
        if not self._steps:
            return np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64)
        rows = _host([r for r, _ in self._steps]).astype(np.int64, copy=False)
        values = _host([v for _, v in self._steps]).astype(np.float32, copy=False)
        try:
            self._refuse_rows(rows)
            refuse_bad(values, self.name)
        except InputError:
            self._steps.clear()  # of a device, where a look would have cost a wait: without them the next epoch can go on
            raise
        return rows, values, np.array([len(v) for _, v in self._steps], np.int64)

    def settle(self, exchange: Exchange | None = None, *, older: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Apply what was noted, here and on other ranks; (rows, values) of the epoch, in the order in which they were applied.

        older : whether an epoch has passed.
        """
        own = self.pairs()
        rows, values = merged(exchange(own) if exchange is not None else [own])
        self.settled = applied(self.settled, rows, values, self.decay)
        self.age += older
        self.age[rows] = 0
        self._steps.clear()
        return rows, values

    def now(self) -> np.ndarray:
        """(n,) float64 values with all that was noted here; NaN for unseen rows. Nothing changes."""
        rows, values, _ = self.pairs()
        return applied(self.settled, rows, values, self.decay).astype(np.float64)


def _host(parts: list[Any]) -> np.ndarray:
    """One array of all parts; those of a device are joined there and moved once."""
    if all(isinstance(p, np.ndarray) for p in parts):
        return np.concatenate(parts)
    if any(isinstance(p, np.ndarray) for p in parts):
        return np.concatenate([p if isinstance(p, np.ndarray) else from_torch(p) for p in parts])
    from array_api_compat import array_namespace

    return from_torch(array_namespace(parts[0]).concat(parts))


def merged(ranks: list[Pairs]) -> tuple[np.ndarray, np.ndarray]:
    """Rows and values of all ranks in (step, rank) order."""
    if len(ranks) == 1:
        return ranks[0][0], ranks[0][1]
    step = np.concatenate([np.repeat(np.arange(len(sizes)), sizes) for _, _, sizes in ranks])
    order = np.argsort(step, kind="stable")  # ranks stand in their order already
    return np.concatenate([r for r, _, _ in ranks])[order], np.concatenate([v for _, v, _ in ranks])[order]


def applied(settled: np.ndarray, rows: np.ndarray, values: np.ndarray, decay: float) -> np.ndarray:
    """New (n,) values: one row after the other as they stand, in closed form for rows that come more than once."""
    out = settled.copy()
    if decay == 0 or not len(rows):
        out[rows] = values  # the last one stays
        return out
    order = np.argsort(rows, kind="stable")
    r = rows[order]
    first = np.r_[True, r[1:] != r[:-1]]
    starts = np.flatnonzero(first)
    sizes = np.diff(np.r_[starts, len(r)])
    later = np.repeat(starts + sizes, sizes) - 1 - np.arange(len(r))  # how many of the same row come after
    seen = r[starts]
    old = settled[seen]
    unseen = np.isnan(old)
    share = (1 - decay) * decay**later
    share[starts[unseen]] = decay ** later[starts[unseen]]
    fresh = np.add.reduceat(share * values[order], starts)
    out[seen] = fresh + np.where(unseen, 0.0, decay**sizes * np.where(unseen, 0.0, old))
    return out
