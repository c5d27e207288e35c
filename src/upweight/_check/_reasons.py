"""From figures to reasons: the rules of a verdict, worst first.

The trouble: a number needs a judge. An ESS of 340, a k-hat of 0.66, a mean of 0.93 say nothing to who has not read the papers; and
advice given by rote ("smooth them") is wrong exactly where it matters. Here every rule stands once, in the order in which its advice
is worth taking, and `check` and `Tally` both judge by them.

    z = (mean w - 1) / (sd / sqrt(n) * widening)      the mean test of weights that promise a mean of one

A low mean under a heavy tail may have two causes, weights that were wrong or largest weights that were not drawn yet, and no average
can be believed under either. A mean of 1/w that passes where that of w fails, and that is the nearer to one of the two, says that target
and source were exchanged, for E[q/p] under q is not one while E[p/q] is.

What is inside: `Reason`, a code with its grade, sentence and advice; `reasons`, the rules over the figures of a `Verdict`;
`_breaks_promise`, the mean test, and `suspect`, whether 1/w is worth a look.

Sources: Vehtari et al. (2024) for the tail; Kish (1965) for sizes; Austin (2009) for balance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from .._errors import counted, printable
from .._weights import rows_worth
from ..arrays import TOO_FEW
from ._digits import number, percent, promise, z_text
from ._provenance import TAMINGS

if TYPE_CHECKING:
    from ._verdict import Segment, Verdict

__all__ = [
    "GRADES",
    "RATIOS",
    "Reason",
    "critical",
    "first_advice",
    "flagged",
    "is_one",
    "passes",
    "reasons",
    "suspect",
    "worst_grade",
]

GRADES = ("good", "usable", "unreliable", "unusable")
Z_LIMIT, SMALL_BREACH = 3.29, 0.02  # two-sided level 0.001; a breach of 2 % harms nobody
LEVEL = 0.001
HIGH, TOO_HIGH = (
    2.0,
    20.0,
)  # means of exact weights: above the first 1/w is looked at; Markov: P(mean >= c) <= 1/c, 5 % for 20
RATIOS = ("importance", "inclusion")  # kinds whose averages are wanted and whose tail therefore counts
IMBALANCED, BADLY = 0.1, 0.25  # absolute standardised mean differences


class Reason(str):
    """A code such as "HEAVY_TAIL", with the grade it forces, a sentence with its figure, and what to do about it."""

    grade: str
    text: str
    advice: str
    line: str

    def __new__(cls, code: str, grade: str, line: str, text: str, advice: str = "") -> Reason:
        self = super().__new__(cls, code)
        self.grade, self.line, self.text, self.advice = grade, line, text, advice
        return self

    def __getnewargs__(self) -> tuple[str, str, str, str, str]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return str(self), self.grade, self.line, self.text, self.advice

    @property
    def code(self) -> str:
        """The code as a plain string."""
        return str(self)


def worst_grade(found: Iterable[Reason]) -> str:
    """The grade of the worst of some reasons; good where there is none."""
    return max((reason.grade for reason in found), key=GRADES.index, default=GRADES[0])


def passes(grade: str) -> bool:
    """Whether a grade is good or usable."""
    return GRADES.index(grade) < 2


def first_advice(found: Iterable[Reason], otherwise: str) -> str:
    """The advice of the first reason that has one."""
    return next((reason.advice for reason in found if reason.advice), otherwise)


def reasons(v: Verdict) -> tuple[Reason, ...]:
    """Every reason that holds for these figures, in the order in which advice is taken."""
    if v.n_zero == v.n:
        return tuple(_all_zero(v))
    rules: list[Callable[[Verdict], Iterator[Reason]]] = [
        _inverted,
        _wrong_way,
        _one_row,
        _no_mean,
        _mean,
        _mean_high,
        _segments,
    ]
    rules += [_heavy_tail, _few_rows, _large_row, _low_ess, _imbalance, _infinite_variance, _tail_unknown]
    rules += [_modest_ess, _mean_low, _normalised, _looks_like_class, _notes]
    return tuple(reason for rule in rules for reason in rule(v))


# ---- the mean test --------------------------------------------------------------------------------------------------


def _breaks_promise(mean: float, z: float, khat: float) -> bool:
    """Whether a promised mean of one is broken: too far off, and not merely low under a heavy tail."""
    return abs(z) > Z_LIMIT and abs(mean - 1) > SMALL_BREACH and (z > 0 or khat < 0.5)


def suspect(v: Verdict) -> bool:
    """Whether 1/w is worth a look: exact weights without zeros that fail the test, or whose mean is high: above 1
    under a heavy tail, above 2 under any."""
    if not v.exact or v.n_zero or v.normalised or v.kind not in RATIOS:
        return False
    return _breaks_promise(v.mean, v.mean_z, v.khat) or (v.khat >= 0.7 and v.mean > 1) or v.mean > HIGH


def critical(segments: int, ess: float) -> float:
    """Limit of |z| for one of so many segments, worth `ess` rows, so that all together raise a false alarm at level 0.001."""
    from scipy.special import stdtrit

    return float(stdtrit(max(1.0, ess - 1.0), 1 - LEVEL / segments / 2))


def is_one(mean: float) -> bool:
    """Whether a mean is one up to the rounding of a division."""
    return abs(mean - 1) <= 1e-12


def flagged(v: Verdict) -> list[tuple[object, Segment]]:
    """The segments whose mean breaks the promise, farthest first."""
    if not v.exact or (v.normalised and not is_one(v.mean)):  # divided by their sum, no segment averages one
        return []
    tested = {label: s for label, s in v.by.items() if not math.isnan(s.z)}
    limits = {label: critical(len(tested), s.ess) for label, s in tested.items() if abs(s.z) > Z_LIMIT}
    bad = [(label, tested[label]) for label, limit in limits.items() if _breaks(tested[label], limit)]
    return sorted(bad, key=lambda pair: -abs(pair[1].z))


def _breaks(s: Segment, limit: float) -> bool:
    """Whether a segment's mean is too far off. A heavy tail excuses no low mean here: the sd of all rows has seen that tail."""
    return abs(s.z) > limit and abs(s.mean - 1) > SMALL_BREACH


# ---- unusable -------------------------------------------------------------------------------------------------------


def _all_zero(v: Verdict) -> Iterator[Reason]:
    text = "every weight is zero: the source never visits the target"
    yield Reason("ALL_ZERO", "unusable", "support", text, "sample from a source that can draw what the target wants")


def _inverted(v: Verdict) -> Iterator[Reason]:
    flip = v.inverse
    if flip is None or not suspect(v) or not flip.khat < 0.7:
        return
    passes = not _breaks_promise(flip.mean, flip.z, flip.khat)
    if not _breaks_promise(
        v.mean, v.mean_z, v.khat
    ):  # the heavy tail alone is suspicious: then a small breach counts too
        passes = abs(flip.z) <= Z_LIMIT
    if not passes or not abs(_log(flip.mean)) < abs(_log(v.mean)):  # 1/w may pass only because its own error is huge
        return
    text = f"the mean is {number(v.mean)} but that of 1/w is {number(flip.mean)}: target and source are exchanged"
    yield Reason(
        "INVERTED", "unusable", "sign", text, "swap them: upweight.ratio(target, source) is target over source"
    )


def _log(mean: float) -> float:
    return math.log(mean) if 0 < mean < math.inf else math.inf


def _wrong_way(v: Verdict) -> Iterator[Reason]:
    b = v.balance
    if b is None or b.mean_inverse is None or b.mean_after < IMBALANCED:  # below that both differences are noise
        return
    if not (b.mean_after > b.mean_before and b.mean_inverse <= 0.5 * b.mean_after):
        return
    if b.mean_inverse >= max(b.mean_before, IMBALANCED):  # a row or two hold it all: both ways are worse than none
        return
    text = (
        f"mean |SMD| rose from {b.mean_before:.2f} to {b.mean_after:.2f}, and 1/w brings it to {b.mean_inverse:.2f}: "
        f"target and source are exchanged"
    )
    yield Reason("WRONG_WAY", "unusable", "sign", text, "swap them: weights are target over source")


def _look_at(v: Verdict) -> str:
    share = percent(v.max_share)
    what = {
        "importance": "is its source probability right?",
        "inclusion": "is its sampling probability right?",
    }.get(v.kind, "is its weight right?")
    return f"look at row {v.max_row}, which holds {share} of the total: {what}"


def _one_row(v: Verdict) -> Iterator[Reason]:
    if v.kind != "frequency" and v.max_share >= 0.5 and v.n > 1:
        text = f"row {v.max_row} holds {percent(v.max_share)} of the total"
        yield Reason("ONE_ROW", "unusable", "largest", text, _look_at(v))


def _no_mean(v: Verdict) -> Iterator[Reason]:
    if v.kind in RATIOS and v.khat >= 1:
        text = f"k-hat {v.khat:.2f} (want < 0.70): the mean of these weights may not exist"
        advice = "no taming rescues an average here: sample from a source that covers the target"
        yield Reason("NO_MEAN", "unusable", "tail", text, advice)


# ---- unreliable -----------------------------------------------------------------------------------------------------


def _mean(v: Verdict) -> Iterator[Reason]:
    if v.exact and not v.normalised and _breaks_promise(v.mean, v.mean_z, v.khat):
        advice = "check the probabilities: logged before a filter, rounded, of another version or another action?"
        yield Reason("MEAN_NOT_ONE", "unreliable", "mean", f"{promise(v)}: the promise is broken", advice)


def _mean_high(v: Verdict) -> Iterator[Reason]:
    if v.exact and v.mean >= TOO_HIGH and not _breaks_promise(v.mean, v.mean_z, v.khat):
        text = f"{promise(v)}: too high; right weights reach it in at most {percent(1 / v.mean)} of samples"
        advice = "check the probabilities: target over source, of the row's own action, none near 0 by mistake?"
        yield Reason("MEAN_HIGH", "unreliable", "mean", text, advice)


def _segments(v: Verdict) -> Iterator[Reason]:
    bad = flagged(v)
    if not bad:
        return
    label, s = printable(bad[0][0]), bad[0][1]
    text = f"{len(bad)} of {len(v.by)} segments break the promise, first {label}: mean {number(s.mean)} (z = {z_text(s.z)})"
    advice = f"check the probabilities of {label}: logged by another version, filter or rule than the rest?"
    yield Reason("SEGMENT_MEAN", "unreliable", "by", text, advice)


def _heavy_tail(v: Verdict) -> Iterator[Reason]:
    if v.kind not in RATIOS:
        return
    if v.threshold <= v.khat < 1:
        few = v.khat < 0.7
        what = f"too few rows for this tail, {v.n - v.n_zero:,} of {v.rows_needed:,}"
        text = f"k-hat {v.khat:.2f} (want < {v.threshold:.2f}): "
        text += what if few else "averages cannot be believed, smoothed or not"
        yield Reason("HEAVY_TAIL", "unreliable", "tail", text, _heavy_advice(v))
    elif v.khat < v.threshold <= v.khat_f:
        text = f"k-hat {v.khat_f:.2f} (want < {v.threshold:.2f}): its average cannot be believed, smoothed or not"
        advice = "if f has bounds, say so: bounds=(low, high); else ask for a quantile of it: w.quantile(f, 0.5)"
        yield Reason("HEAVY_TAIL", "unreliable", "f", text, advice)


def _heavy_advice(v: Verdict) -> str:
    if v.khat < 0.7:
        return f"take at least {v.rows_needed:,} rows for this tail"
    closer = {
        "importance": "bring the source closer to the target",
        "inclusion": "draw the sample with less unequal probabilities",
    }[v.kind]
    toward = {"importance": "toward the source", "inclusion": "toward the unweighted one"}[v.kind]
    if any(step.name == "temper" for step in v.trail):
        return f"{closer}. Tempering is done, and pulls every average\n{toward}: say so with the result"
    power = math.floor(50 / v.khat) / 100
    raw = "w.raw" if any(step.name in TAMINGS for step in v.trail) else "w"
    return f"{closer}. If bias will do: {raw}.temper(power={power:.2f}) takes the tail to 0.5\nand pulls every average {toward}"


def _few_rows(v: Verdict) -> Iterator[Reason]:
    rows = v.n - v.n_zero
    if v.kind in RATIOS and rows < TOO_FEW:
        text = f"not judged: {counted(rows, 'row')}, {TOO_FEW} needed"
        yield Reason("FEW_ROWS", "unreliable", "tail", text, f"take at least {TOO_FEW} rows of positive weight")


def _large_row(v: Verdict) -> Iterator[Reason]:
    if v.kind != "frequency" and 0.1 <= v.max_share < 0.5 and v.max_share * (v.n - v.n_zero) >= 10:
        text = f"row {v.max_row} holds {percent(v.max_share)} of the total"
        yield Reason("LARGE_ROW", "unreliable", "largest", text, _look_at(v))


def _low_ess(v: Verdict) -> Iterator[Reason]:
    if v.ess < 30:
        grade = "unusable" if v.ess < 2 else "unreliable"
        text = f"ESS {rows_worth(v.ess)} (want at least 30)"
        yield Reason("LOW_ESS", grade, "size", text, _more_rows(v))


def _more_rows(v: Verdict) -> str:
    return {
        "importance": "take more rows, or a source closer to the target",
        "inclusion": "take more rows, or less unequal sampling probabilities",
        "frequency": "take more rows",
    }.get(v.kind, "lower the largest weights: w.clip(at=) or w.temper(power=)")


def _imbalance(v: Verdict) -> Iterator[Reason]:
    b = v.balance
    if b is not None and b.worst_after >= IMBALANCED:
        grade = "unreliable" if b.worst_after >= BADLY else "usable"
        column = printable(b.column)
        text = f"{column} differs by {b.worst_after:.2f} sd after weighting (want < {IMBALANCED:.2f})"
        yield Reason("IMBALANCE", grade, "balance", text, f"put {column} into the model behind these weights")


# ---- usable ---------------------------------------------------------------------------------------------------------


def _infinite_variance(v: Verdict) -> Iterator[Reason]:
    if v.kind not in RATIOS:
        return
    advice = "smooth before averaging: w.smooth().mean(f)"
    if any(step.name in TAMINGS for step in v.trail):
        advice = "average them: w.mean(f); its interval still looks at the tail before taming"
    if 0.5 <= v.khat < v.threshold:
        text = (
            f"k-hat {v.khat:.2f} (want < 0.50): a plain average has infinite variance; "
            f"intervals widen ×{v.widening:.1f}"
        )
        yield Reason("INFINITE_VARIANCE", "usable", "tail", text, advice)
    elif v.khat < 0.5 <= v.khat_f < v.threshold:
        text = f"k-hat {v.khat_f:.2f} (want < 0.50): its plain average has infinite variance"
        yield Reason("INFINITE_VARIANCE", "usable", "f", text, advice)


def _tail_unknown(v: Verdict) -> Iterator[Reason]:
    if v.kind in RATIOS and math.isnan(v.khat) and v.n - v.n_zero >= TOO_FEW:
        text = "not judged: fewer than 5 distinct weights above the cut"
        advice = f"look at the few largest weights, row {v.max_row} first: an interval cannot see beyond them"
        yield Reason("TAIL_UNKNOWN", "usable", "tail", text, advice)


def _modest_ess(v: Verdict) -> Iterator[Reason]:
    if 30 <= v.ess < 100:
        text = f"ESS {rows_worth(v.ess)} (want at least 100)"
        yield Reason("MODEST_ESS", "usable", "size", text, _more_rows(v))


def _mean_low(v: Verdict) -> Iterator[Reason]:
    if v.exact and not v.normalised and v.mean_z < -Z_LIMIT and not v.khat < 0.5:
        grade = "unreliable" if 1 - v.mean > SMALL_BREACH else "usable"
        text = f"{promise(v)}: low, as if part of the target were never drawn, or the largest weights not yet"
        yield Reason("MEAN_LOW", grade, "mean", text, _more_rows(v))


def _normalised(v: Verdict) -> Iterator[Reason]:
    if v.normalised:
        to_one = is_one(v.mean)
        text = "normalised: a promise of mean one can no longer be tested"
        if not to_one:
            text = f"divided by their sum: the promised mean of one is {number(v.mean)}, and can no longer be tested"
        advice = "pass the ratios as they were before they were normalised: upweight.ratio(target, source)"
        yield Reason("NORMALISED", "usable" if to_one else "unreliable", "mean", text, advice)


def _looks_like_class(v: Verdict) -> Iterator[Reason]:
    if v.assumed and v.kind == "importance" and not v.constant and 2 <= v.distinct <= 10 and v.n - v.n_zero >= TOO_FEW:
        text = f'only {v.distinct} distinct weights: if they are class weights, say kind="class"'
        advice = 'say what they are: Weights.of(values, kind="class"), or kind="importance"'
        yield Reason("LOOKS_LIKE_CLASS", "usable", "kind", text, advice)


# ---- notes ----------------------------------------------------------------------------------------------------------

_NOTED = {
    "LOOKS_LINEAR": ("logs that lie in [0, 1] throughout look like probabilities", "probabilities? use upweight.ratio"),
    "CLASS_TWICE": ("class weights were multiplied by class weights: is the balancing meant twice?", ""),
    "DETERMINISTIC": (
        "every source probability is 1: right for a uniform density, but a policy that never varies shows nothing else",
        "",
    ),
}


def _notes(v: Verdict) -> Iterator[Reason]:
    if v.constant:
        text = "none: every weight is the same; these weights change nothing"
        yield Reason("CONSTANT", "good", "tail", text)
    elif v.kind in RATIOS and v.khat == -math.inf and v.max_share < 0.1:
        yield Reason("BOUNDED", "good", "tail", "none: the largest weights are equal, so the tail is bounded")
    tamed = [step for step in v.trail if step.name in TAMINGS]
    if tamed:
        verbs = ", ".join(
            step.name + ("" if step.moved is None else f" (moved {_price(step.moved)})") for step in tamed
        )
        yield Reason("TAMED", "good", "tamed", f"by {verbs}; judged here as they were before")
    for code, (text, advice) in _NOTED.items():
        if code in v.notes:
            yield Reason(code, "good", "note", text, advice)


def _price(moved: float) -> str:
    return f"{moved:.2f}" if moved >= 0.005 else f"{moved:.1g}"
