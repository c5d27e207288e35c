"""Weights of a prioritised replay buffer.

The trouble: drawing transitions by their priority changes the expectation that a network learns; the weights (N P)^-beta give part of it back,
all of it at beta = 1. Implementations divide them by the largest of the batch, so that the step size changes from batch to batch.

    P_i = p_i^alpha / sum_j p_j^alpha,     w_i = (N P_i)^-beta

What is inside: `priority_weights`. Source: Schaul, Quan, Antonoglou and Silver (2016), Prioritized experience replay.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..._errors import InputError, require_choice
from ...arrays import Array, device, log_sum_exp, namespace
from ._together import back, numbers, quiet, seen, together

__all__ = ["priority_weights"]


def priority_weights(
    priority: Array, rows: Array | None = None, *, alpha: float = 0.6, beta: float = 0.4, scale: str = "buffer"
) -> Array:
    """Weights that undo, in part, what drawing by priority does to an expectation.

        P_i = p_i^alpha / sum_j p_j^alpha,   w_i = (N P_i)^-beta, 0 where P_i is 0

    Parameters
    ----------
    priority : (..., N) numbers >= 0, on any scale, of the whole buffer
    rows : (m,) or (..., m) whole numbers, the rows that were drawn; None for all
    alpha, beta : >= 0; beta 1 undoes the draws altogether: sum P w = 1 without a scale
    scale : "buffer" divides by the largest weight of the buffer, so that no weight exceeds 1 and a row weighs the same in every batch; "batch" by
        the largest that was drawn, as the paper does; "none" leaves them

    Returns
    -------
    (..., N) or (..., m) array, same library and dtype.

    Raises
    ------
    InputError : settings out of range; negative priorities, or none above 0, where they can be seen without waiting for a device.

    Notes
    -----
    Costs: below beta = 1 a bias toward rows of high priority; "batch" makes the step size depend on what else was drawn.
    Source: Schaul et al. (2016).

    Examples
    --------
    >>> from upweight.ope.rl import priority_weights
    >>> priority_weights([1, 4, 0.25, 9], scale="none").round(4).tolist()
    [1.2838, 0.9205, 1.7906, 0.7577]
    >>> priority_weights([1, 4, 0.25, 9], [0, 1], scale="batch").round(4).tolist()
    [1.0, 0.717]
    """
    require_choice("scale", scale, ("buffer", "batch", "none"))
    numbers(0.0, {"alpha": alpha, "beta": beta})
    xp, (p,) = together({"priority": priority})
    if seen(priority):
        _refuse(p)
    with quiet():
        log_np = _log_shares(xp, p, alpha) + math.log(p.shape[-1])
        w = xp.where(log_np > -math.inf, -beta * log_np, xp.full_like(p, -math.inf))
        drawn = w if rows is None else _drawn(xp, w, rows)
        if scale != "none":
            drawn = drawn - xp.max(w if scale == "buffer" else drawn, axis=-1, keepdims=True)
        found = xp.exp(xp.where(xp.isnan(drawn), xp.full_like(drawn, -math.inf), drawn))
    return back(xp, found, priority)


def _log_shares(xp: Any, p: Array, alpha: float) -> Array:
    """log P; a power of 0 makes all equal, rows of priority 0 too."""
    if alpha == 0:
        return xp.zeros_like(p) - math.log(p.shape[-1])
    positive = p > 0
    l = xp.where(positive, alpha * xp.log(xp.where(positive, p, xp.ones_like(p))), xp.full_like(p, -math.inf))
    return l - log_sum_exp(l)[..., None]


def _drawn(xp: Any, w: Array, rows: Array) -> Array:
    if namespace(rows) is np:
        rows = np.asarray(rows)
        _refuse_rows(rows, w)
    if xp is np:
        pass
    elif namespace(rows) is np:
        rows = xp.asarray(np.asarray(rows), device=device(w))
    return xp.take(w, rows, axis=-1) if rows.ndim == 1 else xp.take_along_axis(w, rows, axis=-1)


def _refuse_rows(rows: np.ndarray, w: Array) -> None:
    count = w.shape[-1]
    if rows.dtype.kind not in "iu" or rows.size == 0 or not (rows.ndim == 1 or rows.shape[:-1] == tuple(w.shape[:-1])):
        raise InputError(
            f"`rows` must be whole numbers (m,), or (..., m) for the leading axes of `priority`; got {rows.dtype} of shape {rows.shape}."
        )
    bad = (rows < 0) | (rows >= count)
    if bad.any():
        raise InputError(
            f"`rows` must lie in 0 ... {count - 1:,}, rows of the buffer; got {rows[bad].flat[0]}. Count from 0."
        )


def _refuse(p: np.ndarray) -> None:
    bad = ~(np.isfinite(p) & (p >= 0))
    if bad.any():
        row = tuple(int(i[0]) for i in np.nonzero(bad))
        raise InputError(
            f"`priority` must be finite and >= 0; got {int(bad.sum()):,} other, first {p[row]:g} at row {row[-1]}. Take the absolute error."
        )
    if not (p > 0).any(axis=-1).all():
        raise InputError("`priority` is 0 everywhere: nothing can be drawn. Add a small number to each.")
