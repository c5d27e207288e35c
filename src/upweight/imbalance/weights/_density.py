"""Weights for regression: rare target values weigh more.

The trouble: in regression no value of the target is a class, yet most rows sit where the target is ordinary, and the error
there hides the error where it matters. DenseWeight weighs a row by how rare its target value is:

    p_i = kernel density of y at y_i,   p'_i = (p_i - min p)/(max p - min p)
    f_i = max(1 - alpha p'_i, floor),   w_i = f_i / mean f

alpha 0 does nothing, 1 takes the commonest value down to `floor`. The weights say what an error costs, so their kind is cost.

What is inside: `density_weights`; `silverman`, the bandwidth if none is given; `exact_density` for up to 20,000 rows, and
`binned_density` beyond, in time linear in the rows. The bins are Chebyshev points, twelve a bandwidth, and only where there
are rows, so a target with a tail a million bandwidths long costs no more than any other; the error is below 1e-9 of the peak.

Sources: Steininger, Kobs, Davidson, Krause and Hotho, Machine Learning 110 (2021); Silverman, Density Estimation (1986),
eq. 3.31; for the bins Fong and Darve, Journal of Computational Physics 228 (2009).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError
from ..._foreign_keywords import own_keywords
from ..._frames import read, require
from ..._weights import Weights
from ...tables import refuse_other_index, row_weights

__all__ = ["density_weights"]

EXACT_ROWS = 20_000
BLOCK = 1 << 22  # kernel values held at once, 32 MB
NODES = 12  # Chebyshev points a bandwidth
REACH = 8  # bandwidths beyond which exp(-z^2/2) < 2e-14 counts as nothing


@own_keywords
def density_weights(
    y: Any, *, alpha: float = 1.0, bandwidth: float | None = None, floor: float = 1e-6, base: Any = None
) -> Weights:
    """Weigh rows of a regression by how rare their target value is.

        w_i = f_i / mean f,    f_i = max(1 - alpha p'_i, floor),    p' the kernel density of y scaled to [0, 1]

    Parameters
    ----------
    y : (n,) finite numbers, the target in its own unit; array, list, pandas, polars or Arrow column.
    alpha : >= 0, how strongly: 0 gives ones, 1 brings the commonest value to `floor`, more floors more values.
    bandwidth : > 0, standard deviation of the Gaussian kernel in the unit of `y`; None is Silverman's rule,
        0.9 min(sd, IQR/1.349) n^(-1/5).
    floor : > 0, least f; keeps the common rows from vanishing.
    base : (n,) weights >= 0 you have, array or `Weights`: they count in the density and multiply the result. Whole numbers
        count as copies of a row; a row of weight zero is as if removed.

    Returns
    -------
    Weights of kind cost, (n,), mean one (with `base`: the base-weighted mean of f is one). All ones if every density is
    the same, as for a constant y.

    Raises
    ------
    InputError : NaN or infinite y; alpha < 0, bandwidth <= 0, floor <= 0.

    Costs: the fit gets worse where the target is common, by design; it no longer estimates the mean of y given x of the
    population where the model is misspecified. Up to 20,000 rows exact, O(n^2); beyond O(n), error below 1e-9 of the peak.
    Source: Steininger et al. (2021).

    >>> density_weights([0, 0, 0, 0, 1, 5], bandwidth=1, alpha=0.5).values.round(6)
    array([0.818863, 0.818863, 0.818863, 0.818863, 1.086825, 1.637725])
    """
    values, container = read(y, "y")
    if values.ndim != 1:
        raise InputError(f"`y` must be one number a row; got shape {values.shape}. Weigh each target on its own.")
    require(np.isfinite(values), "`y`", "be finite", values, "Drop them first.")
    _refuse_number("alpha", alpha, alpha == 0)
    _refuse_number("floor", floor)
    if bandwidth is not None:
        _refuse_number("bandwidth", bandwidth)
    refuse_other_index({"y": y, "base": base})
    w = row_weights(base, len(values), name="base")
    copies = np.ones(len(values)) if w is None else w
    f = rarity(values, copies, alpha, bandwidth, floor)
    made = Weights.of(container.wrap(f), kind="cost")
    return base * made if isinstance(base, Weights) else Weights.of(container.wrap(f * copies), kind="cost")


def _refuse_number(name: str, value: Any, zero: bool = False) -> None:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and np.isfinite(value)
    if not number or not (value > 0 or zero):
        rule = ">= 0" if name == "alpha" else "> 0"
        raise InputError(f"`{name}` must be a finite number {rule}; got {value!r}.")


def rarity(y: np.ndarray, copies: np.ndarray, alpha: float, bandwidth: float | None, floor: float) -> np.ndarray:
    """(n,) f with base-weighted mean one; rows without weight get the f of their value."""
    live = copies > 0
    h = silverman(y[live], copies[live]) if bandwidth is None else float(bandwidth)
    if not h > 0:
        return np.ones(len(y))
    p = _density(y, copies, h)
    low, high = p[live].min(), p[live].max()
    if not high - low > 1e-12 * high:
        return np.ones(len(y))
    f = np.maximum(1 - alpha * np.clip((p - low) / (high - low), 0, 1), floor)
    return f * (copies.sum() / (copies @ f))


def silverman(y: np.ndarray, copies: np.ndarray) -> float:
    """0.9 min(sd, IQR/1.349) n^(-1/5); n is the number of copies, or the effective rows if weights are no whole numbers."""
    total = copies.sum()
    whole = (copies == np.round(copies)).all()
    n = total if whole else total**2 / (copies @ copies)
    if n <= 1:
        return 0.0
    mean = copies @ y / total
    sd = np.sqrt(copies @ (y - mean) ** 2 / total * n / (n - 1))
    quarter, three = _quantile(y, copies, (0.25, 0.75), whole)
    iqr = (three - quarter) / 1.349
    return float(0.9 * (min(sd, iqr) if iqr > 0 else sd) * n ** (-1 / 5))


def _quantile(y: np.ndarray, copies: np.ndarray, q: tuple[float, float], whole: bool) -> np.ndarray:
    """Quantiles as NumPy takes them of the repeated rows; of unequal fractions, the first value that reaches the share."""
    order = np.argsort(y, kind="stable")
    reached = np.cumsum(copies[order])
    if not whole:
        return y[order][np.searchsorted(reached, np.array(q) * reached[-1] * (1 - 1e-12))]
    at = np.array(q) * (reached[-1] - 1)
    below = y[order][np.searchsorted(reached, np.floor(at), side="right")]
    above = y[order][np.searchsorted(reached, np.ceil(at), side="right")]
    return below + (at - np.floor(at)) * (above - below)


def _density(y: np.ndarray, copies: np.ndarray, h: float) -> np.ndarray:
    """(n,) kernel density at every y, up to a constant factor; each value is met once."""
    values, where = np.unique(y, return_inverse=True)
    mass = np.bincount(where.reshape(-1), weights=copies, minlength=len(values))
    z = (values - values[0]) / h
    estimate = exact_density if len(y) <= EXACT_ROWS else binned_density
    return estimate(z, mass)[where.reshape(-1)]


def exact_density(z: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """sum_j mass_j exp(-(z_i - z_j)^2 / 2) for sorted z in bandwidths; block by block, neighbours within 40 only."""
    out = np.empty(len(z))
    step = max(1, BLOCK // len(z))
    for start in range(0, len(z), step):
        here = z[start : start + step]
        near = slice(np.searchsorted(z, here[0] - 40), np.searchsorted(z, here[-1] + 40, side="right"))
        out[start : start + step] = np.exp(-0.5 * (here[:, None] - z[near]) ** 2) @ mass[near]
    return out


def binned_density(z: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """The same sums for sorted z, through `NODES` Chebyshev points in every bin of one bandwidth that holds rows."""
    node = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES) / 2  # in (-1/2, 1/2)
    box, first, which = np.unique(np.floor(z), return_index=True, return_inverse=True)
    share = _lagrange(z - box[which] - 0.5, node)
    held = np.add.reduceat(share * mass[:, None], first, axis=0)
    seen = np.zeros_like(held)
    for shift in range(-REACH, REACH + 1):
        there = box + shift
        other = np.minimum(np.searchsorted(box, there), len(box) - 1)
        met = np.flatnonzero((box[other] == there) & (there - box == shift))  # the second fails beyond 2^53 bandwidths
        kernel = np.exp(-0.5 * (node[:, None] + shift - node[None, :]) ** 2)
        seen[met] += held[other[met]] @ kernel
    return np.einsum("ij,ij->i", share, seen[which])


def _lagrange(x: np.ndarray, node: np.ndarray) -> np.ndarray:
    """(n, NODES) weights that carry a polynomial from the nodes to x: 1/m + 2/m sum_k T_k(2x) T_k(2 node)."""
    degree = np.arange(1, len(node))
    at_x = np.cos(degree * np.arccos(np.clip(2 * x, -1, 1))[:, None])
    at_node = np.cos(degree[:, None] * np.arccos(2 * node)[None, :])
    return (1 + 2 * at_x @ at_node) / len(node)
