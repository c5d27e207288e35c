"""A rare event: how it was found, what each stage said of p, and where it fails.

The trouble: a small probability with a small error bar looks the same whether the search arrived or not.

    left     share of points failing, level by level, a line an explorer
    middle   p of every draw, with its interval, at the calls spent by then; small points are repeats of subset simulation
    right    failures in standard space, over the two inputs of the largest sensitivity, area by weight
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ._canvas import AFTER, BEFORE, MAIN, QUIET, empty, headline, label, legend, several, title

if TYPE_CHECKING:
    from ..montecarlo import RareEvent

__all__ = ["rare_event"]

LARGEST = 60.0  # area of the heaviest failure, in points squared


def rare_event(r: RareEvent, *, ax: Any = None) -> Axes | Any:
    """Levels, p against calls, and the failures, side by side.

    Parameters
    ----------
    r : RareEvent, of `uw.montecarlo.rare`. ax : three Axes to draw on; None makes a figure.

    Returns
    -------
    Figure, or that of the axes given.

    Raises InputError for anything but three Axes.

    >>> import upweight as uw
    >>> len(uw.plots.rare_event(uw.montecarlo.rare(lambda x: 3.5 - x.sum(axis=1) / 2, 4, rng=0)).axes)
    3
    """
    panels = several(ax, 3, width=12.0, height=4.2)
    headline(panels[0], str(r).split("\n", 1)[0])
    facts = r.to_dict()
    _levels(panels[0], facts["history"])
    _stages(panels[1], facts)
    _cloud(panels[2], facts["cloud"])
    return panels[0].figure


def _levels(ax: Axes, history: list[dict[str, Any]]) -> None:
    title(ax, "the search")
    ax.set_xlabel("level")
    ax.set_ylabel("share of points failing")
    rows = [row for row in history if "level" in row]
    names = list(dict.fromkeys(row["explorer"] for row in rows))
    for name in names:
        mine = [row for row in rows if row["explorer"] == name]
        walks = name.startswith("explorer")
        ax.plot(
            [row["level"] for row in mine], [row["share_failing"] for row in mine],
            "o-" if walks else ".--", color=MAIN if walks else QUIET, linewidth=1, markersize=4,
        )  # fmt: skip
    ax.set_ylim(-0.03, 1.03)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if not names:
        empty(ax, "no level was run")


def _stages(ax: Axes, facts: dict[str, Any]) -> None:
    title(ax, "what each draw said")
    ax.set_xlabel("calls")
    ax.set_ylabel("p")
    calls, drawn = 0, False
    for row in facts["history"]:
        calls += row["calls"]
        if not row.get("p"):
            continue
        drawn = True
        if row["phase"] == "subset":
            ax.plot([calls], [row["p"]], ".", color=QUIET)
        elif row["phase"] == "sizing":
            half, at = 1.96 * (row["se"] or 0.0), min(row["p"], 1.0)
            ends = [[min(half, at)], [min(half, 1.0 - at)]]
            ax.errorbar([calls], [at], yerr=ends, fmt="s", color=BEFORE, fillstyle="none", capsize=3)
    if facts["probability"] is not None:
        value = min(facts["probability"]["value"], 1.0)
        drawn = True
        ends = [[max(value - facts["low"], 0.0)], [max(facts["high"] - value, 0.0)]]
        ax.errorbar([facts["calls"]], [value], yerr=ends, fmt="none", ecolor=AFTER, capsize=4)
        ax.plot([facts["calls"]], [value], "o", color=AFTER, label="the answer, 95 %")
        legend(ax)
    ax.set_xlim(0, 1.05 * max(calls, facts["calls"], 1))
    if not drawn:
        empty(ax, "no draw to show")


def _cloud(ax: Axes, cloud: dict[str, Any] | None) -> None:
    title(ax, "failures, in standard deviations")
    ax.set_xlabel("first input" if cloud is None else label(cloud["labels"][0]))
    ax.set_ylabel("second input" if cloud is None else label((cloud["labels"] + ["no second input"])[1]))
    if cloud is None or not cloud["u"]:
        empty(ax, "no call failed")
        return
    u, w = np.asarray(cloud["u"], dtype=float), np.asarray(cloud["weights"], dtype=float)
    size = LARGEST * w / w.max() if w.max() > 0 else np.full(len(w), 4.0)
    up = u[:, 1] if u.shape[1] > 1 else np.zeros(len(u))
    ax.scatter(u[:, 0], up, s=np.maximum(size, 1.0), color=MAIN, alpha=0.4, linewidths=0)
    ax.plot([0], [0], "+", color=QUIET, markersize=10, label="the typical point")
    legend(ax)
