"""Between what bounds the nearest row lies: one pass of products, nothing measured.

The trouble: to find the nearest row exactly costs a second look; most questions are answered by how near it can be at most or
at least.

    low = min_b s(a, b)   <=   min_b d2(a, b)   <=   low + slack_a + max_b slack_b = high

s being the screened lower bound (`_bounds.py`). Between two sets one pass over the pairs gives both sides their bounds.

What is inside: `bracket`, for queries and a pool; `mutual_brackets`, for two sets of rows; `floors`, the lower bounds alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._bounds import Screen
from ._distances import Space
from ._search import ACROSS, screen_of, tiles

__all__ = ["Bracket", "bracket", "floors", "mutual_brackets"]

ROUNDING = 1 + 1e-12


@dataclass(frozen=True)
class Bracket:
    """(q,) lower and upper bounds of the squared distance to the nearest row; both inf if there is none."""

    low: np.ndarray
    high: np.ndarray


def floors(space: Space, queries: np.ndarray, pool: np.ndarray, *, screen: Screen | None = None) -> np.ndarray:
    """(q,) lower bounds of the squared distance to the nearest row of `pool` other than the query; inf if there is none."""
    return bracket(space, queries, pool, screen=screen).low


def bracket(space: Space, queries: np.ndarray, pool: np.ndarray, *, screen: Screen | None = None) -> Bracket:
    """Bounds of the squared distance from each query to the nearest other row of `pool`."""
    return _brackets(screen or screen_of(space), queries, pool, back=False)[0]


def mutual_brackets(space: Space, one: np.ndarray, other: np.ndarray) -> tuple[Bracket, Bracket]:
    """`bracket` from each row of `one` to the rows of `other`, and the other way round; `other` is ascending."""
    return _brackets(screen_of(space), one, other, back=True)


def _brackets(screen: Screen, queries: np.ndarray, pool: np.ndarray, *, back: bool) -> tuple[Bracket, Bracket]:
    queries, pool = np.asarray(queries, dtype=np.int64), np.sort(np.asarray(pool, dtype=np.int64))
    low, slack = np.full(len(queries), np.inf), np.zeros(len(queries))
    side, behind = screen.pool(pool), np.full(len(pool), np.inf, dtype=screen.dtype)
    step = screen.batch(16 * ACROSS)
    for start in range(0, len(queries) if len(pool) else 0, step):
        asked = screen.queries(queries[start : start + step])
        slack[start : start + step] = asked.slack
        for rows, part, tile in tiles(screen, side, asked, 1):
            here = low[start : start + step][part]
            np.minimum(here, tile.min(axis=0), out=here)
            if back:
                np.minimum(behind[rows], tile.min(axis=1), out=behind[rows])
    there, back_slack = slack + side.slack.max(initial=0.0), side.slack + slack.max(initial=0.0)
    return _bracket(screen, low, there), _bracket(screen, behind.astype(np.float64), back_slack)


def _bracket(screen: Screen, low: np.ndarray, slack: np.ndarray) -> Bracket:
    low = np.maximum(low, 0)
    return Bracket(screen.exact(low), screen.exact((low + slack) * ROUNDING))
