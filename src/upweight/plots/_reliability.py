"""Reliability: what probabilities promised and what came true, before and after a repair.

The trouble: a model that promises five times too many positives ranks as well as before, so nobody sees it in a curve of recall. In
this picture it lies below the diagonal:

    mean probability of a bin (promised)  against  share of its rows that came true (observed),   both axes as square roots

Rare classes live near zero, and square roots give them room; the area of a mark goes with the rows of its bin. The numbers are
`Repair.before.bins` and `.after.bins`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from ._canvas import AFTER, BEFORE, QUIET, axes, empty, legend, title

if TYPE_CHECKING:
    from .._undo import Repair

__all__ = ["reliability"]

TICKS = {  # end of the axes -> places with a number, far enough apart on a square-root axis
    0.01: (0.0, 0.001, 0.0025, 0.005, 0.01),
    0.02: (0.0, 0.001, 0.005, 0.01, 0.02),
    0.05: (0.0, 0.002, 0.01, 0.02, 0.05),
    0.1: (0.0, 0.005, 0.02, 0.05, 0.1),
    0.25: (0.0, 0.01, 0.05, 0.1, 0.25),
    0.5: (0.0, 0.01, 0.05, 0.1, 0.25, 0.5),
    1.0: (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0),
}


def reliability(r: Repair, *, ax: Any = None) -> Axes:
    """Promised against observed shares, bin by bin, before and after a repair, on square-root axes.

    Parameters
    ----------
    r : Repair, of `Correction.verify` or `recalibrate`. After a recalibration the second curve is on the rows it was learnt from.
    ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title the first line of the repair. The same numbers are `r.before.bins` and `r.after.bins`: (b, 3) mean probability,
    share that came true, rows. For more than two classes every class stands against the rest.

    Raises InputError for an `ax` that is none.

    >>> import numpy as np
    >>> import upweight as uw
    >>> rng = np.random.default_rng(0)
    >>> p = rng.uniform(0.05, 0.95, 4000)
    >>> y = rng.random(4000) < uw.Correction.kept(negatives=0.1).apply(p)
    >>> r = uw.Correction.kept(negatives=0.1).verify(y, p)
    >>> r.plot().get_title(loc="left")
    'confirmed by the formula alone, on 4,000 rows, 603 and 3,397\\nof the rarest and the commonest class'
    """
    ax = axes(ax, width=5.4, height=5.2)
    title(ax, str(r).split("\n")[0])
    curves = [("before", r.before.bins, False), ("after", r.after.bins, True)]
    if r.how == "none":
        curves = [("as they came", r.before.bins, True)]
    draw(ax, curves)
    return ax


def draw(ax: Axes, curves: list[tuple[str, np.ndarray, bool]]) -> None:
    """Curves (name, bins (b, 3), after) on square-root axes that reach from 0 to a round number beyond all of them."""
    ax.set_xlabel("promised probability (square-root axis)")
    ax.set_ylabel("observed share (square-root axis)")
    known = [(name, bins[np.isfinite(bins).all(axis=1)], after) for name, bins, after in curves]
    if not any(len(bins) for _, bins, _ in known):
        empty(ax, "no bins were kept: this was written by an earlier version, or has no rows")
        return
    top = next((t for t in TICKS if t >= max(bins[:, :2].max() for _, bins, _ in known if len(bins))), 1.0)
    _square_root(ax, top)
    diagonal = np.linspace(0, top, 50)
    ax.plot(diagonal, diagonal, color=QUIET, linestyle=":", label="kept promises")
    most = max(bins[:, 2].max() for _, bins, _ in known if len(bins))
    for name, bins, after in known:
        if len(bins):
            _curve(ax, name, bins, most, after)
    legend(ax, "upper left")


def _curve(ax: Axes, name: str, bins: np.ndarray, most: float, after: bool) -> None:
    color, style = (AFTER, "-") if after else (BEFORE, "--")
    ax.plot(bins[:, 0], bins[:, 1], color=color, linestyle=style, linewidth=1.2)
    low, high = (f"{x:,.0f}" for x in (bins[:, 2].min(), bins[:, 2].max()))
    rows = f"{high} row{'s' * (high != '1')}" if low == high else f"{low} to {high} rows"
    said = f"{name} ({len(bins)} bin{'s' * (len(bins) > 1)} of {rows})"
    face = color if after else "none"
    size = 14 + 46 * bins[:, 2] / most
    colors: dict[str, Any] = {"edgecolors": color, "facecolors": face, "clip_on": False, "zorder": 3}
    ax.scatter(bins[:, 0], bins[:, 1], s=size, marker="s" if after else "o", label=said, **colors)


def _square_root(ax: Axes, top: float) -> None:
    """Both axes from 0 to `top` as square roots, with round ticks."""
    root = (lambda x: np.sqrt(np.maximum(x, 0.0)), lambda x: np.square(x))
    for set_scale, axis in ((ax.set_xscale, ax.xaxis), (ax.set_yscale, ax.yaxis)):
        set_scale("function", functions=root)
        axis.set_major_locator(FixedLocator(TICKS[top]))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    ax.set_xlim(0, 1.02 * top)
    ax.set_ylim(0, 1.02 * top)
