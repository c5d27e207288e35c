"""Log-weights at the door: one look, before anything is computed or hooked.

The trouble: a half-precision log-weight looks like any other tensor. In bfloat16 a step at -800 is 4 nats: a bound comes out half a nat
too high, and an effective sample size of 8.8 reads 10.9. And one NaN of a decoder turns the whole loss into NaN, without a row.

What is inside: `log_weights`, which refuses what no function here can use; `surely_finite`, which most are; `fits`, whether an objective
can be made of K draws.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from ..._errors import InputError, counted
from ..losses import visible
from ._objective import Objective

__all__ = ["finite_or", "fits", "log_weights", "surely_finite"]

COARSE = (torch.float16, torch.bfloat16)


def log_weights(log_w: Any) -> torch.Tensor:
    """`log_w` as it is, float32 or float64 (..., K) with no NaN and no +inf; -inf is a weight of zero."""
    if not isinstance(log_w, torch.Tensor):
        raise InputError(f"`log_w` must be a tensor; got {type(log_w).__name__}. Use torch.as_tensor(log_w).")
    if log_w.dtype not in (torch.float32, torch.float64):
        why = ", whose steps at -800 are nats wide" if log_w.dtype in COARSE else ""
        raise InputError(
            f"`log_w` must be float32 or float64; got {str(log_w.dtype).removeprefix('torch.')}{why}. Sum the densities in float32."
        )
    if log_w.ndim == 0 or log_w.numel() == 0:
        what = "a single number" if log_w.ndim == 0 else f"shape {tuple(log_w.shape)}"
        raise InputError(f"`log_w` must hold a row or more, the draws on its last axis, one at least; got {what}.")
    if _looked_at(log_w):
        _refuse_not_numbers(log_w.detach())
    return log_w


def fits(log_w: torch.Tensor, objective: Objective) -> None:
    """Refuse an objective that needs another number of draws."""
    k = log_w.shape[-1]
    if k % objective.groups:
        raise InputError(f"`groups` must divide the draws; got {k} draws and {objective.groups} groups.")
    if objective.estimator == "vimco" and k < 2:
        raise InputError("vimco needs two draws a row, so that each can be compared with the others; got 1. Raise k.")


def surely_finite(l: torch.Tensor) -> bool:
    """Whether no weight is zero, if that can be known without waiting for a device; a sum is finite only where all of it is."""
    return l.device.type == "cpu" and visible(l, "log_w") and math.isfinite(l.sum().item())


def finite_or(log_w: torch.Tensor, value: float) -> torch.Tensor:
    """`log_w` with every -inf replaced; no gradient flows to what was replaced."""
    return torch.where(log_w == -torch.inf, torch.full_like(log_w, value), log_w)


def _place(flat: int, shape: tuple[int, ...]) -> str:
    """'row 17, draw 4' of a place in (..., K); rows are counted through the leading axes."""
    row, draw = divmod(flat, shape[-1])
    return f"row {row:,}, draw {draw}" if len(shape) > 1 else f"draw {draw}"


def _looked_at(log_w: torch.Tensor) -> bool:
    """Values of a device are looked at in the first call only, and never while a graph is recorded."""
    return visible(log_w, "log_w") and not (log_w.is_cuda and torch.cuda.is_current_stream_capturing())


def _refuse_not_numbers(l: torch.Tensor) -> None:
    if math.isfinite(l.sum().item()):  # then every one of them is
        return
    bad = ~(l < torch.inf)  # NaN compares false
    if not bad.any():
        return
    nan = torch.isnan(l)
    what, wrong = ("NaN", nan) if nan.any() else ("+inf", bad)
    first = int(wrong.reshape(-1).byte().argmax())
    raise InputError(
        f"`log_w` must be below +inf; got {counted(int(wrong.sum()), what, what)}, first at {_place(first, tuple(l.shape))}. "
        "Look at the decoder's scale."
    )
