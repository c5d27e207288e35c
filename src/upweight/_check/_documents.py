"""Results as documents: plain types out, the same bits back.

The trouble: JSON has no infinity and no nan, and a k-hat is often one of them. Here infinities are written "inf" and "-inf" and nan is
written null, everywhere and nowhere else; floats are written so that they come back to the last bit.

What is inside: `own`, the fields of a dataclass; `plain`, anything to the types of JSON; `float_of`, the way back of a float: ``float("-inf")``
reads its own word, and null is nan; `refuse_unknown_kind`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from .._weights import KINDS

__all__ = ["float_of", "own", "plain", "refuse_unknown_kind"]


def own(x: Any) -> dict[str, Any]:
    """The public fields of a dataclass, as they are; what it caches is no part of it."""
    return {f.name: getattr(x, f.name) for f in fields(x) if not f.name.startswith("_")}


def refuse_unknown_kind(kind: Any) -> None:
    """ValueError for a kind that weights do not have; who reads a document names it."""
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r}")


def float_of(x: Any) -> float:
    """A float that `plain` wrote."""
    return math.nan if x is None else float(x)


def plain(x: Any) -> Any:
    """`x` in mappings, lists, strings, finite numbers, booleans and None; what is none of these is written as text.

    >>> plain({"khat": -math.inf, "mean_z": math.nan, "rows": (1, 2)})
    {'khat': '-inf', 'mean_z': None, 'rows': [1, 2]}
    """
    if isinstance(x, Mapping):
        return {str(key): plain(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(value) for value in x]
    if isinstance(x, (set, frozenset)):
        return sorted(plain(value) for value in x)
    if hasattr(x, "tolist"):
        return plain(x.tolist())
    if isinstance(x, float):
        return x if math.isfinite(x) else None if math.isnan(x) else "inf" if x > 0 else "-inf"
    return x if x is None or isinstance(x, (str, int, bool)) else str(x)
