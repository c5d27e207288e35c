"""The table of methods: which columns are shown, how a figure is written, which word goes with a row.

The main table has what somebody needs to decide; `every_figure` has all the rest of the document's row, so that nobody must
open the JSON to see a Brier score. A column without a single figure is left out (cost where none was given; specificity with
more than two classes). The words on a difference are those of the verdict, so that the two never disagree:

    no difference      the whole interval lies within -.01 .. +.01
    better, worse      Holm's p is below .05; without a p, the interval leaves out 0
    cannot tell        anything else: these data do not settle it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import _words as words
from ._facts import ROW_TEXTS, finite

__all__ = ["PageColumn", "PageRow", "columns", "every_figure", "rows"]

SAME = 0.01
SURE = 0.05
CONTROLS = {"boosted", "bagged", "forest"}


@dataclass(frozen=True)
class PageColumn:
    """A column of the main table; `first` is the direction of the first click: the better end on top."""

    key: str
    head: str
    under: str
    show: Callable[[Any], str]
    first: str


MAIN = (
    PageColumn("ap", "AP", "ranking", words.fixed, "descending"),
    PageColumn("ap_diff", "AP against threshold", "difference, 95 % interval", words.signed, "descending"),
    PageColumn("oe_raw", "O/E raw", "1 is right", lambda v: words.fixed(v, 2), "ascending"),
    PageColumn("oe", "O/E repaired", "1 is right", lambda v: words.fixed(v, 2), "ascending"),
    PageColumn("log_loss", "Log-loss", "low is good", words.fixed, "ascending"),
    PageColumn("recall", "Recall", "found", words.percent, "descending"),
    PageColumn("precision", "Precision", "of alerts", words.percent, "descending"),
    PageColumn("specificity", "Specificity", "left alone", words.percent, "descending"),
    PageColumn("alerts", "Alerts", "per 1,000", lambda v: words.fixed(v, 0), "ascending"),
    PageColumn("cost", "Cost", "per 1,000", lambda v: words.fixed(v, 1), "ascending"),
    PageColumn("seconds", "Seconds", "to fit", lambda v: words.fixed(v, 1), "ascending"),
)


@dataclass(frozen=True)
class PageRow:
    """A row as it is shown; `raw` is the document's own, `chosen` the one the verdict recommends."""

    index: int
    name: str
    label: str
    tags: tuple[str, ...]
    status: str
    error: str
    word: str
    chosen: bool
    raw: dict[str, Any]


def rows(facts: dict[str, Any]) -> list[PageRow]:
    code = facts["verdict"]["code"]
    advised = code.removeprefix("use:") if code.startswith("use:") else "threshold"
    return [_row_view(i, found, advised, code) for i, found in enumerate(facts["rows"])]


def _row_view(index: int, found: dict[str, Any], advised: str, code: str) -> PageRow:
    name, label = found["name"], found["label"]
    chosen = name == advised
    return PageRow(
        index=index,
        name=words.plain(name, 60),
        label=words.plain(label, 80) if label and label != name else "",
        tags=tags(name, chosen and (code.startswith("use:") or code == "move_threshold")),
        status="failed" if found["error"] else words.plain(found["status"], 40) or words.NONE,
        error=words.plain(found["error"], 300) if found["error"] else "",
        word="" if name == "threshold" else word(found),
        chosen=chosen,
        raw=found,
    )


def tags(name: str, advised: bool) -> tuple[str, ...]:
    told = {"advised": advised, "reference": name == "threshold", "control": name in CONTROLS}
    return tuple(tag for tag, holds in told.items() if holds)


def word(found: dict[str, Any]) -> str:
    """What the interval of the difference, and its p over all rows, allow one to say."""
    low, high, p = finite(found["ap_low"]), finite(found["ap_high"]), finite(found.get("ap_p"))
    if low is None or high is None:
        return ""
    if low >= -SAME and high <= SAME:
        return "no difference"
    sure = p < SURE if p is not None else low > 0 or high < 0
    return "cannot tell" if not sure else "better" if low + high > 0 else "worse"


def columns(found: list[dict[str, Any]]) -> list[PageColumn]:
    """The main columns that have at least one figure."""
    return [c for c in MAIN if any(finite(row[c.key]) is not None for row in found)]


def every_figure(found: list[dict[str, Any]]) -> dict[str, Any]:
    """All numbers of all rows, in the document's order of columns: {keys, cells}."""
    keys = list(dict.fromkeys(k for row in found for k, v in row.items() if finite(v) is not None))
    rivals = [words.plain(row["rival"], 60) or words.NONE for row in found]
    cells = [[figure(row.get(key)) for key in keys if key not in ROW_TEXTS] for row in found]
    return {"keys": [words.plain(k, 40) for k in keys], "cells": cells, "rivals": rivals}


def figure(value: Any) -> str:
    """A number with five figures, for the table of everything."""
    number = finite(value)
    if number is None:
        return words.NONE
    return words.count(number) if number == round(number) else f"{number:.5g}".replace("-", "−")
