"""The rows that count: those of positive weight, with the classes that these have.

The trouble: a row of zero weight is as if removed, and its class may go with it. Whoever then keeps the old list of classes has one label
more than the model has columns, and names every class after the one that went by its neighbour's name.

    live rows: w_i > 0;    classes = labels of the live rows;    positive, prior, counts: of these

What is inside: `live_rows`, one call for whoever fits; `weightless_line`, which classes went, in words; `warn_of`, for whoever
predicts.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import plain
from ._class_labels import Labels
from ._row_weights import live_labels
from ._rows import row_slice

__all__ = ["LiveRows", "live_rows", "warn_of", "weightless_line"]


@dataclass(frozen=True)
class LiveRows:
    """Rows of positive weight: `X`, `labels`, `w` (n,) or None, `group` (n,) or None; `rows` (n,) their numbers; `gone` in words."""

    X: Any
    labels: Labels
    w: np.ndarray | None
    group: np.ndarray | None
    rows: np.ndarray
    gone: str = ""


def live_rows(X: Any, labels: Labels, w: np.ndarray | None, group: np.ndarray | None = None) -> LiveRows:
    """What is left without the rows of zero weight; `X` (None: only the labels are asked about) is not copied if all rows
    count."""
    if w is None or w.all():
        return LiveRows(X, labels, w, group, np.arange(len(labels.codes)))
    kept, live = live_labels(labels, w)
    group = None if group is None else group[live]
    return LiveRows(
        None if X is None else row_slice(X, live), kept, w[live], group, live, weightless_line(labels, kept)
    )


def weightless_line(labels: Labels, kept: Labels) -> str:
    """Which classes went with the rows of zero weight; empty if none did."""
    gone = [repr(plain(c)) for c in np.setdiff1d(labels.classes, kept.classes)]
    if not gone:
        return ""
    which = f"class {gone[0]} has" if len(gone) == 1 else f"classes {', '.join(gone)} have"
    left = f"{'is' if len(gone) == 1 else 'are'} left out; {len(kept.classes)} classes are left"
    return f"{which} no row of positive weight and {left}"


def warn_of(line: str, *, stacklevel: int = 3) -> None:
    """Warn in the name of whoever called the `fit` that calls this; nothing if the line is empty."""
    if line:
        warnings.warn(f"{line}.", UserWarning, stacklevel=stacklevel)
