"""Fit one model on some rows, or several on the folds of them, and give the odds back.

    member     prepare, resample, encode, fit:  raw(X) is what it promises, given(X) the same less delta
    crossfit   the members of the inner folds are kept; one repair is learnt on all their held-out rows together

        p(x) = mean over members m of  repair( raw_m(x) - delta_m )

A repair learnt on models of four fifths of the rows does not fit a refit on all of them, so nothing is refitted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..._errors import InputError, UndoError
from ..._undo import Correction, Repair, recalibrate
from ...learners import FittedLearner, Task, fit_prepared, inner_folds, out_of_fold, own_correction, prepare_rows
from ...tables import stratified
from ._step_kinds import name_of
from ._training_set import TrainingSet

__all__ = ["Fitted", "Member", "Recipe", "fit_member", "fit_task"]

STATUSES = ("exact", "approximate", "impossible")  # each less certain than the one before


@dataclass(frozen=True)
class Member:
    """One fitted model, what its training did to the log-odds, and on how many rows it stands."""

    model: FittedLearner
    correction: Correction
    rows: int
    ess_rare: float
    synthetic_share: float
    notes: tuple[str, ...] = ()

    def raw(self, X: Any) -> np.ndarray:
        """(n, K) probabilities as the learner gives them; a class it never saw gets 0."""
        return self.model.proba(X)

    def given(self, raw: np.ndarray) -> np.ndarray:
        """`raw` with the odds given back, where a formula says how."""
        return raw if self.correction.status == "impossible" else self.correction.apply(raw)


@dataclass(frozen=True)
class Fitted:
    """Members and what turns their promises into probabilities; `threshold` on the scale of `proba`."""

    members: tuple[Member, ...]
    correction: Correction
    repair: Repair | None
    how: str
    prior: np.ndarray
    threshold: float

    def raw(self, X: Any) -> np.ndarray:
        """(n, K) mean of what the members promise."""
        return np.mean([m.raw(X) for m in self.members], axis=0)

    def proba(self, X: Any) -> np.ndarray:
        """(n, K) repaired probabilities."""
        return self.both(X)[1]

    def both(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """(raw, repaired) from one pass."""
        raw = [m.raw(X) for m in self.members]
        mean = np.mean(raw, axis=0)
        if self.how == "none":
            return mean, mean
        given = [m.given(r) for m, r in zip(self.members, raw, strict=True)]
        if self.repair is None:
            return mean, np.mean(given, axis=0)
        return mean, np.mean([self.repair.apply(g) for g in given], axis=0)


def fit_member(learner: Any, steps: tuple[Any, ...], task: Task, rng: np.random.Generator) -> Member:
    """Prepare, apply the steps, encode and fit, on these rows only."""
    preparation, X = prepare_rows(learner, task)
    training = _trained_with(steps, TrainingSet(X, task.classes[task.codes], task.w, classes=task.classes), rng)
    model = fit_prepared(learner, preparation, replace(task, X=training.X, codes=training.codes, w=training.w), rng)
    rare = int(np.bincount(task.codes, minlength=len(task.classes)).argmin())
    return Member(
        model,
        training.correction + own_correction(model.learner),
        len(training),
        training.ess_of(rare),
        training.synthetic / max(len(training), 1),
        training.notes,
    )


def _trained_with(steps: tuple[Any, ...], training: TrainingSet, rng: Any) -> TrainingSet:
    """The set after all steps of a method; one whose correction is a number a row is refused."""
    for step in steps:
        training = training.apply(step, rng=rng)
        if training.correction.by == "row":
            raise InputError(f"{name_of(step)} corrects row by row, so it says nothing about held-out rows.")
    return training


@dataclass(frozen=True)
class Recipe:
    """What to fit: the learner, the steps of the method, how to repair ("crossfit", "formula", "none"), folds of crossfit, cost of a miss."""

    learner: Any
    steps: tuple[Any, ...]
    repair: str = "crossfit"
    inner: int = 5
    cost: float | None = None


def fit_task(recipe: Recipe, task: Task, rng: np.random.Generator, split: np.random.Generator | None = None) -> Fitted:
    """Fit by crossfit, by formula, or plainly; `split` draws the inner folds (None: `rng` does)."""
    prior = task.prior
    if recipe.repair == "crossfit":
        split = rng if split is None else split
        tests = stratified(task.codes, inner_folds(task, recipe.inner), split, task.group)
        members, repair = crossfit(recipe, task, tests, rng)
    else:
        members, repair = (fit_member(recipe.learner, recipe.steps, task, rng),), None
        if recipe.repair == "formula" and members[0].correction.status == "impossible":
            why = members[0].correction.why
            raise UndoError(f"{why}; no formula undoes that. Use repair='crossfit'.")
    correction = mean_correction(members)
    threshold = threshold_of(prior[task.positive], recipe.cost) if len(prior) == 2 else np.nan
    if recipe.repair == "none" and len(prior) == 2:
        threshold = before_repair(threshold, correction, task.positive)
    return Fitted(members, correction, repair, recipe.repair, prior, threshold)


def crossfit(
    recipe: Recipe, task: Task, tests: list[np.ndarray], rng: np.random.Generator
) -> tuple[tuple[Member, ...], Repair]:
    """Members of the inner folds, and one repair from all held-out rows at their own prevalence."""
    members, p = out_of_fold(
        lambda train: fit_member(recipe.learner, recipe.steps, train, rng),
        lambda member, X: member.given(member.raw(X)),
        task,
        tests,
    )
    return tuple(members), recalibrate(task.codes, p, sample_weight=task.w)


def mean_correction(members: tuple[Member, ...]) -> Correction:
    """What training did to the log-odds, averaged over members, which differ by a row or two; the least certain speaks for all."""
    delta = np.mean([np.asarray(m.correction.log_odds) for m in members], axis=0)
    worst = max((m.correction for m in members), key=lambda c: STATUSES.index(c.status))
    return replace(worst, log_odds=delta if delta.ndim else float(delta))


def threshold_of(prior: float, cost: float | None) -> float:
    """The prevalence, or 1/(1 + R) if a miss costs R false alarms."""
    return float(prior) if cost is None else 1 / (1 + cost)


def before_repair(threshold: float, correction: Correction, positive: int) -> float:
    """A threshold for repaired probabilities, moved to where an unrepaired model stands: logit(t) + delta."""
    delta = float(correction.log_odds) * (1 if positive == 1 else -1)
    return float(1 / (1 + np.exp(-(np.log(threshold) - np.log1p(-threshold) + delta))))
