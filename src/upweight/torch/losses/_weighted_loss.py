"""The one reducer: losses and weights in, one number out, and the denominator is the population's.

The trouble: dividing by the weights of the *batch* makes every batch count alike, whatever it holds; the smaller the batch, the less of
the weights is left (`delivered_share` says how much). Dividing by the batch's own count goes wrong as soon as gradients are
accumulated over batches of different lengths.

    population  sum_i w_i l_i / (mean_weight count)       unbiased for the population's weighted loss
    batch       sum_i w_i l_i / sum_i w_i                 biased toward no weights; what libraries do
    sum         sum_i w_i l_i

If unsure, leave everything as it is; with accumulation pass `count`, the items of the whole step.
"""

from __future__ import annotations

from typing import Any

import torch

from ..._errors import InputError, is_number, require_choice
from ..._weights import Weights
from ._looks import numbers, visible

__all__ = ["weighted_loss"]

WAYS = ("population", "batch", "sum")


def weighted_loss(
    losses: torch.Tensor,
    weight: Any = None,
    *,
    by: str = "population",
    mean_weight: float = 1.0,
    count: float | torch.Tensor | None = None,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """Reduce losses with weights so that the weights arrive whole, however small the batch.

        sum_i w_i l_i / (mean_weight count)

    Parameters
    ----------
    losses : (n, ...) tensor, one a row, or one an item of a row; not reduced.
    weight : (n,) tensor of this batch (`w_all[i]`), or of the shape of the losses; an (n,) one holds for all items of its row. It is
        moved to the device and type of the losses. `Weights` only whole: for a batch of them, slice a tensor of `w.sample_weight`.
    by : "population"; "batch" divides by the weights of the batch; "sum" not at all.
    mean_weight : mean of the weights over the population: 1 for `w.sample_weight`. A wrong one only rescales.
    count : items of this optimiser step that are not masked; None is this batch's. With accumulation give that of all its batches, with
        several ranks the global one over their number: a count of each batch's own favours batches with few.
    mask : bool tensor of the shape of the losses (or of the rows), True where an item counts; NaN under it does not leak.

    Returns
    -------
    Tensor (), with a gradient to the losses and, if it has one, to the weight. All masked, or no weight under "batch": 0.

    Raises
    ------
    InputError : a loss that is reduced already; weights of another number of rows; `Weights` that are a slice; NaN or negative
        weights (looked at in every call in memory, in the first one on a device).

    Costs: the variance of weights is in the gradient, where "batch" would have hidden it together with the weights' effect.
    Source: a Horvitz-Thompson sum with the population's denominator; "batch" is Hájek's ratio, whose bias is not small in batches of 16.

    >>> losses, w = torch.tensor([1.0, 3.0]), torch.tensor([0.5, 50.0])
    >>> weighted_loss(losses, w).item(), round(weighted_loss(losses, w, by="batch").item(), 4)
    (75.25, 2.9802)
    """
    require_choice("by", by, WAYS)
    _refuse_reduced(losses)
    losses = losses.float() if losses.element_size() < 4 else losses
    keep = None if mask is None else _kept(mask, losses)
    if keep is not None:
        losses = torch.where(keep, losses, losses.new_zeros(()))
    w = None if weight is None else _spread(_placed(weight, losses), losses, "weight")
    total = losses.sum() if w is None else (losses * w).sum()
    if by == "sum":
        return total
    if by == "batch":
        return _over(total, _mass(losses, w, keep))
    items = _items(losses, keep) if count is None else _checked_count(count)
    return total / (_checked_mean(mean_weight) * items)


def _refuse_reduced(losses: torch.Tensor) -> None:
    if not isinstance(losses, torch.Tensor) or not losses.is_floating_point():
        what = losses.dtype if isinstance(losses, torch.Tensor) else type(losses).__name__
        raise InputError(f"`losses` must be a tensor of losses, one a row; got {what}. Use reduction='none'.")
    if losses.ndim == 0:
        raise InputError("`losses`: got a scalar, not one a row. Use reduction='none'.")


def _placed(weight: Any, losses: torch.Tensor) -> torch.Tensor:
    """The weight as a tensor beside the losses, looked at."""
    if isinstance(weight, Weights):
        sliced = any(step.name == "rows" for step in weight.trail)
        if sliced or weight.shape != losses.shape[:1]:
            raise InputError(
                f"`weight`: got {weight.n:,} `Weights`{', a slice' * sliced}, for {len(losses):,} losses; a slice has mean one within "
                "the batch, which divides its weights away. Once: w_all = torch.as_tensor(w.sample_weight); then slice "
                "`torch.as_tensor(w.sample_weight)`: w_all[i]."
            )
        weight = torch.as_tensor(weight.sample_weight if weight._container.backend == "numpy" else weight.__array__())
    tensor = weight if isinstance(weight, torch.Tensor) else torch.as_tensor(weight)
    numbers(tensor, "weight")
    return tensor.to(losses.device, losses.dtype, non_blocking=True)


def _kept(mask: Any, losses: torch.Tensor) -> torch.Tensor:
    """The mask on every item of the losses."""
    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool:
        got = mask.dtype if isinstance(mask, torch.Tensor) else type(mask).__name__
        raise InputError(f"`mask` must be a bool tensor, True where an item counts; got {got}. Pass mask.bool().")
    return _spread(mask.to(losses.device, non_blocking=True), losses, "mask").expand(losses.shape)


def _spread(x: torch.Tensor, losses: torch.Tensor, name: str) -> torch.Tensor:
    """Shape (n,) or that of the first axes of the losses, spread over their other axes."""
    if x.shape != losses.shape[: x.ndim] or x.ndim == 0:
        got, rows = tuple(x.shape), len(losses)
        if x.ndim == 1 and name == "weight":
            raise InputError(f"`{name}`: got {len(x):,} weights for {rows:,} losses; index them: w_all[i].")
        raise InputError(f"`{name}` must have the shape of the losses, {tuple(losses.shape)}, or ({rows},); got {got}.")
    return x.reshape(x.shape + (1,) * (losses.ndim - x.ndim))


def _items(losses: torch.Tensor, keep: torch.Tensor | None) -> float | torch.Tensor:
    return max(losses.numel(), 1) if keep is None else keep.sum().clamp(min=1)


def _mass(losses: torch.Tensor, w: torch.Tensor | None, keep: torch.Tensor | None) -> torch.Tensor:
    """Sum of the weights of the items that count."""
    mass = torch.ones_like(losses) if w is None else w.expand(losses.shape)
    return (mass if keep is None else torch.where(keep, mass, mass.new_zeros(()))).sum()


def _over(total: torch.Tensor, mass: torch.Tensor) -> torch.Tensor:
    """The quotient, 0 with zero gradient where nothing weighs."""
    there = mass > 0
    return torch.where(there, total / torch.where(there, mass, torch.ones_like(mass)), torch.zeros_like(total))


def _checked_count(count: float | torch.Tensor) -> float | torch.Tensor:
    if isinstance(count, torch.Tensor):
        if count.ndim and count.numel() != 1:
            raise InputError(
                f"`count` must be one number, of the step's items; got shape {tuple(count.shape)}. Pass its sum."
            )
        if not visible(count, "count") or bool(count > 0):
            return count.reshape(())
    if not is_number(count) or not 0 < count < float("inf"):
        raise InputError(
            f"`count` must be a number above 0, the items of the step; got {count}. Leave it out for this batch's."
        )
    return count


def _checked_mean(mean_weight: float) -> float:
    if not is_number(mean_weight) or not 0 < mean_weight < float("inf"):
        raise InputError(
            f"`mean_weight` must be a number above 0; got {mean_weight!r}. Leave it out for w.sample_weight."
        )
    return mean_weight
