"""Means over the tokens of a batch, and which expectation each of them estimates.

The trouble: four denominators are in use, and with weights that were cut they have four limits. Of six tokens with target mean .55, masked to ratios in
[.5, 1.3], dividing by all tokens gives .40, by the weights .4706, by the tokens kept .4444.

    tokens sum w x / #mask      weights sum w x / sum w      kept sum w x / #{w > 0}      sequences mean over rows of (sum w x / #)

What is inside: `masked_mean`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError, require_choice
from ...arrays import Array
from ._together import as_mask, back, quiet, seen, together

__all__ = ["masked_mean"]


def masked_mean(x: Array, mask: Array, *, weight: Array | None = None, over: str = "tokens") -> Array:
    """Mean of `x` over the tokens of a mask, weighted.

    Parameters
    ----------
    x : (..., T) numbers; what stands outside the mask never enters
    mask : (..., T) bool or numbers, not 0 where a token counts
    weight : (..., T) numbers >= 0, 1 if not given; see `policy_weights`
    over : what is divided by:
        "tokens" the tokens of the mask: unbiased for the target if the weights are, and smaller by what a masking of weights removed;
        "weights" the sum of the weights: the mean under the target *given kept*;
        "kept" the tokens of positive weight: neither of the two; trainers use it, so it is here to be compared with;
        "sequences" the tokens of each row, then the mean over rows that have any: short rows count as much as long ones

    Returns
    -------
    0-d array over all axes, same library and dtype; 0 for an empty mask. Gradients flow through x and weight.

    Raises
    ------
    InputError : shapes that differ, an unknown `over`, a negative weight where it can be seen without waiting for a device.

    Notes
    -----
    Costs: see `over`; only "tokens" with untouched weights has no bias for the mean over tokens.

    Examples
    --------
    >>> from upweight.ope.rl import masked_mean
    >>> x, mask, w = [[1.0, 0.0, 4.0], [2.0, 9.0, 9.0]], [[1, 1, 1], [1, 0, 0]], [[1.0, 1.0, 0.0], [2.0, 1.0, 1.0]]
    >>> [round(float(masked_mean(x, mask, weight=w, over=o)), 4) for o in ("tokens", "weights", "kept", "sequences")]
    [1.25, 1.25, 1.6667, 2.1667]
    """
    require_choice("over", over, ("tokens", "weights", "kept", "sequences"))
    xp, (values, *given) = together({"x": x} | ({} if weight is None else {"weight": weight}))
    inside = as_mask(xp, mask, values)
    if weight is not None and seen(weight) and seen(mask):
        _refuse_negative(np.asarray(weight), np.asarray(mask))
    nothing, count = xp.zeros_like(values), xp.astype(inside, values.dtype)
    with quiet():
        w = xp.where(inside, given[0], nothing) if given else count
        terms = w * xp.where(inside, values, nothing)
        if over == "sequences":
            rows = _share(xp, xp.sum(terms, axis=-1), xp.sum(count, axis=-1))
            found = _share(xp, xp.sum(rows), xp.sum(xp.astype(xp.sum(count, axis=-1) > 0, values.dtype)))
        else:
            by = {"tokens": count, "weights": w, "kept": xp.astype(w > 0, values.dtype)}[over]
            found = _share(xp, xp.sum(terms), xp.sum(by))
    return back(xp, found, x)


def _refuse_negative(weight: np.ndarray, mask: np.ndarray) -> None:
    bad = (weight < 0) & (mask != 0)
    if bad.any():
        raise InputError(f"`weight` must be >= 0; got {float(weight[bad][0]):g}. Put signs into `x`.")


def _share(xp: Any, total: Array, by: Array) -> Array:
    """total / by, and 0 over nothing, with a gradient of 0 there."""
    some = by != 0
    return xp.where(some, total / xp.where(some, by, xp.ones_like(by)), xp.zeros_like(total))
