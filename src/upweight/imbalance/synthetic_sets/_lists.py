"""How near the synthetic rows and their parents come to every common row, by way of the few parents they can belong to.

    common x, its nearest real row at t:   z = a + v (b - a) is nearer than t only if   d(a,x)^2 < t^2 + v L^2     (Stewart)

The trouble: SMOTE doubles the table, so the nearest member of every common row costs as many products as there are members. One
pass over common x rare pairs lists for every parent the common rows that its children may be nearest to, and each list meets
them in one small product. RealParents of like v L^2 share a block, so that one comparison turns most of them down at once.

Lists do not pay where parents have few children, and where parents lie so close together that lists would be long; they say nothing
where z is on no line between rows of its class: with categories, which are voted, and with partners of the other class.

What is inside: `lists_pay`, and `common_brackets`: how near the nearest member of every common row lies, at least and at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...neighbours import ACROSS, Bracket, Pool, Queries, Screen, bracket, minima, screen_of, tiles
from ._synthetic_set import SyntheticSet

__all__ = ["common_brackets", "lists_pay"]

Run = tuple[
    np.ndarray, np.ndarray, np.ndarray
]  # positions in `common`, pairs of each parent, places in the run parent by parent

MEMBERS = 3  # members to a parent, on average, from which lists pay
WIDTH = 32  # parents in a block, at most
MINIMA = 1 << 20  # entries of block minima held at a time
LISTED = 1 << 20  # pairs of a parent and a common row listed at a time
LOOK, PAIR, MEETING = 4, 36, 3  # cost of a parent in an open block, of a listed pair and of its meeting one member, in
# entries of a large product


def lists_pay(synthetic: SyntheticSet) -> bool:
    """Whether every synthetic row lies on a line between real rows of its class, and parents have members enough."""
    on_lines = not synthetic.space.tables and bool(
        np.isin(synthetic.other_parent[synthetic.made], synthetic.rare).all()
    )
    return on_lines and len(synthetic.members) >= MEMBERS * len(synthetic.rare)


def common_brackets(synthetic: SyntheticSet) -> tuple[Bracket, np.ndarray]:
    """Bounds of the squared distance from every common row to its nearest member; (rare,) lower bounds from the real rows of
    the class to their nearest common row."""
    n, reach = len(synthetic.common), np.full(len(synthetic.rare), np.inf)
    low, high = np.full(n, np.inf), np.full(n, np.inf)
    for lists in _listings(synthetic, reach):
        low[lists.at], high[lists.at] = lists.bounds()
    dear = np.flatnonzero(np.isinf(high))
    rest = bracket(synthetic.space, synthetic.common[dear], synthetic.members)
    low[dear], high[dear] = rest.low, rest.high
    return Bracket(low, high), reach


@dataclass(frozen=True, eq=False)
class RealParents:
    """The real rows of the filled class, in blocks of like spread.

    order : (rare,) their positions in `rare` as they stand here. pool : the rows in this order. spread : (rare,) largest
    v L^2 of a parent's children, how much farther than t^2 the parent of a nearer child may be; `widest` that of each block.
    width : parents in a block. rounding : see `SyntheticSet`.
    """

    screen: Screen
    order: np.ndarray
    pool: Pool
    spread: np.ndarray
    widest: np.ndarray
    width: int
    rounding: float

    @classmethod
    def of(cls, synthetic: SyntheticSet) -> RealParents:
        screen, spread = screen_of(synthetic.space), _spread_of(synthetic)
        order = np.argsort(spread, kind="stable")
        width = min(WIDTH, max(1, len(order) // (2 * WIDTH)))
        spread = (screen.scaled(spread[order]) * (1 + 1e-6)).astype(screen.dtype)
        widest = np.maximum.reduceat(spread, np.arange(0, len(order), width))
        return cls(screen, order, screen.pool(synthetic.rare).some(order), spread, widest, width, synthetic.rounding)

    def screen_rows(self, rows: np.ndarray, reach: np.ndarray) -> tuple[Queries, np.ndarray, np.ndarray]:
        """These common rows as queries; how far from their parents nearer members may be; (blocks, rows) bool, who may be."""
        queries, screen = self.screen.queries(rows), self.screen
        low = np.empty((len(self.widest), len(rows)), dtype=screen.dtype)
        for some, part, tile in tiles(screen, self.pool, queries, self.width):
            minima(tile, self.width, low[some.start // self.width :, part])
            parents = self.order[some]
            reach[parents] = np.minimum(reach[parents], np.maximum(screen.exact(tile.min(axis=1)), 0))
        t2 = np.maximum(screen.exact(low.min(axis=0) + queries.slack + self.pool.slack.max()), 0)
        limit = screen.scaled(t2 + 4 * np.sqrt(t2) * self.rounding + 2 * self.rounding**2) * (1 + 1e-6)
        limit = limit.astype(screen.dtype)
        low -= self.widest[:, None]
        return queries, limit, low <= limit

    def pairs_of(self, queries: Queries, limit: np.ndarray, open_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of a parent and a query, parent by parent, where the parent may have a nearer member."""
        parent, column = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
        for block in np.flatnonzero(open_.any(axis=1)):
            some = np.flatnonzero(open_[block])
            top = int(block) * self.width
            rows = slice(top, min(top + self.width, len(self.pool)))
            tile = self.screen.tile(self.pool, rows, queries[some])
            tile -= self.spread[rows, None]
            row, hit = np.nonzero(tile <= limit[some])
            parent.append((row + top).astype(np.int32))
            column.append(some[hit].astype(np.int32))
        return np.concatenate(parent), np.concatenate(column)


@dataclass(frozen=True, eq=False)
class ParentLists:
    """For every parent the common rows to which one of its children may be the nearest member.

    at : positions in `common` of the rows that are listed. which : positions in `at`, parent by parent as they stand in `parents`;
    starts : where the list of each parent begins.
    """

    synthetic: SyntheticSet
    parents: RealParents
    at: np.ndarray
    starts: np.ndarray
    which: np.ndarray

    @classmethod
    def of(cls, synthetic: SyntheticSet, parents: RealParents, runs: list[Run]) -> ParentLists:
        at, counts, _ = zip(*runs, strict=True)
        starts = np.concatenate([[0], np.cumsum(np.sum(counts, axis=0))])
        which, free, base = np.empty(starts[-1], np.int32), starts[:-1].copy(), 0
        for rows, count, place in runs:
            gaps = free - (np.cumsum(count) - count)
            which[np.arange(len(place)) + np.repeat(gaps, count)] = place + base
            free += count
            base += len(rows)
        return cls(synthetic, parents, np.concatenate(at), starts, which)

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """(at,) lower and upper bounds of the squared distance to the nearest member."""
        low, high = np.full(len(self.at), np.inf), np.full(len(self.at), np.inf)
        for who, queries, children, tile in self._meetings():
            least = tile.min(axis=0)
            low[who] = np.minimum(low[who], least)
            high[who] = np.minimum(high[who], least + (queries.slack + children.slack.max()))
        return np.maximum(self.parents.screen.exact(low), 0), self.parents.screen.exact(high)

    def _meetings(self) -> Iterator[tuple[np.ndarray, Queries, Pool, np.ndarray]]:
        """Every parent's children with the common rows of its list: positions in `at`, both sides, bounds (children, rows)."""
        synthetic, screen = self.synthetic, self.parents.screen
        parent = np.searchsorted(synthetic.rare, synthetic.nearest_parent[synthetic.members])
        children = np.argsort(parent, kind="stable")
        ends = np.searchsorted(parent[children], np.arange(len(synthetic.rare) + 1))
        common, side = screen.queries(synthetic.common[self.at]), screen.pool(synthetic.members[children])
        for place in np.flatnonzero(np.diff(self.starts)):
            who, one = self.which[self.starts[place] : self.starts[place + 1]], self.parents.order[place]
            queries, pool = common[who], side.some(slice(ends[one], ends[one + 1]))
            yield who, queries, pool, screen.tile(pool, slice(0, len(pool)), queries)


def _listings(synthetic: SyntheticSet, reach: np.ndarray) -> Iterator[ParentLists]:
    """Lists of the common rows, some rows at a time; rows for which they do not pay are passed over.

    reach : (rare,) lowered to bounds of the squared distance to the nearest common row.
    """
    parents, n = RealParents.of(synthetic), len(synthetic.common)
    step = parents.screen.batch(min(16 * ACROSS, max(1, MINIMA // len(parents.widest))))
    runs: list[Run] = []
    for start in range(0, n, step):
        runs += listed(synthetic, parents, np.arange(start, min(start + step, n)), reach)
        if runs and (start + step >= n or sum(len(run[2]) for run in runs) > LISTED):
            lists = ParentLists.of(synthetic, parents, runs)
            runs.clear()  # their memory is wanted
            yield lists


def listed(synthetic: SyntheticSet, parents: RealParents, at: np.ndarray, reach: np.ndarray) -> list[Run]:
    """Pairs of a parent and one of the common rows at positions `at`, run by run, where they pay."""
    members = len(synthetic.members)
    worth = members / (PAIR + MEETING * members / len(synthetic.rare))  # pairs of a row, at most
    queries, limit, open_ = parents.screen_rows(synthetic.common[at], reach)
    runs = []
    for run in _runs_of(open_, parents.width, members // LOOK):
        parent, place = parents.pairs_of(queries[run], limit[run], open_[:, run])
        if len(parent) < worth * len(run):
            runs.append((at[run], np.bincount(parent, minlength=len(parents.order)), place))
    return runs


def _runs_of(open_: np.ndarray, width: int, most: int) -> list[np.ndarray]:
    """Columns with no more than `most` entries in open blocks, in runs that have no more than some `LISTED` of them."""
    entries = open_.sum(axis=0) * width
    few = np.flatnonzero(entries <= most)
    part = np.cumsum(entries[few]) // LISTED
    return [run for run in np.split(few, np.flatnonzero(np.diff(part)) + 1) if len(run)]


def _spread_of(synthetic: SyntheticSet) -> np.ndarray:
    """(rare,) largest v L^2 of a parent's children."""
    made = synthetic.made
    l2 = synthetic.space.pairs(synthetic.nearest_parent[made], synthetic.other_parent[made])
    out = np.zeros(len(synthetic.rare))
    np.maximum.at(out, np.searchsorted(synthetic.rare, synthetic.nearest_parent[made]), synthetic.share[made] * l2)
    return out
