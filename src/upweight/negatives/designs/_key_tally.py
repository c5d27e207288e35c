"""How many different keys, and how many rows a key, from the keys of smallest hash.

    looked at   keys of u(key, "uw/pilot/v1") < share, a hash that the pass has already; all of them where the rows are few
    u(key, "uw/dup/v1") in order;   of those, the k smallest different ones with their counts
    distinct    all of them where there are no more, else (k - 1)/u_(k), else their number;   over the share
    rows a key = mean count of the held keys

All rows of a key share u, so a key that is held is held with every row of it, in any split. Where the number of rows is known beforehand, the share
leaves about four times k: the second hash is taken of few rows. Parts are kept apart until they are many: to sort them at every addition costs more than
the hash.

Source: Bar-Yossef et al., Counting distinct elements in a data stream (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from ...stream import draw

__all__ = ["KeyTally", "share_for"]

PURPOSE = "uw/dup/v1"
HELD = 65_536


def share_for(rows: int) -> float:
    """The share of the keys that are looked at, of so many rows."""
    return min(1.0, 4 * HELD / max(rows, 1))


@dataclass(frozen=True)
class KeyTally:
    """Hashes of keys with counts, in parts: (hashes (m,), counts (m,)), in any order, a hash once or more; `share` of the keys is looked at."""

    parts: tuple[tuple[np.ndarray, np.ndarray], ...]
    share: float

    @staticmethod
    def of(key: list[Any], u: np.ndarray, *, seed: int, share: float) -> KeyTally:
        """From the key columns (Arrow arrays) of some rows and their pilot draws (n,)."""
        if share < 1:
            at = pa.array(np.flatnonzero(u < share))
            key = [column.take(at) for column in key]
        drawn = draw(*key, seed=seed, purpose=PURPOSE)
        return KeyTally(((drawn, np.ones(len(drawn), np.int64)),), share)

    def __add__(self, other: KeyTally) -> KeyTally:
        both = KeyTally((*self.parts, *other.parts), self.share)
        if sum(len(u) for u, _ in both.parts) > 8 * HELD:
            return KeyTally((both.held,), self.share)
        return both

    @cached_property
    def held(self) -> tuple[np.ndarray, np.ndarray]:
        """Hashes (m,) of the held keys, ascending, with their counts."""
        u = np.concatenate([u for u, _ in self.parts])
        counts = np.concatenate([counts for _, counts in self.parts])
        order = np.argsort(u)
        u, counts = u[order], counts[order]
        starts = np.flatnonzero(np.diff(u, prepend=-1.0))
        return u[starts][:HELD], np.add.reduceat(counts, starts)[:HELD] if len(u) else counts

    @property
    def distinct(self) -> float:
        """Different keys; exact where all are held, else with a standard error of 0.4 %."""
        u, _ = self.held
        return float(round(((HELD - 1) / u[-1] if len(u) == HELD else len(u)) / self.share))

    @property
    def rows_per_key(self) -> float:
        """Mean rows of a key."""
        counts = self.held[1]
        return float(counts.mean()) if len(counts) else 1.0
