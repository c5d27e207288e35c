"""Which rows are drawn together, and how far: the random part of every SMOTE.

The trouble: one random stream for all classes gives shifted copies of a class the same synthetic rows; drawing base rows with
replacement uses some of them often and others never; rounding counts row by row misses the number that was asked for.

    bases     every base row floor(G/n) times, the rest drawn without replacement: equally often, give or take one
    shares    G r_i / sum r, rounded by largest remainder, so that they add up to G
    partner   uniform among a base row's neighbours;  step u ~ U(0, 1), towards another class U(0, 1/2)

A class draws from its own stream, keyed by the class's first row: renaming labels, or adding another class, changes nothing.

What is inside: `stream_of`, `equal_shares`, `largest_remainder`, `Pairs` and `draw_pairs`; `neighbours_apart`, the k nearest
rows that are not copies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Pairs", "draw_pairs", "equal_shares", "largest_remainder", "neighbours_apart", "stream_of"]

Search = Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Pairs:
    """Synthetic rows to be: (m,) base row, partner row and step; a row without neighbours is its own partner."""

    base: np.ndarray
    partner: np.ndarray
    step: np.ndarray

    @property
    def copies(self) -> int:
        """How many are plain copies of their base row."""
        return int((self.base == self.partner).sum())


def stream_of(seed: int, first_row: int) -> np.random.Generator:
    """The random stream of the class whose first row is `first_row`."""
    return np.random.default_rng([seed, first_row])


def equal_shares(total: int, n: int, stream: np.random.Generator) -> np.ndarray:
    """(n,) how often each base row is used, floor(total/n) or one more, adding up to `total`."""
    times = np.full(n, total // n)
    times[stream.choice(n, size=total % n, replace=False)] += 1
    return times


def largest_remainder(total: int, r: np.ndarray) -> np.ndarray:
    """(n,) whole numbers near total r_i / sum r that add up to `total`; ties to the first row."""
    exact = total * (r / r.sum())
    whole = np.floor(exact).astype(np.int64)
    most = np.argsort(-(exact - whole), kind="stable")[: total - int(whole.sum())]
    whole[most] += 1
    return whole


def draw_pairs(
    base: np.ndarray, times: np.ndarray, near: np.ndarray, other: np.ndarray | None, stream: np.random.Generator
) -> Pairs:
    """Partners and steps for `times` synthetic rows of every base row.

    base, times : (q,). near : (q, k) neighbours of the same class, nearest first, -1 for none. other : (q,) the nearest row of
    another class, one more choice with half the step, or None.
    """
    choices = (near >= 0).sum(axis=1) + (other is not None)
    at = np.repeat(np.arange(len(base)), times)
    drawn = (stream.random(len(at)) * choices[at]).astype(np.int64)
    step = stream.random(len(at))
    table = near if other is None else np.concatenate([near, near[:, :1]], axis=1)
    partner = table[at, drawn] if table.shape[1] else np.full(len(at), -1)
    if other is not None:
        across = drawn == choices[at] - 1
        partner[across] = other[at[across]]
        step[across] /= 2
    alone = choices[at] == 0
    partner[alone] = base[at[alone]]
    step[partner == base[at]] = 0.0
    return Pairs(base[at], partner, step)


def neighbours_apart(search: Search, queries: np.ndarray, pool: np.ndarray, k: int) -> np.ndarray:
    """(q, k) the k rows of `pool` nearest to each query row at a distance > 0, nearest first; -1 where there are fewer.

    search : (queries, pool, k) -> rows and squared distances, nearest first, -1 and inf where the pool is too small. Rows
    with copies are searched again with twice the depth, until they have k others or the pool is used up.
    """
    rows, d2 = search(queries, pool, k)
    out = _pushed_left(rows, d2 > 0)
    open_, depth = np.flatnonzero((d2 == 0).any(axis=1)), k
    while len(open_) and depth < len(pool):
        depth = min(2 * depth, len(pool))
        rows, d2 = search(queries[open_], pool, depth)
        found = _pushed_left(rows, d2 > 0)[:, :k]
        out[open_] = found
        open_ = open_[(found < 0).any(axis=1) & (rows >= 0).all(axis=1)]
    return out


def _pushed_left(rows: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The kept entries of every line in their order, then -1."""
    kept = kept & (rows >= 0)
    order = np.argsort(~kept, axis=1, kind="stable")
    return np.where(np.take_along_axis(kept, order, axis=1), np.take_along_axis(rows, order, axis=1), -1)
