"""density_ratio: how much more often the target has a row than the source, as a function that stays as it is.

The trouble: weights for a changed world are usually a vector, and a vector cannot follow a row into a fold, a test set or tomorrow. Here they
are a function of the row, w(x) = p_target(x)/p_source(x), fitted once and frozen: learners, scorers and calibrations ask it about the rows
they have.

Which to use if unsure: `method="auto"`. Kernels (`ulsif`, `kliep`, `kmm`) are for few numeric columns and smooth shifts; `loglinear` for a shift
that a few means describe.

What is inside: `density_ratio`, which checks what comes, asks a method, checks the direction and gives a `DensityRatio`.

Source: Sugiyama, Suzuki and Kanamori (2012), Density Ratio Estimation in Machine Learning.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError, did_you_mean, require_int
from ..._rng import as_generator
from ..._weights import Weights
from ..columns import Pooled
from ._by_classifier import fit_auto, fit_classifier
from ._by_kernels import fit_kernel_mean, fit_kliep, fit_least_squares, refuse_for_kernels
from ._by_terms import fit_log_linear, read_terms
from ._candidates import one_candidate
from ._direction import refuse_wrong_way
from ._fitted import FittedRatio, Ones
from ._ratio_function import DensityRatio, ranges_of, weights_of
from ._settings import KLIEP, KernelMean, LeastSquares, LogLinear

__all__ = ["density_ratio", "ratio_of", "refuse_method"]

CLASSIFIERS = ("linear", "quadratic", "boosting")
NAMED = {
    "ulsif": LeastSquares(),
    "rulsif": LeastSquares(alpha=0.1),
    "kliep": KLIEP(),
    "loglinear": LogLinear(),
    "kmm": KernelMean(),
}
SETTINGS = (LeastSquares, KLIEP, KernelMean, LogLinear)
NAMES = ("auto", "none", *CLASSIFIERS, *NAMED)


def density_ratio(
    source: Any,
    target: Any,
    *,
    method: Any = "auto",
    base: Weights | None = None,
    folds: int = 5,
    rng: Any = None,
) -> DensityRatio:
    """Learn how much more often the target has a row than the source: what an average over source rows must be weighted by.

        w(x) = p_target(x) / p_source(x)

    Parameters
    ----------
    source : (n, d) array, sparse matrix, or pandas, polars or Arrow frame: the rows that will be weighted. Text, categories and gaps
        are read as `imbalance.compare` reads them.
    target : (m, d) the same columns of rows as the world has them now.
    method : "auto", "none", "linear", "quadratic", "boosting", "ulsif", "rulsif", "kliep", "loglinear", "kmm"; a settings object
        (`LeastSquares`, `KLIEP`, `LogLinear`, `KernelMean`); or a classifier with `predict_proba` (class 1 is the target).
    base : Weights that the source rows have already (design weights); they weigh the source in the fit and multiply `r.weights`.
    folds : out of how many folds a classifier's weights come.
    rng : int, Generator or None; folds, learners and the centres of kernels draw from it.

    Returns
    -------
    DensityRatio, a frozen function: `r(X)` are Weights of new rows, `r.weights` those of the source rows, kind importance, no promise.

    Raises
    ------
    InputError : columns of one side only, an identifier that tells the sides apart alone, fewer than two rows a side, an unknown method;
        text and gaps for kernels, and kernels no source row is near.
    VerdictError : weights that lead away from the target while their inverse leads toward it (WRONG_WAY).

    Warns
    -----
    UserWarning : half of the target rows are source rows; a classifier that ranks the wrong way (its weights are ones).

    Costs: variance by the design effect; and the bias of a ratio that is learnt: "auto" keeps weights of one unless a classifier beats
    them by two standard errors, so it misses small shifts.
    Source: Bickel, Brueckner and Scheffer (2009), Discriminative learning under covariate shift.

    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(size=(1000, 2)), rng.normal([1.0, 0.0], 1.0, (1000, 2))
    >>> r = density_ratio(source, target, rng=0)
    >>> r.method, round(float(r.weights.mean(source[:, 0]).value), 2)      # the mean of x in the target is 1
    ('linear', 0.94)
    >>> r([[0.5, 0.0], [2.0, 0.0]]).values.round(1)                        # exp(x - 1/2): 1.0 and 4.5
    array([1. , 4.6])
    """
    require_int("folds", folds, 2)
    rng = as_generator(rng)
    return ratio_of(Pooled.of(source, target, base), method=method, folds=folds, rng=rng)


def refuse_method(pooled: Pooled, method: Any) -> None:
    """What is wrong with a method, for whoever fits something else first: an unknown name, no classifier, columns it cannot read."""
    setting = _setting(method)
    if isinstance(setting, (LeastSquares, KLIEP, KernelMean)):
        refuse_for_kernels(pooled)
    elif isinstance(setting, LogLinear):
        read_terms(setting, pooled)
    elif setting not in ("none", "auto"):
        one_candidate(setting)


def _setting(method: Any) -> Any:
    """The settings behind a name, or what came; InputError for a name that nobody has."""
    setting = NAMED.get(method, method) if isinstance(method, str) else method
    if isinstance(setting, str) and setting not in NAMES:
        raise InputError(f"unknown method {setting!r}.{did_you_mean(setting, NAMES)}")
    if not isinstance(setting, (str, type, *SETTINGS)) and not hasattr(setting, "fit"):
        raise InputError(
            f"`method` must be a name, settings such as LeastSquares(), or a classifier; got {setting!r}. Pass 'auto' if unsure."
        )
    return setting


def ratio_of(pooled: Pooled, *, method: Any, folds: int, rng: np.random.Generator) -> DensityRatio:
    """The ratio of two samples that were read already, for whoever asks them more than one question."""
    found = _fitted(method, pooled, folds, rng)
    refuse_wrong_way(*pooled.design(), found.log_w)
    weights = weights_of(found, pooled)
    return DensityRatio(
        method=found.method,
        alpha=found.alpha,
        losses=found.losses,
        weights=weights,
        _function=found.function,
        _schema=pooled.schema,
        _names=pooled.names,
        _ranges=ranges_of(pooled),
    )


def _fitted(method: Any, pooled: Pooled, folds: int, rng: np.random.Generator) -> FittedRatio:
    """What the method makes of the rows, by its name, its settings or its classifier."""
    setting = _setting(method)
    if isinstance(setting, LeastSquares):
        return fit_least_squares(setting, pooled, rng)
    if isinstance(setting, KLIEP):
        return fit_kliep(setting, pooled, rng)
    if isinstance(setting, KernelMean):
        return fit_kernel_mean(setting, pooled, rng)
    if isinstance(setting, LogLinear):
        return fit_log_linear(setting, pooled)
    if setting == "none":
        return FittedRatio("none", Ones(), np.zeros(len(pooled.rows)), {})
    if setting == "auto":
        return fit_auto(pooled, folds, rng)
    return fit_classifier(setting, pooled, folds, rng)
