"""The order of one epoch: each row as often as it is drawn, shuffled, the same on every rank and machine.

The trouble: ranks that shuffle by themselves share rows and miss others; a run that stopped cannot go on where it was, because the order was
never written down. Here the order is a function of (seed, epoch, masses) alone and need not be.

    order(seed, epoch) = shuffle(repeat(rows, k)),      random numbers of Philox, seeded by SeedSequence(seed, spawn_key=(epoch,))

A shuffle in place of many rows misses the cache at each step. So every draw goes to one of 256 buckets at random first, and each bucket,
small enough for the cache, is shuffled: as uniform, and three times as fast.

Sources: Salmon, Moraes, Dror and Shaw, SC (2011), Philox; Rao, Sankhya A 23 (1961) and Sandelius, JRSS B 24 (1962), the shuffle.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._draw import BLOCK, draw_counts

__all__ = ["epoch_order"]

BUCKETS = 256


def _random_of(seed: int, epoch: int) -> np.random.Generator:
    """The generator of one epoch."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(epoch,))))


def epoch_order(mass: np.ndarray, m: int, *, method: str, seed: int, epoch: int) -> np.ndarray:
    """(m,) row numbers, drawn in proportion to `mass` (n,) and shuffled; int32 below 2^31 rows.

    >>> order = epoch_order(np.array([0.0, 1.0, 3.0]), 8, method="systematic", seed=0, epoch=0)
    >>> np.bincount(order).tolist(), order.dtype
    ([0, 2, 6], dtype('int32'))
    """
    random = _random_of(seed, epoch)
    kind = np.dtype(np.int32 if len(mass) < 2**31 else np.int64)
    counts = draw_counts(mass, m, method=method, random=random)
    return _shuffled(_repeated(counts, kind), m, kind, random)


def _repeated(counts: Iterator[tuple[int, np.ndarray]], kind: np.dtype) -> Iterator[np.ndarray]:
    """Row numbers, each as often as it is drawn, in pieces of a block at most."""
    for start, drawn in counts:
        piece = np.repeat(np.arange(start, start + len(drawn), dtype=kind), drawn)
        yield from (piece[a : a + BLOCK] for a in range(0, len(piece), BLOCK))


def _shuffled(pieces: Iterator[np.ndarray], m: int, kind: np.dtype, random: np.random.Generator) -> np.ndarray:
    if m <= BLOCK:
        out = np.concatenate([np.empty(0, kind), *pieces])
        random.shuffle(out)
        return out
    out = np.empty(m, kind)
    bucket = random.integers(0, BUCKETS, m, dtype=np.uint8)
    sizes = sum(np.bincount(bucket[a : a + BLOCK], minlength=BUCKETS) for a in range(0, m, BLOCK))
    ends = np.cumsum(sizes)
    free, done = (ends - sizes).tolist(), 0
    for piece in pieces:
        where = bucket[done : done + len(piece)]
        done += len(piece)
        _scatter(piece[np.argsort(where, kind="stable")], np.bincount(where, minlength=BUCKETS).tolist(), out, free)
    for part in np.split(out, ends[:-1]):  # views
        random.shuffle(part)
    return out


def _scatter(rows: np.ndarray, sizes: list[int], out: np.ndarray, free: list[int]) -> None:
    """Append runs of `rows` to their buckets in `out`; `free` is the next place of each."""
    a = 0
    for k, size in enumerate(sizes):
        out[free[k] : free[k] + size] = rows[a : a + size]
        free[k] += size
        a += size
