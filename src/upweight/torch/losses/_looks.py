"""Looking at values: rows, first offender, remedy; and how not to wait for a device for that.

The trouble: labels out of range crash a device long after the line that passed them, and probabilities passed for logits crash nothing.
But a look at values that live on a device makes the processor wait for it, at every step of training.

So values in the memory of the processor are looked at in every call, those of a device in the first call of each kind only, and none
while PyTorch compiles, or transforms a function (vmap, jvp), where there are no values.

What is inside: `visible`, whether to look now; `labels`, `numbers`, `not_probabilities`, the rules.
"""

from __future__ import annotations

import math
import warnings

import torch
from torch._C._functorch import is_functorch_wrapped_tensor

from ..._errors import InputError

__all__ = ["MASKED", "labels", "not_probabilities", "numbers", "visible"]

MASKED = -100  # PyTorch's own mark of a row that does not count
_seen: set[tuple[str, torch.device]] = set()  # (rule, device) looked at; never memory of the processor


def visible(x: torch.Tensor, rule: str) -> bool:
    """Whether the values of `x` are looked at in this call."""
    if torch.compiler.is_compiling() or is_functorch_wrapped_tensor(x) or x.numel() == 0:
        return False
    if x.device.type == "cpu":
        return True
    first = (rule, x.device) not in _seen
    _seen.add((rule, x.device))
    return first


def labels(y: torch.Tensor, k: int) -> None:
    """Whole numbers 0 .. k-1, or -100."""
    if y.is_floating_point() or y.is_complex():
        raise InputError(
            f"`y` must hold whole numbers 0 to {k - 1}; got {y.dtype}. Pass y.long() (one-hot rows: y.argmax(-1))."
        )
    if not visible(y, "labels"):
        return
    low, high = (int(v) for v in torch.aminmax(y.detach()))
    if low >= 0 and high < k:
        return
    bad = ((y < 0) | (y >= k)) & (y != MASKED)
    if bad.any():
        row = int(bad.reshape(-1).byte().argmax())
        raise InputError(
            f"`y` must lie in 0 to {k - 1}, or be {MASKED} for a masked row; got {int(bad.sum()):,} outside, first "
            f"{y.reshape(-1)[row].item()} at row {row}. Number the classes from 0."
        )


def numbers(x: torch.Tensor, name: str) -> None:
    """Finite and not negative."""
    if not visible(x, name):
        return
    values = x.detach()
    low, high = (v.item() for v in torch.aminmax(values))
    if low >= 0 and high < math.inf:  # a NaN fails both
        return
    for bad, what in ((values.isnan(), "NaN"), (values.isinf(), "infinite"), (values < 0, "negative")):
        if bad.any():
            row = int(bad.reshape(-1).byte().argmax())
            raise InputError(
                f"`{name}` must be finite and ≥ 0; got {int(bad.sum()):,} {what}, first at row {row}. Set 0."
            )


def not_probabilities(z: torch.Tensor, *, stacklevel: int = 4) -> None:
    """Warn where logits of several columns all lie in [0, 1] and each row has sum one; the first row answers nearly always."""
    if z.ndim < 2 or z.shape[-1] < 2 or not visible(z, "logits"):
        return
    table = z.detach().reshape(-1, z.shape[-1])
    if _like_probabilities(table[:1]) and _like_probabilities(table):
        warnings.warn(
            "these look like probabilities; logits are wanted: leave the softmax out.",
            UserWarning,
            stacklevel=stacklevel,
        )


def _like_probabilities(rows: torch.Tensor) -> bool:
    low, high = (float(v) for v in torch.aminmax(rows))
    return low >= 0 and high <= 1 and bool(((rows.float().sum(-1) - 1).abs() < 1e-3).all())
