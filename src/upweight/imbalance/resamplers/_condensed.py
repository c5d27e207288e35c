"""Condensed and one-sided sets: keep what the nearest-neighbour rule needs.

The trouble they treat: most majority rows lie deep in their own region, and a nearest-neighbour rule never looks at them. What
is left is the border, noise included, which suits no other learner; `compare` says what it costs.

    CondensedNN   S = minority + one random row of each other class; a row that the nearest row of S gets wrong joins S at once
    OneSided      one pass against the initial S, the misread rows are kept with it; then Tomek links on what is kept

`_hart.py` holds both passes, `_tomek_links.py` the links. If unsure: neither.

Sources: Hart (1968), IEEE Trans. IT 14; Kubat and Matwin (1997), ICML.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import require_choice
from ..._foreign_keywords import own_keywords
from ..._rng import as_generator
from ..._set_module import set_module
from ...tables import Labels, first_rows
from ..selection_rules import condense, linked, misread
from ._labelled_points import LabelledPoints
from ._row_selector import RowSelector

__all__ = ["CondensedNN", "OneSided"]


@set_module("upweight.imbalance")
@own_keywords
class CondensedNN(RowSelector):
    """Keep the rows that a nearest-neighbour rule needs to get all rows right: a small set, all of it border.

        repeat over rows in order:  i not in S and y of its nearest row in S != y_i  =>  i joins S;   until a pass adds none

    Parameters
    ----------
    condense : "majority" (the minority is kept whole) or "all" (every class starts with one row and is condensed).
    rng : int, Generator or None: which rows S starts from.

    Raises
    ------
    InputError : one class; gaps or infinities in X; bad weights or settings.

    Costs: the set depends on the order of the rows and is no sample of anything; no formula repairs the odds. Rows that equal
    a row of another class are kept, and may still be misread.
    Source: Hart (1968).

    >>> X = np.array([[0.0], [0.1], [0.2], [1.0], [5.0], [5.1]])
    >>> CondensedNN(rng=0).resample(X, [0, 0, 0, 0, 1, 1]).indices.tolist()
    [3, 4, 5]
    """

    def __init__(self, *, condense: str = "majority", rng: Any = None):
        self.condense = condense
        self.rng = rng

    def _check(self) -> None:
        require_choice("condense", self.condense, ("majority", "all"))

    def _keep_mask(self, labelled: LabelledPoints, labels: Labels) -> tuple[np.ndarray, tuple[str, ...]]:
        every = self.condense == "all"
        seeds = one_of_each(labelled, [*labelled.majority, labelled.minority] if every else labelled.majority, self.rng)
        start = seeds if every else np.concatenate([labelled.of_class(labelled.minority), seeds])
        kept, passes = condense(labelled.space, labelled.codes, start, np.setdiff1d(np.arange(labelled.space.n), start))
        return _mask_of(kept, labelled.space.n), (f"{passes} passes",) if passes > 1 else ()


@set_module("upweight.imbalance")
@own_keywords
class OneSided(RowSelector):
    """Keep the majority rows that one random row of their class cannot stand for, less their Tomek links.

        keep = S + {i: y of its nearest row in S != y_i},  S = minority + one row of each other class;  then drop linked ends

    Parameters
    ----------
    rng : int, Generator or None: which rows S starts from.

    Raises
    ------
    InputError : one class; gaps or infinities in X; bad weights.

    Costs: with one row to stand for a class little goes, and what goes depends on that row; no formula repairs the odds.
    Source: Kubat and Matwin (1997).

    >>> X = np.array([[0.0], [0.1], [0.2], [1.0], [5.0], [5.1]])
    >>> OneSided(rng=0).resample(X, [0, 0, 0, 0, 1, 1]).removed.tolist()
    [0, 1, 2]
    """

    def __init__(self, *, rng: Any = None):
        self.rng = rng

    def _keep_mask(self, labelled: LabelledPoints, labels: Labels) -> tuple[np.ndarray, tuple[str, ...]]:
        start = np.concatenate(
            [labelled.of_class(labelled.minority), one_of_each(labelled, labelled.majority, self.rng)]
        )
        rest = np.setdiff1d(np.arange(labelled.space.n), start)
        stays = _mask_of(
            np.concatenate([start, misread(labelled.space, labelled.codes, start, rest)]), labelled.space.n
        )
        ends = linked(labelled.space, labelled.codes, alive=stays, lists=labelled.lists)
        return stays & (~ends | (labelled.codes == labelled.minority)), ()


def one_of_each(labelled: LabelledPoints, classes: list[int], rng: Any) -> np.ndarray:
    """A random row of each class; the stream is keyed by the first row of the class, so renaming labels changes nothing."""
    seed = int(as_generator(rng).integers(2**63 - 1))
    keys = first_rows(labelled.codes, len(labelled.counts))
    draws = {c: np.random.default_rng([seed, int(keys[c])]).integers(labelled.counts[c]) for c in classes}
    return np.array([labelled.of_class(c)[draws[c]] for c in classes], dtype=np.int64)


def _mask_of(rows: np.ndarray, n: int) -> np.ndarray:
    mask = np.zeros(n, dtype=bool)
    mask[rows] = True
    return mask
