"""How unequally a sampler draws, and what the loss makes up for.

The trouble: a proposal is n numbers. What matters of them is how much of the epoch goes to how few rows, and how large a loss weight can get.

    share of the draws of the most drawn rows, against their share of the rows;     the same of draws times loss weight, which is the target

The numbers are `sampler.p` and `sampler.loss_weight`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ._canvas import BEFORE, MAIN, QUIET, axes, legend, share, title

__all__ = ["sampler"]

POINTS = 512


def sampler(s: Any, *, ax: Any = None) -> Axes:
    """Share of an epoch's draws that go to the most drawn rows, and the share of the loss that they have after loss weights.

    Parameters
    ----------
    s : ImportanceSampler, PruningSampler, or a shard of one. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, both in per cent; the diagonal is one draw a row.

    Raises InputError for an `ax` that is none.

    >>> from upweight.torch import ImportanceSampler
    >>> ax = ImportanceSampler([1.0, 1.0, 8.0]).plot()
    >>> " ".join(ax.get_title(loc="left").split())
    'The most drawn tenth of the rows has 80 % of the draws; loss weights up to 1'
    """
    ax = axes(ax, width=5.4, height=4.6)
    ax.set_xlabel("rows, the most drawn first (%)")
    ax.set_ylabel("share of the epoch (%)")
    p, v = np.asarray(s.p), np.asarray(s.loss_weight, dtype=float)
    order = np.argsort(-p, kind="stable")
    drawn, loss = (np.r_[0.0, np.cumsum(x[order])] for x in (p, p * v))
    at = np.unique(np.linspace(0, len(p), min(POINTS, len(p) + 1)).round().astype(int))
    tenth = drawn[max(1, round(0.1 * len(p)))]
    title(
        ax, f"The most drawn tenth of the rows has {share(tenth)} of the draws; loss weights up to {v[p > 0].max():.3g}"
    )
    x = 100 * at / len(p)
    ax.plot([0, 100], [0, 100], color=QUIET, linestyle="--", label="one draw a row")
    ax.plot(x, 100 * drawn[at], color=MAIN, label="draws")
    ax.plot(x, 100 * loss[at] / loss[-1], color=BEFORE, linestyle=":", linewidth=2, label="draws times loss weight")
    legend(ax, "lower right")
    return ax
