"""Did the world move, where, can weights repair it, and what are the repaired rows worth? Four answers from one call.

The trouble: a drift dashboard shows thirty p-values, a reweighting library returns numbers, and neither says whether the numbers may be
used, or what cannot be known at all. Here tests, ratio, balance and label shift are asked in one order, and one verdict is said:

    before -> ratio -> after;    y: label shift -> after class weights;    y_target: does y depend on the columns as it did?

What is inside: `diagnose`, which makes a `Diagnosis`; `ShiftVerdict`, what it says.

Sources: Rabanser, Guennemann and Lipton, Failing loudly, NeurIPS (2019); Lipton, Wang and Smola (2018); Shimodaira (2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ... import _html as html
from ..._balance import Balance
from ..._check import GRADES, Reason, passes, worst_grade
from ..._errors import InputError, counted
from ..._estimate import Estimate
from ..._frames import container_of
from ..._rng import as_generator
from ..._set_module import set_module
from ..._weights import Weights
from ...learners import as_learner
from ...tables import Labels
from ..columns import Pooled
from ..label import LabelShift
from ..ratios import DensityRatio, ratio_of, refuse_method
from ..testing import TwoSample, pooled_test
from ._both_sides import Sides
from ._labels import LabelModel, class_labels, concept, known_labels, label_model, label_shift_of
from ._reasons import reasons
from ._rules import FEWEST, ShiftFigures, code_of, grade_of
from ._sentences import ShiftFacts, sentences

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Diagnosis", "ShiftCurve", "ShiftVerdict", "diagnose"]

POWERS = 21
FOLDS = 5


@set_module("upweight.shift")
@dataclass(frozen=True)
class ShiftVerdict:
    """What a diagnosis says: code, grade, reasons (strings with grade and text), sentences. Printing it shows the sentences.

    >>> from upweight.shift import diagnose
    >>> rng = np.random.default_rng(0)
    >>> verdict = diagnose(rng.normal(0, 1, (300, 2)), rng.normal([0.6, 0], 1, (300, 2)), rng=0).verdict
    >>> verdict.code, verdict.grade, verdict.ok, len(verdict.sentences) > 0
    ('repaired', 'good', True, True)
    """

    code: str  # the case in one word, as `Diagnosis` lists them
    grade: str  # good, usable, unreliable or unusable
    reasons: tuple[Reason, ...]  # strings with grade and text
    sentences: tuple[str, ...]  # what is printed

    @property
    def ok(self) -> bool:
        """Whether the grade is good or usable."""
        return passes(self.grade)

    def __str__(self) -> str:
        return "\n".join(self.sentences)


@set_module("upweight.shift")
class ShiftCurve(NamedTuple):
    """What tempering the weights would buy: powers from 0 to 1, effective rows, mean |SMD|; arrays (21,).

    >>> from upweight.shift import diagnose
    >>> rng = np.random.default_rng(0)
    >>> curve = diagnose(rng.normal(0, 1, (300, 2)), rng.normal([0.6, 0], 1, (300, 2)), rng=0).curve
    >>> curve.power.shape, bool(curve.ess[0] > curve.ess[-1]), bool(curve.smd[0] > curve.smd[-1])
    ((21,), True, True)
    """

    power: np.ndarray  # (21,) powers, 0 to 1
    ess: np.ndarray  # (21,) effective rows at each
    smd: np.ndarray  # (21,) mean absolute standardised mean difference at each


@set_module("upweight.shift")
@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis:
    """Whether target rows are like source rows, and what weights can do about it. Printing it shows the verdict.

    Attributes
    ----------
    verdict : ShiftVerdict, one of the codes too_few, no_shift, label_shift, slight, apart, repaired, partly, unrepaired.
    before, after, label_after : TwoSample, without weights, under the ratio's, under class weights; None where it was not asked.
    ratio : DensityRatio. weights : Weights to use: ones (too_few, no_shift, slight), `label.weights(y)` (label_shift), else `ratio.weights`.
    balance : Balance of the columns under `weights`; None where no column can be compared. curve : ShiftCurve of `weights`.
    label : LabelShift, or None without y, and where y is no label. concept : Estimate of D, what the target's labels are above what the
        source promised, (K,) for more than two classes; None under 50 known labels.
    names : (source, target) as sentences call them.

    >>> from upweight.shift import diagnose
    >>> rng = np.random.default_rng(0)
    >>> d = diagnose(rng.normal(0, 1, (300, 2)), rng.normal([0.6, 0], 1, (300, 2)), rng=0)
    >>> print(d.table().splitlines()[0])
    balance of 300 source rows worth 213 with 300 target rows: mean |SMD| 0.366 before, 0.041 after
    >>> d.to_dict()["verdict"]["code"], len(d.to_json()) > 1000, len(d.plot().axes)
    ('repaired', True, 4)
    >>> d.named("May", "June").names
    ('May', 'June')
    """

    before: TwoSample
    after: TwoSample | None
    label_after: TwoSample | None
    ratio: DensityRatio
    weights: Weights
    balance: Balance | None
    label: LabelShift | None
    concept: Estimate | None
    curve: ShiftCurve
    names: tuple[str, str] = ("source", "target")
    _told: ShiftFacts = field(kw_only=True)

    @cached_property
    def verdict(self) -> ShiftVerdict:
        """What is said, and how good it is at best."""
        told = replace(self._told, names=self.names)
        found = reasons(told, self.weights, self.balance)
        grade = max(worst_grade(found), grade_of(told.code, told.figures), key=GRADES.index)
        return ShiftVerdict(told.code, grade, found, sentences(told))

    def named(self, source: str, target: str, label: str | None = None) -> Diagnosis:
        """The same diagnosis, whose sentences call the samples, and the label, by these names."""
        told = self._told if label is None else replace(self._told, label_name=label)
        return replace(self, names=(source, target), _told=told)

    def table(self) -> str:
        """The balance table of the columns, before and after the weights in use, as text."""
        return "no column to compare" if self.balance is None else str(self.balance)

    def to_dict(self) -> dict[str, Any]:
        """Schema "upweight.shift/1": plain types only, all that its report shows."""
        from ._document import shift_document

        return shift_document(self)

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        import json

        return json.dumps(self.to_dict(), allow_nan=False, indent=1, ensure_ascii=False)

    def plot(self, ax: Any = None) -> Figure:
        """Love plot, ROC before and after, log weights, ESS and SMD by power; see `upweight.plots.shift`."""
        from ...plots import shift

        return shift(self, ax=ax)

    def __str__(self) -> str:
        return str(self.verdict)

    def __repr__(self) -> str:
        return f"Diagnosis({self.verdict.code}, {self.verdict.grade})"

    def _repr_html_(self) -> str:
        first, *rest = self.verdict.sentences
        rows = [[r.code, r.grade, r.text] for r in self.verdict.reasons]
        return html.block([f"{self.verdict.grade}: {first}", *rest], ["reason", "grade", ""], rows, left=3)


def diagnose(
    source: Any,
    target: Any,
    *,
    y: Any = None,
    y_target: Any = None,
    learner: Any = "logistic",
    method: Any = "auto",
    rng: Any = None,
) -> Diagnosis:
    """Did the columns move from source to target, do weights repair it, do the classes explain it?

    Parameters
    ----------
    source, target : (n, d), (m, d) frames or arrays of the same columns, without the label; text, categories and gaps as
        `imbalance.compare` reads them.
    y : (n,) labels of the source rows, or None: then label shift is not asked. Numbers that are no classes are left out, which is said.
    y_target : (m,) labels of the target rows, missing (None, nan) where unknown; or None.
    learner : that models y: "logistic", "boosting", MODULE:CLASS or a classifier. The tests choose their own.
    method : of the ratio, as in `density_ratio`. rng : int, Generator or None.

    Returns
    -------
    Diagnosis: `verdict`, `weights` to use, `before` and `after` (`TwoSample`), `ratio`, `balance`, `label`, `concept`, `curve`.

    Raises
    ------
    InputError : as `density_ratio`; labels of another length; target labels that the source does not have. VerdictError : weights that
        lead away from the target.

    Costs: what a classifier cannot see is not seen. p(y given x) is assumed to have stayed unless `y_target` says otherwise. Some 150 fits
    of small models.
    Source: see the head of this file.

    >>> rng = np.random.default_rng(0)
    >>> train, live = rng.normal(0, 1, (500, 3)), rng.normal([0.6, 0, 0], 1, (400, 3))
    >>> d = diagnose(train, live, rng=0)
    >>> d.verdict.code, d.ratio.method, round(float(d.weights.mean(train[:, 0]).value), 1)
    ('repaired', 'linear', 0.5)
    """
    streams = as_generator(rng).spawn(6)
    pooled = Pooled.of(source, target)
    if y is None and y_target is not None:
        raise InputError("`y_target` needs `y` beside it: labels of the target are compared with those of the source.")
    refuse_method(pooled, method)
    as_learner(learner)  # names and classes that cannot be, before the first fit
    found = _read_labels(pooled, y, y_target)
    sides = Sides.of(pooled)
    before = pooled_test(pooled, None, learner="auto", folds=FOLDS, rng=streams[0])
    few = min(pooled.n_source, pooled.n_target) < FEWEST
    ratio = ratio_of(pooled, method="none" if few else method, folds=FOLDS, rng=streams[1])
    after = None
    if ratio.method != "none":
        after = pooled_test(pooled, ratio.weights, learner="auto", folds=FOLDS, rng=streams[2], features=False)
    part = found if few or found.labels is None else _label_part(pooled, found, learner, before.moved, streams[3:5])
    kept_none = method == "auto" and ratio.method == "none"
    return _put_together(sides, before, after, ratio, part, kept_none, _name_of(y))


def _name_of(y: Any) -> str:
    name = None if y is None else container_of(y).name
    return "the outcome" if name is None else f"`{name}`"


def _refuse_lengths(pooled: Pooled, y: Any) -> None:
    """Before the first fit."""
    if np.shape(y)[:1] == (pooled.n_target,) and pooled.n_target != pooled.n_source:
        raise InputError(f"`y` belongs to the source rows; got the target's {pooled.n_target:,}. Swap?")
    if np.shape(y)[:1] != (pooled.n_source,):
        raise InputError(
            f"`y` must hold one label a source row; got shape {np.shape(y)} for {counted(pooled.n_source, 'row')}."
        )


# ---- the label --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _LabelPart:
    """The labels and those known of the target; the model of y, label shift, the test under class weights; or a note why there is none."""

    labels: Labels | None = None
    model: LabelModel | None = None
    label: LabelShift | None = None
    weights: Weights | None = None
    after: TwoSample | None = None
    known: tuple[np.ndarray, np.ndarray] | None = None
    note: str = ""


def _read_labels(pooled: Pooled, y: Any, y_target: Any) -> _LabelPart:
    """What the labels are, before the first fit: wrong lengths and strange target labels are refused, what is no class is noted."""
    if y is None:
        return _LabelPart()
    _refuse_lengths(pooled, y)
    try:
        labels = class_labels(pooled, y)
    except InputError as error:
        return _LabelPart(note=str(error))
    known = None if y_target is None else known_labels(y_target, labels.classes, pooled.n_target)
    return _LabelPart(labels, known=known)


def _label_part(
    pooled: Pooled, read: _LabelPart, learner: Any, moved: bool, streams: Sequence[np.random.Generator]
) -> _LabelPart:
    assert read.labels is not None
    try:
        model = label_model(pooled, read.labels, learner, streams[0])
    except InputError as error:
        if "learner" in str(error):
            raise
        return _LabelPart(note=str(error))
    try:
        label = label_shift_of(model)
    except InputError as error:
        return replace(read, model=model, note=str(error))
    weights = label.weights(model.labels.classes[model.labels.codes])
    after = pooled_test(pooled, weights, learner="auto", folds=FOLDS, rng=streams[1], features=False) if moved else None
    return replace(read, model=model, label=label, weights=weights, after=after)


# ---- together ---------------------------------------------------------------------------------------------------------------


def _put_together(
    sides: Sides,
    before: TwoSample,
    after: TwoSample | None,
    ratio: DensityRatio,
    part: _LabelPart,
    kept_none: bool,
    name: str,
) -> Diagnosis:
    ratio_balance = sides.balance(ratio.weights)
    figures = _figures(sides.pooled, before, after, ratio, part, ratio_balance, kept_none)
    code = code_of(figures)
    weights = _to_use(code, sides.pooled, ratio, part)
    found = None
    if part.model is not None and part.known is not None:
        shares = part.label if code == "label_shift" else None
        found = concept(part.model, part.known, weights if shares is not None else ratio.weights, shares)
    table = ratio_balance if weights is ratio.weights else sides.balance(weights)
    told = ShiftFacts(
        code=code, figures=figures, names=("source", "target"), label_name=name, sides=sides, before=before, after=after, label=part.label,
        label_note=part.note, ratio_weights=ratio.weights, ratio_balance=ratio_balance,
        no_support=sides.unsupported(before.scores[1]), concept=found, known=None if part.known is None else len(part.known[0]),
    )  # fmt: skip
    return Diagnosis(
        before, after, part.after, ratio, weights, table, part.label, found, _curve(sides, weights), _told=told
    )


def _figures(
    pooled: Pooled,
    before: TwoSample,
    after: TwoSample | None,
    ratio: DensityRatio,
    part: _LabelPart,
    table: Balance | None,
    kept_none: bool,
) -> ShiftFigures:
    last = before if after is None else after
    found = ShiftFigures(
        n=pooled.n_source, m=pooled.n_target, area=before.auc.value, se=float(before.auc.se), p=before.p, area_after=last.auc.value, p_after=last.p,
        kept_none=kept_none, ratio_usable=ratio.weights.check().grade != "unusable", ess=float(ratio.weights.ess),
    )  # fmt: skip
    if table is not None:
        found = replace(
            found, max_before=table.max_abs_before, max_after=table.max_abs_after, mean_before=table.mean_abs_before,
            mean_after=table.mean_abs_after,
        )  # fmt: skip
    else:  # text alone: no column has a mean
        found = replace(found, max_before=0.0, max_after=0.0, mean_before=0.0, mean_after=1.0)
    if part.label is not None and part.after is not None and part.weights is not None:
        p_prior = getattr(part.label.correction.prior, "p", None)
        found = replace(
            found, area_label=part.after.auc.value, se_label=float(part.after.auc.se), p_label=part.after.p, p_prior=1.0 if p_prior is None else p_prior,
            label_usable=part.weights.check().grade != "unusable",
        )  # fmt: skip
    return found


def _to_use(code: str, pooled: Pooled, ratio: DensityRatio, part: _LabelPart) -> Weights:
    if code == "label_shift" and part.weights is not None:
        return part.weights
    if code in ("too_few", "no_shift", "slight"):
        return Weights.of(pooled.container.wrap(np.ones(pooled.n_source)), kind="importance")
    return ratio.weights


def _curve(sides: Sides, weights: Weights) -> ShiftCurve:
    power = np.linspace(0, 1, POWERS)
    ess, smd = np.empty(POWERS), np.full(POWERS, np.nan)
    for i, p in enumerate(power):
        w = Weights.of(np.ones(weights.n), kind="importance") if p == 0 else weights.temper(power=float(p))
        ess[i] = w.ess
        table = sides.balance(w)
        if table is not None:
            smd[i] = table.mean_abs_after
    return ShiftCurve(power, ess, smd)
