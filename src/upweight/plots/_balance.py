"""The love plot: how far each column of the source is from the target, before and after weighting.

The trouble: a balance table of forty rows is read for its worst one, and whether the others got better or worse is lost. Here every
row is a line with two marks,

    |SMD| before (hollow)  and  after weighting (filled),     worst after weighting on top,     .1 and .25 as vertical lines

so that what moved to the left was mended, and what did not was missed. Names and figures are those of the table: `Balance.to_dict()`.

Sources: Love (2002), for the form; Austin (2009) for 0.1; Stuart (2010) for 0.25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from .._errors import counted
from ._canvas import AFTER, BEFORE, QUIET, axes, empty, finite, label, legend, title, under

if TYPE_CHECKING:
    from .._balance import Balance

__all__ = ["balance"]

SHOWN = 30  # rows of the table that are drawn, the worst
LINES = (0.1, 0.25)


def balance(b: Balance, *, ax: Any = None) -> Axes:
    """A love plot: absolute standardised mean differences before and after weighting, worst first.

    Parameters
    ----------
    b : Balance. Of a table of more than 30 rows the worst 30 are drawn, and the others counted.
    ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title the first line of the table. The same numbers are `b.smd_before`, `b.smd_after` (in standard deviations, signed)
    and `b.to_dict()`; an infinite difference stands at the right edge as an arrow, an unknown one is left out.

    Raises InputError for an `ax` that is none.

    >>> import numpy as np
    >>> import upweight as uw
    >>> source, target = np.array([[0.0, 1], [1, 1], [2, 0], [3, 1]]), np.array([[2.0, 1], [3, 0], [4, 1]])
    >>> ax = uw.plots.balance(uw.balance(source, target, weights=uw.Weights.of([0, 1, 2, 5], kind="importance")))
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['0', '1']
    """
    rows = _worst(b)
    ax = axes(ax, height=1.9 + 0.26 * max(4, len(rows)))
    ax.set_xlabel("absolute standardised difference of means (sd)")
    ax.set_ylabel("row of the table, worst first")
    if not len(rows):
        title(ax, str(b).split("\n")[0])
        empty(ax, "the table has no rows")
        return ax
    edge = 1.08 * max([*finite(np.abs(b.smd_before[rows])), *finite(np.abs(b.smd_after[rows])), 0.3])
    if b.weighted:
        _moves(ax, np.abs(b.smd_before[rows]), np.abs(b.smd_after[rows]), edge)
        _marks(ax, np.abs(b.smd_before[rows]), edge, "before weighting", BEFORE, filled=False)
    _marks(ax, np.abs(b.smd_after[rows]), edge, "after weighting" if b.weighted else "source", AFTER, filled=True)
    for at, style in zip(LINES, ("--", ":"), strict=True):
        ax.axvline(at, color=QUIET, linestyle=style, linewidth=1, label=f"{at:g}")
    ax.set_xlim(0, edge)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_yticks(range(len(rows)), [_name(b, i) for i in rows])
    ax.grid(axis="y", color=QUIET, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    title(ax, str(b).split("\n")[0])
    legend(ax)
    _left_out(ax, b, rows)
    return ax


def _worst(b: Balance) -> np.ndarray:
    """Rows to draw, the largest difference after weighting first, unknown ones last."""
    far = np.nan_to_num(np.abs(b.smd_after), nan=-1.0, posinf=np.inf)
    return np.argsort(-far, kind="stable")[:SHOWN]


def _moves(ax: Axes, before: np.ndarray, after: np.ndarray, edge: float) -> None:
    """A thin line from before to after in each row that has both."""
    both = np.flatnonzero(~np.isnan(before) & ~np.isnan(after))
    ax.hlines(both, np.minimum(before[both], edge), np.minimum(after[both], edge), color=QUIET, linewidth=0.9)


def _marks(ax: Axes, far: np.ndarray, edge: float, name: str, color: str, *, filled: bool) -> None:
    """One mark a row; those at infinity as arrows at the edge."""
    place, y = np.where(np.isinf(far), np.nan, far), np.arange(len(far))
    face = color if filled else "none"
    ax.plot(
        place,
        y,
        "s" if filled else "o",
        color=color,
        markerfacecolor=face,
        markersize=6 if filled else 8,
        label=name,
        clip_on=False,
    )
    if np.isinf(far).any():
        beyond = y[np.isinf(far)]
        ax.plot(np.full(len(beyond), edge), beyond, ">", color=color, markerfacecolor=face, clip_on=False)


def _name(b: Balance, row: int) -> str:
    support = " (no support)" if "NO_SUPPORT" in b.flags[row] else ""
    return label(b.names[row], most=36) + support


def _left_out(ax: Axes, b: Balance, rows: np.ndarray) -> None:
    """What the picture does not show, counted."""
    said = [f"not drawn: {counted(len(b) - len(rows), 'row')} with smaller differences"] * (len(b) > len(rows))
    unknown = int(np.isnan(b.smd_after[rows]).sum())
    said += [f"{unknown} without a known difference"] * (unknown > 0)
    infinite = int((np.isinf(b.smd_after[rows]) | np.isinf(b.smd_before[rows])).sum())
    said += ["arrows: infinite, the column is constant on both sides"] * (infinite > 0)
    under(ax, "; ".join(said))
