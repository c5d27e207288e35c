"""Weights, scores, counts and shares at the door of this room: one reading, one set of messages.

The trouble: weights come as `Weights`, arrays or tensors, and a NaN among them poisons every row that is drawn after it. Labels are
passed where counts are meant, and counts where shares are.

What is inside: `linear`, one number a row, finite and not negative; `class_counts`, rows of each class; `shares`, counts or shares
with sum one; `known_settings`, which refuses a setting that the kind does not use.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import InputError, counted
from .._frames import read
from .._weights import Weights

__all__ = ["class_counts", "known_settings", "linear", "refuse_bad", "shares"]


def linear(values: Any, name: str, *, n: int | None = None) -> np.ndarray:
    """(n,) float64, finite and >= 0; `Weights` are read on their mean-one scale. What is given is not written to, and not kept.

    Raises InputError for what is not one number a row: other shapes and lengths, text, Weights.
    """
    if isinstance(values, Weights):
        values = np.asarray(values)
    v, _ = read(values, name)
    if v.ndim != 1 or not len(v):
        raise InputError(
            f"`{name}` must be one number a row; got shape {v.shape}. Pass a flat array of at least one row."
        )
    if n is not None and len(v) != n:
        raise InputError(f"`{name}` must have one number for each of {n:,} rows; got {len(v):,}. Pass all rows.")
    refuse_bad(v, name)
    return v


def refuse_bad(v: np.ndarray, name: str) -> None:
    """NaN, infinite and negative numbers are told one after the other, with count and first row."""
    if not len(v) or (v.min() >= 0 and v.max() < np.inf):  # a NaN fails both
        return
    for bad, what in ((np.isnan(v), "NaN"), (np.isinf(v), "infinite"), (v < 0, "negative")):
        if bad.any():
            row = int(bad.argmax())
            raise InputError(
                f"`{name}` must be finite and ≥ 0; got {int(bad.sum()):,} {what}, first at row {row}. Set 0."
            )


def class_counts(counts: Any) -> np.ndarray:
    """(K,) rows of each class, float64: finite, not negative, of two classes or more; labels are recognised and refused."""
    n = linear(counts, "counts")
    if (n == 0).any() and n.max() < len(n):
        raise InputError(
            f"`counts` must be rows of each class; got {counted(len(n), 'number')} up to {n.max():g}, zeros among them: "
            "these look like labels: np.bincount(y)."
        )
    if (n > 0).sum() < 2:
        raise InputError(
            f"`counts` must hold rows of two classes; got one class only ({n.tolist()[:6]}). Collect another."
        )
    return n


def shares(values: Any, name: str) -> np.ndarray:
    """(K,) shares with sum one, of counts or shares."""
    s = linear(values, name)
    if not s.any():
        raise InputError(f"`{name}` must have a share above 0; got {len(s)} zeros. Pass counts or shares.")
    return s / s.sum()


def known_settings(kind: str, given: dict[str, tuple[Any, Any]], used: tuple[str, ...]) -> None:
    """Refuse a setting that was changed from its default and that the kind does not use; `given` holds (value, default)."""
    for name, (value, default) in given.items():
        if name not in used and value != default:
            raise InputError(
                f"`{name}` means nothing to kind={kind!r}; got {value!r}. Leave it out, or take another kind."
            )
