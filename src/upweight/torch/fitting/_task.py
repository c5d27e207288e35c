"""What the loop is told of a model: its parameters, how it steps, how it is judged, and what a checkpoint must agree with.

The trouble: a loop that knows models is written again for each. This one knows rows, epochs and a judge, and whoever steps by two
optimisers in turn brings a `Stepper` of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from ._steps import Stepper

__all__ = ["TrainingTask"]


@dataclass(frozen=True, eq=False)
class TrainingTask:
    """One training.

    module : what is trained, on its device. rows : number of training rows. stepper : makes the steps.
    judged : None, or a function of the epoch that gives the held-out value, where more is better, with the parameters as they are.
    key : all randomness. data : digest of rows and held-out rows. weights : digest of their weights.
    settings : those of the model, as JSON takes them.
    """

    module: nn.Module
    rows: int
    stepper: Stepper
    judged: Callable[[int], float] | None
    key: int
    data: str
    weights: str
    settings: Mapping[str, Any]
