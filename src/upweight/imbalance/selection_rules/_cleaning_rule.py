"""The neighbourhood cleaning rule: noisy majority rows, and majority rows that crowd the minority.

    A1  majority rows that are outvoted by their k nearest rows (more than half are of other classes)
    A2  for each minority row outvoted by its k nearest rows, those of them in other classes larger than share * n_min
    A1 and A2 are dropped

The trouble: counting a row among its own neighbours, as a fitted classifier asked about its training rows does, lets one stranger
fewer outvote it, and rows stay that the rule drops.

What is inside: `clean`, a pure function from a space to the rows that stay.

Sources: Laurikkala (2001), Improving identification of difficult small classes by balancing class distribution, AIME.
"""

from __future__ import annotations

import numpy as np

from ...neighbours import Lists, Space
from ._votes import judge, others_needed

__all__ = ["clean"]


def clean(
    space: Space, codes: np.ndarray, *, minority: int, k: int = 3, share: float = 0.5, lists: Lists | None = None
) -> np.ndarray:
    """(n,) bool, rows that stay. codes : (n,) classes 0 .. K-1; minority : its code."""
    alive = np.ones(space.n, dtype=bool)
    counts = np.bincount(codes)
    others = [int(c) for c in np.flatnonzero(counts) if c != minority]
    noisy = [judge(space, codes, code, k, "most", lists).goes(alive, k) for code in others]
    few = np.flatnonzero(codes == minority)
    found = (Lists.search(space, few, k) if lists is None else lists.of(few)).first(k, alive)[0]
    strange = (found >= 0) & (codes[found] != minority)
    crowded = strange & (strange.sum(axis=1) >= others_needed(min(k, space.n - 1), "most"))[:, None]
    crowd = found[crowded]
    alive[np.concatenate(noisy)] = False
    alive[crowd[counts[codes[crowd]] > share * counts[minority]]] = False
    return alive
