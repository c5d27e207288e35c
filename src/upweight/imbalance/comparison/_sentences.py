"""The sentences of a comparison: what to do, what it buys, what the probabilities did, what was not told.

Written from a `Reading`; every number in them stands in the table or the facts. "No difference" is said only if the whole interval
lies within +-.01, otherwise methods "cannot be told apart"; "worse" and "better" hold after Holm's adjustment, which is named where it
decides. The first sentences are those of `_advice`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

import numpy as np

from ..._errors import counted
from ...tables import twins_line
from ._advice import advice, another_learner, at_one_half, interval, leak_sentences
from ._facts import label_text, percent
from ._method_result import MethodResult
from ._screen import p_value, share
from ._verdict import REPAIRED_OK, SAME, SURE, Reading, half_width, outside, same

__all__ = ["sentences_of"]


def sentences_of(r: Reading, *, complete: bool, done: int) -> tuple[str, ...]:
    """All sentences that apply, in reading order."""
    stopped = (
        f"Stopped early: {done:,} of {len(r.plan.keys):,} fits are in; the figures are of the folds that finished."
    )
    parts = [
        "" if complete else stopped,
        *leak_sentences(r),
        another_learner(r),
        advice(r),
        *others(r),
        _at_the_cut(r),
        promises(r),
        *_rankings(r),
        *_warnings_of(r),
        *_failures(r),
    ]
    return tuple(s for s in parts if s)


def _at_the_cut(r: Reading) -> str:
    """What 0.5 finds, what the right threshold finds, and for whom it is right."""
    none, cut = r.untouched, r.reference
    if not (none.finished and cut.finished and np.isfinite(none.raw_recall) and np.isfinite(cut.recall)):
        return ""
    if not r.plan.binary:
        return f"Largest p finds {whole(none.raw_recall)} of a class on average; largest p/prior finds {whole(cut.recall)}."
    text = f"At 0.5 it finds {whole(none.raw_recall)} of the positives"
    if not at_one_half(cut):
        text += f"; at {cut.threshold:.2g} it finds {whole(cut.recall)}"
    text += f", with {cut.alerts:.0f} alerts per 1,000 rows{worth(r)}."
    if r.best is not None and np.isfinite(r.best.recall_same_alerts):
        text += f" {r.best.name}, as many alerts: {whole(r.best.recall_same_alerts)}."
    return text


def worth(r: Reading) -> str:
    """What a miss must be worth for the threshold to be right: (1 - t)/t false alarms."""
    if r.plan.cost is not None:
        return f", a miss being worth {alarms(r.plan.cost)}"
    t = r.reference.threshold
    return f": right if a miss is as bad as {alarms((1 - t) / t)} (else say --cost)" if 0 < t < 1 else ""


def alarms(number: float) -> str:
    text = f"{number:.1f}".removesuffix(".0") if number < 10 else f"{number:,.0f}"
    return "one false alarm" if text == "1" else f"{text} false alarms"


# ---- probabilities ----------------------------------------------------------------------------------------------------------


def promises(r: Reading) -> str:
    """What the probabilities promised before and after repair."""
    parts = []
    for results, invert, word in ((_under(r.overpromising), True, "many"), (over(r.overpromising), False, "few")):
        if results:
            verb = "promises" if len(results) == 1 else "promise"
            whom = "positives" if r.plan.binary else "rows of a class"
            worst = sorted(results, key=lambda x: x.oe_raw, reverse=not invert)
            names = join((x.name for x in worst), most=4)
            parts.append(f"{names} {verb} {times(results, invert)} times too {word} {whom}")
    fixed = [x for x in r.repaired if not outside(x.oe, REPAIRED_OK)]
    after = _kept_within(r, fixed) if fixed else ""
    text = "; ".join(p for p in (f"Before repair, {'; '.join(parts)}" if parts else "", after) if p)
    off = "".join(f" {x.name}: O/E {x.oe:.2f} even after repair." for x in r.unrepaired)
    return f"{text[:1].upper()}{text[1:]}{'.' * bool(text)}{off}".strip()


def _kept_within(r: Reading, fixed: list[MethodResult]) -> str:
    """How near to one the O/E of repaired methods are; the learner as it is has no repair, and may stand further off."""
    whose = "the others keep their" if r.unrepaired else "all methods keep their"
    if len(fixed) == 1:
        whose = f"{fixed[0].name} keeps its"
    most = _spread(fixed)
    none = r.untouched
    told = f"repaired, {whose} promises within {most} %"
    apart = none.finished and np.isfinite(none.oe) and 100 * abs(none.oe - 1) > most + 1e-9
    return f"{told} ({none.name} is not repaired: O/E {none.oe:.2f})" if apart else told


def _under(results: list[MethodResult]) -> list[MethodResult]:
    return [x for x in results if x.oe_raw < 1]


def over(results: list[MethodResult]) -> list[MethodResult]:
    return [x for x in results if x.oe_raw > 1]


def times(results: list[MethodResult], invert: bool) -> str:
    factor = sorted(1 / x.oe_raw if invert else x.oe_raw for x in results)
    shown = list(dict.fromkeys(f"{f:.1f}" if f < 10 else f"{f:.0f}" for f in (factor[0], factor[-1])))
    return " to ".join(shown)


def _spread(results: list[MethodResult]) -> int:
    """Per cent within which they all lie, rounded up."""
    return max(1, *(int(np.ceil(100 * abs(x.oe - 1) - 1e-9)) for x in results))


# ---- rankings ---------------------------------------------------------------------------------------------------------------


def others(r: Reading) -> list[str]:
    """Remedies beside the best: better too, the same, or not told apart. Nothing where no difference would mean anything."""
    if not r.usable:
        return []
    rest = [x for x in r.measured if x is not r.best and x not in r.worse]
    alike = [x for x in rest if same(x)]
    better = [x for x in rest if x not in alike and x.ap_p < SURE]
    unsure = [x for x in rest if x not in alike and x not in better]
    aside = [x for x in unsure if x.ap_low > 0 or x.ap_high < 0]
    apart = [x for x in unsure if x not in aside]
    out = []
    if better:
        out.append(f"{_names_of(better)} rank{_third(better)} better too (Holm's p below {SURE:g}).")
    if alike and not (r.plan.cost is None and all(map(same, r.measured))):
        out.append(f"{_names_of(alike)} make{_third(alike)} no difference to the ranking (AP within {SAME:g}).")
    if apart:
        out.append(f"{_names_of(apart)} cannot be told apart from moving the threshold.")
    if aside:
        p = sorted(x.ap_p for x in aside)
        told = " to ".join(dict.fromkeys((p_value(p[0]), p_value(p[-1]))))
        which = "interval leaves" if len(aside) == 1 else "intervals leave"
        what = "it either" if apart else "moving the threshold"
        out.append(
            f"{_names_of(aside)} cannot be told apart from {what}: the {which} out zero, but {r.comparisons} comparisons were made (Holm's p {told})."
        )
    return out


def _rankings(r: Reading) -> list[str]:
    """Remedies that rank worse, gains with another cause, and how sharply these data can tell."""
    out = []
    every = (
        r.code == "move_threshold" and r.plan.cost is None and len(r.measured) > 1 and len(r.worse) == len(r.measured)
    )
    if r.worse and not every:
        out.append(
            f"{join(x.name for x in r.worse)} rank{_third(r.worse)} worse than moving the threshold (Holm's p below {SURE:g})."
        )
    out += [_explanation(r, x) for x in r.explained]
    if "resolution" in r.reasons:
        out.append(resolution(r))
    return out


def _explanation(r: Reading, result: MethodResult) -> str:
    """A gain that is not shown to be more than the control's."""
    control = r.figures.result(str(result.rival))
    if not (np.isfinite(result.rival_low) and np.isfinite(control.ap_low)):
        return f"Where the gain of {result.name} comes from is open: its control {control.name} has no figures to hold it against."
    if control.ap_low > 0 and result.rival_high <= SAME:
        return f"The gain of {result.name} is {r.plan.method(control.name).label}, not balancing."
    return f"The gain of {result.name} is not shown to come from balancing: {control.name}, with nothing balanced, has AP {interval(control)}."


def resolution(r: Reading) -> str:
    """How sharply AP differences are known, from the sharpest remedy to the vaguest."""
    order = sorted(r.measured, key=half_width)
    low, high = order[0], order[-1]
    ends = [f"±{share(half_width(x), 3)} for {x.name}" for x in (low, high)]
    if len(order) == 1:
        return f"AP differences are known only to within {ends[0]}."
    return f"AP differences are known to within {ends[0]}, only to within {ends[1]}."


# ---- the data, and what failed ----------------------------------------------------------------------------------------------


def _warnings_of(r: Reading) -> list[str]:
    """What was noticed about the data."""
    facts, out = r.facts, []
    if facts.gone:
        out.append(facts.gone)
    if facts.twins:
        out.append(f"{twins_line(facts.twins)}.")
    if "already_balanced" in r.reasons:
        out.append(f"The classes are nearly balanced ({percent(facts.share)}): there is little to mend.")
    named = r.plan.task.group is not None
    if facts.copies:
        text = f"{counted(facts.copies, 'row equals', 'rows equal')} another in every column; a copy in train and test flatters flexible learners."
        out.append(text if named else f"{text} Rows that belong together can be named by --group.")
    if facts.repeat is not None and not named:
        name, values = label_text(facts.repeat.name), facts.repeat.values
        flag = f"--group {shlex.quote(name)}"
        out.append(
            f"Column '{name}' has {values:,} values in {facts.rows:,} rows: if its rows belong together, {flag} keeps them in one fold."
        )
    return out


def _failures(r: Reading) -> list[str]:
    return [f"{x.name} failed: {x.error}" for x in r.figures.results if x.error]


# ---- words ------------------------------------------------------------------------------------------------------------------


def whole(value: float) -> str:
    return f"{100 * value:.0f} %"


def _third(results: Iterable[MethodResult]) -> str:
    """The s of a verb whose subject is one method."""
    return "s" if len(list(results)) == 1 else ""


def _names_of(results: Iterable[MethodResult]) -> str:
    return join((x.name for x in results), most=4)


def join(names: Iterable[str], most: int = 99) -> str:
    """a, b and c; beyond `most` "and 5 others"."""
    names = list(names)
    if len(names) > most:
        names = [*names[: most - 1], counted(len(names) - most + 1, "other")]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
