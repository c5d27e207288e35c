"""Few pairs: one tile holds all there is, so nothing is found out first and nothing is multiplied again.

The trouble: a search of large tables first tries out the precision, groups copies, and then looks at the best blocks one by one.
For some hundred rows of a rare class these preparations take longer than the search.

    tile = bounds of some queries x the whole pool;   U = k-th smallest of block minima + slack;   measured: tile <= U

What is inside: `fits_one_tile` and `skip_preparation`, whether that is cheaper; `hits_at_once`, the search; and what it shares with
`_search.py`: `block_width`, `kth_smallest`, `just_above`, `places`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._bounds import Screen
from ._distances import Space

__all__ = [
    "Hits",
    "block_width",
    "fits_one_tile",
    "hits_at_once",
    "just_above",
    "kth_smallest",
    "places",
    "skip_preparation",
]

Hits = tuple[slice, np.ndarray, np.ndarray, np.ndarray]  # a run of queries, positions in it, rows of the pool, d2

PLAIN = 1 << 24  # pairs up to which tiles are kept
KEPT = 1 << 19  # entries of a tile that is kept to be looked at again
TRIVIAL = 1 << 21  # pairs up to which nothing is found out about the space first


def fits_one_tile(queries: np.ndarray, pool: np.ndarray) -> bool:
    """Are these so few pairs that kept tiles are cheaper than a second look at the best blocks?"""
    return len(queries) * len(pool) <= PLAIN


def skip_preparation(queries: np.ndarray, pool: np.ndarray) -> bool:
    """Are these so few pairs that finding out about the space would cost more than it saves?"""
    return len(queries) * len(pool) <= TRIVIAL


def hits_at_once(
    space: Space,
    queries: np.ndarray,
    pool: np.ndarray,
    k: int,
    within: np.ndarray | None,
    given: Screen | None,
    own: bool,
) -> Iterator[Hits]:
    """Pairs that may be among the k nearest (k = 0: any) and within the radius, measured.

    pool : ascending. within : (q,) squared radii, or None. given : the screen to be used. own : leave the query itself out.
    """
    screen = given or _screen_untried(space, queries, pool)
    side, step = screen.queries(pool), max(1, KEPT // len(pool))
    buffer = np.empty(len(pool) * min(step, len(queries)), dtype=screen.dtype)
    for start in range(0, len(queries), step):
        part = slice(start, min(start + step, len(queries)))
        asked, shape = screen.pool(queries[part]), (part.stop - start, len(pool))
        tile = screen.tile(asked, slice(0, shape[0]), side, out=buffer[: shape[0] * shape[1]].reshape(shape))
        place = places(asked.rows, pool) if own else np.full(shape[0], -1)
        itself = np.flatnonzero(place >= 0), place[place >= 0]
        tile[itself] = np.inf
        reach = _reach_of(tile, asked.slack, side.slack, k) if k else np.full(shape[0], np.inf)
        if within is not None:
            reach = np.minimum(reach, screen.scaled(within[part]))
        tile[itself] = np.nan  # within no limit
        who, column = np.divmod(np.flatnonzero(tile <= just_above(reach, screen)[:, None]), shape[1])
        yield part, who, pool[column], space.pairs(asked.rows[who], pool[column])
        if given is None and k and len(who) > shape[0] * (8 * k + 64) and screen.dtype == np.float32:
            screen = Screen(space, np.float64)  # too many near ties for single precision
            side, buffer = screen.queries(pool), buffer.astype(np.float64)


def _reach_of(tile: np.ndarray, own_slack: np.ndarray, slack: np.ndarray, k: int) -> np.ndarray:
    """`_reach` of the queries of a tile, (queries, pool); a block takes every so many-th row, so that minima run along rows."""
    m = tile.shape[1]
    width = block_width(m, k)
    blocks = m // width
    if blocks < k:
        return np.full(len(tile), np.inf)
    low = tile[:, : blocks * width].reshape(len(tile), width, blocks).min(axis=1)
    loose = slack[: blocks * width].reshape(width, blocks).max(axis=0)
    return kth_smallest(low + loose.astype(low.dtype), k, 1) + own_slack


def kth_smallest(high: np.ndarray, k: int, axis: int) -> np.ndarray:
    """The k-th smallest along an axis, rounded up."""
    kth = high.min(axis=axis) if k == 1 else np.partition(high, k - 1, axis=axis).take(k - 1, axis=axis)
    return kth.astype(np.float64) * (1 + 4 * float(np.finfo(high.dtype).eps))


def just_above(reach: np.ndarray, screen: Screen) -> np.ndarray:
    """Limits in the precision of the screen, rounded up."""
    return np.nextafter(reach.astype(screen.dtype), np.inf, dtype=screen.dtype)


def _screen_untried(space: Space, queries: np.ndarray, pool: np.ndarray) -> Screen:
    """The screen of a space as far as it is known; else double precision, which needs no scale, or single for more pairs."""
    return Screen(space, space.memory.get("precision", np.float64 if skip_preparation(queries, pool) else np.float32))


def block_width(m: int, k: int) -> int:
    """Rows in a block: choosing among m / width minima costs about as much as looking at 2 k blocks again."""
    return int(min(128, max(1, 2 ** round(np.log2(max(1.0, m / (2.0 * max(k, 1))) ** 0.5)))))


def places(rows: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """(q,) where each of `rows` stands in an ascending pool; -1 if it does not."""
    at = np.searchsorted(pool, rows)
    at[at == len(pool)] = 0
    return np.where(pool[at] == rows, at, -1)
