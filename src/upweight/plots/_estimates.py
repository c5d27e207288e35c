"""Estimates as points and intervals: one, or several as a forest.

The trouble: two estimates are compared by their values, because the intervals stand elsewhere, and whether an interval can be believed
stands nowhere. Here every line holds all of it:

    name      ----o----      k-hat 0.61, ESS 214 of 1,000

filled with a solid line if the interval can be believed, hollow and dashed if not; an interval without an end ends in arrows at
the edges. The numbers are `Estimate.value`, `.interval(level)`, `.khat`, `.ess`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._errors import InputError
from .._estimate import Estimate, is_of_repeats, tail_said
from .._weights import rows_worth
from ._canvas import BEFORE, MAIN, axes, empty, label, legend, spread, title

__all__ = ["estimates"]

SHOWN = 60  # lines of a forest


@dataclass(frozen=True)
class ForestLine:
    """One line of a forest."""

    name: str
    value: float
    low: float
    high: float
    khat: float
    ok: bool
    beside: str


def estimates(named: Mapping[Any, Estimate] | Estimate, *, level: float = 0.95, ax: Any = None) -> Axes:
    """A forest: each estimate with its interval, its k-hat and effective rows beside it.

    Parameters
    ----------
    named : {name: Estimate}, or one Estimate; one of c averages takes c lines. All in one unit, that of the axis.
    level : of the intervals, in (0, 1).
    ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, first estimate on top. The title is the sentence of a single estimate; of several, the first reason not to believe one.
    The same numbers are `e.value`, `e.interval(level)`, `e.khat` and `e.ess`.

    Raises InputError for anything but Estimates. Costs: intervals that overlap do not say that two estimates are alike; `a - b` does.

    >>> import numpy as np
    >>> import upweight as uw
    >>> w = uw.Weights.of(np.linspace(1, 3, 200), kind="importance")
    >>> ax = uw.plots.estimates({"first": w.mean(np.arange(200.0)), "second": w.mean(np.arange(200.0) ** 0.9)})
    >>> [text.get_text() for text in ax.get_yticklabels()], ax.get_xlabel()
    (['first', 'second'], 'estimate, 95 % interval (unit of f)')
    """
    items = dict(named) if isinstance(named, Mapping) else {"": named}
    wrong = next((e for e in items.values() if not isinstance(e, Estimate)), None)
    if wrong is not None:
        raise InputError(f"a forest takes {{name: Estimate}}; got {type(wrong).__name__}. Pass what w.mean(f) gives.")
    lines = [line for name, e in items.items() for line in _lines(name, e, level)]
    drawn = lines[:SHOWN]
    ax = axes(ax, width=7.6, height=1.5 + 0.3 * max(2, len(drawn)))
    ax.set_xlabel(f"estimate, {100 * level:g} % interval (unit of f)")
    ax.set_ylabel("estimate")
    if not any(math.isfinite(line.value) for line in drawn):
        title(ax, _sentence(items, lines))
        empty(ax, "no estimate to draw" if not drawn else "no estimate is a finite number")
        return ax
    ax.set_xlim(*spread([x for line in drawn for x in (line.value, line.low, line.high)]))
    for ok in (True, False):
        _draw(ax, [(y, line) for y, line in enumerate(drawn) if line.ok == ok], ok)
    ax.set_ylim(len(drawn) - 0.4, -0.6)
    named_lines = any(line.name for line in drawn)
    ax.set_yticks(range(len(drawn)) if named_lines else [], [line.name for line in drawn] if named_lines else [])
    title(ax, _sentence(items, lines))
    for y, line in enumerate(drawn):
        ax.text(1.02, y, line.beside, transform=ax.get_yaxis_transform(), va="center", fontsize="small")
    if len({line.ok for line in drawn}) > 1:
        legend(ax)
    return ax


def _lines(name: Any, e: Estimate, level: float) -> list[ForestLine]:
    low, high = e.interval(level)
    worth = np.broadcast_to(e.ess, np.shape(e.value))
    each = zip(*(np.atleast_1d(x).ravel().tolist() for x in (e.value, low, high, e.khat, worth)), strict=True)
    many = np.ndim(e.value) > 0
    return [
        ForestLine(
            label(f"{name}[{i}]" if many else name, most=36),
            value,
            a,
            b,
            k,
            e.ok,
            f"{e.n:,} repeats" if is_of_repeats(e) else f"{tail_said(k)}, ESS {rows_worth(ess)} of {e.n:,}",
        )
        for i, (value, a, b, k, ess) in enumerate(each)
    ]


def _sentence(items: Mapping[Any, Estimate], lines: list[ForestLine]) -> str:
    """What a single estimate says of itself; of several, whether all can be believed."""
    if len(lines) == 1:
        (e,) = (e for e in items.values() if np.size(e.value))
        return f"{str(e).removeprefix('[0] ')}{': ' * bool(e.why)}{e.why}"
    wrong = next(((name, e) for name, e in items.items() if not e.ok), None)
    cut = f", the first {SHOWN} drawn" if len(lines) > SHOWN else ""
    if wrong is None:
        return f"{len(lines)} estimates{cut}" if lines else "no estimates"
    name = f"{wrong[0]}: " if str(wrong[0]) else ""
    return f"{len(lines)} estimates{cut}; {name}{wrong[1].why}"


def _draw(ax: Axes, lines: list[tuple[int, ForestLine]], ok: bool) -> None:
    """The lines that can be believed, or those that cannot, as one set of marks."""
    if not lines:
        return
    color, style = (MAIN, "-") if ok else (BEFORE, "--")
    left, right = ax.get_xlim()
    for y, line in lines:
        if math.isnan(line.value):
            continue
        low, high = max(line.low, left), min(line.high, right)
        ax.plot([low, high], [y, y], color=color, linestyle=style, linewidth=1.6)
        ends = [(low, "<", line.low == -math.inf), (high, ">", line.high == math.inf)]
        for x, mark, infinite in ends:
            ax.plot([x], [y], mark if infinite else "|", color=color, markersize=7, clip_on=False)
    name = "interval can be believed" if ok else "interval cannot be believed"
    x = [line.value if math.isfinite(line.value) else math.nan for _, line in lines]
    face = color if ok else ax.get_facecolor()
    ax.plot(x, [y for y, _ in lines], "o" if ok else "s", color=color, markerfacecolor=face, label=name, zorder=3)
