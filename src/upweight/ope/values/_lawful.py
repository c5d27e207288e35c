"""Which formula for which weights.

    weights                    if none is named                        lawful
    exact                      control                                 plain, self, control, el
    tamed, exact before        plain with an outcome, else self        plain, self
    never exact                self                                    self

What is inside: `formula`, which reads and refuses.
"""

from __future__ import annotations

from typing import Any

from ..._errors import KindError, require_choice
from ..._weights import Weights

__all__ = ["formula"]

ALL = ("plain", "self", "control", "el")


def formula(w: Weights, how: Any, *, modelled: bool) -> str:
    """The name of the formula: `how` if it is lawful for these weights, else the default. modelled : whether there is an outcome."""
    if how is None:
        return "control" if w.exact else "plain" if w.raw.exact and modelled else "self"
    require_choice("how", how, (None, *ALL))
    lawful = ALL if w.exact else ("plain", "self") if w.raw.exact else ("self",)
    if how not in lawful:
        instead = "w.raw, or " if w.raw.exact else ""
        raise KindError(f"how={how!r} needs a promised mean of one; {instead}how='self'.")
    return how
