"""Bagging on balanced draws: every member sees all rare rows and as many of each other class; EasyEnsemble and balanced forests.

The trouble: one undersample throws most of the common class away; many of them, averaged, use it all. Existing baggings for rare
classes refuse `sample_weight`, and those of ordinary bagging that took it have counted it twice: rows drawn by weight and weighted
again in the fit.

    member b:  m rows of every class, m the rows of the rarest, drawn in proportion to w:  E[copies of i] = m w_i / W_c
    proba      p(x) = mean_b p_b(x)                          score    s(x) = sum_b s_b(x), p = expit(s / members)
    delta_c    = log(1/K) - log(W_c/W)                       exact: rows were drawn at random, given the class

With equal weights "in proportion" means without replacement: all rare rows, a random part of the others. `replace=True` draws
independently (the bootstrap). Weights act through the draw and through nothing else, so they count once.

What is inside: `BalancedBagging`; `easy_ensemble`, its members AdaBoost and its scores added; `balanced_forest`, its members trees
of sqrt(d) columns a split on bootstraps; `PlainBagging`, the same without balancing, which is the control. If unsure:
`easy_ensemble()`, then look at its control.

Sources: Liu, Wu and Zhou, IEEE SMC-B 39(2) (2009); Chen, Liaw and Breiman, Berkeley report 666 (2004); Breiman, Machine Learning
24 (1996).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.base import clone
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ..._errors import InputError
from ..._foreign_keywords import own_keywords
from ..._set_module import set_module
from ..._undo import Correction
from ...arrays import resample
from ...learners import (
    answers_with_proba,
    bare_learner,
    fit_plainly,
    refuse_double_count,
    refuse_without_proba,
    seeded,
    without_proba,
)
from ...tables import first_rows, row_slice
from ._boosting import Boosted
from ._ensemble import Ensemble, EnsembleRows, balanced_correction, read_count, softmax_rows

__all__ = ["BalancedBagging", "PlainBagging", "balanced_forest", "easy_ensemble"]


class Bagging(Ensemble):
    """Members fitted on draws of rows, their answers averaged or added."""

    learner: Any
    members: int
    average: str
    rng: Any

    @abstractmethod
    def _draw(self, rows: EnsembleRows, stream: list[int]) -> np.ndarray:
        """Row numbers of one member, in order."""

    @abstractmethod
    def _added(self, rows: EnsembleRows) -> Correction:
        """What the draws added to the log-odds."""

    def _fit_rows(self, rows: EnsembleRows, seed: int) -> None:
        learner = self._checked()
        members = []
        for b in range(read_count(self.members, "members")):
            chosen = self._draw(rows, [seed, b])
            member = seeded(clone(learner), np.random.default_rng([seed, b]))
            members.append(fit_plainly(member, row_slice(rows.X, chosen), rows.codes[chosen]))
            if self.average == "proba" and not hasattr(members[-1], "predict_proba"):
                raise without_proba(members[-1])
        self.members_ = tuple(members)
        self.correction_ = self._added(rows)

    def _checked(self) -> Any:
        """The member's learner, if it can answer and does not balance by itself."""
        learner = self._learner()
        if self.average not in ("proba", "score"):
            raise InputError(f"`average` must be 'proba' or 'score'; got {self.average!r}.")
        if self.average == "score" and not hasattr(learner, "decision_function"):
            raise InputError(
                f"{type(learner).__name__} has no decision_function to add up. Use average='proba', or a learner with scores."
            )
        refuse_double_count(learner, type(self).__name__)
        if self.average == "score":
            return learner
        _refuse_scores_only(learner)
        return refuse_without_proba(learner)

    def _learner(self) -> Any:
        return DecisionTreeClassifier() if self.learner is None else bare_learner(self.learner)

    @property
    def coef_(self) -> np.ndarray:
        """(1, d), or (K, d), mean over members of their `coef_`, if they have one."""
        return self._mean_of("coef_")

    @property
    def feature_importances_(self) -> np.ndarray:
        """(d,) mean over members of their `feature_importances_`, if they have any."""
        return self._mean_of("feature_importances_")

    def _mean_of(self, attribute: str) -> np.ndarray:
        """Every member knows all classes and columns, so that their vectors have one shape."""
        return np.mean([getattr(m, attribute) for m in vars(self).get("members_", [self.learner])], axis=0)

    @available_if(lambda self: self.average == "score")
    def decision_function(self, X: Any) -> np.ndarray:
        """Sum of the members' scores: (n,) for two classes, positive for the second; else (n, K).

        >>> from sklearn.linear_model import LogisticRegression
        >>> from upweight.imbalance import BalancedBagging
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(400, 2)); y = rng.random(400) < 1 / (1 + np.exp(2 - X[:, 0]))
        >>> BalancedBagging(LogisticRegression(), members=3, average="score", rng=0).fit(X, y).decision_function(X).shape
        (400,)
        """
        check_is_fitted(self, "members_")
        X = self._read(X, reset=False)
        return np.sum([m.decision_function(X) for m in self.members_], axis=0)

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, K) mean of the members' probabilities, or expit (softmax) of their mean score; not repaired."""
        if self.average == "score":
            mean = self.decision_function(X) / len(self.members_)
            if mean.ndim == 2:
                return softmax_rows(mean)
            return np.column_stack([expit(-mean), expit(mean)])
        X = self._read(X, reset=False)
        return np.mean([m.predict_proba(X) for m in self.members_], axis=0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        member = get_tags(self._learner()).input_tags
        tags.input_tags.sparse, tags.input_tags.allow_nan = member.sparse, member.allow_nan
        return tags


@set_module("upweight.imbalance")
@own_keywords
class BalancedBagging(Bagging):
    """Members on balanced draws, averaged: undersampling that throws nothing away in the end.

        p(x) = mean_b p_b(x),    member b on m rows of every class, m the rows of the rarest

    Parameters
    ----------
    learner : "logistic", "boosting", "MODULE:CLASS", or a scikit-learn classifier or pipeline; given `X` as it is, whichever (names
        prepare frames in `Rebalanced` and `compare` only); None is a full decision tree.
    members : 1 or more. replace : draw rows independently (bootstrap, the rare ones too) instead of without replacement.
    average : "proba", mean of `predict_proba`; "score", sum of `decision_function`, of which expit(mean) is taken.
    rng : int, Generator or None; drives the draws and every `random_state` of the learner that is None.

    Attributes
    ----------
    members_ : tuple of fitted learners, on codes 0 .. K-1 of `classes_`. classes_ : (K,) sorted labels.
    correction_ : `Correction`, exact: `correction_.apply(predict_proba(X))` are probabilities of the world.
    coef_, feature_importances_ : means over members, if they have these; else there is no such attribute.

    Raises
    ------
    UndoError : the learner counts classes itself. InputError : one class, bad weights, a learner without the answer that
        `average` needs.

    Costs: `predict_proba` is of a balanced world: it promises too many of the rare class until the odds are given back. Full
    trees on few rows are too sure; `Rebalanced(BalancedBagging(), "none")` repairs by crossfit. The gain over the same learner
    on all rows is often that of bagging: compare with the control.
    Source: Liu, Wu and Zhou (2009); Breiman (1996).

    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(4000, 2)); y = rng.random(4000) < 1 / (1 + np.exp(4 - X[:, 0]))
    >>> m = BalancedBagging(LogisticRegression(), rng=0).fit(X, y)
    >>> raw = m.predict_proba(X)[:, 1]
    >>> round(float(raw.sum() / y.sum()), 1), round(float(m.correction_.apply(raw).sum() / y.sum()), 2)
    (15.7, 1.05)
    """

    def __init__(
        self, learner: Any = None, *, members: int = 10, replace: bool = False, average: str = "proba", rng: Any = None
    ):
        self.learner = learner
        self.members = members
        self.replace = replace
        self.average = average
        self.rng = rng

    def _draw(self, rows: EnsembleRows, stream: list[int]) -> np.ndarray:
        m = int(rows.counts.min())
        keys = first_rows(rows.codes, len(rows.classes))
        parts = []
        for code, key in enumerate(keys.tolist()):
            mine = np.flatnonzero(rows.codes == code)
            parts.append(mine[draw(rows.w[mine], m, self.replace, np.random.default_rng([*stream, key]))])
        return np.sort(np.concatenate(parts))

    def _added(self, rows: EnsembleRows) -> Correction:
        return balanced_correction(rows, "exact", "every member saw as many rows of each class, drawn at random")


@set_module("upweight.imbalance.ensembles")
@own_keywords
class PlainBagging(Bagging):
    """Bootstraps of all rows, not balanced: the control of `BalancedBagging`; rows are drawn by their weights."""

    balances_classes = False

    def __init__(self, learner: Any = None, *, members: int = 10, average: str = "proba", rng: Any = None):
        self.learner = learner
        self.members = members
        self.average = average
        self.rng = rng

    def _draw(self, rows: EnsembleRows, stream: list[int]) -> np.ndarray:
        """A bootstrap that has a row of every class, so that every member knows all of them."""
        rng = np.random.default_rng(stream)
        first = first_rows(rows.codes, len(rows.classes))
        chosen = draw(rows.w, len(rows.w), True, rng)
        missing = np.setdiff1d(np.arange(len(first)), rows.codes[chosen])
        return np.sort(np.concatenate([chosen, first[missing]]))

    def _added(self, rows: EnsembleRows) -> Correction:
        return Correction.none()


def _refuse_scores_only(learner: Any) -> None:
    """A learner that has scores and no probabilities, such as SVC(), can be added up but not averaged."""
    if hasattr(learner, "decision_function") and answers_with_proba(learner) is False:
        raise InputError(
            f"{type(learner).__name__} has no predict_proba to average. Use average='score', which adds up its decision_function."
        )


def draw(w: np.ndarray, m: int, replace: bool, rng: np.random.Generator) -> np.ndarray:
    """m of the rows, E[copies of i] = m w_i / W; without `replace` the copies are the floor or the ceiling of that."""
    if replace:
        return rng.choice(len(w), size=m, p=w / w.sum())
    if (w == w[0]).all():
        return rng.choice(len(w), size=m, replace=False, shuffle=False)
    order = rng.permutation(len(w))
    return order[resample(np.log(w[order]), m, method="systematic", rng=rng)]


@own_keywords
def easy_ensemble(*, members: int = 4, rounds: int = 10, depth: int = 1, rng: Any = None) -> BalancedBagging:
    """EasyEnsemble: AdaBoost on balanced draws, the scores of all members added.

        sign( sum_i sum_j alpha_ij h_ij(x) )

    Parameters
    ----------
    members : AdaBoosts, each on all rare rows and as many of each other class. rounds : trees in each. depth : of a tree, 1 is
        a stump. rng : int, Generator or None.

    Returns
    -------
    BalancedBagging with average="score", not fitted; its correction is exact.

    Raises
    ------
    InputError : at `fit`, numbers below 1.

    Costs: scores of boosting are too sure, so that repair by crossfit is worth more than the formula here. Its gain is mostly
    that of boosting: as many trees on all rows often rank better (`compare` adds that control by itself).
    Source: Liu, Wu and Zhou, Exploratory undersampling for class-imbalance learning, IEEE SMC-B 39(2) (2009).

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(5000, 2)); y = rng.random(5000) < 1 / (1 + np.exp(4 - X[:, 0]))
    >>> m = easy_ensemble(rng=0).fit(X, y)
    >>> len(m.members_), round(float(y.mean()), 3), round(float(m.predict_proba(X)[:, 1].mean()), 2)
    (4, 0.029, 0.4)
    """
    return BalancedBagging(Boosted(rounds=rounds, depth=depth), members=members, average="score", rng=rng)


@own_keywords
def balanced_forest(*, members: int = 100, rng: Any = None) -> BalancedBagging:
    """Balanced random forest: full trees of sqrt(d) columns a split, on bootstraps of as many rows of each class.

        p(x) = mean_b p_b(x)

    Parameters
    ----------
    members : trees. rng : int, Generator or None.

    Returns
    -------
    BalancedBagging of trees with replace=True, not fitted; its correction is exact.

    Raises
    ------
    InputError : at `fit`, fewer than one tree.

    Costs: every tree sees twice as many rows as the rare class has (K > 2: K times), so it ranks worse than a forest on all
    rows where those of the common class carry the signal. Its probabilities need the correction.
    Source: Chen, Liaw and Breiman, Using random forest to learn imbalanced data (2004).

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(3000, 4)); y = rng.random(3000) < 1 / (1 + np.exp(4 - X[:, 0]))
    >>> m = balanced_forest(members=20, rng=0).fit(X, y)
    >>> {tree.max_features_ for tree in m.members_}, int(m.members_[0].tree_.n_node_samples[0]) <= 2 * int(y.sum())
    ({2}, True)
    """
    return BalancedBagging(DecisionTreeClassifier(max_features="sqrt"), members=members, replace=True, rng=rng)
