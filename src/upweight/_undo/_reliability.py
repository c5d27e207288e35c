"""What was promised and what came true, bin by bin.

The trouble: observed/expected and a slope are two numbers, and a model that promises too much at 0.02 and too little at 0.6 can have
both right. So the rows are cut into bins of about equal weight, by their probability, equal ones never parted,

    promised_b = sum w p / sum w,     observed_b = sum w [y = k] / sum w,     over the rows of bin b

for two classes with k the last class; for more, every class against the rest, all in the same bins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ._calibration import HeldOut

__all__ = ["reliability"]

BINS = 20


def reliability(held: HeldOut) -> np.ndarray:
    """(b, 3) mean probability, share that came true, and rows of at most 20 bins, by rising probability."""
    classes = [1] if held.k == 2 else list(range(held.k))
    p = np.exp(held.raw[classes]).ravel()
    hit = (held.codes == np.array(classes)[:, None]).ravel()
    w = np.tile(held.w, len(classes))
    if not len(p):
        return np.empty((0, 3))
    order = np.argsort(p)
    p, hit, w = p[order], hit[order], w[order]
    mass = np.cumsum(w)
    ends = np.searchsorted(mass, mass[-1] * np.arange(1, BINS) / BINS, side="right")
    starts = np.unique([0, *np.searchsorted(p, p[ends], side="left")])
    total, promised, observed = (np.add.reduceat(x, starts) for x in (w, w * p, w * hit))
    rows = total if held.v is held.w else np.diff([*starts, len(p)])  # copies count as rows
    return np.column_stack([promised / total, observed / total, rows])
