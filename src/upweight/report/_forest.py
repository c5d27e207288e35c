"""Points with their intervals on one axis: the picture that several pages share.

    forest_picture(rows, mark=None)      rows are (name, value, low end, high end); an end that is no number reaches the edge

It is plain SVG by `forest.html.j2`; every number in it is the caller's.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from . import _words as words
from ._facts import finite
from ._page import ROOMS

__all__ = ["forest_picture"]

WIDTH, EDGE, ROW = 560.0, 8.0, 26.0  # of a picture, in its own units


def forest_picture(rows: list[tuple[str, Any, Any, Any]], *, mark: float | None = None) -> Markup | str:
    """Points and intervals on one axis, as a picture; ends that are not finite reach its edge."""
    known = [x for row in rows for x in row[1:] if finite(x) is not None] + ([] if mark is None or not rows else [mark])
    if not known:
        return ""
    low, high = min(known), max(known)
    span = (high - low) or max(1.0, abs(high))
    low, high = low - 0.05 * span, high + 0.05 * span
    left = 150.0
    place = lambda x: round(left + (WIDTH - left - EDGE) * (x - low) / (high - low), 2)
    drawn = [
        {
            "name": name,
            "y": round(ROW * (i + 0.6), 2),
            "x": None if finite(value) is None else place(value),
            "low": place(start) if finite(start) is not None else left,
            "high": place(stop) if finite(stop) is not None else WIDTH - EDGE,
            "told": words.plain(
                f"{name}: " + ("" if finite(value) is None else f"{value:.4g}, ") + f"{_told(start)} to {_told(stop)}",
                120,
            ),
        }
        for i, (name, value, start, stop) in enumerate(rows)
    ]
    size = {
        "width": WIDTH,
        "height": ROW * (len(rows) + 1),
        "base": ROW * len(rows) + 4,
        "left": left,
        "right": WIDTH - EDGE,
    }
    ticks = [(f"{x:.3g}", place(x)) for x in (low + 0.05 * span, (low + high) / 2, high - 0.05 * span)]
    marked = None if mark is None else place(mark)
    return Markup(ROOMS.get_template("forest.html.j2").render(drawn=drawn, size=size, ticks=ticks, marked=marked))


def _told(x: Any) -> str:
    return f"{x:.4g}" if finite(x) is not None else "no end"
