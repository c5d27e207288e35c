"""Rows drawn by importance: by weights, by scores where that pays, exactly as often as they should.

The trouble: a loss weight of fifty makes one step in fifty a jump; drawing the row fifty times as often makes fifty small ones. And rows that
the network has learnt cost as much as rows that teach it something. Both are a proposal p and a loss weight that makes up for it:

    p = (1 - mix) q + mix b,   q ∝ w or w score;       loss weight v_i = w_i / (n p_i),   mean one over draws

If unsure: weights alone, method="systematic". With `Scores` it switches itself on when two figures say that it pays.

Sources: Katharopoulos and Fleuret, Not all samples are created equal, ICML (2018); Madow (1949), systematic sampling.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError
from ..._set_module import set_module
from ..._weights import Weights
from ...training import Proposal, RowDraws, Scores
from ._sampler import PlannedSampler

__all__ = ["ImportanceSampler"]


@set_module("upweight.torch")
class ImportanceSampler(PlannedSampler):
    """Draw the rows of a data set in proportion to weights, and to scores where that pays; a sampler for `DataLoader`.

        E[sum of v_i x_i over draws] / m = sum w_i x_i / sum w_i

    Parameters
    ----------
    weights : `Weights`, (n,) numbers >= 0, or n alone for weights of one. Rows of weight 0 are never drawn.
    scores : `Scores` of the same n rows, or None.
    size : draws an epoch; None is n. With ranks it is rounded up to a multiple of them.
    mix : in [0, 1], the part drawn by the weights alone (with scores; None is 0.5) or uniformly over rows with weight (without; None is 0).
    method : "systematic": each row is drawn floor or ceil of its expected number; "multinomial": independent draws;
        "without_replacement": each row at most once, what exceeds is handed on.
    rng : int, Generator or None. An int is needed for ranks, and to resume in another process.

    Attributes
    ----------
    loss_weight : (n,) float32 tensor, what the loss of a drawn row is multiplied by: `weighted_loss(losses, sampler.loss_weight[i])`. All one
        for weights alone. weights : `Weights`, the target.
    p : ndarray (n,), probability of a draw to be each row. tau, gain : floats, what the scores promise and kept (1 and nan without).

    p is frozen when iteration begins; scores act from the next epoch on, and are exchanged between ranks then.

    Raises
    ------
    InputError : NaN or negative weights; all zero; more draws than rows without replacement; scores of other rows.

    Costs: batch norm sees the rows as drawn, and no loss weight undoes that. Beside class weights it counts them twice: `combine`, or one of
    the two.
    Source: Katharopoulos and Fleuret (2018).

    >>> sampler = ImportanceSampler([1.0, 1.0, 2.0, 0.0], rng=0)
    >>> sorted(sampler), sampler.loss_weight.tolist()
    ([0, 1, 2, 2], [1.0, 1.0, 1.0, 1.0])

    >>> sampler.set_epoch(1)
    >>> state = sampler.state_dict()
    >>> again = ImportanceSampler([1.0, 1.0, 2.0, 0.0], rng=0)
    >>> again.load_state_dict(state)
    >>> list(again) == list(sampler), sampler.plot().get_ylabel()
    (True, 'share of the epoch (%)')
    """

    def __init__(
        self,
        weights: Any,
        *,
        scores: Scores | None = None,
        size: int | None = None,
        mix: float | None = None,
        method: str = "systematic",
        rng: Any = 0,
    ) -> None:
        self._draws = RowDraws(weights, scores=scores, size=size, mix=mix, method=method, rng=rng)
        super().__init__(self._draws.n, self._draws.seed, self._draws.shared_seed)

    def __len__(self) -> int:
        return self._rounded(self._draws.size) // self._ranks

    @property
    def weights(self) -> Weights:
        """The target as `Weights`, n rows."""
        return self._draws.weights()

    @property
    def scores(self) -> Scores | None:
        """The scores, if there are any."""
        return self._draws.scores

    @property
    def tau(self) -> float:
        """sqrt(n sum p^2 / w): what drawing by p promises against drawing by w, were p the gradient norm."""
        if self.scores is not None:
            self._now()
            return self.scores.tau
        live = self._draws.target > 0
        return float(np.sqrt(self.n * (self.p[live] ** 2 / self._draws.target[live]).sum()))

    @property
    def gain(self) -> float:
        """By how much the scores really lowered the second moment of the gradient in the last epoch; nan until known."""
        return float("nan") if self.scores is None else float(self.scores.gain)

    # ---- the plan ---------------------------------------------------------------------------------------------------------------

    def _propose(self, epoch: int, fresh: bool) -> tuple[Proposal, int]:
        m = self._rounded(self._draws.size)
        self._draws.refuse_too_many(m)
        if fresh:
            self._draws.settle(self._exchange())
        if self.scores is None and self._proposal is not None:
            return self._proposal, m  # nothing moves
        return self._draws.propose(m), m

    def _order(self, proposal: Proposal, m: int, epoch: int) -> np.ndarray:
        return self._draws.order(proposal, m, epoch)

    def _identity(self) -> str:
        return self._draws.identity

    def _memory(self) -> dict[str, Any]:
        return {} if self.scores is None else {"scores": self.scores.state_dict()}

    def _remember(self, memory: dict[str, Any]) -> None:
        if self.scores is not None:
            if "scores" not in memory:
                raise InputError("this state has no scores and the sampler has. Load that of a sampler with scores.")
            self.scores.load_state_dict(memory["scores"])

    # ---- shown ------------------------------------------------------------------------------------------------------------------

    def plot(self, ax: Any = None) -> Any:
        """How often rows are drawn against their weight, as a picture; see `upweight.plots.sampler`."""
        from ...plots import sampler as picture

        return picture(self, ax=ax)

    def __repr__(self) -> str:
        scores = "" if self.scores is None else f", scores {'on' if self.scores.on else 'off'}"
        return f"ImportanceSampler({self.n:,} rows, {self._draws.size:,} draws, {self._draws.method}, mix {self._draws.mix:g}{scores})"

    def _repr_html_(self) -> str:
        from ..._html import block

        v = self.loss_weight
        figures = [
            ["rows with weight", f"{self._draws.positive:,}"],
            ["largest p times n", f"{self.n * self.p.max():.3g}"],
        ]
        figures += [
            ["largest loss weight", f"{float(v.max()):.3g}"],
            ["tau", f"{self.tau:.3g}"],
            ["gain", f"{self.gain:.3g}"],
        ]
        return block([repr(self)], ["", ""], figures)
