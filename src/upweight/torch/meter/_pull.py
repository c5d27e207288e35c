"""How hard the weights still push: what one epoch of their part of the gradient would do to the outputs.

The trouble: late in training weights and gradients are balanced, and shares of a gradient's norm say nothing: at a stationary point they balance with
weights and without. What can be asked is how far the outputs would move if the weights' own part of the gradient, the difference between the weighted
and the plain loss, had its way for an epoch:

    Delta = grad mean((w_i - 1) l_i),     P = lr S RMS_probe(J Delta) / scale,      w of mean one, S steps an epoch

P of one moves outputs in an epoch by as much as separates the classes. The gradient is taken on 256 fixed rows, drawn with
p = 1/2 n + 1/2 |w - 1|/sum |w - 1| and weighted by 1/(n p), because uniform rows at 1 % hold two rare ones or none; J by forward mode. What `lr` stands for in
each optimiser says `_step_sizes`.

What is inside: `PullRows`, the fixed rows; `pull`, the measurement, which leaves no mark on the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..losses import directional
from ._step_sizes import directions

__all__ = ["PullRows", "Pulled", "outputs", "pull"]

ROWS = 256
STANDARD_ERRORS = 2.0
SEED = 20190612


@dataclass(frozen=True)
class Pulled:
    """P an epoch, nan where it is not known; whether anything was learned yet; why the optimiser's steps are not known, if they are not."""

    value: float
    learned: bool
    no_steps: str = ""


class PullRows:
    """The rows on which pull is measured: X and y of them, w - 1 and w over n p of each draw, a shuffle, and the probe."""

    def __init__(self, X: Any, y: Tensor, w: np.ndarray, probe: Any):
        n = len(w)
        away = np.abs(w - 1)
        p = 0.5 / n + 0.5 * away / away.sum()
        generator = np.random.Generator(np.random.Philox(SEED))
        at = (generator.random() + np.arange(ROWS)) / ROWS
        rows = np.minimum(np.searchsorted(np.cumsum(p), at), n - 1)
        self.X, self.y = _rows_of(X, rows), y[torch.as_tensor(rows)]
        self.excess = torch.as_tensor((w[rows] - 1) / (n * p[rows]))
        self.weight = torch.as_tensor(w[rows] / (n * p[rows]))
        self.shuffle = torch.as_tensor(np.roll(generator.permutation(ROWS), 1))
        self.shuffled_from = torch.as_tensor(np.roll(self.shuffle.numpy(), 1))
        source, size = (X, n) if probe is None else (probe, count(probe))
        self.probe = _rows_of(source, np.linspace(0, size - 1, min(size, ROWS)).round().astype(np.int64))

    def to(self, device: torch.device) -> None:
        """Bring everything to where the model is."""
        for name in ("X", "probe"):
            setattr(self, name, moved(getattr(self, name), device))
        for name in ("y", "excess", "weight", "shuffle", "shuffled_from"):
            value = getattr(self, name)
            value = (
                value.float()
                if device.type == "mps" and value.is_floating_point() and value.dtype == torch.float64
                else value
            )
            setattr(self, name, value.to(device))


def count(X: Any) -> int:
    return len(next(iter(X.values()))) if isinstance(X, Mapping) else len(X)


def _rows_of(X: Any, rows: np.ndarray) -> Any:
    """Rows of a tensor, an array or a dict of them, as tensors."""
    if isinstance(X, Mapping):
        return {name: _rows_of(column, rows) for name, column in X.items()}
    return torch.as_tensor(X[torch.as_tensor(rows, device=X.device)] if isinstance(X, Tensor) else np.asarray(X)[rows])


def moved(X: Any, device: torch.device) -> Any:
    return {k: v.to(device) for k, v in X.items()} if isinstance(X, Mapping) else X.to(device)


def outputs(model: nn.Module, state: dict[str, Tensor], X: Any) -> Tensor:
    """Logits of the model with these parameters and buffers, float32 at least."""
    kind = next((v.dtype for v in state.values() if v.is_floating_point()), torch.float32)
    if isinstance(X, Mapping):
        made = functional_call(model, state, (), dict(X))
    else:
        made = functional_call(model, state, (X.to(kind) if X.is_floating_point() else X,))
    z = getattr(made, "logits", made)
    return z.to(torch.promote_types(z.dtype, torch.float32))


@contextmanager
def _undisturbed(model: nn.Module):
    """Eval mode; afterwards every module's own mode, and the state of random numbers, are as they were."""
    modes = {m: m.training for m in model.modules()}
    cards = sorted({p.device.index or 0 for p in model.parameters() if p.device.type == "cuda"})
    with torch.random.fork_rng(devices=cards):
        model.eval()
        try:
            yield
        finally:
            for m, mode in modes.items():
                m.training = mode


def pull(
    model: nn.Module,
    rows: PullRows,
    optimizer: torch.optim.Optimizer,
    steps: float,
    loss: Callable[[Tensor, Tensor], Tensor],
) -> Pulled:
    """P of the model as it is. steps : S, of an epoch. Parameters, their gradients, buffers and random numbers are left alone."""
    frozen = {name: b.detach().clone() for name, b in model.named_buffers()}
    names = {id(p): name for name, p in model.named_parameters() if p.requires_grad}
    held = {name: p.detach() for name, p in model.named_parameters()}
    with _undisturbed(model), torch.autocast(next(iter(held.values())).device.type, enabled=False):
        free = {name: held[name].clone().requires_grad_(True) for name in names.values()}
        with torch.enable_grad():
            z = outputs(model, held | frozen | free, rows.X)
            losses = _by_row(loss(z, rows.y))
            delta = torch.autograd.grad(
                (rows.excess.to(losses.dtype) * losses).mean(), list(free.values()), allow_unused=True
            )
        learned = _beats_shuffle(z.detach(), losses.detach(), rows, loss)
        along = directions(dict(zip(free, delta, strict=True)), names, optimizer)
        if not learned or not along:
            return Pulled(float("nan"), learned, _no_steps(along, optimizer))
        rest = held | frozen
        change = directional(lambda some: outputs(model, rest | some, rows.probe), {k: held[k] for k in along}, along)
        with torch.no_grad():
            on_probe = outputs(model, rest, rows.probe)
    return Pulled(steps * _size_of(change, on_probe, regression=_is_regression(rows.y, on_probe)), True)


def _no_steps(along: dict[str, Tensor] | None, optimizer: torch.optim.Optimizer) -> str:
    if along is None:
        return f"how far {type(optimizer).__name__} steps is not known"
    return "" if along else "the optimiser has no parameter of the model"


def _by_row(losses: Tensor) -> Tensor:
    """One loss a row; those of several items of a row are averaged."""
    return losses if losses.ndim == 1 else losses.reshape(len(losses), -1).mean(1)


def _beats_shuffle(z: Tensor, losses: Tensor, rows: PullRows, loss: Callable[[Tensor, Tensor], Tensor]) -> bool:
    """Whether the weighted loss on the fixed rows lies 2 standard errors below that of the same logits, dealt to other rows."""
    dealt = torch.empty_like(z)
    dealt[rows.shuffle] = z[rows.shuffled_from]
    gain = rows.weight.to(losses.dtype) * (_by_row(loss(dealt, rows.y)) - losses)
    mean, sd = float(gain.mean()), float(gain.std())
    return mean > STANDARD_ERRORS * sd / ROWS**0.5


def _is_regression(y: Tensor, z: Tensor) -> bool:
    """Whether targets are numbers rather than classes: floats other than 0 and 1."""
    return y.is_floating_point() and not bool(((y == 0) | (y == 1)).all())


def _size_of(change: Tensor, z: Tensor, *, regression: bool) -> float:
    """Root mean square change of the outputs over their scale: of the difference of two logits over the median top-two margin, or in standard deviations."""
    one_column = z.ndim == 1 or z.shape[-1] == 1
    if regression:
        return float(change.square().mean().sqrt() / z.std().clamp(min=1e-30))
    if one_column:
        return float(change.square().mean().sqrt() / z.abs().median().clamp(min=1e-30))
    k = z.shape[-1]
    change, z = change.reshape(-1, k), z.reshape(-1, k)
    centred = change - change.mean(1, keepdim=True)
    between_two = (centred.square().mean() * 2 * k / (k - 1)).sqrt()
    top = z.topk(2, dim=1).values
    return float(between_two / (top[:, 0] - top[:, 1]).median().clamp(min=1e-30))
