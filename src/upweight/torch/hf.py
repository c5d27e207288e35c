"""Weights inside the Trainer of transformers: a loss that divides by the whole step, and a callback for epochs, checkpoints, logs and the verdict.

The trouble: the Trainer accumulates batches of different lengths, and a weighted mean of each is not the weighted mean of all: 4 x 4 rows and 16 at once train
different networks. It hands over the number of labels of the whole step, over all ranks, and does not divide again; so the sum is divided by that.

    loss = sum_i w_i l_i / num_items_in_batch          (in evaluation, where there is none, by the batch's own labels)

    Trainer(model, ..., compute_loss_func=hf.loss(rule), callbacks=[hf.WeightsCallback(meter=meter, sampler=sampler)])

That function gets no columns but the labels. Weights of rows need a `compute_loss` of one's own, and a sampler a `_get_train_sampler`: `docs/deep.md` has both.

What is inside: `loss`; `WeightsCallback`.
"""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .._errors import InputError, require_package

require_package("transformers", extra="hf", room="torch.hf")

from transformers import TrainerCallback  # noqa: E402  # pyright: ignore[reportMissingImports]

from .._set_module import set_module  # noqa: E402
from .._weights import Weights  # noqa: E402
from ..training import Finding, MarginRule  # noqa: E402
from .losses import (  # noqa: E402
    MASKED,
    Tail,
    margin_loss,
    weighted_loss,
)
from .meter import Meter  # noqa: E402
from .samplers import Shard  # noqa: E402

__all__ = ["WeightsCallback", "loss"]

STATE = "upweight_sampler.pt"
log = logging.getLogger(__name__)


def loss(
    rule: MarginRule | None = None,
    *,
    tail: Tail | None = None,
    class_weight: Any = None,
    shift: bool = False,
    meter: Meter | None = None,
) -> TrainerLoss:
    """A `compute_loss_func` for the Trainer: margin loss, class weights, one denominator for the whole accumulated step.

        sum_i w_{y_i} l_i / num_items_in_batch

    Parameters
    ----------
    rule, tail : as in `margin_loss`. class_weight : (C,) `Weights` of `class_weights(counts)`, or numbers with a mean of one over the rows.
    shift : labels are the next token's, as in causal language models: logits of all but the last position against labels of all but the first.
    meter : a `Meter` that watches.

    Returns
    -------
    Function (outputs, labels, num_items_in_batch=None) -> scalar; labels of -100 do not count.

    Raises
    ------
    InputError : no labels; class weights of another number of classes; else as `margin_loss`.

    Warns
    -----
    UserWarning : a rule with offsets beside class weights: both balance the classes.

    Costs: nothing beside `margin_loss`. In evaluation the same loss is computed, weights and all.
    Source: the denominator as in `weighted_loss`.
    """
    if class_weight is not None and rule is not None and rule.acts[1]:
        warnings.warn(
            "a rule with `tau` and class weights: both balance the classes. Use one.", UserWarning, stacklevel=2
        )
    w = class_weight.values if isinstance(class_weight, Weights) else class_weight
    return TrainerLoss(
        rule, tail, None if w is None else torch.as_tensor(np.asarray(w, dtype=np.float64)), shift, meter
    )


class TrainerLoss:
    """What `loss` makes; picklable."""

    def __init__(
        self, rule: MarginRule | None, tail: Tail | None, class_weight: Tensor | None, shift: bool, meter: Any
    ):
        self.rule, self.tail, self.class_weight, self.shift, self.meter = rule, tail, class_weight, shift, meter

    def __call__(self, outputs: Any, labels: Tensor | None, num_items_in_batch: Any = None) -> Tensor:
        if labels is None:
            raise InputError("`labels` must be among the inputs; got none. Name the column `labels`.")
        z = outputs["logits"] if isinstance(outputs, dict) else outputs.logits
        z, y = (z[..., :-1, :], labels[..., 1:]) if self.shift else (z, labels)
        y = y.reshape(y.shape[: z.ndim - 1]).to(z.device)
        if self.meter is not None:
            self.meter.watch(z, y)
        losses = margin_loss(z, y, self.rule, tail=self.tail)
        w = None if self.class_weight is None else self._weights(y, z)
        return weighted_loss(losses, w, count=num_items_in_batch, mask=y != MASKED)

    def _weights(self, y: Tensor, z: Tensor) -> Tensor:
        assert self.class_weight is not None
        if z.shape[-1] != len(self.class_weight):
            raise InputError(
                f"`class_weight` must have one number a class; got {len(self.class_weight)} for {z.shape[-1]} logits."
            )
        self.class_weight = self.class_weight.to(y.device)
        return torch.where(y == MASKED, 0.0, self.class_weight[y.clamp(min=0)])


@set_module("upweight.torch.hf")
class WeightsCallback(TrainerCallback):
    """Steps for a meter, checkpoints for a sampler, figures for the log, and the verdict at the end.

    Parameters
    ----------
    meter : a `Meter`, stepped after the optimiser, whose optimiser it takes if the meter has none. sampler : an `ImportanceSampler` or
        `PruningSampler`, not sharded: accelerate splits batches itself.

    Attributes
    ----------
    verdict : Finding of the meter, when training has ended; it goes to the log of `upweight.torch.hf`, as a warning if it is bad.

    Raises InputError for a sampler that is a rank's part.

    Costs: a file in every checkpoint, below a kilobyte, with scores four bytes a row more.
    """

    def __init__(self, *, meter: Meter | None = None, sampler: Any = None):
        if isinstance(sampler, Shard):
            raise InputError(
                f"already rank {sampler.rank} of {sampler.num_replicas}; accelerate splits batches itself. Pass the whole sampler."
            )
        self.meter, self.sampler = meter, sampler
        self.verdict: Finding | None = None

    def on_train_begin(
        self, args: Any, state: Any, control: Any, optimizer: Any = None, **trainer_keywords: Any
    ) -> None:
        """Take the optimiser, and the sampler's place from the checkpoint that the Trainer resumes from."""
        if self.meter is not None and self.meter.optimizer is None:
            self.meter.optimizer = optimizer
        kept = Path(args.output_dir) / f"checkpoint-{state.global_step}" / STATE
        if self.sampler is not None and state.global_step and kept.exists():
            self.sampler.load_state_dict(torch.load(kept, weights_only=False))

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **trainer_keywords: Any) -> None:
        """One step of the meter."""
        if self.meter is not None:
            self.meter.step()

    def on_save(self, args: Any, state: Any, control: Any, **trainer_keywords: Any) -> None:
        """The sampler at the beginning of this epoch: the Trainer itself skips the batches that were used."""
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if self.sampler is not None and state.is_world_process_zero and folder.is_dir():
            torch.save(self.sampler.state_dict(consumed=0), folder / STATE)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **trainer_keywords: Any) -> None:
        """Pull, tau and gain beside the Trainer's figures."""
        if logs is None:
            return
        if self.meter is not None and self.meter.history:
            logs["weights/pull"] = self.meter.history[-1]["pull"]
        if self.sampler is not None and getattr(self.sampler, "scores", None) is not None:
            logs |= {"weights/tau": self.sampler.tau, "weights/gain": self.sampler.gain}

    def on_train_end(self, args: Any, state: Any, control: Any, **trainer_keywords: Any) -> None:
        """The verdict."""
        if self.meter is not None:
            self.verdict = self.meter.report()
            log.log(logging.INFO if self.verdict.ok else logging.WARNING, "%s", self.verdict)
