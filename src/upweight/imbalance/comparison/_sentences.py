"""The sentences of a comparison: what to do, what it buys, what the probabilities did, what was not told.

Written from a `Reading`; every number in them stands in the rows. "No difference" is said only if the whole interval lies
within +-.01, otherwise methods "cannot be told apart".
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...learners import Interval
from ._facts import percent
from ._results import Row
from ._screen import difference
from ._verdict import FEW, NARROW, REPAIRED_OK, SAME, SURE, Reading, outside, same

__all__ = ["sentences_of"]

AT_CHANCE, POOR = 0.55, 0.65  # AUC up to which a mean, and the end of its interval, are called chance


def sentences_of(r: Reading, *, complete: bool, done: int) -> tuple[str, ...]:
    """All sentences that apply, in reading order."""
    found = [advice(r), *others(r), at_the_cut(r), promises(r), *rankings(r), *warnings_of(r), *failures(r)]
    if not complete:
        found.insert(
            0,
            f"Stopped early: {done:,} of {len(r.plan.keys):,} fits are in; the figures are of the folds that finished.",
        )
    return tuple(s for s in found if s)


def advice(r: Reading) -> str:
    """The first sentence: what to do."""
    if r.code == "incomplete":
        return ""
    if r.code == "too_few":
        return f"Too few to compare: {lowest(r):,} rows of the rarest class, {FEW} are needed. Collect more before choosing a remedy."
    if r.code == "no_signal":
        return unsure(r.figures.auc)
    if r.code.startswith("use:") and r.best is not None:
        if r.plan.cost is not None:
            return f"{r.best.name} costs less than moving the threshold: {cost_of(r, r.best)} per 1,000 rows."
        return f"{r.best.name} ranks better than moving the threshold: AP {interval(r.best)}."
    first = "Move the threshold; change nothing else."
    if r.plan.binary and at_one_half(r.threshold):
        first = "Change nothing: even the threshold is where it should be."
    if r.best is None or not np.isfinite(r.threshold.ap):
        return first
    if r.plan.cost is not None:
        return f"{first} No remedy is shown to cost less: best {r.best.name}, {cost_of(r, r.best)} per 1,000 rows."
    if r.best.ap_p < SURE and r.best.ap_diff > 0:
        return f"{first} {r.best.name} ranks better, AP {interval(r.best)}, but {flaw(r.best)}."
    if r.best.ap_low > 0:
        tried = f"of {len(r.remedies)} tried" if len(r.remedies) > 1 else "beyond chance"
        return f"{first} No remedy {tried} is sure to rank better: best {r.best.name}, AP {interval(r.best)}, adjusted p {r.best.ap_p:.2f}."
    return f"{first} No remedy ranks better than the untouched learner: best {r.best.name}, AP {interval(r.best)}."


def unsure(auc: Interval) -> str:
    """An AUC whose interval holds .5: shown to be chance, or not shown to be anything."""
    told = f"AUC {auc.mean:.3f} [{max(0, auc.low):.3f}, {min(1, auc.high):.3f}]"
    if auc.mean < AT_CHANCE and auc.high < POOR:
        return f"The learner ranks no better than chance: {told}. No remedy for imbalance mends that."
    return f"These folds cannot tell whether the learner ranks at all: {told}. More folds, repeats or rows would."


def flaw(row: Row) -> str:
    if same(row):
        return f"by no more than {SAME:g}, which makes no difference"
    if row.log_loss_low > 0:
        return f"its log loss is worse by {row.log_loss_diff:.4f}"
    return f"no more than its control {row.rival}"


def cost_of(r: Reading, row: Row) -> str:
    i = r.figures.cost[row.name]
    return f"{i.mean:+.2f} [{i.low:+.2f}, {i.high:+.2f}]"


def interval(row: Row) -> str:
    return difference(row).strip()


def lowest(r: Reading) -> int:
    return int(np.bincount(r.plan.task.codes, minlength=len(r.plan.task.classes)).min())


def at_the_cut(r: Reading) -> str:
    """What 0.5 finds and what the right threshold finds."""
    none, cut = r.none, r.threshold
    if not (none.folds and cut.folds) or none.error or cut.error:
        return ""
    if not r.plan.binary:
        return f"Largest p finds {whole(none.raw_recall)} of a class on average; largest p/prior finds {whole(cut.recall)}."
    text = f"At 0.5 it finds {whole(none.raw_recall)} of the positives"
    if not at_one_half(cut):
        text += f"; at {cut.threshold:.2g} it finds {whole(cut.recall)}"
    text += f", with {cut.alerts:.0f} alerts per 1,000 rows."
    if r.best is not None and np.isfinite(r.best.recall_same_alerts):
        text += f" {r.best.name}, as many alerts: {whole(r.best.recall_same_alerts)}."
    return text


def at_one_half(row: Row) -> bool:
    """Whether the threshold would be printed as the one it was moved from."""
    return f"{row.threshold:.2g}" == "0.5"


def promises(r: Reading) -> str:
    """What the probabilities promised before and after repair."""
    fixed = [x for x in r.finished if x.name != "none" and not outside(x.oe, REPAIRED_OK)]
    parts = []
    for rows, invert, word in ((under(r.overpromising), True, "many"), (over(r.overpromising), False, "few")):
        if rows:
            verb = "promises" if len(rows) == 1 else "promise"
            whom = "positives" if r.plan.binary else "rows of a class"
            worst = sorted(rows, key=lambda x: x.oe_raw, reverse=not invert)
            parts.append(
                f"{join((x.name for x in worst), most=4)} {verb} {times(rows, invert)} times too {word} {whom}"
            )
    whose = "the others" if r.unrepaired else "all rows"
    within = f"; repaired, {whose} are within {spread(fixed)} %" if fixed else ""
    text = f"Untouched, {'; '.join(parts)}{within}." if parts else ""
    if not parts and fixed:
        text = f"All probabilities keep their promises within {spread(fixed)} % once repaired."
    stay = " ".join(f"{x.name} stays at {x.oe:.2f}." for x in r.unrepaired)
    return f"{text} {stay}".strip()


def under(rows: list[Row]) -> list[Row]:
    return [x for x in rows if x.oe_raw < 1]


def over(rows: list[Row]) -> list[Row]:
    return [x for x in rows if x.oe_raw > 1]


def times(rows: list[Row], invert: bool) -> str:
    factor = sorted(1 / x.oe_raw if invert else x.oe_raw for x in rows)
    shown = list(dict.fromkeys(f"{f:.1f}" if f < 10 else f"{f:.0f}" for f in (factor[0], factor[-1])))
    return " to ".join(shown)


def spread(rows: list[Row]) -> str:
    return f"{max((int(np.ceil(100 * abs(x.oe - 1) - 1e-9)) for x in rows), default=0)}"


def others(r: Reading) -> list[str]:
    """Remedies beside the best: the same, or not told apart. Nothing where no difference would mean anything."""
    if r.code in ("too_few", "no_signal"):
        return []
    rest = [x for x in r.remedies if x is not r.best and x not in r.worse and np.isfinite(x.ap_low)]
    alike = [x for x in rest if same(x)]
    open_ = [x for x in rest if x not in alike and not x.ap_p < SURE]
    out = []
    if alike:
        out.append(
            f"{join((x.name for x in alike), most=4)} make{'s' if len(alike) == 1 else ''} no difference to the ranking (AP within {SAME:g})."
        )
    if open_:
        out.append(f"{join((x.name for x in open_), most=4)} cannot be told apart from moving the threshold.")
    return out


def rankings(r: Reading) -> list[str]:
    out = []
    if r.worse:
        out.append(f"{join(x.name for x in r.worse)} rank{'s' if len(r.worse) == 1 else ''} worse.")
    out += [f"The gain of {x.name} is {r.plan.method(str(x.rival)).label}, not balancing." for x in r.explained]
    out += another_learner(r)
    if r.resolution > NARROW:
        out.append(f"These data cannot tell AP differences below {r.resolution:.2f}.")
    return out


def another_learner(r: Reading) -> list[str]:
    """A control that ranks better: trees on all rows, which are a matter of the learner and not of balance."""
    told = {x.rival for x in r.explained}
    better = [x for x in r.controls if x.ap_low > 0 and x.name not in told]
    if r.code != "move_threshold" or not better:
        return []
    best = max(better, key=lambda x: x.ap_diff)
    return [f"Before any remedy try another learner: {best.name}, with nothing balanced, shows AP {interval(best)}."]


def warnings_of(r: Reading) -> list[str]:
    out = [
        f"Column {name!r} alone separates the classes (AUC {auc:.4f}): was it known before the label? If not, leave it out."
        for name, auc in r.facts.leaks[:3]
    ]
    if "already_balanced" in r.reasons:
        out.append(f"The classes are nearly balanced ({percent(r.facts.share)}): there is little to mend.")
    if r.facts.copies:
        text = f"{r.facts.copies:,} rows stand more than once; a copy in train and test flatters flexible learners."
        named = r.plan.task.group is not None
        out.append(text if named else f"{text} Rows that belong together can be named by group.")
    return out


def failures(r: Reading) -> list[str]:
    return [f"{x.name} failed: {x.error}" for x in r.figures.rows if x.error]


def whole(share: float) -> str:
    return f"{100 * share:.0f} %"


def join(names: Iterable[str], most: int = 99) -> str:
    """a, b and c; beyond `most` "and 5 others"."""
    names = list(names)
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} others"]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
