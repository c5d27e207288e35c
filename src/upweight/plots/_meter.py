"""What a meter saw: what arrived of the weights, and how hard they still push.

The trouble: a state is one word. Whether a share is off by a hair or by half, and whether pull faded long ago or just now, is seen at once.

    left    delivered share against the intended one, a group each, on logarithmic axes, with 3 standard errors; dashed, equality
    right   pull against epochs, on logarithmic axes; dashed, .1, below which weights hardly move the model

The numbers are the figures of `Meter.report` and `Meter.history`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ._canvas import MAIN, QUIET, empty, headline, legend, several, whole

if TYPE_CHECKING:
    from ..torch import Meter

__all__ = ["meter"]

ACTS = 0.1
MARKS = "os^D"


def meter(m: Meter, *, ax: Any = None) -> Figure:
    """Delivered against intended shares, and pull over epochs.

    Parameters
    ----------
    m : Meter. ax : two Axes to draw on; None makes a figure.

    Returns
    -------
    Figure of two panels, its title what `m` says without a trace. Groups that could not be judged are left out.

    Raises InputError for an `ax` that is not two.

    >>> import torch
    >>> import upweight as uw
    >>> y = (torch.arange(300) % 10 == 0).long()
    >>> m = uw.torch.Meter(torch.nn.Linear(1, 2), (torch.zeros(300, 1), y), torch.where(y == 1, 5.0, 0.5))
    >>> z = torch.randn(300, 2, requires_grad=True)
    >>> m.watch(z, y)
    >>> torch.nn.functional.cross_entropy(z, y, weight=torch.tensor([0.5, 5.0])).backward()
    >>> len(uw.plots.meter(m).axes)
    2
    """
    left, right = several(ax, 2, width=9.6, height=4.0)
    headline(left, str(m))
    _shares(left, m.delivered)
    _pulls(right, m.history)
    return whole(left)


def _shares(ax: Axes, delivered: Any) -> None:
    ax.set_xlabel("intended share of the gradient (%)")
    ax.set_ylabel("delivered (%)")
    known = {by: (d, d.judged & (d.delivered > 0)) for by, d in delivered.items()}
    if not any(there.any() for _, there in known.values()):
        empty(ax, "delivery is not known")
        return
    for (by, (d, there)), mark in zip(known.items(), MARKS, strict=False):
        meant, came = 100 * d.intended[there], 100 * d.delivered[there]
        bar = np.minimum(300 * d.se[there], 0.99 * came)
        ax.errorbar(meant, came, yerr=bar, fmt="none", color=MAIN, capsize=2, linewidth=1)
        ax.plot(meant, came, mark, color=MAIN, label=f"by {by}")
    low, high = ax.get_xlim()
    span = [max(low, 1e-3), max(high, 1e-2)]
    ax.plot(span, span, color=QUIET, linestyle="--", linewidth=1)
    ax.set_xscale("log")
    ax.set_yscale("log")
    legend(ax)


def _pulls(ax: Axes, history: Any) -> None:
    ax.set_xlabel("epoch")
    ax.set_ylabel("pull an epoch")
    seen = [(h["epoch"], h["pull"]) for h in history if h["pull"] > 0]
    if not seen:
        empty(ax, "pull is not known")
        return
    epochs, pulls = np.array(seen).T
    ax.plot(epochs, pulls, "o-", color=MAIN)
    ax.axhline(ACTS, color=QUIET, linestyle="--", linewidth=1)
    ax.set_xscale("log")
    ax.set_yscale("log")
