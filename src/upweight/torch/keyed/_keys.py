"""Keys: one integer from which all that a model draws follows, and the keys of single rows.

The trouble: a generator that is passed along makes every number depend on all that was drawn before: on the batch a row came in, on
what was scored earlier, on where a run was killed. A key does not move. With h a hash,

    a step of training    h(key, "noise", epoch, step)          a row when it is scored    h(key, "row", bytes of the row)

so that a resumed run draws what the uninterrupted one did, and a row's figures depend on no batch and no order. Equal rows get equal
draws: a weight of two is the row twice.

What is inside: `take_key`, from `rng`; `seed_of`; `row_keys`; `data_digest`, by which a checkpoint knows its data.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from ..._rng import as_generator

__all__ = ["data_digest", "row_keys", "seed_of", "take_key"]

Place = int | str | bytes


def take_key(rng: Any) -> int:
    """One integer in [0, 2^63) from `rng`; None: the system's. It is all that is ever taken."""
    return int(as_generator(rng).integers(2**63))


def seed_of(key: int, *place: Place) -> int:
    """64 bits that follow from a key and a place: numbers and words in an order that means something."""
    h = hashlib.blake2b(digest_size=8, key=key.to_bytes(8, "little"))
    for part in place:
        spelled = part if isinstance(part, bytes) else f"{type(part).__name__}:{part}".encode()
        h.update(len(spelled).to_bytes(8, "little"))
        h.update(spelled)
    return int.from_bytes(h.digest(), "little")


def row_keys(key: int, *columns: np.ndarray) -> list[int]:
    """One key a row, from the row's own values in every array (n, ...): equal rows get equal keys, -0 is 0."""
    spelled = [np.ascontiguousarray(c + 0 if c.dtype.kind == "f" else c) for c in columns]
    return [seed_of(key, "row", *(c[i].tobytes() for c in spelled)) for i in range(len(spelled[0]))]


def data_digest(*arrays: np.ndarray | None) -> str:
    """The content of some arrays in 32 hexadecimal figures: type, shape and every value."""
    h = hashlib.blake2b(digest_size=16)
    for a in arrays:
        h.update(b"none" if a is None else f"{a.dtype.str}{a.shape}".encode())
        if a is not None:
            h.update(np.ascontiguousarray(a).tobytes())
    return h.hexdigest()
