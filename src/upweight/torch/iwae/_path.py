"""The path by which log-weights see the encoder, and what may go wrong with it.

The trouble: a hook on the wrong tensor says nothing. If log_w was made from z and not from its view, or log q's parameters are still
live, the gradient that should be multiplied arrives by another way, and the estimator is quietly another one. So the graph is walked
before a hook is set.

    log_w  ----->  view (hook)  ----->  z  ----->  encoder
       \\______________________________/            refused: another way to what is behind the view

A leaf (a parameter) counts as behind the view only if it broadcasts to it or to one of its draws, as the mean of a mean-field q does:
weights that encoder and decoder share are no other way to z.

What is inside: `paths_of`, which reads and refuses; `hook`, which scales the gradient.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.autograd.graph import Node, get_gradient_edge

from ..._errors import InputError
from ._objective import Objective

__all__ = ["hook", "paths_of"]

PRODUCTS = (
    "TBackward",
    "TransposeBackward",
    "PermuteBackward",
    "MmBackward",
    "MvBackward",
    "BmmBackward",
    "AddmmBackward",
)
REMEDY = "pass path=z.view_as(z), the view that log_w alone sees, with detached(q)"


class ScaledPath:
    """The hook of one objective on a path: the gradient of draw k times its multiplier."""

    def __init__(self, by: torch.Tensor) -> None:
        self.by = by

    def __call__(self, gradient: torch.Tensor) -> torch.Tensor:
        return gradient * self.by


def hook(tensor: torch.Tensor, by: torch.Tensor) -> None:
    """Multiply the gradient that reaches `tensor` (..., K, ...) by `by` (..., K)."""
    if tensor.requires_grad:
        tensor.register_hook(ScaledPath(by.reshape(*by.shape, *[1] * (tensor.ndim - by.ndim)).to(tensor.dtype)))


def paths_of(
    path: torch.Tensor | Sequence[torch.Tensor], log_w: torch.Tensor, objective: Objective
) -> list[torch.Tensor]:
    """The tensors to hook, each looked at."""
    paths = [path] if isinstance(path, torch.Tensor) else list(path)
    if not objective.by_path:
        if paths:
            raise InputError(f"`path` is for dreg, stl and split; {objective.estimator} needs none. Leave it out.")
        return []
    if not paths:
        raise InputError(f"{_named(objective)} needs a path: {REMEDY}.")
    for tensor in paths:
        _refuse_shape(tensor, log_w)
        if any(isinstance(h, ScaledPath) for h in (tensor._backward_hooks or {}).values()):
            raise InputError("this path carries an objective already: one surrogate a draw. Keep it, or draw again.")
    if log_w.requires_grad:
        _refuse_other_ways(log_w, [t for t in paths if t.requires_grad])
    return paths


def _named(objective: Objective) -> str:
    return objective.estimator if objective.estimator != "standard" else "split"


def _refuse_shape(tensor: Any, log_w: torch.Tensor) -> None:
    if not isinstance(tensor, torch.Tensor):
        raise InputError(f"a path must be a tensor; got {type(tensor).__name__}. {REMEDY.capitalize()}.")
    if is_functorch_wrapped_tensor(tensor) or is_functorch_wrapped_tensor(log_w):
        raise InputError("a path cannot be hooked under vmap or torch.func. Add a batch axis to log_w and z instead.")
    if tensor.ndim <= log_w.ndim or tensor.shape[: log_w.ndim] != log_w.shape:
        raise InputError(
            f"a path must have the shape of log_w {tuple(log_w.shape)} and the axes of one draw after it; got "
            f"{tuple(tensor.shape)}. {REMEDY[0].upper()}{REMEDY[1:]}."
        )


# ---- the graph --------------------------------------------------------------------------------------------------------------

Edge = tuple[Node, int]


def _refuse_other_ways(log_w: torch.Tensor, paths: list[torch.Tensor]) -> None:
    edges = [_edge(t) for t in paths]
    behind = [set(_nodes(t.grad_fn.next_functions if t.grad_fn else ())[1]) for t in paths]
    for i, (node, _) in enumerate(edges):
        if any(node in b for j, b in enumerate(behind) if j != i):
            raise InputError(
                "one path lies behind another: z1 feeds z2, and its hook would act twice. Use views of both."
            )
    every = set().union(*behind) if behind else set()
    shapes = [tuple(t.shape) for t in paths]
    rows = [s[: log_w.ndim - 1] + s[log_w.ndim :] for s in shapes]  # without the axis of the draws
    met, walked = _nodes([_edge(log_w)], stop=edges)
    if paths and not met:
        raise InputError(f"log_w does not depend on the path: nothing would be learnt through it; {REMEDY}.")
    for node in walked:
        leaf = getattr(node, "variable", None)
        if node in every and (leaf is None or _like(leaf, shapes) or (_like(leaf, rows) and _entrywise(node, walked))):
            raise InputError(
                "log_w reaches the encoder by another way than `path`: log q's parameters are live, or z stands where its view "
                f"should; {REMEDY}."
            )


def _like(leaf: torch.Tensor, shapes: list[tuple[int, ...]]) -> bool:
    return any(_broadcasts(tuple(leaf.shape), s) for s in shapes)


def _entrywise(leaf: Node, walked: list[Node]) -> bool:
    """Whether something but a product of matrices takes this leaf: a weight may have the shape of a mean a row by chance."""
    takers = [node.name() for node in walked if any(after is leaf for after, _ in node.next_functions)]
    return not all(name.rstrip("0123456789") in PRODUCTS for name in takers)


def _edge(t: torch.Tensor) -> Edge:
    edge = get_gradient_edge(t)
    return edge.node, edge.output_nr


def _nodes(edges: Iterable[Any], stop: Sequence[Edge] = ()) -> tuple[int, list[Node]]:
    """Every node of the graph behind these edges, not going past those of `stop`, and how often one of those was met."""
    seen: dict[Node, None] = {}
    waiting, met = [e for e in edges if e[0] is not None], 0
    while waiting:
        node, place = waiting.pop()
        if any(node is n and place == p for n, p in stop):
            met += 1
        elif node not in seen:
            seen[node] = None
            waiting += [e for e in node.next_functions if e[0] is not None]
    return met, list(seen)


def _broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    return len(small) <= len(large) and all(a in (1, b) for a, b in zip(small[::-1], large[::-1], strict=False))
