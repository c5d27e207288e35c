"""Did the columns move? One test, three questions.

The trouble: a table of p-values, one a column, sees no change of a correlation and cries wolf at every tenth column. A classifier that was
trained to tell the two samples apart looks at all columns at once, and what it must find is what weights must repair.

    no weights            did X move?
    ratio.weights         is it repaired?
    label.weights(y)      do the classes alone explain it?

    A = P(target score > source score),   p = 1 - Phi((A - 1/2)/se),   scores of models that have not seen the row

After good weights A lies a little under a half, the rows' own noise being spent in their fit: so the test is one-sided, its folds are not
those of the ratio, and less than a half is no praise.

What is inside: `two_sample_test`, which makes a `TwoSample`; `pooled_test`, for a table that was read already.

Sources: Lopez-Paz and Oquab, Revisiting classifier two-sample tests, ICLR (2017); Rabanser, Guennemann and Lipton, Failing loudly,
NeurIPS (2019).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _html as html
from ..._errors import InputError, counted, printable, require_int
from ..._estimate import Average, Estimate, NeverSeen, OnScale, TwoSamples
from ..._rng import as_generator
from ..._set_module import set_module
from ..._weights import Step, Weights, forbid
from ..columns import Pooled
from ._cross_fitted import CrossFit, cross_fit, reweighted
from ._permuted import importances
from ._roc import roc_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["TwoSample", "pooled_test", "said_p", "two_sample_test"]

LEVEL = 0.05
SHOWN = 0.005  # falls in AUC below it are noise


@set_module("upweight.shift")
@dataclass(frozen=True, eq=False, repr=False)
class TwoSample:
    """Whether a classifier tells target rows from (weighted) source rows. Printing it shows the answer.

    Attributes
    ----------
    auc : Estimate of the area under the ROC curve, mean over folds; its se is widened for the folds' shared rows, and its influence has
        n + m rows, source first.
    p : one-sided p-value of "no classifier of ours tells them apart". moved : whether p <= .05.
    features : {column: fall in AUC when its values are dealt out anew}, largest first; empty where it was not asked for.
    scores : (n,), (m,) out-of-fold logits of source rows (nan where the weight is zero) and of target rows; comparable inside a fold.
    folds : (n,), (m,) the fold of each row, -1 where the weight is zero. learners : the classifier of each fold.
    weights : those of the source rows, or None.

    >>> from upweight.shift import two_sample_test
    >>> rng = np.random.default_rng(0)
    >>> t = two_sample_test(rng.normal(0, 1, (200, 2)), rng.normal([1, 0], 1, (200, 2)), learner="linear", rng=0)
    >>> t.moved, t.plot().get_xlabel()
    (True, 'source rows above the score (share)')
    """

    auc: Estimate
    p: float
    features: Mapping[Any, float]
    scores: tuple[np.ndarray, np.ndarray]
    folds: tuple[np.ndarray, np.ndarray]
    learners: tuple[str, ...]
    weights: Weights | None = None

    @property
    def moved(self) -> bool:
        return self.p <= LEVEL

    @cached_property
    def roc(self) -> tuple[np.ndarray, np.ndarray]:
        """(weighted) source rows above a score and target rows above it, shares (201,): the folds' curves averaged at equal source shares,
        so that the area under them is `auc`."""
        return roc_of(self.scores, self.folds, self.weights)

    def plot(self, ax: Any = None) -> Axes:
        """The ROC curve, averaged over folds, and the columns that the classifier needs; see `upweight.plots.two_sample`."""
        from ...plots import two_sample

        return two_sample(self, ax=ax)

    def _sentences(self) -> list[str]:
        low, high = self.auc.interval()
        area = f"AUC {self.auc.value:.3f} ({low:.3f} to {high:.3f}), {said_p(self.p)}"
        source = "source" if self.weights is None else "weighted source"
        rows = f"{len(self.scores[0]):,} {source} rows, {len(self.scores[1]):,} target rows"
        if self.moved:
            first = f"A classifier tells target from {source} rows: {area}."
        else:
            first = f"None of our classifiers tells target from {source} rows: {area}."
        needed = [f"{printable(n)} ({x:.3f})" for n, x in list(self.features.items())[:3] if x >= SHOWN]
        more = [f"Needed most, by the fall in AUC without it: {', '.join(needed)}."] if self.moved and needed else []
        doubt = [self.auc.why[:1].upper() + self.auc.why[1:]] if self.auc.why else []
        return [first, f"{rows}; classifier by fold: {', '.join(self.learners)}.", *more, *doubt]

    def __str__(self) -> str:
        return "\n".join(self._sentences())

    def __repr__(self) -> str:
        return f"TwoSample({'moved' if self.moved else 'not told apart'}, AUC {self.auc.value:.3f}, {said_p(self.p)})"

    def _repr_html_(self) -> str:
        rows = [[printable(n), f"{x:.3f}"] for n, x in list(self.features.items())[:10]]
        return html.block(self._sentences(), ["column", "fall in AUC"], rows)


def said_p(p: float) -> str:
    """A p-value in words: p = 0.03, p < 0.001."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def two_sample_test(
    source: Any, target: Any, *, weights: Weights | None = None, learner: Any = "auto", folds: int = 5, rng: Any = None
) -> TwoSample:
    """Can a classifier tell target rows from weighted source rows, on rows it has not seen?

        A = mean over folds of P(target score > source score),    p = 1 - Phi((A - 1/2)/se)

    Parameters
    ----------
    source, target : (n, d), (m, d) frames or arrays of the same columns; text, categories and gaps as `imbalance.compare` reads them.
    weights : `Weights` of the source rows, kind importance, inclusion or frequency; None: did X move at all?
    learner : "auto" (of linear, quadratic and boosting the best, chosen inside the training folds), one of these names, a learner by
        name or MODULE:CLASS, or a classifier object.
    folds : of the cross-fit. rng : int, Generator or None; drives folds, learners and permutations.

    Returns
    -------
    TwoSample: `auc` (`Estimate`), `p`, `moved`, `features`, `scores`.

    Raises
    ------
    InputError : columns of one side only, an identifier, under two rows a side, lengths that differ. KindError : class and cost weights.

    Warns
    -----
    UserWarning : half of the target rows are source rows.

    Costs: a test that passes is no proof: few rows, or few effective rows, see little. With "auto" folds x (3 x 3 + 1) fits.
    Source: Lopez-Paz and Oquab (2017).

    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.normal(0, 1, (400, 3)), rng.normal([1, 0, 0], 1, (400, 3))
    >>> t = two_sample_test(a, b, learner="linear", rng=0)
    >>> t.moved, round(t.auc.value, 2), next(iter(t.features))            # Phi(1/sqrt 2) = .76
    (True, 0.78, 0)
    """
    require_int("folds", folds, 2)
    w = _checked(weights)
    pooled = Pooled.of(source, target)
    if w is not None and w.n != pooled.n_source:
        raise InputError(
            f"`weights` must have one entry a source row; got {w.n:,} for {counted(pooled.n_source, 'row')}."
        )
    return pooled_test(pooled, w, learner=learner, folds=folds, rng=as_generator(rng))


def _checked(weights: Any) -> Weights | None:
    if weights is None:
        return None
    if not isinstance(weights, Weights):
        raise InputError(
            f"`weights` must be Weights; got {type(weights).__name__}. Say what they are: uw.Weights.of(x, kind='importance')."
        )
    weights._one_vector("two_sample_test")
    weights._refuse_all_zero()
    forbid(weights.kind, "mean")
    return weights


def pooled_test(
    pooled: Pooled,
    weights: Weights | None,
    *,
    learner: Any,
    folds: int,
    rng: np.random.Generator,
    features: bool = True,
) -> TwoSample:
    """The test of a table that was read without weights; `weights` (n_source,) or None."""
    table = reweighted(pooled, weights)
    fit = cross_fit(table, weights, learner, folds, rng)
    needed = importances(table, fit, weights, rng) if features else {}
    auc = _estimate_of(table, fit, weights)
    scores, numbers = _by_side(table, fit)
    return TwoSample(auc, _p_value(auc), needed, scores, numbers, fit.chosen, weights)


def _estimate_of(pooled: Pooled, fit: CrossFit, weights: Weights | None) -> Estimate:
    w = Weights.of(np.ones(pooled.n_source), kind="importance") if weights is None else weights
    phi = np.zeros(pooled.n_source + pooled.n_target)
    phi[np.append(pooled.rows, pooled.n_source + np.arange(pooled.n_target))] = fit.influence
    both = TwoSamples(w, pooled.n_target)
    step = Step("two_sample_test", {"targets": pooled.n_target, "folds": len(fit.tests)})

    def on_logits(_: int, a: Average) -> Average:
        if a.value in (0.0, 1.0):
            why = "the samples do not overlap: the interval reaches to the exact bound on the effective rows."
            return replace(a, interval=NeverSeen(a.value, max(1.0, a.sample.worth), 1.0, a.sample.khat), doubt=why)
        if a.spread == 0:
            why = "the classifier gives all rows one score: it learnt nothing, and says nothing of whether they differ."
            return replace(a, interval=OnScale(a.value, math.inf, "logit"), doubt=why)
        return replace(a, interval=OnScale(a.value, a.spread, "logit"))

    return both.estimate([fit.area], [phi], step=step, bounded=True, change=on_logits)


def _p_value(auc: Estimate) -> float:
    """One-sided, by the error before the tail widens it."""
    from scipy.special import ndtr

    if auc.se == 0:
        return 0.0 if auc.value > 0.5 else 1.0
    return float(ndtr(-(auc.value - 0.5) / auc.se)) if math.isfinite(auc.se) else 0.5


def _by_side(pooled: Pooled, fit: CrossFit) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Scores and folds of source rows, all of them, and of target rows."""
    fold = np.empty(len(fit.scores), dtype=np.intp)
    for i, test in enumerate(fit.tests):
        fold[test] = i
    k = len(pooled.rows)
    scores, folds = np.full(pooled.n_source, np.nan), np.full(pooled.n_source, -1)
    scores[pooled.rows], folds[pooled.rows] = fit.scores[:k], fold[:k]
    return (scores, fit.scores[k:]), (folds, fold[k:])
