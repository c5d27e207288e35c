"""One epoch's rows as an iterator that knows where it is, and goes on from there.

The trouble: a sampler that stopped in the middle of an epoch must be run again up to there; a Python object that counts every row costs more
than the rows. So rows are handed out in lists by `itertools.chain`, which runs without Python code between them, and the place is read
from what the current list has left.

    offset = end of the current list - what it has left
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..._errors import InputError, reading

__all__ = ["EpochOrder", "RowLists"]

LIST = 1 << 16


class RowLists:
    """The rows of an epoch as iterators over lists, from a place on that can be moved."""

    def __init__(self, rows: np.ndarray, offset: int) -> None:
        self.rows, self.end, self.ended = rows, offset, False
        self.current: Iterator[int] = iter([])

    def __iter__(self) -> RowLists:
        return self

    def __next__(self) -> Iterator[int]:
        if self.end >= len(self.rows):
            self.ended = True
            raise StopIteration
        self.current = iter(self.rows[self.end : self.end + LIST].tolist())
        self.end = min(self.end + LIST, len(self.rows))
        return self.current

    @property
    def offset(self) -> int:
        """How many rows were handed out."""
        return self.end - operator.length_hint(self.current)

    def move(self, rows: np.ndarray, offset: int) -> None:
        """Go on elsewhere."""
        for _ in self.current:  # what the chain still holds of the old place
            pass
        self.rows, self.end = rows, offset


class EpochOrder(itertools.chain):
    """Row numbers of an epoch as ints; `state_dict` and `load_state_dict` are what torchdata asks of an iterator that resumes."""

    epoch: int
    _lists: RowLists
    _rows_of: Callable[[int], np.ndarray]

    @classmethod
    def of(cls, lists: RowLists, epoch: int, rows_of: Callable[[int], np.ndarray]) -> EpochOrder:
        """The rows of an epoch; `rows_of` gives those of another epoch."""
        made: Any = cls.from_iterable(lists)
        made.epoch, made._lists, made._rows_of = epoch, lists, rows_of
        return made

    @property
    def offset(self) -> int:
        """How many rows of the epoch were handed out."""
        return self._lists.offset

    @property
    def ended(self) -> bool:
        """Whether the epoch is over."""
        return self._lists.offset >= len(self._lists.rows)

    def state_dict(self) -> dict[str, int]:
        """Epoch and offset."""
        return {"epoch": self.epoch, "offset": self.offset}

    def load_state_dict(self, d: dict[str, int]) -> None:
        """Go on from a state of the same plan."""
        with reading("the state of this iterator", "state_dict()"):
            epoch, offset = int(d["epoch"]), int(d["offset"])
        if self._lists.ended:
            raise InputError("this iterator has ended; a state goes into a fresh one. Call iter(sampler) again.")
        rows = self._lists.rows if epoch == self.epoch else self._rows_of(epoch)
        if not 0 <= offset <= len(rows):
            raise InputError(
                f"`offset` must lie in 0 to {len(rows):,}, the rows of the epoch; got {offset:,}. Load your own state."
            )
        self.epoch = epoch
        self._lists.move(rows, offset)
