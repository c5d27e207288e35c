"""Weights of tokens that another policy, or another program, has sampled.

The trouble: the engine that samples and the one that trains give the same token other probabilities, and after the first step on a batch they are
other policies too. The ratio of the two undoes that, by token or by sequence; the product over a long sequence is almost always 0 or enormous, so
every trainer cuts it somewhere, and each cut is a bias.

    token w_t = exp(l_t),   sequence w = exp(sum_t l_t),   geometric w = exp(mean_t l_t),   l = log_target - log_source

What is inside: `policy_weights`. Sources: Ionides (2008) for truncation; Zheng et al. (2025), Group sequence policy optimization, for the geometric mean.
"""

from __future__ import annotations

import math
from typing import Any

from ..._errors import InputError, require_choice
from ...arrays import Array, stop_gradient
from ._together import as_mask, back, numbers, quiet, together

__all__ = ["policy_weights"]


def policy_weights(
    log_target: Array,
    log_source: Array,
    mask: Array,
    *,
    level: str = "token",
    how: str = "truncate",
    high: float = 2.0,
    low: float = 0.0,
) -> Array:
    """Importance weight of every token, constant for the gradient, 0 outside the mask.

        none w;   truncate min(w, high);   mask w 1{low <= w <= high}

    Parameters
    ----------
    log_target, log_source : (..., T) natural log-probabilities of the sampled tokens, under the policy that learns and the one that sampled
    mask : (..., T) bool or numbers, not 0 where a token counts
    level : "token"; "sequence", the product over the mask, given to each of its tokens; "geometric", the geometric mean over the mask
    how : "truncate", "mask" or "none"
    high, low : on the scale of w; low is for "mask" alone

    Returns
    -------
    (..., T) array, same library and dtype. No gradient flows through it. What stands outside the mask, NaN or infinite, never enters.

    Raises
    ------
    InputError : shapes that differ; an unknown level or how; low above high.

    Notes
    -----
    Costs: token weights leave out that earlier tokens are the sampler's too; truncation pulls toward the sampler; masking leaves out
    what the target does most more often than the sampler. A ratio beyond the largest float is that float.
    Source: Ionides (2008); Zheng et al. (2025).

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.ope.rl import policy_weights
    >>> l, mask = np.log([[1.2, 0.9, 1.1], [3.0, 0.5, np.nan]]), [[1, 1, 1], [1, 1, 0]]
    >>> policy_weights(l, np.zeros((2, 3)), mask).round(3).tolist()
    [[1.2, 0.9, 1.1], [2.0, 0.5, 0.0]]
    >>> policy_weights(l, np.zeros((2, 3)), mask, level="sequence").round(3).tolist()
    [[1.188, 1.188, 1.188], [1.5, 1.5, 0.0]]
    """
    require_choice("level", level, ("token", "sequence", "geometric"))
    require_choice("how", how, ("truncate", "mask", "none"))
    numbers(0.0, {"high": high, "low": low})
    if how != "none" and not 0 < high >= low:
        raise InputError(f"`high` must be above 0 and at least `low`; got high={high:g}, low={low:g}.")
    xp, (target, source) = together({"log_target": log_target, "log_source": log_source})
    inside = as_mask(xp, mask, target)
    with quiet():
        l = stop_gradient(xp, target) - stop_gradient(xp, source)
        l = xp.where(inside, l, xp.zeros_like(l))
        if level != "token":
            total = xp.sum(l, axis=-1, keepdims=True)
            l = xp.zeros_like(l) + (total / _length(xp, inside, l) if level == "geometric" else total)
        w = _safe_exp(xp, l)
        if how == "truncate":
            w = xp.where(w > high, xp.full_like(w, high), w)
        elif how == "mask":
            w = xp.where((w > high) | (w < low), xp.zeros_like(w), w)
        w = xp.where(inside, w, xp.zeros_like(w))
    return back(xp, w, log_target)


def _length(xp: Any, inside: Array, like: Array) -> Array:
    """Tokens of each sequence (..., 1); 1 for none, so that nothing is divided by 0."""
    count = xp.sum(xp.astype(inside, like.dtype), axis=-1, keepdims=True)
    return xp.where(count > 0, count, xp.ones_like(count))


def _safe_exp(xp: Any, l: Array) -> Array:
    """exp(l), at most the largest float of its dtype."""
    info = xp.finfo(l.dtype)
    most = xp.full_like(l, math.log(float(info.max)) * (1 - 4 * float(info.eps)))
    return xp.exp(xp.where(l > most, most, l))
