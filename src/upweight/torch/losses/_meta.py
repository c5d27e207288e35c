"""Learning to reweight: a few clean rows say which of the others help.

The trouble: many labels are wrong, and a small set is known to be right. A row helps if a step on it lowers the clean loss, and how much is an inner
product of gradients; the usual code keeps a graph of the whole step to find it. One gradient and one pass in forward mode give it for all rows:

    -d L_clean(theta - lr sum_i eps_i grad l_i)/d eps_i  at eps = 0   =   lr <grad l_i, grad L_clean>   =   lr (d l/d theta) [grad L_clean]

The learning rate cancels when the positive part is brought to mean one.

What is inside: `meta_weights`.

Source: Ren, Zeng, Yang and Urtasun, ICML (2018).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from ..._errors import InputError
from ._forward_mode import jvp

__all__ = ["meta_weights"]


def meta_weights(losses: Callable[[Any], Tensor], params: Any, *, clean: Callable[[Any], Tensor]) -> Tensor:
    """Weights of a batch by how much a step on each row would lower the loss of clean rows.

        w_i ∝ max(<grad l_i, grad L_clean>, 0),    mean one

    Parameters
    ----------
    losses : function of params giving (n,) per-row losses of the batch: ``lambda p: margin_loss(functional_call(model, p, (x,)), y)``.
    params : tensors, as a dict, list or tuple: ``dict(model.named_parameters())``. clean : function of params giving the scalar loss of clean rows.

    Returns
    -------
    (n,) tensor, detached, mean one; all zeros, with a warning, where no row helps: skip such a step.

    Raises
    ------
    InputError : losses that are not one a row, a clean loss that is no scalar.

    Costs: needs clean rows, and fits to them; about one and a half training steps more. Layers that keep statistics (batch norm) should be in eval mode.
    Source: Ren, Zeng, Yang and Urtasun, ICML (2018), equation 12.

    >>> x, y = torch.tensor([1.0, 1.0, 1.0]), torch.tensor([2.0, 2.0, -5.0])
    >>> meta_weights(lambda p: (p["a"] * x - y) ** 2, {"a": torch.tensor(0.0)}, clean=lambda p: (p["a"] - 2.0) ** 2)
    tensor([1.5000, 1.5000, 0.0000])
    """
    held = tree_map(torch.Tensor.detach, params)
    gradient = torch.func.grad(partial(_scalar, clean))(held)
    rows, alignment = jvp(losses, held, gradient)
    if rows.ndim != 1:
        raise InputError(
            f"`losses` must give one a row; got shape {tuple(rows.shape)}, not one a row. Use reduction='none'."
        )
    w = alignment.detach().clamp(min=0)
    total = w.sum()
    if not 0 < total < torch.inf:
        why = (
            "no row of this batch lowers the clean loss" if total == 0 else "the gradients of this batch are not finite"
        )
        warnings.warn(f"{why}: all weights are 0. Skip the step.", stacklevel=2)
        return torch.zeros_like(w)
    return w * (len(w) / total)


def _scalar(clean: Callable[[Any], Tensor], params: Any) -> Tensor:
    value = clean(params)
    if value.ndim:
        got = tuple(value.shape)
        raise InputError(
            f"`clean` must give a scalar, the mean loss of the clean rows; got shape {got}. Take its mean."
        )
    return value
