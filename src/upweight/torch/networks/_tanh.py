"""tanh at a quarter of its price on the processor.

The trouble: PyTorch's tanh takes ten times as long as its sigmoid there, and a sixth of the time in which a decoder answers a thousand
draws. They are one function,

    tanh(h) = 2 sigmoid(2 h) - 1

to 2e-7 at most, which is the rounding of the products around it; near 0 what is left of h is its part above 6e-8. Elsewhere PyTorch's own.

What is inside: `Tanh`, the layer; `tanh_`, which writes over what it was given.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

__all__ = ["Tanh", "tanh_"]


class Tanh(nn.Tanh):
    """tanh, with a gradient of any order."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """tanh of every entry."""
        return _TanhBySigmoid.apply(input) if input.device.type == "cpu" else torch.tanh(input)  # type: ignore[no-any-return]


def tanh_(h: torch.Tensor) -> torch.Tensor:
    """tanh of h, written over it; the same bits as `Tanh`."""
    return h.mul_(2).sigmoid_().mul_(2).sub_(1) if h.device.type == "cpu" else h.tanh_()


class _TanhBySigmoid(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(h: torch.Tensor) -> torch.Tensor:
        return (2 * h).sigmoid_().mul_(2).sub_(1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        ctx.save_for_backward(output)
        ctx.save_for_forward(output)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return torch.ops.aten.tanh_backward(grads[0], *ctx.saved_tensors)

    @staticmethod
    def jvp(ctx: Any, *tangents: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return torch.ops.aten.tanh_backward(tangents[0], *ctx.saved_tensors)
