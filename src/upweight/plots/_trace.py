"""Whether weights changed a model, beside what the same weights, shuffled, do.

The trouble: a difference from the unweighted twin proves nothing, since every disturbance makes one. The weights' own mark has to stand apart
from those of their shuffles.

    T of each twin, a cross each; T of the weights, a filled mark; dashed, twice the twins' mean

The numbers are `Trace.value` and `.null`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from ._canvas import BEFORE, MAIN, QUIET, axes, legend, title

if TYPE_CHECKING:
    from ..training import Trace

__all__ = ["trace"]


def trace(t: Trace, *, ax: Any = None) -> Axes:
    """T of the weights among the T of shuffled weights.

    Parameters
    ----------
    t : Trace, of `uw.torch.trace`. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title what `t` says; per cent of predictions for labels, standard deviations for scores.

    Raises InputError for an `ax` that is none.

    >>> import numpy as np
    >>> import upweight as uw
    >>> x = np.random.default_rng(0).normal(size=200)
    >>> uw.plots.trace(uw.torch.trace(lambda w: np.average(x, weights=w) + np.arange(9.0), np.exp(x))).get_xlabel()
    'mean change of predictions (sd)'
    """
    ax = axes(ax, width=6.4, height=2.6)
    title(ax, str(t))
    scale = 100.0 if t.labels else 1.0
    height = np.linspace(-0.3, 0.3, len(t.null))
    ax.plot(scale * t.null, height, "x", color=QUIET, label="shuffled weights")
    ax.plot([scale * t.value], [0], "o", color=MAIN, markersize=9, label="the weights")
    ax.axvline(
        2 * scale * float(t.null.mean()), color=BEFORE, linestyle="--", linewidth=1, label="twice the mean of shuffled"
    )
    ax.set_xlim(left=0)
    ax.set_ylim(-0.6, 1.1)
    ax.set_yticks([])
    ax.set_xlabel("predictions changed (%)" if t.labels else "mean change of predictions (sd)")
    ax.set_ylabel("fits")
    legend(ax, "upper right")
    return ax
