"""A comparison of remedies in three panels: the differences, precision against recall, and what the probabilities promised.

The trouble: a table of twenty remedies and twelve figures is read for its largest number. Three panels show what the verdict was read
from:

    1  average precision less that of moving the threshold, with intervals; within +-.01 there is no difference worth a name
    2  precision against recall of every remedy, two of them named
    3  reliability of one, untouched and repaired

All of it stands in the document `Comparison.to_dict()` ("rows" and "curves"), and is drawn from it, so a stored comparison is drawn too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .._check import float_of
from .._errors import InputError
from ._canvas import AFTER, BEFORE, QUIET, empty, finite, headline, label, legend, several, spread, title, under, whole
from ._reliability import draw

if TYPE_CHECKING:
    from ..imbalance import Comparison

__all__ = ["comparison"]

SCHEMA = "upweight.compare/1"
REFERENCE = "threshold"
SAME = 0.01  # a difference of average precision within this has no name
SURE = 0.05
SHOWN = 40


def comparison(c: Comparison | Mapping[str, Any], *, ax: Any = None) -> Figure:
    """Forest of AP differences, precision against recall, and reliability, the verdict as title.

    Parameters
    ----------
    c : Comparison of `upweight.imbalance.compare`, or its document `upweight.compare/1`.
    ax : three Axes, as ``fig.subplots(1, 3)`` gives them; None makes a figure.

    Returns
    -------
    Figure. Filled marks: the difference is sure (adjusted p < .05). The second and third panel name the remedy of the verdict, else
    that of the best average precision. The same numbers: "rows" and "curves" of `c.to_dict()`.

    Raises InputError for a document of another schema, and for anything but three Axes.

    Costs: one remedy of many is shown; the intervals of the others stand in the first panel.

    >>> from sklearn.datasets import load_digits
    >>> import upweight as uw
    >>> X, digit = load_digits(return_X_y=True)
    >>> c = uw.imbalance.compare(X[:600], digit[:600] == 8, methods="weights", cv="3x1", rng=0)
    >>> [ax.get_title(loc="left") for ax in c.plot().axes]
    ['ranking (grade: unreliable)', 'precision and recall', 'reliability of weights']
    """
    facts = c if isinstance(c, Mapping) else c.to_dict()
    if facts.get("schema") != SCHEMA:
        raise InputError(f"a comparison has schema {SCHEMA!r}; got {facts.get('schema')!r}. Pass what to_dict() gave.")
    rows = [row for row in facts["rows"] if row["name"] != REFERENCE]
    panels = several(ax, 3, width=13.5, height=max(4.4, 1.6 + 0.24 * min(len(rows), SHOWN)))
    named = _named(facts)
    _forest(panels[0], rows, facts["verdict"]["grade"])
    _precision(panels[1], facts, named)
    _promises(panels[2], facts, named)
    headline(panels[0], (facts["verdict"]["sentences"] or [facts["verdict"]["code"]])[0])
    return whole(panels[0])


def _named(facts: Mapping[str, Any]) -> str:
    """The remedy that is named: the verdict's, else the best ranked one."""
    code = str(facts["verdict"]["code"])
    if code.startswith("use:"):
        return code.removeprefix("use:")
    ranked = [row for row in facts["rows"] if row["name"] not in (REFERENCE, "none") and _told(row["ap"])]
    return max(ranked, key=lambda row: float(row["ap"]))["name"] if ranked else REFERENCE


def _told(x: Any) -> bool:
    return not math.isnan(float_of(x))


def _forest(ax: Axes, rows: list[Mapping[str, Any]], grade: str) -> None:
    title(ax, f"ranking (grade: {grade})")
    ax.set_xlabel("average precision less that of moving the threshold")
    ax.set_ylabel("remedy")
    drawn = rows[:SHOWN]
    figures = np.array([[float_of(row[key]) for key in ("ap_low", "ap_diff", "ap_high", "ap_p")] for row in drawn])
    if not len(drawn) or not np.isfinite(figures[:, 1]).any():
        return empty(ax, "no difference could be told: too few folds are in")
    low, mid, high, p = figures.T
    limits = _limits(finite(figures[:, :3]))
    ax.set_xlim(*limits)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.axvspan(-SAME, SAME, color=QUIET, alpha=0.2, linewidth=0)
    ax.axvline(0, color=QUIET, linewidth=1)
    for y, (a, b) in enumerate(zip(low, high, strict=True)):
        _interval(ax, y, a, b, limits)
    y, sure = np.arange(len(drawn)), p < SURE
    for group, face in ((sure, AFTER), (~sure, ax.get_facecolor())):
        if (group & np.isfinite(mid)).any():
            ax.plot(mid[group], y[group], "o", color=AFTER, markerfacecolor=face, zorder=3)
    ax.set_yticks(y, [label(row["name"], most=28) + " (failed)" * bool(row["error"]) for row in drawn])
    ax.set_ylim(len(drawn) - 0.4, -0.6)
    more = f"; {len(rows) - SHOWN} more are not drawn" if len(rows) > SHOWN else ""
    under(ax, f"grey: no difference (±.01); filled: sure (adjusted p < .05){more}")
    return None


def _limits(bounds: np.ndarray) -> tuple[float, float]:
    """Limits that hold every bound, but for those three times as far out as three of four are."""
    reach = max(3 * float(np.quantile(np.abs(bounds), 0.75)), SAME)
    return spread([*np.clip(bounds, -reach, reach), -SAME, SAME])


def _interval(ax: Axes, y: int, low: float, high: float, limits: tuple[float, float]) -> None:
    """The interval of one remedy; an arrow where it leaves the axis."""
    if math.isnan(low) or math.isnan(high):
        return
    ends = max(low, limits[0]), min(high, limits[1])
    ax.plot(ends, [y, y], color=AFTER, linewidth=1.4)
    for x, mark, beyond in ((ends[0], "<", low < limits[0]), (ends[1], ">", high > limits[1])):
        ax.plot([x], [y], mark if beyond else "|", color=AFTER, markersize=6, clip_on=False)


def _precision(ax: Axes, facts: Mapping[str, Any], named: str) -> None:
    title(ax, "precision and recall")
    ax.set_xlabel("recall (share of positives found)")
    ax.set_ylabel("precision (share of alerts that are right)")
    curves = {name: found["pr"] for name, found in facts["curves"].items() if found.get("pr")}
    if not curves:
        return empty(ax, _no_curves(facts))
    others = [name for name in curves if name not in (REFERENCE, named)]
    for i, name in enumerate(others):
        said = f"{len(others)} other{'s' * (len(others) != 1)}" if i == 0 else None
        ax.plot(*_line(curves[name]), color=QUIET, linewidth=0.8, alpha=0.6, label=said)
    if REFERENCE in curves:
        ax.plot(*_line(curves[REFERENCE]), color=BEFORE, linestyle="--", linewidth=1.8, label="moving the threshold")
    if named in curves and named != REFERENCE:
        ax.plot(*_line(curves[named]), color=AFTER, linewidth=1.8, label=label(named, most=28))
    if _told(facts["data"]["prevalence"]):
        ax.axhline(float(facts["data"]["prevalence"]), color=QUIET, linestyle=":", label="chance")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.03)
    legend(ax)
    return None


def _line(pr: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    return [float_of(x) for x in pr["recall"]], [float_of(x) for x in pr["precision"]]


def _promises(ax: Axes, facts: Mapping[str, Any], named: str) -> None:
    title(ax, f"reliability of {named}")
    curves = facts["curves"].get(named, {})
    kinds = (("untouched", "calibration_raw", False), ("repaired", "calibration", True))
    bins = [(name, _bins(curves.get(key) or []), after) for name, key, after in kinds]
    if any(len(b) for _, b, _ in bins):
        return draw(ax, bins)
    ax.set_xlabel("promised: mean probability of a bin")
    ax.set_ylabel("observed: share that came true")
    return empty(ax, _no_curves(facts))


def _bins(found: list[Mapping[str, Any]]) -> np.ndarray:
    return np.array([[float_of(b[key]) for key in ("proba", "observed", "count")] for b in found]).reshape(-1, 3)


def _no_curves(facts: Mapping[str, Any]) -> str:
    return "curves are for two classes" if len(facts["data"]["classes"]) > 2 else "no remedy has finished a fold"
