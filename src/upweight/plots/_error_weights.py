"""Where the weight went, when rows that a learner gets wrong are lifted.

The trouble: "a tenth of the rows weighs four times as much" hides that they then hold a third of everything, and that wrong labels
may be among them. Two bars, before and after, are cut into the same three parts:

    lifted rows that look mislabelled,   other lifted rows,   the rest;    share of the total weight each holds

The numbers are `ErrorWeights.weights`, `.lifted`, `.lift` and `.suspects`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from ._canvas import BEFORE, MAIN, QUIET, axes, empty, share, title

if TYPE_CHECKING:
    from ..imbalance import ErrorWeights

__all__ = ["error_weights"]

PARTS = (("lifted", MAIN, "//"), ("lifted, all ten nearest disagree", BEFORE, "xx"), ("the rest", QUIET, ""))


def error_weights(e: ErrorWeights, *, ax: Any = None) -> Axes:
    """Share of the total weight of lifted rows, of those that look mislabelled, and of the rest, before and after.

    Parameters
    ----------
    e : ErrorWeights, of `upweight_errors`. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title the first line of what `e` says. The same numbers: sums of `e.weights` over `e.lifted` and `e.suspects`; before
    lifting, the weights of lifted rows are `e.lift` times smaller.

    Raises InputError for an `ax` that is none.

    >>> import numpy as np
    >>> import upweight as uw
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 2))
    >>> e = uw.imbalance.upweight_errors("logistic", X, X[:, 0] * X[:, 1] > 0, cv="3x1", rng=0)
    >>> [text.get_text() for text in e.plot().get_yticklabels()]
    ['before', 'after']
    """
    ax = axes(ax, width=7.2, height=2.9)
    ax.set_xlabel("share of the total weight (%)")
    ax.set_ylabel("lifting")
    title(ax, str(e).split("\n")[0])
    parts = np.array([_parts(e, lifted) for lifted in (False, True)])
    if not np.isfinite(parts).all():
        empty(ax, "every weight is zero")
        return ax
    left = np.zeros(2)
    for (name, color, hatch), width in zip(PARTS, 100 * parts.T, strict=True):
        if not width.any():
            continue
        ax.barh([0, 1], width, left=left, height=0.6, color=color, edgecolor="white", hatch=hatch, label=name)
        for y, (x, size) in enumerate(zip(left, width, strict=True)):
            if size >= 7:
                _figure(ax, x + size / 2, y, share(size / 100))
        left = left + width
    ax.set_xlim(0, 100)
    ax.set_yticks([0, 1], ["before", "after"])
    ax.set_ylim(1.6, -0.6)
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.28), ncols=3, fontsize="small", frameon=False)
    return ax


def _figure(ax: Axes, x: float, y: float, text: str) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    ax.text(x, y, text, ha="center", va="center", fontsize="small", color="black", bbox=box)


def _parts(e: ErrorWeights, lifted: bool) -> np.ndarray:
    """Shares of lifted rows, suspects among them, and the rest, with or without the lift."""
    w = np.asarray(e.weights, dtype=float) * (1.0 if lifted else np.where(e.lifted, 1 / e.lift, 1.0))
    suspect = np.zeros(len(w), dtype=bool)
    suspect[e.suspects] = True
    sums = np.array([w[e.lifted & ~suspect].sum(), w[e.lifted & suspect].sum(), w[~e.lifted].sum()])
    return sums / w.sum() if w.sum() > 0 else np.full(3, np.nan)
