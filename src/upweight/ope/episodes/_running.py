"""Running products of ratios inside each group, by sums of their logs.

The trouble: 400 steps of .1 against .1 are 0/0 as products and a ratio of one as logs; and one cumulative sum over a million rows, from which every
group takes its start away, has lost the digits of its last groups.

    log W_t = sum_{s <= t} log rho_s      inside blocks of 32 rows from 0, each with what its first group brings along from the block before

Weights of zero are counted apart, so that -inf is never taken from -inf. What is inside: `running_sums`, `running_logs`.

Source: Blelloch (1990), Prefix sums and their applications, for segmented sums.
"""

from __future__ import annotations

import numpy as np

__all__ = ["running_logs", "running_sums"]

BLOCK = 32  # rows: errors grow with the size of a sum; at 256 they are five times as large, at 16 it takes longer


def running_logs(log_rho: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """log W (n,) of sorted rows: sums of their logs since the start of the group; -inf from the first weight of zero on."""
    zero = log_rho == -np.inf
    if not zero.any():
        return running_sums(log_rho, starts)
    sums = running_sums(np.where(zero, 0.0, log_rho), starts)
    count = np.cumsum(zero)
    before = np.repeat(count[starts] - zero[starts], lengths)
    sums[count > before] = -np.inf
    return sums


def running_sums(x: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sums (n,) of x since the start of each row's group, groups one after the other; the first starts at row 0."""
    n, blocks = x.size, -(-x.size // BLOCK)
    padded = np.zeros(blocks * BLOCK)
    padded[:n] = x
    sums = np.cumsum(padded.reshape(blocks, BLOCK), axis=1).reshape(-1)[:n]
    begins = np.arange(blocks) * BLOCK
    first = np.zeros(n, dtype=bool)
    first[starts] = first[begins] = True
    pieces = np.flatnonzero(first)  # stretches of one group in one block
    group = starts[np.searchsorted(starts, pieces, side="right") - 1]
    offset = np.where(pieces % BLOCK, sums[pieces - 1], 0.0)
    if blocks > 1:
        last = np.minimum(begins + BLOCK, n) - 1
        ends = np.searchsorted(pieces, last, side="right") - 1
        carried = running_sums(sums[last] - offset[ends], np.flatnonzero(group[ends] >= begins))
        lasting = group < pieces
        offset[lasting] = -carried[pieces[lasting] // BLOCK - 1]
    return sums - np.repeat(offset, np.diff(pieces, append=n))
