"""Rebalanced: any learner, any remedy, and probabilities that mean what they say.

The trouble: a remedy for imbalance changes the prevalence the learner sees, so that a promise of 50 % comes true one time
in ten; and recalibrating out of fold and then refitting repairs the wrong model. Here the models of the inner folds are
kept and repaired together, and `predict` cuts at the threshold the question needs, not at 0.5.

    p(x) = mean_m repair(raw_m(x) - delta_m),      predict positive iff p(x) >= t,   t = pi or 1/(1+R)

If unsure: `Rebalanced("logistic", "none")`, which moves the threshold and changes nothing else.

Sources: Elkan (2001) for the threshold; Saerens et al. (2002) for delta; crossfit as in cross-fitted recalibration.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..._errors import InputError, did_you_mean, is_number
from ..._foreign_keywords import own_keywords
from ..._rng import as_generator
from ..._set_module import set_module
from ...learners import (
    Prepared,
    Task,
    as_learner,
    learner_name,
    member_mean,
    member_names,
    refuse_double_count,
    together,
)
from ...tables import (
    Labels,
    LiveRows,
    Schema,
    group_codes,
    is_frame,
    live_rows,
    matrix,
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
from ._members import Member, Recipe, fit_task
from ._steps import as_steps

__all__ = ["Rebalanced", "read_cost"]

REPAIRS = ("crossfit", "formula", "none")
NOTHING = ("none", "threshold")  # methods that change nothing


@set_module("upweight.imbalance")
@own_keywords
class Rebalanced(ClassifierMixin, BaseEstimator):
    """A classifier trained with a remedy for imbalance, whose probabilities are repaired.

        p(x) = mean_m repair(raw_m(x) - delta_m)

    Parameters
    ----------
    learner : "logistic", "boosting", "MODULE:CLASS", settings in brackets ("logistic(C=0.1)"; frames with text and gaps are prepared
        inside each fold), or a scikit-learn classifier or pipeline, which is given `X` as it is.
    method : a name ("none", "threshold", "weights", "random_under", "random_over"), a resampler, an imbalanced-learn
        sampler, a function f(y, base) -> Weights, or a list of these applied in order.
    repair : "crossfit" keeps the models of `inner` folds and recalibrates them on the rows each has not seen; "formula" fits
        once and subtracts delta; "none" fits once and repairs nothing.
    inner : folds of crossfit, 2 or more; fewer are used if a class has fewer rows.
    cost : what a miss of the positive costs in false alarms; None counts both classes alike (threshold = prevalence).
    rng : int, Generator or None; drives folds, resampling and every `random_state` of the learner that is None.

    Attributes
    ----------
    classes_ : (K,) sorted labels. positive_ : the label asked about. prior_ : (K,) class shares, weighted.
    threshold_ : float on the scale of `predict_proba`; `predict` says positive_ from here on. nan if K > 2.
    correction_ : `Correction`, what the method did to the log-odds. repair_ : `Repair` from held-out rows, or None.
    members_ : tuple of fitted models, one an inner fold. notes_ : tuple of str, what the method noted in them.
    coef_, feature_importances_ : means over members of what the learner has of these (else there is no such attribute), last axis
        `feature_names_out_`: names after encoding, "city=rest" for rare levels, "city=gap"; a column that a member has not counts 0
        there. Of a learner by name numbers stand in standard deviations.

    Raises
    ------
    UndoError : the learner counts classes itself (class_weight, scale_pos_weight, ...) beside a method; a formula asked for
        where none exists.
    InputError : one class, gaps in y, bad weights, unknown names, infinities.

    Costs: crossfit fits `inner` models on (inner-1)/inner of the rows and predicts with all of them. With under 20 rows of a
    class only the level is repaired, not the slope.
    Source: Elkan (2001); Saerens, Latinne and Decaestecker (2002).

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(4000, 2))
    >>> y = rng.random(4000) < 1 / (1 + np.exp(4 - X[:, 0]))
    >>> m = Rebalanced("logistic", "weights", rng=0).fit(X, y)
    >>> round(float(m.predict_raw(X)[:, 1].sum() / y.sum()), 1), round(float(m.predict_proba(X)[:, 1].sum() / y.sum()), 2)
    (15.5, 1.0)
    """

    n_features_in_: int  # columns of the `X` that was fitted
    feature_names_in_: np.ndarray  # their names, of a frame

    def __init__(
        self,
        learner: Any = "logistic",
        method: Any = "weights",
        *,
        repair: str = "crossfit",
        inner: int = 5,
        cost: float | None = None,
        rng: Any = None,
    ):
        self.learner = learner
        self.method = method
        self.repair = repair
        self.inner = inner
        self.cost = cost
        self.rng = rng

    @property
    def balances_classes(self) -> bool:
        """Whether the method does anything, so that a remedy outside would count twice."""
        if isinstance(self.method, str):
            return self.method not in NOTHING
        return bool(as_steps(self.method))

    def fit(self, X: Any, y: Any, sample_weight: Any = None, group: Any = None) -> Rebalanced:
        """Fit and repair.

        X : (n, d) array, CSR matrix or frame. y : (n,) labels. sample_weight : (n,) weights >= 0 or `Weights`; rows of zero
        weight are as if removed. The learner gets them as given, as in scikit-learn: one that regularises (logistic regression)
        reads their sum as a number of rows, so divide by their mean unless they count rows; `compare` does. group : (n,) labels of rows that must stay in one inner fold.

        Raises InputError as the class does: one class, bad weights, an unknown learner or remedy; UndoError if classes would be counted twice.
        """
        learner = as_learner(self.learner)
        steps = self._steps(learner)
        X = self._read(X, learner)
        labels = Labels.of(y, rows=row_count(X))
        refuse_other_index({"X": X, "y": y, "sample_weight": sample_weight, "group": group})
        w = row_weights(sample_weight, len(labels.codes))
        live = live_rows(X, labels, w, group_codes(group, len(labels.codes)))
        warn_of(live.gone)
        warn_of(twins_line(twins_of(live.labels)))
        task = _task_of(live, learner)
        recipe = Recipe(learner, steps, self.repair, self.inner, self.cost)
        self.fitted_ = fit_task(recipe, task, as_generator(self.rng))
        self.classes_, self.positive_ = task.classes, task.classes[task.positive]
        self.schema_ = task.schema
        return self._tell_fitted()

    def _tell_fitted(self) -> Rebalanced:
        """Set the attributes that are read off `fitted_`."""
        self.prior_, self.threshold_ = self.fitted_.prior, self.fitted_.threshold
        self.correction_, self.repair_ = self.fitted_.correction, self.fitted_.repair
        self.members_ = tuple(m.model.learner for m in self.fitted_.members)
        self.notes_ = tuple(dict.fromkeys(note for m in self.fitted_.members for note in m.notes))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, K) repaired probabilities, columns as `classes_`."""
        table = self._table(X)
        return self.fitted_.proba(table)

    def predict_raw(self, X: Any) -> np.ndarray:
        """(n, K) what the learners promise, before any repair: for comparison only."""
        table = self._table(X)
        return self.fitted_.raw(table)

    def predict(self, X: Any) -> np.ndarray:
        """(n,) labels: `positive_` where its probability reaches `threshold_`; K > 2: largest p_k / prior_k.

        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(1000, 2))
        >>> y = rng.random(1000) < 1 / (1 + np.exp(3 - X[:, 0]))
        >>> m = Rebalanced("logistic", "weights", rng=0).fit(X, y)
        >>> bool((m.predict(X) == (m.predict_proba(X)[:, 1] >= m.threshold_)).all())
        True
        """
        proba = self.predict_proba(X)
        if len(self.classes_) > 2:
            return self.classes_[(proba / self.prior_).argmax(axis=1)]
        at = int(np.flatnonzero(self.classes_ == self.positive_)[0])
        return self.classes_[np.where(proba[:, at] >= self.threshold_, at, 1 - at)]

    @property
    def feature_names_out_(self) -> np.ndarray:
        """(m,) names of the columns that the learners got, after encoding."""
        return np.array(together(self._member_names()), dtype=object)

    @property
    def coef_(self) -> np.ndarray:
        """(1, m), or (K, m), mean over members of the learner's `coef_`."""
        return member_mean([m.model for m in self._members()], "coef_", self._member_names())

    @property
    def feature_importances_(self) -> np.ndarray:
        """(m,) mean over members of the learner's `feature_importances_`."""
        return member_mean([m.model for m in self._members()], "feature_importances_", self._member_names())

    def _members(self) -> tuple[Member, ...]:
        if "fitted_" not in vars(self):
            raise AttributeError("fit first")
        return self.fitted_.members

    def _member_names(self) -> list[list[str]]:
        given = getattr(self, "feature_names_in_", None)
        models = [m.model for m in self._members()]
        names = [f"x{j}" for j in range(self.n_features_in_)] if given is None else [str(n) for n in given]
        return member_names(models, self.schema_, names)

    def _steps(self, learner: Any) -> tuple[Any, ...]:
        if self.repair not in REPAIRS:
            raise InputError(f"unknown repair {self.repair!r}.{did_you_mean(self.repair, REPAIRS)}")
        if isinstance(self.inner, bool) or not isinstance(self.inner, (int, np.integer)) or self.inner < 2:
            raise InputError(f"`inner` must be a number of folds, 2 or more; got {self.inner!r}.")
        read_cost(self.cost)
        steps = as_steps(self.method)
        if steps:
            refuse_double_count(learner, method_name(self.method))
        return steps

    def _read(self, X: Any, learner: Any) -> Any:
        """Check `X` at the door; sets n_features_in_ and, for frames, feature_names_in_."""
        refuse_doubles(X)
        refuse_lazy(X)
        if is_frame(X) or isinstance(learner, Prepared):
            X = X if is_frame(X) else matrix(X)
            validate_data(self, X, skip_check_array=True)
            return X
        return validate_data(self, X, accept_sparse="csr", dtype=None, ensure_all_finite=False)

    def _table(self, X: Any) -> Any:
        check_is_fitted(self, "fitted_")
        refuse_no_rows(X)
        if self.schema_ is not None and self.schema_.named:
            return self.schema_.read(X)  # by name: any order, more columns, another kind of frame
        if is_frame(X) or self.schema_ is not None:
            X = X if is_frame(X) else matrix(X)
            validate_data(self, X, reset=False, skip_check_array=True)
        else:
            X = validate_data(self, X, accept_sparse="csr", dtype=None, ensure_all_finite=False, reset=False)
        return X if self.schema_ is None else self.schema_.read(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = isinstance(self.learner, str)
        return tags


def _task_of(live: LiveRows, learner: Any) -> Task:
    """Rows to learn from, read as a table if the learner is prepared."""
    schema = Schema.of(live.X) if isinstance(learner, Prepared) else None
    X, labels = live.X if schema is None else schema.read(live.X), live.labels
    return Task(X, labels.codes, labels.classes, labels.positive, live.w, live.group, schema)


def read_cost(cost: Any) -> float | None:
    """A number > 0 of false alarms that one miss is worth, or None."""
    if cost is None:
        return None
    if not is_number(cost) or not 0 < cost < np.inf:
        raise InputError(f"`cost` must be a number > 0, the false alarms that one miss is worth; got {cost!r}.")
    return float(cost)


def method_name(method: Any) -> str:
    """How a method is called in messages."""
    if isinstance(method, str):
        return method
    if isinstance(method, (list, tuple)):
        return "+".join(method_name(m) for m in method)
    return getattr(method, "__name__", None) or learner_name(method)
