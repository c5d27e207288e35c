"""The verdict of a comparison: one code, a grade, the reasons.

The first that holds:

    incomplete        interrupted before two folds of moving the threshold were in                 unusable
    too_few           under 20 rows of the rarest class                                            unusable
    no_signal         the AUC interval of moving the threshold holds .5                            unusable
    use:NAME          Holm p < .05 in favour, log loss not significantly worse, better than its control
    move_threshold    otherwise

in favour of AP, or of cost if one was given. The grade says how sharply these data can tell: a column that gives the label away,
under 100 rows of the rarest class, or an AP interval wider than +-.05 for most remedies is unreliable, wider than +-.02 usable, else
good. One remedy that varies wildly does not decide it: the middle one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...learners import Interval
from ._cells import ComparisonPlan
from ._facts import Facts
from ._method_result import MethodResult
from ._results import Figures

__all__ = [
    "FEW",
    "NARROW",
    "REPAIRED_OK",
    "SAME",
    "SURE",
    "ComparisonVerdict",
    "Reading",
    "half_width",
    "outside",
    "read_figures",
    "same",
]

FEW, MANY_ENOUGH = 20, 100
SURE, WIDE, NARROW, SAME = 0.05, 0.05, 0.02, 0.01
RAW_OK, REPAIRED_OK = (0.8, 1.25), (0.9, 1.1)
BALANCED = 0.4


@dataclass(frozen=True, repr=False)
class ComparisonVerdict:
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

    def __repr__(self) -> str:
        return f"Verdict({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


@dataclass(frozen=True)
class Reading:
    """The figures, sorted by what they say; what the sentences are written from.

    remedies : methods that finished and are neither there always nor controls. best : of these the one to name. worse : those that
    rank worse for sure. explained : those whose gain their control may have too.
    """

    plan: ComparisonPlan
    facts: Facts
    figures: Figures
    code: str
    grade: str
    remedies: tuple[MethodResult, ...]
    best: MethodResult | None
    worse: tuple[MethodResult, ...]
    explained: tuple[MethodResult, ...]

    @property
    def usable(self) -> bool:
        """Whether remedies may be weighed against each other."""
        return self.code not in ("incomplete", "too_few", "no_signal")

    @property
    def controls(self) -> tuple[MethodResult, ...]:
        """As many trees on all rows: what an ensemble is held against."""
        names = _control_names(self.plan)
        return tuple(r for r in self.finished if r.name in names)

    @property
    def better_controls(self) -> list[MethodResult]:
        """Controls whose ranking is better than moving the threshold by more than the margin, best first."""
        if self.code in ("incomplete", "too_few"):
            return []
        return sorted((r for r in self.controls if r.ap_low > SAME), key=lambda r: -r.ap_diff)

    @property
    def untouched(self) -> MethodResult:
        """The learner as it is."""
        return self.figures.result(self.plan.untouched.name)

    @property
    def reference(self) -> MethodResult:
        """Moving the threshold."""
        return self.figures.result(self.plan.reference.name)

    @property
    def finished(self) -> list[MethodResult]:
        return [r for r in self.figures.results if r.finished]

    @property
    def repaired(self) -> list[MethodResult]:
        """Those whose probabilities were repaired, with an O/E that is known."""
        return [r for r in self.finished if r.name != self.plan.untouched.name and _is_ratio(r.oe)]

    @property
    def overpromising(self) -> list[MethodResult]:
        return [r for r in self.finished if _is_ratio(r.oe_raw) and outside(r.oe_raw, RAW_OK)]

    @property
    def unrepaired(self) -> list[MethodResult]:
        return [r for r in self.repaired if outside(r.oe, REPAIRED_OK)]

    @property
    def measured(self) -> list[MethodResult]:
        """Remedies whose AP difference has an interval."""
        return [r for r in self.remedies if np.isfinite(half_width(r))]

    @property
    def comparisons(self) -> int:
        """How many p-values the adjustment allows for."""
        return sum(bool(np.isfinite(r.ap_p)) for r in self.figures.results)

    @property
    def reasons(self) -> tuple[str, ...]:
        holds = {
            "leak": bool(self.facts.leaks),
            "another_learner": bool(self.better_controls),
            "harmful": bool(self.worse),
            "overpromises": bool(self.overpromising),
            "not_repaired": bool(self.unrepaired),
            "resolution": max(map(half_width, _contenders(self.remedies, self.worse)), default=0.0) > NARROW,
            "control_explains": bool(self.explained),
            "already_balanced": BALANCED < self.facts.share < 1 - BALANCED and self.plan.binary,
            "copies": self.facts.copies > 0,
        }
        return tuple(code for code, true in holds.items() if true)


def read_figures(plan: ComparisonPlan, facts: Facts, figures: Figures) -> Reading:
    """Sort the results and decide the code and grade."""
    aside = _control_names(plan) | {m.name for m in plan.methods if m.always}
    remedies = tuple(r for r in figures.results if r.name not in aside and r.finished)
    worse = tuple(r for r in remedies if r.ap_p < SURE and r.ap_diff < 0 and not same(r))
    known = [r for r in remedies if np.isfinite(p_of(plan, figures, r))]
    ahead = sorted(known, key=lambda r: -gain(plan, figures, r))
    winners = [r for r in ahead if _earns_its_place(plan, figures, r)]
    explained = tuple(r for r in remedies if r.ap_p < SURE and r.ap_diff > 0 and _beaten(r) and not same(r))
    few = int(np.bincount(plan.task.codes, minlength=len(plan.task.classes)).min())
    code = code_of(few, figures.auc, winners)
    widths = [half_width(r) for r in _contenders(remedies, worse)] or [half_width(figures.result(plan.untouched.name))]
    grade = grade_of(code, few, widths, leak=bool(facts.leaks))
    sure = [r for r in ahead if p_of(plan, figures, r) < SURE and gain(plan, figures, r) > 0]
    best = next(iter([*winners, *sure, *ahead]), None)
    return Reading(plan, facts, figures, code, grade, remedies, best, worse, explained)


def _control_names(plan: ComparisonPlan) -> set[str]:
    """Methods that are there for others to be held against."""
    return {m.rival for m in plan.methods if m.rival} | {m.name for m in plan.methods if m.control}


def _contenders(remedies: Sequence[MethodResult], worse: Sequence[MethodResult]) -> list[MethodResult]:
    """Remedies that are not out of the running, where something is known of them."""
    return [r for r in remedies if r not in worse and not r.ap_high < 0 and np.isfinite(half_width(r))]


def half_width(result: MethodResult) -> float:
    """Half the width of the interval of the AP difference."""
    return result.ap_change.half


def gain(plan: ComparisonPlan, figures: Figures, result: MethodResult) -> float:
    """How much better than moving the threshold, in cost saved or AP."""
    return -figures.cost[result.name].mean if plan.cost is not None else result.ap_diff


def p_of(plan: ComparisonPlan, figures: Figures, result: MethodResult) -> float:
    """Adjusted p of what decides."""
    return figures.cost[result.name].p if plan.cost is not None else result.ap_p


def _earns_its_place(plan: ComparisonPlan, figures: Figures, result: MethodResult) -> bool:
    if plan.cost is None and same(result):
        return False  # sure, and too small to matter
    sure = p_of(plan, figures, result) < SURE and gain(plan, figures, result) > 0
    return bool(sure and not result.log_loss_low > 0 and not _beaten(result))


def _beaten(result: MethodResult) -> bool:
    """Whether it has a control and is not shown to be better than that."""
    return result.rival is not None and not result.rival_low > 0


def code_of(few: int, auc: Interval, winners: list[MethodResult]) -> str:
    if np.isnan(auc.low):
        return "incomplete"
    if few < FEW:
        return "too_few"
    if auc.low <= 0.5 <= auc.high or auc.mean < 0.5:
        return "no_signal"
    return f"use:{winners[0].name}" if winners else "move_threshold"


def grade_of(code: str, few: int, widths: list[float], *, leak: bool) -> str:
    if code in ("incomplete", "too_few", "no_signal"):
        return "unusable"
    middle = float(np.median(widths))
    if leak or few < MANY_ENOUGH or not middle <= WIDE:
        return "unreliable"
    return "usable" if middle > NARROW else "good"


def same(result: MethodResult) -> bool:
    """Whether the whole interval of the AP difference lies within +-.01."""
    return bool(result.ap_low >= -SAME and result.ap_high <= SAME)


def outside(value: float, bounds: tuple[float, float]) -> bool:
    return bool(value < bounds[0] or value > bounds[1])


def _is_ratio(value: float) -> bool:
    return bool(np.isfinite(value) and value > 0)
