"""Checkpoints: written after an epoch, resumed bit for bit, refused where anything differs.

The trouble: a checkpoint that is loaded beside other rows, another learning rate or half of a file trains something nobody asked for,
in silence. So it carries a digest of data and weights and every setting by name, is written whole or not at all, and says which field
differs. Since all randomness is a function of (key, epoch, step), parameters, Adam's moments and the number of epochs are all there is
to remember.

What is inside: `Checkpoint`; `key_for`, the key of a run, which a checkpoint may know already.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

import torch

from ..._errors import InputError, reading
from ...files import write_whole
from ..keyed import take_key
from ._files import as_json, packed, unpacked
from ._run import TrainingRun, snapshot
from ._task import TrainingTask
from ._training import Training

__all__ = ["Checkpoint", "key_for"]

KIND = "a checkpoint"


def key_for(rng: Any, training: Training) -> int:
    """The key of a run: from `rng`; with rng=None that of the checkpoint, if there is one."""
    if rng is None and _there(training.checkpoint):
        return int(_read(training.checkpoint)["document"]["key"])
    return take_key(rng)


class Checkpoint:
    """The file of a run, or none."""

    def __init__(self, task: TrainingTask, training: Training) -> None:
        self.path, self.task = training.checkpoint, task
        self.epochs = training.epochs
        self.digest = {
            "data": task.data,
            "sample_weight": task.weights,
            "rng": f"{task.key:016x}",
            **task.settings,
            **training.what_matters(),
        }
        if self.path is not None and Path(self.path).is_dir():
            raise InputError(
                f"`checkpoint` must be a file; got the folder {os.fspath(self.path)!r}. Name a file in it."
            )
        if self.path is not None and not Path(self.path).absolute().parent.is_dir():
            raise InputError(f"`checkpoint` must lie in a folder that is there; got {os.fspath(self.path)!r}. Make it.")

    def resumed(self) -> TrainingRun:
        """Where the run stands: at its start, or where the file says, with module and optimiser put there."""
        if not _there(self.path):
            return TrainingRun(self.task.key)
        found = _read(self.path)
        document, tensors = found["document"], found["tensors"]
        self._refuse_other(document)
        with reading(f"the checkpoint {os.fspath(self.path)!r}", "fit"):
            self.task.module.load_state_dict(tensors["now"])
            self.task.stepper.load_state_dict(tensors["stepper"])
            kept = {name: document[name] for name in ("history", "best_epoch", "best_value", "notes")}
            return TrainingRun(self.task.key, best=tensors["best"], **kept)

    def write(self, run: TrainingRun) -> None:
        """The run as it stands; a disk that says no is a warning, for training can go on."""
        if self.path is None:
            return
        document = {
            "digest": self.digest,
            "key": run.key,
            "history": run.history,
            "best_epoch": run.best_epoch,
            "best_value": run.best_value,
            "notes": run.notes,
        }
        tensors = {
            "now": snapshot(self.task.module),
            "best": run.best,
            "stepper": _on_cpu(self.task.stepper.state_dict()),
        }
        try:
            write_whole(self.path, packed(KIND, document, tensors))
        except OSError as error:
            text = f"the checkpoint {os.fspath(self.path)!r} could not be written ({error.strerror}); training goes on without it."
            warnings.warn(text, UserWarning, stacklevel=2)

    def _refuse_other(self, document: Any) -> None:
        with reading(f"the checkpoint {os.fspath(self.path)!r}", "fit"):
            theirs, done = dict(document["digest"]), len(document["history"])
        ours = json.loads(as_json(self.digest))
        other = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
        if not other and done > self.epochs:
            other, theirs, ours = ["training.epochs"], {"training.epochs": done}, {"training.epochs": self.epochs}
        if other:
            name = other[0]
            values = (
                "" if name in ("data", "sample_weight") else f" ({theirs.get(name)!r} there, {ours.get(name)!r} here)"
            )
            raise InputError(
                f"the checkpoint {os.fspath(self.path)!r} belongs to another run: {' and '.join(other)} {'differs' if len(other) == 1 and name != 'data' else 'differ'}{values}. "
                "Delete it or change checkpoint=."
            )


def _there(path: Any) -> bool:
    return path is not None and os.path.exists(path) and not os.path.isdir(path)


def _read(path: Any) -> dict[str, Any]:
    what = (
        f"the checkpoint {os.fspath(path)!r} is truncated or no checkpoint of upweight; delete it or change checkpoint="
    )
    return unpacked(Path(path).read_bytes(), KIND, what)


def _on_cpu(state: Any) -> Any:
    """A nest of dicts and lists with its tensors copied to the CPU."""
    if isinstance(state, torch.Tensor):
        return state.detach().cpu().clone()
    if isinstance(state, dict):
        return {name: _on_cpu(value) for name, value in state.items()}
    return [_on_cpu(value) for value in state] if isinstance(state, (list, tuple)) else state
