"""Where randomness comes in: one reader of `rng` for everybody.

The trouble: a seed of True is 1, text ends in NumPy's own words, and a global seed makes two answers depend on each other. `rng` is
an int, a Generator or None, and nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._errors import InputError

__all__ = ["as_generator"]


def as_generator(rng: Any) -> np.random.Generator:
    """int, Generator or None to a Generator."""
    if isinstance(rng, np.random.Generator):
        return rng
    if rng is not None and (isinstance(rng, bool) or not isinstance(rng, (int, np.integer)) or rng < 0):
        raise InputError(f"`rng` must be an int >= 0, a numpy Generator or None; got {rng!r}.")
    return np.random.default_rng(rng)
