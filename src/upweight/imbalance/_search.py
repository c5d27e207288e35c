"""The k nearest rows of each row, exactly, at little more than the price of one matrix product.

The trouble: picking k of n candidates by sorting a full block of distances costs more than computing it, and the block itself is
wrong in its last digits.

    L_b = min over block b of the screened lower bounds;   U = k-th smallest of (L_b + slack)   >=   the k-th nearest distance

because k blocks have a row within their own bound. Only blocks with L_b <= U can hold a neighbour: they are multiplied once
more, the few rows that are left are measured exactly, and the order is (distance, row number). A row is left out of its own
list by row number, so copies of it stay.

What is inside: `nearest` (rows and squared distances), `ascending` (their order) and `block_width`. Work: F multiplications for F pairs, one pass of
minima, and about 2 k blocks of `block_width` rows a query again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._distances import Space
from ._screen import Pool, Queries, Screen

__all__ = ["Found", "ascending", "nearest"]

TILE = 1 << 20  # entries of one product: 4 to 8 MB
MINIMA = 1 << 22  # entries of block minima kept at a time
CANDIDATES = 1 << 20  # pairs measured exactly at a time; more split the queries
PROBE = 128  # queries that show whether single precision is enough

Found = tuple[np.ndarray, np.ndarray]


def nearest(space: Space, queries: np.ndarray, pool: np.ndarray, k: int, *, screen: Screen | None = None) -> Found:
    """The k rows of `pool` nearest to each row of `queries`, by (distance, row number), never the row itself.

    queries, pool : row numbers of `space`, any order, no row twice in `pool`
    Returns rows (q, k), int64, and squared distances (q, k), float64, both ascending; where the pool is too small, row -1 at
    distance inf. At most one block of 64 MB is held beside a screening copy of the pool.
    """
    queries, pool = np.asarray(queries, dtype=np.int64), np.sort(np.asarray(pool, dtype=np.int64))
    rows = np.full((len(queries), k), -1, dtype=np.int64)
    d2 = np.full((len(queries), k), np.inf)
    if not len(queries) or not len(pool) or k < 1:
        return rows, d2
    probe = PROBE if screen is None else 0
    screen = screen or Screen(space)
    judged = _search(screen, queries[:probe], pool, rows[:probe], d2[:probe])
    if judged > probe * (4 * k + 16):  # single precision cannot tell these neighbours apart
        screen = Screen(space, np.float64)
    _search(screen, queries[probe:], pool, rows[probe:], d2[probe:])
    return rows, d2


def _search(screen: Screen, queries: np.ndarray, pool: np.ndarray, rows: np.ndarray, d2: np.ndarray) -> int:
    """Fill `rows` and `d2`, (q, k); returns how many pairs had to be measured exactly."""
    if not len(queries):
        return 0
    k, judged = rows.shape[1], 0
    width = block_width(len(pool), k)
    side = screen.pool(pool)
    step = max(1, min(len(queries), MINIMA // -(-len(pool) // width)))
    for start in range(0, len(queries), step):
        part = slice(start, start + step)
        asked = screen.queries(queries[part])
        low = _block_minima(screen, side, asked, width)
        reach = _reach(low, side, asked, width, k)
        for piece, who, which, gaps in _candidates(screen, side, asked, low, reach, width):
            _fill(rows[part][piece], d2[part][piece], who, which, gaps)
            judged += len(who)
    return judged


def block_width(m: int, k: int) -> int:
    """Rows in a block: the cost of choosing among m / width minima balances that of looking at 2 k blocks again."""
    return int(min(128, max(1, 2 ** int(np.log2(max(1.0, m / (8.0 * k)) ** 0.5)))))


def ascending(rows: np.ndarray, d2: np.ndarray) -> np.ndarray:
    """The order (distance, row number) within the last axis."""
    return np.lexsort((rows, d2), axis=-1)


def _tiles(screen: Screen, pool: Pool, asked: Queries, width: int) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Lower bounds of all pairs, tile by tile, own row at infinity: (pool rows, queries, tile). One buffer serves all."""
    across = min(len(asked.rows), 1024)
    down = max(width, TILE // across // width * width)
    own = np.searchsorted(pool.rows, asked.rows)
    found = own < len(pool)
    found[found] = pool.rows[own[found]] == asked.rows[found]
    buffer = np.empty(min(down, len(pool)) * across, dtype=screen.dtype)
    for left in range(0, len(asked.rows), across):
        part = slice(left, min(left + across, len(asked.rows)))
        some = asked[part]
        for top in range(0, len(pool), down):
            rows = slice(top, min(top + down, len(pool)))
            shape = (rows.stop - rows.start, part.stop - part.start)
            tile = screen.tile(pool, rows, some, out=buffer[: shape[0] * shape[1]].reshape(shape))
            here = np.flatnonzero(found[part] & (own[part] >= rows.start) & (own[part] < rows.stop))
            tile[own[part][here] - rows.start, here] = np.inf
            yield rows, part, tile


def _block_minima(screen: Screen, pool: Pool, asked: Queries, width: int) -> np.ndarray:
    """Smallest lower bound in each block of `width` pool rows, (blocks, queries)."""
    low = np.empty((-(-len(pool) // width), len(asked.rows)), dtype=screen.dtype)
    for rows, part, tile in _tiles(screen, pool, asked, width):
        first, whole = rows.start // width, len(tile) // width
        np.min(tile[: whole * width].reshape(whole, width, -1), axis=1, out=low[first : first + whole, part])
        if len(tile) % width:
            low[first + whole, part] = tile[whole * width :].min(axis=0)
    return low


def _reach(low: np.ndarray, pool: Pool, asked: Queries, width: int, k: int) -> np.ndarray:
    """A bound (q,) that no k-th nearest distance exceeds, in units of the screen."""
    if len(low) < k:
        return np.full(low.shape[1], np.inf)
    looseness = np.maximum.reduceat(pool.slack, np.arange(0, len(pool), width)) if len(pool) else pool.slack
    high = low + looseness[:, None].astype(low.dtype)
    kth = high.min(axis=0) if k == 1 else np.partition(high.T, k - 1, axis=1)[:, k - 1]
    return kth.astype(np.float64) * (1 + 4 * float(np.finfo(low.dtype).eps)) + asked.slack


def _candidates(screen, pool, asked, low, reach, width):
    """Pairs that may be among the k nearest, with their exact distances: (queries, who, which row, d2) for runs of queries."""
    runs = [slice(0, len(asked.rows))]
    while runs:
        run = runs.pop()
        pairs = _look_again(screen, pool, asked[run], low[:, run], reach[run], width)
        if pairs is None:
            middle = (run.start + run.stop) // 2
            runs += [slice(middle, run.stop), slice(run.start, middle)]
            continue
        who, which = pairs
        yield run, who, which, screen.space.pairs(asked.rows[run][who], which)


def _look_again(screen, pool, asked, low, reach, width):
    """Rows of the open blocks within reach, as (query position, row number); None if too many for one go."""
    limit = reach.astype(low.dtype)
    limit = np.nextafter(limit, np.inf, dtype=low.dtype)
    open_ = low <= limit
    counts = open_.sum(axis=1)
    who, which, total = [], [], 0
    for block in np.flatnonzero(counts):
        some = np.flatnonzero(open_[block])
        rows = slice(block * width, min((block + 1) * width, len(pool)))
        tile = screen.tile(pool, rows, asked[some])
        row, column = np.nonzero(tile <= limit[some])
        numbers, position = pool.rows[rows][row], some[column]
        other = numbers != asked.rows[position]
        who.append(position[other])
        which.append(numbers[other])
        total += len(position)
        if total > CANDIDATES and len(asked.rows) > 1:
            return None
    return np.concatenate(who) if who else np.empty(0, int), np.concatenate(which) if which else np.empty(0, int)


def _fill(rows: np.ndarray, d2: np.ndarray, who: np.ndarray, which: np.ndarray, gaps: np.ndarray) -> None:
    """The first k candidates of each query by (distance, row number), written into `rows` and `d2`."""
    order = np.lexsort((which, gaps, who))
    who, which, gaps = who[order], which[order], gaps[order]
    place = np.arange(len(who)) - np.searchsorted(who, who)
    kept = place < rows.shape[1]
    rows[who[kept], place[kept]] = which[kept]
    d2[who[kept], place[kept]] = gaps[kept]
