"""One input: a frozen distribution of SciPy, old or new style, as a function of one standard normal.

    x = ppf(Phi(z)) for z <= 0,   x = isf(Phi(-z)) above,        full precision in both tails, to |z| = 37

The trouble: ppf(Phi(8.3)) is ppf(1), and that is infinite for most distributions; a design point out there is then lost. Of counts SciPy's own
isf ends there too: Poisson's is NaN, the geometric's infinite. Their survival function does not, and is inverted by bisection from z = 5 on.

What is inside: `refuse_marginal`, which looks once at the door; `through`, the formula; `described`, the text for fingerprints.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr

from ..._errors import InputError

__all__ = ["described", "refuse_marginal", "through"]

BEYOND = 2.0**52  # from here on not every whole number is a float
WHOLE_FAR = 5.0  # SciPy's isf of counts is ppf(1 - q): off by one from q of 1e-15 on, and nothing beyond 1e-16


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
    if isinstance(marginal, type):
        raise InputError(
            f"input {name} must be a frozen distribution; got the class {marginal.__name__}. Write {marginal.__name__}(...)."
        )
    if hasattr(marginal, "freeze") and not hasattr(marginal, "args"):
        kind = getattr(marginal, "name", type(marginal).__name__)
        raise InputError(
            f"input {name} must be a frozen distribution; got {kind} without parameters. Call it: scipy.stats.{kind}(...)."
        )
    lower, upper = _quantiles(marginal)
    if lower is None or upper is None:
        raise InputError(
            f"input {name} must have quantiles (ppf and isf, or icdf and iccdf); got {type(marginal).__name__}. Take a frozen "
            "scipy.stats distribution of one number, or Inputs.transform for several that belong together."
        )
    with np.errstate(all="ignore"):
        middle = np.asarray(lower(np.array([0.25, 0.5])), dtype=np.float64)
    if middle.shape != (2,) or not np.isfinite(middle).all():
        raise InputError(
            f"input {name} must have finite parameters, a single number each; its quartile and median came as {middle.tolist()}. "
            "Look at the parameters given."
        )


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
        far = z > WHOLE_FAR
        if far.any() and hasattr(getattr(marginal, "dist", None), "_nonzero"):  # SciPy's mark of whole numbers
            x[far] = _whole_beyond(marginal, ndtr(-z[far]))
    if not np.isfinite(x).all():
        row = int(np.argmin(np.isfinite(x)))
        raise InputError(
            f"input {name} must be finite; it is {x[row]} at the standard normal {z[row]:.6g}. Cut its support (scipy.stats.truncate, "
            "or another distribution)."
        )
    return x


def _whole_beyond(marginal: Any, q: np.ndarray) -> np.ndarray:
    """The least whole numbers k with P(X > k) <= q; inf from 2^52 on."""
    low = np.full(q.shape, np.floor(marginal.ppf(0.5)) - 1)
    high = low + 2
    while (short := (marginal.sf(high) > q) & (high < BEYOND)).any():
        high = np.where(short, low + 2 * (high - low), high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        over = marginal.sf(middle) > q
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return np.where(high < BEYOND, high, np.inf)


def described(marginal: Any) -> str:
    """A text that is the same for the same distribution in every run."""
    if hasattr(marginal, "dist"):  # SciPy's frozen ones, whose own text is an address in memory
        return f"{marginal.dist.name}{marginal.args!r}{sorted(marginal.kwds.items())!r}"
    return repr(marginal)
