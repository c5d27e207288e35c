"""The verdict of a comparison: one code, a grade, the reasons.

The first that holds:

    incomplete        interrupted before two folds of moving the threshold were in                 unusable
    too_few           under 20 rows of the rarest class                                            unusable
    no_signal         the AUC interval of moving the threshold holds .5                            unusable
    use:NAME          Holm p < .05 in favour, log loss not significantly worse, better than its control
    move_threshold    otherwise

in favour of AP, or of cost if one was given. The grade says how sharply these data can tell: under 100 rows of the rarest
class or an AP interval wider than +-.05 unreliable, wider than +-.02 usable, else good.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...learners import Interval
from ._cells import Plan
from ._facts import Facts
from ._results import Figures, Row

__all__ = ["FEW", "NARROW", "REPAIRED_OK", "SAME", "SURE", "Reading", "Verdict", "outside", "read_figures", "same"]

FEW, MANY_ENOUGH = 20, 100
SURE, WIDE, NARROW, SAME = 0.05, 0.05, 0.02, 0.01
RAW_OK, REPAIRED_OK = (0.8, 1.25), (0.9, 1.1)
BALANCED = 0.4


@dataclass(frozen=True)
class Verdict:
    """`code`, `grade` (good, usable, unreliable, unusable), `reasons` (codes) and `sentences` to read."""

    code: str
    grade: str
    reasons: tuple[str, ...]
    sentences: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the comparison can be used at all."""
        return self.grade != "unusable"

    def __str__(self) -> str:
        return "\n".join(self.sentences)


@dataclass(frozen=True)
class Reading:
    """The figures, sorted by what they say; what the sentences are written from."""

    plan: Plan
    facts: Facts
    figures: Figures
    code: str
    grade: str
    remedies: tuple[Row, ...]
    best: Row | None
    worse: tuple[Row, ...]
    explained: tuple[Row, ...]
    resolution: float

    @property
    def controls(self) -> tuple[Row, ...]:
        """As many trees on all rows: what an ensemble is held against."""
        names = control_names(self.plan)
        return tuple(r for r in self.finished if r.name in names)

    @property
    def none(self) -> Row:
        return self.figures.row("none")

    @property
    def threshold(self) -> Row:
        return self.figures.row("threshold")

    @property
    def finished(self) -> list[Row]:
        return [r for r in self.figures.rows if r.error is None and r.folds]

    @property
    def overpromising(self) -> list[Row]:
        return [r for r in self.finished if outside(r.oe_raw, RAW_OK)]

    @property
    def unrepaired(self) -> list[Row]:
        return [r for r in self.finished if r.name != "none" and outside(r.oe, REPAIRED_OK)]

    @property
    def reasons(self) -> tuple[str, ...]:
        holds = {
            "harmful": bool(self.worse),
            "overpromises": bool(self.overpromising),
            "not_repaired": bool(self.unrepaired),
            "resolution": bool(self.resolution > NARROW),
            "control_explains": bool(self.explained),
            "already_balanced": BALANCED < self.facts.share < 1 - BALANCED and self.plan.binary,
            "leak": bool(self.facts.leaks),
            "copies": self.facts.copies > 0,
        }
        return tuple(code for code, true in holds.items() if true)


def read_figures(plan: Plan, facts: Facts, figures: Figures) -> Reading:
    """Sort the rows and decide the code and grade."""
    controls = control_names(plan)
    remedies = tuple(
        r
        for r in figures.rows
        if r.name not in ("none", "threshold") and r.name not in controls and r.error is None and r.folds
    )
    worse = tuple(r for r in remedies if r.ap_p < SURE and r.ap_diff < 0 and not same(r))
    ahead = sorted(
        (r for r in remedies if np.isfinite(r.ap_low) and np.isfinite(gain(plan, figures, r))),
        key=lambda r: -gain(plan, figures, r),
    )
    winners = [r for r in ahead if earns_its_place(plan, figures, r)]
    explained = tuple(r for r in remedies if r.ap_p < SURE and r.ap_diff > 0 and beaten(r) and not same(r))
    kept = [r for r in remedies if r not in worse and not r.ap_high < 0] or [figures.row("none")]
    widths = [(r.ap_high - r.ap_low) / 2 for r in kept]
    resolution = max((h for h in widths if np.isfinite(h)), default=np.nan)
    few = int(np.bincount(plan.task.codes, minlength=len(plan.task.classes)).min())
    code = code_of(few, figures.auc, winners)
    grade = grade_of(code, few, resolution)
    best = winners[0] if winners else ahead[0] if ahead else None
    return Reading(plan, facts, figures, code, grade, remedies, best, worse, explained, resolution)


def control_names(plan: Plan) -> set[str]:
    """Rows that are there for others to be held against."""
    return {m.rival for m in plan.rows if m.rival} | {m.name for m in plan.rows if m.control}


def gain(plan: Plan, figures: Figures, row: Row) -> float:
    """How much better than moving the threshold, in cost saved or AP."""
    return -figures.cost[row.name].mean if plan.cost is not None else row.ap_diff


def earns_its_place(plan: Plan, figures: Figures, row: Row) -> bool:
    p = figures.cost_p[row.name] if plan.cost is not None else row.ap_p
    if plan.cost is None and same(row):
        return False  # sure, and too small to matter
    return bool(p < SURE and gain(plan, figures, row) > 0 and not row.log_loss_low > 0 and not beaten(row))


def beaten(row: Row) -> bool:
    """Whether the row has a control and is not better than it."""
    return row.rival is not None and not row.rival_low > 0


def code_of(few: int, auc: Interval, winners: list[Row]) -> str:
    if np.isnan(auc.low):
        return "incomplete"
    if few < FEW:
        return "too_few"
    if auc.low <= 0.5 <= auc.high or auc.mean < 0.5:
        return "no_signal"
    return f"use:{winners[0].name}" if winners else "move_threshold"


def grade_of(code: str, few: int, resolution: float) -> str:
    if code in ("incomplete", "too_few", "no_signal"):
        return "unusable"
    if few < MANY_ENOUGH or not resolution <= WIDE:
        return "unreliable"
    return "usable" if resolution > NARROW else "good"


def same(row: Row) -> bool:
    """Whether the whole interval of the AP difference lies within +-.01."""
    return bool(row.ap_low >= -SAME and row.ap_high <= SAME)


def outside(value: float, bounds: tuple[float, float]) -> bool:
    return bool(value < bounds[0] or value > bounds[1])
