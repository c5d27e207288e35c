"""log p of zeros and ones under logits, without a copy of x for every draw.

The trouble: the cross-entropy of the libraries wants x as large as the logits, K copies of it, keeps both for the backward pass and makes
four more of that size. The sum needs one product and one buffer:

    log p = sum_d x_d l_d - sum_d softplus(l_d),      d log p / d l_d = x_d - sigmoid(l_d)

both over the observed entries. What is inside: `bernoulli_log_prob`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

__all__ = ["bernoulli_log_prob"]


def bernoulli_log_prob(logits: torch.Tensor, x: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
    """log p(x|z) (B, K) in nats of logits (B, K, D) and x (B, D), over the entries `seen` (B, D), all for None; x = 0 where unseen.

    Derivatives of first order, for the logits only.
    """
    mask = None if seen is None else seen.to(logits.dtype)
    x = x.to(logits.dtype)
    if not torch.is_grad_enabled():
        return _log_prob(logits, x, mask)
    return _BernoulliLogProb.apply(logits, x, mask)  # type: ignore[no-any-return]


def _log_prob(logits: torch.Tensor, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    soft = F.softplus(logits)
    over = soft.sum(-1) if mask is None else torch.bmm(soft, mask.unsqueeze(-1)).squeeze(-1)
    return torch.bmm(logits, x.unsqueeze(-1)).squeeze(-1).sub_(over)


class _BernoulliLogProb(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        ctx.save_for_backward(logits, x, *(() if mask is None else (mask,)))
        return _log_prob(logits, x, mask)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None, None]:  # type: ignore[override]
        logits, x, *mask = ctx.saved_tensors
        out = torch.sigmoid(logits)
        torch.sub(x.unsqueeze(1), out, out=out)
        if mask:
            out.mul_(mask[0].unsqueeze(1))
        return out.mul_(grads[0].unsqueeze(-1)), None, None
