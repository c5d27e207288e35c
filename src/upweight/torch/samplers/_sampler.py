"""The frame of our samplers: one plan an epoch, the same on every rank, that can be stopped and resumed.

The trouble: `WeightedRandomSampler` refuses 2^24 categories, makes one Python list an epoch, has no state and knows no ranks; wrapped for
ranks, each seeds itself and they cover two thirds of the epoch.

    epoch e:  plan = order(seed, e, p),  p frozen when iteration begins;      rank r of W takes plan[r::W], the size rounded up to W

What is inside: `PlannedSampler`, abstract; `Shard`, one rank's part of it, a genuine `DistributedSampler`.
"""

from __future__ import annotations

import copy
import warnings
import weakref
from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from torch.utils.data import Sampler
from torch.utils.data.distributed import DistributedSampler

from ..._errors import InputError, reading, require_int
from ..._set_module import set_module
from ...training import Exchange, Proposal
from ._order import EpochOrder, RowLists
from ._ranks import exchange, my_rank

__all__ = ["PlannedSampler", "Shard"]

SCHEMA = 1


class PlannedSampler(Sampler[int]):
    """Iterating gives the rows of an epoch as ints; each `iter` is the next epoch, unless `set_epoch` says otherwise."""

    def __init__(self, n: int, seed: int, shared_seed: bool) -> None:
        self.n, self.seed = n, seed
        self._shared_seed = shared_seed
        self._rank, self._ranks = 0, 1
        self._forget(0, 0, resumed=False)

    def _forget(self, epoch: int, offset: int, *, resumed: bool) -> None:
        """No iterator was made yet; the next one begins here."""
        self._next, self._offset, self._resumed = epoch, offset, resumed
        self._newest: tuple[int, RowLists] | None = None
        self._running: weakref.ref[EpochOrder] | None = None
        self._proposal: Proposal | None = None
        self._loss_weight: torch.Tensor | None = None

    # ---- what a sampler is ------------------------------------------------------------------------------------------------------

    @abstractmethod
    def _propose(self, epoch: int, fresh: bool) -> tuple[Proposal, int]:
        """What an epoch goes by, and its draws; `fresh`: what was noted in the epoch before is settled first."""

    @abstractmethod
    def _order(self, proposal: Proposal, m: int, epoch: int) -> np.ndarray:
        """(m,) rows of the epoch."""

    @abstractmethod
    def _identity(self) -> str:
        """Letters that change with whatever else the plan depends on."""

    @abstractmethod
    def _memory(self) -> dict[str, Any]:
        """What the state holds beside the place."""

    @abstractmethod
    def _remember(self, memory: dict[str, Any]) -> None:
        """Take it back; everything is checked before anything changes."""

    # ---- epochs -----------------------------------------------------------------------------------------------------------------

    def __iter__(self) -> EpochOrder:
        epoch, offset = self._next, self._offset
        rows = self._begin(epoch, fresh=not self._resumed)
        self._next, self._offset, self._resumed = epoch + 1, 0, False
        lists = RowLists(rows, offset)
        order = EpochOrder.of(lists, epoch, self._again)
        self._newest, self._running = (epoch, lists), weakref.ref(order)
        return order

    def _begin(self, epoch: int, *, fresh: bool) -> np.ndarray:
        """This rank's rows of an epoch; its p and loss weights are from now on those of the sampler."""
        before = self._proposal
        proposal, m = self._propose(epoch, fresh)
        order = None if self._running is None else self._running()
        runs = order is not None and order.offset > 0 and not order.ended
        if runs and before is not None and not np.array_equal(before.mass, proposal.mass):
            warnings.warn(
                "another iterator of this sampler still runs and p has changed; `loss_weight` is that of the newest. Finish it first.",
                UserWarning,
                stacklevel=3,
            )
        self._newest = None  # its rows make room
        self._take(proposal)
        return self._order(proposal, m, epoch)[self._rank :: self._ranks]

    def _again(self, epoch: int) -> np.ndarray:
        """This rank's rows of an epoch that an iterator was moved to."""
        rows = self._begin(epoch, fresh=False)
        self._next = epoch + 1
        return rows

    def _take(self, proposal: Proposal) -> None:
        if self._proposal is not proposal:
            self._proposal, v = proposal, proposal.loss_weight
            self._loss_weight = torch.ones(()).expand(self.n) if v is None else torch.from_numpy(v.astype(np.float32))

    def set_epoch(self, epoch: int) -> None:
        """The next `iter` is this epoch: frameworks call it, and resumed runs.

        Raises InputError for an epoch that is no whole number of 0 or more.
        """
        require_int("epoch", epoch, least=0)
        if not (self._resumed and epoch == self._next):  # a resumed run is told where it is already
            self._next, self._offset, self._resumed = int(epoch), 0, False

    # ---- figures ----------------------------------------------------------------------------------------------------------------

    def _now(self) -> Proposal:
        """The newest iterator's proposal, or what the first one would have."""
        if self._proposal is None:
            self._take(self._propose(self._next, False)[0])
        assert self._proposal is not None
        return self._proposal

    @property
    def loss_weight(self) -> torch.Tensor:
        """(n,) float32 tensor: what the loss of a drawn row is multiplied by, mean one over draws. Of the newest iterator."""
        self._now()
        assert self._loss_weight is not None
        return self._loss_weight

    @property
    def p(self) -> np.ndarray:
        """(n,) probability of a draw to be each row, sum one. Of the newest iterator."""
        return self._now().p

    # ---- ranks ------------------------------------------------------------------------------------------------------------------

    def shard(self, rank: int | None = None, world_size: int | None = None) -> Shard:
        """One rank's part of the plan, a genuine `DistributedSampler`: plan[rank::world_size], all of one length.

        rank, world_size : what `torch.distributed` says, if both are left out.

        Raises InputError without a seed that ranks share (rng=None), for a rank out of range, and where ranks are unknown.

        >>> from upweight.torch import ImportanceSampler
        >>> sampler = ImportanceSampler(10, rng=0)
        >>> sorted(row for r in range(2) for row in sampler.shard(rank=r, world_size=2))
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
        """
        mine, ranks = my_rank(rank, world_size)
        if ranks > 1 and not self._shared_seed:
            raise InputError("`rng` is None, and ranks must share a seed; pass an int.")
        part = copy.copy(self)
        part._rank, part._ranks = mine, ranks
        part._forget(self._next, self._offset, resumed=self._resumed)
        return Shard(part)

    def _rounded(self, m: int) -> int:
        """Draws of an epoch, a multiple of the ranks."""
        return -(-m // self._ranks) * self._ranks

    def _exchange(self) -> Exchange | None:
        return exchange()

    # ---- state ------------------------------------------------------------------------------------------------------------------

    def state_dict(self, consumed: int | None = None) -> dict[str, Any]:
        """Where the newest iterator is, so that another process goes on from there.

        consumed : rows of this epoch that were really used (of this rank's, in a shard). A loader with workers runs ahead of them; torchdata's
            `StatefulDataLoader` knows by itself. None: as many as were handed out.

        Returns a dict of plain numbers and letters, below a kilobyte; with scores four bytes a row more.

        Raises InputError for `consumed` that is no whole number of 0 or more.
        """
        epoch, offset = self._next, self._offset
        if self._newest is not None:
            epoch, lists = self._newest
            offset = lists.offset
        if consumed is not None:
            require_int("consumed", consumed, least=0)
            offset = consumed
        if self._newest is not None and offset >= len(self._newest[1].rows):
            epoch, offset = epoch + 1, 0
        place = {"schema": SCHEMA, "epoch": epoch, "offset": offset, "seed": self.seed, "ranks": self._ranks}
        return place | {"digest": self._identity()} | self._memory()

    def load_state_dict(self, d: dict[str, Any]) -> None:
        """Go on from a state: the next `iter` gives the rest of its epoch.

        Raises InputError, and changes nothing, if the state is of other weights, size, method, ranks or seed.
        """
        with reading("the state of this sampler", "state_dict()"):
            epoch, offset, digest = int(d["epoch"]), int(d["offset"]), str(d["digest"])
            seed, ranks = int(d["seed"]), int(d["ranks"])
        if digest != self._identity() or seed != self.seed or ranks != self._ranks:
            what = f"digest {digest}, seed {seed}, ranks {ranks}; here {self._identity()}, {self.seed}, {self._ranks}"
            raise InputError(
                f"this state belongs to other weights ({what}). Make the sampler as it was, with an int for `rng`."
            )
        if epoch < 0 or offset < 0:
            raise InputError(
                f"`epoch` and `offset` must be >= 0; got {epoch} and {offset}. Pass what state_dict() gave."
            )
        self._remember(d)
        self._forget(epoch, offset, resumed=True)

    def __getstate__(self) -> dict[str, Any]:
        gone = {"_newest": None, "_running": None, "_resumed": False}  # iterators stay where they are
        return vars(self) | gone


@set_module("upweight.torch")
class Shard(DistributedSampler):
    """Every `num_replicas`-th row of a plan, from `rank` on; made by `.shard()`. It has whatever the sampler has.

    >>> from upweight.torch import ImportanceSampler
    >>> first = ImportanceSampler([1.0, 1.0, 2.0, 0.0], rng=0).shard(0, 2)
    >>> first.set_epoch(1)
    >>> len(list(first)), first.loss_weight.tolist()
    (2, [1.0, 1.0, 1.0, 1.0])
    """

    def __init__(self, part: PlannedSampler) -> None:
        super().__init__(range(part.n), num_replicas=part._ranks, rank=part._rank, shuffle=False)  # type: ignore[arg-type]
        self._part = part

    def __iter__(self) -> EpochOrder:
        return iter(self._part)

    def __len__(self) -> int:
        return len(self._part)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._part, name)

    def set_epoch(self, epoch: int) -> None:
        """The next `iter` is this epoch."""
        self._part.set_epoch(epoch)

    def shard(self, rank: int | None = None, world_size: int | None = None) -> Shard:
        """Refused: a shard is one rank's part already."""
        raise InputError(
            f"already rank {self.rank} of {self.num_replicas}; accelerate splits batches itself. Shard the whole sampler once."
        )

    def __repr__(self) -> str:
        return f"Shard(rank {self.rank} of {self.num_replicas}, {self._part!r})"
