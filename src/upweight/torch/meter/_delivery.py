"""How much of the weights arrives in the gradient, read from the gradient itself.

The trouble: between a weight and its effect stand a reducer, a sampler, clipping, accumulation, loss scaling and somebody's wrapper, and any of them can
divide the weight away or apply it twice. What arrives can be measured at the logits, whatever happened before:

    G_i = dL/dz_i  received,   g_i = dl_i/dz_i  of the bare loss,     c_i = <G_i, g_i>/<g_i, g_i>      the coefficient really applied
    D_g = share of  N_g mean(c over unsaturated rows of g),   against   I_g = sum_g w / sum w

Delivery fails where D/I leaves [.8, 1.25] and |D - I| > sqrt(9 + 2 log G) SE, G groups, SE between batches times sqrt(max(1, I/D)); the log keeps a
hundred groups from raising a hundred false alarms. D near sum_g w^2/sum w^2 is what weights applied twice look like. Rows with max|g| < 1e-5 are
saturated and say nothing; groups with fewer than 30 unsaturated rows are left out of both shares, since the rest would be judged by theirs.

What is inside: `Received`, one batch; `coefficients`, of several at once; `DeliveryTally`, their sums by group, on the device; `Delivered`, the figures and the judgement.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

__all__ = ["Delivered", "DeliveryTally", "Received", "coefficients"]

SATURATED = 1e-5
FEWEST = 30  # unsaturated rows of a group that is judged
LOW, HIGH = 0.8, 1.25
ALIKE = 0.99  # cosine of G and g: below it in the median the losses differ


class Received(NamedTuple):
    """What one backward pass brought: G and z (m, ...), labels (m,), group of each row by grouping, the factor that undoes scaling."""

    gradient: Tensor
    z: Tensor
    y: Tensor
    codes: dict[str, Tensor]
    factor: Any


class Rows(NamedTuple):
    """Rows of several batches: batch, coefficient, whether unsaturated, whether there is a direction, whether it is another than g's; (B,) all finite."""

    batch: Tensor
    c: Tensor
    used: Tensor
    turned: Tensor
    unlike: Tensor
    finite: Tensor


def coefficients(some: Sequence[Received], loss: Callable[[Tensor, Tensor], Tensor]) -> Rows:
    """Coefficients of the rows of some batches, all at once; nothing waits for the device.

    loss : (z, y) -> one loss a row (or item).
    """
    z = torch.cat([x.z for x in some]) if len(some) > 1 else some[0].z
    y = torch.cat([x.y for x in some]) if len(some) > 1 else some[0].y
    with torch.enable_grad():
        at = z.float().detach().requires_grad_(True)
        (g,) = torch.autograd.grad(loss(at, y).sum(), at)
    items = y.numel()
    sizes = torch.tensor([x.y.numel() for x in some])
    batch = torch.repeat_interleave(torch.arange(len(some)), sizes, output_size=items).to(z.device, non_blocking=True)
    G = torch.cat([x.gradient.float().reshape(x.y.numel(), -1) for x in some])
    wrong = (~torch.isfinite(G)).any(dim=1)
    finite = torch.zeros(len(some), device=z.device).index_add(0, batch, wrong.float()) == 0
    G, g = torch.where(finite[batch][:, None], G, 0.0), g.reshape(items, -1)
    top = g.abs().amax(dim=1, keepdim=True)
    safe = top.clamp(min=1e-30)
    a, b = G / safe, g / safe
    square, along, size = (b * b).sum(1), (a * b).sum(1), (a * a).sum(1)
    used = (top[:, 0] >= SATURATED) & finite[batch]
    turned = used & (size > 0)
    cosine = along / (size * square).clamp(min=1e-30).sqrt()
    return Rows(batch, along / square.clamp(min=1e-30), used, turned, turned & (cosine < ALIKE), finite)


class DeliveryTally:
    """Sums by group over batches: rows, unsaturated rows, coefficients, and what the standard error needs; all on one device."""

    def __init__(self, groups: int, device: torch.device):
        exact = torch.float32 if device.type == "mps" else torch.float64
        self.rows = torch.zeros(groups, dtype=exact, device=device)
        self.used = torch.zeros_like(self.rows)
        self.sum = torch.zeros_like(self.rows)
        self.square, self.cross = torch.zeros_like(self.rows), torch.zeros_like(self.rows)
        self.total_square, self.batches = torch.zeros_like(self.rows[0]), torch.zeros_like(self.rows[0])

    def add(self, rows: Rows, code: Tensor, seen: Tensor, factor: Tensor) -> None:
        """Add some batches. code : group of each row, -1 none. seen : whether it counts. factor : (B,) of each batch's coefficients."""
        groups, batches = len(self.rows), len(rows.finite)
        seen = seen & (code >= 0) & rows.finite[rows.batch]
        used = seen & rows.used
        place = rows.batch * groups + code.clamp(min=0)
        kind = self.rows.dtype

        def by_batch(values: Tensor) -> Tensor:
            flat = torch.zeros(batches * groups, dtype=kind, device=values.device)
            return flat.index_add(0, place, values.to(kind)).reshape(batches, groups)

        c = by_batch(torch.where(used, rows.c, 0.0)) * factor.to(kind)[:, None]
        total = c.sum(1)
        self.rows += by_batch(seen).sum(0)
        self.used += by_batch(used).sum(0)
        self.sum += c.sum(0)
        self.square += (c * c).sum(0)
        self.cross += (c * total[:, None]).sum(0)
        self.total_square += (total * total).sum()
        self.batches += rows.finite.sum()


@dataclass(frozen=True)
class Delivered:
    """Shares of each group: what arrived, its standard error, what was meant, what weights applied twice would give, rows seen, and the judgement.

    labels : names of the groups. delivered, se, intended, doubled : (G,) float64; nan where nothing was seen. judged, failed : (G,) bool.
    """

    labels: list[Any]
    delivered: np.ndarray
    se: np.ndarray
    intended: np.ndarray
    doubled: np.ndarray
    rows: np.ndarray
    used: np.ndarray
    judged: np.ndarray
    failed: np.ndarray

    @classmethod
    def of(cls, tally: DeliveryTally, labels: list[Any], code: np.ndarray, w: np.ndarray) -> Delivered:
        """The judgement of a tally. code : (n,) group of each row of the data, -1 none. w : (n,) weights."""
        groups = len(labels)
        there = code >= 0
        mass, square = (np.bincount(code[there], v[there], minlength=groups) for v in (w, w * w))
        rows, used, c, s, cross = (
            x.cpu().numpy().astype(float) for x in (tally.rows, tally.used, tally.sum, tally.square, tally.cross)
        )
        judged = (used >= FEWEST) & (mass > 0)
        judged &= judged.sum() > 1  # shares are among the groups that are judged: one alone has all of it
        batches = float(tally.batches)
        amount = np.divide(rows * c, used, out=np.zeros(groups), where=used > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            among = [np.where(judged, x / x[judged].sum(), np.nan) for x in (amount, c, mass, square)]
            delivered, plain, intended, doubled = among
            residual = np.maximum(s - 2 * plain * cross + plain**2 * float(tally.total_square), 0.0)
            se = np.sqrt(residual * batches / (batches - 1)) / c[judged].sum()
            se = se * np.where(plain > 0, delivered / plain, 1.0)
            wide = se * np.sqrt(np.maximum(1.0, intended / delivered))
            judged &= np.isfinite(wide)
            far = np.abs(delivered - intended) > math.sqrt(9 + 2 * math.log(groups)) * wide
            failed = judged & far & ~between(delivered / intended)
        return cls(labels, delivered, se, intended, doubled, rows, used, judged, failed)

    @property
    def double_counted(self) -> bool:
        """Whether what arrived, where it is wrong, is what weights applied twice would give."""
        if not self.failed.any():
            return False
        d, q = self.delivered[self.failed], self.doubled[self.failed]
        near = between(d / q) | (np.abs(d - q) <= 3 * self.se[self.failed])
        return bool(near.all())

    @property
    def named(self) -> int:
        """The group to be named: among the failed, else the judged, the one that the weights were to lift most."""
        among = self.failed if self.failed.any() else self.judged
        lift = self.intended / np.maximum(self.rows, 1)
        return int(np.where(among, lift, -np.inf).argmax())


def between(ratio: np.ndarray) -> np.ndarray:
    return (ratio >= LOW) & (ratio <= HIGH)
