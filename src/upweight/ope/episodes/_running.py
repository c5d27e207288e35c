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
        return running_sums(log_rho, starts, lengths)
    sums = running_sums(np.where(zero, 0.0, log_rho), starts, lengths)
    count = np.cumsum(zero)
    before = np.repeat(count[starts] - zero[starts], lengths)
    sums[count > before] = -np.inf
    return sums


def running_sums(x: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Sums (n,) of x since the start of each row's group, groups one after the other."""
    first = np.repeat(starts, lengths)
    return _blockwise(x, first, np.arange(x.size))


def _blockwise(x: np.ndarray, first: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Sums since row `first` of each of the `rows` 0 ... n - 1."""
    n, blocks = x.size, -(-x.size // BLOCK)
    padded = np.zeros(blocks * BLOCK)
    padded[:n] = x
    sums = np.cumsum(padded.reshape(blocks, BLOCK), axis=1).reshape(-1)
    begin = rows - rows % BLOCK
    inside = first > begin  # groups that begin inside the block, after its first row
    out = sums[:n].copy()
    out[inside] -= sums[first[inside] - 1]
    if blocks == 1:
        return out
    last = np.minimum(np.arange(1, blocks + 1) * BLOCK, n) - 1
    carried = _blockwise(out[last], first[last] // BLOCK, np.arange(blocks))
    lasting = (first < begin) & (begin > 0)
    out[lasting] += carried[begin[lasting] // BLOCK - 1]
    return out
