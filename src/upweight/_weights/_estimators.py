"""What is asked of weights: averages, integrals, quantiles, shares, variances and correlations, each an `Estimate`.

The trouble: a class of weights that also holds every estimator is a file nobody reads. The methods stand here as functions of the
weights, and `Weights` takes them in by name; each opens a door to the room `_estimate`, which needs `Weights` itself.

    w.mean(f)   w.integral(f)   w.quantile(f, q)   w.cdf(f, at)   w.var(f)   w.std(f)   w.cov(f, g)   w.corr(f, g)

If unsure, `mean`: self-normalised, with an interval that knows the tail. Sources stand at each method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._kinds import forbid

if TYPE_CHECKING:
    from .._estimate import Estimate
    from ._weights import Weights

__all__ = ["cdf", "corr", "cov", "integral", "mean", "quantile", "std", "var"]


def mean(
    self: Weights,
    f: Any,
    *,
    how: str = "self",
    cluster: Any = None,
    blocks: int | None = None,
    autocorrelated: bool = False,
    bounds: tuple[float, float] | None = None,
) -> Estimate:
    """Weighted average of `f` with a tail-adjusted interval; see `upweight.Estimate`.

        mu = sum W f,   se^2 = m/(m-1) sum_g (sum_{i in g} W_i (f_i - mu))^2

    Parameters
    ----------
    f : (n,) or (n, c) numbers in any unit, one row a weight, or a frame, whose column names are kept; where the weight is zero they
        are not looked at. Under a batch of weights (many policies, one log) every vector averages the same f.
    how : "self", sum W f; "plain", mean(w f); "control", plain with the weights' mean of one as control variate (both need exact
        weights); "total", sum w f (inclusion). If unsure, "self".
    cluster : (n,) labels of rows that belong together: their errors are added up first.
    blocks : rows of a block, for rows in the order of time that depend on their neighbours; every block is a cluster.
    autocorrelated : find that length from the influences; it is told in the text and on the trail.
    bounds : (low, high) between which every f is known to lie: then f has no tail of its own to widen for.

    Raises
    ------
    InputError : other lengths or indexes, NaN where the weight is positive, values outside the bounds. KindError : class and cost
        weights; "plain" and "control" without the promise of a mean of one.

    Costs: "self" has a bias of order 1/ESS; from k-hat 0.7 on no formula helps. Source: Owen (2013), chapter 9.

    >>> import numpy as np
    >>> from upweight import Weights
    >>> print(Weights.of([1.0] * 10, kind="importance").mean(np.arange(10.0)))
    4.5 ± 2.2 (k-hat not judged, ESS 10 of 10)
    """
    from .._estimate import mean

    forbid(self.kind, "mean")
    return mean(self, f, how=how, cluster=cluster, blocks=blocks, autocorrelated=autocorrelated, bounds=bounds)


def integral(
    self: Weights,
    f: Any = None,
    *,
    cluster: Any = None,
    blocks: int | None = None,
    autocorrelated: bool = False,
    bounds: tuple[float, float] | None = None,
) -> Estimate:
    """Integral of `f` against a target that is known up to a constant: the mean of w f on the weights' own scale.

        I = mean(w f) ~ integral f(x) gamma(x) dx,   w = gamma/source;   f = None: the normalising constant of gamma

    f : (n,) or (n, c) numbers; None is 1 everywhere. cluster, blocks, autocorrelated, bounds : as in `mean`.

    Raises KindError (weights that are no importance weights, or whose scale was lost in taming), InputError (logs beyond a float:
    lower them by a constant and multiply afterwards). No promise of a mean of one is asked.

    Costs: noisier than "self" where f is far from 0. Source: Owen (2013), chapter 9.

    >>> import numpy as np
    >>> from upweight import Weights
    >>> z = np.random.default_rng(0).normal(size=10_000)            # rows of N(0, 1); wanted: the integral of exp(-z^2/8)
    >>> w = Weights.of_log(-(z**2) / 8 + z**2 / 2 + 0.5 * np.log(2 * np.pi), kind="importance")
    >>> low, high = w.integral().interval()
    >>> bool(low < np.sqrt(8 * np.pi) < high)                       # the integral is 5.01, and k-hat says how far to trust it
    True
    """
    from .._estimate import integral

    return integral(self, f, cluster=cluster, blocks=blocks, autocorrelated=autocorrelated, bounds=bounds)


def quantile(
    self: Weights, f: Any, q: Any, *, cluster: Any = None, blocks: int | None = None, autocorrelated: bool = False
) -> Estimate:
    """Weighted quantile of `f` (n,) at `q`, one level in [0, 1] or several: the first value whose share of weight reaches q.

    cluster, blocks, autocorrelated : as in `mean`. Bounds are not asked for: the share of rows below a value has no tail of its own.

    Raises what `mean` raises, and InputError for a level outside [0, 1].

    Costs: near 0 and 1 the interval is infinite. Source: Woodruff (1952), who turns round the interval of the share.

    >>> import numpy as np
    >>> from upweight import Weights
    >>> Weights.of([3, 2, 1], kind="frequency").quantile(np.array([1.0, 2.0, 4.0]), 0.5).value
    1.0
    """
    from .._estimate import quantile

    forbid(self.kind, "quantile")
    return quantile(self, f, q, cluster=cluster, blocks=blocks, autocorrelated=autocorrelated)


def cdf(
    self: Weights, f: Any, at: Any, *, cluster: Any = None, blocks: int | None = None, autocorrelated: bool = False
) -> Estimate:
    """Weighted share of rows with `f` (n,) at most `at`, one point or several: the mean of an indicator, sorted once.

    cluster, blocks, autocorrelated : as in `mean`. Bounds are not asked for: an indicator has no tail of its own.

    Raises what `mean` raises: KindError for class and cost weights, InputError for other lengths and for NaN where the weight is positive.

    Costs: those of `mean`; the interval is not cut at 0 and 1.

    >>> import numpy as np
    >>> from upweight import Weights
    >>> round(Weights.of([3, 2, 1], kind="frequency").cdf(np.array([1.0, 2.0, 4.0]), 2.0).value, 4)
    0.8333
    """
    from .._estimate import cdf

    forbid(self.kind, "cdf")
    return cdf(self, f, at, cluster=cluster, blocks=blocks, autocorrelated=autocorrelated)


def var(
    self: Weights,
    f: Any,
    *,
    cluster: Any = None,
    blocks: int | None = None,
    autocorrelated: bool = False,
    bounds: tuple[float, float] | None = None,
) -> Estimate:
    """Weighted variance of each column of `f`, with its error.

        V = sum W (f - mu)^2 / (1 - sum W^2)        equal weights: the textbook's (ddof 1); copies: as repeated rows

    f : (n,) or (n, c) numbers. cluster, blocks, autocorrelated, bounds : as in `mean`. The interval is symmetric on the log scale.

    Raises what `mean` raises: KindError for class and cost weights, InputError for other lengths and for NaN where the weight is positive.

    Costs: fourth powers decide its tail: of normal rows with weights of k-hat 0.2 its own is higher. Under 60 rows or so there are
    fewer than 25 beyond one sd, no tail is judged, and it is not `ok`. Source: Kish (1965).

    >>> import numpy as np
    >>> from upweight import Weights
    >>> e = Weights.of(np.ones(100), kind="importance").var(np.arange(100.0))
    >>> round(e.value, 2), round(float(np.arange(100.0).var(ddof=1)), 2)
    (841.67, 841.67)
    """
    from .._estimate import var

    forbid(self.kind, "var")
    return var(self, f, cluster=cluster, blocks=blocks, autocorrelated=autocorrelated, bounds=bounds)


def std(
    self: Weights,
    f: Any,
    *,
    cluster: Any = None,
    blocks: int | None = None,
    autocorrelated: bool = False,
    bounds: tuple[float, float] | None = None,
) -> Estimate:
    """Weighted standard deviation of each column of `f`, with its error: the root of `var`, by the delta method.

    f : (n,) or (n, c) numbers. cluster, blocks, autocorrelated, bounds : as in `mean`.

    Raises what `mean` raises: KindError for class and cost weights, InputError for other lengths and for NaN where the weight is positive.

    Costs: those of `var`.

    >>> import numpy as np
    >>> from upweight import Weights
    >>> round(Weights.of([3, 2, 1], kind="frequency").std(np.array([1.0, 2.0, 4.0])).value, 4)
    1.169
    """
    from .._estimate import std

    forbid(self.kind, "std")
    return std(self, f, cluster=cluster, blocks=blocks, autocorrelated=autocorrelated, bounds=bounds)


def cov(
    self: Weights, f: Any, g: Any, *, cluster: Any = None, blocks: int | None = None, autocorrelated: bool = False
) -> Estimate:
    """Weighted covariance of `f` and `g`, (n,) each, with its error.

        C = sum W (f - mu)(g - nu) / (1 - sum W^2)

    cluster, blocks, autocorrelated : as in `mean`. Bounds are not asked for: f and g have two each, and a product of both lies where
    none of them says.

    Raises what `mean` raises: KindError for class and cost weights, InputError for other lengths and for NaN where the weight is positive.

    Costs: those of `var`. Source: Kish (1965) for the divisor.

    >>> import numpy as np
    >>> from upweight import Weights
    >>> f = np.array([1.0, 2.0, 4.0])
    >>> w = Weights.of([3, 2, 1], kind="frequency")
    >>> round(w.cov(f, f).value - w.var(f).value, 12)
    0.0
    """
    from .._estimate import cov

    forbid(self.kind, "cov")
    return cov(self, f, g, cluster=cluster, blocks=blocks, autocorrelated=autocorrelated)


def corr(
    self: Weights, f: Any, g: Any, *, cluster: Any = None, blocks: int | None = None, autocorrelated: bool = False
) -> Estimate:
    """Weighted correlation of `f` and `g`, (n,) each, in [-1, 1], with its error.

        r = C/sqrt(V_f V_g);   its interval is symmetric on the scale artanh r

    cluster, blocks, autocorrelated : as in `mean`; bounds are not asked for, as in `cov`.

    Raises what `mean` raises: KindError for class and cost weights, InputError for other lengths and for NaN where the weight is positive.

    Costs: those of `var`. Source: Fisher (1921).

    >>> import numpy as np
    >>> from upweight import Weights
    >>> w = Weights.of([1.0, 2.0, 3.0, 1.0], kind="importance")
    >>> round(w.corr(np.array([1.0, 2.0, 4.0, 3.0]), np.array([2.0, 1.0, 5.0, 5.0])).value, 4)
    0.8576
    """
    from .._estimate import corr

    forbid(self.kind, "corr")
    return corr(self, f, g, cluster=cluster, blocks=blocks, autocorrelated=autocorrelated)
