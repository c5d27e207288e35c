"""Tomek links: rows of different classes, each the other's nearest.

The trouble: a link is a property of two neighbourhoods, so the plain way finds the nearest row of every row. Copies and ties
make "the nearest" several rows, and which one a search returns is an accident.

    (i, j) is a link  <=>  different classes, and no row is nearer to i or to j than they are to each other: ties link all

Every link has an end outside the largest class. So only those rows look for their nearest rows; a row of the largest class
that several of them claim listens to the closest; and only the claimed rows are looked up in turn, after random trees have
shown most of them to have nearer company. Rows with copies need no search: they are linked if a copy is of another class.

What is inside: `linked`, the rows that are an end of some link.

Sources: Tomek (1976), Two modifications of CNN, IEEE Trans. SMC 6(11).
"""

from __future__ import annotations

import numpy as np

from ...neighbours import Lists, Space, company, copies_of, few_dimensions, nearest, nearest_ties, with_ties

__all__ = ["linked"]

TREES = 3


def linked(
    space: Space, codes: np.ndarray, *, alive: np.ndarray | None = None, lists: Lists | None = None
) -> np.ndarray:
    """(n,) bool, ends of links among the alive rows (all, if None); `lists` hold neighbours of every row."""
    rows = np.arange(space.n) if alive is None else np.flatnonzero(alive)
    ends = np.zeros(space.n, dtype=bool)
    rows, single = _set_copies_apart(space, codes, rows, ends)
    if len(np.unique(codes[rows])) < 2:
        return ends
    largest = int(np.bincount(codes[rows]).argmax())
    own = np.full(space.n, np.inf)  # squared distance to the nearest row, as far as it is known
    own[rows[~single]] = 0.0
    seekers = rows[single & (codes[rows] != largest)]
    who, which, d2 = _nearest_rows(space, seekers, rows, lists)
    own[seekers[who]] = d2
    first, second, d2 = _claims(seekers[who], which, d2, codes, own)
    claimed, where = np.unique(second, return_inverse=True)
    radius = np.full(len(claimed), np.inf)
    np.minimum.at(radius, where, d2)
    unknown = own[claimed] == np.inf
    own[claimed[unknown]] = _nearest_distance(space, claimed[unknown], radius[unknown], rows, lists)
    hold = d2 == own[second]
    ends[first[hold]] = ends[second[hold]] = True
    return ends


def _set_copies_apart(space: Space, codes: np.ndarray, rows: np.ndarray, ends: np.ndarray):
    """Mark rows that have a copy in another class; give one row of each content, and whether it stands alone."""
    original = copies_of(space)
    if original is None:
        return rows, np.ones(len(rows), dtype=bool)
    _, first, group, size = np.unique(original[rows], return_index=True, return_inverse=True, return_counts=True)
    least, most = codes[rows[first]].copy(), codes[rows[first]].copy()
    np.minimum.at(least, group, codes[rows])
    np.maximum.at(most, group, codes[rows])
    ends[rows[(least < most)[group]]] = True
    order = np.argsort(rows[first])
    return rows[first][order], (size == 1)[order]


def _nearest_rows(space: Space, seekers: np.ndarray, rows: np.ndarray, lists: Lists | None):
    """All rows at the smallest distance of each seeker: positions of the seekers, rows, d2."""
    if lists is None:
        return nearest_ties(space, seekers, rows)
    alive = np.zeros(space.n, dtype=bool)
    alive[rows] = True
    return with_ties(space, seekers, rows, *lists.of(seekers).first(2, alive))


def _claims(first, second, d2, codes, own):
    """Pairs of different classes that both ends may still hold for their nearest."""
    possible = (codes[first] != codes[second]) & (d2 <= own[second])
    first, second, d2 = first[possible], second[possible], d2[possible]
    closest = np.full(len(own), np.inf)
    np.minimum.at(closest, second, d2)
    heard = d2 == closest[second]
    return first[heard], second[heard], d2[heard]


def _nearest_distance(space: Space, claimed, radius, rows, lists: Lists | None) -> np.ndarray:
    """Squared distance to the nearest row, for claimed rows; anything below the radius where there is one that is nearer."""
    if lists is not None:
        alive = np.zeros(space.n, dtype=bool)
        alive[rows] = True
        return lists.of(claimed).first(1, alive)[1][:, 0]
    if few_dimensions(space):
        return nearest(space, claimed, rows, 1)[1][:, 0]
    found = np.full(len(claimed), -1.0)
    open_ = np.flatnonzero(company(space, claimed, rows, radius, 1, trees=TREES)[:, 0] < 0)
    found[open_] = nearest(space, claimed[open_], rows, 1, within=radius[open_])[1][:, 0]
    return found
