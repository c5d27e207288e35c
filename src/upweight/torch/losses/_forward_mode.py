"""Derivatives along a direction: what a step of the parameters does to the outputs, in one pass.

The trouble: the first such pass in a process makes PyTorch load rules written for a compiler that it deprecates itself, and says so to the user, who
can do nothing about it; and a few operators have no forward rule.

    J d = d/dt f(theta + t d)  at t = 0;      central difference  (f(theta + h d) - f(theta - h d))/(2 h)  where an operator lacks a rule

What is inside: `jvp`, which raises where a rule is missing; `directional`, which then takes the central difference.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

__all__ = ["directional", "jvp"]

STEP = 1e-3  # of the central difference, in units of the parameters' size over the direction's


def jvp(f: Callable[[Any], Tensor], at: Any, along: Any) -> tuple[Tensor, Tensor]:
    """(f(at), derivative of f along a direction of the same structure), in forward mode."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*torch\.jit\.script", category=DeprecationWarning)
        return torch.func.jvp(f, (at,), (along,))  # pyright: ignore[reportReturnType]


def directional(
    f: Callable[[dict[str, Tensor]], Tensor], at: Mapping[str, Tensor], along: Mapping[str, Tensor]
) -> Tensor:
    """Derivative of f along a direction: forward mode, or a central difference where an operator lacks its rule."""
    try:
        return jvp(f, dict(at), dict(along))[1].detach()
    except RuntimeError:  # what PyTorch raises for a missing rule descends from it
        size = sum(float((a.detach().double() ** 2).sum()) for a in at.values()) ** 0.5
        length = sum(float((d.double() ** 2).sum()) for d in along.values()) ** 0.5
        h = STEP * max(size, 1e-12) / max(length, 1e-300)
        with torch.no_grad():
            up, down = (f({name: a + sign * h * along[name] for name, a in at.items()}) for sign in (1, -1))
        return (up - down) / (2 * h)
