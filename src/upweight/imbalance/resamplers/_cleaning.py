"""Neighbourhood cleaning: take out noisy majority rows and those that crowd the minority.

The trouble it treats is that of editing, with a second step for the rare class: a minority row that its neighbours outvote is
kept, and the neighbours go.

    A1  majority rows outvoted by their k nearest;   A2  the outvoting neighbours of outvoted minority rows, of classes > share n_min

`_cleaning_rule.py` holds the rule. If unsure between this and `EditedNN`: they differ little; `compare` says.

Sources: Laurikkala (2001), AIME.
"""

from __future__ import annotations

from numbers import Real

import numpy as np

from ..._errors import InputError, require_int
from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ...tables import Labels
from ..selection_rules import clean
from ._labelled_points import LabelledPoints
from ._row_selector import RowSelector

__all__ = ["NeighbourhoodCleaning"]


@set_module("upweight.imbalance")
@own_keywords
class NeighbourhoodCleaning(RowSelector):
    """Take out majority rows that are noise, or that outvote a minority row: more room around the minority.

        A1 = {majority i: more than k/2 of its k nearest are of other classes}
        A2 = {those others among the k nearest of an outvoted minority row, in classes of more than share * n_min rows}

    Parameters
    ----------
    k : neighbours asked. share : classes of at most `share` times the minority's rows are spared in A2.

    Raises
    ------
    InputError : one class; gaps or infinities in X; bad weights or settings.

    Costs: as for editing: too sure near the border, and no formula repairs it.
    Source: Laurikkala (2001).

    >>> X = np.array([[0.0], [0.1], [0.2], [0.3], [2.0], [2.1], [2.2], [2.15]])
    >>> NeighbourhoodCleaning(k=3).resample(X, [0, 0, 0, 0, 1, 1, 1, 0]).removed.tolist()
    [7]
    """

    def __init__(self, *, k: int = 3, share: float = 0.5):
        self.k = k
        self.share = share

    def _check(self) -> None:
        require_int("k", self.k)
        if isinstance(self.share, bool) or not isinstance(self.share, Real) or not 0 <= float(self.share) < np.inf:
            raise InputError(f"`share` must be a number, 0 or more; got {self.share!r}. The rule's own is 0.5.")

    def _keep_mask(self, labelled: LabelledPoints, labels: Labels) -> tuple[np.ndarray, tuple[str, ...]]:
        kept = clean(
            labelled.space,
            labelled.codes,
            minority=labelled.minority,
            k=int(self.k),
            share=float(self.share),
            lists=labelled.lists,
        )
        return kept, ()
