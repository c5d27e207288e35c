"""Scores of rows that their classifier has not seen, and the area under the curve over the folds, with an error that knows the folds.

The trouble: a classifier that is asked on the rows it was trained on sees a difference where there is none; one held-out fifth sees little;
and five fifths are not independent, for their models share rows. So every row is scored by the model that has not seen it, areas are
taken inside the folds, where one model's scores are comparable, and

    A = mean_f A_f,     se^2 = (1 + F/(F - 1)) sum_f se_f^2 / F^2

whose first factor, for F folds, is Nadeau and Bengio's: models on overlapping rows err together. The classifier itself is chosen inside
the training folds.

What is inside: `CrossFit`, made by `cross_fit`; `reweighted`, a pooled table whose source rows weigh otherwise.

Sources: Lopez-Paz and Oquab (2017); Nadeau and Bengio, Inference for the generalization error, Machine Learning 52 (2003).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..._balance import c2st
from ..._errors import InputError, did_you_mean
from ..._weights import Weights
from ...learners import FittedLearner, Task, as_learner, fit_rows, learner_name, train_of
from ...tables import row_slice, stratified
from ..columns import Pooled, halves
from ..ratios import candidates, folds_of, logits, logits_out_of_fold, one_candidate

__all__ = ["CrossFit", "area_in", "cross_fit", "reweighted"]

TESTED = ("auto", "linear", "quadratic", "boosting", "logistic")  # names; others are MODULE:CLASS
INNER = 3  # folds inside the training folds by which a classifier is chosen


@dataclass(frozen=True, eq=False)
class CrossFit:
    """Scores (N,) out of fold, the folds, their models and names, and areas with influences.

    areas : (F,) inside each fold. influence : (N,) of their mean, widened, so that its squares add up to se^2.
    """

    scores: np.ndarray
    tests: list[np.ndarray]
    models: list[FittedLearner]
    chosen: tuple[str, ...]
    areas: np.ndarray
    influence: np.ndarray

    @property
    def area(self) -> float:
        return float(self.areas.mean())


def reweighted(pooled: Pooled, weights: Weights | None) -> Pooled:
    """The same rows with other weights of the source rows; those of weight zero are left out. Not for a table with `base`."""
    if weights is None:
        return pooled
    w = np.asarray(weights)
    rows = np.flatnonzero(w > 0)
    task = pooled.task.take(np.append(rows, pooled.n_source + np.arange(pooled.n_target)))
    return replace(pooled, task=replace(task, w=halves(w[rows], pooled.n_target)), rows=rows)


def _learners_of(learner: Any, pooled: Pooled) -> dict[str, Any]:
    """The classifiers to choose from, by name: all candidates for "auto", else one."""
    if isinstance(learner, str) and learner == "auto":
        return candidates(pooled)
    if isinstance(learner, str) and ":" not in learner and learner.partition("(")[0] not in TESTED:
        raise InputError(f"unknown learner {learner!r}.{did_you_mean(learner, TESTED)} Or give MODULE:CLASS.")
    if isinstance(learner, str) and learner not in ("linear", "quadratic", "boosting"):
        return {learner: as_learner(learner)}
    return {learner_name(learner) if not isinstance(learner, str) else learner: one_candidate(learner)}


def cross_fit(pooled: Pooled, weights: Weights | None, learner: Any, folds: int, rng: np.random.Generator) -> CrossFit:
    """Fit, score and measure; `weights` are those of the pooled source rows, all of them."""
    tests, several = folds_of(pooled, folds, rng), _learners_of(learner, pooled)
    task, n = pooled.task, len(pooled.rows)
    scores, influence = np.empty(len(task.codes)), np.zeros(len(task.codes))
    models, chosen, areas = [], [], []
    live = None if weights is None else weights[pooled.rows]
    f = len(tests)
    widen = np.sqrt(1 + f / (f - 1)) / f
    for test in tests:
        train = task.take(train_of(test, len(scores)))
        name = _best(several, train, rng)
        models.append(fit_rows(several[name], train, rng))
        chosen.append(name)
        scores[test] = logits(models[-1], row_slice(task.X, test))
        area, phi = area_in(scores[test], test, n, live)
        areas.append(area)
        influence[test] = widen * phi
    return CrossFit(scores, tests, models, tuple(chosen), np.array(areas), influence)


def area_in(scores: np.ndarray, test: np.ndarray, n: int, weights: Weights | None) -> tuple[float, np.ndarray]:
    """Area of the rows `test`, numbers below n being source rows, and its influences in their order."""
    source = test < n
    e = c2st(scores[source], scores[~source], weights=None if weights is None else weights[test[source]])
    line = e._terms.each[0].line
    phi = np.empty(len(test))
    phi[np.append(np.flatnonzero(source), np.flatnonzero(~source))] = line.part(slice(0, len(test)))
    return float(e.value), phi


def _best(several: dict[str, Any], train: Task, rng: np.random.Generator) -> str:
    """The classifier with the lowest log loss out of fold, on training rows alone."""
    if len(several) == 1:
        return next(iter(several))
    least = int(np.bincount(train.codes).min())
    if least < 2:
        return next(iter(several))
    tests = stratified(train.codes, min(INNER, least), rng, None)
    sign, w = np.where(train.codes == 1, 1.0, -1.0), train.w
    losses = {
        name: float(w @ np.logaddexp(0.0, -sign * logits_out_of_fold(one, train, tests, rng)[1]))
        for name, one in several.items()
    }
    return min(losses, key=losses.__getitem__)
