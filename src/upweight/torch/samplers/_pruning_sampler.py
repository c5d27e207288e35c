"""Fewer easy rows an epoch, without bias and at the same step size.

The trouble: rows that a network has learnt are seen again and again. Dropping them biases the loss toward the hard ones; the published remedy
multiplies the kept ones by 1/(1 - r), which makes every step larger as well, and a larger learning rate is most of the gain then shown.

    pi_i = 1 - ratio  below the mean loss, else 1;      m = sum pi;      v_i = m / (n pi_i),   mean one over draws

The last 1 - stop of the epochs are whole.

Source: Qin et al., InfoBatch, ICLR (2024), arXiv 2303.04947, whose scale is 1/pi_i.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..._errors import InputError, is_number, reading, require_int
from ..._set_module import set_module
from ...training import Proposal, RowValues, epoch_order, over, seed_of
from ._sampler import PlannedSampler

__all__ = ["PruningSampler"]


@set_module("upweight.torch")
class PruningSampler(PlannedSampler):
    """Skip a part of the rows whose loss is below the mean, unbiased; a sampler for `DataLoader`.

        v_i = m / (n pi_i)

    Parameters
    ----------
    n : rows of the data set.
    epochs : epochs of the whole training.
    ratio : in [0, 1), the part of the easy rows that an epoch leaves out.
    stop : in [0, 1], the part of the epochs after which no row is left out.
    rng : int, Generator or None; an int is needed for ranks, and to resume in another process.

    Attributes
    ----------
    loss_weight : (n,) float32 tensor, of the newest iterator: `weighted_loss(losses, sampler.loss_weight[i])`.
    p : ndarray (n,), share of the draws that each row is expected to have.

    Rows that were never seen are kept. `len` is that of the newest epoch.

    Raises InputError for settings out of range.

    Costs: more variance in the easy rows' part of the gradient; nothing is gained on data that the network does not fit.
    Source: Qin et al. (2024), with the scale that leaves the learning rate alone.

    >>> sampler = PruningSampler(8, epochs=10, rng=0)
    >>> sampler.update(range(8), [1, 1, 1, 1, 1, 1, 1, 9])
    >>> len(list(sampler)), sampler.loss_weight[[0, 7]].tolist()
    (4, [1.125, 0.5625])

    >>> sampler.plot().get_ylabel()
    'share of the epoch (%)'
    """

    def __init__(self, n: int, *, epochs: int, ratio: float = 0.5, stop: float = 0.875, rng: Any = 0) -> None:
        require_int("n", n)
        require_int("epochs", epochs)
        if not is_number(ratio) or not 0 <= ratio < 1:
            raise InputError(f"`ratio` must lie in [0, 1); got {ratio!r}. 0.5 leaves out half of the easy rows.")
        if not is_number(stop) or not 0 <= stop <= 1:
            raise InputError(f"`stop` must lie in [0, 1]; got {stop!r}. 0.875 keeps the last eighth whole.")
        super().__init__(int(n), seed_of(rng), rng is not None)
        self.epochs, self.ratio, self.stop = int(epochs), float(ratio), float(stop)
        self._losses = RowValues(self.n, 0.0, "loss")
        self._length = self.n

    def update(self, index: Any, loss: Any) -> None:
        """Note the losses of one step: (b,) row numbers of the whole data set, (b,) losses >= 0; as `Scores.update`."""
        self._losses.add(index, loss)

    def __len__(self) -> int:
        return self._rounded(self._length) // self._ranks

    def _propose(self, epoch: int, fresh: bool) -> tuple[Proposal, int]:
        if fresh:
            self._losses.settle(self._exchange())
        kept = self._kept(epoch)
        self._length = self.n if (kept == 1).all() else max(1, math.floor(kept.sum()))
        return Proposal(kept, over(np.full(self.n, kept.sum()), self.n * kept)), self._rounded(self._length)

    def _kept(self, epoch: int) -> np.ndarray:
        """(n,) pi."""
        loss = self._losses.settled
        if epoch >= math.floor(self.stop * self.epochs) or np.isnan(loss).all():
            return np.ones(self.n)
        return np.where(loss < np.nanmean(loss, dtype=np.float64), 1 - self.ratio, 1.0)  # NaN, unseen, is not below

    def _order(self, proposal: Proposal, m: int, epoch: int) -> np.ndarray:
        return epoch_order(proposal.mass, m, method="systematic", seed=self.seed, epoch=epoch)

    def _identity(self) -> str:
        return f"pruning-{self.n}-{self.epochs}-{self.ratio!r}-{self.stop!r}"

    def _memory(self) -> dict[str, Any]:
        return {"losses": self._losses.settled.copy()}

    def _remember(self, memory: dict[str, Any]) -> None:
        with reading("the state of this sampler", "state_dict()"):
            losses = np.array(memory["losses"], np.float32)
            if losses.shape != (self.n,):
                raise InputError(f"it has {losses.shape} losses for {self.n} rows")
        self._losses = RowValues(self.n, 0.0, "loss")
        self._losses.settled = losses

    def __repr__(self) -> str:
        return f"PruningSampler({self.n:,} rows, {len(self):,} draws, ratio {self.ratio:g} until epoch {math.floor(self.stop * self.epochs)} of {self.epochs})"

    def plot(self, ax: Any = None) -> Any:
        """How often rows are drawn against their weight, as a picture; see `upweight.plots.sampler`."""
        from ...plots import sampler as picture

        return picture(self, ax=ax)

    def _repr_html_(self) -> str:
        from ..._html import block

        kept = self._now().mass
        easy = int((kept < 1).sum())
        rows = [["rows that may be left out", f"{easy:,}"], ["draws", f"{len(self):,}"]]
        return block([repr(self)], ["", ""], [*rows, ["largest loss weight", f"{float(self.loss_weight.max()):.3g}"]])
