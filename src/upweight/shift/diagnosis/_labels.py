"""What the labels say: did the classes' shares move, and does the label still depend on the columns as it did?

The trouble: whether p(y given x) stayed is not in the columns. With a few labels from the target it can be asked, with a model as a yard-
stick that need not be right: under covariate shift both terms are one number, for any model,

    D = mean_j (y_j - p_j) - sum_i W_i (y_i - p_i),      p out of fold, W of the ratio

and after label shift the same with p corrected and class weights. Its error counts both samples.

What is inside: `LabelModel`, a model's out-of-fold answers for both samples, made by `label_model`; `concept`, D.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._errors import InputError, counted, plain
from ..._estimate import Estimate, TwoSamples
from ..._frames import absent
from ..._weights import Step, Weights
from ...learners import Prepared, Task, as_learner, fit_rows, inner_folds, out_of_fold
from ...tables import Labels, stratified
from ..columns import Pooled
from ..label import LabelShift, label_shift

__all__ = ["ENOUGH_LABELS", "LabelModel", "class_labels", "concept", "known_labels", "label_model", "label_shift_of"]

FOLDS = 5
MOST_CLASSES = 100  # beyond it whole numbers are counts, not classes
ENOUGH_LABELS = 50


@dataclass(frozen=True, eq=False)
class LabelModel:
    """Labels of the source, and a model's probabilities out of fold: (n, K); of target rows by one fold's model each, and by their mean."""

    labels: Labels
    source: np.ndarray
    target_by_one: np.ndarray
    target: np.ndarray


def class_labels(pooled: Pooled, y: Any) -> Labels:
    """y as classes; InputError, in words, where it is no label."""
    _refuse_no_classes(np.asarray(y))
    labels = Labels.of(y, rows=pooled.n_source)
    k = len(labels.classes)
    if labels.classes.dtype.kind in "iuf" and k > min(MOST_CLASSES, pooled.n_source / 10):
        raise InputError(
            f"`y` takes {k} different numbers in {pooled.n_source:,} rows: a number to predict, not a class. Cut it into classes."
        )
    return labels


def label_model(pooled: Pooled, labels: Labels, learner: Any, rng: np.random.Generator) -> LabelModel:
    """Fit the learner to the labels on folds of the source; InputError where one is too rare."""
    bare = as_learner(learner)
    made = bare if isinstance(bare, Prepared) else Prepared(bare)
    table = pooled.task.X
    source = table.take(np.arange(pooled.n_source))
    task = Task(X=source, codes=labels.codes, classes=labels.classes, positive=labels.positive, schema=pooled.schema)
    tests = stratified(labels.codes, inner_folds(task, FOLDS), rng, None)
    models, proba = out_of_fold(lambda train: fit_rows(made, train, rng), lambda model, X: model.proba(X), task, tests)
    new = table.take(np.arange(pooled.n_source, len(table)))
    each = np.stack([model.proba(new) for model in models])
    which = rng.integers(len(models), size=pooled.n_target)  # as a source row: one model that has not seen it
    return LabelModel(labels, proba, each[which, np.arange(pooled.n_target)], each.mean(axis=0))


def _refuse_no_classes(y: np.ndarray) -> None:
    """Fractions, and one label throughout, in words that fit where label shift is asked."""
    found = np.unique(y) if y.dtype.kind in "biufUS" else np.empty(0)
    if y.dtype.kind == "f" and np.isfinite(y).all() and (y != np.round(y)).any():
        row = int((y != np.round(y)).argmax())
        raise InputError(
            f"`y` takes {counted(len(found), 'different number')} in {counted(len(y), 'row')}, first fraction {y[row]:g} at row {row}: a "
            "number to predict, not a class. Cut it into classes."
        )
    if len(y) and len(found if y.dtype.kind != "O" else set(y.tolist())) == 1:
        raise InputError(
            f"`y` is {plain(y[0])!r} in {counted(len(y), 'row')}: one class, whose share cannot move. Label another."
        )


def label_shift_of(model: LabelModel) -> LabelShift:
    """Label shift from the model's answers."""
    return label_shift(model.source, model.labels.classes[model.labels.codes], model.target_by_one)


def known_labels(y_target: Any, classes: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the target whose label is known, and the class numbers of these."""
    values = np.asarray(y_target)
    if values.shape != (rows,):
        raise InputError(
            f"`y_target` must hold one label a target row, missing where unknown; got shape {values.shape} for {counted(rows, 'row')}."
        )
    known = np.flatnonzero(~absent(values))
    hit = values[known, None] == classes[None, :].astype(values.dtype if values.dtype.kind == "O" else classes.dtype)
    strange = ~hit.any(axis=1)
    if strange.any():
        row = int(known[int(strange.argmax())])
        raise InputError(
            f"`y_target` must hold labels of `y`; got {plain(values[row])!r}, first at row {row}. Write them alike, or leave it missing."
        )
    return known, hit.argmax(axis=1) if len(known) else np.empty(0, np.intp)


def concept(
    model: LabelModel, known: tuple[np.ndarray, np.ndarray], weights: Weights, label: LabelShift | None
) -> Estimate | None:
    """D, one number for two classes (of the last) and one a class for more; None under 50 known labels.

    label : where the classes' shares explain the shift: its correction is applied to p, and `weights` follow the classes.
    """
    rows, codes = known
    if len(rows) < ENOUGH_LABELS:
        return None
    p, q = (model.source, model.target) if label is None else (label.apply(model.source), label.apply(model.target))
    k = p.shape[1]
    asked = [1] if k == 2 else list(range(k))
    w = np.asarray(weights.probabilities)
    values, lines = [], []
    for c in asked:
        here, there = (codes == c) - q[rows, c], (model.labels.codes == c) - p[:, c]
        inside = float(w @ there)
        values.append(float(here.mean()) - inside)
        lines.append(np.append(-w * (there - inside), (here - here.mean()) / len(rows)))
    names = None if k == 2 else tuple(plain(c) for c in model.labels.classes)
    step = Step("concept", {"labels": len(rows)})
    return TwoSamples(weights, len(rows)).estimate(values, lines, step=step, bounded=True, names=names)
