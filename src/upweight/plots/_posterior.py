"""Weighted points, a posterior and an integral: how they were found, and where they lie.

    draws       the points over two columns, area by weight
    posterior   ESS of every temperature or round; weighted marginals of the first columns, each in standard deviations from its mean
    integral    the repeats and the interval of their mean

The numbers are `d.x` and `d.weights`, `p.history`, `i.history` and `i.value`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from .._weights import rows_worth
from ._canvas import AFTER, BEFORE, MAIN, QUIET, THIRD, axes, empty, headline, label, legend, several, title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..montecarlo import Draws, Integral, Posterior

__all__ = ["draws", "integral", "posterior"]

MOST = 2000  # points of a picture
LARGEST = 60.0  # area of the heaviest point, in points squared
BINS = 40


def draws(d: Draws, *, ax: Any = None) -> Axes:
    """The points over their first two columns, as large as their weights.

    Parameters
    ----------
    d : Draws. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes; of one column the weights stand on the other axis, relative to the largest. The same numbers: `d.x`, `d.weights`.

    Raises InputError for an `ax` that is none.

    >>> from scipy import stats
    >>> import upweight as uw
    >>> d = uw.montecarlo.draw(lambda x: -abs(x[:, 0]), stats.norm(0, 2), 500, rng=0)
    >>> d.plot().get_ylabel()
    'weight over the largest'
    """
    ax = axes(ax, width=5.2, height=4.6)
    title(ax, str(d))
    shares, columns = _shares(d), _columns(d)
    names = list(columns)
    ax.set_xlabel(label(names[0]))
    ax.set_ylabel(label(names[1]) if len(names) > 1 else "weight over the largest")
    shown = _some(np.flatnonzero(shares > 0))
    if not shown.size:
        empty(ax, "no row has weight")
        return ax
    x = columns[names[0]][shown]
    y = columns[names[1]][shown] if len(names) > 1 else shares[shown]
    ax.scatter(x, y, s=np.maximum(1.0, LARGEST * shares[shown]), color=MAIN, alpha=0.4, linewidths=0)
    return ax


def posterior(p: Posterior, *, ax: Any = None) -> Figure:
    """How the points were found and where they lie, side by side.

    Parameters
    ----------
    p : Posterior, of `uw.montecarlo.evidence` or `adapt`. ax : two Axes to draw on; None makes a figure.

    Returns
    -------
    Figure, or that of the axes given. The same numbers: `p.history`, `p.draws`.

    Raises InputError for anything but two Axes.

    >>> from scipy import stats
    >>> import upweight as uw
    >>> p = uw.montecarlo.evidence(lambda x: stats.binom(20, x["p"]).logpmf(7), {"p": stats.beta(2, 5)}, rng=0)
    >>> [a.get_ylabel() for a in p.plot().axes]
    ['effective rows (logarithmic axis)', 'density']
    """
    panels = several(ax, 2, width=9.6, height=4.2)
    headline(panels[0], str(p).split("\n", 1)[0])
    _search(panels[0], p.history)
    _marginals(panels[1], p.draws)
    return panels[0].figure  # type: ignore[return-value]


def integral(i: Integral, *, ax: Any = None) -> Axes:
    """The repeats of an integral, and the interval of their mean.

    Parameters
    ----------
    i : Integral, of `uw.montecarlo.integrate`; of several integrands the first. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes: a point a repeat, a line at the mean, dotted ones at the ends of its 95 % interval. The same numbers: `i.history`, `i.value`.

    Raises InputError for an `ax` that is none.

    >>> import numpy as np
    >>> import upweight as uw
    >>> i = uw.montecarlo.integrate(lambda x: np.exp(x.sum(axis=1)), [(0, 1)] * 2, budget=13_000, rng=0)
    >>> uw.plots.integral(i).get_xlabel()
    'repeat, the map frozen'
    """
    ax = axes(ax, width=5.6, height=3.8)
    first = i.value if np.ndim(i.value.value) == 0 else i.value[0]
    title(ax, f"integral {first}")
    values = [one["value"][0] for one in i.history if one["phase"] == "frozen"]
    low, high = first.interval()
    ax.axhline(low, color=MAIN, linestyle=":", label="95 % interval")
    ax.axhline(high, color=MAIN, linestyle=":")
    ax.axhline(first.value, color=QUIET, linestyle="--", label="mean")
    ax.plot(range(1, len(values) + 1), values, "o", color=AFTER, label="repeats")
    ax.set_xlabel("repeat, the map frozen")
    ax.set_ylabel("integral")
    legend(ax)
    return ax


def _search(ax: Axes, history: list[dict[str, Any]]) -> None:
    """ESS, temperature by temperature or round by round, a line an explorer, and of the fresh draw."""
    title(ax, "the search")
    ax.set_xlabel("temperature or round")
    ax.set_ylabel("effective rows (logarithmic axis)")
    names = list(dict.fromkeys(row["explorer"] for row in history if "explorer" in row))
    if not names:
        empty(ax, "no step was taken")
        return
    ax.set_yscale("log")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    last = 1
    for name in names:
        mine = [row["ess"] for row in history if row.get("explorer") == name]
        last = max(last, len(mine))
        ax.plot(range(1, len(mine) + 1), mine, "o-", color=MAIN, linewidth=1, markersize=4)
    ax.plot([], [], "o-", color=MAIN, linewidth=1, markersize=4, label=f"explorers: {len(names)}")
    for row in history:
        if row["phase"] == "fresh draw":
            ax.plot(
                [last + 1], [max(row["ess"], 1.0)], "s", color=BEFORE, label=f"fresh draw: {rows_worth(row['ess'])}"
            )
    legend(ax)


def _marginals(ax: Axes, d: Draws | None) -> None:
    """Weighted densities of the first three columns, each in standard deviations from its mean."""
    title(ax, "weighted marginals")
    ax.set_xlabel("standard deviations from the mean")
    ax.set_ylabel("density")
    if d is None or not (shares := _shares(d)).any():
        empty(ax, "there are no draws")
        return
    w = shares / shares.sum()
    edges = np.linspace(-4, 4, BINS + 1)
    for (name, x), color, style in zip(
        list(_columns(d).items())[:3], (MAIN, BEFORE, THIRD), ("-", "--", ":"), strict=False
    ):
        mean = float(w @ x)
        sd = math.sqrt(float(w @ (x - mean) ** 2))
        if sd > 0 and math.isfinite(sd):
            density, _ = np.histogram((x - mean) / sd, bins=edges, weights=w)
            middles, high = 0.5 * (edges[1:] + edges[:-1]), density / np.diff(edges)
            ax.step(middles, high, where="mid", color=color, linestyle=style, label=label(name, most=20))
    if ax.get_legend_handles_labels()[0]:
        legend(ax)
    else:
        empty(ax, "no column varies")


def _shares(d: Draws) -> np.ndarray:
    """Weights (n,) relative to the largest; zeros where none is positive."""
    l = d.weights.log_w
    return np.exp(l - l.max()) if l.max() > -np.inf else np.zeros(l.size)


def _columns(d: Draws) -> dict[str, np.ndarray]:
    """The columns under their names."""
    return d.x if isinstance(d.x, dict) else {f"x{j}": d.x[:, j] for j in range(d.x.shape[1])}


def _some(rows: np.ndarray) -> np.ndarray:
    """At most 2000 rows, evenly spaced."""
    return rows if rows.size <= MOST else rows[np.linspace(0, rows.size - 1, MOST).astype(np.intp)]
