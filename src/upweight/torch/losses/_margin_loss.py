"""Losses on the margin, one a row, and the norm of their gradient at the logits.

The trouble: a loss that is reduced behind the user's back has lost the rows; and the score by which importance sampling draws rows, the norm
of the gradient at the logits, is usually bought with a backward pass for every row.

    l = tail(m),      |dl/dz| = |tail'(m)| |dm/dz|

The second needs no backward pass through the network: the margin's gradient at the logits is known in closed form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch

from ..._errors import InputError
from ...training import MarginRule
from ._looks import MASKED
from ._margin import Placed, margin_and_share, margin_of, placed, read_rows
from ._tails import cross_entropy

__all__ = ["Tail", "grad_norm", "margin_loss"]

Tail: TypeAlias = Callable[[torch.Tensor], torch.Tensor]


def margin_loss(
    logits: torch.Tensor, y: torch.Tensor, rule: MarginRule | None = None, *, tail: Tail | None = None
) -> torch.Tensor:
    """The loss of each row after a rule and a tail; plain cross-entropy with neither.

        l = tail(u_y - log sum_{c != y} exp(u_c))

    Parameters
    ----------
    logits, y, rule : as in `margin`; -100 masks a row.
    tail : `poly(alpha)`, `focal(gamma)` or any function of a tensor of margins; None is cross-entropy, log(1 + e^-m).

    Returns
    -------
    Tensor of the shape of `y`, one loss a row, never reduced, float32 or float64; 0 at masked rows. Give it to `weighted_loss`.

    Raises
    ------
    InputError : as in `margin`; a tail that is no function.

    Costs: within a factor of two of `torch.nn.functional.cross_entropy`. For more than two classes poly is our extension.
    Source: `margin_rule` and `poly` name theirs.

    >>> z = torch.tensor([[25.0, 0.0]], requires_grad=True)
    >>> margin_loss(z, torch.tensor([0])).sum().backward()
    >>> z.grad
    tensor([[-1.3888e-11,  1.3888e-11]])
    """
    _refuse_tail(tail)
    z, y = read_rows(logits, y)
    m = margin_of(z, y, placed(rule, z))
    losses = cross_entropy(m) if tail is None else tail(m)
    return torch.where(y == MASKED, torch.zeros_like(losses), losses)


def grad_norm(
    logits: torch.Tensor, y: torch.Tensor, rule: MarginRule | None = None, *, tail: Tail | None = None
) -> torch.Tensor:
    """The norm of each row's gradient at the logits, detached: how much the row would move the network, nearly.

        |dl/dz| = |tail'(m)| |dm/dz|

    Parameters and errors are those of `margin_loss`. For two classes in one column it is |dl/df|, in two |dl/df| sqrt 2.

    Returns
    -------
    Tensor of the shape of `y`, >= 0, without a gradient; 0 at masked rows.

    Raises InputError for what are no tensors of logits and labels, a rule of other classes, and a `tail` that is no function.

    Costs: two passes over the logits, none through the network. It is the last layer's part of the gradient, not all of it.
    Source: Katharopoulos and Fleuret, ICML (2018), equation 19.

    >>> grad_norm(torch.tensor([[0.0, 0.0], [4.0, 0.0]]), torch.tensor([0, 0]))
    tensor([0.7071, 0.0254])
    """
    _refuse_tail(tail)
    with torch.no_grad():
        z, y = read_rows(logits.detach() if isinstance(logits, torch.Tensor) else logits, y)
        at = placed(rule, z)
        m, share = margin_and_share(z, y, at)
        slope = torch.sigmoid(-m) if tail is None else _slope(tail, m).abs()
        norm = slope * _margin_norm(z, share, y, at)
        two_columns = z.ndim == y.ndim and logits.ndim > z.ndim and logits.shape[-1] == 2
        norm = norm * 2**0.5 if two_columns else norm
        return torch.where(y == MASKED, torch.zeros_like(norm), norm)


def _refuse_tail(tail: Any) -> None:
    if tail is not None and not callable(tail):
        raise InputError(f"`tail` must be a function of margins; got {tail!r}. Make one: poly(1.0), focal(2.0).")


def _slope(tail: Tail, m: torch.Tensor) -> torch.Tensor:
    """tail'(m), by one backward pass over the margins alone."""
    with torch.inference_mode(False), torch.enable_grad():
        at = m.clone().requires_grad_()
        return torch.autograd.grad(tail(at).sum(), at)[0]


def _margin_norm(z: torch.Tensor, share: torch.Tensor | None, y: torch.Tensor, at: Placed) -> torch.Tensor:
    """|dm/dz| of each row, of the softmax over its other classes; None for one margin of two classes."""
    own = torch.where(y == MASKED, torch.zeros_like(y), y)
    if share is None:
        return torch.full_like(z, at.scale) if at.delta is None else at.scale * at.delta[own]
    slopes = share.scatter(-1, own.unsqueeze(-1), 1.0)
    slopes = slopes if at.delta is None or at.per_example else slopes * at.delta
    norm = at.scale * slopes.norm(dim=-1)
    return norm * at.delta[own] if at.per_example and at.delta is not None else norm
