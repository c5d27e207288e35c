"""Tomek links: take out majority rows that are the nearest of a row of another class, and the other way round.

The trouble it treats: pairs of rows across the border, where at least one is noise or both are on the edge. It changes little,
often one per cent of the rows, and so it also helps little; nearly always it is a step before or after something else.

    (i, j) linked  <=>  different classes, no row nearer to i or to j than they are to each other; ties link all of them

`_tomek_links.py` finds the links. If unsure whether to use it: `compare`.

Sources: Tomek (1976), Two modifications of CNN, IEEE Trans. SMC 6(11); Batista, Prati and Monard (2004), SIGKDD Explorations.
"""

from __future__ import annotations

import numpy as np

from ..._errors import require_choice
from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ...tables import Labels
from ..selection_rules import linked
from ._labelled_points import LabelledPoints
from ._row_selector import RowSelector

__all__ = ["TomekLinks"]


@set_module("upweight.imbalance")
@own_keywords
class TomekLinks(RowSelector):
    """Take out rows that are linked across the border: a slightly wider gap between the classes.

        (i, j) linked  <=>  y_i != y_j  and  d(i, j) = min_l d(i, l) = min_l d(j, l)

    Parameters
    ----------
    drop : "majority" (the ends that are not of the minority) or "all" (both ends).

    Raises
    ------
    InputError : one class; gaps or infinities in X; bad weights; another `drop`.

    Costs: few rows go, those most likely to be misread, so probabilities near the border become too sure; no formula repairs
    it. Distances are Euclidean on X as given: scale it first.
    Source: Tomek (1976).

    >>> X = np.array([[0.0], [1.0], [1.2], [2.4], [5.0]])
    >>> r = TomekLinks().resample(X, [0, 0, 1, 0, 0])
    >>> r.indices.tolist(), r.removed.tolist()
    ([0, 2, 3, 4], [1])
    """

    def __init__(self, *, drop: str = "majority"):
        self.drop = drop

    def _check(self) -> None:
        require_choice("drop", self.drop, ("majority", "all"))

    def _keep_mask(self, labelled: LabelledPoints, labels: Labels) -> tuple[np.ndarray, tuple[str, ...]]:
        ends = linked(labelled.space, labelled.codes, lists=labelled.lists)
        return ~ends if self.drop == "all" else ~ends | (labelled.codes == labelled.minority), ()
