"""What the ensembles share: one door for rows, one answer from scores.

The trouble: an ensemble for a rare class is a classifier like any other to those who use it, and so must take text labels,
weights, rows of weight zero and frames; and it must say what balancing did to the log-odds, because its probabilities are those
of a balanced world until they are given back.

    score (n, K)          on the log scale; predict_proba = softmax(score), predict = its largest
    correction_           what training on balanced rows added to the log-odds: exact after random draws, else impossible

`Rebalanced(ensemble, "none")` gives repaired probabilities; the classes themselves give those of the papers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..._errors import InputError
from ..._rng import as_generator
from ..._undo import Correction
from ...tables import (
    Labels,
    frame_of,
    is_frame,
    live_rows,
    refuse_doubles,
    refuse_lazy,
    refuse_no_rows,
    refuse_other_index,
    row_count,
    row_weights,
    twins_line,
    twins_of,
    warn_of,
)
from ..resamplers import mass_correction

__all__ = ["Ensemble", "EnsembleRows", "TreeEnsemble", "balanced_correction", "read_count", "softmax_rows"]


@dataclass(frozen=True)
class EnsembleRows:
    """The rows of positive weight: `X`, `codes` (n,) into `classes` (K,), weights `w` (n,) of mean one."""

    X: Any
    codes: np.ndarray
    classes: np.ndarray
    w: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """(K,) rows of each class."""
        return np.bincount(self.codes, minlength=len(self.classes))

    @property
    def rare(self) -> int:
        """The class with the fewest rows; ties: the one met first."""
        tied = np.flatnonzero(self.counts == self.counts.min())
        return int(min(tied, key=lambda code: int((self.codes == code).argmax())))

    @property
    def balanced_start(self) -> np.ndarray:
        """(n,) weights of sum one in which every class weighs the same."""
        mass = np.bincount(self.codes, weights=self.w, minlength=len(self.classes))
        return self.w / (len(self.classes) * mass)[self.codes]


class Ensemble(ClassifierMixin, BaseEstimator, ABC):
    """A classifier that balances inside: settings, `fit`, `predict`, `predict_proba`."""

    rng: Any
    balances_classes = True  # so that a remedy outside is refused: the two would count twice

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit on the rows of positive weight.

        X : (n, d) table. y : (n,) labels. sample_weight : (n,) weights >= 0 or `Weights`; rows of zero weight are as if removed.

        Raises InputError for labels of more or fewer than two classes, bad weights, infinities, and a bad `rng`.
        """
        rng = as_generator(self.rng)
        rows = self._rows(X, y, sample_weight)
        self.classes_ = rows.classes
        self._fit_rows(rows, int(rng.integers(2**63 - 1)))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """(n,) labels: the largest of `predict_proba`, which is the vote of the balanced members."""
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]

    @abstractmethod
    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, K) probabilities as the members give them, columns as `classes_`; not repaired."""

    @abstractmethod
    def _fit_rows(self, rows: EnsembleRows, seed: int) -> None:
        """Fit the members; all randomness from `seed`."""

    def _rows(self, X: Any, y: Any, sample_weight: Any) -> EnsembleRows:
        refuse_other_index({"X": X, "y": y, "sample_weight": sample_weight})
        X = self._read(X, reset=True)
        labels = Labels.of(y, rows=row_count(X))
        w = row_weights(sample_weight, len(labels.codes))
        live = live_rows(X, labels, w)
        warn_of(live.gone, stacklevel=4)
        warn_of(twins_line(twins_of(live.labels)), stacklevel=4)
        w = np.ones(len(labels.codes)) if live.w is None else live.w / live.w.mean()
        return EnsembleRows(live.X, live.labels.codes, live.labels.classes, w)

    def _read(self, X: Any, *, reset: bool) -> Any:
        """Check `X` at the door; sets n_features_in_ and, for frames, feature_names_in_. Frames go on as they are."""
        if not reset:
            check_is_fitted(self, "classes_")
            refuse_no_rows(X)
        refuse_doubles(X)
        refuse_lazy(X)
        if is_frame(X):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        return validate_data(self, X, accept_sparse="csr", dtype=None, ensure_all_finite=False, reset=reset)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class TreeEnsemble(Ensemble):
    """An ensemble of boosted trees: numbers in (dense float64 or CSR, gaps allowed in dense), one score a class out."""

    def decision_function(self, X: Any) -> np.ndarray:
        """Scores on the log scale: (n,) for two classes, the second less the first; else (n, K).

        >>> from upweight.imbalance import RUSBoost
        >>> rng = np.random.default_rng(0)
        >>> y = np.arange(400) < 40
        >>> m = RUSBoost(rounds=5, rng=0).fit(rng.normal(size=(400, 2)) + y[:, None], y)
        >>> m.decision_function([[3.0, 3.0]]).shape
        (1,)
        """
        score = self._scores(self._read(X, reset=False))
        return score[:, 1] - score[:, 0] if len(self.classes_) == 2 else score

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, K) softmax of the scores, columns as `classes_`; of a balanced world, not repaired."""
        return softmax_rows(self._scores(self._read(X, reset=False)))

    @abstractmethod
    def _scores(self, X: Any) -> np.ndarray:
        """(n, K) scores of checked rows."""

    def _read(self, X: Any, *, reset: bool) -> Any:
        if not reset:
            check_is_fitted(self, "classes_")
            refuse_no_rows(X)
        _refuse_text(X, type(self).__name__)
        return validate_data(self, X, accept_sparse="csr", dtype=np.float64, ensure_all_finite="allow-nan", reset=reset)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _refuse_text(X: Any, who: str) -> None:
    """A frame with text or categories is not for trees of numbers."""
    refuse_lazy(X)
    schema = frame_of(X).schema if is_frame(X) else {}
    words = [name for name, dtype in schema.items() if dtype in (nw.String, nw.Categorical, nw.Enum)]
    if words:
        more = f" and {len(words) - 1} more" if len(words) > 1 else ""
        raise InputError(
            f"`X` must hold numbers for {who}; column {words[0]!r}{more}: {schema[words[0]]}. Encode it first, or let `compare` "
            "prepare the table."
        )


def softmax_rows(score: np.ndarray) -> np.ndarray:
    """(n, K) probabilities proportional to exp(score)."""
    p = np.exp(score - score.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def balanced_correction(rows: EnsembleRows, status: str, why: str) -> Correction:
    """What training on classes of equal mass adds: delta_c = log(1/K) - log(W_c/W)."""
    k = len(rows.classes)
    return mass_correction((rows.codes, rows.w), (np.arange(k), np.ones(k)), k, status, why)


def read_count(value: Any, name: str, *, least: int = 1) -> int:
    """A whole number, `least` or more."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"`{name}` must be a whole number, {least} or more; got {value!r}.")
    return int(value)
