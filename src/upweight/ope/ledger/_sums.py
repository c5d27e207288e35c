"""Plain sums that a ledger adds up: clipped weights, rewards by value, rows by label and by bucket of clusters.

Each holds sums with powers of r' = r less a pivot down its first axis, so that another pivot is a binomial,

    sum x (r' + d)^2 = sum x r'^2 + 2 d sum x r' + d^2 sum x

What is inside: `caps_of`, `labels_of`, `buckets_of`, which make them; `shifted`, another pivot; `Rewards`, rows of each value of the reward.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._frames import labels

__all__ = ["BUCKETS", "CAPS", "Rewards", "buckets_of", "caps_of", "labels_of", "shifted"]

CAPS = 2.0 ** (np.arange(17) / 2)  # 1 to 256
BUCKETS = 4096
FEW = 2  # values of the reward that are kept apart


def shifted(sums: np.ndarray, by: float) -> np.ndarray:
    """Sums (p, ...) of x r'^0 ... x r'^(p-1) with r' larger by a number."""
    if by == 0:
        return sums
    out = sums.copy()
    out[1] += by * sums[0]
    if len(sums) > 2:
        out[2] += 2 * by * sums[1] + by * by * sums[0]
    return out


def caps_of(w: np.ndarray, f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """sum min(w, c) f^0 and f^1, (2, 17), and rows above each cap (17,)."""
    sums, above = np.empty((2, CAPS.size)), np.empty(CAPS.size)
    part = np.empty_like(w)
    for j, c in enumerate(CAPS):
        np.minimum(w, c, out=part)
        sums[:, j] = part.sum(), part @ f
        above[j] = np.count_nonzero(w > c)
    return sums, above


def labels_of(w: np.ndarray, f: np.ndarray, codes: np.ndarray, count: int) -> np.ndarray:
    """(3, 3, count): f^0, f^1, f^2 down; rows of positive weight, sum w, sum w^2 across."""
    out = np.empty((3, 3, count))
    for p in range(3):
        power = f**p
        for k, x in enumerate((w > 0, w, w * w)):
            out[p, k] = np.bincount(codes, x * power, count)
    return out


def buckets_of(w: np.ndarray, f: np.ndarray, cluster: Any) -> np.ndarray:
    """(2, 2, 4096): f^0, f^1 down; rows and sum w across; clusters hashed by the text of their label, alike on every machine."""
    codes, levels, _ = labels(cluster, "cluster")
    bucket = np.array([zlib.crc32(str(x).encode()) % BUCKETS for x in np.asarray(levels).tolist()])[codes]
    return np.array([[np.bincount(bucket, x * f**p, BUCKETS) for x in (np.ones(w.size), w)] for p in range(2)])


@dataclass(frozen=True, eq=False)
class Rewards:
    """Rows of positive weight, sum w and sum w^2 for each value of the reward, None from three values on; and of rewards other than 0, with
    sum w |r| and sum w^2 r^2 besides."""

    values: Mapping[float, np.ndarray] | None
    other_than_0: np.ndarray  # (5,)

    @classmethod
    def of(cls, w: np.ndarray, r: np.ndarray) -> Rewards:
        """Linear weights and rewards (n,)."""
        there = w > 0
        u, f = (w, r) if there.all() else (w[there], r[there])
        values: dict[float, np.ndarray] | None = {}
        rest = np.ones(f.size, dtype=bool)
        while rest.any():
            if len(values) == FEW:
                values = None
                break
            x = float(f[int(rest.argmax())])
            here = f == x
            values[x] = _three(u[here])
            rest &= ~here
        part, amount = u[f != 0], np.abs(f[f != 0])
        more = [float(part @ amount), float(np.square(part * amount).sum())]
        return cls(values, np.array([*_three(part), *more]))

    def __add__(self, other: Rewards) -> Rewards:
        values = None
        if self.values is not None and other.values is not None:
            names = dict.fromkeys((*self.values, *other.values))
            nothing = np.zeros(3)
            values = {x: self.values.get(x, nothing) + other.values.get(x, nothing) for x in names}
        values = None if values is not None and len(values) > FEW else values
        return Rewards(values, self.other_than_0 + other.other_than_0)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists."""
        values = None if self.values is None else [[x, *sums.tolist()] for x, sums in self.values.items()]
        return {"values": values, "other_than_0": self.other_than_0.tolist()}

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Rewards:
        """From what `to_dict` gave."""
        values = None if d["values"] is None else {float(x[0]): np.asarray(x[1:], dtype=float) for x in d["values"]}
        return cls(values, np.asarray(d["other_than_0"], dtype=float))


def _three(w: np.ndarray) -> np.ndarray:
    return np.array([w.size, float(w.sum()), float(np.einsum("i,i", w, w))])
