"""Where pictures are drawn: figures that leave nothing behind, colours that survive grey print, words that cannot misfire.

The trouble: most libraries draw by `matplotlib.pyplot`, which keeps every figure alive in a global list until somebody closes it, picks
a window system on import, and lets one plot land on the axes of another. Here a figure is a plain object: made when no `ax` is given,
freed when nobody holds it. seaborn and pandas ask pyplot for the axes all the same, because a notebook shows only figures that pyplot
knows; ours are shown because figure and axes say themselves how they look in a notebook (`_repr_png_`). In a script:
``w.check().plot().savefig("verdict.png")``, or ``e.plot().figure.savefig(...)``, or hand over axes of your own.

Two marks that are told apart differ in colour, in form, and in being filled or dashed; the colours are those of Okabe and Ito, which
are told apart by every kind of eye. What is neither data nor words is middle grey, which is seen on white and on black. Letters and
axes follow the style of the user; no style is changed.

What is inside: `axes` and `several`, to draw on; `title`, `headline`, `_note`, `under`, `empty`, `legend`; `label`, text of the data for a picture;
`share`, figures for people.

Source: Okabe and Ito (2008), Color universal design.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .._errors import InputError
from .._html import shown

__all__ = [
    "AFTER",
    "BEFORE",
    "MAIN",
    "QUIET",
    "THIRD",
    "axes",
    "empty",
    "finite",
    "headline",
    "label",
    "legend",
    "several",
    "share",
    "spread",
    "title",
    "under",
    "whole",
]

MAIN = AFTER = "#0072B2"  # blue
BEFORE = "#D55E00"  # vermilion
THIRD = "#009E73"  # bluish green
QUIET = "0.5"
SMALL = "small"
CHARACTER = 0.52  # width of a letter, in sizes of the font


class Picture(Figure):
    """A figure that pyplot does not know and a notebook shows."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


class Panel(Axes):
    """Axes that show their figure in a notebook."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        whole(self).savefig(buffer, format="png")
        return buffer.getvalue()


def axes(ax: Any, *, width: float = 6.4, height: float = 4.2) -> Axes:
    """The axes that were given, or those of a new figure of this size in inches."""
    if ax is None:
        return Picture(figsize=(width, height), layout="constrained").add_subplot(axes_class=Panel)
    if not isinstance(ax, Axes):
        raise InputError(
            f"`ax` must be the Axes of matplotlib, or None for a figure of its own; got {type(ax).__name__}."
        )
    return ax


def several(ax: Any, count: int, *, width: float, height: float) -> list[Axes]:
    """`count` axes side by side: those that were given, or those of a new figure."""
    if ax is None:
        figure = Picture(figsize=(width, height), layout="constrained")
        return [figure.add_subplot(1, count, i + 1, axes_class=Panel) for i in range(count)]
    given = [ax] if isinstance(ax, Axes) else list(np.ravel(np.asarray(ax, dtype=object)))
    if len(given) != count or not all(isinstance(a, Axes) for a in given):
        raise InputError(
            f"this picture has {count} panels: pass {count} Axes, fig.subplots(1, {count}), or nothing; got {len(given)}."
        )
    return given


def whole(ax: Axes) -> Figure:
    """The figure that these axes are on; of a figure within a figure the outer one."""
    return cast(Figure, ax.figure.figure)


# ---- words ----------------------------------------------------------------------------------------------------------


def label(text: Any, *, most: int = 40) -> str:
    """Text of the data for a picture: unseen characters spelled out, long ones cut, and a dollar is a dollar, not a formula."""
    return shown(text, most=most).replace("$", r"\$")


def title(ax: Axes, sentence: str, *, below: str = "") -> None:
    """The sentence over the axes, broken into lines that fit, and a line that is one already."""
    text = ax.set_title("", loc="left", fontsize="medium")
    text.set_text(_wrapped(sentence, _inches(ax), text.get_fontsize()) + f"\n{below}" * bool(below))


def headline(ax: Axes, sentence: str) -> None:
    """The sentence over a figure of our own; over somebody else's, in the title of these axes, before what stands there."""
    figure = ax.figure
    if not isinstance(figure, Picture):
        title(ax, sentence, below=ax.get_title(loc="left"))
        return
    text = figure.suptitle("", x=0.01, ha="left", fontsize="large")
    text.set_text(_wrapped(sentence, 0.95 * figure.get_figwidth(), text.get_fontsize()))


def _inches(ax: Axes) -> float:
    """Width of the axes; of a figure of our own, which has no layout yet, what the names at its left will leave."""
    figure = whole(ax)
    if isinstance(figure, Picture) and len(figure.axes) == 1:
        return figure.get_figwidth() - 0.8 - 0.08 * max((len(t.get_text()) for t in ax.get_yticklabels()), default=0)
    return ax.bbox.width / figure.dpi


def _wrapped(sentence: str, inches: float, points: float | str) -> str:
    columns = max(20, int(72 * inches / (CHARACTER * float(points))))
    return textwrap.fill(label(sentence, most=400), columns, break_long_words=True)


def _note(ax: Axes, text: str, *, x: float = 0.5, y: float = 0.5, ha: Any = "center", va: Any = "center") -> None:
    """A few words on the axes, in shares of their width and height."""
    words = ax.text(x, y, "", transform=ax.transAxes, ha=ha, va=va, fontsize=SMALL, linespacing=1.3)
    words.set_text(_wrapped(text, 0.85 * _inches(ax), words.get_fontsize()))


def under(ax: Axes, text: str) -> None:
    """A few words under the label of the horizontal axis, where no mark can lie; nothing for no words."""
    if text:
        name = ax.xaxis.label
        name.set_text(f"{name.get_text()}\n{_wrapped(text, _inches(ax), name.get_fontsize())}")


def empty(ax: Axes, why: str) -> None:
    """Nothing to draw, and why; the axes keep their labels."""
    ax.set_xticks([])
    ax.set_yticks([])
    _note(ax, why)


def legend(ax: Axes, place: Any = "best") -> None:
    """The marks that have names, small."""
    ax.legend(loc=place, fontsize=SMALL, framealpha=0.8)


def share(x: float) -> str:
    """A share for people: 78 %, 2.8 %."""
    return f"{100 * x:.0f} %" if x >= 0.0995 else f"{100 * x:.2g} %"


def finite(values: Any) -> np.ndarray:
    """The finite ones of some numbers."""
    numbers = np.asarray(values, dtype=float).ravel()
    return numbers[np.isfinite(numbers)]


def spread(values: Sequence[float] | np.ndarray, *, margin: float = 0.06) -> tuple[float, float]:
    """Limits of an axis that hold these numbers and a margin; a unit around a single one."""
    known = finite(values)
    if not len(known):
        return -1.0, 1.0
    low, high = float(known.min()), float(known.max())
    gap = (high - low) * margin or max(abs(high), 1e-12) * 0.5
    return low - gap, high + gap
