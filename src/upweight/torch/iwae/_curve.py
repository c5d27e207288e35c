"""The bound over K from one set of draws: has it levelled off?

The trouble: two bounds of different K from different draws differ by noise as well as by K. From one set of K draws,

    value at k = mean over K/k disjoint blocks of (LSE of the block - log k)

and where each k divides the next, a block is the union of smaller ones, so that by Jensen's inequality the curve never falls, for any
numbers, but for rounding. Whatever is gained by the last doubling is still being missed.

What is inside: `curve`; `Curve`.

Source: Burda, Grosse & Salakhutdinov (2016), theorem 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch

from ... import _html as html
from ..._errors import InputError, require_int
from ..._set_module import set_module
from ._log_weights import log_weights

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Curve", "curve"]


@set_module("upweight.torch.iwae")
@dataclass(frozen=True, eq=False, repr=False)
class Curve:
    """The bound a row at several K; made by `curve`.

    Attributes
    ----------
    ks : tuple of int, each a divisor of the next.
    values : (..., len(ks)) in nats, never falling along the last axis; detached.
    gain : (...) the last value less the first, in nats: L_K - L_1 unless other ks were asked for.

    >>> import torch
    >>> from upweight.torch import iwae
    >>> c = iwae.curve(torch.randn(50, 16, generator=torch.Generator().manual_seed(0)))
    >>> c.ks, [round(v, 2) for v in c.means()], c.plot().get_xlabel()
    ((1, 2, 4, 8, 16), [0.07, 0.28, 0.42, 0.5, 0.56], 'draws (K)')
    """

    ks: tuple[int, ...]
    values: torch.Tensor

    @property
    def gain(self) -> torch.Tensor:
        return self.values[..., -1] - self.values[..., 0]

    def means(self) -> list[float]:
        """The mean over rows at each k, in nats."""
        return self.values.double().reshape(-1, len(self.ks)).mean(0).tolist()

    def __str__(self) -> str:
        means = self.means()
        at = ", ".join(f"L_{k} {value:.6g}" for k, value in zip(self.ks, means, strict=True))
        last = f"; the last step added {means[-1] - means[-2]:.2g}" if len(means) > 1 and means[-2] > -math.inf else ""
        return f"{at} nats{last}"

    def __repr__(self) -> str:
        rows = self.values.numel() // len(self.ks)
        return f"Curve({rows:,} row{'s' * (rows != 1)}, k up to {self.ks[-1]:,}, gain {self.means()[-1] - self.means()[0]:.3g} nats)"

    def _repr_html_(self) -> str:
        means = self.means()
        steps = ["", *(f"{b - a:.3g}" for a, b in pairwise(means))]
        rows = [[f"{k:,}", f"{m:.6g}", s] for k, m, s in zip(self.ks, means, steps, strict=True)]
        return html.block([f"{self!r}"], ["draws", "bound (nats)", "added"], rows, left=0)

    def plot(self, ax: Any = None) -> Axes:
        """The bound against K; see `upweight.plots.curve`."""
        from ...plots import curve

        return curve(self, ax=ax)


def curve(log_w: torch.Tensor, ks: Sequence[int] | None = None) -> Curve:
    """The bound at several K from one set of draws, for each row.

        value at k = mean over disjoint consecutive blocks of (LSE(block) - log k)

    Parameters
    ----------
    log_w : (..., K) float32 or float64 tensor in nats; -inf is a weight of zero.
    ks : ascending, each a divisor of the next, the largest at most K; None is the powers of two up to K. Draws after the last whole
        multiple of the largest are not used: 5000 are cut to 4096.

    Returns
    -------
    Curve, detached; computed in float64, O(K).

    Raises
    ------
    InputError : as `bound`; ks that do not divide each other or pass K.

    Costs: at small k many blocks, at the largest one: the right end is the noisiest. Source: Burda, Grosse & Salakhutdinov (2016).

    >>> [round(v, 6) for v in curve(torch.tensor([1.0, 2.0, 3.0, 4.0]).log()).values.tolist()]
    [0.794513, 0.829114, 0.916291]
    """
    l = log_weights(log_w).detach()
    steps = _ks(ks, l.shape[-1])
    blocks = l[..., : l.shape[-1] // steps[-1] * steps[-1]].double()
    values, done = [], 1
    for k in steps:
        blocks = torch.logsumexp(blocks.unflatten(-1, (-1, k // done)), -1)
        values.append(blocks.mean(-1) - math.log(k))
        done = k
    return Curve(steps, torch.stack(values, -1).to(l.dtype))


def _ks(ks: Sequence[int] | None, most: int) -> tuple[int, ...]:
    """The ks, looked at; powers of two if not given."""
    if ks is None:
        return tuple(2**i for i in range(most.bit_length()))
    steps = tuple(ks)
    for k in steps:
        require_int("ks", k)
    wrong = next((pair for pair in pairwise(steps) if pair[0] >= pair[1] or pair[1] % pair[0]), None)
    if not steps or wrong:
        raise InputError(
            f"each of `ks` must divide the next; got {wrong or steps}. Use powers of one number: 1, 4, 16."
        )
    if steps[-1] > most:
        raise InputError(f"`ks` must not pass the draws; got {steps[-1]} of {most} draws. Draw more, or ask for fewer.")
    return tuple(int(k) for k in steps)
