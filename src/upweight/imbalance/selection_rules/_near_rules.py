"""The majority rows nearest to the minority, by three meanings of near, without measuring most of them.

The trouble: NearMiss-2 sorts the distances from every majority row to every minority row, 500 million of them at n = 100,000, to
keep five thousand rows.

    1  least mean distance to the k nearest minority rows         bound: the nearest one, from one screened pass
    2  least mean distance to the k farthest minority rows        bound: the k farthest of some 500 extreme minority rows
    3  of the rows that are among the `reach` nearest of some minority row, greatest mean distance to the k nearest

For 1 and 2 rows are measured in the order of their bound until the bound passes the value of the last row that is kept: no row
beyond can be among them. Ties go to the lower row number.

What is inside: `near_miss`, a pure function from a space to the rows of one class that are kept, and `farthest`.

Sources: Mani and Zhang (2003), kNN approach to unbalanced data distributions, ICML workshop.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...neighbours import ACROSS, TILE, Space, few_dimensions, floors, nearest, screen_of, tiles

__all__ = ["farthest", "near_miss"]

EXTREMES = 500
PACK = 8  # pool rows that share one maximum
ROUNDING = 1 - 1e-12  # square roots and means are rounded; bounds step aside


def near_miss(
    space: Space, rows: np.ndarray, minority: np.ndarray, keep: int, *, version: int = 1, k: int = 3, reach: int = 3
) -> np.ndarray:
    """Row numbers, ascending, of the `keep` rows of one class (`rows`) that are kept; fewer only in version 3."""
    k = min(k, len(minority))
    if version == 3:
        found, _ = nearest(space, minority, rows, min(reach, len(rows)))
        pool = np.unique(found)
        value = -_mean_nearest(space, pool, minority, k)
        return np.sort(pool[np.lexsort((pool, value))[:keep]])
    if version == 1 and few_dimensions(space):
        return np.sort(rows[np.lexsort((rows, _mean_nearest(space, rows, minority, k)))[:keep]])
    if version == 1:
        bound = np.sqrt(floors(space, rows, minority)) * ROUNDING
        return _least(rows, bound, keep, lambda some: _mean_nearest(space, some, minority, k))
    bound = _far_bound(space, rows, minority, k)
    return _least(rows, bound, keep, lambda some: np.sqrt(farthest(space, some, minority, k)).mean(axis=1))


def farthest(space: Space, queries: np.ndarray, pool: np.ndarray, k: int) -> np.ndarray:
    """(q, k) squared distances, ascending, to the k rows of `pool` (k at most) farthest from each query."""
    screen, out = screen_of(space), np.empty((len(queries), k))
    side = screen.pool(np.sort(pool))
    step = screen.batch(max(1, min(ACROSS, TILE // len(side))))
    for start in range(0, len(queries), step):
        asked = screen.queries(queries[start : start + step])
        low = np.concatenate([tile.copy() for _, _, tile in tiles(screen, side, asked, 1)])
        low[np.isinf(low)] = 0  # the query itself
        sure = _kth_largest(low, k) * (1 - 1e-6) - asked.slack - side.slack.max()
        which, who = np.nonzero(low >= sure.astype(low.dtype))
        d2 = space.pairs(asked.rows[who], side.rows[which])
        order = np.lexsort((-d2, who))
        place = np.arange(len(who)) - np.searchsorted(who[order], who[order])
        top = place < k
        out[start + who[order][top], k - 1 - place[top]] = d2[order][top]
    return out


def _mean_nearest(space: Space, rows: np.ndarray, minority: np.ndarray, k: int) -> np.ndarray:
    return np.sqrt(nearest(space, rows, minority, k)[1]).mean(axis=1)


def _least(rows: np.ndarray, bound: np.ndarray, keep: int, value_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The `keep` rows of least (value, row number), measured in the order of a lower bound until it passes the last of them."""
    order = np.argsort(bound, kind="stable")
    done, values, step = 0, np.empty(0), keep
    while done < len(rows):
        last = np.partition(values, keep - 1)[keep - 1] if done >= keep else np.inf
        stop = min(done + step, int(np.searchsorted(bound[order], last, side="right")))
        if stop <= done:
            break
        values = np.concatenate([values, value_of(rows[order[done:stop]])])
        done, step = stop, max(keep // 4, 256)
    measured = rows[order[:done]]
    return np.sort(measured[np.lexsort((measured, values))[:keep]])


def _far_bound(space: Space, rows: np.ndarray, minority: np.ndarray, k: int) -> np.ndarray:
    """Mean distance to the k farthest of some extreme minority rows: never more than to the k farthest of all."""
    screen = screen_of(space)
    extreme = _extremes(space, minority)
    side = screen.pool(extreme)
    bound = np.zeros(len(rows))
    if len(extreme) < k * PACK:
        return bound
    step = screen.batch(16 * ACROSS)
    for start in range(0, len(rows), step):
        asked = screen.queries(rows[start : start + step])
        for _, part, tile in tiles(screen, side, asked, len(side)):
            packs = np.maximum.reduceat(tile, np.arange(0, len(side), PACK), axis=0)
            top = np.partition(packs, len(packs) - k, axis=0)[len(packs) - k :]
            here = bound[start : start + step][part]
            here[:] = np.sqrt(screen.exact(np.maximum(top.astype(np.float64), 0))).mean(axis=0) * ROUNDING
    return bound


def _extremes(space: Space, minority: np.ndarray) -> np.ndarray:
    """Some 500 minority rows far out: the largest norms, and both ends of principal and of random directions."""
    if len(minority) <= EXTREMES:
        return minority
    side = screen_of(space).pool(minority)
    random = np.random.default_rng(0)  # moves the cost, never the result
    if space.sparse:
        x, axes, norms = side.columns, np.empty((space.values.shape[1], 0)), side.norms
    else:
        x = side.columns[:, :-2].astype(np.float64)
        x -= x.mean(axis=0)
        axes = np.linalg.eigh(x.T @ x)[1][:, -64:] if x.shape[1] <= 512 else np.empty((x.shape[1], 0))
        norms = np.einsum("ij,ij->i", x, x)
    ends = np.argsort(x @ np.concatenate([axes, random.standard_normal((x.shape[1], 128))], axis=1), axis=0)
    far = np.argsort(-np.asarray(norms))[: EXTREMES // 2]
    return minority[np.unique(np.concatenate([far, ends[0], ends[-1]]))]


def _kth_largest(low: np.ndarray, k: int) -> np.ndarray:
    """(q,) a value that k different rows reach: the k-th largest of the maxima of packs of rows, or of the rows."""
    packs = np.maximum.reduceat(low, np.arange(0, len(low), PACK), axis=0) if len(low) >= k * PACK else low
    return np.partition(packs, len(packs) - k, axis=0)[len(packs) - k].astype(np.float64)
