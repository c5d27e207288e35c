"""log p of zeros and ones under logits, without a copy of x for every draw.

The trouble: the cross-entropy of the libraries wants x as large as the logits, K copies of it, keeps both for the backward pass and makes
four more of that size; and a softplus takes a logarithm of every entry, ten times the price of a product. One buffer, and a logarithm
for 64 entries, do:

    log p = sum_d x_d l_d - softplus(l_d)  =  sum_d x_d l_d - max(l_d, 0) + log sigma(|l_d|),      d log p / d l_d = x_d - sigma(l_d)

over the observed entries, the last term from products of 64 factors, each in [1/2, 1]. What is inside: `bernoulli_log_prob`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

__all__ = ["bernoulli_log_prob"]

FACTORS = 64  # of a product of numbers in [1/2, 1]: 2^-64 is far from the end of float32


def bernoulli_log_prob(logits: torch.Tensor, x: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
    """log p(x|z) (B, K) in nats of logits (B, K, D) and x (B, D), over the entries `seen` (B, D), all for None; x = 0 where unseen.

    Derivatives of first order, for the logits only.
    """
    mask = None if seen is None else seen.to(logits.dtype).unsqueeze(1)
    x = x.to(logits.dtype).unsqueeze(1)
    if not torch.is_grad_enabled():
        return _log_prob(logits, x, mask)[0]
    return _BernoulliLogProb.apply(logits, x, mask)  # type: ignore[no-any-return]


def _log_prob(logits: torch.Tensor, x: torch.Tensor, mask: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """The densities, and the buffer (B, K, D) that they were made in; x and mask (B, 1, D)."""
    each = logits.abs().sigmoid_()
    if mask is not None:
        each.masked_fill_(mask == 0, 1.0)
    small = _log_of_product(each)
    torch.clamp_min(logits, 0, out=each)
    torch.addcmul(each, logits, x, value=-1, out=each)
    if mask is not None:
        each.mul_(mask)
    return small.sub_(each.sum(-1)), each


def _log_of_product(each: torch.Tensor) -> torch.Tensor:
    """Sum of the logs (B, K) of numbers (B, K, D) in [1/2, 1]."""
    runs = each.shape[-1] // FACTORS
    whole = each[..., : runs * FACTORS].unflatten(-1, (runs, FACTORS)).prod(-1).log_().sum(-1)
    return whole.add_(each[..., runs * FACTORS :].prod(-1).log_())


class _BernoulliLogProb(torch.autograd.Function):
    """The buffer waits for the derivative, which would need one: memory met for the first time costs more than what is written there."""

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        value, ctx.buffer = _log_prob(logits, x, mask)
        ctx.save_for_backward(logits, x, *(() if mask is None else (mask,)))
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None, None]:  # type: ignore[override]
        logits, x, *mask = ctx.saved_tensors
        out = torch.sigmoid(logits, out=ctx.buffer)
        ctx.buffer = None  # given away: another backward pass of this graph makes its own
        torch.sub(x, out, out=out)
        if mask:
            out.mul_(mask[0])
        return out.mul_(grads[0].unsqueeze(-1)), None, None
