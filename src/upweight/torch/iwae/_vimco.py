"""The learning signal of VIMCO: what each draw adds to the bound, judged by the other draws.

The trouble: discrete draws have no path for a gradient, and the plain score-function estimator gives every draw of a row the same
signal, the whole bound. VIMCO subtracts what the bound would be without the draw,

    signal_k = L_K - L_-k,      L_-k : log w_k replaced by the mean of the others' logs

    gradient = sum_k W_k grad log w_k + sum_k signal_k grad log q(z_k)

Leave-one-out sums come from running sums of both directions, so that no sum of exponentials is ever subtracted from another; O(K).
A -inf among the others makes their mean -inf; where no other draw is finite there is nothing to judge by and the signal is 0.

What is inside: `vimco_signal`.

Source: Mnih & Rezende (2016), Variational inference for Monte Carlo objectives.
"""

from __future__ import annotations

import math

import torch

from ._log_weights import finite_or

__all__ = ["vimco_signal", "without_each"]


def vimco_signal(l: torch.Tensor) -> torch.Tensor:
    """L_K - L_-k for detached log-weights (..., K), K >= 2, in nats."""
    whole = torch.logsumexp(l, -1, keepdim=True) - math.log(l.shape[-1])
    without = without_each(l)
    return torch.where(without == -torch.inf, 0.0, whole - finite_or(without, 0.0))


def without_each(l: torch.Tensor) -> torch.Tensor:
    """L_-k (..., K); -inf where no other draw is finite."""
    k = l.shape[-1]
    none = l.new_full((*l.shape[:-1], 1), -torch.inf)
    before = torch.cat([none, torch.logcumsumexp(l, -1)[..., :-1]], -1)
    after = torch.cat([torch.logcumsumexp(l.flip(-1), -1).flip(-1)[..., 1:], none], -1)
    return torch.logaddexp(torch.logaddexp(before, after), _mean_of_others(l)) - math.log(k)


def _mean_of_others(l: torch.Tensor) -> torch.Tensor:
    """Mean of the other logs, (..., K); taken about the mean of the row, so that it keeps its digits far from zero."""
    zero = l == -torch.inf
    k = l.shape[-1]
    count = (~zero).sum(-1, keepdim=True).clamp_min(1)
    centre = finite_or(l, 0.0).sum(-1, keepdim=True) / count
    far = torch.where(zero, 0.0, l - centre)
    others = centre + (far.sum(-1, keepdim=True) - far) / (k - 1)
    zeros_elsewhere = zero.sum(-1, keepdim=True) - zero.to(torch.int64)
    return torch.where(zeros_elsewhere > 0, -torch.inf, others)
