"""Figures to coordinates: what the templates draw, in the picture's own units.

The pictures are plain SVG, written by the templates with classes in place of colours, so that one drawing serves light, dark
and paper, keeps its text as text, and is the same bytes for the same document. Nothing is smoothed, binned or fitted here: a
curve joins the points of the document.

    Frame              a plotting area; `x` and `y` place a value, `line` a list of them
    PR, RELIABILITY    the two frames; reliability has square-root axes: rare classes live near zero
    pr_curve, bins     one row's curve; one row's promised and observed shares
    forest, reach      a difference with its interval, on the common axis -reach..reach
    at, nearest        the four counts per 1,000 at a step of the threshold; the step nearest to a threshold
    icons              those four counts as 1,000 little shapes
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ._facts import finite

__all__ = ["PR", "RELIABILITY", "Counts", "Frame", "at", "bins", "forest", "icons", "nearest", "pr_curve", "reach"]

COLUMNS = 50  # of the icon picture: 50 x 20 cells
CELL = 10
FOREST = 132  # width of a forest plot in the table


@dataclass(frozen=True)
class Frame:
    """A plotting area whose axes both run from 0 to 1, linear or by square root."""

    width: int
    height: int
    left: int
    top: int
    right: int
    bottom: int
    ticks: tuple[float, ...]
    root: bool = False

    def x(self, value: float) -> float:
        return round(self.left + (self.right - self.left) * self.part(value), 1)

    def y(self, value: float) -> float:
        return round(self.bottom - (self.bottom - self.top) * self.part(value), 1)

    def part(self, value: float) -> float:
        inside = min(max(value, 0.0), 1.0)
        return math.sqrt(inside) if self.root else inside

    def line(self, points: Iterable[tuple[Any, ...]]) -> str:
        """An SVG path through points (x, y, ...); a missing one is left out."""
        known = [(self.x(x), self.y(y)) for x, y, *_ in points if x is not None and y is not None]
        return "M" + "L".join(f"{x:g} {y:g}" for x, y in known) if known else ""


PR = Frame(480, 420, 56, 36, 464, 366, (0.0, 0.25, 0.5, 0.75, 1.0))
RELIABILITY = Frame(480, 420, 56, 36, 464, 366, (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0), root=True)
SMALL = Frame(112, 112, 2, 2, 110, 110, (0.0, 1.0), root=True)


def pr_curve(curves: dict[str, Any]) -> str:
    pr = curves.get("pr") or {}
    recall, precision = map(finite, pr.get("recall", ())), map(finite, pr.get("precision", ()))
    return PR.line(zip(recall, precision, strict=True))


def bins(found: Sequence[dict[str, Any]]) -> list[tuple[float, float, float]]:
    """(promised, observed, share of the largest bin) of every bin that has all three."""
    known = [(finite(b["proba"]), finite(b["observed"]), finite(b["count"])) for b in found]
    full = [(p, o, n) for p, o, n in known if p is not None and o is not None and n]
    largest = max((n for *_, n in full), default=1.0)
    return [(p, o, n / largest) for p, o, n in full]


def dots(found: Sequence[dict[str, Any]], frame: Frame) -> list[tuple[float, float, float]]:
    """Where a bin is drawn and how wide: the area goes with the count."""
    return [(frame.x(p), frame.y(o), round(2 + 3.5 * math.sqrt(n), 1)) for p, o, n in bins(found)]


def reach(bounds: Iterable[float]) -> float:
    """Half the width of the axis that all forest plots share: it holds three of four bounds, the others get an arrow.

    >>> reach([0.004, 0.013, 0.018, 0.35])
    0.02
    """
    sizes = sorted(abs(b) for b in bounds)
    if not sizes:
        return 0.02
    most = sizes[max(0, math.ceil(0.75 * len(sizes)) - 1)]
    return next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if most <= step), 1.0)


@dataclass(frozen=True)
class Mark:
    """A difference on an axis of `FOREST` units, zero in the middle; an arrow where it leaves the axis."""

    low: float
    mid: float
    high: float
    left_arrow: bool
    right_arrow: bool
    mid_inside: bool


def forest(diff: float | None, low: float | None, high: float | None, limit: float) -> Mark | None:
    if diff is None or low is None or high is None:
        return None
    half = FOREST / 2
    place = lambda v: round(half + (half - 6) * min(max(v / limit, -1.0), 1.0), 1)
    return Mark(place(low), place(diff), place(high), low < -limit, high > limit, abs(diff) <= limit)


@dataclass(frozen=True)
class IconBar:
    """A bar from zero and the whisker of its interval, in units of `FOREST`; what is below zero has no length."""

    length: float
    low: float
    high: float


def bar(value: float, low: float, high: float, most: float) -> IconBar:
    """A value on an axis from zero to `most`.

    >>> bar(0.1, -0.1, 0.2, 0.2)
    IconBar(length=66.0, low=0.0, high=132.0)
    """
    place = lambda v: round(FOREST * min(max(v / most, 0.0), 1.0), 1)
    return IconBar(place(value), place(low), place(high))


@dataclass(frozen=True)
class Counts:
    """What becomes of 1,000 rows: found and missed positives, false alarms, and the rest."""

    caught: float
    missed: float
    false: float
    quiet: float

    @property
    def alerts(self) -> float:
        return self.caught + self.false

    @property
    def recall(self) -> float | None:
        return self.caught / (self.caught + self.missed) if self.caught + self.missed else None

    @property
    def precision(self) -> float | None:
        return self.caught / self.alerts if self.alerts else None

    def cost(self, false_alarm: float, miss: float) -> float:
        return false_alarm * self.false + miss * self.missed


def at(operating: dict[str, Any], step: int, prevalence: float) -> Counts:
    """The counts at one step of the threshold; positives and the others add up to 1,000.

    >>> at({"true_positives": [90.0], "false_positives": [83.0]}, 0, 0.1)
    Counts(caught=90.0, missed=10.0, false=83.0, quiet=817.0)
    """
    caught, false = float(operating["true_positives"][step]), float(operating["false_positives"][step])
    positives = 1000 * prevalence
    return Counts(caught, max(0.0, positives - caught), false, max(0.0, 1000 - positives - false))


def nearest(thresholds: Sequence[float], wanted: float) -> int:
    """The step whose threshold is nearest to the one wanted; of two, the lower."""
    return min(range(len(thresholds)), key=lambda i: abs(thresholds[i] - wanted))


def icons(counts: Counts) -> dict[str, str]:
    """Paths of 1,000 shapes, as `COLUMNS` to a row: whole numbers by largest remainder, found first."""
    values = [counts.caught, counts.missed, counts.false, counts.quiet]
    whole = _largest_remainder(values, 1000)
    start, paths = 0, {}
    for kind, number in zip(("caught", "missed", "false", "quiet"), whole, strict=True):
        cells = ((CELL * (i % COLUMNS), CELL * (i // COLUMNS)) for i in range(start, start + number))
        paths[kind] = "".join(f"M{x} {y}{SHAPES[kind]}" for x, y in cells)
        start += number
    return paths


SHAPES = {  # each drawn from the corner of its cell; told apart by form as well as by colour
    "caught": "m1 1h8v8h-8z",
    "missed": "m2 2h6v6h-6z",
    "false": "m5 1l4 8h-8z",
    "quiet": "m4 4h2v2h-2z",
}


def _largest_remainder(values: Sequence[float], total: int) -> list[int]:
    mass = sum(values) or 1.0
    scaled = [v * total / mass for v in values]
    whole = [math.floor(v) for v in scaled]
    order = sorted(range(len(values)), key=lambda i: (whole[i] - scaled[i], i))
    for i in order[: total - sum(whole)]:
        whole[i] += 1
    return whole
