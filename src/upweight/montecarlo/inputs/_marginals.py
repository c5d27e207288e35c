"""One input: a frozen distribution of SciPy, old or new style, as a function of one standard normal.

    x = ppf(Phi(z)) for z <= 0,   x = isf(Phi(-z)) above,        full precision in both tails, to |z| = 37

The trouble: ppf(Phi(8.3)) is ppf(1), and that is infinite for most distributions; a design point out there is then lost. Of counts SciPy's own
isf ends there too: Poisson's is NaN, the geometric's infinite. Their survival function does not, and is inverted by a search from z = 6.4 on.

What is inside: `refuse_marginal`, which looks once at the door; `through`, the formula; `described`, the text for fingerprints.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats
from scipy.special import ndtr
from scipy.stats import rv_continuous, rv_discrete

from ..._errors import InputError
from ._far_tail import FAR, FarSide, far_quantiles

__all__ = ["described", "refuse_marginal", "through"]


def _quantiles(marginal: Any) -> tuple[Any, Any]:
    """(lower, upper) quantile functions, or (None, None) of what has none."""
    for lower, upper in (("ppf", "isf"), ("icdf", "iccdf")):
        if hasattr(marginal, lower) and hasattr(marginal, upper):
            return getattr(marginal, lower), getattr(marginal, upper)
    return None, None


def refuse_marginal(name: str, marginal: Any) -> None:
    """Refuse what is no frozen distribution of one number, by the name of its input."""
    if isinstance(marginal, str):
        raise InputError(
            f"input {name} must be a frozen distribution; got the text {marginal!r}. Write scipy.stats.{marginal}(...)."
        )
    if isinstance(marginal, type) or (hasattr(marginal, "freeze") and not hasattr(marginal, "args")):
        kind = marginal.__name__ if isinstance(marginal, type) else getattr(marginal, "name", type(marginal).__name__)
        call = f"scipy.stats.{kind}(...)" if hasattr(stats, str(kind)) else "with its parameters, or () if it has none"
        raise InputError(f"input {name} must be a frozen distribution; got {kind} without parameters. Call it: {call}.")
    lower, upper = _quantiles(marginal)
    if lower is None or upper is None:
        raise InputError(
            f"input {name} must have quantiles (ppf and isf, or icdf and iccdf); got {type(marginal).__name__}. Take a frozen "
            "scipy.stats distribution of one number, or Inputs.transform for several that belong together."
        )
    with np.errstate(all="ignore"):
        middle = _quartiles(lower)
    if middle.shape != (3,) or not np.isfinite(middle).all():
        raise InputError(
            f"input {name} must have finite parameters, a single number each; its quartiles came as {middle.tolist()}. "
            "Look at the parameters given."
        )


def _quartiles(lower: Any) -> np.ndarray:
    """The three quartiles; parameters that are arrays have quantiles of another shape, or cannot be asked for two as well as three."""
    try:
        if np.ndim(lower(0.5)) > 0:
            return np.full(2, np.nan)
        lower(np.array([0.25, 0.5]))
        return np.asarray(lower(np.array([0.25, 0.5, 0.75])), dtype=np.float64)
    except ValueError:  # shapes that do not go together
        return np.full(2, np.nan)


def through(name: str, marginal: Any, z: np.ndarray) -> np.ndarray:
    """x (n,) of standard normals z (n,)."""
    lower, upper = _quantiles(marginal)
    assert lower is not None
    assert upper is not None
    x = np.empty(len(z))
    below = z <= 0
    with np.errstate(all="ignore"):
        x[below] = lower(ndtr(z[below]))
        x[~below] = upper(ndtr(-z[~below]))
        far = np.abs(z) > FAR
        if far.any() and hasattr(marginal, "support"):
            x[far] = _held(marginal, x[far], z[far])
    if not np.isfinite(x).all():
        row = int(np.argmin(np.isfinite(x)))
        raise InputError(
            f"input {name} must be finite; it is {x[row]} at the standard normal {z[row]:.6g}, {_lost(z[row])}. Cut its support "
            "(scipy.stats.truncate), or give its quantiles by Inputs.transform."
        )
    return x


def _lost(z: float) -> str:
    """Why a quantile is no number: far out SciPy rounds it, nearer it is too large."""
    return "where SciPy rounds it" if abs(z) > FAR else "beyond the largest float"


def _held(marginal: Any, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Far quantiles x (n,) of standard normals z (n,), held against the tail probabilities on their side."""
    (lower, upper), (low, high) = _quantiles(marginal), marginal.support()
    kind = getattr(marginal, "dist", None)
    whole = isinstance(kind, rv_discrete) or "DiscreteDistribution" in (c.__name__ for c in type(marginal).__mro__)
    above = marginal.sf if hasattr(marginal, "sf") else marginal.ccdf
    out, q, middle = x.copy(), ndtr(-np.abs(z)), float(lower(0.5))
    sides = [(z > 0, above, upper, high, "_isf")]
    if not whole:  # the lower quantiles of counts need no 1 - q
        sides.append((z < 0, marginal.cdf, lower, low, "_ppf"))
    for rows, tail, quantile, end, name in sides:
        if rows.any():
            side = FarSide(tail, float(quantile(ndtr(-FAR))), middle, float(end), whole, _has_formula(kind, name))
            out[rows] = far_quantiles(x[rows], q[rows], side)
    return out


def _has_formula(kind: Any, name: str) -> bool:
    """Whether a distribution of the old style has a quantile function of its own; of the new style, whose solver knows the tail, always."""
    general = rv_discrete if isinstance(kind, rv_discrete) else rv_continuous
    return kind is None or getattr(type(kind), name) is not getattr(general, name)


def described(marginal: Any) -> str:
    """A text that is the same for the same distribution in every run."""
    if hasattr(marginal, "dist"):  # SciPy's frozen ones, whose own text is an address in memory
        return f"{marginal.dist.name}{marginal.args!r}{sorted(marginal.kwds.items())!r}"
    return repr(marginal)
