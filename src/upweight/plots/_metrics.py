"""The figures of a model on weighted rows as a forest: how well each is known.

The trouble: a log loss of .017 and an area of .87 share no axis. So each line is a share of its own figure, one at the value, with the value beside it:

    roc_auc    ----o----    0.866 (0.859 to 0.873)

filled with a solid line if the interval can be believed, hollow and dashed if not. The numbers are `m.estimates`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from ._canvas import BEFORE, MAIN, QUIET, axes, legend, title

if TYPE_CHECKING:
    from .._estimate import Estimate
    from ..negatives import Metrics

__all__ = ["metrics"]

WIDEST = 1.0  # an interval wider than the figure itself ends in an arrow


def metrics(m: Metrics, *, level: float = 0.95, ax: Any = None) -> Axes:
    """A forest of metrics: each interval over its figure, with the figure beside it.

    Parameters
    ----------
    m : Metrics of `negatives.metrics`. level : of the intervals. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, a line a figure; where one is not defined its reason stands beside the name. The numbers are `m.estimates`, `e.interval(level)`.

    Raises InputError for an `ax` that is none.

    >>> import upweight as uw
    >>> m = uw.negatives.metrics([0, 0, 1, 1] * 50, [0.1, 0.4, 0.35, 0.8] * 50, sample_weight=[10, 10, 1, 1] * 50)
    >>> [text.get_text() for text in uw.plots.metrics(m).get_yticklabels()][:3]
    ['log_loss', 'brier', 'roc_auc']
    """
    ax = axes(ax, width=7.6, height=3.4)
    each = m.estimates
    title(ax, m._said)
    ax.axvline(1.0, color=QUIET, linestyle="--", linewidth=1)
    lines = [_line_of(y, e, level) for y, e in enumerate(each.values())]
    known = [line for line in lines if line is not None]
    reach = min(WIDEST, max((max(1 - low, high - 1) for _, low, high, _ in known), default=WIDEST))
    ax.set_xlim(1 - 1.1 * reach, 1 + 1.1 * reach)
    for ok in (True, False):
        _marks(ax, [line for line in known if line[3] == ok], ok=ok, reach=reach)
    ax.set_yticks(range(len(each)), list(each))
    ax.set_ylim(len(each) - 0.4, -0.6)
    ax.set_xlabel(f"interval ({100 * level:g} %) over the figure")
    ax.set_ylabel("figure")
    for y, e in enumerate(each.values()):
        ax.text(1.02, y, beside(e, level), transform=ax.get_yaxis_transform(), va="center", fontsize="small")
    if len({line[3] for line in known}) > 1:
        legend(ax)
    return ax


def _line_of(y: int, e: Estimate, level: float) -> tuple[int, float, float, bool] | None:
    """(place, low, high, believed) in shares of the figure; None where it is not defined or zero."""
    if not e.value > 0:
        return None
    low, high = e.interval(level)
    return y, float(low) / float(e.value), float(high) / float(e.value), bool(e.ok)


def _marks(ax: Axes, lines: list[tuple[int, float, float, bool]], *, ok: bool, reach: float) -> None:
    """The lines that can be believed, or those that cannot."""
    if not lines:
        return
    color, style = (MAIN, "-") if ok else (BEFORE, "--")
    for y, low, high, _ in lines:
        left, right = max(low, 1 - reach), min(high, 1 + reach)
        ax.plot([left, right], [y, y], color=color, linestyle=style, linewidth=1.6)
        ax.plot([left], [y], "|" if low >= 1 - reach else "<", color=color, markersize=7)
        ax.plot([right], [y], "|" if high <= 1 + reach else ">", color=color, markersize=7)
    face = color if ok else ax.get_facecolor()
    name = "interval can be believed" if ok else "interval cannot be believed"
    ax.plot(
        np.ones(len(lines)), [y for y, *_ in lines], "o" if ok else "s", color=color, mfc=face, label=name, zorder=3
    )


def beside(e: Estimate, level: float) -> str:
    """The figure and its interval in words."""
    if math.isnan(e.value):
        return "not defined"
    low, high = e.interval(level)
    return f"{e.value:.4g} ({low:.4g} to {high:.4g})"
