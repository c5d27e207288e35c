"""Random median-split trees: cheap witnesses that a row has close company.

The trouble: to keep a row it is enough to know k rows of its own class that are closer than the nearest row of another. Almost
every row has hundreds of them, and a full search measures a hundred thousand pairs to find out.

    split at the median of x . g, g Gaussian, again and again, until a leaf holds 1,024 rows; look only inside the leaf

A row found closer than the radius is a proof; a row not found proves nothing and is left for the full search. So trees never
change a result, only what it costs.

What is inside: `leaves`, and `company`, which collects witnesses from a dozen trees and stops when trees no longer pay.

Sources: Dasgupta and Freund (2008), Random projection trees; Tomek (1976) for the rule that needs the witnesses.
"""

from __future__ import annotations

import numpy as np

from ._bounds import Pool, Screen
from ._distances import Space
from ._search import screen_of

__all__ = ["company", "leaves"]

LEAF = 1024
TREES = 12
SLICE = 128  # leaf rows counted together in eight bits


def leaves(space: Space, rows: np.ndarray, rng: np.random.Generator, size: int) -> list[np.ndarray]:
    """Split `rows` at medians of random projections into leaves of at most `size` row numbers."""
    depth = max(0, int(np.ceil(np.log2(max(1, len(rows)) / size))))
    along = _projections(space, depth, rng)
    groups = [np.asarray(rows)]
    for level in range(depth):
        groups = [half for group in groups for half in _halves(group, along[level])]
    return groups


def company(
    space: Space,
    queries: np.ndarray,
    pool: np.ndarray,
    within: np.ndarray,
    need: int,
    *,
    spare: int = 0,
    trees: int = TREES,
) -> np.ndarray:
    """Different rows of `pool` strictly closer than sqrt(`within`) to each query, never itself.

    queries : (q,) row numbers, each once; within : (q,) squared radii; need : how many settle a query; spare : how many more
    are noted where they are at hand
    Returns (q, need + spare) row numbers, -1 where the trees found none. What is -1 may still exist.
    """
    found = np.full((len(queries), need + spare), -1, dtype=np.int64)
    if not len(queries) or len(pool) <= 1 or need < 1:
        return found
    screen, rng = screen_of(space), np.random.default_rng(0)  # the seed moves the cost, never the result
    place, inside = np.full(space.n, -1, dtype=np.int64), np.zeros(space.n, dtype=bool)
    place[queries], inside[pool] = np.arange(len(queries)), True
    side = screen.pool(np.flatnonzero(inside | (place >= 0)))
    inside, place = inside[side.rows], place[side.rows]
    open_ = within > 0
    for _ in range(trees):
        before = int(open_.sum())
        for leaf in leaves(space, side.rows, rng, LEAF) if before else []:
            at = np.searchsorted(side.rows, np.sort(leaf))
            asks = at[(place[at] >= 0)]
            asks = asks[open_[place[asks]]]
            if len(asks):
                here = place[asks]
                closer = _closer(screen, side, asks, at[inside[at]], within[here])
                found[here] = _fill_up(found[here], closer, side.rows[at[inside[at]]])
        open_ &= found[:, need - 1] < 0
        if (before - int(open_.sum())) * len(pool) < LEAF * len(side):
            break  # searching those rows in full would have cost less than another tree
    return found


def _projections(space: Space, depth: int, rng: np.random.Generator) -> np.ndarray:
    """(depth, n) random projections of all rows; a level of a category moves a row by about its distance to another."""
    values = space.values
    directions = rng.standard_normal((values.shape[1], depth)).astype(values.dtype)
    along = np.ascontiguousarray((values @ directions).T) if space.sparse else directions.T @ values.T
    for column, table in enumerate(space.tables):
        assert space.codes is not None
        levels = space.codes[:, column]
        steps = rng.standard_normal((depth, int(levels.max(initial=0)) + 1)) * np.sqrt(np.max(table))
        along = along + steps[:, levels]
    return along


def _halves(group: np.ndarray, along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = (len(group) + 1) // 2
    order = np.argpartition(along[group], middle - 1)
    return group[order[:middle]], group[order[middle:]]


def _closer(screen: Screen, side: Pool, asks: np.ndarray, leaf: np.ndarray, within: np.ndarray) -> np.ndarray:
    """(leaf, asks) bool: certainly closer than the radius, and another row."""
    pool, asked = side.some(leaf), side.asking(asks)
    limit = screen.scaled(within) - asked.slack - pool.slack.max(initial=0.0)
    limit = np.nextafter(limit.astype(screen.dtype), -np.inf, dtype=screen.dtype)
    closer = screen.tile(pool, slice(0, len(leaf)), asked) < limit
    own = np.searchsorted(leaf, asks)
    there = own < len(leaf)
    there[there] = leaf[own[there]] == asks[there]
    closer[own[there], np.flatnonzero(there)] = False
    return closer


def _fill_up(known: np.ndarray, closer: np.ndarray, leaf: np.ndarray) -> np.ndarray:
    """`known` (q, need) filled up with leaf rows marked in `closer` (leaf, q), each once; -1 stays at the end."""
    need, found = known.shape[1], known.copy()
    tops = range(0, len(leaf), SLICE)
    counts = np.empty((len(tops), len(known)), dtype=np.uint8)
    for number, top in enumerate(tops):
        np.add.reduce(closer[top : top + SLICE].view(np.uint8), axis=0, dtype=np.uint8, out=counts[number])
    best = counts.argmax(axis=0)
    rich = counts[best, np.arange(len(known))] >= need
    for number, top in enumerate(tops):
        some = np.flatnonzero(rich & (best == number))
        found[some] = leaf[top + _first(closer[top : top + SLICE, some], need)]
    poor = np.flatnonzero(~rich & counts.any(axis=0))
    if len(poor):
        found[poor] = _merged(known[poor], closer[:, poor], leaf)
    return found


def _first(marks: np.ndarray, need: int) -> np.ndarray:
    """(q, need) positions of the first `need` marks in each column, which has as many."""
    every, out = np.arange(marks.shape[1]), np.empty((marks.shape[1], need), dtype=np.int64)
    for place in range(need):
        out[:, place] = marks.argmax(axis=0)
        marks[out[:, place], every] = False
    return out


def _merged(known: np.ndarray, closer: np.ndarray, leaf: np.ndarray) -> np.ndarray:
    """Known and newly marked rows together, each once, cut to as many as are needed."""
    who, at = np.nonzero(closer.T)
    old = np.flatnonzero(known.ravel() >= 0)
    who = np.concatenate([old // known.shape[1], who])
    rows = np.concatenate([known.ravel()[old], leaf[at]])
    base = int(rows.max()) + 1
    who, rows = np.divmod(np.unique(who * base + rows), base)
    place = np.arange(len(who)) - np.searchsorted(who, who)
    kept = place < known.shape[1]
    found = np.full_like(known, -1)
    found[who[kept], place[kept]] = rows[kept]
    return found
