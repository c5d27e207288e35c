"""How near the members of families of synthetic rows come to every common row, by way of the few homes they can belong to.

    common x, its nearest real row at t:   z = a + v (b - a) is nearer than t only if   d(a,x)^2 < t^2 + v L^2     (Stewart)

The trouble: SMOTE doubles the table, so the nearest member of every common row costs as many products as there are members. One
pass over common x rare pairs lists for every home the common rows that its family may be nearest to, and each list meets its
family in one small product. Homes of like v L^2 share a block, so that one comparison turns most of them down at once.

Lists do not pay where families are small, and where homes lie so close together that lists would be long; they say nothing
where z is on no line between rows of its class: with categories, which are voted, and with partners of the other class.

What is inside: `lists_pay`, and `common_brackets`: how near the nearest member of every common row lies, at least and at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...neighbours import ACROSS, Bracket, Pool, Queries, Screen, bracket, minima, screen_of, tiles
from ._synthetic_set import Family

__all__ = ["common_brackets", "lists_pay"]

Run = tuple[
    np.ndarray, np.ndarray, np.ndarray
]  # positions in `common`, pairs of each home, places in the run home by home

FAMILY = 3  # members to a home, on average, from which lists pay
WIDTH = 32  # homes in a block, at most
MINIMA = 1 << 20  # entries of block minima held at a time
LISTED = 1 << 20  # pairs of a home and a common row listed at a time
LOOK, PAIR, MEETING = 4, 36, 3  # cost of a home in an open block, of a listed pair and of its meeting one member, in
# entries of a large product


def lists_pay(family: Family) -> bool:
    """Whether every synthetic row lies on a line between real rows of its class, and homes have members enough."""
    on_lines = not family.space.tables and bool(np.isin(family.partner[family.made], family.rare).all())
    return on_lines and len(family.members) >= FAMILY * len(family.rare)


def common_brackets(family: Family) -> tuple[Bracket, np.ndarray]:
    """Bounds of the squared distance from every common row to its nearest member; (rare,) lower bounds from the real rows of
    the class to their nearest common row."""
    n, reach = len(family.common), np.full(len(family.rare), np.inf)
    low, high = np.full(n, np.inf), np.full(n, np.inf)
    for lists in listings(family, reach):
        low[lists.at], high[lists.at] = lists.bounds()
    dear = np.flatnonzero(np.isinf(high))
    rest = bracket(family.space, family.common[dear], family.members)
    low[dear], high[dear] = rest.low, rest.high
    return Bracket(low, high), reach


@dataclass(frozen=True, eq=False)
class Homes:
    """The real rows of the filled class, in blocks of like spread.

    order : (rare,) their positions in `rare` as they stand here. pool : the rows in this order. spread : (rare,) largest
    v L^2 of a home's children, how much farther than t^2 the home of a nearer child may be; `widest` that of each block.
    width : homes in a block. drift : see `Family`.
    """

    screen: Screen
    order: np.ndarray
    pool: Pool
    spread: np.ndarray
    widest: np.ndarray
    width: int
    drift: float

    @classmethod
    def of(cls, family: Family) -> Homes:
        screen, spread = screen_of(family.space), spread_of(family)
        order = np.argsort(spread, kind="stable")
        width = min(WIDTH, max(1, len(order) // (2 * WIDTH)))
        spread = (screen.scaled(spread[order]) * (1 + 1e-6)).astype(screen.dtype)
        widest = np.maximum.reduceat(spread, np.arange(0, len(order), width))
        return cls(screen, order, screen.pool(family.rare).some(order), spread, widest, width, family.drift)

    def glance(self, rows: np.ndarray, reach: np.ndarray) -> tuple[Queries, np.ndarray, np.ndarray]:
        """These common rows as queries; how far from their homes nearer members may be; (blocks, rows) bool, who may be."""
        asked, screen = self.screen.queries(rows), self.screen
        low = np.empty((len(self.widest), len(rows)), dtype=screen.dtype)
        for some, part, tile in tiles(screen, self.pool, asked, self.width):
            minima(tile, self.width, low[some.start // self.width :, part])
            homes = self.order[some]
            reach[homes] = np.minimum(reach[homes], np.maximum(screen.exact(tile.min(axis=1)), 0))
        t2 = np.maximum(screen.exact(low.min(axis=0) + asked.slack + self.pool.slack.max()), 0)
        limit = screen.scaled(t2 + 4 * np.sqrt(t2) * self.drift + 2 * self.drift**2) * (1 + 1e-6)
        limit = limit.astype(screen.dtype)
        low -= self.widest[:, None]
        return asked, limit, low <= limit

    def look(self, asked: Queries, limit: np.ndarray, open_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of a home and a query, home by home, where the home may have a nearer member."""
        home, column = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
        for block in np.flatnonzero(open_.any(axis=1)):
            some = np.flatnonzero(open_[block])
            top = int(block) * self.width
            rows = slice(top, min(top + self.width, len(self.pool)))
            tile = self.screen.tile(self.pool, rows, asked[some])
            tile -= self.spread[rows, None]
            row, hit = np.nonzero(tile <= limit[some])
            home.append((row + top).astype(np.int32))
            column.append(some[hit].astype(np.int32))
        return np.concatenate(home), np.concatenate(column)


@dataclass(frozen=True, eq=False)
class Lists:
    """For every home the common rows to which one of its family may be the nearest member.

    at : positions in `common` of the rows that are listed. which : positions in `at`, home by home as they stand in `homes`;
    starts : where the list of each home begins.
    """

    family: Family
    homes: Homes
    at: np.ndarray
    starts: np.ndarray
    which: np.ndarray

    @classmethod
    def of(cls, family: Family, homes: Homes, runs: list[Run]) -> Lists:
        at, counts, _ = zip(*runs, strict=True)
        starts = np.concatenate([[0], np.cumsum(np.sum(counts, axis=0))])
        which, free, base = np.empty(starts[-1], np.int32), starts[:-1].copy(), 0
        for rows, count, place in runs:
            gaps = free - (np.cumsum(count) - count)
            which[np.arange(len(place)) + np.repeat(gaps, count)] = place + base
            free += count
            base += len(rows)
        return cls(family, homes, np.concatenate(at), starts, which)

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """(at,) lower and upper bounds of the squared distance to the nearest member."""
        low, high = np.full(len(self.at), np.inf), np.full(len(self.at), np.inf)
        for who, asked, kin, tile in self._meetings():
            least = tile.min(axis=0)
            low[who] = np.minimum(low[who], least)
            high[who] = np.minimum(high[who], least + (asked.slack + kin.slack.max()))
        return np.maximum(self.homes.screen.exact(low), 0), self.homes.screen.exact(high)

    def _meetings(self) -> Iterator[tuple[np.ndarray, Queries, Pool, np.ndarray]]:
        """Every home's family with the common rows of its list: positions in `at`, both sides, lower bounds (family, rows)."""
        family, screen = self.family, self.homes.screen
        home = np.searchsorted(family.rare, family.home[family.members])
        kin = np.argsort(home, kind="stable")
        ends = np.searchsorted(home[kin], np.arange(len(family.rare) + 1))
        common, side = screen.queries(family.common[self.at]), screen.pool(family.members[kin])
        for place in np.flatnonzero(np.diff(self.starts)):
            who, one = self.which[self.starts[place] : self.starts[place + 1]], self.homes.order[place]
            asked, pool = common[who], side.some(slice(ends[one], ends[one + 1]))
            yield who, asked, pool, screen.tile(pool, slice(0, len(pool)), asked)


def listings(family: Family, reach: np.ndarray) -> Iterator[Lists]:
    """Lists of the common rows, some rows at a time; rows for which they do not pay are passed over.

    reach : (rare,) lowered to bounds of the squared distance to the nearest common row.
    """
    homes, n = Homes.of(family), len(family.common)
    step = homes.screen.batch(min(16 * ACROSS, max(1, MINIMA // len(homes.widest))))
    runs: list[Run] = []
    for start in range(0, n, step):
        runs += listed(family, homes, np.arange(start, min(start + step, n)), reach)
        if runs and (start + step >= n or sum(len(run[2]) for run in runs) > LISTED):
            lists = Lists.of(family, homes, runs)
            runs.clear()  # their memory is wanted
            yield lists


def listed(family: Family, homes: Homes, at: np.ndarray, reach: np.ndarray) -> list[Run]:
    """Pairs of a home and one of the common rows at positions `at`, run by run, where they pay."""
    members = len(family.members)
    worth = members / (PAIR + MEETING * members / len(family.rare))  # pairs of a row, at most
    asked, limit, open_ = homes.glance(family.common[at], reach)
    runs = []
    for run in runs_of(open_, homes.width, members // LOOK):
        home, place = homes.look(asked[run], limit[run], open_[:, run])
        if len(home) < worth * len(run):
            runs.append((at[run], np.bincount(home, minlength=len(homes.order)), place))
    return runs


def runs_of(open_: np.ndarray, width: int, most: int) -> list[np.ndarray]:
    """Columns with no more than `most` entries in open blocks, in runs that have no more than some `LISTED` of them."""
    entries = open_.sum(axis=0) * width
    few = np.flatnonzero(entries <= most)
    part = np.cumsum(entries[few]) // LISTED
    return [run for run in np.split(few, np.flatnonzero(np.diff(part)) + 1) if len(run)]


def spread_of(family: Family) -> np.ndarray:
    """(rare,) largest v L^2 of a home's children."""
    made = family.made
    l2 = family.space.pairs(family.home[made], family.partner[made])
    out = np.zeros(len(family.rare))
    np.maximum.at(out, np.searchsorted(family.rare, family.home[made]), family.share[made] * l2)
    return out
