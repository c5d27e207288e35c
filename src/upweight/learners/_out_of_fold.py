"""Ask learners only about rows they have not seen.

    p_i = probabilities of row i by a model of the folds that row i is not in

What is inside: `out_of_fold`, every row's; `train_of`, the rows beside a fold; `inner_folds`, how many folds the rarest class allows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import InputError
from ..tables import row_slice
from ._fit_rows import Task, fit_rows

__all__ = ["inner_folds", "out_of_fold", "train_of"]


def out_of_fold(learner: Any, task: Task, tests: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """(n, K) probabilities of models that have not seen the row; `tests` are the disjoint folds, together all rows."""
    p = np.empty((len(task.codes), len(task.classes)))
    for test in tests:
        fitted = fit_rows(learner, task.take(train_of(test, len(p))), rng)
        p[test] = fitted.proba(row_slice(task.X, test))
    return p


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
            f"crossfit needs two rows (or groups) of every class; {label!s} has {most}. Use repair='formula' or 'none'."
        )
    return min(inner, most)
