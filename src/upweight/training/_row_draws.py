"""How an epoch's rows are proposed: the target, the scores, the mixture of both, and the loss weight that makes up for it.

The trouble: draws by a score alone are biased, by 1/p alone unbounded, and with scores beside weights it matters what is mixed in: a uniform
part beside weights of 1 to 99 has thirteen times the second moment of draws by the weights.

    q ∝ w score if it pays, else q ∝ w;      p = (1 - mix) q + mix b;      c = m p;      loss weight v = w m / (n c)

b is ∝ w with scores, so that no v passes 1/mix, and uniform over rows with w > 0 without. v has mean one over draws, so that the mean
of a batch is unbiased for the weighted mean of all rows, and no learning rate changes.

What is inside: `RowDraws`, from which torch and keras take their epochs; `Proposal`, one epoch's masses and loss weights.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .._errors import InputError, is_number, require_choice, require_int
from .._weights import Weights
from ._draw import METHODS, capped, running_total
from ._plan import epoch_order
from ._reading import linear
from ._row_values import Exchange
from ._scores import Scores

__all__ = ["Proposal", "RowDraws", "seed_of"]


@dataclass(frozen=True, eq=False)
class Proposal:
    """What one epoch draws by: mass (n,), drawn in proportion; loss_weight (n,) float64, or None for ones."""

    mass: np.ndarray  # (n,) drawn in proportion
    loss_weight: np.ndarray | None  # (n,) float64, or None for ones

    @property
    def p(self) -> np.ndarray:
        """(n,) probability of a draw to be each row."""
        return self.mass / running_total(self.mass)


class RowDraws:
    """Draws of `size` rows an epoch from n rows with weights and, perhaps, scores.

    weights : `Weights`, (n,) numbers >= 0, or n alone. scores : `Scores` of the same rows. size : draws an epoch, None is n.
    mix : in [0, 1], the part drawn by b; None is 0.5 with scores and 0 without. rng : int, Generator or None.

    Raises InputError for `mix` outside [0, 1], scores of other rows, weights that are all zero, and no rows.
    """

    def __init__(
        self, weights: Any, *, scores: Scores | None = None, size: int | None = None, mix: float | None = None,
        method: str = "systematic", rng: Any = 0,
    ) -> None:  # fmt: skip
        require_choice("method", method, METHODS)
        self.given = weights if isinstance(weights, Weights) else None
        self.target = _target_of(weights)
        self.n, self.method = len(self.target), method
        self.size = self.n if size is None else size
        require_int("size", self.size)
        self.mix = _mix(mix, scores)
        self.scores = _same_rows(scores, self.n)
        self.seed, self.shared_seed = seed_of(rng), rng is not None
        self.positive = int(np.count_nonzero(self.target))
        self.refuse_too_many(self.size)

    def refuse_too_many(self, m: int) -> None:
        """Without replacement a row is drawn once at most.

        Raises InputError for more draws without replacement than rows of positive weight.
        """
        if self.method == "without_replacement" and m > self.positive:
            raise InputError(
                f"`size` must be at most the rows with weight without replacement; got {m:,} draws of {self.positive:,} rows "
                "(over ranks, sizes are rounded up). Draw fewer, or method='systematic'."
            )

    def settle(self, exchange: Exchange | None = None) -> None:
        """End the epoch for the scores."""
        if self.scores is not None:
            self.scores.settle(exchange)

    def propose(self, m: int) -> Proposal:
        """What the coming epoch of `m` draws goes by; frozen."""
        w = self.target
        if self.scores is None:
            return self._proposal(w if self.mix == 0 else self._mixed(w, (w > 0).astype(float)), m)
        q = w * self.scores.settled()
        proposed = self._mixed(q if q.any() else w, w)
        self.scores.promise(w, proposed)
        made = self._proposal(proposed if self.scores.on else w, m)
        self.scores.expect(1.0 if made.loss_weight is None else made.loss_weight, w, proposed)
        return made

    def _mixed(self, q: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(n,) (1 - mix) q + mix b, sum one."""
        return (1 - self.mix) * (q / q.sum()) + self.mix * (b / b.sum())

    def _proposal(self, p: np.ndarray, m: int) -> Proposal:
        if self.method == "without_replacement":
            c = capped(p, m)
            return Proposal(c, None if p is self.target and c.max() < 1 else over(self.target * m, self.n * c))
        if p is self.target:
            return Proposal(p, None)
        return Proposal(p, over(self.target, self.n * p))

    def order(self, proposal: Proposal, m: int, epoch: int) -> np.ndarray:
        """(m,) rows of an epoch, a function of seed, epoch and p alone."""
        method = "systematic" if self.method == "without_replacement" else self.method
        return epoch_order(proposal.mass, m, method=method, seed=self.seed, epoch=epoch)

    @cached_property
    def identity(self) -> str:
        """Sixteen letters that change with weights, size, mix, method, seed or the presence of scores."""
        said = repr((self.n, self.size, self.mix, self.method, self.seed, self.scores is not None))
        return hashlib.blake2b(
            np.ascontiguousarray(self.target).data, digest_size=8, key=hashlib.sha256(said.encode()).digest()
        ).hexdigest()

    def weights(self) -> Weights:
        """The target as `Weights`."""
        return self.given if self.given is not None else Weights.of(self.target, kind="importance")


def _target_of(weights: Any) -> np.ndarray:
    """(n,) float64 with mean one; a whole number alone is that many rows."""
    if is_number(weights):
        if isinstance(weights, (int, np.integer)) and weights == 0:
            raise InputError("nothing to draw: n = 0 rows. Give at least one.")
        require_int("weights", weights)
        return np.ones(int(weights))
    w = linear(weights, "weights")
    top = w.max()
    if top == 0:
        raise InputError(f"nothing to draw: all {len(w):,} weights are 0. Give one above 0.")
    return (w / top) / float((w / top).mean())  # first to one, so that no sum overflows


def over(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, 0 for rows that are never drawn."""
    return np.divide(a, b, out=np.zeros(len(b)), where=b > 0)


def seed_of(rng: Any) -> int:
    """A seed to write down: an int is itself, a Generator gives one, None takes one from the system.

    Raises InputError for what is neither an int >= 0, nor a Generator, nor None.
    """
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    if rng is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
    if isinstance(rng, bool) or not isinstance(rng, (int, np.integer)) or rng < 0:
        raise InputError(f"`rng` must be an int >= 0, a numpy Generator or None; got {rng!r}.")
    return int(rng)


def _mix(mix: Any, scores: Scores | None) -> float:
    if mix is None:
        return 0.0 if scores is None else 0.5
    if not is_number(mix) or not 0 <= mix <= 1:
        raise InputError(f"`mix` must lie in [0, 1]; got {mix!r}. 0.5 is usual with scores.")
    return float(mix)


def _same_rows(scores: Any, n: int) -> Scores | None:
    if scores is not None and not isinstance(scores, Scores):
        raise InputError(f"`scores` must be Scores; got {type(scores).__name__}. Make them: Scores({n}).")
    if scores is not None and scores.n != n:
        raise InputError(
            f"`scores` must be of the same rows; got {scores.n:,} for {n:,} weights. Make them: Scores({n})."
        )
    return scores
