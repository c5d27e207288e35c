"""Tails: how a loss falls as the margin grows, which decides whether weights keep acting.

The trouble: cross-entropy falls exponentially, so a factor of sixteen in the weight moves the margin by a constant, log 16, and as the network
grows that is nothing. A polynomial tail turns the factor into a ratio of margins, which stays.

    cross-entropy  log(1 + e^-m)
    poly(alpha)    log(1 + e^-m) / log(1 + 1/e)  for m <= 1,   m^-alpha  beyond
    focal(gamma)   (1 - p)^gamma (-log p),  p = 1/(1 + e^-m)

`two_point` measures that of any loss. Take poly only together with weights: alone it is worse than cross-entropy.

Sources: Wang, Chatterji, Haque and Hashimoto, Is importance weighting incompatible with interpolating classifiers?, ICLR (2022), for two
classes; its use on the margin of more classes is ours. Lin, Goyal, Girshick, He and Dollár, ICCV (2017).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn.functional import logsigmoid

from ..._errors import InputError, is_number
from ..._set_module import set_module

__all__ = ["FocalTail", "PolyTail", "cross_entropy", "focal", "poly"]

AT_ONE = math.log1p(math.exp(-1.0))  # cross-entropy where the two parts of poly meet


@set_module("upweight.torch.losses")
@dataclass(frozen=True)
class PolyTail:
    """Losses of margins, polynomial beyond 1; made by `poly`."""

    alpha: float

    def __call__(self, m: torch.Tensor) -> torch.Tensor:
        near = -logsigmoid(m) / AT_ONE
        return torch.where(
            m > 1, m.clamp(min=1) ** -self.alpha, near
        )  # clamped, so that the other branch has a gradient too


@set_module("upweight.torch.losses")
@dataclass(frozen=True)
class FocalTail:
    """Focal losses of margins; made by `focal`."""

    gamma: float

    def __call__(self, m: torch.Tensor) -> torch.Tensor:
        return torch.exp(self.gamma * logsigmoid(-m)) * -logsigmoid(m)


def cross_entropy(m: torch.Tensor) -> torch.Tensor:
    """log(1 + e^-m), exact to the last digits at every margin."""
    return -logsigmoid(m)


def poly(alpha: float = 1.0) -> PolyTail:
    """A polynomial tail: weights set a ratio of margins, w^(1/(alpha+2)), that training does not undo.

    alpha : > 0; smaller is heavier. Costs: slow to fit, and without weights worse than cross-entropy on rare classes.
    Raises InputError if `alpha` is no number above 0.

    Source: Wang et al., ICLR (2022).

    >>> poly(1.0)(torch.tensor([1.0, 2.0, 4.0])).tolist()
    [1.0, 0.5, 0.25]
    """
    if not is_number(alpha) or not 0 < alpha < math.inf:
        raise InputError(f"`alpha` must be a number above 0; got {alpha!r}. 1 is usual.")
    return PolyTail(float(alpha))


def focal(gamma: float = 2.0) -> FocalTail:
    """Focal loss on the margin: rows that are right count less; its gradient is kept at any margin.

    gamma : >= 0; 0 is cross-entropy. Costs: probabilities are no longer calibrated, and weights fade as under cross-entropy.
    Raises InputError if `gamma` is no number of 0 or more.

    Source: Lin et al., ICCV (2017).

    >>> m = torch.tensor(25.0, requires_grad=True)
    >>> focal()(m).backward()
    >>> f"{m.grad.item():.4e}"
    '-8.0359e-33'
    """
    if not is_number(gamma) or not 0 <= gamma < math.inf:
        raise InputError(f"`gamma` must be a number >= 0; got {gamma!r}. 2 is usual, 0 is cross-entropy.")
    return FocalTail(float(gamma))
