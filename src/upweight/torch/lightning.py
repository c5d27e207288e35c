"""Weights inside the Trainer of Lightning: a callback for steps, checkpoints, logs and the verdict.

The trouble: Lightning wraps samplers it does not know for ranks, each rank with a seed of its own, so that four ranks cover two thirds of the rows; and a
checkpoint does not know where in an epoch a sampler stood.

    loader = DataLoader(Indexed(data), batch_size=64, sampler=sampler.shard())       # on several ranks; Lightning leaves it alone
    Trainer(callbacks=[lightning.WeightsCallback(meter=meter, sampler=sampler)])

What is inside: `WeightsCallback`.
"""

from __future__ import annotations

import logging
from typing import Any

from .._errors import InputError, require_package

require_package("lightning", extra="lightning", room="torch.lightning")

from lightning.pytorch import Callback  # noqa: E402  # pyright: ignore[reportMissingImports]

from .._set_module import set_module  # noqa: E402
from ..training import Finding  # noqa: E402
from .meter import Meter  # noqa: E402
from .samplers import PlannedSampler, Shard  # noqa: E402

__all__ = ["WeightsCallback"]

log = logging.getLogger(__name__)


@set_module("upweight.torch.lightning")
class WeightsCallback(Callback):
    """Steps for a meter, checkpoints for a sampler, figures for the log, and the verdict at the end.

    Parameters
    ----------
    meter : a `Meter`, stepped after the optimiser, whose optimiser it takes if the meter has none; call ``meter.watch`` in `training_step`.
    sampler : the sampler of the training loader; on several ranks its `.shard()`.

    Attributes
    ----------
    verdict : Finding of the meter, when training has ended; it goes to the log of `upweight.torch.lightning`, as a warning if it is bad.

    Raises InputError for a whole sampler in the training loader of several ranks.

    Costs: a kilobyte in every checkpoint, with scores four bytes a row more.
    """

    def __init__(self, *, meter: Meter | None = None, sampler: Any = None):
        self.meter, self.sampler = meter, sampler
        self.verdict: Finding | None = None
        self._used = 0

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Refuse a whole sampler on several ranks."""
        whole = isinstance(self.sampler, PlannedSampler) and not isinstance(self.sampler, Shard)
        if whole and trainer.world_size > 1:
            raise InputError(
                f"the training loader has a whole sampler on {trainer.world_size} ranks; pass sampler.shard()."
            )

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Take the optimiser."""
        if self.meter is not None and self.meter.optimizer is None and trainer.optimizers:
            self.meter.optimizer = getattr(trainer.optimizers[0], "optimizer", trainer.optimizers[0])

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Nothing of this epoch is used, unless it goes on in its middle."""
        self._used = trainer.fit_loop.epoch_loop.batch_idx + 1 if trainer.fit_loop.restarting else 0

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Count the batch; step the meter where the optimiser stepped."""
        self._used = batch_idx + 1
        if self.meter is not None and not trainer.fit_loop._should_accumulate():
            self.meter.step()

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Pull, tau and gain to the loggers."""
        figures = {}
        if self.meter is not None and self.meter.history:
            figures["weights/pull"] = self.meter.history[-1]["pull"]
        if self.sampler is not None and getattr(self.sampler, "scores", None) is not None:
            figures |= {"weights/tau": float(self.sampler.tau), "weights/gain": float(self.sampler.gain)}
        if figures:
            pl_module.log_dict(figures)

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """The verdict."""
        if self.meter is not None:
            self.verdict = self.meter.report()
            log.log(logging.INFO if self.verdict.ok else logging.WARNING, "%s", self.verdict)

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """The sampler and its place, in rows of the epoch that were used."""
        if self.sampler is not None:
            rows = self._used * (getattr(trainer.train_dataloader, "batch_size", None) or 1)
            checkpoint["upweight_sampler"] = self.sampler.state_dict(consumed=rows)

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Go on from there."""
        if self.sampler is not None and "upweight_sampler" in checkpoint:
            self.sampler.load_state_dict(checkpoint["upweight_sampler"])
