"""How often each row is drawn in an epoch, in one pass over the rows.

The trouble: drawing ten million rows by category keeps ten million probabilities in a table, refuses more than 2^24 of them, and searches
it once a draw. Sorted points and a running sum need neither: both go up, so they are merged in O(n + m).

With c_i = m p_i, C_i = c_1 + ... + c_i and sorted points t_1 <= ... <= t_m in [0, m), row i is drawn

    k_i = #{t < C_i} - #{t < C_{i-1}}

    systematic           t_j = j + U, one U for all: |k_i - c_i| < 1, a sixth of the variance of independent draws
    multinomial          t_j = m E_j/E_{m+1}, E the running sum of exponentials: sorted uniforms, independent draws
    without_replacement  systematic, c_i at most 1: what exceeds is handed to the other rows

The running sum goes in blocks of 2^18 rows, totals added in order, so that every machine has the same. The last row with c > 0 takes what
rounding left over.

Sources: Madow, Annals of Mathematical Statistics 20 (1949); Devroye, Non-Uniform Random Variate Generation (1986), V.2 (exponential spacings).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["BLOCK", "METHODS", "capped", "draw_counts", "running_total"]

BLOCK = 1 << 18
METHODS = ("systematic", "multinomial", "without_replacement")  # how an epoch's rows are drawn
ROUNDS = 30  # of handing the excess on, before what is left is sorted


def running_total(mass: np.ndarray) -> float:
    """The sum as the running sum has it: blocks in order."""
    total = 0.0
    for start in range(0, len(mass), BLOCK):
        total += float(np.cumsum(mass[start : start + BLOCK])[-1])
    return total


def draw_counts(
    mass: np.ndarray, m: int, *, method: str, random: np.random.Generator
) -> Iterator[tuple[int, np.ndarray]]:
    """(first row, (rows,) int64 draws of each) block by block; rows are drawn in proportion to `mass` (n,), `m` in all."""
    total = running_total(mass)
    shift = 0.0 if method == "multinomial" else float(random.random())
    points = _sorted_points(m, random) if method == "multinomial" else None
    last = _last_positive(mass)
    reached, before = 0.0, 0
    for start in range(0, len(mass), BLOCK):
        C = np.cumsum(mass[start : start + BLOCK])
        C += reached
        reached = float(C[-1])
        C *= m / total
        below = _below(C, shift) if points is None else np.searchsorted(points, C)
        np.minimum(below, m, out=below)
        if start + len(C) > last:
            below[max(last - start, 0) :] = m
        drawn = np.empty_like(below)
        drawn[0] = below[0] - before
        np.subtract(below[1:], below[:-1], out=drawn[1:])
        before = int(below[-1])
        yield start, drawn


def _below(C: np.ndarray, shift: float) -> np.ndarray:
    """How many of 0 + U, 1 + U, ... lie below each sum."""
    C -= shift
    return np.ceil(C, out=C).astype(np.int64)


def _sorted_points(m: int, random: np.random.Generator) -> np.ndarray:
    """(m,) sorted uniforms on [0, m)."""
    sums = random.standard_exponential(m + 1)
    np.cumsum(sums, out=sums)
    sums *= m / sums[-1]
    return sums[:-1]


def _last_positive(mass: np.ndarray) -> int:
    for stop in range(len(mass), 0, -BLOCK):
        start = max(0, stop - BLOCK)
        rows = np.flatnonzero(mass[start:stop])
        if len(rows):
            return start + int(rows[-1])
    return -1


def capped(mass: np.ndarray, m: int) -> np.ndarray:
    """(n,) expected draws min(1, lam mass) with sum m: what exceeds one is handed on until nothing does. Needs m positive rows.

    >>> capped(np.array([8.0, 1.0, 1.0, 0.0]), 2).tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    c = mass * (m / running_total(mass))
    full = np.zeros(len(c), bool)
    for _ in range(ROUNDS):
        more = (c >= 1) & ~full
        if not more.any():
            return c
        full |= more
        c[more] = 1.0
        rest = float(mass[~full].sum())
        left = m - int(full.sum())
        if rest > 0:
            c[~full] = mass[~full] * (left / rest)
    return _capped_by_sorting(mass, m)


def _capped_by_sorting(mass: np.ndarray, m: int) -> np.ndarray:
    """The same for masses so steep that a round frees few rows: the k heaviest are full for the least k that suffices."""
    heavy = np.sort(mass)[::-1]
    rest = np.cumsum(heavy[::-1])[::-1]  # rest[k] is the mass from the k-th heaviest on
    k = np.arange(len(heavy))
    fits = heavy * (m - k) <= rest
    first = int(fits.argmax())
    lam = (m - first) / rest[first] if rest[first] > 0 else np.inf
    return np.where(mass > 0, np.minimum(1.0, np.where(mass > 0, mass, 1.0) * lam), 0.0)
