"""Any scikit-learn learner, trained for the target: weights from a ratio, computed from the rows it is given.

The trouble: weights passed to `fit` of a search or a cross-validation are sliced, dropped or scored without, each in its own way; and
arrays kept in `__init__` are copied by every clone. A ratio is a function, so each fold can ask it for its own rows:

    fit(X, y)   =   learner.fit(X, y, sample_weight=w),     w = ratio(X)^power, mean one

What is inside: `WeightedEstimator`. Everything but the weights is the learner's own.

Sources: Shimodaira, J. Stat. Plan. Inference 90 (2000), for weights and for the power; Byrd and Lipton, ICML (2019), for weights that fade.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from ..._errors import InputError, UndoError, is_number
from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ...learners import refuse_double_count, weight_parameter
from ._row_weights_of import refuse_no_ratio, tempered

__all__ = ["WeightedEstimator", "read_power"]

FADED = 1e-3  # share of the null model's loss below which weights hardly move a fit


def _has(name: str) -> Any:
    """Whether the learner, fitted or not, has a method."""
    return available_if(lambda self: hasattr(vars(self).get("learner_", self.learner), name))


@set_module("upweight.shift")
@own_keywords
class WeightedEstimator(MetaEstimatorMixin, BaseEstimator):
    """A learner fitted with the weights that a ratio gives to the rows of each fit.

        learner.fit(X, y, sample_weight=w),    w_i = ratio(x_i)^power, brought to mean one

    Parameters
    ----------
    learner : a scikit-learn classifier or regressor, or a Pipeline, whose last step gets the weights. A scaler goes **inside**: before
        it, the ratio would read scaled columns.
    ratio : a `DensityRatio`, a function X -> `Weights` (a known ratio), or a `LabelShift`, whose weights follow y.
    power : in [0, 1]: 1 is unbiased for the target, 0 are weights of one; between them less variance, some bias.

    Attributes
    ----------
    learner_ : the fitted learner; its own fitted attributes (`classes_`, `coef_`, ...) can be read here too.

    Raises
    ------
    UndoError : the learner has `class_weight` set or resamples inside: weights count twice.
    InputError : a learner without `sample_weight`, a power outside [0, 1], something that is no ratio, weights that are all zero.

    Warns
    -----
    UserWarning : the training loss is under a thousandth of the null model's: weights fade in a model that fits its rows that well.

    Costs: variance: n rows are worth the weights' ESS. Holds no data; clones share the ratio.
    Source: Shimodaira (2000).

    >>> from sklearn.linear_model import LinearRegression
    >>> from upweight import log_ratio
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(0.5, 0.5, (2000, 1))                                   # source N(.5, .25), target N(0, .09)
    >>> y = -x[:, 0] + x[:, 0] ** 3 + rng.normal(0, 0.3, 2000)
    >>> logs = lambda x, mean, sd: -0.5 * ((x[:, 0] - mean) / sd) ** 2 - np.log(sd)
    >>> known = lambda x: log_ratio(logs(x, 0, 0.3), logs(x, 0.5, 0.5))
    >>> [round(float(WeightedEstimator(LinearRegression(), known, power=p).fit(x, y).coef_[0]), 1) for p in (0, 1)]
    [0.4, -0.7]

    >>> m = WeightedEstimator(LinearRegression(), known).fit(x, y)
    >>> m.predict([[0.0]]).round(1), round(m.score(x, y), 1)
    (array([0.]), -0.9)
    """

    learner_: Any

    def __init__(self, learner: Any, ratio: Any, *, power: float = 1.0):
        self.learner = learner
        self.ratio = ratio
        self.power = power

    def fit(self, X: Any, y: Any = None) -> WeightedEstimator:
        """Fit a clone of the learner on these rows, weighted by the ratio; X (n, d) any frame or matrix, y (n,).

        Raises InputError for `power` outside [0, 1], weights that are not one a row, and a LabelShift without `y`; KindError for weights that are no ratios.
        """
        name = self._checked()
        fitted: Any = clone(self.learner)
        w = tempered(self.ratio, X, y, read_power(self.power))
        with sklearn.config_context(
            enable_metadata_routing=False
        ):  # weights reach the last step by its name, routing or not
            fitted.fit(X, y) if w is None else fitted.fit(X, y, **{name: w})
        self.learner_ = fitted
        if w is not None:
            _warn_if_faded(fitted, X, y, w)
        return self

    def _checked(self) -> str:
        """The keyword by which the learner's `fit` takes weights; what counts twice, or cannot be weighted, is refused."""
        learner = self.learner
        if isinstance(learner, type) or not (hasattr(learner, "fit") and hasattr(learner, "get_params")):
            raise InputError(
                f"`learner` must be a scikit-learn classifier or regressor, an object; got {learner!r}. Pass Ridge(), say."
            )
        refuse_no_ratio(self.ratio)
        if hasattr(learner, "fit_resample"):
            raise UndoError(
                f"{type(learner).__name__} resamples and the ratio weights: they count twice. Take one out."
            )
        _refuse_second_count(learner)
        try:
            with sklearn.config_context(enable_metadata_routing=False):
                return weight_parameter(learner)
        except InputError as error:
            last = learner.steps[-1][1] if hasattr(learner, "steps") else learner
            raise InputError(
                f"{type(last).__name__}.fit takes no sample_weight. Use a learner that takes weights, such as Ridge() or "
                "LogisticRegression()."
            ) from error

    def _fitted(self) -> Any:
        if "learner_" not in vars(self):
            raise NotFittedError(f"This {type(self).__name__} is not fitted yet. Call fit(X, y) first.")
        return self.learner_

    @_has("predict")
    def predict(self, X: Any) -> Any:
        """The learner's predictions.

        X : (m, d) rows, as in `fit`.
        """
        return self._fitted().predict(X)

    @_has("predict_proba")
    def predict_proba(self, X: Any) -> Any:
        """The learner's probabilities (n, K).

        >>> from sklearn.linear_model import LogisticRegression
        >>> from upweight.shift import WeightedEstimator, density_ratio
        >>> rng = np.random.default_rng(0)
        >>> x, new = rng.normal(0, 1, (400, 1)), rng.normal(0.5, 1, (400, 1))
        >>> m = WeightedEstimator(LogisticRegression(), density_ratio(x, new, rng=0)).fit(x, x[:, 0] + rng.normal(size=400) > 0)
        >>> int(m.predict_proba([[2.0]]).argmax()), m.predict_log_proba([[2.0]]).shape, bool(m.decision_function([[2.0]])[0] > 0)
        (1, (1, 2), True)
        """
        return self._fitted().predict_proba(X)

    @_has("predict_log_proba")
    def predict_log_proba(self, X: Any) -> Any:
        """The learner's log-probabilities (n, K)."""
        return self._fitted().predict_log_proba(X)

    @_has("decision_function")
    def decision_function(self, X: Any) -> Any:
        """The learner's decision values.

        X : (m, d) rows, as in `fit`.
        """
        return self._fitted().decision_function(X)

    @_has("transform")
    def transform(self, X: Any) -> Any:
        """The learner's transform.

        X : (m, d) rows, as in `fit`.

        >>> from sklearn.preprocessing import StandardScaler
        >>> from upweight.shift import WeightedEstimator, density_ratio
        >>> rng = np.random.default_rng(0)
        >>> x, new = rng.normal(0, 1, (400, 1)), rng.normal(0.5, 1, (400, 1))
        >>> m = WeightedEstimator(StandardScaler(), density_ratio(x, new, rng=0)).fit(x)
        >>> m.transform([[0.5]]).round(1).tolist()
        [[0.0]]
        """
        return self._fitted().transform(X)

    @_has("score")
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The learner's own score, unweighted unless weights are given; for the target use `upweight.shift.scorer`.

        X : (m, d) rows. y : (m,) what came true. sample_weight : (m,) weights, or None.
        """
        return (
            self._fitted().score(X, y)
            if sample_weight is None
            else self._fitted().score(X, y, sample_weight=sample_weight)
        )

    def __getattr__(self, name: str) -> Any:
        if name.endswith("_") and not name.startswith("_") and name != "learner_" and "learner_" in vars(self):
            return getattr(self.learner_, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __sklearn_is_fitted__(self) -> bool:
        return "learner_" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.learner)
        for part in (
            "estimator_type",
            "target_tags",
            "classifier_tags",
            "regressor_tags",
            "input_tags",
            "non_deterministic",
        ):
            setattr(tags, part, getattr(inner, part))
        return tags


def read_power(power: Any) -> float:
    """A power in [0, 1]."""
    if not is_number(power) or not 0 <= power <= 1:
        raise InputError(f"`power` must lie in [0, 1]; got {power!r}. 1 is the ratio itself, 0 are weights of one.")
    return float(power)


def _warn_if_faded(fitted: Any, X: Any, y: Any, w: np.ndarray) -> None:
    """Say it if the fit follows its rows so closely that weights hardly matter."""
    share = _share_of_null_loss(fitted, X, np.asarray(y), w)
    if share < FADED:
        text = (
            f"WeightedEstimator: the training loss is {share:.1g} of the null model's. Weights fade in a model that fits its rows that well "
            "(Byrd and Lipton 2019). Regularise it, or stop earlier."
        )
        warnings.warn(text, UserWarning, stacklevel=3)


def _share_of_null_loss(fitted: Any, X: Any, y: np.ndarray, w: np.ndarray) -> float:
    """Weighted training loss over that of the best constant: squared error, or log loss; inf where neither is defined."""
    if y.ndim != 1 or not hasattr(fitted, "predict"):
        return np.inf
    if not is_classifier(fitted):
        middle = np.average(y, weights=w)
        null, loss = w @ (y - middle) ** 2, w @ (y - np.asarray(fitted.predict(X)).reshape(len(y))) ** 2
    elif hasattr(fitted, "predict_proba"):
        hit = y[:, None] == np.asarray(fitted.classes_)
        p = np.asarray(fitted.predict_proba(X))[hit]
        shares = (w @ hit) / w.sum()
        null, loss = -w @ np.log(np.maximum(hit @ shares, 1e-300)), -w @ np.log(np.maximum(p, 1e-300))
    else:
        return np.inf
    return float(loss / null) if null > 0 else np.inf


def _refuse_second_count(learner: Any) -> None:
    """What counts classes or resamples inside, in the words of this branch."""
    try:
        refuse_double_count(learner, "weights")
    except UndoError as error:
        told = str(error).replace("method 'weights'", "the ratio's weights")
        raise UndoError(
            told.replace("Set one to", "Set the first to").replace("Use method 'none'", "Take one out")
        ) from None
