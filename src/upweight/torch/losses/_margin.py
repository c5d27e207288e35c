"""Signed margins after a rule, with a gradient that is right at any distance.

The trouble: cross-entropy is written over all classes, and in float32 the true class's probability rounds to one at margin 17: its gradient
is 0 while the others' is not, and the row pushes the logits away from nothing. Written on the margin, nothing is subtracted from one.

    m = u_y - log sum_{c != y} exp(u_c),      u_c = scale (delta_c z_c + iota_c - 1[c = y] m_c)
    dm/dz_y = scale delta_y,                  dm/dz_c = -scale delta_c softmax_{c' != y}(u)_c

Two classes, in one column or two, have f = z_1 - z_0, and m = scale (±delta_y f ± (iota_1 - iota_0) - m_y).

`autograd.Function` carries the fused backward, forward mode and vmap; while PyTorch compiles, which refuses a forward mode of one's own, the
same formula runs in plain operators.

What is inside: `margin`, for everybody; `read_rows`, shapes; `Placed` and `placed`, a rule as tensors.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch._C._functorch import is_functorch_wrapped_tensor

from ..._errors import InputError
from ...training import MarginRule
from ._looks import MASKED, labels, not_probabilities

__all__ = ["Placed", "margin", "margin_and_share", "margin_of", "placed", "read_rows"]


class Placed(NamedTuple):
    """A rule as tensors beside the logits; None where it does nothing."""

    delta: torch.Tensor | None
    iota: torch.Tensor | None
    asked: torch.Tensor | None  # margins asked of a row's own class
    scale: float
    per_example: bool


NO_RULE = Placed(None, None, None, 1.0, False)


def margin(logits: torch.Tensor, y: torch.Tensor, rule: MarginRule | None = None) -> torch.Tensor:
    """The signed margin of each row after the rule: above 0 where the row is right.

        m = u_y - log sum_{c != y} exp(u_c)

    Parameters
    ----------
    logits : (n, C), or (..., C) with the classes last; for two classes also (n,) or (n, 1). Half floats are raised to float32.
    y : (n,) (or (...)) whole numbers 0 to C-1; -100 masks a row.
    rule : of `margin_rule`, with one number a class.

    Returns
    -------
    Tensor of the shape of `y`, float32 or float64, natural logs of odds against all other classes; 0 at masked rows.

    Raises
    ------
    InputError : labels out of range, as floats or one-hot; classes of the rule and columns that differ; classes that are not last.

    Warns
    -----
    UserWarning : logits that look like probabilities.

    Costs: O(n C), about one softmax.
    Source: two classes through one margin as in Kini et al. (2021); with two free output columns the factors of a rule do nothing.

    >>> margin(torch.tensor([[2.0, 0.0], [0.0, 3.0]]), torch.tensor([0, 0])).tolist()
    [2.0, -3.0]
    """
    z, y = read_rows(logits, y)
    return margin_of(z, y, placed(rule, z))


def margin_of(z: torch.Tensor, y: torch.Tensor, at: Placed) -> torch.Tensor:
    """`margin` of what `read_rows` gave."""
    return margin_and_share(z, y, at)[0]


def margin_and_share(z: torch.Tensor, y: torch.Tensor, at: Placed) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Margins, and the softmax over the other classes (..., C) without a gradient; None for one margin of two classes."""
    masked = y == MASKED
    own = torch.where(masked, torch.zeros_like(y), y)
    share = None
    if z.ndim == y.ndim:
        m = _two(z, own, at)
    elif torch.compiler.is_compiling():
        m, share = _many(z, own, at.delta, at.iota, at.asked, at.scale, at.per_example)
    else:
        m, share = _Many.apply(z, own, at.delta, at.iota, at.asked, at.scale, at.per_example)
    return torch.where(masked, torch.zeros_like(m), m), share


def read_rows(logits: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits in float32 or more, (..., C) or f = z_1 - z_0 of the shape of `y`; labels as they are, looked at."""
    if not isinstance(logits, torch.Tensor) or not isinstance(y, torch.Tensor):
        got = type(y if isinstance(logits, torch.Tensor) else logits).__name__
        raise InputError(f"`logits` and `y` must be tensors; got {got}. Use torch.as_tensor.")
    one_column = logits.ndim == 2 and logits.shape[1] == 1
    if one_column:
        logits = logits[:, 0]
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    binary = logits.ndim == y.ndim
    k = 2 if binary else logits.shape[-1] if logits.ndim else 0
    if not binary or one_column or not y.is_floating_point():
        _refuse_shapes(logits, y, binary)
    labels(y, k)
    z = logits if logits.element_size() >= 4 else logits.float()
    if not z.is_floating_point():
        raise InputError(f"`logits` must be floating point; got {z.dtype}. Convert them first.")
    if binary:
        return z, y
    not_probabilities(z)
    return (z[..., 1] - z[..., 0], y) if k == 2 else (z, y)


def _refuse_shapes(z: torch.Tensor, y: torch.Tensor, binary: bool) -> None:
    rows = z.shape if binary else z.shape[:-1]
    if binary and z.ndim >= 2 and z.shape == y.shape and z.shape[-1] > 1 and _one_hot(y):
        raise InputError("`y` must hold one class number a row; got one-hot rows. Pass y.argmax(-1).")
    if rows == y.shape and (binary or z.shape[-1] > 1):
        return
    remedy = "Give one label a row."
    if z.ndim == y.ndim + 1 and z.ndim > 2 and z.movedim(1, -1).shape[:-1] == y.shape:
        remedy = "Put the classes last: logits.movedim(1, -1)."
    raise InputError(
        f"`logits` must be (..., classes) and `y` (...); got {tuple(z.shape)} and {tuple(y.shape)}. {remedy}"
    )


def _one_hot(y: torch.Tensor) -> bool:
    return not torch.compiler.is_compiling() and bool((y.sum(-1) == 1).all()) and bool(((y == 0) | (y == 1)).all())


def placed(rule: MarginRule | None, z: torch.Tensor) -> Placed:
    """The rule beside the logits, copied there once."""
    if rule is None:
        return NO_RULE
    if not isinstance(rule, MarginRule):
        raise InputError(f"`rule` must be a MarginRule; got {type(rule).__name__}. Make it by margin_rule(counts).")
    if torch.compiler.is_compiling():
        return _tensors(rule, z)
    key = (z.device, z.dtype)
    if key not in rule._placed:
        with torch.inference_mode(False):  # what is made in inference could not be used in training
            rule._placed[key] = _tensors(rule, z)
    return rule._placed[key]


def _tensors(rule: MarginRule, z: torch.Tensor) -> Placed:
    arrays = zip((rule.delta, rule.iota, rule.margin), rule.acts, strict=True)
    made = [torch.as_tensor(a.copy(), dtype=z.dtype, device=z.device) if acts else None for a, acts in arrays]
    return Placed(made[0], made[1], made[2], rule.scale, rule.per_example)


def _two(f: torch.Tensor, y: torch.Tensor, at: Placed) -> torch.Tensor:
    """scale (±delta_y f ± (iota_1 - iota_0) - m_y)."""
    for a in at[:3]:
        _refuse_columns(a, 2)
    sign = (2 * y - 1).to(f.dtype)
    stretched = f if at.delta is None else f * at.delta[y]
    shifted = stretched if at.iota is None else stretched + (at.iota[1] - at.iota[0])
    m = sign * shifted
    m = m if at.asked is None else m - at.asked[y]
    return m if at.scale == 1.0 else at.scale * m


def _refuse_columns(a: torch.Tensor | None, k: int) -> None:
    if a is not None and len(a) != k:
        raise InputError(
            f"the rule has {len(a)} classes and the logits {k} columns. Count the classes the network has."
        )


# ---- more than two classes ------------------------------------------------------------------------------------------------------


def _factors(y: torch.Tensor, delta: torch.Tensor | None, per_example: bool) -> torch.Tensor | None:
    """(C,) or, by the row's own class, (..., 1)."""
    return delta[y].unsqueeze(-1) if per_example and delta is not None else delta


def _moved(
    z: torch.Tensor,
    y: torch.Tensor,
    delta: torch.Tensor | None,
    iota: torch.Tensor | None,
    scale: float,
    per_example: bool,
) -> torch.Tensor:
    """scale (delta z + iota), (..., C); the logits themselves where that is all one and zero."""
    factor = _factors(y, delta, per_example)
    if factor is not None and iota is not None:
        u = torch.addcmul(iota, z, factor)
    else:
        u = z * factor if factor is not None else z + iota if iota is not None else z
    return u if scale == 1.0 else scale * u


def _many(
    z: torch.Tensor,
    y: torch.Tensor,
    delta: torch.Tensor | None,
    iota: torch.Tensor | None,
    asked: torch.Tensor | None,
    scale: float,
    per_example: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Margins (...), and the softmax over the other classes (..., C), whose own entry nobody reads; the largest is taken over the others too."""
    for a in (delta, iota, asked):
        _refuse_columns(a, z.shape[-1])
    u = _moved(z, y, delta, iota, scale, per_example)
    at = y.unsqueeze(-1)
    own = u.gather(-1, at).squeeze(-1)
    own = own if asked is None else own - scale * asked[y]
    others = u.scatter(-1, at, torch.finfo(u.dtype).min)  # not -inf: all others may be, where classes are ruled out
    share = others.softmax(-1)
    log_sum = others.amax(-1) - share.amax(-1).log()  # the largest has e^0 of the sum: fused kernels, and no digit lost
    return own - log_sum, share


def _slopes(share: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """dm/du, (..., C): minus the softmax over the other classes, 1 at the own one."""
    return share.neg().scatter(-1, y.unsqueeze(-1), 1.0)


class _Many(torch.autograd.Function):
    """`_many` with a fused backward; the softmax is kept for it, and made again where a second derivative is asked for."""

    generate_vmap_rule = True

    @staticmethod
    def forward(*inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        return _many(*inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, torch.Tensor]) -> None:
        z, y, delta, iota, asked, ctx.scale, ctx.per_example = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.set_materialize_grads(False)  # nobody needs zeros of the size of the logits
        ctx.save_for_backward(z, y, delta, iota, asked, output[1])
        ctx.save_for_forward(z, y, delta, iota, asked)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        if gradients[0] is None:
            return (None,) * 7
        z, y, delta, iota, asked, share = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative follows
            share = _many(z, y, delta, iota, asked, ctx.scale, ctx.per_example)[1]
        g = gradients[0] if ctx.scale == 1.0 else ctx.scale * gradients[0]
        total = share * -g.unsqueeze(-1)
        place = (
            total.scatter if is_functorch_wrapped_tensor(total) else total.scatter_
        )  # in place has no rule for batches
        total = place(-1, y.unsqueeze(-1), g.unsqueeze(-1))
        factor = _factors(y, delta, ctx.per_example)
        return (total if factor is None else total * factor, None, None, None, None, None, None)

    @staticmethod
    def jvp(ctx: Any, *tangents: torch.Tensor | None) -> tuple[torch.Tensor | None, None]:
        if tangents[0] is None:
            return None, None
        z, y, delta, iota, asked = ctx.saved_tensors[:5]
        factor = _factors(y, delta, ctx.per_example)
        moved = tangents[0] if factor is None else tangents[0] * factor
        share = _many(z, y, delta, iota, asked, ctx.scale, ctx.per_example)[1]
        return ctx.scale * (moved * _slopes(share, y)).sum(-1), None
