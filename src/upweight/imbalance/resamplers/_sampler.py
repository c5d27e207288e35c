"""What every resampler is: settings, `resample`, imbalanced-learn's `fit_resample`; and how its inputs are read.

    to   "balanced", a ratio rare/common in (0, 1], or {label: rows}  ->  (K,) rows each class shall have

`read_inputs` meets labels and weights once, at the door; `rows_wanted` reads `to`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from ..._errors import InputError, counted, did_you_mean, is_number, plain
from ...tables import Labels, labels_like, row_count, row_weights
from ._resample import Resample

__all__ = ["Sampler", "read_inputs", "rows_wanted"]


class Sampler(BaseEstimator):
    """What all resamplers share: settings only, `resample` and imbalanced-learn's `fit_resample`."""

    def resample(self, X: Any, y: Any, *, sample_weight: Any = None, neighbours: Any = None) -> Resample:
        """Choose rows; see the class. `X` is read only for its number of rows, `neighbours` is not used here."""
        raise TypeError(f"{type(self).__name__} chooses no rows; use one of its subclasses.")

    def fit_resample(self, X: Any, y: Any, sample_weight: Any = None) -> tuple[Any, ...]:
        """(X, y), or (X, y, w) if weights are given, each in its own kind, as imbalanced-learn's samplers do; sets `resample_`."""
        self.resample_ = self.resample(X, y, sample_weight=sample_weight)
        self.sample_indices_ = self.resample_.indices
        taken = self.resample_.take(X)
        made = taken, labels_like(y, self.resample_, taken)
        return made if sample_weight is None else (*made, self.resample_.weights)


def read_inputs(X: Any, y: Any, sample_weight: Any) -> tuple[Labels, np.ndarray, np.ndarray]:
    """Labels, weights (ones if none) and the rows of positive weight."""
    labels = Labels.of(y, rows=row_count(X))
    w = row_weights(sample_weight, len(labels.codes))
    w = np.ones(len(labels.codes)) if w is None else w
    live = w > 0
    if np.count_nonzero(np.bincount(labels.codes[live])) < 2:
        raise InputError("`sample_weight` leaves one class only. Give two classes a positive weight.")
    return labels, w, live


def rows_wanted(labels: Labels, counts: np.ndarray, to: Any, *, fewer: bool) -> np.ndarray:
    """(K,) rows each class shall have, checked against `counts`."""
    if isinstance(to, Mapping):
        return rows_by_label(labels, counts, to, fewer=fewer)
    there = counts[counts > 0]
    now = there.min() / there.max()
    ratio = 1.0 if isinstance(to, str) and to == "balanced" else to
    if not is_number(ratio) or not 0 < ratio <= 1:
        raise InputError(
            f"`to` must be 'balanced', a ratio rare/common in (0, 1] or {{label: rows}}; got {to!r}. "
            "Leave it out to balance."
        )
    if ratio < now - 1e-12:
        raise InputError(
            f"`to`={float(ratio):g} is out of reach: the classes have {there.min():,} and {counted(there.max(), 'row')}, "
            f"ratio {now:.4g} already. Ask for a larger ratio."
        )
    if fewer:
        cap = max(int(np.floor(there.min() / ratio + 1e-9)), there.min())
        return np.minimum(counts, cap)
    floor = int(np.floor(there.max() * ratio + 1e-9))
    return np.where(counts > 0, np.maximum(counts, floor), 0)


def rows_by_label(labels: Labels, counts: np.ndarray, to: Mapping[Any, int], *, fewer: bool) -> np.ndarray:
    known = [plain(c) for c in labels.classes]
    wanted = counts.copy()
    for label, rows in to.items():
        if plain(label) not in known:
            raise InputError(f"`to` names class {label!r}, which `y` has not.{did_you_mean(label, known)}")
        at = known.index(plain(label))
        least, most = (1, counts[at]) if fewer else (counts[at], np.inf)
        if not (is_number(rows) and float(rows).is_integer() and least <= rows <= most):
            raise InputError(
                f"`to` asks for {rows!r} {'row' if rows == 1 else 'rows'} of class {label!r}, which has {counts[at]:,}. "
                f"Ask for {'1 to ' if fewer else ''}{counts[at]:,}{'' if fewer else ' or more'}."
            )
        wanted[at] = int(rows)
    return wanted
