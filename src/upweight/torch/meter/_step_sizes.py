"""How far an optimiser goes along a gradient that stays what it is.

The trouble: a pull is a gradient times a step, and the step is the optimiser's own affair. Over the root of Adam's second moment a gradient that training
never saw would go anywhere: a bias before batch norm has none there, and one in evaluation. But a steady gradient d is soon in the second moment
itself, so no coordinate goes further than the learning rate:

    SGD                           lr (1 - dampening)/(1 - momentum) d
    Adam and its kin, RMSprop     lr clip(d/(sqrt(v) + eps), -1, 1),   v corrected for its start; RMSprop over 1 - momentum
    Adagrad, Adamax               the same over sqrt(sum) + eps, and over the running maximum

What is inside: `directions`. Of other optimisers (Muon, Lion, L-BFGS, Rprop ...) nothing is known, and nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

__all__ = ["directions"]


def directions(
    delta: Mapping[str, Tensor | None], names: Mapping[int, str], optimizer: torch.optim.Optimizer
) -> dict[str, Tensor] | None:
    """By parameter, what a step makes of `delta`; None if the optimiser is of a kind that is not known, or of one that has not stepped yet."""
    out: dict[str, Tensor] = {}
    for group in optimizer.param_groups:
        for p in group["params"]:
            d = delta.get(names.get(id(p), ""))
            if d is None:
                continue
            step = _step(d, group, optimizer.state.get(p, {}))
            if step is None:
                return None
            out[names[id(p)]] = step.to(p.dtype)
    return out


def _step(d: Tensor, group: Mapping[str, Any], state: Mapping[str, Any]) -> Tensor | None:
    root = _root(group, state)
    plain = "dampening" in group or not (state or "betas" in group)
    if root is None and not plain:
        return None
    along = d if root is None else (d / root).clamp(-1, 1)
    kept = (1 - float(group.get("dampening", 0))) / (1 - float(group.get("momentum", 0)))
    return float(group["lr"]) * kept * along


def _root(group: Mapping[str, Any], state: Mapping[str, Any]) -> Tensor | None:
    """What gradients are divided by; None if by nothing that is known."""
    eps = float(group.get("eps", 1e-8))
    if "exp_avg_sq" in state and "betas" in group:
        v = state.get("max_exp_avg_sq", state["exp_avg_sq"])
        steps = float(state.get("step", group.get("step", math.inf)))
        return (v / (1 - float(group["betas"][1]) ** steps)).sqrt() + eps
    if "square_avg" in state and "acc_delta" not in state:
        v = state["square_avg"] - state["grad_avg"].square() if group.get("centered") else state["square_avg"]
        return v.clamp(min=0).sqrt() + eps
    if "sum" in state:
        return state["sum"].sqrt() + eps
    return state.get("exp_inf")
