"""Whether lifting errors helped, group by group.

The trouble: a mean accuracy hides whom the lift helped and at whose cost.

    accuracy on the judge part, before (hollow) and after (filled), a line a group

The numbers are `Struggles.by_group`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes

from ._canvas import AFTER, BEFORE, QUIET, axes, empty, label, legend, title

if TYPE_CHECKING:
    from ..training import Struggles

__all__ = ["struggles"]

MOST = 30


def struggles(s: Struggles, *, ax: Any = None) -> Axes:
    """Accuracy of each group on the judge part, before and after; the worst 30 groups, the worst on top.

    Parameters
    ----------
    s : Struggles, of `uw.torch.struggles`. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title what `s` says.

    Raises InputError for an `ax` that is none.

    >>> import numpy as np
    >>> import upweight as uw
    >>> y = np.random.default_rng(0).random(1000) < 0.15
    >>> s = uw.torch.struggles(lambda rows, weight: lambda asked: y[asked], 1000)
    >>> uw.plots.struggles(s).get_xlabel()
    'accuracy on rows no fit has seen'
    """
    groups = sorted(s.by_group.items(), key=lambda item: item[1][1])[:MOST]
    ax = axes(ax, width=6.4, height=2.4 + 0.3 * len(groups))
    title(ax, str(s))
    ax.set_xlabel("accuracy on rows no fit has seen")
    ax.set_ylabel("group")
    if not groups:
        empty(ax, "no row was lifted")
        return ax
    for i, (_, (_, before, after)) in enumerate(groups):
        ax.plot([before, after], [i, i], color=QUIET, linewidth=1)
    ax.plot([g[1][1] for g in groups], range(len(groups)), "o", color=BEFORE, fillstyle="none", label="before")
    ax.plot([g[1][2] for g in groups], range(len(groups)), "o", color=AFTER, label="after")
    ax.set_yticks(range(len(groups)), [label(f"{name} ({row[0]:,})") for name, row in groups])
    ax.set_ylim(len(groups) - 0.4, -0.6)
    legend(ax)
    return ax
