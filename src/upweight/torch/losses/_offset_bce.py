"""Cross-entropy at a fixed offset: a network that is trained on thinned negatives and serves true probabilities.

    P(y = 1 | x, kept) = sigmoid(z(x) + offset(x)),   offset = log pi1 - log pi0       so train z + offset, and serve z

The trouble: a network trained on kept rows alone promises as many positives as were kept. The offset is added while it learns and left out when it is
asked; nothing has to be calibrated afterwards. Let the last bias start at `b = upweight.negatives.start(y, offset=offset)`, or the first thousand steps go
into finding it.

Source: Wang, Zhang and Wang, NeurIPS (2021), arXiv 2110.13048.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from ..._errors import InputError, UndoError
from ..._undo import Correction
from ..._weights import Weights

__all__ = ["offset_bce"]

TWICE = "the offset corrects this thinning already, and so do these weights; take one of them out."
CLOSE = 1e-6  # of weights given as numbers to those that the offset stands for: float32 knows no more


def offset_bce(logit: torch.Tensor, y: Any, offset: Any, *, sample_weight: Any = None) -> torch.Tensor:
    """The logistic loss of `logit + offset`, so that the logit alone is the log-odds of the world.

        mean_i w_i ( log(1 + exp(z_i + o_i)) - y_i (z_i + o_i) )

    Parameters
    ----------
    logit : (n,) or (n, 1) tensor z, the network's answer. y : (n,) labels 0/1 or bool. offset : (n,) log pi1 - log pi0 of these rows, positives too
        (`_uw_offset` of a sample), a number, or a row `Correction`. sample_weight : (n,) numbers of mean one over all rows, or `Weights`, for what the
        offset does not correct: copies, importance.

    Returns
    -------
    Tensor (), a mean over the rows, float32 (float64 for float64 logits) whatever the logits are; its gradient is that of the logits, in their type.

    Raises
    ------
    InputError : lengths that differ, labels other than 0/1, numbers that are not finite (looked at in memory, not on a device). UndoError : inclusion
        weights, or weights equal to 1/pi: the same thinning would be corrected twice.

    Costs: those of `binary_cross_entropy_with_logits`. The mean divides by rows, not by weights: a batch of heavy rows counts more.
    Source: Wang, Zhang and Wang (2021).

    >>> z = torch.zeros(2, requires_grad=True)
    >>> offset_bce(z, [1, 0], [2.0, 2.0]).backward()
    >>> z.grad
    tensor([-0.0596,  0.4404])
    """
    z = _rows_of(logit)
    z = z if z.dtype == torch.float64 else z.float()
    labels = _beside(y, z, "y")
    shift = _beside(getattr(offset, "log_odds", offset), z, "offset")
    if z.device.type == "cpu" and not ((labels == 0) | (labels == 1)).all():
        row = int(((labels != 0) & (labels != 1)).nonzero()[0])
        raise InputError(
            f"`y` must be 0/1 or boolean; got {labels[row].item():g} at row {row}. Name the positive class first."
        )
    weight = None if sample_weight is None else _weights_of(sample_weight, labels, shift, offset)
    return binary_cross_entropy_with_logits(z + shift, labels, weight=weight)


def _rows_of(logit: Any) -> torch.Tensor:
    """(n,) logits."""
    if not isinstance(logit, torch.Tensor) or not logit.is_floating_point():
        what = logit.dtype if isinstance(logit, torch.Tensor) else type(logit).__name__
        raise InputError(f"`logit` must be a tensor of log-odds, one a row; got {what}. Pass what the network gives.")
    z = logit.squeeze(-1) if logit.ndim == 2 and logit.shape[1] == 1 else logit
    if z.ndim != 1:
        raise InputError(
            f"`logit` must be one a row, (n,) or (n, 1); got shape {tuple(logit.shape)}. One class against the rest."
        )
    if not len(z):
        raise InputError("`logit` has no row, so there is no mean. Skip empty batches.")
    return z


def _beside(values: Any, z: torch.Tensor, name: str) -> torch.Tensor:
    """(n,) numbers on the device and in the type of the logits; one number holds for all rows."""
    made = values if isinstance(values, torch.Tensor) else torch.tensor(np.asarray(values))
    made = made.to(z.device, z.dtype, non_blocking=True)
    made = made.squeeze(-1) if made.ndim == 2 and made.shape[1] == 1 else made
    made = made.expand(len(z)) if made.ndim == 0 and name == "offset" else made
    if made.shape != z.shape:
        raise InputError(
            f"`{name}` must be one number a row, shape ({len(z)},); got {tuple(made.shape)}. Index it as the batch."
        )
    if z.device.type == "cpu" and not torch.isfinite(made).all():
        row = int((~torch.isfinite(made)).nonzero()[0])
        raise InputError(f"`{name}` must be finite; got {made[row].item()} at row {row}. Drop such rows first.")
    return made


def _weights_of(weights: Any, y: torch.Tensor, shift: torch.Tensor, offset: Any) -> torch.Tensor:
    """(n,) weights that are not those of the thinning."""
    if isinstance(weights, Weights):
        ours = set(offset.designs) if isinstance(offset, Correction) else set()
        if weights.kind == "inclusion" or ours & set(weights.designs):
            raise UndoError(TWICE)
        weights = weights.sample_weight
    w = _beside(weights, y, "sample_weight")
    if y.device.type == "cpu" and bool((y == 0).any()):
        inverse = torch.where(y == 1, torch.ones_like(shift), shift.exp())
        if bool((inverse != 1).any()) and torch.allclose(w, inverse, rtol=CLOSE, atol=0):
            raise UndoError(TWICE)
    return w
