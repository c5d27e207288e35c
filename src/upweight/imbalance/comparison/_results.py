"""Rows: from held-out probabilities to one line a method, paired with moving the threshold on the same folds.

    a figure     per test fold, averaged over the finished folds
    oe, slope    pooled over a repeat, averaged over repeats in logs
    x_diff       difference to the row "threshold" per fold: mean and corrected t interval (`_statistics`)

Nothing is fitted here, so a comparison resumed from a journal gives the same digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from ..._set_module import set_module
from ...learners import (
    Interval,
    average_precision,
    calibrate,
    decision,
    farthest,
    holm,
    macro,
    paired,
    recall_at,
    roc_auc,
)
from ._cells import Cell, Key, Plan
from ._methods import Method

__all__ = ["Figures", "Row", "rows_of"]


@set_module("upweight.imbalance")
@dataclass(frozen=True)
class Row:
    """One method in a comparison; what could not be told is nan.

    Shares are in [0, 1]; `alerts` and `cost` are per 1,000 rows; differences are this row less "threshold" (`rival_*`: less
    its control), with 95 % intervals; `ap_p` is adjusted over rows; `oe` is observed/expected of repaired probabilities,
    `oe_raw` and `raw_*` of the untouched ones, at 0.5; `seconds` is the sum over folds.
    """

    name: str
    label: str
    rival: str | None = None
    status: str = ""
    n_train: float = np.nan
    ess_min: float = np.nan
    synthetic_share: float = np.nan
    ap: float = np.nan
    ap_diff: float = np.nan
    ap_low: float = np.nan
    ap_high: float = np.nan
    ap_p: float = np.nan
    roc_auc: float = np.nan
    log_loss: float = np.nan
    log_loss_diff: float = np.nan
    log_loss_low: float = np.nan
    log_loss_high: float = np.nan
    brier: float = np.nan
    oe_raw: float = np.nan
    oe: float = np.nan
    slope: float = np.nan
    threshold: float = np.nan
    recall: float = np.nan
    specificity: float = np.nan
    precision: float = np.nan
    alerts: float = np.nan
    cost: float = np.nan
    recall_same_alerts: float = np.nan
    raw_recall: float = np.nan
    raw_specificity: float = np.nan
    raw_precision: float = np.nan
    rival_diff: float = np.nan
    rival_low: float = np.nan
    rival_high: float = np.nan
    folds: int = 0
    error: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Figures:
    """Everything the verdict reads: rows, per-fold figures, and the paired differences of AP, log loss and cost."""

    rows: tuple[Row, ...]
    per_fold: Mapping[str, Mapping[str, np.ndarray]]
    auc: Interval
    cost: Mapping[str, Interval]
    cost_p: Mapping[str, float]

    def row(self, name: str) -> Row:
        return next(r for r in self.rows if r.name == name)


PER_FOLD = ("ap", "roc_auc", "log_loss", "brier", "recall", "specificity", "precision", "alerts", "cost",
            "raw_recall", "raw_specificity", "raw_precision", "recall_same_alerts", "threshold", "n_train",
            "ess_min", "synthetic_share")  # fmt: skip


def rows_of(plan: Plan, cells: Mapping[Key, Cell]) -> Figures:
    """Rows of all methods from the cells that are there."""
    folds = [(r, f) for r in range(len(plan.fold_of)) for f in range(plan.folds)]
    alerts = {rf: alerts_of(plan, c) for rf in folds if (c := cells.get(Key("threshold", *rf))) and c.error is None}
    per_fold = {m.name: fold_figures(plan, m.name, cells, folds, alerts) for m in plan.rows}
    share = 1 / (plan.folds - 1)
    base = per_fold["threshold"]
    rows = [row_of(plan, m, cells, per_fold[m.name], base, share) for m in plan.rows]
    rows = against_rivals(rows, per_fold, share)
    adjusted = holm([r.ap_p for r in rows])
    rows = [replace(r, ap_p=float(p)) for r, p in zip(rows, adjusted, strict=True)]
    cost = {n: paired(v["cost"] - base["cost"], share) for n, v in per_fold.items() if n != "threshold"}
    cost_p = dict(zip(cost, holm([i.p for i in cost.values()]).tolist(), strict=True))
    return Figures(tuple(rows), per_fold, paired(base["roc_auc"], share), cost, cost_p)


def fold_figures(
    plan: Plan, name: str, cells: Mapping[Key, Cell], folds: list[tuple[int, int]], alerts: Mapping[Any, float]
) -> dict[str, np.ndarray]:
    """{figure: (J,)} of one method, nan where a fold has not finished."""
    found = {key: np.full(len(folds), np.nan) for key in PER_FOLD}
    for j, rf in enumerate(folds):
        cell = cells.get(Key(name, *rf))
        if cell is not None and cell.error is None:
            for key, value in cell_figures(plan, cell, alerts.get(rf, np.nan)).items():
                found[key][j] = value
    return found


def held(plan: Plan, cell: Cell) -> tuple[np.ndarray, np.ndarray | None]:
    """Labels and weights of the rows a cell predicted."""
    test = plan.test(cell.key.repeat, cell.key.fold)
    return plan.task.codes[test], None if plan.task.w is None else plan.task.w[test]


def cell_figures(plan: Plan, cell: Cell, alerts: float) -> dict[str, float]:
    codes, w = held(plan, cell)
    more = {
        "threshold": cell.threshold,
        "n_train": cell.n_train,
        "ess_min": cell.ess_min,
        "synthetic_share": cell.synthetic_share,
    }
    if not plan.binary:
        return more | many_figures(plan, cell, codes, w)
    hit = codes == plan.task.positive
    fit = calibrate(hit.astype(int), cell.p, w)
    cut, raw = decision(hit, cell.p >= cell.threshold, w), decision(hit, cell.raw >= 0.5, w)
    cost = np.nan if plan.cost is None else plan.cost * cut["misses"] + cut["false_alarms"]
    return more | {
        "ap": average_precision(hit, cell.p, w),
        "roc_auc": roc_auc(hit, cell.p, w),
        "log_loss": fit.log_loss,
        "brier": fit.brier,
        "recall": cut["sensitivity"],
        "specificity": cut["specificity"],
        "precision": cut["precision"],
        "alerts": cut["alerts"],
        "cost": cost,
        "raw_recall": raw["sensitivity"],
        "raw_specificity": raw["specificity"],
        "raw_precision": raw["precision"],
        "recall_same_alerts": recall_at(hit, cell.p, w, alerts) if np.isfinite(alerts) else np.nan,
    }


def many_figures(plan: Plan, cell: Cell, codes: np.ndarray, w: np.ndarray | None) -> dict[str, float]:
    """K > 2: macro averages; the cut is argmax p_k/pi_k, of the untouched learner argmax p_k."""
    train = np.setdiff1d(np.arange(len(plan.task.codes)), plan.test(cell.key.repeat, cell.key.fold))
    prior = plan.task.take(train).prior
    chosen = (cell.p if cell.key.name == "none" else cell.p / prior).argmax(axis=1)
    first = cell.raw.argmax(axis=1)
    hits = [codes == k for k in range(cell.p.shape[1])]
    cut = [decision(h, chosen == k, w) for k, h in enumerate(hits)]
    raw = [decision(h, first == k, w) for k, h in enumerate(hits)]
    fit = calibrate(codes, cell.p, w)
    return {
        "ap": macro([average_precision(h, cell.p[:, k], w) for k, h in enumerate(hits)]),
        "roc_auc": macro([roc_auc(h, cell.p[:, k], w) for k, h in enumerate(hits)]),
        "log_loss": fit.log_loss,
        "brier": fit.brier,
        "recall": macro([c["sensitivity"] for c in cut]),
        "specificity": macro([c["specificity"] for c in cut]),
        "precision": macro([c["precision"] for c in cut]),
        "raw_recall": macro([c["sensitivity"] for c in raw]),
        "raw_specificity": macro([c["specificity"] for c in raw]),
        "raw_precision": macro([c["precision"] for c in raw]),
    }


def alerts_of(plan: Plan, cell: Cell) -> float:
    """Weighted rows that moving the threshold flags in this fold."""
    _, w = held(plan, cell)
    if not plan.binary:
        return np.nan
    flagged = cell.p >= cell.threshold
    return float(flagged.sum() if w is None else w[flagged].sum())


def row_of(
    plan: Plan, method: Method, cells: Mapping[Key, Cell], mine: Mapping[str, np.ndarray], base: Any, share: float
) -> Row:
    own = [c for c in cells.values() if c.key.name == method.name]
    done = sorted((c for c in own if c.error is None), key=lambda c: c.key)
    errors = [c.error for c in sorted(own, key=lambda c: c.key) if c.error is not None]
    row = Row(method.name, method.label, method.rival, folds=len(done), error=errors[0] if errors else None)
    row = replace(row, seconds=float(sum(c.seconds for c in own)))
    if errors or not done:
        return row
    ap = paired(mine["ap"] - base["ap"], share)
    loss = paired(mine["log_loss"] - base["log_loss"], share)
    away = method.name != "threshold"
    return replace(
        row,
        status=done[0].status,
        **{key: mean_of(mine[key]) for key in PER_FOLD},
        **pooled_figures(plan, done),
        **(named("ap", ap) | {"ap_p": ap.p} | named("log_loss", loss) if away else {}),
    )


def mean_of(values: np.ndarray) -> float:
    """Mean over folds that have a value."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


def named(prefix: str, i: Interval) -> dict[str, float]:
    return {f"{prefix}_diff": i.mean, f"{prefix}_low": i.low, f"{prefix}_high": i.high}


def pooled_figures(plan: Plan, done: list[Cell]) -> dict[str, float]:
    """O/E (raw and repaired) and slope: pooled over the folds of a repeat, averaged over repeats in logs."""
    found: dict[str, list[float]] = {"oe": [], "oe_raw": [], "slope": []}
    for repeat in sorted({c.key.repeat for c in done}):
        part = [c for c in done if c.key.repeat == repeat]
        codes, p, raw, w = pooled(plan, part)
        repaired, before = calibrate(codes, p, w), calibrate(codes, raw, w)
        for key, value in (("oe", repaired.oe), ("oe_raw", before.oe), ("slope", repaired.slope)):
            found[key].append(farthest(value))
    return {key: log_mean(values) for key, values in found.items()}


def pooled(plan: Plan, cells: list[Cell]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """Codes (positive is 1 for two classes), repaired and raw probabilities, weights, of several cells together."""
    parts = [held(plan, c) for c in cells]
    codes = np.concatenate([codes for codes, _ in parts])
    if plan.binary:
        codes = (codes == plan.task.positive).astype(int)
    w = None if plan.task.w is None else np.concatenate([w for _, w in parts if w is not None])
    return codes, np.concatenate([c.p for c in cells]), np.concatenate([c.raw for c in cells]), w


def log_mean(values: list[float]) -> float:
    known = np.array([v for v in values if np.isfinite(v) and v > 0])
    return float(np.exp(np.log(known).mean())) if len(known) else np.nan


def against_rivals(rows: list[Row], per_fold: Mapping[str, Mapping[str, np.ndarray]], share: float) -> list[Row]:
    """Average precision less that of the control, where a row has one."""
    out = []
    for row in rows:
        if row.rival is not None and row.rival in per_fold and row.error is None:
            row = replace(row, **named("rival", paired(per_fold[row.name]["ap"] - per_fold[row.rival]["ap"], share)))
        out.append(row)
    return out


def row_fields() -> list[str]:
    return [f.name for f in fields(Row)]
