"""Copies: rows that stand in a table several times are measured once.

The trouble: a table of few whole numbers or of categories holds each row a hundred times over, and every copy is tied with all
its copies: a list of three neighbours has to choose among a hundred rows at distance zero, for every row.

    k nearest rows  =  the k nearest *different* rows by (distance, lowest row number), handed out copy by copy

That is enough: whoever is among the first k has fewer than k different rows before its own.

What is inside: `copies_of`, the lowest row number of each row's copies (or None, if copies are rare), and `EqualRows`, which
hands them out. Rows are compared by a hash of their bits, and by their distance where hashes agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._distances import Space

__all__ = ["EqualRows", "copies_of"]

COMMON = 0.05  # share of copies below which they are not worth grouping
HANDFUL = 1 << 20  # entries while copies are handed out


@dataclass(frozen=True)
class EqualRows:
    """Some rows grouped by content: `first` (g,) lowest row of each group, members in `order` from `starts`, `counts`."""

    first: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, original: np.ndarray, rows: np.ndarray) -> EqualRows:
        """Group `rows`, ascending, by `original` (n,), as `copies_of` gives it."""
        order = np.argsort(original[rows], kind="stable")
        starts = np.flatnonzero(np.diff(original[rows][order], prepend=-1))
        return cls(rows[order[starts]], rows[order], starts, np.diff(starts, append=len(rows)))

    def hand_out(self, firsts: np.ndarray, d2: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """From different rows (q, m) and their d2 the first k rows with copies, by (distance, row number); -1 at inf."""
        sorter = np.argsort(self.first)
        rows, gaps = np.full((len(firsts), k), -1), np.full((len(firsts), k), np.inf)
        step = max(1, HANDFUL // (firsts.shape[1] * k))
        for top in range(0, len(firsts), step):
            some, far = firsts[top : top + step], d2[top : top + step]
            group = sorter[np.searchsorted(self.first, np.where(some < 0, self.first[0], some), sorter=sorter)]
            copy = np.arange(k)
            there = (copy < self.counts[group][..., None]) & (some >= 0)[..., None]
            member = self.order[np.where(there, self.starts[group][..., None] + copy, 0)]
            member = np.where(there, member, -1).reshape(len(some), -1)
            far = np.where(there, far[..., None], np.inf).reshape(len(some), -1)
            first = np.lexsort((member, far), axis=-1)[:, :k]
            rows[top : top + step, : first.shape[1]] = np.take_along_axis(member, first, axis=1)
            gaps[top : top + step, : first.shape[1]] = np.take_along_axis(far, first, axis=1)
        return rows, gaps


def copies_of(space: Space) -> np.ndarray | None:
    """(n,) lowest row number among the copies of each row; None if fewer than one row in twenty is a copy."""
    if "copies" not in space.memory:
        space.memory["copies"] = _copies(space)
    return space.memory["copies"]


def _copies(space: Space) -> np.ndarray | None:
    n, key = space.n, _hashes(space)
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], key[order][1:] != key[order][:-1]])) if n else np.empty(0, int)
    if len(starts) > (1 - COMMON) * n:
        return None
    original = np.empty(n, dtype=np.int64)
    original[order] = np.repeat(order[starts], np.diff(starts, append=n))
    alike = np.flatnonzero(original != np.arange(n))
    original[alike[space.pairs(alike, original[alike]) > 0]] = alike[space.pairs(alike, original[alike]) > 0]
    return original


def _hashes(space: Space) -> np.ndarray:
    """(n,) uint64: the bits of every value times an odd number of its column, summed; equal rows have equal hashes."""
    width = space.values.shape[1]
    odd = np.random.default_rng(0).integers(0, 2**63, width + len(space.tables), dtype=np.uint64) * np.uint64(
        2
    ) + np.uint64(1)
    if space.sparse:
        key = _sparse_hashes(space.values, odd)
    else:
        key = np.zeros(space.n, dtype=np.uint64)
        for column in range(width):
            key += _mixed(space.values[:, column]) * odd[column]
    for column in range(len(space.tables)):
        assert space.codes is not None
        key += _mixed(space.codes[:, column]) * odd[width + column]
    return key


def _sparse_hashes(values: Any, odd: np.ndarray) -> np.ndarray:
    terms = np.concatenate([_mixed(values.data) * odd[values.indices], np.zeros(1, np.uint64)])
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)])
    return sums[values.indptr[1:]] - sums[values.indptr[:-1]]  # differences wrap around as the sums do


def _mixed(values: np.ndarray) -> np.ndarray:
    """Bits of float64, zero for zero of either sign, stirred so that sums of few values do not collide."""
    bits = (values.astype(np.float64) + 0.0).view(np.uint64)
    bits = bits ^ (bits >> np.uint64(29))
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    return bits ^ (bits >> np.uint64(32))
