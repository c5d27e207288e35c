"""Score many rows by a forward pass, train on the few that teach most.

The trouble: scores remembered from an epoch ago are stale. Fresh ones cost a forward pass for each candidate, a third of a training step; it
pays if they differ enough.

    p ∝ score,    weight 1/(B p),    pays if  tau = sqrt(B sum p^2) > (B + 3b)/(3b)     for b of B candidates

Source: Katharopoulos and Fleuret, ICML (2018), algorithm 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ..._errors import InputError, require_int
from ..._rng import as_generator
from ..._set_module import set_module
from ..losses import numbers

__all__ = ["Pick", "presample"]


@set_module("upweight.torch")
@dataclass(frozen=True, eq=False)
class Pick:
    """Rows picked of B candidates: `index` (b,) int64 and `weight` (b,), tensors beside the scores; see `presample`."""

    index: torch.Tensor  # (b,) int64, places among the candidates
    weight: torch.Tensor  # (b,) loss weights
    candidates: int  # B, how many were looked at
    _second_moment: torch.Tensor

    @property
    def tau(self) -> float:
        """sqrt(B sum p^2): how much the scores promise. On a device, reading it waits for it."""
        return float(self._second_moment.sqrt())

    @property
    def pays(self) -> bool:
        """Whether tau exceeds the price, (B + 3b)/(3b)."""
        b = len(self.index)
        return self.tau > (self.candidates + 3 * b) / (3 * b)

    def __repr__(self) -> str:
        does = "pays" if self.pays else "does not pay"
        return f"Pick({len(self.index):,} of {self.candidates:,} candidates, tau {self.tau:.3g}: {does})"


def presample(score: torch.Tensor, size: int, *, rng: Any) -> Pick:
    """Pick rows of a batch of candidates by score, unbiased for their mean.

        E[sum weight_j x_j] / size = mean of x over the candidates

    Parameters
    ----------
    score : (B,) tensor >= 0, such as `grad_norm(z, y)`; all zero picks uniformly.
    size : b, rows to pick, with repeats; systematic, ascending.
    rng : int, Generator or None; a Generator, or each step draws alike.

    Returns
    -------
    Pick: `.index` (b,), `.weight` (b,) = 1/(B p), `.tau` and `.pays`.

    Raises InputError for scores that are not a flat tensor, are NaN or negative, and for sizes below one.

    Costs: a forward pass for every candidate. Where `pays` is false, train on any b of them.
    Source: Katharopoulos and Fleuret (2018).

    >>> pick = presample(torch.tensor([1.0, 1.0, 1.0, 5.0]), 4, rng=0)
    >>> pick.index.tolist(), pick.weight.tolist(), round(pick.tau, 3), pick.pays
    ([1, 3, 3, 3], [2.0, 0.4000000059604645, 0.4000000059604645, 0.4000000059604645], 1.323, False)
    """
    if not isinstance(score, torch.Tensor) or score.ndim != 1 or not len(score):
        got = tuple(score.shape) if isinstance(score, torch.Tensor) else type(score).__name__
        raise InputError(f"`score` must be a flat tensor, one number a candidate; got {got}. Use grad_norm(z, y).")
    require_int("size", size)
    numbers(score, "score")
    shift = float(as_generator(rng).random())
    with torch.no_grad():
        s = score.detach().double()
        s = torch.where(s.sum() > 0, s, torch.ones_like(s))
        p = s / s.sum()
        below = (torch.cumsum(p * size, 0) - shift).ceil().long().clamp(max=size)
        rows = torch.arange(len(s), device=s.device)
        last = torch.where(p > 0, rows, 0).max()
        below = torch.where(rows >= last, size, below)
        drawn = torch.diff(below, prepend=below.new_zeros(1))
        index = torch.repeat_interleave(rows, drawn, output_size=size)
        dtype = score.dtype if score.is_floating_point() and score.element_size() >= 4 else torch.float32
        weight = (1 / (len(s) * p[index])).to(dtype)
        return Pick(index, weight, len(s), len(s) * (p**2).sum())
