"""Fit a learner on some rows: prepare, encode, fit, with weights; ask it for probabilities of every class.

    rows --Preparation--> table --(somebody may change rows and weights here)--> matrix --fit--> FittedLearner
            impute, scale, rare categories, by these rows alone                        one-hot, bins

The trouble: whatever is learnt from rows that are held out leaks, and a class that a fold has not seen must still have its column.

What is inside: `Task`, rows to learn from; `prepare_rows` and `fit_prepared`, the two halves around what changes rows; `fit_rows`, both
with nothing between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone

from ..tables import Preparation, Schema, known_versions, row_slice
from ._bins import bin_cuts, binned
from ._fitting import fit_learner
from ._learners import Prepared, seeded

__all__ = ["FittedLearner", "Task", "fit_prepared", "fit_rows", "prepare_rows"]


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

    def take(self, keep: np.ndarray) -> Task:
        """The same question about some of the rows."""
        part = {name: None if (v := getattr(self, name)) is None else v[keep] for name in ("w", "group")}
        return replace(self, X=row_slice(self.X, keep), codes=self.codes[keep], **part)

    @property
    def prior(self) -> np.ndarray:
        """(K,) class shares, weighted."""
        mass = np.bincount(self.codes, weights=self.w, minlength=len(self.classes)).astype(float)
        return mass / mass.sum()


@dataclass(frozen=True)
class FittedLearner:
    """A fitted learner with its preparation; `seen` (s,) the codes of the classes it saw, of `classes` in all."""

    learner: Any
    preparation: Preparation | None
    seen: np.ndarray
    classes: int
    cuts: tuple[np.ndarray, ...] | None = None

    def proba(self, X: Any) -> np.ndarray:
        """(n, K) probabilities as the learner gives them; a class it never saw gets 0."""
        p = self.learner.predict_proba(X) if self.preparation is None else self.of_table(X, self.preparation)
        p = np.asarray(p, dtype=np.float64)
        out = np.zeros((len(p), self.classes))
        out[:, self.seen] = p
        return out

    def of_table(self, X: Any, preparation: Preparation) -> np.ndarray:
        """(n, s) of a table; a row with a category that training did not have gets the average over those it had."""
        table = preparation.table(X)
        versions = known_versions(preparation, table)
        known = table if versions is None else versions[0]
        matrix = _as_learner_takes(preparation.matrix(known), self.learner)
        p = self.learner.predict_proba(matrix if self.cuts is None else binned(matrix, self.cuts))
        if versions is None:
            return p
        _, rows, share = versions
        out = np.zeros((len(table), p.shape[1]))
        np.add.at(out, rows, share[:, None] * p)
        return out


def prepare_rows(learner: Any, task: Task) -> tuple[Preparation | None, Any]:
    """(preparation, rows) for a learner that is `Prepared`, fitted on these rows only; (None, X) for one that is given X as it is."""
    if not isinstance(learner, Prepared) or not task.schema:
        return None, task.X
    preparation = Preparation.fit(task.schema, task.X, task.w)
    return preparation, preparation.table(task.X)


def fit_prepared(learner: Any, preparation: Preparation | None, task: Task, rng: np.random.Generator) -> FittedLearner:
    """Encode and fit a copy of the learner on a task whose `X` is what `prepare_rows` made, or what steps made of that."""
    X, classes = task.X, task.classes
    inner = seeded(clone(learner.learner if isinstance(learner, Prepared) else learner), rng)
    cuts = None
    if preparation is not None:
        X = _as_learner_takes(preparation.matrix(X), inner)
        cuts = bin_cuts(X, inner, rng)
        X = X if cuts is None else binned(X, cuts)
    by_name = _names_classes(inner)
    fitted = fit_learner(inner, X, classes[task.codes] if by_name else task.codes, task.w)
    seen = np.searchsorted(classes, fitted.classes_) if by_name else fitted.classes_
    return FittedLearner(fitted, preparation, np.asarray(seen, dtype=np.intp), len(classes), cuts)


def fit_rows(learner: Any, task: Task, rng: np.random.Generator) -> FittedLearner:
    """Prepare, encode and fit on these rows as they are."""
    preparation, X = prepare_rows(learner, task)
    return fit_prepared(learner, preparation, replace(task, X=X), rng)


def _names_classes(learner: Any) -> bool:
    """Whether a setting of the learner names labels, so that it must see them and not their codes."""
    return any(n.rsplit("__", 1)[-1] == "class_weight" and isinstance(v, dict) for n, v in learner.get_params().items())


def _as_learner_takes(X: Any, learner: Any) -> Any:
    """A CSR matrix becomes dense for learners that take no other."""
    if sparse.issparse(X) and not learner.__sklearn_tags__().input_tags.sparse:
        return X.toarray()
    return X
