"""A run of training: what its epochs were like, and the parameters to keep.

The trouble: the last epoch is seldom the best, and a run that ends by a key press or a NaN has a best one too. A `TrainingRun` always holds it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

__all__ = ["TrainingRun", "snapshot"]

State = dict[str, torch.Tensor]


@dataclass(eq=False)
class TrainingRun:
    """Where a training stands after its last whole epoch.

    history : a dict an epoch. best : parameters to keep, on the CPU. best_epoch : counted from 0; -1 before the first epoch has ended.
    best_value : held-out. key : of the run. notes : what the user should know of how it ended.
    """

    key: int
    history: list[dict[str, Any]] = field(default_factory=list)
    best: State | None = None
    best_epoch: int = -1
    best_value: float = -math.inf
    notes: list[str] = field(default_factory=list)

    @property
    def stale(self) -> int:
        """Epochs since the best one."""
        return len(self.history) - 1 - self.best_epoch


def snapshot(module: nn.Module) -> State:
    """Copies of the parameters and buffers, on the CPU."""
    return {name: tensor.detach().cpu().clone() for name, tensor in module.state_dict().items()}
