"""Fit a learner with more weight on what it got wrong out of fold.

    flags   rows in weak groups or regions, or got wrong themselves (`_weak_regions`)
    w_i     base_i l where flagged, else base_i;  l capped by the effective rows it leaves

What is inside: the steps of that, which `upweight_errors` repeats in every training fold to judge them, and `Lifted`, the same as a
classifier: the row `errors` of a comparison.

Source: Liu et al., Just train twice, ICML (2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.utils import get_tags

from ..._errors import InputError, did_you_mean, is_number
from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ..._undo import Correction
from ...learners import Prepared, Task, as_learner
from ...tables import Labels, LiveRows, Schema, live_rows, read_cv
from ..ensembles import Ensemble, EnsembleRows
from ..rebalance import Member, fit_member
from ._weak_regions import SearchRows, allowed_lift, find_weak

__all__ = ["Lifted", "SearchSettings", "fit_lifted", "lifted_rows", "read_settings", "search_rows"]

BY = ("group", "region", "row")


@dataclass(frozen=True)
class SearchSettings:
    """How to search and lift."""

    by: str
    lift: float
    ess: float
    folds: int


def read_settings(by: str, lift: float, ess: float, folds: int, groups: Any) -> SearchSettings:
    if by not in BY:
        raise InputError(f"unknown `by` {by!r}.{did_you_mean(by, BY)}")
    if by == "group" and groups is None:
        raise InputError("by='group' needs `group`, one label a row. Pass it, or use by='region'.")
    if not is_number(lift) or not 1 <= lift < np.inf:
        raise InputError(f"`lift` must be a finite factor of 1 or more; got {lift!r}.")
    if not is_number(ess) or not 0 < ess <= 1:
        raise InputError(f"`ess` must be a share in (0, 1] of the effective rows to keep; got {ess!r}.")
    return SearchSettings(by, float(lift), float(ess), folds)


def search_rows(live: LiveRows, learner: Any, by: str) -> SearchRows:
    """The rows twice: as the learner takes them, and as numbers."""
    schema = Schema.of(live.X)
    table = schema.read(live.X)
    X, labels = table if isinstance(learner, Prepared) else live.X, live.labels
    kept = None if by == "group" else live.group
    task = Task(X, labels.codes, labels.classes, labels.positive, live.w, kept, schema)
    return SearchRows(task, table, schema, live.group if by == "group" else None)


def lifted_rows(
    learner: Any, rows: SearchRows, s: SearchSettings, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """(n,) which of the rows are lifted, and by how much."""
    weak = find_weak(learner, rows, by=s.by, folds=s.folds, rng=rng)
    return weak.flags, allowed_lift(weak.flags, rows.w, lift=s.lift, ess=s.ess)


def fit_lifted(learner: Any, task: Task, weights: np.ndarray, rng: np.random.Generator) -> Member:
    """The learner with these weights in the loss; preparation still by the weights that were there."""

    def lifted(y: Any, base: Any) -> np.ndarray:
        return weights

    return fit_member(learner, (lifted,), task, rng)


@set_module("upweight.imbalance.errors")
@own_keywords
class Lifted(Ensemble):
    """A learner fitted with more weight where it was weak out of fold: the row `errors` of a comparison.

    learner : classifier that takes weights, given `X` as it is; None is logistic regression. by, lift, ess, cv : as in
    `upweight_errors`; `cv` folds of the search.
    learner_ : the fitted learner, on codes 0 .. K-1. correction_ : impossible. lift_, share_ : factor used and share of rows
    lifted.

    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(1000, 2))
    >>> m = Lifted(LogisticRegression(), rng=0).fit(X, X[:, 0] * X[:, 1] > 0)
    >>> round(m.share_, 2), round(m.lift_, 1)
    (0.22, 4.0)
    """

    balances_classes = False

    def __init__(
        self,
        learner: Any = None,
        *,
        by: str = "region",
        lift: float = 4.0,
        ess: float = 0.5,
        cv: int = 5,
        rng: Any = None,
    ):
        self.learner = learner
        self.by = by
        self.lift = lift
        self.ess = ess
        self.cv = cv
        self.rng = rng

    def _fit_rows(self, rows: EnsembleRows, seed: int) -> None:
        learner = LogisticRegression(max_iter=1000) if self.learner is None else as_learner(self.learner)
        learner = learner.learner if isinstance(learner, Prepared) else learner
        settings = read_settings(self.by, self.lift, self.ess, read_cv(self.cv, len(rows.codes))[0], None)
        w = None if (rows.w == 1.0).all() else rows.w
        live = live_rows(rows.X, Labels(rows.classes, rows.codes, 1), w)
        search = search_rows(live, learner, self.by)
        flags, self.lift_ = lifted_rows(learner, search, settings, np.random.default_rng(seed))
        self.share_ = float(search.w[flags].sum() / search.w.sum())
        weights = search.w * np.where(flags, self.lift_, 1.0)
        self.learner_ = fit_lifted(learner, search.task, weights, np.random.default_rng([seed, 1])).model.learner
        self.correction_ = Correction.impossible("rows were weighted by where the learner was wrong")

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, K) probabilities of the lifted fit; not repaired."""
        X = self._read(X, reset=False)
        return self.learner_.predict_proba(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if self.learner is not None and not isinstance(self.learner, str):
            tags.input_tags.sparse = get_tags(self.learner).input_tags.sparse
        return tags
