"""Results: from held-out probabilities to one line a method, paired with moving the threshold on the same folds.

    a figure     per test fold, averaged over the finished folds
    oe, slope    pooled over a repeat, averaged over repeats in logs
    x_change     difference to the method "threshold" per fold: mean and corrected t interval (`paired`)

Nothing is fitted here, so a comparison resumed from a journal gives the same digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ...learners import (
    Interval,
    average_precision,
    calibrate,
    decision,
    farthest,
    holm,
    known_mean,
    macro,
    paired,
    recall_at,
    roc_auc,
)
from ._cells import Cell, ComparisonPlan, Key
from ._method_result import FoldFigures, MethodResult
from ._methods import Method

__all__ = ["Figures", "figures_of", "pooled"]

PerFold = Mapping[str, np.ndarray]  # {figure: (J,)}


@dataclass(frozen=True)
class Figures:
    """Everything the verdict reads: results, per-fold figures, and the paired differences of AP, log loss and cost."""

    results: tuple[MethodResult, ...]
    per_fold: Mapping[str, PerFold]
    auc: Interval
    cost: Mapping[str, Interval]

    def result(self, name: str) -> MethodResult:
        """The one of that name."""
        return next(r for r in self.results if r.name == name)


def figures_of(plan: ComparisonPlan, cells: Mapping[Key, Cell]) -> Figures:
    """Results of all methods from the cells that are there."""
    folds = [(r, f) for r in range(len(plan.fold_of)) for f in range(plan.folds)]
    reference = plan.reference.name
    alerts = {rf: _alerts_of(plan, c) for rf in folds if (c := cells.get(Key(reference, *rf))) and c.error is None}
    per_fold = {m.name: _fold_figures(plan, m.name, cells, folds, alerts) for m in plan.methods}
    share = 1 / (plan.folds - 1)
    base = per_fold[reference]
    results = [_result_of(plan, m, cells, per_fold[m.name], base, share) for m in plan.methods]
    results = _against_rivals(results, per_fold, share)
    adjusted = adjust([r.ap_change for r in results])
    results = [replace(r, ap_change=change) for r, change in zip(results, adjusted, strict=True)]
    others = [n for n in per_fold if n != reference]
    costs = adjust([paired(per_fold[n]["cost"] - base["cost"], share) for n in others])
    return Figures(tuple(results), per_fold, paired(base["roc_auc"], share), dict(zip(others, costs, strict=True)))


def adjust(changes: list[Interval]) -> list[Interval]:
    """Differences with p adjusted for their number (Holm)."""
    return [i._replace(p=float(p)) for i, p in zip(changes, holm([i.p for i in changes]), strict=True)]


def _fold_figures(
    plan: ComparisonPlan,
    name: str,
    cells: Mapping[Key, Cell],
    folds: list[tuple[int, int]],
    alerts: Mapping[Any, float],
) -> dict[str, np.ndarray]:
    """{figure: (J,)} of one method, nan where a fold has not finished."""
    each = []
    for rf in folds:
        cell = cells.get(Key(name, *rf))
        if cell is None or cell.error is not None:
            each.append(FoldFigures())
        else:
            each.append(_cell_figures(plan, cell, alerts.get(rf, np.nan)))
    return {figure: np.array([getattr(f, figure) for f in each], dtype=float) for figure in FoldFigures.names()}


def _held_out(plan: ComparisonPlan, cell: Cell) -> tuple[np.ndarray, np.ndarray | None]:
    """Labels and weights of the rows a cell predicted."""
    test = plan.test(cell.key.repeat, cell.key.fold)
    return plan.task.codes[test], None if plan.task.w is None else plan.task.w[test]


def _cell_figures(plan: ComparisonPlan, cell: Cell, alerts: float) -> FoldFigures:
    """The figures of one fold; `alerts`, weighted rows that moving the threshold flags there."""
    codes, w = _held_out(plan, cell)
    judged = _two_class_figures(plan, cell, codes, w, alerts) if plan.binary else _many_figures(plan, cell, codes, w)
    return replace(
        judged,
        threshold=cell.threshold,
        n_train=cell.n_train,
        ess_min=cell.ess_min,
        synthetic_share=cell.synthetic_share,
    )


def _two_class_figures(
    plan: ComparisonPlan, cell: Cell, codes: np.ndarray, w: np.ndarray | None, alerts: float
) -> FoldFigures:
    """K = 2: repaired probabilities cut at the method's threshold, those before repair at 0.5."""
    hit = codes == plan.task.positive
    fit = calibrate(hit.astype(int), cell.p, w)
    cut, raw = decision(hit, cell.p >= cell.threshold, w), decision(hit, cell.raw >= 0.5, w)
    return FoldFigures(
        ap=average_precision(hit, cell.p, w),
        roc_auc=roc_auc(hit, cell.p, w),
        log_loss=fit.log_loss,
        brier=fit.brier,
        recall=cut["sensitivity"],
        specificity=cut["specificity"],
        precision=cut["precision"],
        alerts=cut["alerts"],
        cost=np.nan if plan.cost is None else plan.cost * cut["misses"] + cut["false_alarms"],
        raw_recall=raw["sensitivity"],
        raw_specificity=raw["specificity"],
        raw_precision=raw["precision"],
        recall_same_alerts=recall_at(hit, cell.p, w, alerts) if np.isfinite(alerts) else np.nan,
    )


def _many_figures(plan: ComparisonPlan, cell: Cell, codes: np.ndarray, w: np.ndarray | None) -> FoldFigures:
    """K > 2: macro averages; the cut is argmax p_k/pi_k, of the untouched learner argmax p_k."""
    train = np.setdiff1d(np.arange(len(plan.task.codes)), plan.test(cell.key.repeat, cell.key.fold))
    prior = plan.task.take(train).prior
    chosen = (cell.p if plan.method(cell.key.name).untouched else cell.p / prior).argmax(axis=1)
    first = cell.raw.argmax(axis=1)
    hits = [codes == k for k in range(cell.p.shape[1])]
    cut = [decision(h, chosen == k, w) for k, h in enumerate(hits)]
    raw = [decision(h, first == k, w) for k, h in enumerate(hits)]
    fit = calibrate(codes, cell.p, w)
    return FoldFigures(
        ap=macro([average_precision(h, cell.p[:, k], w) for k, h in enumerate(hits)]),
        roc_auc=macro([roc_auc(h, cell.p[:, k], w) for k, h in enumerate(hits)]),
        log_loss=fit.log_loss,
        brier=fit.brier,
        recall=macro([c["sensitivity"] for c in cut]),
        specificity=macro([c["specificity"] for c in cut]),
        precision=macro([c["precision"] for c in cut]),
        raw_recall=macro([c["sensitivity"] for c in raw]),
        raw_specificity=macro([c["specificity"] for c in raw]),
        raw_precision=macro([c["precision"] for c in raw]),
    )


def _alerts_of(plan: ComparisonPlan, cell: Cell) -> float:
    """Weighted rows that moving the threshold flags in this fold."""
    _, w = _held_out(plan, cell)
    if not plan.binary:
        return np.nan
    flagged = cell.p >= cell.threshold
    return float(flagged.sum() if w is None else w[flagged].sum())


def _result_of(
    plan: ComparisonPlan, method: Method, cells: Mapping[Key, Cell], mine: PerFold, base: PerFold, share: float
) -> MethodResult:
    """The line of one method; `share` is rows of a test fold over rows of its training fold."""
    own = [c for c in cells.values() if c.key.name == method.name]
    done = sorted((c for c in own if c.error is None), key=lambda c: c.key)
    errors = [c.error for c in sorted(own, key=lambda c: c.key) if c.error is not None]
    seconds = float(sum(c.seconds for c in own))
    error = errors[0] if errors else None
    result = MethodResult(method.name, method.label, method.rival, folds=len(done), error=error, seconds=seconds)
    if errors or not done:
        return result
    means = FoldFigures(**{figure: known_mean(values) for figure, values in mine.items()})
    result = replace(result, status=done[0].status, **asdict(means), **_pooled_figures(plan, done))
    if method.reference:
        return result
    changes = {figure: paired(mine[figure] - base[figure], share) for figure in ("ap", "log_loss")}
    return replace(result, ap_change=changes["ap"], log_loss_change=changes["log_loss"])


def _pooled_figures(plan: ComparisonPlan, done: list[Cell]) -> dict[str, float]:
    """O/E (raw and repaired) and slope: pooled over the folds of a repeat, averaged over repeats in logs."""
    found: dict[str, list[float]] = {"oe": [], "oe_raw": [], "slope": []}
    for repeat in sorted({c.key.repeat for c in done}):
        part = [c for c in done if c.key.repeat == repeat]
        codes, p, raw, w = pooled(plan, part)
        repaired, before = calibrate(codes, p, w), calibrate(codes, raw, w)
        for key, value in (("oe", repaired.oe), ("oe_raw", before.oe), ("slope", repaired.slope)):
            found[key].append(farthest(value))
    return {key: log_mean(values) for key, values in found.items()}


def pooled(plan: ComparisonPlan, cells: list[Cell]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """Codes (positive is 1 for two classes), repaired and raw probabilities, weights, of several cells together."""
    parts = [_held_out(plan, c) for c in cells]
    codes = np.concatenate([codes for codes, _ in parts])
    if plan.binary:
        codes = (codes == plan.task.positive).astype(int)
    w = None if plan.task.w is None else np.concatenate([w for _, w in parts if w is not None])
    return codes, np.concatenate([c.p for c in cells]), np.concatenate([c.raw for c in cells]), w


def log_mean(values: list[float]) -> float:
    known = np.array([v for v in values if np.isfinite(v) and v > 0])
    return float(np.exp(np.log(known).mean())) if len(known) else np.nan


def _against_rivals(results: list[MethodResult], per_fold: Mapping[str, PerFold], share: float) -> list[MethodResult]:
    """Average precision less that of the control, where a method has one."""
    out = []
    for result in results:
        if result.rival is not None and result.rival in per_fold and result.error is None:
            change = paired(per_fold[result.name]["ap"] - per_fold[result.rival]["ap"], share)
            result = replace(result, rival_change=change)
        out.append(result)
    return out
