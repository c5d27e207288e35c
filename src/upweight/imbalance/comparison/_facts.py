"""Facts about a table that decide how a comparison may be read, and the first lines of its answer.

header    {n} rows, {d} columns, {pos} positives ({target} = {label}; {share} %), {K} folds x {R} repeats.
columns   how the columns were read, where there is more to say than "numbers"

What is suspicious (a column that knows too much, copies, rows that belong together, one class in two spellings): `_suspicions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._errors import counted, plain
from ...tables import UNNAMED, Column, Labels, Schema, Table, twins_of
from ._suspicions import Leak, Repeat, copied, leaking, repeating

__all__ = ["Facts", "columns_line", "facts_of", "header", "label_text", "percent"]

MOST_LISTED = 12  # columns of one kind in the opening lines


@dataclass(frozen=True)
class Facts:
    """What was found: `positives` rows of the class asked about (K > 2: of the rarest), the suspicions, and classes that are left out, in words."""

    rows: int
    columns: int
    positives: int
    share: float
    copies: int = 0
    leaks: tuple[Leak, ...] = ()
    repeat: Repeat | None = None
    twins: tuple[tuple[str, int], ...] = ()
    gone: str = ""


def facts_of(
    X: Any, schema: Schema, table: Table, labels: Labels, w: np.ndarray | None, *, as_given: bool = False
) -> Facts:
    """Sizes, shares and suspicions of the rows that count; `as_given`: the learner gets every column, dropped ones too."""
    binary = len(labels.classes) == 2
    rarest = int(labels.counts.argmin())
    hit = labels.codes == (labels.positive if binary else rarest)
    return Facts(
        len(table),
        len(schema.columns),
        int(hit.sum()),
        float(hit.mean() if w is None else w[hit].sum() / w.sum()),
        copied(table, labels.codes == rarest),
        leaking(schema, table, hit, schema.unread_gaps(X, dropped=as_given)) if binary else (),
        repeating(X),
        twins_of(labels),
    )


def header(
    facts: Facts,
    labels: Labels,
    cv: tuple[int, int],
    *,
    target: str = "y",
    shown: tuple[str, str] | None = None,
    by_rows: bool = False,
) -> str:
    """The first line: what is compared, and how; `shown` names classes made for the question, `by_rows` repeats nobody asked for."""
    folds = f"{cv[0]} folds x {counted(cv[1], 'repeat')}"
    if by_rows and cv[1] > 1:
        folds += f" (by default; --cv {cv[0]} runs one)"
    if len(labels.classes) == 2:
        label = label_text(labels.classes[labels.positive]) if shown is None else label_text(shown[1])
        what = f"{counted(facts.positives, 'positive')} ({label_text(target)} = {label}; {percent(facts.share)})"
    else:
        rare: Any = plain(labels.classes[int(labels.counts.argmin())])
        what = f"{len(labels.classes)} classes, the rarest {rare!r} with {counted(facts.positives, 'row')} ({percent(facts.share)})"
    return f"{facts.rows:,} rows, {counted(facts.columns, 'column')}, {what}, {folds}."


def label_text(label: Any) -> str:
    """A label or a name as it can safely stand in a line: what steers a terminal is spelled out, what is long is cut."""
    text = str(plain(label))
    text = text if text.isprintable() else ascii(text)[1:-1]
    return text if len(text) <= 60 else f"{text[:57]}..."


def columns_line(schema: Schema) -> str:
    """How the columns were read, where there is more to say than "numbers": kinds, gaps, what was dropped and why."""
    kinds = {k: [c for c in schema.columns if c.kind == k] for k in ("numeric", "categorical", "text", "dropped")}
    gaps = [c for c in schema.kept if c.missing]
    read = schema.told()
    if not (kinds["categorical"] or kinds["dropped"] or gaps or read):
        return ""
    parts = [f"{len(kinds[k])} {k}" for k in ("numeric", "categorical", "text") if kinds[k]]
    text = " and ".join(parts) + (" columns" if len(schema.kept) > 1 else " column")
    lists = {
        "read": read,
        "gaps in": [f"{named(c)} ({c.missing:,})" for c in gaps],
        "dropped": [f"{named(c)} ({c.note})" for c in kinds["dropped"]],
    }
    text += "".join(f"; {what} {listed(items)}" for what, items in lists.items() if items) + "."
    hidden = any(len(items) > MOST_LISTED for items in lists.values())
    return text + (" Every column: data.preprocessing in the JSON document." if hidden else "")


def named(column: Column) -> str:
    return label_text(column.name) if column.name.strip() else UNNAMED


def listed(items: list[str]) -> str:
    """All of them, or as many as one can read at once."""
    more = len(items) - MOST_LISTED
    return ", ".join(items[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def percent(share: float) -> str:
    """A share in %, with one decimal below 10 and two digits below 1."""
    x = 100 * share
    return f"{x:.0f} %" if x >= 10 else f"{x:.1f} %" if x >= 1 else f"{x:.2g} %"
