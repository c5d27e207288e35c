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

What is inside: `family_edit`, the same rows as `edit` of the whole table with vote "all" and scheme "once".

Sources: Wilson (1972); Batista, Prati and Monard, SIGKDD Explorations 6 (2004), for SMOTE followed by editing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...neighbours import Bracket, Space, bracket, company, floors, mutual_brackets, nearest
from ._lists import common_brackets, lists_pay
from ._synthetic_set import ROOM, Family

__all__ = ["family_edit"]


def family_edit(family: Family, k: int, drop: tuple[bool, bool]) -> np.ndarray:
    """(n,) bool, rows that stay; drop : whether common rows and members may go."""
    kept = np.ones(family.space.n, dtype=bool)
    for asked in by_lines(family, k, drop) if lists_pay(family) else by_products(family, drop):
        kept[asked.outvoted(family.space, k)] = False
    return kept


@dataclass(frozen=True)
class Asked:
    """`rows` that may be outvoted, of the class `own`, and how near the nearest row of `others` lies, squared."""

    rows: np.ndarray
    own: np.ndarray
    others: np.ndarray
    near: Bracket

    def outvoted(self, space: Space, k: int) -> np.ndarray:
        """Those of the rows with fewer than k rows of their class before the nearest other one."""
        proof = company(space, self.rows, self.own, self.near.low, k)
        open_ = np.flatnonzero(proof[:, -1] < 0)
        rows, low, high = self.rows[open_], self.near.low[open_], self.near.high[open_]
        kin, gap = nearest(space, rows, self.own, k, within=high)
        kth, d2 = kin[:, -1], gap[:, -1]
        stays = (kth >= 0) & (d2 < low)
        unsure = np.flatnonzero((kth >= 0) & (d2 >= low) & (d2 <= high))
        other, edge = (found[:, 0] for found in nearest(space, rows[unsure], self.others, 1))
        kth, d2 = kth[unsure], d2[unsure]
        stays[unsure] = (d2 < edge) | ((d2 == edge) & (kth < other))
        return rows[~stays]


def by_products(family: Family, drop: tuple[bool, bool]) -> Iterator[Asked]:
    """All rows, after one pass over all pairs of a common row and a member."""
    common, members = family.common, family.members
    from_common, from_members = mutual_brackets(family.space, common, members)
    if drop[0]:
        yield Asked(common, common, members, from_common)
    if drop[1]:
        yield Asked(members, members, common, from_members)


def by_lines(family: Family, k: int, drop: tuple[bool, bool]) -> Iterator[Asked]:
    """Common rows by lists of homes, and the members that may have a common row within their known company."""
    space, common, members = family.space, family.common, family.members
    near, reach = common_brackets(family) if drop[0] else (None, floors(space, family.rare, common))
    if near is not None:
        yield Asked(common, common, members, near)
    if drop[1]:
        within = known_company(family, k)[members]
        suspects = np.flatnonzero(family.may_meet_common(members, within, reach))
        found = bracket(space, members[suspects], common)
        open_ = np.flatnonzero(found.low <= within[suspects])
        near = Bracket(found.low[open_], found.high[open_])
        yield Asked(members[suspects[open_]], members, common, near)


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
