"""Judge on the target with source rows: importance-weighted validation as a scikit-learn scorer.

The trouble: a search that trains with weights and scores without them chooses for the source. Plain validation on a shifted task picks
the unweighted model in 30 of 30 runs and promises an error that the target does not pay. The scorer weighs the rows it scores:

    score = metric(y, model(X), sample_weight=ratio(X)^power)

What is inside: `scorer`.

Source: Sugiyama, Krauledat and Mueller, Covariate shift adaptation by importance weighted cross validation, JMLR 8 (2007).
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from sklearn.metrics import get_scorer

from ..._errors import InputError
from ._row_weights_of import refuse_no_ratio, tempered
from ._weighted_estimator import read_power

__all__ = ["scorer"]


@dataclass(frozen=True, eq=False)
class WeightedScorer:
    """scorer(model, X, y): a scikit-learn scorer whose rows are weighted by a ratio; clones are the object itself."""

    inner: Any
    ratio: Any
    power: float

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        w = tempered(self.ratio, X, y, self.power)
        return self.inner(estimator, X, y) if w is None else self.inner(estimator, X, y, sample_weight=w)

    def __sklearn_clone__(self) -> WeightedScorer:
        return self

    def __repr__(self) -> str:
        return f"scorer({self.inner!r}, power={self.power:g})"


def scorer(scoring: Any, ratio: Any, *, power: float = 1.0) -> Any:
    """A scorer for cross_val_score, cross_validate and searches that judges for the target.

        metric(y, model(X), sample_weight=w),    w_i = ratio(x_i)^power

    Parameters
    ----------
    scoring : name of a scikit-learn scorer, or a scorer made by `make_scorer`; its metric must take `sample_weight`.
    ratio : a `DensityRatio`, a function X -> `Weights`, or a `LabelShift`. power : in [0, 1]; 1 is unbiased.

    Returns
    -------
    A callable (model, X, y) -> float, larger is better.

    Raises
    ------
    InputError : an unknown name, a metric without `sample_weight`, a power outside [0, 1], something that is no ratio.

    Costs: variance: folds are worth their weights' ESS, and a score over few effective rows chooses by chance.
    Source: Sugiyama, Krauledat and Mueller (2007).

    >>> from sklearn.linear_model import LinearRegression
    >>> import numpy as np, upweight as uw
    >>> x = np.arange(6.0)[:, None]; y = x[:, 0] ** 2
    >>> m = LinearRegression().fit(x, y)
    >>> last = lambda X: uw.Weights.of((X[:, 0] > 3).astype(float), kind="importance")
    >>> round(scorer("neg_mean_squared_error", last)(m, x, y), 2)
    -5.78
    """
    refuse_no_ratio(ratio)
    return WeightedScorer(_with_weights(scoring), ratio, read_power(power))


def _with_weights(scoring: Any) -> Any:
    try:
        inner = get_scorer(scoring)
    except (ValueError, KeyError) as error:
        raise InputError(
            f"unknown scoring {scoring!r}. Pass a name that sklearn.metrics.get_scorer_names() lists."
        ) from error
    metric = getattr(inner, "_score_func", None)
    takes = metric if metric is not None else inner
    if not callable(takes) or "sample_weight" not in inspect.signature(takes).parameters:
        name = scoring if isinstance(scoring, str) else getattr(takes, "__name__", type(takes).__name__)
        raise InputError(
            f"scoring {name!r} takes no sample_weight, so it cannot be weighted. Use a metric that does, such as "
            "'neg_mean_squared_error' or 'neg_log_loss'."
        )
    return inner
