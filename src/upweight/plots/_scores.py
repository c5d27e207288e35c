"""What scores promised, and what they kept.

The trouble: importance sampling that is on because of a promise alone can make training worse. The two lines must both lie above the gate.

    tau, gain by epoch, and the gate;      the numbers are `Scores.history` and `Scores.gate`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from ._canvas import BEFORE, MAIN, QUIET, axes, empty, legend, title

if TYPE_CHECKING:
    from ..training import Scores

__all__ = ["scores"]


def scores(s: Scores, *, ax: Any = None) -> Axes:
    """tau (what the scores promise) and gain (what they kept) by epoch, and the gate that both must reach.

    Parameters
    ----------
    s : Scores that a sampler has used. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, epochs from 0 on, figures on a log scale; without an epoch, words that say so.

    Raises InputError for an `ax` that is none.

    >>> from upweight.training import Scores
    >>> [line.get_label() for line in Scores(3).plot().lines]
    ['gate']
    """
    ax = axes(ax, width=6.4, height=3.6)
    ax.set_xlabel("epoch")
    ax.set_ylabel("figure")
    state = "on" if s.on else "off"
    title(ax, f"Drawing by scores is {state}: tau {s.tau:.3g}, gain {s.gain:.3g}, gate {s.gate:g}")
    ax.axhline(s.gate, color=QUIET, linestyle="--", label="gate")
    if not s.history:
        empty(ax, "no epoch of a sampler has ended yet")
        return ax
    epochs = np.arange(len(s.history))
    tau, gain = np.array(s.history).T
    ax.plot(epochs, tau, color=BEFORE, marker="o", markersize=4, label="tau, promised")
    ax.plot(epochs, gain, color=MAIN, marker="s", markersize=4, label="gain, kept")
    ax.set_yscale("log")
    legend(ax)
    return ax
