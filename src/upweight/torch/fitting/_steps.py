"""One step of training: forward, backward, Adam.

The trouble: a batch of 100 rows with 500 draws each does not fit, and a smaller batch is another training. So a model gives the losses
of a batch in parts, each with a graph of its own, and gradients are added:

    loss of the step = sum over parts of sum_i w_i l_i / (rows of the whole batch),   w of mean one over the population

What is inside: `Stepper`, what the loop needs; `AdamStep`, which all but adversarial models use.

Source: Kingma & Ba (2015), Adam.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch
from torch import nn

from ..losses import weighted_loss

__all__ = ["AdamStep", "Figures", "Stepper"]

Figures = dict[str, float]  # of one step, by name; their means over an epoch's rows stand in the history
Losses = Callable[[torch.Tensor, int, int], Iterator[tuple[slice, torch.Tensor]]]


class Stepper(Protocol):
    """Makes the steps, and gives all it remembers between them."""

    def step(self, rows: torch.Tensor, epoch: int, step: int, lr: float) -> Figures:
        """Train on some rows; figures that must be finite."""
        ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> None: ...


class AdamStep:
    """Adam on one loss.

    losses_of : function of (rows, epoch, step), an iterator over parts of the batch: (a slice of it, a loss a row of it). The graph of
        a part is gone before the next is asked for. weight : (n,) float32 of mean one over the training rows.
    """

    def __init__(self, module: nn.Module, losses_of: Losses, weight: torch.Tensor) -> None:
        self.module, self.losses_of, self.weight = module, losses_of, weight
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        self.adam = torch.optim.Adam(self.parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-4, fused=True)

    def step(self, rows: torch.Tensor, epoch: int, step: int, lr: float) -> Figures:
        """One step; the figure is minus the loss, the weighted mean of what is raised."""
        self.adam.param_groups[0]["lr"] = lr
        for p in self.parameters:
            p.grad = None
        value = 0.0
        for part, losses in self.losses_of(rows, epoch, step):
            loss = weighted_loss(losses, self.weight[rows[part]], count=len(rows))
            loss.backward()
            value -= loss.item()
        self.adam.step()
        return {"value": value}

    def state_dict(self) -> dict[str, Any]:
        return self.adam.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.adam.load_state_dict(state_dict)
