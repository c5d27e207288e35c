"""Gaps filled by an autoencoder, as a transformer of scikit-learn.

The trouble: one filling, however good, makes the rest of an analysis believe that nothing was missing; and no imputer says of a row
whether its filling may be believed. Here stand the best guess (`transform`), many random fillings for multiple imputation (`draw`), and
what the weights say of every row (`check`).

What is inside: `IWAEImputer`.

Sources: Mattei & Frellsen (2019), MIWAE, arXiv:1812.02633; Rubin (1987), Multiple Imputation for Nonresponse in Surveys.
"""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from ... import _html as html
from ..._errors import InputError, require_int
from ..._set_module import set_module
from ..iwae import Diagnosis, diagnose
from ..keyed import seed_of
from ..likelihoods import Mixed
from ..networks import MLP
from ._impute import imputation_weights
from ._iwae import IWAE

__all__ = ["IWAEImputer"]


@set_module("upweight.torch")
class IWAEImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill gaps of a table by an importance-weighted autoencoder trained on what was observed.

        E[x_missing | x_observed]  ~  sum_k W_k E[x_missing | z_k],    W_k in proportion to p(x_observed, z_k) / q(z_k | x_observed)

    Parameters
    ----------
    model : IWAE, cloned with missing="mar"; None is IWAE(20, latent=10, net=MLP((128, 128)), likelihood=Mixed(gaussian="row")), which
        takes numbers, yes and no, and words, each column its own.
    k : weighted draws a row.
    rng : int, Generator or None, for training; None leaves the model its own.

    Attributes
    ----------
    model_ : the fitted IWAE. n_features_in_, feature_names_in_ : as in scikit-learn.

    Raises
    ------
    InputError : a model that is no IWAE, or whose likelihood has no marginal (counts); tables that `IWAE` refuses.

    Costs: gaps are taken as missing at random: that an entry is missing may hang on what is observed, never on the entry itself, and no
    table can show whether that holds. Random fillings have the noise of p(x|z) in them but not the network's own uncertainty, so intervals
    by Rubin's rules come out short. Source: Mattei & Frellsen (2019).

    >>> import numpy as np
    >>> from upweight.torch import Training
    >>> x = np.random.default_rng(0).normal(size=(300, 1)) @ [[1.0, 1.0, -1.0]]
    >>> holes = np.where(np.random.default_rng(1).random(x.shape) < 0.2, np.nan, x + 0.1)
    >>> quick = IWAE(5, latent=1, net=MLP((16,)), likelihood="gaussian", training=Training(60, lr=5e-3, progress=False))
    >>> full = IWAEImputer(quick, k=100, rng=0).fit_transform(holes)
    >>> bool(np.sqrt(np.mean((full - x - 0.1)[np.isnan(holes)] ** 2)) < 0.5)         # the column means: 1.0
    True

    >>> imputer = IWAEImputer(quick, k=100, rng=0).fit(holes)
    >>> bool((imputer.transform(holes) == full).all()), len(imputer.draw(holes[:5], 3, rng=0))
    (True, 3)
    >>> imputer.check(holes).k
    100
    """

    def __init__(self, model: IWAE | None = None, *, k: int = 1000, rng: Any = None) -> None:
        self.model = model
        self.k = k
        self.rng = rng

    def set_params(self, **step_parameters: Any) -> IWAEImputer:
        """As scikit-learn has it; `model__k=50` works without a `model` too."""
        nested = any(name.startswith("model__") for name in step_parameters)
        if nested and step_parameters.get("model", self.model) is None:
            step_parameters["model"] = _usual_model()
        return super().set_params(**step_parameters)

    def fit(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> IWAEImputer:
        """Train on what is observed of X (n, D), weighted as `IWAE.fit` does. y : ignored.

        Raises InputError for a table without rows enough, a column that is empty, or settings that break a rule.
        """
        require_int("k", self.k)
        model = self._model()
        self.model_ = model.fit(X, sample_weight=sample_weight)
        self.n_features_in_ = model.n_features_in_
        if hasattr(model, "feature_names_in_"):
            self.feature_names_in_ = model.feature_names_in_
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def _model(self) -> IWAE:
        """The model to train."""
        if self.model is not None and not isinstance(self.model, IWAE):
            raise InputError(
                f"`model` must be an IWAE or None; got {type(self.model).__name__}. Write IWAE(likelihood='mixed')."
            )
        model: Any = _usual_model() if self.model is None else clone(self.model)
        model.set_params(missing="mar")
        return model if self.rng is None else model.set_params(rng=self.rng)

    def transform(self, X: Any) -> Any:
        """X with its gaps at their best guess: the weighted mean of numbers, the likeliest level else.

        Columns, types, container and index stay as they came, whole numbers whole, and what was observed is not touched.
        """
        check_is_fitted(self)
        return self.model_.impute(X, k=self.k)

    def draw(self, X: Any, m: int, *, rng: Any = None) -> list[Any]:
        """m random fillings of X, each a table like X, for multiple imputation: analyse each, then pool by Rubin's rules.

        X : (n, D) table with gaps. m : fillings. rng : int, Generator or None; None follows from the model, the same fillings at every call.

        Raises InputError for rows that `fit` would refuse, and for `m` that is no whole number above 0.

        Costs: the network's own uncertainty is not in them, so pooled intervals come out short.
        """
        check_is_fitted(self)
        require_int("m", m)
        return self.model_.impute(X, k=self.k, m=m, rng=seed_of(self.model_.key_, "draw") if rng is None else rng)

    def check(self, X: Any) -> Diagnosis:
        """What the weights say of each row's filling: effective draws, k-hat, largest share; see `iwae.diagnose`.

        A row of few effective draws was filled by few, and its random fillings repeat them. Costs: n times k log-weights in memory.

        Raises InputError for rows that `fit` would refuse.

        X : (n, D) table with gaps, as in `fit`.
        """
        check_is_fitted(self)
        rows = self.model_._rows(X)
        return diagnose(imputation_weights(rows, key=self.model_.key_, k=self.k))

    def _repr_html_(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not hasattr(self, "model_"):
            return html.block([repr(self), "not fitted"])
        return html.block([repr(self), *self.model_.notes_])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.non_deterministic = self.rng is None
        return tags


def _usual_model() -> IWAE:
    return IWAE(20, latent=10, net=MLP((128, 128)), likelihood=Mixed(gaussian="row"))
