"""Edited neighbours: take out rows that their neighbours outvote; ENN, RENN and AllKNN.

The trouble it treats: majority rows inside the minority's region, mislabelled or simply overlapping. Taking them out moves the
border outwards, finds more of the minority, and makes every probability near the border wrong.

    a row of a `drop` class goes if any ("all" must agree) or more than half ("most") of its k nearest rows are of other classes
    "once" ENN;   "repeated" RENN, on what is left until nothing changes;   "growing" AllKNN, with 1, 2, .. k neighbours in turn

`_editing.py` holds the schemes, `_votes.py` the pruning that makes them fast. If unsure which: "once".

Sources: Wilson (1972), IEEE Trans. SMC 2(3); Tomek (1976), IEEE Trans. SMC 6(6).
"""

from __future__ import annotations

import numpy as np

from ..._errors import require_choice, require_int
from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ...tables import Labels
from ..selection_rules import edit
from ._labelled_points import LabelledPoints
from ._row_selector import RowSelector

__all__ = ["EditedNN"]


@set_module("upweight.imbalance")
@own_keywords
class EditedNN(RowSelector):
    """Take out rows that disagree with their neighbours: a cleaner, wider region for the minority.

        row i goes  <=>  #{j among its k nearest: y_j != y_i} >= 1 ("all")  or  > k/2 ("most")

    Parameters
    ----------
    k : neighbours asked. vote : "all" must be of the row's class for it to stay, or "most".
    scheme : "once" (ENN), "repeated" (RENN) or "growing" (AllKNN).
    drop : "majority" (only rows that are not of the minority go) or "all".
    rounds : most rounds of "repeated". It and "growing" also end when a class falls below the minority's size, with a note.

    Raises
    ------
    InputError : one class; gaps or infinities in X; bad weights or settings.

    Costs: the rows that made a region uncertain are gone, so the model is too sure of the minority there, and no formula
    repairs it. Distances are Euclidean on X as given: scale it first.
    Source: Wilson (1972); Tomek (1976).

    >>> X = np.array([[0.0], [0.1], [0.2], [0.3], [2.0], [2.1], [2.2], [2.15]])
    >>> EditedNN(k=3).resample(X, [0, 0, 0, 0, 1, 1, 1, 0]).removed.tolist()
    [7]
    """

    def __init__(
        self, *, k: int = 3, vote: str = "all", scheme: str = "once", drop: str = "majority", rounds: int = 100
    ):
        self.k = k
        self.vote = vote
        self.scheme = scheme
        self.drop = drop
        self.rounds = rounds

    def _check(self) -> None:
        require_int("k", self.k)
        require_int("rounds", self.rounds)
        require_choice("vote", self.vote, ("all", "most"))
        require_choice("scheme", self.scheme, ("once", "repeated", "growing"))
        require_choice("drop", self.drop, ("majority", "all"))

    def _keep_mask(self, labelled: LabelledPoints, labels: Labels) -> tuple[np.ndarray, tuple[str, ...]]:
        made = edit(
            labelled.space,
            labelled.codes,
            minority=labelled.minority,
            drop=labelled.majority if self.drop == "majority" else [*labelled.majority, labelled.minority],
            k=int(self.k),
            vote=self.vote,
            scheme=self.scheme,
            rounds=int(self.rounds),
            lists=labelled.lists,
        )
        notes = (f"{made.rounds} rounds",) if self.scheme == "repeated" else ()
        return made.kept, (*notes, made.note) if made.note else notes
