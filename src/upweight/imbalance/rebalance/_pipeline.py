"""Pipeline: transformers, resamplers and a last estimator, with the weights carried through.

The trouble: scikit-learn's pipeline refuses resamplers; imbalanced-learn's runs them but leaves the weights behind, so that
after the first resampler `sample_weight` has the wrong length; and nobody says what the resampling did to the odds.

    fit      rows of zero weight go;  each transformer is fitted and applied;  each resampler changes X, y and the weights
             together;  the last step gets the weights if any were given or if they vary
    predict  transformers only: resamplers are skipped;  fit_resample, of one that ends in a resampler: what is left of the rows
    odds     correction_ = sum of the resamplers' corrections

Transformers see weights only if they ask for them (scikit-learn's metadata request for `sample_weight`). A pipeline inside
this one is walked through step by step, whoever made it: ours, scikit-learn's or imbalanced-learn's.

What is inside: `Pipeline`. What happens to the rows on their way is in `_training_set`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline as PlainPipeline
from sklearn.utils import Bunch, get_tags
from sklearn.utils.metaestimators import _BaseComposition, available_if
from sklearn.utils.validation import check_is_fitted

from ..._errors import InputError
from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ...tables import refuse_no_rows, refuse_other_index, row_count, row_weights, warn_of
from ._last_step import fit_last, transform
from ._pipeline_checks import refuse_bad_steps, with_parameters
from ._step_kinds import is_pipeline, kind_of, last_of
from ._training_set import TrainingSet

__all__ = ["Pipeline"]

RESTING = ("sampler", "nothing")  # steps that prediction skips


def _last_has(name: str) -> Any:
    """Whether the last step offers a method, for `available_if`."""
    return lambda self: hasattr(last_of(self), name)


def _of_classes(pipeline: Pipeline) -> bool:
    """Whether y is labels: the last step classifies, or some step resamples."""
    return is_classifier(last_of(pipeline)) or any(kind_of(step) == "sampler" for _, step in pipeline.steps)


@set_module("upweight.imbalance")
@own_keywords
class Pipeline(_BaseComposition):
    """Transformers, resamplers and an estimator in order, fitted as one; weights go through, prediction skips resamplers.

        correction_ = sum over resamplers of log(W'_c/W') - log(W_c/W)

    Parameters
    ----------
    steps : list of (name, step). A step is a transformer, a resampler (ours, or any object with `fit_resample`), a pipeline of
        such steps, or "passthrough"; the last may be any estimator.

    Attributes
    ----------
    correction_ : `Correction`, what all resamplers together did to the log-odds. notes_ : tuple of str, what they noted.
    named_steps : the steps by name; fitted in place, as scikit-learn does. classes_, n_features_in_, feature_names_in_.

    Raises
    ------
    InputError : a step in the middle that neither transforms nor resamples; weights that vary for an estimator that takes none.

    Costs: `predict_proba` is that of the last step and is not repaired: `p.correction_.apply(p.predict_proba(X))` where the
    correction is exact or approximate; else `Rebalanced`, which crossfits.
    Source: the pipelines of scikit-learn and imbalanced-learn.

    >>> from sklearn.linear_model import LogisticRegression
    >>> from upweight.imbalance import RandomUnder
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(4000, 2)); y = rng.random(4000) < 1 / (1 + np.exp(4 - X[:, 0]))
    >>> p = Pipeline([("under", RandomUnder(rng=0)), ("lr", LogisticRegression())]).fit(X, y)
    >>> raw = p.predict_proba(X)[:, 1]
    >>> round(float(raw.sum() / y.sum()), 1), round(float(p.correction_.apply(raw).sum() / y.sum()), 2)
    (15.9, 1.01)

    >>> bool((p.predict(X) == (p.decision_function(X) > 0)).all()), bool(np.allclose(np.exp(p.predict_log_proba(X)), p.predict_proba(X)))
    (True, True)
    >>> round(p.score(X, y), 2)
    0.66
    """

    def __init__(self, steps: list[tuple[str, Any]]):
        self.steps = steps

    get_params = PlainPipeline.get_params  # settings of the steps by name, as scikit-learn writes them
    set_params = PlainPipeline.set_params  # change them; returns the pipeline
    _sk_visual_block_ = PlainPipeline._sk_visual_block_

    # ---- fit --------------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, **step_parameters: Any) -> Pipeline:
        """Fit every step on what the steps before it leave.

        X : (n, d) table of a kind the first step takes. y : (n,) labels or targets. sample_weight : (n,) weights >= 0 or
        `Weights`; rows of zero weight are as if removed. step__parameter=value goes to the fit of that step; a `sample_weight`
        of a step is refused where the pipeline carries weights, or rows have changed before it.
        """
        steps, rows = self._enter(X, y, sample_weight, step_parameters)
        training = fit_last(steps[-1], rows.apply_all(steps[:-1]))
        self.correction_, self.notes_ = training.correction, training.notes
        return self

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None, **step_parameters: Any) -> Any:
        """Fit, then transform these very rows: all of them, resampled or not."""
        return self.fit(X, y, sample_weight, **step_parameters).transform(X)

    @available_if(lambda self: kind_of(last_of(self)) == "sampler")
    def fit_resample(self, X: Any, y: Any, sample_weight: Any = None, **step_parameters: Any) -> tuple[Any, ...]:
        """Fit, and give what the last resampler leaves: (X, y), and the weights too if weights were given.

        >>> from sklearn.preprocessing import StandardScaler
        >>> from upweight.imbalance import RandomUnder
        >>> p = Pipeline([("scale", StandardScaler()), ("under", RandomUnder(rng=0))])
        >>> p.fit_resample(np.arange(6.0)[:, None], np.array([0, 0, 0, 0, 1, 1]))[1].tolist()
        [0, 0, 1, 1]
        """
        steps, rows = self._enter(X, y, sample_weight, step_parameters)
        left = rows.apply_all(steps)
        self.correction_, self.notes_ = left.correction, left.notes
        return (left.X, left.y) if sample_weight is None else (left.X, left.y, left.w)

    def _enter(self, X: Any, y: Any, sample_weight: Any, given: dict[str, Any]) -> tuple[list[Any], TrainingSet]:
        """Steps and rows, checked."""
        refuse_bad_steps(self.steps)
        self._validate_names([name for name, _ in self.steps])
        refuse_other_index({"X": X, "y": y, "sample_weight": sample_weight})
        w = row_weights(sample_weight, row_count(X))
        idle = 0 if w is None else int((w == 0).sum())
        steps = with_parameters(self.steps, given, rows=row_count(X), weighted=w is not None, dropped=idle)
        rows = TrainingSet.of(X, y, w, labels=np.ndim(y) == 1 and _of_classes(self))
        warn_of("".join(rows.notes), stacklevel=4)
        return [step for _, step in steps], rows

    def set_output(self, *, transform: str | None = None) -> Pipeline:
        """Have every transformer give "pandas" or "polars" frames, or "default"; None changes nothing.

        Raises InputError for a step that has no `set_output`.
        """
        for name, step in self.steps:
            if not is_pipeline(step) and kind_of(step) != "transformer":
                continue
            if not hasattr(step, "set_output"):
                raise InputError(f"step {name!r} ({type(step).__name__}) has no set_output. Take it out, or wrap it.")
            step.set_output(transform=transform)
        return self

    # ---- use --------------------------------------------------------------------------------------------------------

    def _before_last(self, X: Any) -> Any:
        """X as the last estimator sees it, and that estimator; resamplers skipped."""
        refuse_no_rows(X)
        for _, step in self.steps[:-1]:
            X = transform(step, X)
        last = self.steps[-1][1]
        return Pipeline(last.steps)._before_last(X) if is_pipeline(last) else (X, last)

    @available_if(_last_has("predict"))
    def predict(self, X: Any) -> Any:
        """`predict` of the last step on the transformed rows."""
        X, last = self._before_last(X)
        return last.predict(X)

    @available_if(_last_has("predict_proba"))
    def predict_proba(self, X: Any) -> Any:
        """`predict_proba` of the last step on the transformed rows; not repaired."""
        X, last = self._before_last(X)
        return last.predict_proba(X)

    @available_if(_last_has("predict_log_proba"))
    def predict_log_proba(self, X: Any) -> Any:
        """`predict_log_proba` of the last step on the transformed rows; not repaired."""
        X, last = self._before_last(X)
        return last.predict_log_proba(X)

    @available_if(_last_has("decision_function"))
    def decision_function(self, X: Any) -> Any:
        """`decision_function` of the last step on the transformed rows."""
        X, last = self._before_last(X)
        return last.decision_function(X)

    @available_if(_last_has("score_samples"))
    def score_samples(self, X: Any) -> Any:
        """`score_samples` of the last step on the transformed rows.

        >>> from sklearn.neighbors import KernelDensity
        >>> X = np.array([[1.0], [2.0], [3.0]])
        >>> Pipeline([("density", KernelDensity())]).fit(X).score_samples(X).round(2).tolist()
        [-1.46, -1.22, -1.46]
        """
        X, last = self._before_last(X)
        return last.score_samples(X)

    @available_if(_last_has("score"))
    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """`score` of the last step on the transformed rows."""
        X, last = self._before_last(X)
        return last.score(X, y) if sample_weight is None else last.score(X, y, sample_weight=sample_weight)

    @available_if(lambda self: kind_of(last_of(self)) != "estimator")
    def transform(self, X: Any) -> Any:
        """The rows through every transformer; resamplers change nothing.

        >>> from sklearn.preprocessing import StandardScaler
        >>> X = np.array([[1.0], [2.0], [3.0]])
        >>> p = Pipeline([("scale", StandardScaler())])
        >>> z = p.fit_transform(X)
        >>> z.round(3).ravel().tolist(), p.inverse_transform(z).ravel().tolist(), bool((p.transform(X) == z).all())
        ([-1.225, 0.0, 1.225], [1.0, 2.0, 3.0], True)
        """
        for _, step in self.steps:
            X = transform(step, X)
        return X

    @available_if(
        lambda self: all(hasattr(step, "inverse_transform") or kind_of(step) in RESTING for _, step in self.steps)
    )
    def inverse_transform(self, X: Any) -> Any:
        """The rows back through every transformer, last first."""
        for _, step in reversed(self.steps):
            if kind_of(step) in ("transformer", "pipeline"):
                X = step.inverse_transform(X)
        return X

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Names of the columns after the transformers."""
        names = input_features
        for _, step in self.steps:
            if kind_of(step) in ("transformer", "pipeline"):
                names = step.get_feature_names_out(names)
        return names

    # ---- scikit-learn -----------------------------------------------------------------------------------------------

    @property
    def named_steps(self) -> Bunch:
        """The steps by name."""
        return Bunch(**dict(self.steps))

    @property
    def classes_(self) -> np.ndarray:
        """Labels, as the last step has them."""
        return last_of(self).classes_

    @property
    def n_features_in_(self) -> int:
        """Columns the first fitted step saw."""
        return self._first_having("n_features_in_")

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns the first fitted step saw."""
        return self._first_having("feature_names_in_")

    def _first_having(self, name: str) -> Any:
        for _, step in self.steps:
            if hasattr(step, name):
                return getattr(step, name)
        raise AttributeError(f"no step of this pipeline has {name}; fit it first")

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, which: int | str | slice) -> Any:
        """A step by number or name; a slice is a pipeline that shares the steps."""
        if isinstance(which, slice):
            return Pipeline(self.steps[which])
        return dict(self.steps)[which] if isinstance(which, str) else self.steps[which][1]

    def __sklearn_is_fitted__(self) -> bool:
        if hasattr(self, "correction_"):
            return True
        fitted = [step for _, step in self.steps if kind_of(step) not in RESTING]
        try:
            for step in fitted:
                check_is_fitted(step)
        except NotFittedError:
            return False
        return bool(fitted)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        last = last_of(self) if self.steps else None
        if hasattr(last, "__sklearn_tags__"):
            of_last = get_tags(last)
            tags = replace(
                tags,
                estimator_type=of_last.estimator_type,
                classifier_tags=of_last.classifier_tags,
                regressor_tags=of_last.regressor_tags,
                transformer_tags=of_last.transformer_tags,
            )
            tags.target_tags.multi_output = of_last.target_tags.multi_output
            tags.target_tags.required = tags.target_tags.required or is_classifier(last)
        tags.input_tags.sparse = all(
            not hasattr(step, "__sklearn_tags__") or get_tags(step).input_tags.sparse for _, step in self.steps
        )
        return tags
