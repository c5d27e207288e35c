"""What a loss makes of weights as a network grows.

The trouble: at one norm every loss looks as if it heard the weights. What counts is the line: flat, and they keep acting; falling to one, and they fade.

    m_1/m_0 against the norm R, on a logarithmic axis

The numbers are `TwoPoint.norms` and `.ratios`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes

from ._canvas import MAIN, QUIET, axes, title

if TYPE_CHECKING:
    from ..torch import TwoPoint

__all__ = ["two_point"]


def two_point(q: TwoPoint, *, ax: Any = None) -> Axes:
    """Ratio of the margins of the heavy and the other point, by the norm of the network; dashed, margins that are equal.

    Parameters
    ----------
    q : TwoPoint, of `uw.torch.two_point`. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, the norms R and 2R that the verdict compares marked. Norms at which the loss has no slope are left out.

    Raises InputError for an `ax` that is none.

    >>> from torch.nn.functional import softplus
    >>> import upweight as uw
    >>> uw.plots.two_point(uw.torch.two_point(lambda m, y: softplus(-m), ratio=16.0, norm=40.0)).get_xlabel()
    'norm of the network'
    """
    ax = axes(ax, width=6.0, height=3.8)
    title(ax, str(q))
    ax.plot(q.norms, q.ratios, color=MAIN)
    ax.plot([q.norm, 2 * q.norm], [q.ratio, q.at_twice], "o", color=MAIN)
    ax.axhline(1.0, color=QUIET, linestyle="--", linewidth=1)
    ax.set_xscale("log")
    ax.set_xlabel("norm of the network")
    ax.set_ylabel("ratio of the margins")
    return ax
