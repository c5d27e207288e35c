"""Synthetic rows and the parents they lie next to: neighbours of a row that was made, from lists of the rows that were there.

The trouble: after SMOTE a table has twice the rows, and cleaning it looks for the neighbours of every one of them, four times the
work of cleaning the table before. But a synthetic row is not anywhere: it lies r from its nearest parent, so

    d(z, x) <= t   implies   d(parent, x) <= t + r        (triangle)

and one list of the common rows around each parent, long enough for its children, has every neighbour they can have. Most rows
need no list: z = a + v (b - a) lies on a line, L = |ab| long, and

    d(z, x)^2 = (1-v) d(a, x)^2 + v d(b, x)^2 - v (1-v) L^2  >=  (1-v) D_a^2 + v D_b^2 - v (1-v) L^2          (Stewart)

with D_a and D_b the distances from the parents to their nearest common rows. Rounding moves z off the line by no more than
`rounding`, which is measured.

What is inside: `SyntheticSet`, made of a table after SMOTE; `SyntheticSet.may_meet_common`, whose nearest common row may be near;
`SyntheticSet.around`, the pairs of a member and a common row within a distance, measured exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...neighbours import Space, pairs_within

__all__ = ["SyntheticSet"]

MARGIN = 1 + 1e-9  # distances are rounded; radii step aside
PAIRS = 1 << 19  # pairs measured at a time
PARENTS = 128  # lists held at a time
BLOCK = 1 << 18  # numbers of a block while rounding is measured


@dataclass(frozen=True, eq=False)
class SyntheticSet:
    """Rows of the filled class with their parents, and the rows of the other class.

    space : all rows, real ones first. rare, made, common : row numbers of the real and the synthetic rows of the filled class
    and of the other class, ascending. nearest_parent, parent_distance : (n,) the nearer parent and the distance to it; a real
    row is its own. other_parent, share : (n,) the other parent, and how far towards it, in [0, 1/2].
    """

    space: Space
    rare: np.ndarray
    made: np.ndarray
    common: np.ndarray
    nearest_parent: np.ndarray
    parent_distance: np.ndarray
    other_parent: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, space: Space, codes: np.ndarray, parents: np.ndarray, step: np.ndarray) -> SyntheticSet | None:
        """The synthetic set of a table after SMOTE; None unless there are two classes, one of them filled from its own rows.

        codes : (n,) classes. parents : (n, 2) rows of this very table, (i, i) for real ones. step : (n,).
        """
        here, (a, b) = np.arange(space.n), parents.T
        made = np.flatnonzero((a != here) | (b != here))
        if not len(made) or len(np.unique(codes)) != 2 or (codes[made] != codes[made[0]]).any():
            return None
        near, far = np.where(step <= 0.5, a, b), np.where(step <= 0.5, b, a)
        filled = codes == codes[made[0]]
        if not filled[near[made]].all() or (np.isin(near[made], made)).any():
            return None
        distance = np.zeros(space.n)
        distance[made] = np.sqrt(space.pairs(made, near[made]))
        rare = filled.copy()
        rare[made] = False
        return cls(
            space, np.flatnonzero(rare), made, np.flatnonzero(~filled), near, distance, far, np.minimum(step, 1 - step)
        )

    @property
    def members(self) -> np.ndarray:
        """The rows of the filled class, ascending."""
        return np.sort(np.concatenate([self.rare, self.made]))

    @cached_property
    def rounding(self) -> float:
        """How far a synthetic row lies from its place on the line between its parents, at most; measured."""
        most, space = 0.0, self.space
        for some in np.array_split(self.made, -(-len(self.made) * space.values.shape[1] // BLOCK) or 1):
            a, b, v = (
                space.dense(self.nearest_parent[some]),
                space.dense(self.other_parent[some]),
                self.share[some, None],
            )
            away = space.dense(some) - (a + v * (b - a))
            size = np.sqrt(np.einsum("ij,ij->i", away, away)) + 1e-15 * np.sqrt(np.einsum("ij,ij->i", a, a))
            most = max(most, float(size.max()))
        return most * MARGIN

    def may_meet_common(self, members: np.ndarray, within: np.ndarray, reach: np.ndarray) -> np.ndarray:
        """(m,) bool: whether the line between a member's parents leaves room for a common row at most `within` (squared) away.

        reach : (rare,) lower bounds of the squared distance to the nearest common row. With categories there is no line.
        """
        if self.space.tables:
            return np.ones(len(members), dtype=bool)
        v = np.where(self.nearest_parent[members] == members, 0.0, self.share[members])
        bound = np.zeros(self.space.n)
        bound[self.rare] = reach  # a parent that is a common row itself has none
        l2 = self.space.pairs(self.nearest_parent[members], self.other_parent[members])
        least = (1 - v) * bound[self.nearest_parent[members]] + v * bound[self.other_parent[members]] - v * (1 - v) * l2
        return least <= (np.sqrt(within) + self.rounding) ** 2 * (1 + 1e-6) + 1e-12 * l2

    def around(self, members: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every pair of a member and a common row at most `within` (squared) apart: positions in `members`, rows, d2."""
        parents, at = np.unique(self.nearest_parent[members], return_inverse=True)
        pairs = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
        for first in range(0, len(parents), PARENTS):
            some = np.flatnonzero((at >= first) & (at < first + PARENTS))
            pairs += self._around_some(members, within, some, parents[first : first + PARENTS], at[some] - first)
        return tuple(np.concatenate(part) for part in zip(*pairs, strict=True))  # type: ignore[return-value]

    def _around_some(self, members, within, some, parents, at):
        """The pairs of some members, whose parents are listed, by one list around each parent."""
        reach = (np.sqrt(within[some]) + self.parent_distance[members[some]]) * MARGIN
        radius = np.zeros(len(parents))
        np.maximum.at(radius, at, reach)
        whose, which, d2 = pairs_within(self.space, parents, self.common, radius**2 * MARGIN)
        order = np.lexsort((d2, whose))
        whose, which = whose[order], which[order]
        first, count = listed(whose, np.sqrt(d2[order]), at, reach, len(parents))
        for part in np.split(np.arange(len(some)), _cuts(count)):
            who = np.repeat(part, count[part])
            place = np.arange(len(who)) - np.repeat(np.cumsum(count[part]) - count[part], count[part])
            rows = which[first[who] + place]
            who = some[who]
            gaps = self.space.pairs(members[who], rows)
            near = gaps <= within[who]
            yield who[near], rows[near], gaps[near]


def listed(
    whose: np.ndarray, distance: np.ndarray, at: np.ndarray, reach: np.ndarray, parents: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where the list of a member's parent begins, and how many of its entries lie within the member's reach.

    whose, distance : entries, ascending by list, then by distance. at, reach : list and reach of every member.
    """
    start = np.searchsorted(whose, np.arange(parents))
    group, value = np.concatenate([whose, at]), np.concatenate([distance, reach])
    asks = np.arange(len(group)) >= len(whose)
    order = np.lexsort((asks, value, group))
    passed = np.cumsum(~asks[order])
    count = np.empty(len(at), dtype=np.int64)
    count[order[asks[order]] - len(whose)] = passed[asks[order]]
    return start[at], count - start[at]


def _cuts(count: np.ndarray) -> np.ndarray:
    """Where to split the members so that no part has many more than `PAIRS` pairs."""
    part = np.cumsum(count) // PAIRS
    return np.flatnonzero(np.diff(part)) + 1
