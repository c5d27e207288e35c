"""What a setting may be: numbers are numbers.

The trouble: `power="a"` or `lift=True` must end at the door, in words, and not three calls deeper in a ufunc.
"""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np

__all__ = ["is_number"]


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a setting is one real number; True and False are none, NaN and infinity are (the range refuses them)."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
