"""Weights of continuous actions: how near the logged action lies to the target's, over how likely it was.

The trouble: two real numbers are never equal, so that a policy that names one action for each row has no ratio of probabilities. A window
around the target's action has one:

    w = K((target - a)/h)/(h p(a | x)),     K(u) = 3/4 (1 - u^2) for |u| < 1

Its mean over the log is one wherever the log can act in the whole window, so that the test of the mean weight also finds windows that
reach beyond the actions that the log takes. The bandwidth h trades bias, of order h^2, for variance, of order 1/h; `lepski` chooses.

What is inside: `kernel`.

Source: Kallus and Zhou (2018), Policy evaluation and optimization with continuous treatments; Epanechnikov (1969) for K.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..._errors import InputError, is_number
from ..._frames import read, require, same_rows
from ..._weights import Step, Weights

__all__ = ["kernel"]


def kernel(target_action: Any, action: Any, density: Any, *, bandwidth: float) -> Weights:
    """Importance weights of continuous actions: a window of the target's action over the density of the logged one.

        w = 3/4 (1 - u^2)/(h p),   u = (target - action)/h,   0 where |u| >= 1

    Parameters
    ----------
    target_action : (n,) actions that the target would have taken, in the unit of actions.
    action : (n,) actions that were logged.
    density : (n,) the log's density of the logged action, > 0, per unit of actions.
    bandwidth : h > 0, in the unit of actions.

    Returns
    -------
    Weights, kind importance, exact: of windows inside what the log does the mean is one.

    Raises
    ------
    InputError : gaps, other lengths or indexes, a bandwidth or density that is not above 0.

    Costs: a bias of order h^2, and a variance of order 1/(n h). Source: Kallus and Zhou (2018).

    >>> kernel([0.5, 1.0, 0.0], [0.4, 1.2, 0.1], [0.37, 0.31, 0.33], bandwidth=0.4).values.round(3)
    array([4.751, 4.536, 5.327])
    """
    if not (is_number(bandwidth) and 0 < bandwidth < float("inf")):
        raise InputError(f"`bandwidth` must be a finite number > 0, in the unit of actions; got {bandwidth!r}.")
    (t, first), (a, second), (p, third) = (
        read(x, name) for x, name in ((target_action, "target_action"), (action, "action"), (density, "density"))
    )
    if a.ndim != 1 or t.shape != a.shape or p.shape != a.shape:
        raise InputError(
            f"`target_action`, `action` and `density` must be columns of the same rows; got shapes {t.shape}, {a.shape} and {p.shape}."
        )
    same_rows(first, second, ("target_action", "action"))
    same_rows(first, third, ("target_action", "density"))
    for x, name in ((t, "target_action"), (a, "action"), (p, "density")):
        require(np.isfinite(x), f"`{name}`", "be finite", x, "Drop those rows first.")
    require(p > 0, "`density`", "be > 0, for the action was taken", p, "Pass the density, no logarithm.", "not above 0")
    h = float(bandwidth)
    with np.errstate(over="ignore", divide="ignore"):
        u = np.clip((t - a) / h, -1.0, 1.0)
        linear = np.where(np.abs(u) < 1, 0.75 * (1 - u * u), 0.0) / (h * p)
    require(
        np.isfinite(linear),
        "`density` times `bandwidth`",
        "be a float above 0",
        h * p,
        "Measure actions in another unit.",
        "too small",
    )
    made = Weights.of(linear, kind="importance", exact=True)
    box = next((c for c in (first, second, third) if c.index is not None), first)
    return replace(made, trail=(Step("kernel", {"bandwidth": h}),), _container=box)
