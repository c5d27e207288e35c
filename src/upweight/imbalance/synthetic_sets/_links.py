"""Tomek links of a table after SMOTE, at little more than the price of the lists around the rows that were there.

    z = a + u (b - a) lies r = min(u, 1 - u) |ab| from its parent, so its nearest row is no farther than r: a common row that could be
    linked to z lies within 2 r of that parent

The trouble: after SMOTE both classes are large, and every link has to be looked for from one of them. Here a row of the filled
class claims the common rows nearest to it only if they are no farther than a relative that is known, its parent or the next row
on its line; few do, and most of those that do not are known by the line alone. A claimed row
listens to its closest claimant, and only what is left is looked up among all rows, both ends.

What is inside: `synthetic_links`, the same pairs as `links` of the whole table, ties and all.

Source: Tomek (1976); Batista, Prati and Monard, SIGKDD Explorations 6 (2004), for SMOTE followed by Tomek links.
"""

from __future__ import annotations

import numpy as np

from ...neighbours import company, floors, nearest, pairs_within
from ._synthetic_set import SyntheticSet

__all__ = ["synthetic_links"]

TREES = 3
LITTLE = 1 << 24  # pairs of a member and a common row that cost less than lists
MANY = 0.25  # share of members that ask from which lists are too long


def synthetic_links(synthetic: SyntheticSet) -> np.ndarray:
    """(m, 2) linked pairs of the table, each once, lower row first."""
    space, members = synthetic.space, synthetic.members
    within = _nearest_relative(synthetic)[members]
    suspects = synthetic.may_meet_common(members, within, floors(space, synthetic.rare, synthetic.common))
    members, within = members[suspects], within[suspects]
    who, common, d2 = _pairs_near(synthetic, members, within)
    first = members[who]
    first, common, d2 = _closest(space.n, first, first, common, d2)  # the common rows nearest to a member
    first, common, d2 = _closest(space.n, common, first, common, d2)  # the members nearest to a common row
    held = _is_nearest(synthetic, common, d2)
    first, common, d2 = first[held], common[held], d2[held]
    held = _is_nearest(synthetic, first, d2)
    return np.unique(np.sort(np.stack([first[held], common[held]], axis=1), axis=1), axis=0)


def _pairs_near(synthetic: SyntheticSet, members: np.ndarray, within: np.ndarray):
    """Every pair of a member and a common row at most `within` (squared) apart: by lists around the parents, or by products where
    there is little to ask, or where most members ask: off their lines, or far from their parents, so that lists are long."""
    most = len(members) > MANY * len(synthetic.members)
    if most or len(members) * len(synthetic.common) <= LITTLE:
        return pairs_within(synthetic.space, members, synthetic.common, within)
    return synthetic.around(members, within)


def _nearest_relative(synthetic: SyntheticSet) -> np.ndarray:
    """(n,) squared distance to some row of the filled class: the parent, a child, a row on the same line, or the nearest real
    row; inf elsewhere."""
    made, space = synthetic.made, synthetic.space
    bound = np.full(space.n, np.inf)
    bound[made] = synthetic.parent_distance[made] ** 2
    np.minimum.at(bound, synthetic.nearest_parent[made], bound[made])
    line = made[
        np.lexsort((synthetic.parent_distance[made], synthetic.other_parent[made], synthetic.nearest_parent[made]))
    ]
    same = (np.diff(synthetic.nearest_parent[line]) == 0) & (np.diff(synthetic.other_parent[line]) == 0)
    one, two = line[:-1][same], line[1:][same]
    apart = space.pairs(one, two)
    bound[one] = np.minimum(bound[one], apart)
    bound[two] = np.minimum(bound[two], apart)
    if len(synthetic.rare) > 1:
        near = nearest(space, synthetic.rare, synthetic.rare, 1)[1][:, 0]
        bound[synthetic.rare] = np.minimum(bound[synthetic.rare], near)
    return bound * (1 + 1e-12)


def _closest(n: int, key: np.ndarray, first: np.ndarray, common: np.ndarray, d2: np.ndarray):
    """Of the pairs of each `key` those at its smallest distance."""
    least = np.full(n, np.inf)
    np.minimum.at(least, key, d2)
    kept = d2 == least[key]
    return first[kept], common[kept], d2[kept]


def _is_nearest(synthetic: SyntheticSet, rows: np.ndarray, d2: np.ndarray) -> np.ndarray:
    """Whether no row of the table is nearer to rows[i] than d2[i]; trees find most of those that have nearer company."""
    space, everyone = synthetic.space, np.arange(synthetic.space.n)
    asked, where = np.unique(rows, return_inverse=True)
    radius = np.full(len(asked), np.inf)
    np.minimum.at(radius, where, d2)
    own = np.full(len(asked), -1.0)
    open_ = np.flatnonzero(company(space, asked, everyone, radius, 1, trees=TREES)[:, 0] < 0)
    own[open_] = nearest(space, asked[open_], everyone, 1, within=radius[open_])[1][:, 0]
    return d2 == own[where]
