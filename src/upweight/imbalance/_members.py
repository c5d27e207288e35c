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
from scipy import sparse
from sklearn.base import clone

from .._errors import InputError, UndoError
from .._undo import Correction, Repair, recalibrate
from ..tables._rows import row_slice
from ._bins import bin_cuts, binned
from ._double_count import own_correction
from ._fitting import fit_learner
from ._folds import stratified
from ._learners import Prepared, seeded
from ._prepare import Preparation
from ._steps import train_with
from ._table import Schema

__all__ = ["Fitted", "Member", "Task", "fit_member", "fit_task"]

STATUSES = ("exact", "approximate", "impossible")  # each less certain than the one before


@dataclass(frozen=True)
class Task:
    """Rows to learn from: `X` (a `Table` if the learner is `Prepared`), `codes` (n,) into `classes`, weights, groups.

    `positive` is the class asked about; `schema` describes the table.
    """

    X: Any
    codes: np.ndarray
    classes: np.ndarray
    positive: int
    w: np.ndarray | None = None
    group: np.ndarray | None = None
    schema: Schema | None = None

    def rows(self, keep: np.ndarray) -> Task:
        part = {name: None if (v := getattr(self, name)) is None else v[keep] for name in ("w", "group")}
        return replace(self, X=row_slice(self.X, keep), codes=self.codes[keep], **part)

    @property
    def prior(self) -> np.ndarray:
        """(K,) class shares, weighted."""
        mass = np.bincount(self.codes, weights=self.w, minlength=len(self.classes)).astype(float)
        return mass / mass.sum()


@dataclass(frozen=True)
class Member:
    """One fitted model with its preparation, and what its training did to the log-odds."""

    learner: Any
    preparation: Preparation | None
    correction: Correction
    seen: np.ndarray
    classes: int
    rows: int
    ess_rare: float
    synthetic_share: float
    cuts: tuple[np.ndarray, ...] | None = None

    def raw(self, X: Any) -> np.ndarray:
        """(n, K) probabilities as the learner gives them; a class it never saw gets 0."""
        if self.preparation is not None:
            X = for_learner(self.preparation.matrix(self.preparation.table(X)), self.learner)
            X = X if self.cuts is None else binned(X, self.cuts)
        found = np.asarray(self.learner.predict_proba(X), dtype=np.float64)
        out = np.zeros((len(found), self.classes))
        out[:, self.seen] = found
        return out

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
    prepared = isinstance(learner, Prepared)
    preparation = Preparation.fit(task.schema, task.X, task.w) if prepared and task.schema else None
    X = preparation.table(task.X) if preparation else task.X
    training = train_with(steps, X, task.codes, task.w, classes=task.classes, rng=rng)
    inner = seeded(clone(learner.learner if prepared else learner), rng)
    X, cuts = training.X, None
    if preparation is not None:
        X = for_learner(preparation.matrix(training.X), inner)
        cuts = bin_cuts(X, inner, rng)
        X = X if cuts is None else binned(X, cuts)
    y = task.classes[training.codes] if names_classes(inner) else training.codes
    fitted = fit_learner(inner, X, y, training.w)
    seen = fitted.classes_ if y is training.codes else np.searchsorted(task.classes, fitted.classes_)
    rare = int(np.bincount(task.codes, minlength=len(task.classes)).argmin())
    return Member(
        fitted,
        preparation,
        training.correction + own_correction(fitted),
        np.asarray(seen, dtype=np.intp),
        len(task.classes),
        len(training.codes),
        training.ess_of(rare, len(task.codes)),
        training.synthetic / max(len(training.codes), 1),
        cuts,
    )


def names_classes(learner: Any) -> bool:
    """Whether a setting of the learner names labels, so that it must see them and not their codes."""
    return any(n.rsplit("__", 1)[-1] == "class_weight" and isinstance(v, dict) for n, v in learner.get_params().items())


def for_learner(X: Any, learner: Any) -> Any:
    """A CSR matrix becomes dense for learners that take no other."""
    if sparse.issparse(X) and not learner.__sklearn_tags__().input_tags.sparse:
        return X.toarray()
    return X


def fit_task(
    learner: Any,
    steps: tuple[Any, ...],
    task: Task,
    *,
    repair: str,
    inner: int,
    cost: float | None,
    rng: np.random.Generator,
    split: np.random.Generator | None = None,
) -> Fitted:
    """Fit by crossfit, by formula, or plainly; `split` draws the inner folds (None: `rng` does)."""
    prior = task.prior
    if repair == "crossfit":
        tests = stratified(task.codes, inner_folds(task, inner), rng if split is None else split, task.group)
        members, fixed = crossfit(learner, steps, task, tests, rng)
    else:
        members, fixed = (fit_member(learner, steps, task, rng),), None
        if repair == "formula" and members[0].correction.status == "impossible":
            why = members[0].correction.why
            raise UndoError(f"{why}; no formula undoes that. Use repair='crossfit'.")
    correction = mean_correction(members)
    at = threshold(prior[task.positive], cost) if len(prior) == 2 else np.nan
    if repair == "none" and len(prior) == 2:
        at = on_model_scale(at, correction, task.positive)
    return Fitted(members, correction, fixed, repair, prior, at)


def crossfit(
    learner: Any, steps: tuple[Any, ...], task: Task, tests: list[np.ndarray], rng: np.random.Generator
) -> tuple[tuple[Member, ...], Repair]:
    """Members of the inner folds, and one repair from all held-out rows at their own prevalence."""
    held = np.empty((len(task.codes), len(task.classes)))
    members = []
    for test in tests:
        train = np.setdiff1d(np.arange(len(task.codes)), test, assume_unique=True)
        member = fit_member(learner, steps, task.rows(train), rng)
        held[test] = member.given(member.raw(row_slice(task.X, test)))
        members.append(member)
    return tuple(members), recalibrate(task.codes, held, sample_weight=task.w)


def inner_folds(task: Task, inner: int) -> int:
    """As many folds as asked, fewer if a class has not that many rows (or groups)."""
    counts = np.bincount(task.codes, minlength=len(task.classes))
    most = int(counts.min())
    if task.group is not None:
        most = min(len(np.unique(task.group[task.codes == c])) for c in range(len(counts)))
    if most < 2:
        label = task.classes[int(counts.argmin())]
        raise InputError(
            f"crossfit needs two rows (or groups) of every class; {label!s} has {most}. Use repair='formula' or 'none'."
        )
    return min(inner, most)


def mean_correction(members: tuple[Member, ...]) -> Correction:
    """What training did to the log-odds, averaged over members, which differ by a row or two; the least certain speaks for all."""
    delta = np.mean([np.asarray(m.correction.log_odds) for m in members], axis=0)
    worst = max((m.correction for m in members), key=lambda c: STATUSES.index(c.status))
    return replace(worst, log_odds=delta if delta.ndim else float(delta))


def threshold(prior: float, cost: float | None) -> float:
    """The prevalence, or 1/(1 + R) if a miss costs R false alarms."""
    return float(prior) if cost is None else 1 / (1 + cost)


def on_model_scale(at: float, correction: Correction, positive: int) -> float:
    """A threshold for repaired probabilities, moved to where an unrepaired model stands."""
    delta = float(correction.log_odds) * (1 if positive == 1 else -1)
    return float(1 / (1 + np.exp(-(np.log(at) - np.log1p(-at) + delta))))
