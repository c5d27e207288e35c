"""How a network is trained, apart from what it is: `Training`, the settings that every model here shares.

The trouble: learning rates, batches, patience and checkpoints as keywords of every model make signatures that nobody reads, and the
same word means something else in the next one. Here they are one object, which scikit-learn's `set_params` reaches as
`training__lr`.

    lr of epoch t   constant   lr              linear   lr (1 - t/epochs)          burda   stage i has 3^i epochs at lr 10^(-i/7)

What is inside: `Training`; the three schedules.

Source: Burda, Grosse & Salakhutdinov (2016), section 5, for the third schedule.
"""

from __future__ import annotations

import math
import os
from typing import Any

import torch
from sklearn.base import BaseEstimator

from ..._errors import InputError, is_number, require_choice, require_flag, require_int
from ..._set_module import set_module

__all__ = ["Training", "ready_training", "training_document", "training_of"]

SCHEDULES = ("constant", "linear", "burda")


@set_module("upweight.torch")
class Training(BaseEstimator):
    """How a model is trained; the same settings and key give the same model, on CPU with equal threads bit for bit.

    Parameters
    ----------
    epochs : visits of all training rows, at most.
    batch : rows a step.
    lr : learning rate of Adam (.9, .999, eps 1e-4) in the first epoch.
    schedule : "constant"; "linear", to 0 over the epochs; "burda", stages of 1, 3, 9, ... epochs, each at 10^(-1/7) of the one before.
    patience : epochs without a better held-out value before training ends.
    valid : share of the rows held out for that, in [0, 1). 0: no early stopping, and the last parameters are kept.
    checkpoint : path of a file written after every epoch, from which a killed `fit` goes on; None writes none.
    pairs : most (row, draw) pairs in one backward pass; a batch is cut and its gradients are added. None cuts nothing.
    device : where tensors live, "cpu" or as PyTorch names them ("cuda").
    progress : whether a bar is shown, if stderr is a terminal.

    Raises
    ------
    InputError : a setting out of range.

    Costs: early stopping trains on fewer rows, and the held-out value that it picks the best of is optimistic. Source: Kingma & Ba
    (2015) for Adam; Burda, Grosse & Salakhutdinov (2016) for eps and the third schedule.

    >>> t = Training(13, schedule="burda")
    >>> [round(t.lr_of(e), 6) for e in (0, 1, 3, 4, 12)]
    [0.001, 0.00072, 0.00072, 0.000518, 0.000518]
    """

    def __init__(
        self,
        epochs: int = 200,
        *,
        batch: int = 100,
        lr: float = 1e-3,
        schedule: str = "constant",
        patience: int = 20,
        valid: float = 0.1,
        checkpoint: Any = None,
        pairs: int | None = None,
        device: Any = "cpu",
        progress: bool = True,
    ) -> None:
        self.epochs = epochs
        self.batch = batch
        self.lr = lr
        self.schedule = schedule
        self.patience = patience
        self.valid = valid
        self.checkpoint = checkpoint
        self.pairs = pairs
        self.device = device
        self.progress = progress
        _refuse_wrong(self)

    def lr_of(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 0."""
        if self.schedule == "linear":
            return self.lr * (1 - epoch / self.epochs)
        if self.schedule == "burda":
            return self.lr * 10 ** (-_stage(epoch) / 7)
        return float(self.lr)

    def what_matters(self) -> dict[str, Any]:
        """The settings by which a resumed run must equal the one that was killed; `epochs` only where the schedule hangs on them.

        >>> [k for k in Training(13, schedule="linear").what_matters() if k not in Training(13).what_matters()]
        ['training.epochs']
        """
        named = ("batch", "lr", "schedule", "patience", "valid", "pairs")
        return {f"training.{name}": getattr(self, name) for name in named} | (
            {"training.epochs": self.epochs} if self.schedule == "linear" else {}
        )


def ready_training(training: Training | None, usual: Training) -> Training:
    """The settings that `fit` trains by, looked at again, since `set_params` passes by the constructor; `usual` stands for None.

    Raises InputError for what is no Training, a setting out of range, and a device that is not here.
    """
    if training is None:
        return usual
    if not isinstance(training, Training):
        raise InputError(
            f"`training` must be a Training or None; got {type(training).__name__}. Write Training(lr=1e-3)."
        )
    _refuse_wrong(training)
    _refuse_absent_device(training)
    return training


def training_document(training: Training | None) -> dict[str, Any] | None:
    """The settings as JSON holds them; `Training(**document)` has them again."""
    if training is None:
        return None
    where = training.checkpoint
    named = {"checkpoint": None if where is None else os.fspath(where), "device": str(training.device)}
    return training.get_params() | named


def training_of(document: dict[str, Any] | None) -> Training | None:
    """What `training_document` wrote."""
    return None if document is None else Training(**document)


def _refuse_wrong(training: Training) -> None:
    """Refuse a setting out of range."""
    for name in ("epochs", "batch", "patience"):
        require_int(name, getattr(training, name))
    if training.pairs is not None:
        require_int("pairs", training.pairs)
    if not is_number(training.lr) or not 0 < training.lr < math.inf:
        raise InputError(f"`lr` must be a number above 0; got {training.lr!r}. 1e-3 is the usual one.")
    if not is_number(training.valid) or not 0 <= training.valid < 1:
        raise InputError(f"`valid` must be a share in [0, 1); got {training.valid!r}. 0 is no early stopping.")
    require_choice("schedule", training.schedule, SCHEDULES)
    if training.checkpoint is not None and not isinstance(training.checkpoint, (str, os.PathLike)):
        raise InputError(
            f"`checkpoint` must be the path of a file, or None; got {training.checkpoint!r}. 'run.pt' will do."
        )
    require_flag("progress", training.progress)
    try:
        torch.device(training.device)
    except (RuntimeError, TypeError) as error:
        raise InputError(f"`device` must be one of PyTorch's; got {training.device!r}. Use 'cpu' or 'cuda'.") from error


def _refuse_absent_device(training: Training) -> None:
    """Refuse, in `fit`, a device that this machine does not have; a model of another machine is loaded on the CPU all the same."""
    try:
        torch.zeros(1, device=training.device).item()
        torch.Generator(training.device)
    except (AssertionError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0].split(". ")[0].rstrip(".")
        raise InputError(
            f"`device` must be one that is here; got {str(training.device)!r}: {reason}. Use 'cpu'."
        ) from None


def _stage(epoch: int) -> int:
    """The stage of an epoch where stage i has 3^i of them: those before it are (3^i - 1)/2."""
    i = 0
    while (3 ** (i + 1) - 1) // 2 <= epoch:
        i += 1
    return i
