"""Which columns drive the ranking: what average precision is lost on held-out rows when one column is shuffled.

    importance_j = AP(X) - AP(X with column j shuffled among the held-out rows)

The trouble: coefficients and gains of trees say what a model did with its training rows. Rows that the model has not seen say what
it can do without. Columns that carry the same thing stand in for each other, so each of them may seem to matter little.

Source: Breiman, Machine Learning 45 (2001); Fisher, Rudin and Dominici, JMLR 20 (2019).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from ...learners import Task, average_precision, macro, paired
from ...tables import Table, frame_of, is_frame, row_slice

__all__ = ["Importance", "importance_over_folds", "permutation_importance"]

MOST_COLUMNS, MOST_ROWS = 200, 2000  # a comparison should not take longer for it


class Importance(NamedTuple):
    """A column and the AP lost by shuffling it on held-out rows: mean over folds with its 95 % interval."""

    column: str
    ap_drop: float
    low: float
    high: float


def importance_over_folds(names: Sequence[str], folds: Sequence[np.ndarray], share: float) -> tuple[Importance, ...]:
    """All columns, the one that matters most first; nothing unless two folds or more tell.

    folds : (d,) arrays of `permutation_importance`, empty ones left out. share : rows of a test fold over rows of its training fold.
    """
    known = [f for f in folds if len(f) == len(names)]
    if len(known) < 2:
        return ()
    each = [paired([f[j] for f in known], share) for j in range(len(names))]
    found = [Importance(name, i.mean, i.low, i.high) for name, i in zip(names, each, strict=True)]
    return tuple(sorted(found, key=lambda i: -i.ap_drop))


def permutation_importance(proba: Callable[[Any], np.ndarray], held: Task, rng: np.random.Generator) -> np.ndarray:
    """(d,) AP lost by shuffling each column of `held`, macro over classes; empty where there are too many columns to try.

    proba : function of rows giving (n, K) probabilities. held : rows that it has not seen; at most 2,000 of them are used.
    """
    if _columns_of(held.X) > MOST_COLUMNS or sparse.issparse(_numbers_of(held.X)):
        return np.empty(0)
    held = _sample(held, rng)
    whole = ranking(held, proba(held.X))
    return np.array([whole - ranking(held, proba(X)) for X in shuffled(held.X, rng)])


def _columns_of(X: Any) -> int:
    return X.numbers.shape[1] + X.codes.shape[1] if isinstance(X, Table) else X.shape[1]


def _numbers_of(X: Any) -> Any:
    return X.numbers if isinstance(X, Table) else X


def _sample(held: Task, rng: np.random.Generator) -> Task:
    """At most `MOST_ROWS` rows."""
    if len(held.codes) <= MOST_ROWS:
        return held
    return held.take(np.sort(rng.choice(len(held.codes), MOST_ROWS, replace=False)))


def ranking(held: Task, p: np.ndarray) -> float:
    """AP of the positive class, or the mean over several."""
    asked = [held.positive] if len(held.classes) == 2 else range(len(held.classes))
    return macro([average_precision(held.codes == k, p[:, k], held.w) for k in asked])


def shuffled(X: Any, rng: np.random.Generator) -> Iterator[Any]:
    """The rows with one column shuffled, column by column; of a table the numbers, then the codes."""
    if isinstance(X, Table):
        for part in ("numbers", "codes"):
            for values in shuffled(getattr(X, part), rng):
                yield replace(X, **{part: values})
    elif is_frame(X):
        yield from _shuffled_frame(X, rng)
    else:
        for j in range(X.shape[1]):
            values = np.array(X)
            values[:, j] = rng.permutation(values[:, j])
            yield values


def _shuffled_frame(X: Any, rng: np.random.Generator) -> Iterator[Any]:
    frame = frame_of(X)
    for name in frame.columns:
        other = frame_of(row_slice(X, rng.permutation(len(frame))))
        yield frame.with_columns(other[name].alias(name)).to_native()
