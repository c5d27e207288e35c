"""A diagnosis in sentences, each true given its figures, and nothing praised that was not seen.

    Moved: a classifier tells live from train rows, AUC 0.74 (0.68 to 0.80). Most: mean texture, SMD 0.90.
    Weights repair part of it: 311 rows are worth 77; the AUC falls to 0.60, the largest SMD falls from 0.90 to 0.57.
    Label shift does not explain it: after reweighting the classes the AUC is still 0.70 (p < 0.001).
    Not testable without labels from live: whether `bought` still depends on the columns as it did.
    Do: ...

What is inside: `sentences`, from a `ShiftFacts`, all that is said; `ShiftFacts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..._balance import Balance
from ..._errors import counted, plain, printable
from ..._estimate import Estimate
from ..._weights import Weights, rows_worth
from ..label import LabelShift
from ..testing import TwoSample, said_p
from ._both_sides import Sides
from ._rules import BADLY, FEWEST, LEVEL, ShiftFigures, half_for_sure

__all__ = ["ShiftFacts", "concept_level", "concept_moved", "sentences"]

UNKNOWN = 0.5  # half-width of an interval of D, in probability, that says nothing


@dataclass(frozen=True, eq=False)
class ShiftFacts:
    """All that is said. `before_ratio` is the balance under the ratio's weights, `no_support` (m,) target rows that no source row is like.

    `label_note` says why there is no label part; `known` how many target labels there are, None if none were given.
    """

    code: str
    figures: ShiftFigures
    names: tuple[str, str]
    label_name: str
    sides: Sides
    before: TwoSample
    after: TwoSample | None
    label: LabelShift | None
    label_note: str
    ratio_weights: Weights
    ratio_balance: Balance | None
    no_support: np.ndarray
    concept: Estimate | None
    known: int | None


def sentences(t: ShiftFacts) -> tuple[str, ...]:
    """What is said, in order."""
    if t.code == "too_few":
        return (
            f"Too few rows to judge: {t.figures.n:,} source and {counted(t.figures.m, 'target row')}, {FEWEST} a side needed.",
        )
    if t.code == "no_shift":
        return tuple([*_no_shift(t), *_outcome(t)])
    return tuple([_moved(t), *_repair(t), *_label(t), *_outcome(t), *_advice(t)])


# ---- did it move ------------------------------------------------------------------------------------------------------------


def _area(test: TwoSample) -> str:
    low, high = test.auc.interval()
    return f"AUC {test.auc.value:.2f} ({low:.2f} to {high:.2f})"


def _no_shift(t: ShiftFacts) -> Iterator[str]:
    columns = counted(len(t.sides.pooled.names), "column")
    yield f"{counted(t.figures.n, 'source row')}, {counted(t.figures.m, 'target row')}, {columns}."
    yield f"None of our classifiers tells them apart: {_area(t.before)}."
    yield "Keep your weights at one."


def _moved(t: ShiftFacts) -> str:
    source, target = t.names
    little = "Moved a little" if t.code == "slight" else "Moved"
    most = "; ".join(_column(t, name) for name, fall in list(t.before.features.items())[:2] if fall >= 0.005)
    return f"{little}: a classifier tells {target} from {source} rows, {_area(t.before)}." + (
        f" Most: {most}." if most else ""
    )


def _column(t: ShiftFacts, name: object) -> str:
    """A column with its SMD, that of its worst level, or, where means agree, its variance ratio."""
    said = t.sides.said(name)
    rows = [r for r in (t.ratio_balance or ()) if r.column == t.sides.labels.get(name)]
    if not rows:
        return said
    worst = max(rows, key=lambda r: abs(r.smd_before) if r.smd_before == r.smd_before else -1.0)
    if abs(worst.smd_before) < 0.1 and worst.level is None and worst.ratio_before == worst.ratio_before:
        return f"{said}, variance ratio {worst.ratio_before:.2f}"
    called = said if worst.level is None else printable(worst.name)
    return f"{called}, SMD {abs(worst.smd_before):.2f}"


# ---- do weights repair it ---------------------------------------------------------------------------------------------------


def _repair(t: ShiftFacts) -> Iterator[str]:
    f, w = t.figures, t.ratio_weights
    if t.code == "slight":
        yield "No weights learnt from these rows do better than ones: keep them at one."
        return
    if t.code == "apart":
        yield _apart(t)
        return
    worth = f"{counted(f.n, 'row')} {'is' if f.n == 1 else 'are'} worth {rows_worth(float(w.ess))}"
    figures = (
        f"{worth}; the AUC {_way(f.area, f.area_after, of='')}, the largest SMD {_way(f.max_before, f.max_after)}."
    )
    if t.code == "repaired":
        yield f"Weights repair it as far as a classifier can see: {figures}"
    elif t.code == "partly":
        yield f"Weights repair part of it: {figures}"
    elif t.code == "unrepaired":
        yield f"Weights do not repair it: {figures}"


def _way(before: float, after: float, of: str = "from") -> str:
    """falls or rises, as it does to two digits."""
    a, b = round(before, 2), round(after, 2)
    if a == b:
        return f"stays at {b:.2f}"
    start = f" from {a:.2f}" if of else ""
    return f"{'falls' if b < a else 'rises'}{start} to {b:.2f}"


def _apart(t: ShiftFacts) -> str:
    share, w = float(t.no_support.mean()), t.ratio_weights
    if share >= 0.01:
        top = [t.sides.labels[n] for n in list(t.before.features)[:2] if n in t.sides.labels]
        row = t.sides.row(int(t.no_support.argmax()), top)
        return f"No weights repair it: {100 * share:.0f} % of the target rows look like no source row. Collect rows like {row} of {t.names[1]}."
    return (
        f"No weights repair it: {counted(t.figures.n, 'row')} are worth {rows_worth(float(w.ess))}, and one holds "
        f"{100 * float(w.max_share):.0f} %."
    )


# ---- do the classes explain it ----------------------------------------------------------------------------------------------


def _label(t: ShiftFacts) -> Iterator[str]:
    if t.label is None:
        if t.label_note:
            named = t.label_name.startswith("`")
            yield f"Label shift was not looked at: {t.label_note.replace('`y`', t.label_name) if named else t.label_note}"
        return
    f = t.figures
    if t.code == "label_shift":
        k = _most_moved(t.label)
        low, high = t.label.prior.interval()
        yield (
            f"Label shift explains all that a classifier can see: shares of {printable(plain(t.label.classes[k]))}: {t.label.before[k]:.3f} to "
            f"{t.label.prior.value[k]:.3f} (95 % {low[k]:.3f} to {high[k]:.3f})."
        )
        return
    yield _not_by_label(f)


def _not_by_label(f: ShiftFigures) -> str:
    """The first demand of label shift that is not met; a test that few rows pass rules nothing out and shows nothing."""
    no, after = "Label shift does not explain it", f"after reweighting the classes the AUC is {f.area_label:.2f}"
    if f.p_label <= LEVEL:
        return f"{no}: after reweighting the classes the AUC is still {f.area_label:.2f} ({said_p(f.p_label)})."
    if not f.p_prior <= LEVEL:
        return f"{no}: no move of the classes' shares is seen ({said_p(f.p_prior)})."
    if not half_for_sure(f):
        return (
            f"Label shift is neither shown nor ruled out: {after} ({said_p(f.p_label)}), which is not, beyond noise, half of the way from "
            f"{f.area:.2f} to 0.50."
        )
    return f"{no}: {after}, but the class weights it takes are unusable."


def _most_moved(label: LabelShift) -> int:
    """The class whose share moved farthest, in standard errors."""
    se = np.maximum(np.asarray(label.prior.se), 1e-12)
    return int(np.argmax(np.abs(np.asarray(label.prior.value) - label.before) / se))


# ---- what cannot be known ---------------------------------------------------------------------------------------------------


def _outcome(t: ShiftFacts) -> Iterator[str]:
    target, what = t.names[1], t.label_name
    if t.known is None:
        yield f"Not testable without labels from {target}: whether {what} still depends on the columns as it did."
    elif t.concept is None:
        yield f"{counted(t.known, 'label')} from {target}: too few to say whether {what} still depends on the columns as it did."
    elif concept_moved(t.concept):
        yield f"{counted(t.known, 'label')} from {target}: {what} depends on the columns otherwise than it did: {_difference(t.concept)} than promised."
    else:
        low, high = t.concept.interval(concept_level(t.concept))
        reach = float(np.max(np.abs(np.concatenate([np.atleast_1d(low), np.atleast_1d(high)]))))
        if not reach < UNKNOWN:
            yield (
                f"{counted(t.known, 'label')} from {target}: too uncertain, under these weights, to say whether {what} still depends on the "
                "columns as it did."
            )
            return
        yield f"{counted(t.known, 'label')} from {target}: {what} depends on the columns as it did, to within {reach:.3f}."


def concept_level(d: Estimate) -> float:
    """The level of the intervals of D: .95 in all."""
    return 1 - 0.05 / max(1, np.size(d.value))


def concept_moved(d: Estimate) -> bool:
    """Whether an interval of D is without 0."""
    low, high = d.interval(concept_level(d))
    return bool(np.any((np.atleast_1d(low) > 0) | (np.atleast_1d(high) < 0)))


def _difference(d: Estimate) -> str:
    value, se = np.atleast_1d(d.value), np.maximum(np.atleast_1d(d.se), 1e-12)
    k = int(np.argmax(np.abs(value) / se))
    which = f"{printable(d.names[k])}: " if d.names else ""
    return f"{which}{abs(value[k]):.3f} {'more' if value[k] > 0 else 'less'}"


# ---- what to do -------------------------------------------------------------------------------------------------------------


def _advice(t: ShiftFacts) -> Iterator[str]:
    f, (_, target) = t.figures, t.names
    if t.code == "label_shift":
        yield "Do: train with label.weights(y), or correct probabilities with label.apply(proba), never both."
    elif t.code == "repaired":
        yield "Do: use the weights, in averages and in training."
    elif t.code == "partly" and f.max_after >= BADLY:
        yield f"Do: believe no average of a column that the love plot still shows beyond {BADLY}; collect rows like the {target} ones."
    elif t.code == "partly":
        yield "Do: use the weights where a column that the love plot still shows beyond 0.1 does not matter, and say what is left."
    elif t.code == "unrepaired":
        yield f"Do: do not use these weights; collect rows like the {target} ones."
