"""Lists of neighbours with spares: search once, take rows away, look again only where a list has run short.

The trouble: repeated editing, a sweep of methods and the folds inside a training set ask for nearly the same neighbours over and
over. The nearest rows of what is left are the old list without the rows that are gone, as long as enough of it is left.

    first k of what is alive:   the alive entries of the list, in order;   fewer than k of them: search again among the alive

That is exact: every row that is not on a list comes after all that are, by (distance, row number).

What is inside: `Lists`. `of` copies the lists of some rows for a caller who will take rows away, `subset` renumbers them for
some of the rows.
"""

from __future__ import annotations

import numpy as np

from ._distances import Space
from ._search import Nearest, nearest

__all__ = ["SPARE", "Lists"]

SPARE = 4  # entries beyond the k that were asked for, whenever a list is searched


class Lists:
    """The nearest rows of some rows of a space, ascending by (distance, row number), -1 where there are no more.

    Attributes
    ----------
    queries : (q,) row numbers whose lists these are.
    rows, d2 : (q, width) row numbers and squared distances.
    whole : (q,) bool, the list names every row there was when it was searched.
    """

    def __init__(
        self, space: Space, queries: np.ndarray, rows: np.ndarray, d2: np.ndarray, whole: np.ndarray | None = None
    ):
        self.space, self.queries, self.rows, self.d2 = space, queries, rows, d2
        self.whole = rows[:, -1] < 0 if whole is None else whole

    @classmethod
    def search(cls, space: Space, queries: np.ndarray, k: int, alive: np.ndarray | None = None) -> Lists:
        """Search k neighbours of each query among the alive rows (all, if None)."""
        pool = np.arange(space.n) if alive is None else np.flatnonzero(alive)
        return cls(space, np.asarray(queries, dtype=np.int64), *nearest(space, queries, pool, k))

    def of(self, queries: np.ndarray) -> Lists:
        """A copy of the lists of these rows, which must be among ours; ours are in ascending order."""
        at = np.searchsorted(self.queries, queries)
        return Lists(self.space, self.queries[at], self.rows[at].astype(np.int64), self.d2[at], self.whole[at])

    def subset(self, space: Space, rows: np.ndarray) -> Lists:
        """The lists of these rows (of lists of all rows) among themselves, numbered within `rows`; `space` holds them."""
        number = np.full(self.space.n, -1, dtype=np.int64)
        number[rows] = np.arange(len(rows))
        old, d2, whole = self.rows[rows], self.d2[rows], self.whole[rows]
        new = np.where(old >= 0, number[old], -1)
        if (np.diff(rows) < 0).any():  # in another order others may come first among those tied with the last
            new[(d2 == d2[:, -1:]) & ~whole[:, None]] = -1
        d2 = np.where(new >= 0, d2, np.inf)
        order = np.lexsort((new, d2), axis=-1)
        return Lists(space, np.arange(len(rows)), *_taken(new, d2, order), whole)

    def first(self, k: int, alive: np.ndarray, who: np.ndarray | None = None) -> Nearest:
        """The k nearest alive rows of the queries at positions `who` (all, if None), searched again where too few are left."""
        who = np.arange(len(self.queries)) if who is None else who
        living = self._living(who, alive)
        short = who[(living.sum(axis=1) < k) & ~self.whole[who]]
        if len(short):
            self._search_again(short, k, alive)
            living = self._living(who, alive)
        rows, d2 = _taken(self.rows[who], self.d2[who], _front(living, k))
        rows, d2 = np.where(_living_first(living, k), rows, -1), np.where(_living_first(living, k), d2, np.inf)
        missing = k - rows.shape[1]
        if missing <= 0:
            return rows, d2
        return np.pad(rows, ((0, 0), (0, missing)), constant_values=-1), np.pad(
            d2, ((0, 0), (0, missing)), constant_values=np.inf
        )

    def _living(self, who: np.ndarray, alive: np.ndarray) -> np.ndarray:
        rows = self.rows[who]
        return (rows >= 0) & alive[rows]

    def _search_again(self, who: np.ndarray, k: int, alive: np.ndarray) -> None:
        width = max(self.rows.shape[1], k + SPARE)
        extra = ((0, 0), (0, width - self.rows.shape[1]))
        self.rows = np.pad(self.rows, extra, constant_values=-1)
        self.d2 = np.pad(self.d2, extra, constant_values=np.inf)
        self.rows[who], self.d2[who] = nearest(self.space, self.queries[who], np.flatnonzero(alive), width)
        self.whole[who] = self.rows[who, -1] < 0


def _front(living: np.ndarray, k: int) -> np.ndarray:
    """Positions of the first k living entries of each list, in order; dead ones after them."""
    if living[:, :k].all():
        return np.broadcast_to(np.arange(min(k, living.shape[1])), (len(living), min(k, living.shape[1])))
    return np.argsort(~living, axis=1, kind="stable")[:, :k]


def _living_first(living: np.ndarray, k: int) -> np.ndarray:
    """(q, min(k, width)) bool: which of the first k places a living entry fills."""
    width = min(k, living.shape[1])
    return np.arange(width) < np.minimum(living.sum(axis=1), width)[:, None]


def _taken(rows: np.ndarray, d2: np.ndarray, order: np.ndarray) -> Nearest:
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(d2, order, axis=1)
