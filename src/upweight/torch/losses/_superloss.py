"""SuperLoss: a confidence for every row, in closed form, from its loss alone.

The trouble: a curriculum needs to know which rows are easy, and mislabelled rows look hard. Here each row gets the confidence that minimises its
own regularised loss, so rows below the threshold count more and rows above it less, and nothing is scheduled:

    min_sigma (l - tau) sigma + lambda (log sigma)^2     at   sigma = exp(-W(1/2 max(-2/e, (l - tau)/lambda)))

with W the principal branch of Lambert's function. At the clip sigma = e.

What is inside: `superloss`; `superloss_weight`, its confidences; `lambert_w`, by the series at the branch point and Halley's steps.

Source: Castells, Weinzaepfel and Revaud, NeurIPS (2020); Corless et al. (1996) for W.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from ..._errors import InputError, is_number

__all__ = ["lambert_w", "superloss", "superloss_weight"]

HALLEY = 4
SERIES = (-1.0, 1.0, -1 / 3, 11 / 72, -43 / 540, 769 / 17280, -221 / 8505)  # W in powers of p = sqrt(2(e y + 1))
AT_BRANCH = 0.02  # of p: below it seven terms are exact to 1e-12 and a step, there 0/0, would only add rounding


def superloss(losses: Tensor, *, tau: Any, lam: float = 1.0) -> Tensor:
    """Losses that trust rows below `tau` more and rows above it less.

        (l - tau) sigma + lambda (log sigma)^2,    sigma = exp(-W(1/2 max(-2/e, (l - tau)/lambda)))

    Parameters
    ----------
    losses : (n,) per-row losses. tau : number or (n,) tensor, the loss that counts as neither easy nor hard: log C for C classes, or a running mean.
    lam : lambda > 0; large ones give sigma near one.

    Returns
    -------
    (n,) tensor; sigma is detached, so gradients are those of the losses times sigma.

    Raises InputError for a scalar instead of one loss a row, a `tau` that is neither a finite number nor one a row, and a `lam` that is not finite and
    above 0.

    Costs: another objective: hard rows, mislabelled or merely rare, are heard less. Not for rare classes without weights.
    Source: Castells, Weinzaepfel and Revaud, NeurIPS (2020).

    >>> round(superloss(torch.tensor([2.0]), tau=0.693).item(), 4)
    1.0351
    """
    sigma = superloss_weight(losses, tau=tau, lam=lam)
    l = losses.to(sigma.dtype)
    return (l - tau) * sigma + lam * sigma.log() ** 2


def superloss_weight(losses: Tensor, *, tau: Any, lam: float = 1.0) -> Tensor:
    """The confidence of each row: above one below `tau`, below one above it; at most e.

        sigma = exp(-W(1/2 max(-2/e, (l - tau)/lambda)))

    losses, tau, lam : as in `superloss`. Returns (n,) tensor, detached. Raises and Costs as there.
    Source: Castells, Weinzaepfel and Revaud, NeurIPS (2020), equation 2.

    >>> [round(s, 6) for s in superloss_weight(torch.tensor([2.0, 0.1], dtype=torch.float64), tau=0.693).tolist()]
    [0.652745, 1.613491]
    """
    if not isinstance(losses, Tensor):
        raise InputError(f"`losses` must be a tensor of one a row; got {type(losses).__name__}. Use reduction='none'.")
    if losses.ndim == 0:
        raise InputError("`losses`: got a scalar, not one a row. Use reduction='none'.")
    if not is_number(lam) or not 0 < lam < math.inf:
        raise InputError(f"`lam` must be a finite number above 0; got {lam!r}. 1 is usual.")
    _refuse_threshold(tau, losses)
    with torch.no_grad():
        l = losses.detach().to(torch.promote_types(losses.dtype, torch.float32))
        half = (l - tau) / (2 * lam)
        return torch.exp(-lambert_w(half.clamp(min=-1 / torch.e)))


def _refuse_threshold(tau: Any, losses: Tensor) -> None:
    if isinstance(tau, Tensor) and (not tau.ndim or tau.shape == losses.shape):
        return
    if not is_number(tau) or not math.isfinite(tau):
        got = f"shape {tuple(tau.shape)}" if isinstance(tau, Tensor) else repr(tau)
        raise InputError(
            f"`tau` must be a finite number, or a tensor of one a row, {tuple(losses.shape)}; got {got}. Log C is usual for C classes."
        )


def lambert_w(y: Tensor) -> Tensor:
    """W(y) with W exp(W) = y on the principal branch, for y >= -1/e.

    >>> [round(w, 12) for w in lambert_w(torch.tensor([0.0, torch.e, 1.0], dtype=torch.float64)).tolist()]
    [0.0, 1.0, 0.56714329041]
    """
    p = (2 * (torch.e * y + 1)).clamp(min=0).sqrt()
    near = torch.zeros_like(p)
    for c in reversed(SERIES):
        near = near * p + c
    log = torch.log1p(y.clamp(min=0))
    w = torch.where(p < 1, near, log * (1 - torch.log1p(log) / (2 + log)))
    for _ in range(HALLEY):
        e = w.exp()
        f = w * e - y
        step = f / (e * (w + 1) - (w + 2) * f / (2 * w + 2))
        w = torch.where(p < AT_BRANCH, w, w - step)
    return w
