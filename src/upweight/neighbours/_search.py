"""The nearest rows of each row, exactly, at little more than the price of one matrix product.

The trouble: picking k of n candidates by sorting a full block of distances costs more than computing it, and the block itself is
wrong in its last digits.

    L_b = min over block b of the screened lower bounds;   U = k-th smallest of (L_b + slack)   >=   the k-th nearest distance

because k blocks have a row within their own bound. Only blocks with L_b <= U can hold a neighbour: they are multiplied once
more, the few rows that are left are measured exactly, and the order is (distance, row number). A row is left out of its own
list by row number, so copies of it stay.

What is inside: `nearest` (k rows and their squared distances), `nearest_ties` (all rows at the least distance), `pairs_within`
(all pairs no farther than a radius) and `screen_of`; `_brackets.py` has bounds of the nearest distance. Work: F
multiplications for F pairs, one pass of minima, and about 2 k blocks a query again (`_one_tile.py`: nothing again, where pairs
are few). One block of at most 64 MB is held beside a screening copy of the pool.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ._bounds import Pool, Queries, Screen
from ._copies import EqualRows, copies_of
from ._distances import Space
from ._kdtree import ask_tree, few_dimensions
from ._one_tile import (
    Hits,
    block_width,
    fits_one_tile,
    hits_at_once,
    just_above,
    kth_smallest,
    places,
    skip_preparation,
)

__all__ = ["Nearest", "minima", "nearest", "nearest_ties", "pairs_within", "screen_of", "tiles", "with_ties"]

TILE = 1 << 20  # entries of one product: 4 to 8 MB
MINIMA = 1 << 21  # entries of block minima kept at a time
CANDIDATES = 1 << 20  # pairs measured exactly at a time; more split the queries
ACROSS = 1024  # queries in one product
PROBE = 128  # queries that show whether single precision is enough

Nearest = tuple[np.ndarray, np.ndarray]


def nearest(
    space: Space,
    queries: np.ndarray,
    pool: np.ndarray,
    k: int,
    *,
    within: np.ndarray | None = None,
    screen: Screen | None = None,
) -> Nearest:
    """The k rows of `pool` nearest to each row of `queries`, by (distance, row number), never the row itself.

    queries, pool : row numbers of `space`, any order, no row twice in `pool`
    within : (q,) squared distances beyond which no row is wanted
    Returns rows (q, k), int64, and squared distances (q, k), float64, both ascending; where there are fewer rows, -1 at inf.
    """
    queries, pool = np.asarray(queries, dtype=np.int64), np.sort(np.asarray(pool, dtype=np.int64))
    if screen is None and _few_of_many(space, queries, pool):
        return _nearest_in_part(space, queries, pool, k, within)
    original = copies_of(space) if screen is None and not skip_preparation(queries, pool) else None
    if original is not None:
        return _nearest_with_copies(space, queries, pool, k, within, original)
    return _nearest(space, queries, pool, k, within, screen)


def _few_of_many(space: Space, queries: np.ndarray, pool: np.ndarray) -> bool:
    """Would finding out about the whole space be dear beside a search among so few of its rows?"""
    return 4 * max(len(queries), len(pool)) <= space.n and not skip_preparation(queries, pool)


def _nearest_in_part(space, queries, pool, k, within) -> Nearest:
    """The same search in a space of these rows alone; rows keep their order, so ties fall as before."""
    kept = np.unique(np.concatenate([queries, pool]))
    at = np.searchsorted(kept, queries), np.searchsorted(kept, pool)
    rows, d2 = nearest(space.part(kept), *at, k, within=within)
    return np.where(rows < 0, -1, kept[rows]), d2


def _nearest(space, queries, pool, k, within, screen, *, own: bool = True) -> Nearest:
    if screen is None and 0 < k < len(pool) - 4 and few_dimensions(space, len(queries) * len(pool)):
        rows, d2, open_ = ask_tree(space, queries, pool, k, own)
        if open_.any():
            within = None if within is None else within[open_]
            rows[open_], d2[open_] = _by_products(space, queries[open_], pool, k, within, screen, own)
        return rows, d2
    return _by_products(space, queries, pool, k, within, screen, own)


def _by_products(space, queries, pool, k, within, screen, own) -> Nearest:
    rows = np.full((len(queries), k), -1, dtype=np.int64)
    d2 = np.full((len(queries), k), np.inf)
    for run, who, which, gaps in _hits(space, queries, pool, k, within, screen, own=own):
        _fill(rows[run], d2[run], who, which, gaps)
    return rows, d2


def _nearest_with_copies(space, queries, pool, k, within, original) -> Nearest:
    """Different rows ask for the k + 1 nearest different rows, itself included; then copies are handed out."""
    groups = EqualRows.of(original, pool)
    asks, back = np.unique(original[queries], return_inverse=True)
    if within is not None:
        widest = np.full(len(asks), -np.inf)
        np.maximum.at(widest, back, within)
        within = widest
    firsts, d2 = _nearest(space, asks, np.sort(groups.first), k + 1, within, None, own=False)
    rows, gaps = (part[back] for part in groups.hand_out(firsts, d2, k + 1))
    out = (rows == queries[:, None]) | (rows < 0)
    order = np.argsort(out, axis=1, kind="stable")[:, :k]
    rows, gaps, out = (np.take_along_axis(part, order, axis=1) for part in (rows, gaps, out))
    return np.where(out, -1, rows), np.where(out, np.inf, gaps)


def nearest_ties(space: Space, queries: np.ndarray, pool: np.ndarray) -> tuple[np.ndarray, ...]:
    """Every row of `pool` at the smallest distance from each query, never itself: positions in `queries`, rows, d2."""
    if few_dimensions(space, len(queries) * len(pool)):
        return with_ties(space, queries, pool, *nearest(space, queries, pool, 2))
    queries, found = np.asarray(queries, dtype=np.int64), []
    for run, who, which, gaps in _hits(space, queries, pool, 1, None, None):
        least = np.full(run.stop - run.start, np.inf)
        np.minimum.at(least, who, gaps)
        tied = gaps == least[who]
        found.append((who[tied] + run.start, which[tied], gaps[tied]))
    return _joined(found)


def with_ties(space: Space, queries: np.ndarray, pool: np.ndarray, rows: np.ndarray, d2: np.ndarray):
    """`nearest_ties` from the two nearest rows (q, 2) and their d2: only where these two are tied is there more to find."""
    tied = (d2[:, 0] == d2[:, 1]) & (rows[:, 1] >= 0)
    lone = np.flatnonzero(~tied & (rows[:, 0] >= 0))
    many = np.flatnonzero(tied)
    who, which, gaps = pairs_within(space, queries[many], pool, d2[many, 0])
    return _joined([(lone, rows[lone, 0], d2[lone, 0]), (many[who], which, gaps)])


def pairs_within(space: Space, queries: np.ndarray, pool: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, ...]:
    """Every pair of a query and another row of `pool` at most `within` (q,) apart, squared: positions in `queries`, rows, d2."""
    queries = np.asarray(queries, dtype=np.int64)
    found = [
        (who[near] + run.start, which[near], gaps[near])
        for run, who, which, gaps in _hits(space, queries, pool, 0, within, None)
        for near in [np.flatnonzero(gaps <= within[run][who])]
    ]
    return _joined(found)


def _joined(found: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    empty = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    return tuple(np.concatenate(part) for part in zip(empty, *found, strict=True))


def screen_of(space: Space) -> Screen:
    """The screen of a space: in single precision if that tells neighbours apart, tried on a few rows, else in double."""
    if "precision" not in space.memory:
        space.memory["precision"] = _precision(space)
    return Screen(space, space.memory["precision"])


def _precision(space: Space) -> type:
    screen = Screen(space)
    if screen.dtype == np.float64 or space.n <= PROBE:
        return np.float64
    some = np.unique(np.linspace(0, space.n - 1, PROBE).astype(np.int64))
    judged = sum(len(who) for _, who, _, _ in _hits(space, some, np.arange(space.n), 3, None, screen))
    return np.float32 if judged <= 16 * len(some) else np.float64


def tiles(screen: Screen, pool: Pool, asked: Queries, width: int) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Lower bounds of all pairs, tile by tile, own row at infinity: (pool rows, queries, tile). One buffer serves all.

    Tiles hold whole blocks of `width` pool rows, and have pool rows down, queries across.
    """
    across = min(len(asked.rows), ACROSS)
    down = min(max(width, TILE // across // width * width), len(pool))
    own = places(asked.own, pool.rows)
    buffer = np.empty(down * across, dtype=screen.dtype)
    for left in range(0, len(asked.rows), across):
        part = slice(left, min(left + across, len(asked.rows)))
        some = asked[part]
        for top in range(0, len(pool), down):
            rows = slice(top, min(top + down, len(pool)))
            shape = (rows.stop - rows.start, part.stop - part.start)
            tile = screen.tile(pool, rows, some, out=buffer[: shape[0] * shape[1]].reshape(shape))
            here = np.flatnonzero((own[part] >= rows.start) & (own[part] < rows.stop))
            tile[own[part][here] - rows.start, here] = np.inf
            yield rows, part, tile


def _hits(
    space: Space, queries: np.ndarray, pool: np.ndarray, k: int, within, screen: Screen | None, *, own: bool = True
) -> Iterator[Hits]:
    """Pairs that may be among the k nearest (k = 0: any) and within the radius, measured: (queries, who, which row, d2)."""
    pool = np.sort(np.asarray(pool, dtype=np.int64))
    if not len(queries) or not len(pool):
        return
    if fits_one_tile(queries, pool) and not space.sparse:
        yield from hits_at_once(space, queries, pool, k, within, screen, own)
        return
    screen = screen or screen_of(space)
    side, width = screen.pool(pool), block_width(len(pool), k)
    step = screen.batch(max(1, min(len(queries), MINIMA // -(-len(pool) // width))))
    for start in range(0, len(queries), step):
        part = slice(start, min(start + step, len(queries)))
        asked = screen.queries(queries[part])
        asked = asked if own else replace(asked, own=np.full(len(asked.rows), -1))
        low = _block_minima(screen, side, asked, width)
        reach = _reach(low, side, asked, width, k) if k else np.full(len(asked.rows), np.inf)
        if within is not None:
            reach = np.minimum(reach, screen.scaled(within[part]))
        judged = 0
        for run, who, which, gaps in _measured(screen, side, asked, low, reach, width):
            judged += len(who)
            yield slice(start + run.start, start + run.stop), who, which, gaps
        if k and judged > step * (8 * k + 64) and screen.dtype == np.float32 and part.stop < len(queries):
            screen = Screen(space, np.float64)  # too many near ties for single precision
            side = screen.pool(pool)


def _block_minima(screen: Screen, pool: Pool, asked: Queries, width: int) -> np.ndarray:
    """Smallest lower bound in each block of `width` pool rows, (blocks, queries)."""
    low = np.empty((-(-len(pool) // width), len(asked.rows)), dtype=screen.dtype)
    for rows, part, tile in tiles(screen, pool, asked, width):
        minima(tile, width, low[rows.start // width :, part])
    return low


def minima(tile: np.ndarray, width: int, out: np.ndarray) -> None:
    """Column by column the smallest of every `width` entries of a tile, into the first rows of `out`."""
    whole = len(tile) // width
    np.min(tile[: whole * width].reshape(whole, width, tile.shape[1]), axis=1, out=out[:whole])
    if len(tile) % width:
        np.min(tile[whole * width :], axis=0, out=out[whole])


def _reach(low: np.ndarray, pool: Pool, asked: Queries, width: int, k: int) -> np.ndarray:
    """A bound (q,) that no k-th nearest distance exceeds, in units of the screen."""
    if len(low) < k:
        return np.full(low.shape[1], np.inf)
    looseness = np.maximum.reduceat(pool.slack, np.arange(0, len(pool), width))
    return kth_smallest(low + looseness[:, None].astype(low.dtype), k, 0) + asked.slack


def _measured(screen: Screen, pool: Pool, asked: Queries, low: np.ndarray, reach: np.ndarray, width: int):
    """Pairs within reach with their exact distances: (run of queries, who, which row, d2); long runs are halved."""
    limit = just_above(reach, screen)
    runs = [slice(0, len(asked.rows))]
    while runs:
        run = runs.pop()
        pairs = _look_again(screen, pool, asked[run], low[:, run], limit[run], width)
        if pairs is None:
            middle = (run.start + run.stop) // 2
            runs += [slice(middle, run.stop), slice(run.start, middle)]
        else:
            who, which = pairs
            yield run, who, which, screen.space.pairs(asked.rows[run][who], which)


def _look_again(screen: Screen, pool: Pool, asked: Queries, low: np.ndarray, limit: np.ndarray, width: int):
    """Rows of the open blocks within the limit, as (query position, row number); None if too many for one go."""
    block, query = np.nonzero(low <= limit)
    edges = np.flatnonzero(np.diff(block, prepend=-1, append=-1))
    who, which, total = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
    for first, last in pairwise(edges):
        some, top = query[first:last], int(block[first]) * width
        rows = slice(top, min(top + width, len(pool)))
        tile = screen.tile(pool, rows, asked[some])
        row, column = np.nonzero(tile <= limit[some])
        numbers, position = pool.rows[rows][row], some[column]
        other = numbers != asked.own[position]
        who.append(position[other])
        which.append(numbers[other])
        total += len(position)
        if total > CANDIDATES and len(asked.rows) > 1:
            return None
    return np.concatenate(who), np.concatenate(which)


def _fill(rows: np.ndarray, d2: np.ndarray, who: np.ndarray, which: np.ndarray, gaps: np.ndarray) -> None:
    """The first k candidates of each query by (distance, row number), written into `rows` and `d2`."""
    count = np.bincount(who, minlength=len(rows))
    if count.max(initial=0) <= 4 * rows.shape[1] + 16 and _ascending(who, which):
        return _fill_few(rows, d2, who, which, gaps, count)
    order = np.lexsort((which, gaps, who))
    who, which, gaps = who[order], which[order], gaps[order]
    place = np.arange(len(who)) - np.searchsorted(who, who)
    kept = place < rows.shape[1]
    rows[who[kept], place[kept]] = which[kept]
    d2[who[kept], place[kept]] = gaps[kept]


def _ascending(who: np.ndarray, which: np.ndarray) -> bool:
    """Whether candidates come query by query, each with its rows in order."""
    same = who[1:] == who[:-1]
    return bool(((who[1:] > who[:-1]) | (same & (which[1:] > which[:-1]))).all())


def _fill_few(rows, d2, who, which, gaps, count) -> None:
    """`_fill` of few candidates in order: a line of them for each query, sorted by distance; ties stay in order of row number."""
    k, deep = rows.shape[1], int(count.max(initial=0))
    place = np.arange(len(who)) - (np.cumsum(count) - count)[who]
    far, near = np.full((len(rows), max(deep, k)), np.inf), np.full((len(rows), max(deep, k)), -1)
    far[who, place], near[who, place] = gaps, which
    order = far.argsort(axis=1, kind="stable")[:, :k]
    rows[:], d2[:] = np.take_along_axis(near, order, axis=1), np.take_along_axis(far, order, axis=1)
