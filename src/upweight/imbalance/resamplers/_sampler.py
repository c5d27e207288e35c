"""What every resampler is: settings, `resample`, and what imbalanced-learn's pipelines and ensembles ask of a sampler.

    to   "balanced", a ratio rare/common in (0, 1], or {label: rows}  ->  (K,) rows each class shall have

`read_inputs` meets labels and weights once, at the door; `rows_wanted` reads `to`. Imbalanced-learn's pipeline calls `fit` and
`fit_resample` and routes `sample_weight` by `set_fit_resample_request`; its ensembles read `_sampling_type`, where "bypass" says
that the sampler is used with the settings it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils import Tags
from sklearn.utils.metadata_routing import UNCHANGED

from ..._errors import InputError, counted, did_you_mean, is_number, plain
from ...tables import (
    Labels,
    column_names,
    labels_like,
    refuse_other_index,
    row_count,
    row_weights,
    twins_in,
    twins_line,
    twins_of,
    warn_of,
)
from ._resample import Resample
from ._sampler_tags import sampler_tags
from ._vanished import require_two_classes

__all__ = ["Sampler", "read_inputs", "rows_wanted"]


class Sampler(OneToOneFeatureMixin, BaseEstimator):
    """What all resamplers share: settings only, `resample` and imbalanced-learn's `fit_resample`."""

    _sampling_type = "bypass"
    _estimator_type = "sampler"
    _reads_text = _reads_gaps = False

    def resample(self, X: Any, y: Any, *, sample_weight: Any = None, neighbours: Any = None) -> Resample:
        """Choose rows; see the class. `X` is read only for its number of rows, `neighbours` is not used here."""
        raise TypeError(f"{type(self).__name__} chooses no rows; use one of its subclasses.")

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Sampler:
        """Refuse settings, labels, weights and tables that `resample` would refuse; nothing is learned. Returns the sampler."""
        self._check()
        labels, _, live = read_inputs(X, y, sample_weight)
        warn_of(twins_line(twins_of(labels)))
        self._check_table(X, np.flatnonzero(live))
        _note_columns(self, X)
        return self

    def fit_resample(self, X: Any, y: Any, sample_weight: Any = None) -> tuple[Any, ...]:
        """(X, y), or (X, y, w) if weights are given, each in its own kind, as imbalanced-learn's samplers do; sets `resample_`.

        Raises InputError if one class or none is left: what comes next could not be trained. `resample` only notes it.

        >>> from upweight.imbalance import SMOTE, Chain, EditedNN
        >>> rng = np.random.default_rng(0)
        >>> y = (rng.random(200) < 0.2).astype(int)
        >>> X = rng.normal(size=(200, 2)) + y[:, None]
        >>> chain = Chain(SMOTE(rng=0), EditedNN(drop="all")).fit(X, y)
        >>> [part.shape for part in chain.fit_resample(X, y)]
        [(204, 2), (204,)]
        """
        r = require_two_classes(self.resample(X, y, sample_weight=sample_weight), self)
        warn_of(twins_line(twins_in(y)))
        _note_columns(self, X)
        self.resample_, self.sample_indices_ = r, r.indices
        taken = r.take(X)
        made = taken, labels_like(y, r, taken)
        return made if sample_weight is None else (*made, r.weights)

    def set_fit_resample_request(self, *, sample_weight: bool | str | None = UNCHANGED) -> Sampler:
        """Whether pipelines that route metadata hand `sample_weight` to `fit_resample`: True, False, None or another name.

        Raises InputError if nothing that routes to `fit_resample` is loaded (imbalanced-learn is).
        """
        requests = self._get_metadata_request()
        method = getattr(requests, "fit_resample", None)
        if method is None:
            raise InputError(
                "nothing that routes to `fit_resample` is loaded. Import imbalanced-learn (imblearn) first."
            )
        if sample_weight != UNCHANGED:
            method.add_request(param="sample_weight", alias=sample_weight)
        self._metadata_request = requests
        return self

    def __sklearn_tags__(self) -> Tags:
        return sampler_tags(super().__sklearn_tags__(), string=self._reads_text, allow_nan=self._reads_gaps)

    def _check(self) -> None:
        """Refuse settings that mean nothing."""

    def _check_table(self, X: Any, rows: np.ndarray) -> None:
        """Refuse a table whose live `rows` cannot be read; methods that do not look at features take any."""


def _note_columns(sampler: Any, X: Any) -> None:
    """scikit-learn's `n_features_in_`, and `feature_names_in_` if all names are text; of a table only."""
    names = column_names(X)
    shape = (row_count(X), len(names)) if names else np.shape(X)
    for name in ("n_features_in_", "feature_names_in_"):
        vars(sampler).pop(name, None)
    if len(shape) == 2:
        sampler.n_features_in_ = int(shape[1])
    if names and all(isinstance(name, str) for name in names):
        sampler.feature_names_in_ = np.array(names, dtype=object)


def read_inputs(X: Any, y: Any, sample_weight: Any) -> tuple[Labels, np.ndarray, np.ndarray]:
    """Labels, weights (ones if none) and the rows of positive weight."""
    labels = Labels.of(y, rows=row_count(X))
    refuse_other_index({"X": X, "y": y, "sample_weight": sample_weight})
    w = row_weights(sample_weight, len(labels.codes))
    w = np.ones(len(labels.codes)) if w is None else w
    live = w > 0
    if np.count_nonzero(np.bincount(labels.codes[live])) < 2:
        raise InputError("`sample_weight` leaves one class only. Give two classes a positive weight.")
    return labels, w, live


def rows_wanted(labels: Labels, counts: np.ndarray, to: Any, *, fewer: bool) -> np.ndarray:
    """(K,) rows each class shall have, checked against `counts`."""
    if isinstance(to, Mapping):
        return _rows_by_label(labels, counts, to, fewer=fewer)
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


def _rows_by_label(labels: Labels, counts: np.ndarray, to: Mapping[Any, int], *, fewer: bool) -> np.ndarray:
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
