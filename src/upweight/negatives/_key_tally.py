"""How many different keys, and how many rows a key, from the keys of smallest hash.

    u(key, "uw/dup/v1") in order;   the k smallest different ones with their counts
    distinct = all of them where there are no more, else (k - 1)/u_(k), else (number below the cut)/cut
    rows a key = mean count of the held keys

All rows of a key share u, so a key that is held is held with every row of it, in any split. Where the number of rows is known beforehand only
hashes below a cut are looked at, which leaves about four times k.

Source: Bar-Yossef et al., Counting distinct elements in a data stream (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..stream import draw

__all__ = ["KeyTally", "cut_for"]

PURPOSE = "uw/dup/v1"
HELD = 65_536


def cut_for(rows: int) -> float:
    """The hash below which keys are looked at, of so many rows."""
    return min(1.0, 4 * HELD / max(rows, 1))


@dataclass(frozen=True)
class KeyTally:
    """Hashes (m,) of the held keys, ascending, with their counts."""

    u: np.ndarray
    counts: np.ndarray
    cut: float

    @staticmethod
    def of(key: list[Any], *, seed: int, cut: float) -> KeyTally:
        """From the key columns of some rows."""
        u = draw(*key, seed=seed, purpose=PURPOSE)
        there, counts = np.unique(u[u < cut], return_counts=True)
        return KeyTally(there[:HELD], counts[:HELD], cut)

    def __add__(self, other: KeyTally) -> KeyTally:
        both = np.concatenate([self.u, other.u])
        there, at = np.unique(both, return_inverse=True)
        counts = np.bincount(at, np.concatenate([self.counts, other.counts]), len(there)).astype(np.int64)
        return KeyTally(there[:HELD], counts[:HELD], self.cut)

    @property
    def distinct(self) -> float:
        """Different keys; exact where all are held, else with a standard error of 0.4 %."""
        if len(self.u) == HELD:
            return float(round((HELD - 1) / self.u[-1]))
        return float(round(len(self.u) / self.cut))

    @property
    def rows_per_key(self) -> float:
        """Mean rows of a key."""
        return float(self.counts.mean()) if len(self.counts) else 1.0
