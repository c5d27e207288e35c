"""The picture of a verdict: who holds the total, how the tail falls, what tempering would buy.

The trouble: "10,000 rows worth 191, k-hat 0.75" is believed, or not, but not seen. Three panels show where the two figures come from:

    1  share of the total held by the r largest rows, r on a log axis; equal weights dashed, the ESS a vertical line
    2  share of rows with a larger weight, both axes logarithmic: a straight line is a power law, its slope -1/k; the Pareto fit
       that k-hat is read from is drawn over the rows it was fitted to
    3  effective rows after tempering by a power from 0 to 1; the place of these weights is marked, and so is the power that takes
       the tail to 0.5 where k-hat is too high

The numbers are `Verdict.curves`. What a tally or a document does not keep is said in the panel.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from .._weights import rows_worth
from ._canvas import BEFORE, MAIN, QUIET, THIRD, empty, headline, legend, several, under, whole

if TYPE_CHECKING:
    from .._check import Verdict

__all__ = ["verdict"]

JUDGED = ("importance", "inclusion")  # kinds whose averages are wanted, so whose tail counts
TAMINGS = ("smooth", "truncate", "clip", "temper", "shrink", "drop")


def verdict(v: Verdict, *, ax: Any = None) -> Figure:
    """Three panels on some weights: Lorenz curve with the ESS, tail with its Pareto fit, ESS by power of tempering.

    Parameters
    ----------
    v : Verdict, of `check`, of a tally, or read from its document; panels say what is not known of the last two.
    ax : three Axes, as ``fig.subplots(1, 3)`` gives them; None makes a figure.

    Returns
    -------
    Figure of the three panels, its title the first line of the verdict. The same numbers are `v.curves`: shares in [0, 1], rows,
    weights in multiples of the mean weight.

    Raises InputError for anything but three Axes. Costs: nothing is estimated; one sort of the weights at the first picture.

    >>> import numpy as np
    >>> import upweight as uw
    >>> v = uw.Weights.of(np.random.default_rng(0).pareto(1.5, 5000) + 1, kind="importance").check()
    >>> figure = uw.plots.verdict(v)
    >>> [line.get_label() for line in figure.axes[1].lines]
    ['rows below the cut', 'the tail', 'Pareto fit, k-hat 0.76']
    """
    panels = several(ax, 3, width=12.0, height=4.0)
    _lorenz(panels[0], v)
    _tail(panels[1], v)
    _tempering(panels[2], v)
    headline(panels[0], str(v).split("\n")[0])
    return whole(panels[0])


def _lorenz(ax: Axes, v: Verdict) -> None:
    curves = v.curves
    ax.set_xlabel("largest rows (count, log axis)")
    ax.set_ylabel("share of the total (%)")
    if not len(curves.rows):
        return empty(ax, curves.missing["held"])
    few = len(curves.rows) < 4
    ax.set_xscale("log")
    ax.plot(curves.rows, 100 * curves.held, "o" if few else "-", color=MAIN, label="these weights", clip_on=not few)
    equal = np.geomspace(1, v.n, 100)
    ax.plot(equal, 100 * equal / v.n, color=QUIET, linestyle="--", label="equal weights")
    if v.kind != "frequency" and v.ess >= 1:
        ax.axvline(v.ess, color=BEFORE, linestyle=":", label=f"ESS {rows_worth(v.ess)}")
    ax.set_xlim(0.8, max(1.25 * v.n, 10))
    ax.set_ylim(0, 103)
    legend(ax)
    under(ax, curves.missing.get("held", ""))
    return None


def _tail(ax: Axes, v: Verdict) -> None:
    curves, fit = v.curves, v.curves.fit
    ax.set_xlabel("weight (multiples of the mean, log axis)")
    ax.set_ylabel("rows with a larger weight (share)")
    if not len(curves.weight):
        said = "" if v.kind not in JUDGED or "zero" in curves.missing["weight"] else f"{_khat(v)}: "
        return empty(ax, said + curves.missing["weight"])
    ax.set_xscale("log")
    ax.set_yscale("log")
    _decades(ax.set_xlim, curves.weight)
    _decades(ax.set_ylim, curves.beyond)
    ax.xaxis.set_minor_formatter(NullFormatter())
    inside = curves.weight > fit.cut if fit is not None and v.kind in JUDGED else np.zeros(len(curves.weight), bool)
    ax.plot(
        curves.weight[~inside],
        curves.beyond[~inside],
        "o",
        color=QUIET,
        markersize=4,
        fillstyle="none",
        label="rows below the cut",
    )
    if fit is not None and inside.any():
        ax.plot(curves.weight[inside], curves.beyond[inside], "o", color=MAIN, markersize=4, label="the tail")
        x = np.geomspace(max(fit.cut, 1e-300), 1.5 * curves.weight[-1], 100)
        beyond = fit.share(x)
        drawn = beyond > 0.2 * curves.beyond[-1]
        ax.plot(x[drawn], beyond[drawn], color=BEFORE, linewidth=1.5, label=f"Pareto fit, {_khat(v)}")
        return legend(ax, "lower left")
    under(ax, _khat(v) if v.kind in JUDGED else f"the tail of {v.kind} weights is not judged")
    return None


def _decades(limit: Any, values: np.ndarray) -> None:
    """Limits at whole powers of ten around values so near each other that a log axis would show hardly a tick."""
    if values.max() < 100 * values.min():
        low, high = math.floor(math.log10(values.min())), math.ceil(math.log10(values.max()))
        limit(0.8 * 10.0**low, 1.25 * 10.0 ** max(high, low + 1))


def _khat(v: Verdict) -> str:
    if math.isnan(v.khat):
        return "k-hat not judged"
    return "no tail: the largest weights are equal" if v.khat == -math.inf else f"k-hat {v.khat:.2f}"


def _tempering(ax: Axes, v: Verdict) -> None:
    curves = v.curves
    ax.set_xlabel("power of tempering (1: as they came)")
    ax.set_ylabel("effective rows")
    if not len(curves.power):
        return empty(ax, curves.missing["ess"])
    partly = "ess" in curves.missing
    ax.plot(
        curves.power,
        curves.ess,
        color=MAIN,
        marker="o" if partly else None,
        linestyle="none" if partly else "-",
        label="ESS after tempering",
    )
    place, what = _present(v)
    here = float(np.interp(place, curves.power, curves.ess))
    if place in (0.0, 1.0) or not partly:
        ax.plot(
            [place], [here], "D", color=BEFORE, markersize=8, label=f"{what}: ESS {rows_worth(here)}", clip_on=False
        )
    if v.kind in JUDGED and 0.5 < v.khat < math.inf and not partly:
        power = 0.5 / v.khat
        ax.axvline(power, color=THIRD, linestyle="-.", label=f"tail at 0.5 (power {power:.2f})")
    ax.set_xlim(-0.03, 1.03)
    ax.set_ylim(0, 1.08 * float(curves.ess.max()))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    legend(ax)
    under(ax, curves.missing.get("ess", ""))
    return None


def _present(v: Verdict) -> tuple[float, str]:
    """The power these weights stand at, and how to call that place."""
    tamed = [step for step in v.trail if step.name in TAMINGS]
    powers = [
        float(step.params["power"]) for step in tamed if step.name == "temper" and _told(step.params.get("power"))
    ]
    if tamed and len(powers) == len(tamed):
        return math.prod(powers), f"now, power {math.prod(powers):.2f}"
    if len(tamed) == 1 and tamed[0].name == "temper" and tamed[0].ess_after is not None and len(v.curves.ess) > 2:
        power = float(np.interp(-tamed[0].ess_after, -v.curves.ess, v.curves.power))
        return power, f"now, power {power:.2f}"
    return 1.0, "before taming" if tamed else "now"


def _told(power: Any) -> bool:
    return isinstance(power, (int, float)) and 0 <= power <= 1
