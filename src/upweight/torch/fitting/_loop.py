"""The loop: epochs, a judge, the best parameters, and every way that training may end.

The trouble: a training that is stopped by hand, killed, or lost to one NaN at four in the morning leaves nothing. Here

    early stopping   the held-out value has not risen for `patience` epochs     the best parameters are put back
    Ctrl-C           ends the epoch                                             the best, and a note
    loss not finite  an UpweightError with epoch and step                       the best, if there was an epoch
    killed           the checkpoint of the last whole epoch                     resumed bit for bit

The best are those of the last whole epoch where nothing is held out.

What is inside: `train`.
"""

from __future__ import annotations

import math
import warnings
from contextlib import nullcontext
from typing import Any

import torch

from ..._errors import InputError, UpweightError
from ...work import shown
from ..keyed import row_order
from ._checkpoint import Checkpoint
from ._run import TrainingRun, snapshot
from ._steps import Figures
from ._task import TrainingTask
from ._training import Training

__all__ = ["train"]


def train(task: TrainingTask, training: Training) -> TrainingRun:
    """Train a task's module; it ends with the best parameters in it, and its mode is `eval`.

    Raises
    ------
    UpweightError : a loss that is not finite; the module then has the best parameters so far, and `run` of the error is the `TrainingRun`.
    InputError : a checkpoint of other data or settings, or a damaged one. KeyboardInterrupt : before the first epoch has ended.
    """
    checkpoint = Checkpoint(task, training)
    run = checkpoint.resumed()
    try:
        with torch.enable_grad():  # whoever calls from within no_grad
            _epochs(task, training, run, checkpoint)
    except KeyboardInterrupt:
        if not run.history:
            raise
        run.notes.append(_interrupted(len(run.history), run))
        warnings.warn(run.notes[-1], UserWarning, stacklevel=4)
    except UpweightError as error:
        error.run = run  # pyright: ignore[reportAttributeAccessIssue]
        raise
    finally:
        if run.best is not None:
            task.module.load_state_dict(run.best)
        task.module.eval()
    return run


def _epochs(task: TrainingTask, training: Training, run: TrainingRun, checkpoint: Checkpoint) -> None:
    first = len(run.history)
    left = max(0, training.epochs - first)
    with shown(left) if training.progress else nullcontext(lambda label: None) as told:
        for epoch in range(first, training.epochs):
            if task.judged is not None and run.history and run.stale >= training.patience:
                return
            lr = training.lr_of(epoch)
            task.module.train()
            figures = _visited(task, training, epoch, lr)
            task.module.eval()
            held_out = None if task.judged is None else task.judged(epoch)
            run.history.append({"epoch": epoch, "lr": lr, **figures, "held_out": held_out})
            _keep_best(task, run, held_out)
            checkpoint.write(run)
            told(_label(run.history[-1]))


def _visited(task: TrainingTask, training: Training, epoch: int, lr: float) -> Figures:
    """One epoch over all rows; the means of its figures."""
    order = row_order(task.rows, task.key, epoch)
    total: Figures = {}
    for step, rows in enumerate(order.split(int(training.batch))):
        try:
            found = task.stepper.step(rows, epoch, step, lr)
        except InputError as error:  # NaN met before a loss was made of it
            raise UpweightError(_not_finite(epoch, step, "nan", lr)) from error
        wrong = next((v for v in found.values() if not math.isfinite(v)), None)
        if wrong is not None:
            raise UpweightError(_not_finite(epoch, step, str(wrong), lr))
        for name, value in found.items():
            total[name] = total.get(name, 0.0) + value * len(rows) / task.rows
    return total


def _not_finite(epoch: int, step: int, what: str, lr: float) -> str:
    kept = "last good parameters kept" if epoch else "nothing was learnt yet"
    return f"epoch {epoch}, step {step}: loss is {what}; {kept}. Try lr={lr / 10:.3g}."


def _keep_best(task: TrainingTask, run: TrainingRun, held_out: float | None) -> None:
    """The parameters as they are, if they are the best; without a judge the last are."""
    first = run.best is None
    if held_out is None or first or held_out > run.best_value:
        run.best = snapshot(task.module)
        run.best_epoch = len(run.history) - 1
        run.best_value = -math.inf if held_out is None or math.isnan(held_out) else held_out


def _interrupted(epoch: int, run: TrainingRun) -> str:
    return f"training was interrupted in epoch {epoch}; the parameters of epoch {run.best_epoch} are kept. Fit again to train longer."


def _label(entry: dict[str, Any]) -> str:
    figures = [
        f"{name} {value:.5g}" for name, value in entry.items() if name not in ("epoch", "lr") and value is not None
    ]
    return f"epoch {entry['epoch']}: {', '.join(figures)}".replace("held_out", "held out")
