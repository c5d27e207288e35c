"""Two points tell whether a loss lets weights act: the smallest problem in which they can wash out.

The trouble: a network that can separate its training rows ends where its margins say, and cross-entropy's tail forgets weights: their logarithm moves
margins by a constant while margins grow. That is decided by the loss alone, so two rows and two parameters are enough to see it:

    x = +1, y = 1, weight r;     x = -1, y = 0, weight 1;     f = a x + b,   margins  m_1 = a + b,  m_0 = a - b
    on the circle |(a, b)| = R the minimiser obeys      r l_1'(m_1)/m_1 = l_0'(m_0)/m_0

    cross-entropy   m_1 - m_0 + log(m_1/m_0) = log r         a gap that stays while margins grow: the ratio goes to one
    poly(alpha)     m_1/m_0 = r^(1/(alpha + 2))              the same ratio at any norm

What is inside: `two_point`; `TwoPoint`, its answer. Which loss to take is decided by `.verdict`.

Sources: Wang et al., ICLR (2022), for the polynomial tail; Kini et al., NeurIPS (2021), for margins by class; Byrd and Lipton, ICML (2019).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ... import _html as html
from ..._errors import InputError, is_number
from ..._set_module import set_module

__all__ = ["TwoPoint", "two_point"]

Loss = Callable[[Tensor, Tensor], Tensor]
HALVINGS = 200
KEEPS, FADES = 0.9, 0.6
CURVE = np.geomspace(0.05, 2.0, 40)  # norms of the picture, in units of R
EQUAL = 1e-9  # of a log ratio: margins that are equal


@set_module("upweight.torch")
@dataclass(frozen=True, eq=False, repr=False)
class TwoPoint:
    """What a loss makes of weights on two points; made by `two_point`.

    Attributes
    ----------
    ratio : float, m_1/m_0 at `norm`. gap : float, m_1 - m_0 there. norm : R. weight : r, the weight ratio asked for.
    at_twice : float, m_1/m_0 at 2R. verdict : "keeps acting", "fades slowly", "fades as the network grows" or "does not act".
    norms, ratios : (k,) float64, the ratio against the norm; nan where the loss has no slope left or none yet.

    >>> from torch.nn.functional import softplus
    >>> from upweight.torch import two_point
    >>> q = two_point(lambda m, y: softplus(-m), ratio=16.0, norm=40.0)
    >>> q.verdict, q.plot().get_xlabel()
    ('fades as the network grows', 'norm of the network')
    """

    ratio: float
    gap: float
    norm: float
    weight: float
    at_twice: float
    norms: np.ndarray
    ratios: np.ndarray

    @property
    def kept(self) -> float:
        """log ratio at 2R over that at R: 1 keeps acting, 1/2 fades as one over the norm; nan where margins are equal."""
        return math.log(self.at_twice) / math.log(self.ratio) if abs(math.log(self.ratio)) > EQUAL else math.nan

    @property
    def verdict(self) -> str:
        """What becomes of the weights when the network grows from R to 2R."""
        if math.isnan(self.kept):
            return "does not act"
        return (
            "keeps acting"
            if self.kept >= KEEPS
            else "fades as the network grows"
            if self.kept <= FADES
            else "fades slowly"
        )

    def plot(self, ax: Any = None) -> Any:
        """Ratio of the margins against the norm; see `upweight.plots.two_point`."""
        from ...plots import two_point as picture

        return picture(self, ax=ax)

    def __str__(self) -> str:
        kept = (
            "" if math.isnan(self.kept) else f"; at norm {2 * self.norm:g} {100 * self.kept:.0f} % of its log is left"
        )
        return f"{self.verdict}: weights {self.weight:g}:1 give margins {self.ratio:.4f}:1 at norm {self.norm:g}{kept}."

    def __repr__(self) -> str:
        return f"TwoPoint({self.verdict}, ratio {self.ratio:.4f}, gap {self.gap:.4f})"

    def _repr_html_(self) -> str:
        return html.block([str(self)])


def two_point(loss: Loss, *, ratio: float = 16.0, norm: float = 20.0) -> TwoPoint:
    """Margins of two points, one of them `ratio` times as heavy, under a loss and a network of a given size.

        r l_1'(m_1)/m_1 = l_0'(m_0)/m_0    with    m_1^2 + m_0^2 = 2 R^2

    Parameters
    ----------
    loss : function (margin, y) of two float64 and int64 tensors (k,) giving losses (k,), falling in the margin; y is 1 for the heavy point, 0 for
        the other: ``lambda m, y: F.softplus(-m)``, ``lambda m, y: tail(delta[y] * m)``.
    ratio : r > 0. norm : R > 0, what the network can reach; margins are of that size.

    Returns
    -------
    TwoPoint: `ratio`, `gap`, `verdict`.

    Raises
    ------
    InputError : r or R not above 0, losses that are not one a margin or do not depend on it, or a slope that is 0 at R or 2R (hinge; cross-entropy far out,
        where float64 ends).

    Costs: nothing is trained. Two points separate; what overlapping data do with weights is another matter: there they act.
    Source: the stationarity condition of the norm-bounded problem; Wang et al., ICLR (2022), for alpha; Kini et al., NeurIPS (2021), for margins.

    >>> from torch.nn.functional import softplus
    >>> q = two_point(lambda m, y: softplus(-m), ratio=16.0, norm=40.0)
    >>> q.verdict, round(q.gap + math.log(q.ratio) - math.log(16), 9) + 0.0
    ('fades as the network grows', 0.0)
    """
    if not callable(loss):
        raise InputError(
            f"`loss` must be a function (margin, y) -> losses; got {type(loss).__name__}. Such as lambda m, y: poly(1.0)(m)."
        )
    for name, value in (("ratio", ratio), ("norm", norm)):
        if not is_number(value) or not 0 < value < math.inf:
            raise InputError(f"`{name}` must be a finite number above 0; got {value!r}.")
    norms = np.concatenate([[1.0, 2.0], CURVE]) * norm
    heavy, other, steep = _solved(loss, float(ratio), torch.as_tensor(norms))
    if not steep[:2].all():
        raise InputError(
            f"the loss must fall at the margins of norm {norm:g} and {2 * norm:g}; its slope is 0 there, in float64. Take a smaller `norm`, or a loss with a tail."
        )
    ratios = np.where(steep, heavy / other, np.nan)
    return TwoPoint(
        float(ratios[0]), float(heavy[0] - other[0]), float(norm), float(ratio), float(ratios[1]), norms[2:], ratios[2:]
    )


def _solved(loss: Loss, r: float, norms: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(m_1, m_0, whether both slopes are positive) of every norm, by bisection of the angle between the margins."""
    low, high = torch.zeros_like(norms), torch.full_like(norms, math.pi / 2)
    length = math.sqrt(2) * norms
    for _ in range(HALVINGS):
        angle = (low + high) / 2
        excess = math.log(r) + _log_pull(loss, length * angle.sin(), 1) - _log_pull(loss, length * angle.cos(), 0)
        more = torch.nan_to_num(excess, nan=0.0) > 0  # the heavy point still pulls more: its margin grows
        low, high = torch.where(more, angle, low), torch.where(more, high, angle)
    angle = (low + high) / 2
    m_1, m_0 = length * angle.sin(), length * angle.cos()
    steep = torch.isfinite(_log_pull(loss, m_1, 1)) & torch.isfinite(_log_pull(loss, m_0, 0))
    return m_1.numpy(), m_0.numpy(), steep.numpy()


def _log_pull(loss: Loss, m: Tensor, label: int) -> Tensor:
    """log(-l'(m)/m); -inf where the loss has no slope, nan where it rises."""
    at = m.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        losses = loss(at, torch.full(m.shape, label, dtype=torch.int64))
    if not isinstance(losses, Tensor) or losses.shape != m.shape or not losses.requires_grad:
        what = tuple(losses.shape) if isinstance(losses, Tensor) else type(losses).__name__
        raise InputError(
            f"`loss` must give one differentiable loss a margin, shape {tuple(m.shape)}; got {what}. Use reduction='none'."
        )
    (slope,) = torch.autograd.grad(losses.sum(), at)
    return torch.log(-slope.double()) - torch.log(m)
