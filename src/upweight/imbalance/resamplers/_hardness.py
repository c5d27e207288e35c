"""Instance hardness: keep the majority rows that a model, asked out of fold, finds easiest.

The trouble it treats: overlap. Rows that a model of the other rows gives a low probability of their own class are taken for noise and
dropped. What is left separates well, which is why every probability learnt from it is too sure.

    h_i = 1 - p(y_i | x_i), out of fold;   of each class keep the n'_c rows of least h_i, ties to the lower row number

Columns of probabilities belong to labels, not to label numbers, and the count is exact.

Sources: Smith, Martinez and Giraud-Carrier (2014), An instance level analysis of data complexity, Machine Learning 95.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError, counted, require_int
from ..._foreign_keywords import own_keywords
from ..._rng import as_generator
from ..._set_module import set_module
from ...learners import Prepared, Task, as_learner, learner_out_of_fold
from ...tables import Column, Labels, Schema, Table, first_rows, refuse_few, row_slice, stratified
from ._resample import Resample
from ._row_selector import RowSelector
from ._sampler import read_inputs, rows_wanted

__all__ = ["InstanceHardness"]


@set_module("upweight.imbalance")
@own_keywords
class InstanceHardness(RowSelector):
    """Keep the majority rows that are easiest for a model: a clean, well separated training set.

        keep the n'_c rows of class c with the highest out-of-fold p(c | x_i)

    Parameters
    ----------
    learner : "logistic" (None), "boosting", MODULE:CLASS or a scikit-learn classifier.
    proba : (n, K) out-of-fold probabilities you have, columns by sorted label, or for two classes (n,) of the second; then
        nothing is fitted.
    to : "balanced" (as many rows as the minority has), a ratio rare/common in (0, 1], or {label: rows to keep}.
    cv : folds. rng : int, Generator or None: the folds.

    Raises
    ------
    InputError : one class; fewer rows in a class than folds; probabilities of another shape, outside [0, 1] or not finite.

    Costs: `cv` fits; hard rows are gone, so every probability is too sure and no formula repairs it.
    Source: Smith, Martinez and Giraud-Carrier (2014).

    >>> proba = [0.1, 0.8, 0.2, 0.3, 0.6, 0.4]
    >>> InstanceHardness(proba=proba).resample(np.zeros((6, 1)), [0, 0, 0, 0, 1, 1]).indices.tolist()
    [0, 2, 4, 5]
    """

    _reads_text, _reads_gaps = False, True

    def __init__(self, *, learner: Any = None, proba: Any = None, to: Any = "balanced", cv: int = 5, rng: Any = None):
        self.learner = learner
        self.proba = proba
        self.to = to
        self.cv = cv
        self.rng = rng

    def _check(self) -> None:
        require_int("cv", self.cv, 2)

    def _check_table(self, X: Any, rows: np.ndarray) -> None:
        """The table is the learner's affair."""

    def resample(self, X: Any, y: Any, *, sample_weight: Any = None, neighbours: Any = None) -> Resample:
        """Rows to keep, in the order they stand.

        X : (n, d) table, for the learner; gaps are its affair. y : (n,) labels. sample_weight : (n,) weights or `Weights`,
        which the learner gets; rows of zero weight are as if removed. `neighbours` is not used here.
        Returns `Resample`; no formula undoes a selection.

        Raises InputError as the class does: one class, too few rows for the folds, probabilities of another shape or range, an unknown learner.
        """
        self._check()
        labels, w, live = read_inputs(X, y, sample_weight)
        rows = np.flatnonzero(live)
        present = labels.take(rows)
        counts = np.bincount(present.codes, minlength=len(labels.classes))
        wanted = rows_wanted(labels, counts, self.to, fewer=True)
        if self.proba is None:
            weights = None if sample_weight is None else w
            own = _own_class_proba(X, labels, rows, weights, self.learner or "logistic", int(self.cv), self.rng)
        else:
            own = _given_proba(self.proba, len(live), len(labels.classes))[rows, present.codes]
        return self._kept(labels, w, rows, _easiest(own, present.codes, wanted), ())


def _easiest(own: np.ndarray, codes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(m,) bool: in every class the `wanted` rows of highest probability `own`, ties to the lower row number."""
    stays = np.zeros(len(codes), dtype=bool)
    for code, keep in enumerate(wanted):
        rows = np.flatnonzero(codes == code)
        stays[rows[np.lexsort((rows, -own[rows]))[:keep]]] = True
    return stays


def _own_class_proba(
    X: Any, labels: Labels, rows: np.ndarray, w: np.ndarray | None, learner: Any, cv: int, rng: Any
) -> np.ndarray:
    """(m,) probability of its own class for each of the live `rows`, from models that did not see it.

    The learner sees classes numbered by first appearance, so that renaming labels changes nothing.
    """
    rng, made = as_generator(rng), as_learner(learner)
    order = np.argsort(first_rows(labels.codes[rows], len(labels.classes)), kind="stable")
    codes = np.argsort(order)[labels.codes[rows]]
    present, within = np.unique(labels.codes[rows], return_inverse=True)
    refuse_few(Labels(labels.classes[present], within, 0), cv, None)
    classes = np.arange(len(labels.classes))
    table, schema = _read(X) if isinstance(made, Prepared) else (X, None)
    weights = None if w is None else w[rows]
    task = Task(row_slice(table, rows), codes, classes, 0, weights, None, schema)
    raw = learner_out_of_fold(made, task, stratified(codes, cv, rng, None), rng)
    return raw[np.arange(len(rows)), codes]


def _read(X: Any) -> tuple[Table, Schema]:
    """Any table with the schema that prepares it; one that is prepared already is described as it is."""
    if not isinstance(X, Table):
        schema = Schema.of(X)
        return schema.read(X), schema
    numbers: Any = X.numbers
    numeric = [Column(f"x{j}", "numeric") for j in range(numbers.shape[1])]
    codes = X.codes.max(axis=0, initial=-1)
    levels = [Column(f"c{j}", "categorical", tuple(map(str, range(top + 1)))) for j, top in enumerate(codes)]
    return X, Schema((*numeric, *levels), named=True)


def _given_proba(proba: Any, n: int, k: int) -> np.ndarray:
    """(n, K) probabilities as given, checked."""
    p = np.asarray(proba, dtype=np.float64)
    if p.ndim == 1 and k == 2:
        p = np.stack([1 - p, p], axis=1)
    if p.shape != (n, k):
        raise InputError(f"`proba` must have one row a row of X and one column a class, ({n}, {k}); got {p.shape}.")
    bad = ~((p >= 0) & (p <= 1)).all(axis=1)
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"`proba` must lie in [0, 1]; got {counted(bad.sum(), 'row')} that {'does' if bad.sum() == 1 else 'do'} not, first {p[row].tolist()} at row {row}. "
            "Give probabilities, not scores."
        )
    return p
