"""Settings of the methods that are not classifiers: frozen, refused at once where they cannot be meant.

    LeastSquares    ulsif, and with alpha rulsif: kernels fitted by squares, width and ridge by leave-one-out
    KLIEP           kernels fitted by likelihood: a mixture whose mean over the source is one
    LogLinear       exp(theta'phi): what a few means, squares or products describe
    KernelMean      kmm: the source's kernel mean brought to the target's

A number for `bandwidth` is in the unit of the columns as they are; "auto" works on columns divided by the sd of all rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._errors import InputError, is_number, require_choice, require_int
from ..._set_module import set_module
from ..columns import TERMS

__all__ = ["KLIEP", "KernelMean", "LeastSquares", "LogLinear"]


def _positive(name: str, value: Any, *, zero: bool = False) -> None:
    if not is_number(value) or not (value > 0 or (zero and value == 0)) or math.isinf(value):
        raise InputError(f"`{name}` must be a finite number {'>= 0' if zero else '> 0'}; got {value!r}.")


def _auto_or_positive(name: str, value: Any, *, zero: bool = False) -> None:
    if isinstance(value, str):
        if value != "auto":
            raise InputError(f"`{name}` must be 'auto' or a number {'>= 0' if zero else '> 0'}; got {value!r}.")
    else:
        _positive(name, value, zero=zero)


def _centres(value: Any) -> None:
    if np.ndim(value) == 0:
        require_int("centres", value, 1)
    elif np.ndim(value) != 2 or not np.size(value) or not np.isfinite(np.asarray(value, dtype=np.float64)).all():
        raise InputError(
            f"`centres` must be a number of target rows, or finite points (b, d) in the columns of the source; got shape {np.shape(value)}."
        )


@set_module("upweight.shift")
@dataclass(frozen=True, kw_only=True, eq=False)
class LeastSquares:
    """Kernel least squares (uLSIF; with alpha > 0 relative, RuLSIF): r(x) = sum_l a_l k(x, c_l).

        r_alpha(x) = p_t(x) / (alpha p_t(x) + (1 - alpha) p_s(x))

    Parameters
    ----------
    alpha : in [0, 1); above 0 the ratio is bounded by 1/alpha, and biased toward one.
    bandwidth : width of the Gaussian kernels, > 0, or "auto": by leave-one-out among six.
    ridge : >= 0 added to the squares, or "auto": by leave-one-out among 10^-3 .. 10.
    centres : how many target rows, drawn by `rng`, carry a kernel; or points (b, d).

    Raises InputError for `alpha` outside [0, 1), a bandwidth that is not above 0, a ridge below 0, and bad centres.

    Costs: for few numeric columns only; ratios far from every centre are zero.
    Source: Kanamori, Hido and Sugiyama (2009), JMLR 10; Yamada et al. (2013), Neural Computation 25.

    >>> from upweight.shift import density_ratio
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 1, (300, 1)), rng.normal(0.5, 0.8, (300, 1))
    >>> r = density_ratio(source, target, method=LeastSquares(alpha=0.1), rng=0)
    >>> round(float(r.weights.mean(source[:, 0]).value), 1), bool(r.weights.values.max() <= 1 / r.alpha)
    (0.4, True)
    """

    alpha: float = 0.0
    bandwidth: Any = "auto"
    ridge: Any = "auto"
    centres: Any = 100

    def __post_init__(self) -> None:
        if not is_number(self.alpha) or not 0 <= self.alpha < 1:
            raise InputError(f"`alpha` must be a number in [0, 1); got {self.alpha!r}.")
        _auto_or_positive("bandwidth", self.bandwidth)
        _auto_or_positive("ridge", self.ridge, zero=True)
        _centres(self.centres)


@set_module("upweight.shift")
@dataclass(frozen=True, kw_only=True, eq=False)
class KLIEP:
    """The mixture of kernels under which target rows are most likely; its mean over the source is one by construction.

        max mean_j log sum_l beta_l k(x_j, c_l)/mean_i k(x_i, c_l),   beta >= 0, sum beta = 1

    Parameters
    ----------
    bandwidth : width of the Gaussian kernels, > 0, or "auto": by held-out likelihood in five folds among six.
    centres : how many target rows, drawn by `rng`, carry a kernel; or points (b, d).

    Raises InputError for a bandwidth that is not above 0, and for centres that are neither a whole number nor finite points.

    Costs: as kernels do, zero far from every centre.
    Source: Sugiyama et al. (2008), Annals of the Institute of Statistical Mathematics 60.

    >>> from upweight.shift import density_ratio
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 1, (300, 1)), rng.normal(0.5, 0.8, (300, 1))
    >>> r = density_ratio(source, target, method=KLIEP(bandwidth=0.7), rng=0)
    >>> round(float(r.weights.mean(source[:, 0]).value), 1), round(float(r.weights.values.mean()), 6)
    (0.5, 1.0)
    """

    bandwidth: Any = "auto"
    centres: Any = 100

    def __post_init__(self) -> None:
        _auto_or_positive("bandwidth", self.bandwidth)
        _centres(self.centres)


@set_module("upweight.shift")
@dataclass(frozen=True, kw_only=True)
class LogLinear:
    """log w(x) = theta_0 + theta'phi(x): at ridge 0 the function behind `balancing_weights`.

    Parameters
    ----------
    terms : what phi holds: "means", "squares" or "interactions".
    ridge : >= 0, on the coefficients per sd.

    Raises InputError for unknown terms, and for a ridge that is no finite number of 0 or more.

    Costs: what phi does not hold stays as unbalanced as it was.
    Source: Tsuboi et al. (2009), Journal of Information Processing 17.

    >>> from upweight.shift import density_ratio
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 1, (300, 1)), rng.normal(0.5, 0.8, (300, 1))
    >>> r = density_ratio(source, target, method=LogLinear(terms="squares", ridge=0))
    >>> round(abs(float(r.weights.mean(source[:, 0]).value - target.mean())), 6)
    0.0
    """

    terms: str = "means"
    ridge: float = 1e-3

    def __post_init__(self) -> None:
        require_choice("terms", self.terms, TERMS)
        _positive("ridge", self.ridge, zero=True)


@set_module("upweight.shift")
@dataclass(frozen=True, kw_only=True)
class KernelMean:
    """Kernel mean matching: weights under which the source's mean of kernels is the target's.

        min 1/2 w'(K + ridge I)w - kappa'w,   0 <= w <= cap

    Parameters
    ----------
    bandwidth : width of the Gaussian kernels, > 0, or "auto": the median distance of all rows.
    ridge : >= 0; above 0 the solution is a function of the row. 0 is Huang's, of the source rows only.
    cap : largest weight, > 0.

    Raises InputError for a bandwidth or cap that is not above 0, and for a ridge below 0.

    Costs: time and memory by the square of the source rows; a bandwidth that nothing checks.
    Source: Huang et al. (2007), NIPS 19.

    >>> from upweight.shift import density_ratio
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 1, (300, 1)), rng.normal(0.5, 0.8, (300, 1))
    >>> round(float(density_ratio(source, target, method=KernelMean(cap=50)).weights.mean(source[:, 0]).value), 1)
    0.5
    """

    bandwidth: Any = "auto"
    ridge: float = 1.0
    cap: float = 1000.0

    def __post_init__(self) -> None:
        _auto_or_positive("bandwidth", self.bandwidth)
        _positive("ridge", self.ridge, zero=True)
        _positive("cap", self.cap)
