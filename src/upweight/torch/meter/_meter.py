"""Meter: what became of the weights while a network was trained.

The trouble: someone trains with weights and gets a network that behaves as if there were none. The weights were divided away in small batches; or they acted
and faded as the network interpolated; or they hold the model and hardly move it; or they act. All four look the same from outside. Three
measurements tell them apart:

    delivery   what share of the gradient each group really gets, read at the logits (`_delivery`)
    pull       what one epoch of the weights' part of the gradient would do to the outputs (`_pull`)
    trace      whether the finished model differs from its unweighted twin by more than shuffled weights make it (`trace`)

The meter leaves no mark: parameters, their gradients, buffers, modes and random numbers are the same with it and without.

What is inside: `Meter`. The rules from figures to a state are in `_states`. Never shown as influence are shares of gradient norm: at a stationary
point they balance, weights or not.

Sources: Byrd and Lipton, ICML (2019), that weights fade; the measurements are ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ... import _html as html
from ..._errors import InputError, require_int
from ..._set_module import set_module
from ...training import Finding, Trace
from ..losses import MASKED, margin_loss
from ._delivery import Delivered, DeliveryTally, Received, coefficients
from ._meter_data import bare, groupings, read_data
from ._pull import Pulled, PullRows, pull
from ._states import MeterFigures, finding

__all__ = ["Meter"]

ALWAYS, THEN_EVERY = 50, 10  # calls of `watch` that are measured: the first 50, then every tenth
TOGETHER, LARGE = 32, 1 << 18  # batches measured at once; numbers in one that is measured alone
TWINS = 22  # trainings of a trace with 19 twins

Loss = Callable[[Tensor, Tensor], Tensor]


@set_module("upweight.torch")
class Meter:
    """Measures what weights do to a network that is being trained: ``meter.watch(z, y)`` before backward, ``meter.step()`` after the optimiser.

        c_i = <dL/dz_i, dl_i/dz_i>/|dl_i/dz_i|^2,      P = lr S RMS(J Delta)/scale,  Delta = grad mean((w_i - 1) l_i)

    Parameters
    ----------
    model : module; ``model(X)``, or ``model(**X)`` for a dict, gives logits or something with `.logits`.
    data : (X, y), the training data: a tensor, array or dict of them, and (n,) labels, or numbers for regression.
    weight : `Weights` or (n,) numbers >= 0 that are meant to act, by a loss or by a sampler.
    loss : function (logits, y) -> one loss a row, unweighted; None is cross-entropy.
    probe : rows like those of `data`'s X on which outputs are looked at (256 at most); None takes the training rows.
    group : (n,) labels of groups whose shares are wanted instead of those of y; needs ``watch(index=)``.
    optimizer : for pull, one of torch's SGD, Adam and its kin, RMSprop, Adagrad, Adamax; None and others leave it unknown. every : steps between pulls; None takes steps 1, 3, 10, 32, 100 ... and `report`.

    Attributes
    ----------
    history : list of {"step", "epoch", "pull"}; pull is nan while nothing is learned yet.

    Raises
    ------
    InputError : X, y, weights or groups of different lengths; weights that are all equal.

    Costs: the first 50 batches and then every tenth, one more gradient at the logits; a pull costs about five training steps. It says what weights do to
    training, not whether they are the right ones.
    Source: ours; Byrd and Lipton, ICML (2019), for the question.

    >>> g = torch.Generator().manual_seed(0)
    >>> y = (torch.arange(3000) % 100 == 0).long()
    >>> w = torch.where(y == 1, 50.0, 0.5)
    >>> meter = Meter(nn.Linear(1, 2), (torch.zeros(3000, 1), y), w)
    >>> for _ in range(2500):
    ...     i = torch.randint(3000, (16,), generator=g)
    ...     z = torch.randn(16, 2, generator=g, requires_grad=True)
    ...     meter.watch(z, y[i])
    ...     nn.functional.cross_entropy(z, y[i], weight=torch.tensor([0.5, 50.0])).backward()
    >>> meter.report().state
    'not delivered'

    >>> meter.step()
    >>> meter.plot().axes[0].get_xlabel()
    'intended share of the gradient (%)'
    """

    def __init__(
        self,
        model: nn.Module,
        data: tuple[Any, Any],
        weight: Any,
        *,
        loss: Loss | None = None,
        probe: Any = None,
        group: Any = None,
        optimizer: torch.optim.Optimizer | None = None,
        every: int | None = None,
    ):
        if every is not None:
            require_int("every", every)
        X, y, w = read_data(data, weight)
        self.model, self.optimizer, self.every = bare(model), optimizer, every
        self.loss = margin_loss if loss is None else loss
        self.n, self._items = len(w), np.repeat(w, y.numel() // len(w))
        self.history: list[dict[str, float]] = []
        self._rows = PullRows(X, y, w, probe)
        self._device: torch.device | None = None
        self._groupings = groupings(y, w, group)
        self._tallies: dict[str, DeliveryTally] = {}
        self._codes: dict[str, Tensor] = {}
        self._open: list[Received] = []  # of the step that is not over
        self._closed: list[Received] = []
        self._counts = torch.zeros(4)  # rows and saturated rows, rows turned and turned away
        self._bad = torch.zeros(())
        self._calls = self._measured = self._seen = self._steps = 0
        self._learned, self._unindexed = True, False
        self._no_pull = "the optimiser was not given" if optimizer is None else ""

    # ---- in the loop ------------------------------------------------------------------------------------------------

    def watch(self, logits: Tensor, y: Tensor, *, index: Any = None, scale: Any = 1.0) -> None:
        """Look at what the coming backward pass brings to these logits.

        logits : (m,) or (m, K) those the loss is computed from, before `backward`. y : (m,) their labels. index : (m,) row numbers in the data, for groups and for weights
        that differ within a class. scale : what the loss is multiplied by before `backward` (a scaler's).

        Does nothing without a gradient. Costs: see `Meter`.
        """
        if not (torch.is_grad_enabled() and logits.requires_grad):
            return
        self._calls += 1
        self._seen += len(logits)
        if self._calls > ALWAYS and self._calls % THEN_EVERY:
            return
        self._measured += 1
        logits.register_hook(partial(self._received, logits.detach(), y.detach(), index, scale))

    def step(self, *, clip: Any = 1.0) -> None:
        """After the optimiser's step. clip : the factor by which gradients were scaled, min(1, most/norm), a number or a tensor."""
        self._flush(clip)
        self._steps += 1
        if self.optimizer is not None and self._due():
            self._pull()

    def _received(self, z: Tensor, y: Tensor, index: Any, scale: Any, received: Tensor) -> None:
        """The hook: what came is laid aside, and measured many batches at once; returns nothing, so the gradient stays what it is."""
        self._place(z.device)
        codes = {}
        if index is not None:
            rows = torch.as_tensor(index).to(z.device, non_blocking=True).reshape(-1)
            items = y.numel() // max(len(rows), 1)
            codes = {name: c[rows].repeat_interleave(items) for name, c in self._codes.items()}
        elif self._codes:
            self._unindexed = True
        self._open.append(Received(received.detach(), z, y, codes, 1.0 / scale))
        if len(self._open) > 2 * TOGETHER:  # nobody calls `step`
            self._flush(1.0)

    def _flush(self, clip: Any) -> None:
        """Close the step: its batches are measured when there are enough of them, or much of one."""
        for x in self._open:
            x = x._replace(factor=x.factor * clip)
            alike = (
                self._closed
                and self._closed[0].z.shape[1:] == x.z.shape[1:]
                and x.codes.keys() == self._closed[0].codes.keys()
            )
            if self._closed and (not alike or x.z.ndim > 2):
                self._measure()
            self._closed.append(x)
            if x.z.ndim > 2 or len(self._closed) >= TOGETHER or x.z.numel() > LARGE:
                self._measure()
        self._open.clear()

    def _measure(self) -> None:
        """Sums of the batches that were laid aside."""
        some, self._closed = self._closed, []
        if not some:
            return
        rows = coefficients(some, self.loss)
        flat = torch.cat([x.y.reshape(-1) for x in some])
        seen = flat != MASKED if not flat.is_floating_point() else torch.ones_like(flat, dtype=torch.bool)
        factor = torch.stack([torch.as_tensor(x.factor).to(flat.device, non_blocking=True).reshape(()) for x in some])
        for name, grouping in self._groupings.items():
            if grouping.of_y is not None:
                code = flat.long()
                code = torch.where(code < grouping.of_y, code, -1)
            elif some[0].codes:
                code = torch.cat([x.codes[name] for x in some])
            else:
                continue
            self._tallies[name].add(rows, code, seen, factor)
        live = seen & rows.finite[rows.batch]
        self._counts += torch.stack([(live & m).sum() for m in (live, ~rows.used, rows.turned, rows.unlike)])
        self._bad += (~rows.finite).sum()

    def _place(self, device: torch.device) -> None:
        if self._device == device:
            return
        self._device = device
        for name, grouping in self._groupings.items():
            self._tallies[name] = DeliveryTally(len(grouping.labels), device)
            if grouping.of_y is None:
                self._codes[name] = torch.as_tensor(grouping.code[:: len(grouping.code) // self.n], device=device)
        self._counts, self._bad = self._counts.to(device), self._bad.to(device)

    # ---- pull -------------------------------------------------------------------------------------------------------

    @property
    def _per_epoch(self) -> float:
        """Steps an epoch: rows over rows watched a step."""
        return self.n * max(self._steps, 1) / self._seen if self._seen else math.nan

    @property
    def _epoch(self) -> float:
        return self._seen / self.n

    def _due(self) -> bool:
        if self.every is not None:
            return self._steps % self.every == 0
        half = round(2 * math.log10(self._steps))
        return self._steps == round(10 ** (half / 2))

    def _pull(self) -> None:
        assert self.optimizer is not None
        self._rows.to(next(self.model.parameters()).device)
        found: Pulled = pull(self.model, self._rows, self.optimizer, self._per_epoch, self.loss)
        self._learned, self._no_pull = found.learned, found.no_steps
        self.history.append({"step": self._steps, "epoch": self._epoch, "pull": found.value})

    # ---- the outcome ------------------------------------------------------------------------------------------------

    def report(self, trace: Trace | None = None) -> Finding:
        """What became of the weights. trace : of `uw.torch.trace`, or None: whether the model changed is then not known.

        Returns a Finding with `.state`, grade, reasons, figures and advice; a pull is measured first unless this step has one.

        Raises InputError for a `trace` that `trace` did not give.
        """
        if trace is not None and not isinstance(trace, Trace):
            raise InputError(f"`trace` must be what uw.torch.trace gave; got {type(trace).__name__}.")
        self._flush(1.0)
        self._measure()
        if self.optimizer is not None and self._seen and not (self.history and self.history[-1]["step"] == self._steps):
            self._pull()
        return finding(self._figures(), trace)

    @property
    def delivered(self) -> dict[str, Delivered]:
        """By what rows are grouped by ("class" or "group", "weight"): shares delivered and intended so far, with standard errors."""
        self._measure()
        tallies = [(name, self._groupings[name], t) for name, t in self._tallies.items() if float(t.batches)]
        return {name: Delivered.of(t, g.labels, g.code, self._items) for name, g, t in tallies}

    def _figures(self) -> MeterFigures:
        delivered = self.delivered
        rows, saturated, turned, unlike = (float(c) for c in self._counts.cpu())
        unknown = [
            name for name, g in self._groupings.items() if g[2] is None and self._unindexed and name not in delivered
        ]
        return MeterFigures(
            delivered, unknown, self.history, self._epoch, self._learned, self.optimizer is not None, self._no_pull, self._measured,
            saturated / max(rows, 1), unlike / max(turned, 1), int(self._bad), TWINS,
        )  # fmt: skip

    def plot(self, ax: Any = None) -> Any:
        """Two panels: delivered against intended shares, and pull over epochs; see `upweight.plots.meter`."""
        from ...plots import meter

        return meter(self, ax=ax)

    def __str__(self) -> str:
        return str(finding(self._figures(), None))

    def __repr__(self) -> str:
        return f"<Meter: {self._calls:,} batches watched, {len(self.history)} pulls>"

    def _repr_html_(self) -> str:
        return html.block([repr(self), str(self)])
