"""The first sentences of a comparison: is a column too good to be true, is another learner better, and what to do with this one.

Whatever stands first is acted on, so it is what would be most costly not to know: a column that gives the label away, then a learner
that ranks better with nothing balanced, then the advice of the verdict. Flags are those of the command; from Python they have the
same names.
"""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np

from ...learners import Interval, Prepared, bare_learner
from ._facts import label_text
from ._method_result import MethodResult
from ._screen import difference, p_value
from ._suspicions import Leak
from ._verdict import FEW, SAME, SURE, Reading, p_of, same

__all__ = ["advice", "another_learner", "at_one_half", "interval", "leak_sentences"]

AT_CHANCE, POOR = 0.55, 0.65  # AUC up to which a mean, and the end of its interval, are called chance
ADABOOST = "sklearn.ensemble:AdaBoostClassifier"
MOST_LEAKS = 3


# ---- a column that knows too much -------------------------------------------------------------------------------------------


def leak_sentences(r: Reading) -> list[str]:
    """One a column that may give the label away."""
    return [_leak_sentence(leak) for leak in r.facts.leaks[:MOST_LEAKS]]


def _leak_sentence(leak: Leak) -> str:
    if leak.gaps:
        why = f"Whether it is filled tells the classes apart, AUC {leak.auc:.4f}"
    elif leak.auc > 0.999:
        why = f"Alone it tells the classes apart, AUC {leak.auc:.4f}"
    else:
        why = f"Alone it ranks at AUC {leak.auc:.3f}, where no column beside the suspects passes {leak.next_best:.3f}"
    flag = "" if "," in leak.name else f", --exclude {shlex.quote(label_text(leak.name))},"
    name = label_text(leak.name)
    return f"Column '{name}' may give the label away: do you know it before the fact? {why}. If you do not, leave it out{flag} and compare again."


# ---- another learner --------------------------------------------------------------------------------------------------------


def another_learner(r: Reading) -> str:
    """A control that ranks better: trees on all rows, which are a matter of the learner and not of balance."""
    if not r.better_controls:
        return ""
    best = r.better_controls[0]
    return f"Try another learner first{_flag_of(r, best.name)}. With nothing balanced {best.name} ranks better than moving the threshold: AP {interval(best)}."


def _flag_of(r: Reading, name: str) -> str:
    """What to type for a learner like that control."""
    method = r.plan.method(name)
    now = r.plan.learner.learner if isinstance(r.plan.learner, Prepared) else r.plan.learner
    if name == "bagged":
        return f" (from Python: learner=BaggingClassifier({type(_last_of(now)).__name__}()))"
    if not method.try_as:
        return ""
    path = ADABOOST if _is_kind(method.try_as, now) else method.try_as
    return "" if _is_kind(path, now) else f": --learner {path}"


def _last_of(learner: Any) -> Any:
    steps = getattr(learner, "steps", None)
    return steps[-1][1] if steps else learner


def _is_kind(path: str, learner: Any) -> bool:
    """Whether the learner is already of the class that the path names."""
    return type(bare_learner(path)) is type(_last_of(learner))


# ---- the advice of the verdict ----------------------------------------------------------------------------------------------


def advice(r: Reading) -> str:
    """What to do with this learner."""
    if r.code == "incomplete":
        return ""
    if r.code == "too_few":
        rows = int(np.bincount(r.plan.task.codes, minlength=len(r.plan.task.classes)).min())
        return f"Too few to compare: {rows:,} row{'s' * (rows != 1)} of the rarest class, {FEW} are needed. Collect more before choosing a remedy."
    if r.code == "no_signal":
        return unsure(r)
    if r.code.startswith("use:") and r.best is not None:
        if r.plan.cost is not None:
            return f"{r.best.name} costs less than moving the threshold: {_cost_of(r, r.best)} per 1,000 rows."
        return f"{r.best.name} ranks better than moving the threshold: AP {interval(r.best)}."
    return " ".join(s for s in (_keep_the_learner(r), _about_remedies(r)) if s)


def _keep_the_learner(r: Reading) -> str:
    """Move the threshold, or not even that."""
    if r.plan.binary and at_one_half(r.reference):
        if r.better_controls:
            return "With this learner change nothing: even the threshold is where it should be."
        return "Change nothing: even the threshold is where it should be."
    return "With this learner move the threshold." if r.better_controls else "Move the threshold; change nothing else."


def _about_remedies(r: Reading) -> str:
    """Why no remedy: what is known of the best."""
    if r.best is None or not np.isfinite(r.reference.ap):
        return ""
    return _by_cost(r, r.best) if r.plan.cost is not None else _by_ranking(r, r.best)


def _by_cost(r: Reading, best: MethodResult) -> str:
    told = f"{_cost_of(r, best)} per 1,000 rows"
    costs = [i for x in r.remedies if np.isfinite((i := r.figures.cost[x.name]).p)]
    if p_of(r.plan, r.figures, best) < SURE and r.figures.cost[best.name].mean < 0:
        return f"{best.name} costs less, {told}, but {_flaw(r, best)}."
    if len(costs) > 1 and all(i.p < SURE and i.mean > 0 for i in costs):
        return f"Every remedy costs more: the least, {best.name}, {told}."
    return f"No remedy is shown to cost less: best {best.name}, {told}."


def _by_ranking(r: Reading, best: MethodResult) -> str:
    told = f"AP {interval(best)}"
    if best.ap_p < SURE and best.ap_diff > 0:
        return f"{best.name} ranks better, {told}, but {_flaw(r, best)}."
    if len(r.measured) > 1 and all(x in r.worse for x in r.measured):
        return f"Every remedy ranks worse than moving the threshold, for sure after Holm's adjustment: the best, {best.name}, {told}."
    if len(r.measured) > 1 and all(map(same, r.measured)):
        return f"No remedy changes the ranking by more than {SAME:g}: best {best.name}, {told}."
    if best.ap_low > 0:
        return f"No remedy is shown to rank better once {r.comparisons} comparisons are allowed for (Holm): best {best.name}, {told}, adjusted p {p_value(best.ap_p)}."
    return f"No remedy is shown to rank better than moving the threshold: best {best.name}, {told}."


def unsure(r: Reading) -> str:
    """An AUC whose interval holds .5: shown to be chance, or not shown to be anything."""
    auc: Interval = r.figures.auc
    told = f"AUC {auc.mean:.3f} [{max(0, auc.low):.3f}, {min(1, auc.high):.3f}]"
    if not (auc.mean < AT_CHANCE and auc.high < POOR):
        return f"These folds cannot tell whether the learner ranks at all: {told}. More rows, folds or repeats may."
    able = max((x for x in r.remedies if x.ap_low > 0), key=lambda x: x.ap_diff, default=None)
    if able is not None:
        return f"The learner ranks no better than chance: {told}. {able.name} is another matter: AP {interval(able)}."
    if r.better_controls:
        return f"The learner ranks no better than chance: {told}."
    return f"The learner ranks no better than chance: {told}. No remedy for imbalance mends that."


def _flaw(r: Reading, best: MethodResult) -> str:
    """Why a remedy that is better for sure is not advised."""
    if r.plan.cost is None and same(best):
        return f"by no more than {SAME:g}, which makes no difference"
    if best.log_loss_low > 0:
        return f"its log loss is worse by {best.log_loss_diff:.4f}"
    if not np.isfinite(best.rival_low):
        return f"its control {best.rival} has no figures to hold it against"
    return f"it is not shown to rank better than its control {best.rival}"


def _cost_of(r: Reading, result: MethodResult) -> str:
    i = r.figures.cost[result.name]
    return f"{i.mean:+.2f} [{i.low:+.2f}, {i.high:+.2f}]"


def interval(result: MethodResult) -> str:
    return difference(result).strip()


def at_one_half(result: MethodResult) -> bool:
    """Whether the threshold would be printed as the one it was moved from."""
    return f"{result.threshold:.2g}" == "0.5"
