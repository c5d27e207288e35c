"""Curves of a comparison for two classes: calibration, precision and recall, and what each threshold would do.

    calibration   up to 20 bins of equally many rows: mean promise, share that came true, rows
    pr            101 recalls and the precision that reaches each, averaged over repeats
    operating     up to 201 thresholds on the repaired scale and the counts per 1,000 rows above each

All from held-out probabilities pooled over the folds of a repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._cells import Cell, ComparisonPlan, Key
from ._results import pooled

__all__ = ["curves_of"]

BINS, RECALLS, THRESHOLDS = 20, 101, 201


def curves_of(plan: ComparisonPlan, cells: Mapping[Key, Cell]) -> dict[str, Any]:
    """{method: curves} of every method that finished a fold; nothing for more than two classes."""
    if not plan.binary:
        return {}
    found = {}
    for method in plan.methods:
        own = sorted((c for c in cells.values() if c.key.name == method.name), key=lambda c: c.key)
        if own and all(c.error is None for c in own):
            found[method.name] = curves(plan, own)
    return found


def curves(plan: ComparisonPlan, cells: list[Cell]) -> dict[str, Any]:
    hit, p, raw, w = pooled(plan, cells)
    w = np.ones(len(hit)) if w is None else w
    repeats = [pooled(plan, [c for c in cells if c.key.repeat == r]) for r in sorted({c.key.repeat for c in cells})]
    return {
        "calibration": bins(hit, p, w),
        "calibration_raw": bins(hit, raw, w),
        "pr": _precision_recall(repeats),
        "operating": operating(hit, p, w, cells),
    }


def bins(hit: np.ndarray, p: np.ndarray, w: np.ndarray) -> list[dict[str, float]]:
    """Bins of equal weight, equal promises never split."""
    order = np.argsort(p, kind="stable")
    p, hit, w = p[order], hit[order], w[order]
    mass = np.cumsum(w)
    number = np.minimum((BINS * (mass - w / 2) / mass[-1]).astype(int), BINS - 1)
    number = number[np.searchsorted(p, p, side="left")]  # a tie goes where its first row goes
    out = []
    for b in np.unique(number):
        mine = number == b
        total = w[mine].sum()
        if total > 0:
            seen = {"proba": w[mine] @ p[mine] / total, "observed": w[mine] @ hit[mine] / total}
            out.append({**{k: float(v) for k, v in seen.items()}, "count": int(mine.sum())})
    return out


def _precision_recall(repeats: list[Any]) -> dict[str, list[float]]:
    """Precision at the first threshold that reaches each recall, averaged over repeats."""
    recall = np.linspace(0, 1, RECALLS)
    each = [precision_at(hit, p, np.ones(len(hit)) if w is None else w, recall) for hit, p, _, w in repeats]
    return {"recall": recall.tolist(), "precision": np.mean(each, axis=0).tolist()}


def precision_at(hit: np.ndarray, p: np.ndarray, w: np.ndarray, recall: np.ndarray) -> np.ndarray:
    order = np.argsort(-p, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
    flagged, found = np.cumsum(w[order])[ends], np.cumsum((w * hit)[order])[ends]
    reached = np.searchsorted(found / found[-1], recall * (1 - 1e-12), side="left")
    reached = np.maximum(reached, np.flatnonzero(found > 0)[0])
    return (found / flagged)[np.minimum(reached, len(ends) - 1)]


def operating(hit: np.ndarray, p: np.ndarray, w: np.ndarray, cells: list[Cell]) -> dict[str, list[float]]:
    """Thresholds where the promises lie, with the mean threshold in use among them."""
    grid = np.quantile(p, np.linspace(0, 1, THRESHOLDS - 2), method="inverted_cdf")
    tail = np.quantile(p[hit == 1], np.linspace(0, 1, 101), method="inverted_cdf") if hit.any() else grid[:0]
    grid = np.unique(np.concatenate([grid[::2], tail[1:], [np.mean([c.threshold for c in cells])]]))
    grid = np.unique(grid[np.linspace(0, len(grid) - 1, min(len(grid), THRESHOLDS)).round().astype(int)])
    order = np.argsort(p, kind="stable")
    at = np.searchsorted(p[order], grid, side="left")
    above = {k: _tail_sum((w * v)[order])[at] for k, v in (("true_positives", hit), ("false_positives", 1 - hit))}
    return {"threshold": grid.tolist()} | {k: (1000 * v / w.sum()).tolist() for k, v in above.items()}


def _tail_sum(values: np.ndarray) -> np.ndarray:
    """(n + 1,) sums from each position to the end."""
    return np.append(np.cumsum(values[::-1])[::-1], 0.0)
