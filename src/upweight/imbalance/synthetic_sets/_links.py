"""Tomek links of a table after SMOTE, at little more than the price of the lists around the rows that were there.

    z = a + u (b - a) lies r = min(u, 1 - u) |ab| from its home, so its nearest row is no farther than r: a common row that could be
    linked to z lies within 2 r of that home

The trouble: after SMOTE both classes are large, and every link has to be looked for from one of them. Here a row of the filled
class claims the common rows nearest to it only if they are no farther than a relative that is known, its home or the next row
on its line; few do, and most of those that do not are known by the line alone. A claimed row
listens to its closest claimant, and only what is left is looked up among all rows, both ends.

What is inside: `family_links`, the same pairs as `links` of the whole table, ties and all.

Source: Tomek (1976); Batista, Prati and Monard, SIGKDD Explorations 6 (2004), for SMOTE followed by Tomek links.
"""

from __future__ import annotations

import numpy as np

from ...neighbours import company, floors, nearest
from ._synthetic_set import Family

__all__ = ["family_links"]

TREES = 3


def family_links(family: Family) -> np.ndarray:
    """(m, 2) linked pairs of the table, each once, lower row first."""
    space, members = family.space, family.members
    within = nearest_relative(family)[members]
    suspects = family.may_meet_common(members, within, floors(space, family.rare, family.common))
    members, within = members[suspects], within[suspects]
    who, common, d2 = family.around(members, within)
    first = members[who]
    first, common, d2 = closest(space.n, first, first, common, d2)  # the common rows nearest to a member
    first, common, d2 = closest(space.n, common, first, common, d2)  # the members nearest to a common row
    held = is_nearest(family, common, d2)
    first, common, d2 = first[held], common[held], d2[held]
    held = is_nearest(family, first, d2)
    return np.unique(np.sort(np.stack([first[held], common[held]], axis=1), axis=1), axis=0)


def nearest_relative(family: Family) -> np.ndarray:
    """(n,) squared distance to some row of the filled class: the home, a child, a row on the same line, or the nearest real
    row; inf elsewhere."""
    made, space = family.made, family.space
    bound = np.full(space.n, np.inf)
    bound[made] = family.off[made] ** 2
    np.minimum.at(bound, family.home[made], bound[made])
    line = made[np.lexsort((family.off[made], family.partner[made], family.home[made]))]
    same = (np.diff(family.home[line]) == 0) & (np.diff(family.partner[line]) == 0)
    one, two = line[:-1][same], line[1:][same]
    apart = space.pairs(one, two)
    bound[one] = np.minimum(bound[one], apart)
    bound[two] = np.minimum(bound[two], apart)
    if len(family.rare) > 1:
        near = nearest(space, family.rare, family.rare, 1)[1][:, 0]
        bound[family.rare] = np.minimum(bound[family.rare], near)
    return bound * (1 + 1e-12)


def closest(n: int, key: np.ndarray, first: np.ndarray, common: np.ndarray, d2: np.ndarray):
    """Of the pairs of each `key` those at its smallest distance."""
    least = np.full(n, np.inf)
    np.minimum.at(least, key, d2)
    kept = d2 == least[key]
    return first[kept], common[kept], d2[kept]


def is_nearest(family: Family, rows: np.ndarray, d2: np.ndarray) -> np.ndarray:
    """Whether no row of the table is nearer to rows[i] than d2[i]; trees find most of those that have nearer company."""
    space, everyone = family.space, np.arange(family.space.n)
    asked, where = np.unique(rows, return_inverse=True)
    radius = np.full(len(asked), np.inf)
    np.minimum.at(radius, where, d2)
    own = np.full(len(asked), -1.0)
    open_ = np.flatnonzero(company(space, asked, everyone, radius, 1, trees=TREES)[:, 0] < 0)
    own[open_] = nearest(space, asked[open_], everyone, 1, within=radius[open_])[1][:, 0]
    return d2 == own[where]
