"""Where the categories of synthetic rows come from: each value is copied from one row, its donor.

The trouble: a donor a category and output row is a table of row numbers eight times the size of the codes it stands for, and
nearly all of it says the same: a real row is its own donor, and all rows made from one base row share the vote of its neighbours.

    donor of row j, column c  =  own_j  if which_j < 0,  else  voted[which_j, c]

What is inside: `Donors`, one line of votes for each base row, and which of them an output row follows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Donors"]


@dataclass(frozen=True, eq=False)
class Donors:
    """own : (m,) source row of an output row that nobody voted for. voted : (b, q) source rows, by line and categorical column.
    which : (m,) line of `voted` that an output row follows, -1 for none."""

    own: np.ndarray
    voted: np.ndarray
    which: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> Donors:
        """From a donor for every output row and column (m, q)."""
        return cls(np.zeros(len(rows), np.int64), rows, np.arange(len(rows)))

    def column(self, j: int) -> np.ndarray:
        """(m,) int64 donors of the j-th categorical column."""
        out = self.own.astype(np.int64)
        led = np.flatnonzero(self.which >= 0)
        out[led] = self.voted[self.which[led], j]
        return out

    def table(self) -> np.ndarray:
        """(m, q) int64, all of them."""
        out = np.empty((len(self.own), self.voted.shape[1]), np.int64)
        for j in range(out.shape[1]):
            out[:, j] = self.column(j)
        return out

    def rows(self, rows: np.ndarray) -> Donors:
        """The donors of some output rows."""
        return replace(self, own=self.own[rows], which=self.which[rows])

    def columns(self, chosen: np.ndarray) -> Donors:
        """The donors of some categorical columns, by mask or number."""
        return replace(self, voted=self.voted[:, chosen])

    def through(self, indices: np.ndarray, first: Donors | None) -> Donors:
        """These donors, which are output rows of an earlier resample, as rows of its source.

        indices : source row of each of its output rows. first : its own donors, if it has any.
        """
        if first is None:
            return Donors(indices[self.own], indices[self.voted], self.which)
        traced = np.empty_like(self.voted, dtype=np.int64)
        for j in range(traced.shape[1]):
            traced[:, j] = first.column(j)[self.voted[:, j]]
        which = np.where(self.which >= 0, self.which + len(first.voted), first.which[self.own])
        return Donors(first.own[self.own], np.concatenate([first.voted, traced]), which)
