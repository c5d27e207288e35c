"""NearMiss: of the majority keep the rows that lie near the minority.

The trouble it treats: too many majority rows, and the hope that those near the border matter most. What it throws away is what
the rest of the majority looks like, so ranking suffers; `compare` usually finds it harmful. It is here to be compared with.

    1  least mean distance to the k nearest minority rows       2  ... to the k farthest
    3  of the `reach` nearest majority rows of each minority row those with the greatest mean distance to their k nearest

`_near_rules.py` does the work. If unsure: `RandomUnder`.

Sources: Mani and Zhang (2003), ICML workshop on learning from imbalanced data.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError, counted, plain, require_choice, require_int
from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ...tables import Labels
from ..selection_rules import near_miss
from ._labelled_points import LabelledPoints
from ._row_selector import RowSelector
from ._sampler import rows_wanted

__all__ = ["NearMiss"]


@set_module("upweight.imbalance")
@own_keywords
class NearMiss(RowSelector):
    """Keep the majority rows nearest to the minority: few rows, all about the border.

        version 1, 2: least mean of d(i, its k nearest / k farthest minority rows);   3: greatest, within a pool

    Parameters
    ----------
    version : 1, 2 or 3. k : minority rows in the mean.
    reach : version 3: how many majority rows nearest to each minority row make the pool.
    to : "balanced" (as many rows as the minority has), a ratio rare/common in (0, 1], or {label: rows to keep}.

    Raises
    ------
    InputError : one class; gaps or infinities in X; a `to` out of reach or one that asks for fewer minority rows.

    Costs: the majority that is left is not the majority that is out there: ranking often falls below the untouched learner's,
    and no formula repairs the odds. Version 3 may keep fewer rows than asked, with a note.
    Source: Mani and Zhang (2003).

    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [10.0], [11.0]])
    >>> NearMiss(k=1).resample(X, [0, 0, 0, 0, 1, 1]).indices.tolist()
    [2, 3, 4, 5]
    """

    def __init__(self, *, version: int = 1, k: int = 3, reach: int = 3, to: Any = "balanced"):
        self.version = version
        self.k = k
        self.reach = reach
        self.to = to

    def _check(self) -> None:
        require_choice("version", self.version, (1, 2, 3))
        require_int("k", self.k)
        require_int("reach", self.reach)

    def _keep_mask(self, labelled: LabelledPoints, labels: Labels) -> tuple[np.ndarray, tuple[str, ...]]:
        wanted = rows_wanted(labels, labelled.counts, self.to, fewer=True)
        if wanted[labelled.minority] < labelled.counts[labelled.minority]:
            name = plain(labels.classes[labelled.minority])
            raise InputError(
                f"`to` asks for {counted(wanted[labelled.minority], 'row')} of class {name!r}, the minority, which has "
                f"{labelled.counts[labelled.minority]:,}. NearMiss keeps all of it; leave it out of `to`."
            )
        stays, notes = np.ones(labelled.space.n, dtype=bool), []
        few = labelled.of_class(labelled.minority)
        for code in labelled.majority:
            rows, m = labelled.of_class(code), int(wanted[code])
            if m == len(rows):
                continue
            kept = near_miss(labelled.space, rows, few, m, version=self.version, k=int(self.k), reach=int(self.reach))
            stays[rows], stays[kept] = False, True
            if len(kept) < m:
                name = plain(labels.classes[code])
                notes.append(f"class {name!r}: {counted(len(kept), 'row')} in reach of {m:,} asked for, and kept")
        return stays, tuple(notes)
