"""Two corrections as one: what `a + b` of corrections gives.

The trouble: a chain of resampling steps adds up, and so does a slip: the same thinning counted twice, by design or because one and the
same correction was added to itself, moves the log-odds twice as far as training did, and nothing looks wrong.

    delta = delta_a + delta_b,    status = the worse of the two

What is inside: `together`, the fields of the sum; `fresh_origin`, the mark by which a correction is known again in sums and pickles.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError, UndoError
from .._frames import same_rows
from ._odds import add

if TYPE_CHECKING:
    from ._correction import Correction

__all__ = ["STATUSES", "fresh_origin", "together"]

STATUSES = ("exact", "approximate", "impossible")  # each worse than the one before


def fresh_origin() -> tuple[str, ...]:
    """A mark that no other correction has."""
    return (os.urandom(8).hex(),)


def together(a: Correction, b: Correction) -> dict[str, Any]:
    """The fields of a + b; refuses what would be given back twice, and rows of other indexes."""
    _refuse_same(a, b)
    did = [c for c in (a, b) if np.any(c.log_odds) or c.status != "exact"] or [a]
    if a._rows is not None and b._rows is not None:
        same_rows(a._rows, b._rows, ("left correction", "right correction"))
    delta, by = add(a.log_odds, a.by, b.log_odds, b.by)
    return {
        "log_odds": delta,
        "status": max(a.status, b.status, key=STATUSES.index),
        "why": "; ".join(dict.fromkeys(c.why for c in did if c.why)),
        "prior": did[0].prior if len(did) == 1 else None,  # the shares of two changes are those of neither
        "trail": a.trail + b.trail,
        "by": by,
        "designs": tuple(sorted({*a.designs, *b.designs})),
        "_rows": b._rows if a._rows is None else a._rows,
        "_origins": tuple(dict.fromkeys((*a._origins, *b._origins))),
    }


def _refuse_same(a: Correction, b: Correction) -> None:
    both = sorted(set(a.designs) & set(b.designs))
    if both:
        raise UndoError(f"both corrections undo the design {both[0]!r}; the same thinning is undone once.")
    if {*a._origins} & {*b._origins} and all(c.status != "impossible" and np.any(c.log_odds) for c in (a, b)):
        raise InputError(
            f"the same correction twice: {a!r} and {b!r} come from one, and what training added once is given back once. "
            f"If rows were thinned twice alike, make a correction for each."
        )
