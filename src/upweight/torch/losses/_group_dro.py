"""Group DRO: weights on groups that follow their losses, so that the worst group is trained for.

The trouble: the mean loss lets a small group be wrong. Here each group present in a batch raises its own weight by the exponential of its mean
loss, and the loss is the weighted mean over groups:

    log q_g += eta (mean loss of g + adjustment/sqrt(n_g)),   normalised;       loss = sum_g q_g mean loss of g

Networks that interpolate drive every group's training loss to zero, and the weights then stop to matter: use it with strong L2 or early stopping.

What is inside: `GroupDRO`.

Source: Sagawa, Koh, Hashimoto and Liang, ICLR (2020), algorithm 1 and section 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from ..._errors import InputError, is_number, require_int
from ..._set_module import set_module

__all__ = ["GroupDRO"]


@set_module("upweight.torch")
class GroupDRO:
    """The loss of a batch with weights on groups that grow where the loss is large: ``dro(losses, group)``.

        log q_g += eta (l_g + adjustment/sqrt(n_g)),    loss = sum_g q_g l_g,    l_g the mean loss of group g in the batch

    Parameters
    ----------
    n_groups : G >= 1. counts : (G,) rows of each group in the training data, needed with an adjustment.
    eta : step > 0 of the weights. adjustment : C >= 0, of the generalisation term: small groups are believed to be worse than they look.

    Attributes
    ----------
    q : (G,) tensor, the weights, sum one. Groups absent from a batch keep their logs; in `loss` the sum runs over groups present.

    A group whose loss is not finite (a step that a gradient scaler will skip) leaves q as it was.

    On several ranks group totals are summed first, so q is the same on all; the value is that of the whole batch and the gradient is scaled so that the
    mean over ranks, which DistributedDataParallel takes, is its gradient.

    Raises InputError for numbers out of range, counts that are not one above 0 a group, and an `adjustment` without counts.

    Costs: optimises the worst group, at the price of the mean. In networks that fit every training row it does nothing without L2 or early stopping.
    Source: Sagawa et al., ICLR (2020).

    >>> dro = GroupDRO(2, eta=1.0)
    >>> round(dro(torch.tensor([0.0, 1.0]), torch.tensor([0, 1])).item(), 4), [round(x, 4) for x in dro.q.tolist()]
    (0.7311, [0.2689, 0.7311])

    >>> again = GroupDRO(2, eta=1.0)
    >>> again.load_state_dict(dro.state_dict())
    >>> bool((again.q == dro.q).all())
    True
    """

    def __init__(self, n_groups: int, *, counts: Any = None, eta: float = 0.01, adjustment: float = 0.0):
        require_int("n_groups", n_groups)
        for name, value in (("eta", eta), ("adjustment", adjustment)):
            if not is_number(value) or not 0 <= value < math.inf or (name == "eta" and value == 0):
                raise InputError(
                    f"`{name}` must be a finite number, {'above 0' if name == 'eta' else '0 or more'}; got {value!r}."
                )
        self.n_groups, self.eta, self.adjustment = int(n_groups), float(eta), float(adjustment)
        self._extra = torch.zeros(self.n_groups)
        if adjustment:
            self._extra = adjustment / torch.as_tensor(_positive_counts(counts, self.n_groups)).sqrt().float()
        self._log_q = torch.full((self.n_groups,), -math.log(self.n_groups))
        self._looked = False

    @property
    def q(self) -> Tensor:
        """(G,) float32, sum one; a copy."""
        return self._log_q.softmax(0)

    def __call__(self, losses: Tensor, group: Tensor) -> Tensor:
        """The batch's loss; q moves first.

        losses : (n,) per-row. group : (n,) whole numbers in 0..G-1. Returns a scalar. Raises InputError for a scalar loss, and for a group id that is
        not there (looked at on the processor always, on other devices in the first call only).
        """
        group = torch.as_tensor(group, device=losses.device)
        self._refuse(losses, group)
        self._log_q, self._extra = self._log_q.to(losses.device), self._extra.to(losses.device)
        group = group.reshape(-1).long()
        l = losses.to(torch.promote_types(losses.dtype, torch.float32))
        zeros = torch.zeros(self.n_groups, device=l.device, dtype=l.dtype)
        local = zeros.index_add(0, group, l)
        totals = torch.stack([local.detach(), zeros.index_add(0, group, torch.ones_like(l))])
        ranks = 1
        if dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1:
            dist.all_reduce(totals)
            ranks = dist.get_world_size()
        present, rows = totals[1] > 0, totals[1].clamp(min=1)
        mean = totals[0] / rows
        move = torch.where(present & mean.isfinite(), self.eta * (mean + self._extra), 0.0)
        self._log_q = torch.log_softmax(self._log_q + move, 0)
        q = self.q.to(l.dtype)
        return (q * (totals[0] + ranks * (local - local.detach())) / rows).sum()

    def state_dict(self) -> dict[str, Any]:
        """The logs of the weights."""
        return {"log_q": self._log_q.detach().cpu().clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict`; refuses one of another number of groups."""
        log_q = torch.as_tensor(state["log_q"])
        if log_q.shape != (self.n_groups,):
            raise InputError(
                f"this state has {tuple(log_q.shape)} groups, not {self.n_groups}. Load that of the same groups."
            )
        self._log_q = log_q.clone().to(self._log_q.device)

    def __repr__(self) -> str:
        worst = int(self._log_q.argmax())
        return (
            f"GroupDRO({self.n_groups:,} groups, eta {self.eta:g}; heaviest group {worst}: {float(self.q[worst]):.3g})"
        )

    def _refuse(self, losses: Tensor, group: Tensor) -> None:
        if losses.ndim != 1:
            got = f"shape {tuple(losses.shape)}" if losses.ndim else "a scalar"
            raise InputError(f"`losses`: got {got}, not one a row. Use reduction='none'.")
        if group.shape != losses.shape or group.dtype.is_floating_point:
            raise InputError(
                f"`group` must be one whole number a row, shape {tuple(losses.shape)}; got {group.dtype} {tuple(group.shape)}."
            )
        if self._looked and group.device.type != "cpu":
            return
        self._looked = True
        bad = ((group < 0) | (group >= self.n_groups)).nonzero()
        if len(bad):
            row = int(bad[0])
            raise InputError(
                f"`group` must lie in 0..{self.n_groups - 1}; got {int(group[row])} at row {row}. Make GroupDRO with as many groups as there are."
            )


def _positive_counts(counts: Any, n_groups: int) -> np.ndarray:
    """(G,) float64 rows of each group."""
    if counts is None:
        raise InputError(
            "an `adjustment` needs the rows of each group; got counts=None. Pass counts=np.bincount(group)."
        )
    n = np.asarray(counts, dtype=np.float64)
    if n.shape != (n_groups,) or not (n > 0).all():
        raise InputError(f"`counts` must be {n_groups} numbers above 0; got {n.tolist()}. Pass np.bincount(group).")
    return n
