"""StreamedLogistic: the estimator around the passes of `_logistic`.

in memory       fit(X, y, offset=...)            blocks of rows, no copy of X
batch by batch  fit_stream(data, label=..., features=..., offset=...)      memory flat in the number of rows
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..._errors import InputError, is_number, require_choice, require_int
from ..._set_module import set_module
from ...tables import row_weights
from ..scoring import arrow_table, column_of, numbers_of, positive_rows, sigmoid
from ._logistic import Fit, Part, Parts, first_guess, fit_lbfgs, fit_newton
from ._start import offset_rows

__all__ = ["StreamedLogistic"]

ROWS = 1 << 13  # a block of twenty columns stays in the second cache
MANY = 2000  # columns above which d^2 numbers are too many


@set_module("upweight.negatives")
class StreamedLogistic(ClassifierMixin, BaseEstimator):
    """Logistic regression with offsets, out of core, exact: about six passes over the rows.

        maximise  sum w ( y eta - log(1 + exp eta) ) - l2/2 |beta|^2,   eta = b + x beta + offset

    Parameters
    ----------
    l2 : penalty of the coefficients, not of the intercept. tol : relative gain in likelihood at which it stops. max_iter : passes at most.
    solver : "newton", "lbfgs", or "auto" (newton up to 2,000 columns).

    Attributes
    ----------
    coef_ (1, d), intercept_ (1,), covariance_ (1 + d, 1 + d), intercept first, sandwich (None by L-BFGS). n_passes_, classes_.

    Raises InputError for more than two classes, separable classes without l2, gaps.

    Costs: O(n d^2) a pass. Source: Nocedal and Wright (2006); White (1982).

    >>> x = np.linspace(-2, 2, 200)[:, None]
    >>> m = StreamedLogistic().fit(x, np.sin(9 * x[:, 0]) + x[:, 0] > 0)
    >>> m.coef_.round(3), m.n_passes_
    (array([[2.643]]), 9)

    >>> bool((m.predict(x) == (m.decision_function(x) > 0)).all()), m.predict_proba(x).shape
    (True, (200, 2))
    >>> import pyarrow as pa
    >>> batches = [pa.table({"x": x[i::2, 0], "y": (np.sin(9 * x[i::2, 0]) + x[i::2, 0] > 0)}) for i in (0, 1)]
    >>> StreamedLogistic().fit_stream(batches, label="y", features=["x"]).coef_.round(3)
    array([[2.643]])
    """

    def __init__(self, *, l2: float = 0.0, tol: float = 1e-10, max_iter: int = 50, solver: str = "auto"):
        self.l2 = l2
        self.tol = tol
        self.max_iter = max_iter
        self.solver = solver

    def fit(self, X: Any, y: Any, *, offset: Any = None, sample_weight: Any = None) -> StreamedLogistic:
        """Fit on rows in memory.

        X : (n, d) numbers, dense or CSR. y : (n,) two labels. offset : (n,) log-odds, fixed, or a row `Correction`; predictions leave it out.
        sample_weight : (n,) weights or `Weights`. Returns itself.

        Raises InputError for other than two classes, and for an `offset` or weights that are not one finite number a row.
        """
        self._check()
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=(np.float64, np.float32))
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            one = " (one class)" if len(self.classes_) == 1 else ""
            raise InputError(
                f"Only binary classification is supported. `y` must hold two classes; got {len(self.classes_)} class"
                f"{'' if one else 'es'}. Fit one class against the rest."
            )
        rows = len(codes)
        shift = np.zeros(rows) if offset is None else offset_rows(offset, rows)
        w = row_weights(sample_weight, rows)
        w = np.ones(rows) if w is None else w

        def parts() -> Iterator[Part]:
            for at in range(0, rows, ROWS):
                part = slice(at, at + ROWS)
                yield Part(X[part], codes[part] == 1, shift[part], w[part])

        return self._fitted(parts, X.shape[1])

    def fit_stream(
        self,
        data: Any,
        *,
        label: Any,
        features: Sequence[str],
        offset: str | None = None,
        sample_weight: str | None = None,
    ) -> StreamedLogistic:
        """Fit on rows that come in batches.

        data : a table, or anything that gives tables or record batches each time it is iterated over (a list, a dataset's object with `__iter__`), not an
        iterator, which could be read once only. label : column of 0/1 or booleans. features : columns of numbers. offset, sample_weight : columns.
        Returns itself.

        Raises InputError for an iterator (it can be read once only), gaps, columns that are not there, batches that are no tables.
        """
        self._check()
        if isinstance(data, Iterator):
            raise InputError(
                "`data` is read once a pass; an iterator can be read once only. Give an object that can be iterated over again."
            )
        names = list(features)

        def parts() -> Iterator[Part]:
            batches = [data] if hasattr(data, "shape") or hasattr(data, "num_rows") else data
            for batch in batches:
                yield _part_of(batch, label, names, offset, sample_weight)

        self.classes_ = np.array([0, 1])
        self.n_features_in_ = len(names)
        self.feature_names_in_ = np.array(names, dtype=object)
        return self._fitted(parts, len(names))

    def decision_function(self, X: Any, *, offset: Any = None) -> np.ndarray:
        """(n,) log-odds of the second class; with `offset`, those of the training rows' own world.

        Raises InputError for an `offset` that is not one finite number a row.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", reset=False, dtype=(np.float64, np.float32))
        eta = np.asarray(X @ self.coef_[0] + self.intercept_[0])
        return eta if offset is None else eta + offset_rows(offset, len(eta))

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, 2) probabilities, without any offset."""
        p = sigmoid(self.decision_function(X))
        return np.column_stack([1 - p, p])

    def predict(self, X: Any) -> np.ndarray:
        """(n,) labels, the second from a log-odds of 0."""
        eta = self.decision_function(X)
        return self.classes_[(eta > 0).astype(int)]

    def _check(self) -> None:
        if not is_number(self.l2) or not 0 <= self.l2 < np.inf:
            raise InputError(f"`l2` must be a finite penalty, 0 or more; got {self.l2!r}.")
        if not is_number(self.tol) or not 0 < self.tol < 1:
            raise InputError(f"`tol` must lie in (0, 1); got {self.tol!r}.")
        require_int("max_iter", self.max_iter)
        require_choice("solver", self.solver, ("auto", "newton", "lbfgs"))

    def _fitted(self, parts: Parts, columns: int) -> StreamedLogistic:
        newton = self.solver == "newton" or (self.solver == "auto" and columns <= MANY)
        solve = fit_newton if newton else fit_lbfgs
        begin = first_guess(parts, columns)
        done: Fit = solve(parts, begin, l2=float(self.l2), tol=self.tol, max_iter=self.max_iter)
        self.intercept_, self.coef_ = done.beta[:1], done.beta[None, 1:]
        self.covariance_, self.n_passes_ = done.covariance, done.passes + 1
        self.n_iter_ = done.passes + 1  # the name by which scikit-learn asks
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.sparse = True
        return tags


def _part_of(batch: Any, label: Any, features: list[str], offset: str | None, weight: str | None) -> Part:
    """The rows of one batch."""
    table = batch if isinstance(batch, (pa.Table, pa.RecordBatch)) else arrow_table(batch)
    column, value = label if isinstance(label, tuple) else (label, None)
    X = np.column_stack([numbers_of(column_of(table, name), name) for name in features])
    if np.isnan(X).any():
        row, j = np.argwhere(np.isnan(X))[0]
        raise InputError(f"column {features[j]!r} has a gap, first at row {row} of a batch. Fill it first.")
    zeros, ones = np.zeros(len(X)), np.ones(len(X))
    shift = zeros if offset is None else numbers_of(column_of(table, offset), offset)
    w = ones if weight is None else row_weights(numbers_of(column_of(table, weight), weight), len(X), name=weight)
    return Part(X, positive_rows(table, column, value), shift, ones if w is None else w)
