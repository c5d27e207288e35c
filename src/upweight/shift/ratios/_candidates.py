"""The classifiers that are tried, from the stiffest to the most pliant, and their logits out of fold.

The trouble: a logistic regression is blind to a changed correlation, trees see it and learn a shift of the mean badly, and no one classifier
is right for every shift. So a few are tried, and rows they have not seen decide.

    linear      standardised logistic regression, C = 1
    quadratic   the same with squares and products, where these are at most a tenth of the rows, of 15 columns at most
    boosting    100 trees of 8 leaves, step 0.05, at least 40 rows a leaf, where a fold inside a fold can be split into two such leaves

    f_i = log p(target | x_i) - log p(source | x_i)     of the model that has not seen row i

What is inside: `candidates`, by name; `one_candidate`, any of them or a classifier of one's own; `fit_logits_of`, models and logits out of fold;
`logits`, those of any rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from ..._errors import InputError, did_you_mean
from ...learners import FittedLearner, Prepared, Task, as_learner, fit_rows, out_of_fold
from ...tables import stratified
from ..columns import Pooled

__all__ = ["LINEAR", "candidates", "folds_of", "logits", "logits_out_of_fold", "one_candidate"]

LINEAR = ("linear", "quadratic")  # candidates that a vector of coefficients describes
SURE = 1e-9  # probabilities nearer than this to 0 or 1 are taken for it: logits end at 20.7
WIDEST, ROWS_A_TERM = 15, 10  # columns of a quadratic, and rows for each of its terms
LEAF = 40  # rows a leaf of the trees
SPLITS = (
    4 * LEAF
)  # rows from which on two thirds of four fifths of them fill two leaves: below it trees give every row one score


def candidates(pooled: Pooled) -> dict[str, Any]:
    """The classifiers to try on these rows, by name; of a sparse table the linear one alone."""
    source, _ = pooled.design()
    if sparse.issparse(source):
        return {"linear": one_candidate("linear")}
    d, rows = source.shape[1], len(pooled.task.codes)
    fits = d <= WIDEST and d * (d + 3) / 2 <= rows / ROWS_A_TERM
    names = ["linear"] + ["quadratic"] * fits + ["boosting"] * (rows >= SPLITS)
    return {name: one_candidate(name) for name in names}


def one_candidate(method: Any) -> Any:
    """A candidate by its name, or a classifier object, as a learner that takes frames."""
    if not isinstance(method, str):
        return Prepared(as_learner(method))
    if method == "linear":
        return Prepared(LogisticRegression(C=1.0, max_iter=1000))
    if method == "quadratic":
        terms = PolynomialFeatures(2, include_bias=False)
        return Prepared(make_pipeline(terms, StandardScaler(), LogisticRegression(C=1.0, max_iter=1000)))
    if method == "boosting":
        trees = HistGradientBoostingClassifier(
            max_iter=100, max_leaf_nodes=8, learning_rate=0.05, min_samples_leaf=LEAF
        )
        return Prepared(trees.set_params(early_stopping=False))
    raise InputError(
        f"unknown classifier {method!r}.{did_you_mean(method, ('linear', 'quadratic', 'boosting'))} Or pass one with predict_proba."
    )


def folds_of(pooled: Pooled, folds: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Disjoint test rows, source and target in proportion; fewer folds where one side has not that many rows."""
    least = min(len(pooled.rows), pooled.n_target)
    if least < 2:
        raise InputError(f"folds need two rows of each sample; one has {least} that counts. Give more rows.")
    return stratified(pooled.task.codes, min(folds, least), rng, None)


def logits_out_of_fold(
    learner: Any, task: Task, tests: list[np.ndarray], rng: np.random.Generator
) -> tuple[list[FittedLearner], np.ndarray]:
    """The fold models, and (N,) logits of the target by the model that has not seen the row."""
    models, proba = out_of_fold(
        lambda train: fit_rows(learner, train, rng), lambda model, X: model.proba(X), task, tests
    )
    return models, _logit(proba)


def logits(model: FittedLearner, X: Any) -> np.ndarray:
    """(rows,) logits of the target for rows of a table."""
    return _logit(model.proba(X))


def _logit(proba: np.ndarray) -> np.ndarray:
    p = np.clip(proba, SURE, 1.0)
    return np.log(p[:, 1]) - np.log(p[:, 0])
