"""Facts about a table that decide how a comparison may be read: size, shares, copies, a column that knows too much.

header    {n} rows, {d} columns, {pos} positives ({share} %), {K} folds x {R} repeats.
leak      one column alone has AUC above .999: it was probably written after the label
copies    more than 5 % of the rows, or of the rare rows, stand more than once: a copy in train and test flatters
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.stats import rankdata

from ..._errors import plain
from ...tables import Labels, Schema, Table

__all__ = ["Facts", "facts_of", "header"]

LEAK, COPIES = 0.999, 0.05
LOOK_AT = 50_000  # rows that the search for leaks looks at


@dataclass(frozen=True)
class Facts:
    """What was found: `positives` rows of the class asked about (K > 2: of the rarest), and the suspicions."""

    rows: int
    columns: int
    positives: int
    share: float
    copies: int
    leaks: tuple[tuple[str, float], ...]


def facts_of(schema: Schema, table: Table, labels: Labels, w: np.ndarray | None) -> Facts:
    asked = labels.positive if len(labels.classes) == 2 else int(labels.counts.argmin())
    hit = labels.codes == asked
    share = float(hit.mean() if w is None else w[hit].sum() / w.sum())
    copies = copied(table)
    many = copies.mean() > COPIES or copies[labels.codes == labels.counts.argmin()].mean() > COPIES
    leaks = leaking(schema, table, hit) if len(labels.classes) == 2 else ()
    return Facts(len(table), len(schema.columns), int(hit.sum()), share, int(copies.sum()) if many else 0, leaks)


def copied(table: Table) -> np.ndarray:
    """(n,) rows whose columns all equal those of another row."""
    if sparse.issparse(table.numbers) or len(table) * (table.numbers.shape[1] + table.codes.shape[1]) > 2e8:
        return np.zeros(len(table), dtype=bool)
    numbers = np.where(np.isnan(table.numbers), np.finfo(float).max, table.numbers) + 0.0
    both = np.hstack([numbers, table.codes.astype(np.float64), table.word_sums()])
    both = np.ascontiguousarray(both).view(f"V{8 * both.shape[1]}").ravel()
    _, number, times = np.unique(both, return_inverse=True, return_counts=True)
    return times[number.reshape(-1)] > 1


def leaking(schema: Schema, table: Table, hit: np.ndarray) -> tuple[tuple[str, float], ...]:
    """Columns that alone separate the classes."""
    if sparse.issparse(table.numbers):
        return ()
    rows = np.flatnonzero(hit) if hit.mean() < 0.5 else np.flatnonzero(~hit)
    others = np.setdiff1d(np.arange(len(hit)), rows, assume_unique=True)
    rows = np.concatenate([rows[:: max(1, 2 * len(rows) // LOOK_AT)], others[:: max(1, 2 * len(others) // LOOK_AT)]])
    y = hit[rows]
    scores = [numbers_or_gaps(table.numbers[rows, j]) for j in range(table.numbers.shape[1])]
    scores += [level_rates(table.codes[rows, j], y) for j in range(table.codes.shape[1])]
    found = [(name, auc(y, x)) for name, x in zip(schema.names, scores, strict=True)]
    return tuple((name, a) for name, a in found if a > LEAK)


def numbers_or_gaps(x: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(x), np.finfo(float).max, x)


def level_rates(codes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Share of hits of each row's level, for columns of few levels; else a constant."""
    if codes.max() > 50:
        return np.zeros(len(codes))
    shifted = codes + 2
    total = np.bincount(shifted)
    return (np.bincount(shifted, weights=y, minlength=len(total)) / np.maximum(total, 1))[shifted]


def auc(y: np.ndarray, x: np.ndarray) -> float:
    """Area under the ROC curve in the better direction."""
    n1, n0 = int(y.sum()), int((~y).sum())
    a = (rankdata(x)[y].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)
    return float(max(a, 1 - a))


def header(facts: Facts, labels: Labels, cv: tuple[int, int]) -> str:
    """The first line: what is compared, and how."""
    folds = f"{cv[0]} folds x {cv[1]} repeat{'s' if cv[1] > 1 else ''}"
    if len(labels.classes) == 2:
        what = f"{facts.positives:,} positives ({percent(facts.share)})"
    else:
        rare: Any = plain(labels.classes[int(labels.counts.argmin())])
        what = (
            f"{len(labels.classes)} classes, the rarest {rare!r} with {facts.positives:,} rows ({percent(facts.share)})"
        )
    return f"{facts.rows:,} rows, {facts.columns:,} column{'s' * (facts.columns != 1)}, {what}, {folds}."


def columns_line(schema: Schema) -> str:
    """How the columns were read, where there is more to say than "numbers": kinds, gaps, what was dropped and why."""
    kinds = {k: [c for c in schema.columns if c.kind == k] for k in ("numeric", "categorical", "text", "dropped")}
    gaps = [c for c in schema.kept if c.missing]
    read = schema.told()
    if not (kinds["categorical"] or kinds["dropped"] or gaps or read):
        return ""
    parts = [f"{len(kinds[k])} {k}" for k in ("numeric", "categorical", "text") if kinds[k]]
    text = " and ".join(parts) + (" columns" if len(schema.kept) > 1 else " column")
    if read:
        text += "; read " + few(read)
    if gaps:
        text += "; gaps in " + few([f"{c.name} ({c.missing:,})" for c in gaps])
    if kinds["dropped"]:
        text += "; dropped " + few([f"{c.name} ({c.note})" for c in kinds["dropped"]])
    return text + "."


def few(items: list[str], most: int = 4) -> str:
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")


def percent(share: float) -> str:
    """A share in %, with one decimal below 10 and two digits below 1."""
    x = 100 * share
    return f"{x:.0f} %" if x >= 10 else f"{x:.1f} %" if x >= 1 else f"{x:.2g} %"
