"""Tomek links: pairs of rows of different classes, each the other's nearest.

The trouble: a link is a property of two neighbourhoods, so the plain way finds the nearest row of every row. Copies and ties
make "the nearest" several rows, and which one a search returns is an accident.

    (i, j) is a link  <=>  different classes, and no row is nearer to i or to j than they are to each other: ties link all

Every link has an end outside the largest class. So only those rows look for their nearest rows; a row of the largest class
that several of them claim listens to the closest; and only the claimed rows are looked up in turn, after random trees have
shown most of them to have nearer company.

What is inside: `links`, all linked pairs of some rows.

Sources: Tomek (1976), Two modifications of CNN, IEEE Trans. SMC 6(11).
"""

from __future__ import annotations

import numpy as np

from ._distances import Space
from ._lists import Lists
from ._search import nearest, nearest_ties, pairs_within
from ._trees import company

__all__ = ["links"]

TREES = 3


def links(
    space: Space, codes: np.ndarray, *, alive: np.ndarray | None = None, lists: Lists | None = None
) -> np.ndarray:
    """(m, 2) linked pairs among the alive rows (all, if None), each once; `lists` hold neighbours of every row."""
    alive = np.ones(space.n, dtype=bool) if alive is None else alive
    rows = np.flatnonzero(alive)
    if len(np.unique(codes[rows])) < 2:
        return np.empty((0, 2), dtype=np.int64)
    largest = int(np.bincount(codes[rows]).argmax())
    seekers = rows[codes[rows] != largest]
    if lists is None:
        who, which, d2 = nearest_ties(space, seekers, rows)
    else:
        who, which, d2 = _tied_first(space, lists.of(seekers), alive)
    own = np.full(space.n, np.inf)  # squared distance to the nearest row, as far as it is known
    own[seekers[who]] = d2
    first, second, d2 = _claims(seekers[who], which, d2, codes, own, largest)
    claimed, where = np.unique(second, return_inverse=True)
    asked = codes[claimed] == largest
    radius = np.full(len(claimed), np.inf)
    np.minimum.at(radius, where, d2)
    own[claimed[asked]] = _nearest_distance(space, claimed[asked], radius[asked], rows, alive, lists)
    linked = d2 == own[second]
    return np.unique(np.sort(np.stack([first[linked], second[linked]], axis=1), axis=1), axis=0)


def _claims(first, second, d2, codes, own, largest):
    """Pairs of different classes that both ends may still hold for their nearest."""
    possible = (codes[first] != codes[second]) & ((codes[second] == largest) | (d2 == own[second]))
    first, second, d2 = first[possible], second[possible], d2[possible]
    closest = np.full(len(own), np.inf)
    np.minimum.at(closest, second, d2)
    heard = d2 == closest[second]
    return first[heard], second[heard], d2[heard]


def _nearest_distance(space: Space, claimed, radius, rows, alive, lists: Lists | None) -> np.ndarray:
    """Squared distance to the nearest row, for claimed rows; anything below the radius where there is one that is nearer."""
    if lists is not None:
        return lists.of(claimed).first(1, alive)[1][:, 0]
    found = np.full(len(claimed), -1.0)
    open_ = np.flatnonzero(company(space, claimed, rows, radius, 1, trees=TREES)[:, 0] < 0)
    found[open_] = nearest(space, claimed[open_], rows, 1, within=radius[open_])[1][:, 0]
    return found


def _tied_first(space: Space, lists: Lists, alive: np.ndarray):
    """All alive rows at the smallest distance of each list: positions of the lists, rows, d2."""
    rows, d2 = lists.first(2, alive)
    tied = d2[:, 0] == d2[:, 1]
    who, which, gap = np.arange(len(rows))[~tied], rows[~tied, 0], d2[~tied, 0]
    many = np.flatnonzero(tied & (rows[:, 1] >= 0))
    again = pairs_within(space, lists.queries[many], np.flatnonzero(alive), d2[many, 0])
    there = which >= 0
    return (
        np.concatenate([who[there], many[again[0]]]),
        np.concatenate([which[there], again[1]]),
        np.concatenate([gap[there], again[2]]),
    )
