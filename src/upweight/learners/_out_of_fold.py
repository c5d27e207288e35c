"""Ask models only about rows they have not seen.

    p_i = answer for row i of the model of the folds that row i is not in

One loop for everything that is judged, repaired or searched out of fold: `fit` makes a model of the training rows of a fold, `answer` asks
it about those left out.

What is inside: `out_of_fold`; `learner_out_of_fold`, of a plain learner; `train_of`, the rows beside a fold; `inner_folds`, how many folds
the rarest class allows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from .._errors import InputError
from ..tables import row_slice
from ._fit_rows import Task, fit_rows

__all__ = ["inner_folds", "learner_out_of_fold", "out_of_fold", "train_of"]

Model = TypeVar("Model")


def out_of_fold(
    fit: Callable[[Task], Model],
    answer: Callable[[Model, Any], np.ndarray],
    task: Task,
    tests: Sequence[np.ndarray],
) -> tuple[list[Model], np.ndarray]:
    """The models, one a fold, and (n, K) answers for every row by the one that has not seen it.

    tests : disjoint folds as row numbers, together all rows; models are fitted in their order.
    """
    p = np.empty((len(task.codes), len(task.classes)))
    models = []
    for test in tests:
        models.append(fit(task.take(train_of(test, len(p)))))
        p[test] = answer(models[-1], row_slice(task.X, test))
    return models, p


def learner_out_of_fold(learner: Any, task: Task, tests: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """(n, K) probabilities of a learner without any remedy, of models that have not seen the row."""
    return out_of_fold(lambda train: fit_rows(learner, train, rng), lambda model, X: model.proba(X), task, tests)[1]


def train_of(test: np.ndarray, rows: int) -> np.ndarray:
    """Numbers of the rows that are not in `test`, ascending."""
    return np.setdiff1d(np.arange(rows), test, assume_unique=True)


def inner_folds(task: Task, inner: int) -> int:
    """As many folds as asked, fewer if a class has not that many rows (or groups)."""
    counts = np.bincount(task.codes, minlength=len(task.classes))
    most = int(counts.min())
    if task.group is not None:
        most = min(len(np.unique(task.group[task.codes == c])) for c in range(len(counts)))
    if most < 2:
        label = task.classes[int(counts.argmin())]
        raise InputError(
            f"crossfit needs two rows (or groups) of every class; {label!s} has {most}. Find more of them, merge "
            "classes, or, from Python, fit Rebalanced(repair='none')."
        )
    return min(inner, most)
