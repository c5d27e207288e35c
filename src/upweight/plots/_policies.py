"""What another policy would have earned: one figure of three panels, a path of tamings, a distribution with its band.

The trouble: a value with its interval says neither what it is compared with, nor whether the probabilities of every day fit together, nor how much
of it hangs on a few large weights.

    evaluation     logged, target, gain and the proven interval | mean weight by label | value by cap
    taming_path    value of every candidate with its interval, and the one that was chosen
    distribution   share of weight below each reward, with the band that holds everywhere at once

The numbers are those of `Evaluation`, `Path` and `Band`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ._canvas import (
    BEFORE,
    MAIN,
    QUIET,
    THIRD,
    axes,
    empty,
    headline,
    label,
    legend,
    several,
    spread,
    title,
    under,
    whole,
)

if TYPE_CHECKING:
    from .._estimate import Estimate
    from ..ope import Band, Evaluation, Path

__all__ = ["distribution", "evaluation", "taming_path"]

SHOWN = 30  # labels that are drawn


def evaluation(e: Evaluation, *, ax: Any = None) -> Figure:
    """Three panels: logged, target, gain and proven interval as a forest; mean weight by label; value over caps of the weights.

    Parameters
    ----------
    e : Evaluation, of `uw.ope.evaluate`. ax : three Axes, as ``fig.subplots(1, 3)`` gives them; None makes a figure.

    Returns
    -------
    Figure of the three panels, its title the first line of the screen. The numbers are `e.logged`, `e.value`, `e.gain`, `e.guarantee`,
    `e.by` and `e.path`.

    Raises InputError for anything but three Axes. Costs: nothing is estimated.

    >>> import numpy as np
    >>> import upweight as uw
    >>> g = np.random.default_rng(0)
    >>> x = g.exponential(size=2000)
    >>> e = uw.ope.evaluate(1.0 * (x > 1), uw.ratio(0.8 * np.exp(-0.8 * x), np.exp(-x)), bounds=(0, 1))
    >>> [text.get_text() for text in e.plot().axes[0].get_yticklabels()]
    ['logged', 'target', 'gain', 'proven']
    """
    panels = several(ax, 3, width=12.0, height=4.0)
    _forest(panels[0], e)
    _labels(panels[1], e)
    _caps(panels[2], e)
    headline(panels[0], str(e).split("\n")[0])
    return whole(panels[0])


def _forest(ax: Axes, e: Evaluation) -> None:
    ax.set_xlabel("reward of a decision, 95 % interval")
    ax.set_ylabel("policy")
    named: dict[str, Estimate] = {"logged": e.logged, "target": e.value, "gain": e.gain}
    rows = [(name, one.value, *one.interval(), one.ok) for name, one in named.items()]
    if e.guarantee is not None:
        rows.append(("proven", math.nan, *e.guarantee, True))
    limits = spread([0.0, *(x for row in rows for x in row[1:4])])
    for y, (_, value, low, high, ok) in enumerate(rows):
        color = MAIN if ok else BEFORE
        ax.plot([max(low, limits[0]), min(high, limits[1])], [y, y], "-" if ok else "--", color=color)
        if math.isfinite(value):
            ax.plot([value], [y], "o" if ok else "s", color=color, markerfacecolor=color if ok else ax.get_facecolor())
    ax.axvline(0.0, color=QUIET, linestyle=":")
    ax.set_xlim(*limits)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_yticks(range(len(rows)), [row[0] for row in rows])
    doubt = next((f"{name}: {one.why}" for name, one in named.items() if not one.ok), "")
    under(ax, doubt or (f"no proof: {e.unproven}" if e.unproven else ""))


def _labels(ax: Axes, e: Evaluation) -> None:
    ax.set_xlabel("mean weight, ± 1.96 standard errors")
    ax.set_ylabel(label(e.by_name))
    if not e.by:
        return empty(ax, "no labels were given: evaluate(by=)")
    drawn = list(e.by.items())[:SHOWN]
    for broken in (False, True):
        places = [(y, s) for y, (_, s) in enumerate(drawn) if s.broken == broken]
        if places:
            color, name = (BEFORE, "breaks the promise") if broken else (MAIN, "keeps it")
            for y, s in places:
                half = 1.96 * s.mean_se if math.isfinite(s.mean_se) else 0.0
                ax.plot([s.mean - half, s.mean + half], [y, y], color=color)
            y, x = [p[0] for p in places], [p[1].mean for p in places]
            ax.plot(x, y, "s" if broken else "o", color=color, markersize=5, label=name)
    if math.isfinite(e.mean.mean):
        ax.axvline(1.0, color=QUIET, linestyle="--")
        legend(ax)
    ax.set_yticks(range(len(drawn)), [label(name, most=16) for name, _ in drawn])
    ax.set_ylim(len(drawn) - 0.5, -0.5)
    under(ax, f"the first {SHOWN} of {len(e.by):,} labels" if len(e.by) > SHOWN else "")
    return None


def _caps(ax: Axes, e: Evaluation) -> None:
    ax.set_xlabel("weights clipped at (log axis)")
    ax.set_ylabel("value")
    if e.path is None:
        return empty(ax, "no weight is above 1: nothing to clip")
    at, values = np.array(e.path.at[1:]), np.array(e.path.values[1:])
    low, high = e.value.interval()
    ax.set_xscale("log")
    ax.plot(at, values, "o-", color=MAIN, label="clipped")
    ax.axhline(e.value.value, color=THIRD, label="as logged")
    if math.isfinite(low) and math.isfinite(high):
        ax.axhspan(low, high, color=THIRD, alpha=0.15, linewidth=0)
    ax.axhline(e.logged.value, color=QUIET, linestyle="--", label="logged policy")
    legend(ax)
    return None


def taming_path(p: Path, *, ax: Any = None) -> Axes:
    """Value of every candidate with its interval, from untamed at the left to the most tamed, and the chosen one with the interval of `best`.

    Parameters
    ----------
    p : Path, of `uw.ope.path`. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes. The numbers are `p.estimates`, `p.at` and `p.best`.

    Raises InputError for an `ax` that is none. Costs: every candidate's estimate is made, if it was not yet.

    >>> import numpy as np
    >>> import upweight as uw
    >>> x = np.random.default_rng(0).exponential(size=1000)
    >>> p = uw.ope.path(x, uw.ratio(0.8 * np.exp(-0.8 * x), np.exp(-x)), taming="clip", grid=[2, 1])
    >>> [text.get_text() for text in p.plot().get_xticklabels()]
    ['untamed', '2', '1']
    """
    ax = axes(ax, width=6.4, height=4.0)
    ax.set_xlabel(
        {"shrink": "weights shrunk, lam", "clip": "weights clipped at", "drop": "weights dropped above"}[p.taming]
    )
    ax.set_ylabel("value, 95 % interval")
    values = np.array(p.values)
    x = np.arange(len(values))
    limits = _intervals(ax, p) if p.has_rows else spread(values.tolist())
    ax.plot(x, values, "o", color=MAIN, markersize=5, label="candidate")
    ax.set_xticks(x, ["untamed" if at == math.inf else f"{at:.3g}" for at in p.at])
    ax.set_ylim(*limits)
    legend(ax)
    title(ax, str(p).split("\n")[0])
    return ax


def _intervals(ax: Axes, p: Path) -> tuple[float, float]:
    """Those of every candidate and of the best; the limits of the axis that hold them."""
    ends = np.array([e.interval() for e in p.estimates], dtype=float)
    low, high = p.best.interval()
    limits = spread([*p.values, *ends.ravel(), low, high])
    for place, (start, stop) in enumerate(np.clip(ends, *limits).tolist()):
        ax.plot([place, place], [start, stop], color=MAIN)
    place = p.chosen + 0.15
    ax.plot([place, place], [max(low, limits[0]), min(high, limits[1])], "--", color=BEFORE)
    ax.plot([place], [p.best.value], "s", color=BEFORE, label="chosen, interval of best")
    return limits


def distribution(b: Band, *, ax: Any = None) -> Axes:
    """The distribution function of rewards under the target, and the band that covers all of it at once.

    Parameters
    ----------
    b : Band, of `uw.ope.band`. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes. The numbers are `b.at`, `b.share`, `b.low` and `b.high`.

    Raises InputError for an `ax` that is none.

    >>> import numpy as np
    >>> import upweight as uw
    >>> b = uw.ope.band(np.arange(200.0), uw.Weights.of(np.ones(200), kind="importance"), rng=0)
    >>> b.plot().get_ylabel()
    'share of weight at most there'
    """
    ax = axes(ax, width=6.4, height=4.0)
    ax.set_xlabel("reward")
    ax.set_ylabel("share of weight at most there")
    ax.fill_between(b.at, b.low, b.high, step="post", color=MAIN, alpha=0.25, linewidth=0)
    ax.step(b.at, b.share, where="post", color=MAIN)
    ax.set_ylim(0, 1)
    title(ax, str(b))
    return ax
