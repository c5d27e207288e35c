"""The shell of all methods that only choose rows: settings in, `Resample` out. A method says which rows stay.

What selects by the features changes p(x given y), so no formula gives the odds back, and the status of the correction is
"impossible": `Rebalanced` repairs by crossfit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._undo import Correction
from ...neighbours import points, typed
from ...tables import Labels
from ._labelled_points import LabelledPoints
from ._resample import Resample, mass_correction
from ._sampler import Sampler, read_inputs
from ._vanished import notes_of_vanished

__all__ = ["RowSelector"]


class RowSelector(Sampler):
    """A resampler that keeps some of the rows: subclasses say which, in `_keep_mask`."""

    _reads_text = True

    def resample(self, X: Any, y: Any, *, sample_weight: Any = None, neighbours: Any = None) -> Resample:
        """Rows to keep, in the order they stand.

        X : (n, d) table of finite numbers and categories, measured as given: scale it first. y : (n,) labels. sample_weight :
        (n,) weights or `Weights`; rows of zero weight are as if removed, the others keep theirs. neighbours : `Neighbours` of
        X, or an object with `kneighbors`. Returns `Resample`; no formula undoes a selection.

        Raises InputError as the class does: one class, gaps or infinities, bad weights, other indexes.
        """
        self._check()
        labels, w, live = read_inputs(X, y, sample_weight)
        labelled = LabelledPoints.of(X, labels, live, who=type(self).__name__, neighbours=neighbours)
        keep, notes = self._keep_mask(labelled, labels)
        return self._kept(labels, w, labelled.rows, keep, (*labelled.notes, *notes))

    def _kept(
        self, labels: Labels, w: np.ndarray, rows: np.ndarray, keep: np.ndarray, notes: tuple[str, ...]
    ) -> Resample:
        """The `Resample` of the live `rows` that the mask `keep` holds."""
        kept, name, classes = rows[keep], type(self).__name__, len(labels.classes)
        two = len(np.unique(labels.codes[rows])) == 2
        why = f"{name} changed which negatives exist" if two else f"{name} chose rows by where they lie"
        correction = Correction.impossible(why)
        if len(kept):
            correction = mass_correction((labels.codes, w), (labels.codes[kept], w[kept]), classes, "impossible", why)
        gone = notes_of_vanished(labels.classes, labels.codes[rows], labels.codes[kept])
        y = labels.classes[labels.codes[kept]]
        return Resample.of_rows(kept, y, w[kept], correction, removed=rows[~keep], notes=(*notes, *gone))

    def _check_table(self, X: Any, rows: np.ndarray) -> None:
        points(X, rows=rows, categorical=typed(X, "auto"), who=type(self).__name__)

    def _keep_mask(self, labelled: LabelledPoints, labels: Labels) -> tuple[np.ndarray, tuple[str, ...]]:
        """(m,) bool, the live rows that stay, and notes."""
        raise TypeError(f"{type(self).__name__} chooses no rows; use one of its subclasses.")
