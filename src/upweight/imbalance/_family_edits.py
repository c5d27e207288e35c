"""Wilson's editing of a table after SMOTE, with most rows judged by the parents of the synthetic ones.

    a row goes iff fewer than k rows of its class come before its nearest row of the other class, by (distance, row number)

    z = a + v (b - a), v <= 1/2, L = |ab|:   d(z,x)^2 = (1-v) d(a,x)^2 + v d(b,x)^2 - v (1-v) L^2         (Stewart)

The trouble: SMOTE doubles the table, so finding that nearest row for everybody costs four times as much as before. Two
consequences of the line above find it among few:

    common x, its nearest real row at t:   z is nearer than t only if  d(a,x)^2 < t^2 + v L^2
    member z, k members known within T:    x is nearer than T only if  (1-v) d(a,x)^2 <= T^2 + v (1-v) L^2 - v D_b^2

D_b being the distance from b to its nearest common row. So one pass over common x rare pairs lists, for every home, the common
rows that its family may be nearest to, and each list meets its family in one small product. What is bounded is then proved by
company in random trees, and what is left is measured. Rounding moves a synthetic row off its line by no more than `drift`,
which is measured too.

What is inside: `family_edit`, the same rows as `edit` of the whole table with vote "all" and scheme "once"; `Lists`.

Sources: Wilson (1972); Batista, Prati and Monard, SIGKDD Explorations 6 (2004), for SMOTE followed by editing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ._bounds import Pool, Queries, Screen
from ._family import ROOM, Family
from ._search import nearest, screen_of
from ._trees import company

__all__ = ["family_edit"]

TILE = 1 << 20  # entries of one product
LISTED = 1 << 23  # pairs of a home and a common row held at most; with more the lists do not pay


def family_edit(family: Family, k: int, drop: tuple[bool, bool]) -> np.ndarray | None:
    """(n,) bool, rows that stay; drop : whether common rows and members may go. None where the lists do not pay."""
    within = known_company(family, k)[family.members]
    lists = Lists.of(family) if np.isfinite(within).all() else None
    if lists is None:
        return None
    kept = np.ones(family.space.n, dtype=bool)
    suspects = (
        np.flatnonzero(family.may_meet_common(family.members, within, lists.reach))
        if drop[1]
        else np.empty(0, np.int64)
    )
    unproved = common_unproved(family, lists, k) if drop[0] else None
    del lists  # their memory is wanted
    if unproved is not None:
        kept[outvoted(family, unproved[0], family.common, *unproved[1:], k)] = False
    if len(suspects):
        kept[members_outvoted(family, suspects, within[suspects], k)] = False
    return kept


def common_unproved(family: Family, lists: Lists, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Common rows for which trees find no k common rows before their nearest member; its squared distance and number."""
    low, high = lists.nearest_member()
    proof = company(family.space, family.common, family.common, low, k)
    open_ = np.flatnonzero(proof[:, -1] < 0)
    return family.common[open_], *lists.measured(open_, high)


def members_outvoted(family: Family, at: np.ndarray, within: np.ndarray, k: int) -> np.ndarray:
    """Members, of those at positions `at`, with fewer than k members before their nearest common row; within : surely k."""
    members = family.members
    suspects = members[at]
    who, common, d2 = family.around(suspects, within)
    edge, last = first_of(who, d2, common, len(suspects))
    asks = np.flatnonzero(last >= 0)
    proof = company(family.space, suspects[asks], members, edge[asks], k, trees=3)
    open_ = asks[proof[:, -1] < 0]
    return outvoted(family, suspects[open_], members, edge[open_], last[open_], k)


def outvoted(
    family: Family, rows: np.ndarray, own: np.ndarray, edge: np.ndarray, last: np.ndarray, k: int
) -> np.ndarray:
    """Those of `rows` that have fewer than k rows of `own` before (edge, last)."""
    near, gap = nearest(family.space, rows, own, k, within=edge)
    kth, d2 = near[:, -1], gap[:, -1]
    stays = (kth >= 0) & ((d2 < edge) | ((d2 == edge) & (kth < last)))
    return rows[~stays]


def first_of(who: np.ndarray, d2: np.ndarray, rows: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(n,) smallest (d2, row) of each `who`; inf and -1 where there is none."""
    order = np.lexsort((rows, d2, who))
    first = order[np.flatnonzero(np.diff(who[order], prepend=-1))]
    edge, last = np.full(n, np.inf), np.full(n, -1)
    edge[who[first]], last[who[first]] = d2[first], rows[first]
    return edge, last


def known_company(family: Family, k: int) -> np.ndarray:
    """(n,) squared distance within which a member surely has k others, by way of its home; inf where that is not known.

    The k + 1 relatives nearest to the home, itself included, are at least k others than the member.
    """
    members, n_rare = family.members, len(family.rare)
    at = np.searchsorted(family.rare, family.home[members])
    order = np.lexsort((family.off[members], at))
    start = np.searchsorted(at[order], np.arange(n_rare + 1))
    place = np.arange(k + 1)
    inside = place < np.diff(start)[:, None]
    where = np.where(inside, start[:-1, None] + place, 0)
    relatives = np.where(inside, family.off[members][order][where], np.inf)
    real = np.sqrt(nearest(family.space, family.rare, family.rare, k)[1])
    reach = np.sort(np.concatenate([relatives, real], axis=1), axis=1)[:, k]
    bound = np.full(family.space.n, np.inf)
    bound[members] = ((family.off[members] + reach[at]) * ROOM) ** 2
    return bound


@dataclass(frozen=True, eq=False)
class Lists:
    """For every rare row the common rows to which one of its family may be the nearest member.

    starts, which : positions in `common`, home by home in the order of `rare`. reach : (rare,) lower bounds of the squared
    distance to the nearest common row.
    """

    family: Family
    screen: Screen
    starts: np.ndarray
    which: np.ndarray
    reach: np.ndarray

    @classmethod
    def of(cls, family: Family) -> Lists | None:
        """One pass over rare x common pairs; None if a parent is a common row, or the lists would be too long."""
        if not np.isin(family.partner[family.made], family.rare).all():
            return None
        screen, drift = screen_of(family.space), family.drift
        rare = screen.pool(family.rare)
        spread, reach = screen.scaled(spread_of(family)), np.full(len(rare), np.inf)
        keys, total, step, width = [], 0, max(1, TILE // len(rare)), len(family.common)
        for start in range(0, len(family.common), step):
            some = screen.queries(family.common[start : start + step])
            tile = screen.tile(rare, slice(0, len(rare)), some)
            np.minimum(reach, tile.min(axis=1), out=reach)
            t2 = np.maximum(screen.exact(tile.min(axis=0) + some.slack + rare.slack.max()), 0)
            limit = screen.scaled(t2 + 4 * np.sqrt(t2) * drift + 2 * drift**2) * (1 + 1e-6)
            hits = np.flatnonzero(tile <= (limit + spread[:, None] * (1 + 1e-6)).astype(screen.dtype))
            row, column = np.divmod(hits, tile.shape[1])
            keys.append(row * width + column + start)
            total += len(row)
            if total > LISTED:
                return None
        pairs = np.concatenate(keys)
        keys.clear()
        pairs.sort()  # home by home
        starts = np.searchsorted(pairs, np.arange(len(rare) + 1) * width)
        pairs %= width
        return cls(family, screen, starts, pairs.astype(np.int32), np.maximum(screen.exact(reach), 0))

    def nearest_member(self) -> tuple[np.ndarray, np.ndarray]:
        """(common,) lower and upper bounds of the squared distance to the nearest member."""
        low, high = np.full(len(self.family.common), np.inf), np.full(len(self.family.common), np.inf)
        for who, asked, kin, tile in self._meetings(np.arange(len(low))):
            least = tile.min(axis=0)
            low[who] = np.minimum(low[who], least)
            high[who] = np.minimum(high[who], least + (asked.slack + kin.slack.max()))
        return np.maximum(self.screen.exact(low), 0), self.screen.exact(high)

    def measured(self, open_: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Squared distance and row number of the nearest member of the common rows at these positions, exactly."""
        limit = (self.screen.scaled(high) * (1 + 1e-6)).astype(self.screen.dtype)
        pairs = [(np.empty(0, np.int64), np.empty(0, np.int64))]
        for who, _, kin, tile in self._meetings(open_):
            row, column = np.nonzero(tile <= limit[who])
            pairs.append((who[column], kin.rows[row]))
        who, member = (np.concatenate(part) for part in zip(*pairs, strict=True))
        d2 = self.family.space.pairs(self.family.common[who], member)
        edge, last = first_of(who, d2, member, len(self.family.common))
        return edge[open_], last[open_]

    def _meetings(self, open_: np.ndarray) -> Iterator[tuple[np.ndarray, Queries, Pool, np.ndarray]]:
        """Every home's family with the open common rows of its list: positions, both sides, lower bounds (family, rows)."""
        common, side = self.screen.queries(self.family.common), self.screen.pool(self.family.members)
        which, starts = self._lists_of(open_)
        at = np.searchsorted(self.family.rare, self.family.home[self.family.members])
        kin = np.argsort(at, kind="stable")
        ends = np.searchsorted(at[kin], np.arange(len(self.family.rare) + 1))
        for home in np.flatnonzero(np.diff(starts)):
            who = which[starts[home] : starts[home + 1]]
            asked, pool = common[who], side.some(kin[ends[home] : ends[home + 1]])
            yield who, asked, pool, self.screen.tile(pool, slice(0, len(pool)), asked)

    def _lists_of(self, open_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The lists with the open common rows only."""
        if len(open_) == len(self.family.common):
            return self.which, self.starts
        marked = np.zeros(len(self.family.common), dtype=bool)
        marked[open_] = True
        at = np.flatnonzero(marked[self.which])
        return self.which[at], np.searchsorted(at, self.starts)


def spread_of(family: Family) -> np.ndarray:
    """(rare,) largest v L^2 of a home's children: how much farther than t^2 the home of a nearer child may be."""
    made = family.made
    l2 = family.space.pairs(family.home[made], family.partner[made])
    out = np.zeros(len(family.rare))
    np.maximum.at(out, np.searchsorted(family.rare, family.home[made]), family.share[made] * l2)
    return out
