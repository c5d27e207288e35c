"""Wilson's editing of a table after SMOTE, with most rows judged by the parents of the synthetic ones.

    a row goes iff fewer than k rows of its class come before its nearest row of the other class, by (distance, row number)

    z = a + v (b - a), v <= 1/2, L = |ab|:   d(z,x)^2 = (1-v) d(a,x)^2 + v d(b,x)^2 - v (1-v) L^2         (Stewart)

The trouble: SMOTE doubles the table, so finding that nearest row for everybody costs four times as much as before. Two
consequences of the line above find it among few:

    common x, its nearest real row at t:   z is nearer than t only if  d(a,x)^2 < t^2 + v L^2
    member z, k members known within T:    x is nearer than T only if  (1-v) d(a,x)^2 <= T^2 + v (1-v) L^2 - v D_b^2

D_b being the distance from b to its nearest common row. So one pass over common x rare pairs lists, for every parent, the common
rows that its children may be nearest to, and each list meets them in one small product. What is bounded is then proved by
company in random trees, and what is left is measured. Rounding moves a synthetic row off its line by no more than `rounding`,
which is measured too.

What is inside: `edit_synthetic`, the same rows as `edit` of the whole table with vote "all" and scheme "once".

Sources: Wilson (1972); Batista, Prati and Monard, SIGKDD Explorations 6 (2004), for SMOTE followed by editing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...neighbours import Bracket, Space, bracket, company, floors, mutual_brackets, nearest
from ._lists import common_brackets, lists_pay
from ._synthetic_set import MARGIN, SyntheticSet

__all__ = ["edit_synthetic"]


def edit_synthetic(synthetic: SyntheticSet, k: int, drop: tuple[bool, bool]) -> np.ndarray:
    """(n,) bool, rows that stay; drop : whether common rows and members may go."""
    kept = np.ones(synthetic.space.n, dtype=bool)
    for candidates in _by_lines(synthetic, k, drop) if lists_pay(synthetic) else _by_products(synthetic, drop):
        kept[candidates.outvoted(synthetic.space, k)] = False
    return kept


@dataclass(frozen=True)
class Candidates:
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
        own, gap = nearest(space, rows, self.own, k, within=high)
        kth, d2 = own[:, -1], gap[:, -1]
        stays = (kth >= 0) & (d2 < low)
        unsure = np.flatnonzero((kth >= 0) & (d2 >= low) & (d2 <= high))
        other, edge = (found[:, 0] for found in nearest(space, rows[unsure], self.others, 1))
        kth, d2 = kth[unsure], d2[unsure]
        stays[unsure] = (d2 < edge) | ((d2 == edge) & (kth < other))
        return rows[~stays]


def _by_products(synthetic: SyntheticSet, drop: tuple[bool, bool]) -> Iterator[Candidates]:
    """All rows, after one pass over all pairs of a common row and a member."""
    common, members = synthetic.common, synthetic.members
    from_common, from_members = mutual_brackets(synthetic.space, common, members)
    if drop[0]:
        yield Candidates(common, common, members, from_common)
    if drop[1]:
        yield Candidates(members, members, common, from_members)


def _by_lines(synthetic: SyntheticSet, k: int, drop: tuple[bool, bool]) -> Iterator[Candidates]:
    """Common rows by lists of parents, and the members that may have a common row within their known company."""
    space, common, members = synthetic.space, synthetic.common, synthetic.members
    near, reach = common_brackets(synthetic) if drop[0] else (None, floors(space, synthetic.rare, common))
    if near is not None:
        yield Candidates(common, common, members, near)
    if drop[1]:
        within = _known_company(synthetic, k)[members]
        suspects = np.flatnonzero(synthetic.may_meet_common(members, within, reach))
        near_common = bracket(space, members[suspects], common)
        open_ = np.flatnonzero(near_common.low <= within[suspects])
        near = Bracket(near_common.low[open_], near_common.high[open_])
        yield Candidates(members[suspects[open_]], members, common, near)


def _known_company(synthetic: SyntheticSet, k: int) -> np.ndarray:
    """(n,) squared distance within which a member surely has k others, by way of its parent; inf where that is not known.

    The k + 1 relatives nearest to the parent, itself included, are at least k others than the member.
    """
    members, n_rare = synthetic.members, len(synthetic.rare)
    at = np.searchsorted(synthetic.rare, synthetic.nearest_parent[members])
    order = np.lexsort((synthetic.parent_distance[members], at))
    start = np.searchsorted(at[order], np.arange(n_rare + 1))
    place = np.arange(k + 1)
    inside = place < np.diff(start)[:, None]
    where = np.where(inside, start[:-1, None] + place, 0)
    relatives = np.where(inside, synthetic.parent_distance[members][order][where], np.inf)
    real = np.sqrt(nearest(synthetic.space, synthetic.rare, synthetic.rare, k)[1])
    reach = np.sort(np.concatenate([relatives, real], axis=1), axis=1)[:, k]
    bound = np.full(synthetic.space.n, np.inf)
    bound[members] = ((synthetic.parent_distance[members] + reach[at]) * MARGIN) ** 2
    return bound
