"""Editing schemes: take out the rows that their neighbours outvote, once, again and again, or with a growing neighbourhood.

    once       Wilson's editing with k neighbours
    repeated   the same on what is left, until nothing changes, a class falls below the minority, or `rounds` are done
    growing    with 1, 2, .. k neighbours in turn, each on what is left

What is inside: `edit`, a pure function from a space and class codes to the rows that stay. A round judges all classes on the
same rows; then they go together.

Sources: Wilson (1972), IEEE Trans. SMC 2(3); Tomek (1976), IEEE Trans. SMC 6(6), whose text judges every k on the full set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...neighbours import Lists, Space
from ._votes import judge

__all__ = ["Edited", "edit"]

WITNESSES = 2  # spares: a round takes away few witnesses of any row


@dataclass(frozen=True)
class Edited:
    """Which rows stay (n,) bool, how many rounds were done, and what ended them if it was not the plan."""

    kept: np.ndarray
    rounds: int
    note: str = ""


def edit(
    space: Space,
    codes: np.ndarray,
    *,
    minority: int,
    drop: list[int],
    k: int = 3,
    vote: str = "all",
    scheme: str = "once",
    rounds: int = 100,
    lists: Lists | None = None,
) -> Edited:
    """Rows that stay. codes : (n,) classes 0 .. K-1; minority : its code; drop : codes of the classes that may lose rows."""
    spare = 0 if scheme == "once" else WITNESSES
    judges = [judge(space, codes, code, k, vote, lists, spare=spare) for code in drop]
    sizes = {"once": [k], "repeated": [k] * rounds, "growing": range(1, k + 1)}[scheme]
    alive, classes = np.ones(space.n, dtype=bool), np.unique(codes)
    floor = int(np.count_nonzero(codes == minority))
    for done, size in enumerate(sizes, start=1):
        gone = np.concatenate([one.goes(alive, size) for one in judges])
        alive[gone] = False
        left = {int(c): int(np.count_nonzero(alive & (codes == c))) for c in classes}
        if scheme == "repeated" and not len(gone):
            return Edited(alive, done)
        if scheme != "once" and any(m == 0 or (c != minority and m < floor) for c, m in left.items()):
            return Edited(alive, done, "a class fell below the minority")
    return Edited(alive, len(sizes), "" if scheme != "repeated" else "stopped after `rounds`, not when nothing changed")
