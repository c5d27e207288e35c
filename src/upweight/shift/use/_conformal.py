"""Intervals and sets that keep their promise where the world moved: split conformal prediction with weights.

The trouble: an interval that covered 90 % of the calibration rows covers 82 % of rows from elsewhere, and nothing in it says so. Held-out
scores, weighted as the target sees them, give it back:

    regression        |y - yhat(x)| <= q(x)             interval  yhat(x) -+ q(x)
    classification    1 - p_y(x) <= q(x)                set       {k : 1 - p_k(x) <= q(x)}
    label shift       weights follow the label: a threshold q_k a class, by the weight that a row of the class would have

q is `conformal_quantile`. Where the calibration rows cannot promise, it is infinite, and `infinite` tells for which share of rows.

What is inside: `conformal`, which makes a `Conformal`.

Sources: Tibshirani, Foygel Barber, Candes and Ramdas (2019); Podkopaev and Ramdas, Distribution-free uncertainty quantification for
classification under label shift, UAI (2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _html as html
from ..._errors import InputError, counted, plain
from ..._frames import read, require
from ..._set_module import set_module
from ..._weights import Weights, rows_worth
from ...tables import row_count
from ..label import LabelShift
from ._conformal_quantile import conformal_quantile, read_level
from ._row_weights_of import follows_labels, refuse_no_ratio, weights_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Conformal", "conformal"]


@set_module("upweight.shift")
@dataclass(frozen=True, eq=False, repr=False)
class Conformal:
    """A fitted model with a promise: `level` of the target's rows lie in their interval, or have their label in the set.

    Attributes
    ----------
    level : what is promised. scores : (n,) of the calibration rows, |y - yhat| or 1 - p_y. weights : `Weights` of these rows, or None.
    classes : (K,) labels of a classifier; None for a regressor.

    >>> from sklearn.linear_model import LogisticRegression
    >>> from upweight.shift import conformal
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 2)); y = np.where(X[:, 0] + 0.5 * rng.normal(size=400) > 0, "yes", "no")
    >>> c = conformal(LogisticRegression().fit(X[:200], y[:200]), X[200:], y[200:], level=0.9)
    >>> c.sets([[3.0, 0.0], [0.0, 0.0]]).tolist(), c.infinite([[3.0, 0.0]])
    ([[False, True], [True, True]], 0.0)
    >>> c.plot(X).get_xlabel()
    'classes in the set'
    """

    model: Any  # the fitted model
    shift: Any  # what gives new rows their weights, or None
    level: float
    scores: np.ndarray
    weights: Weights | None
    classes: np.ndarray | None

    def interval(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Ends (m,), (m,) of the intervals of new rows, in the unit of y; infinite where nothing can be promised.

            yhat(x) -+ q(x)

        Raises InputError of a classifier, whose answer is `sets`.
        """
        if self.classes is not None:
            raise InputError("a classifier has sets, not intervals. Use sets(X).")
        centre, half = _predicted(self.model, X), self._thresholds(X)
        return centre - half, centre + half

    def sets(self, X: Any) -> np.ndarray:
        """(m, K) whether each class is in the set of each new row, columns as `classes`.

            {k : 1 - p_k(x) <= q(x)}

        Raises InputError of a regressor, whose answer is `interval`.
        """
        if self.classes is None:
            raise InputError("a regressor has intervals, not sets. Use interval(X).")
        q = self._thresholds(X)
        return 1 - _proba(self.model, X) <= (q if q.ndim == 2 else q[:, None])

    def infinite(self, X: Any) -> float:
        """Share of new rows for which the calibration rows can promise nothing (of some class, under label shift).

        X : (m, d) new rows, as `interval` takes them.
        """
        q = np.isinf(self._thresholds(X))
        return float((q.any(axis=1) if q.ndim == 2 else q).mean())

    def _thresholds(self, X: Any) -> np.ndarray:
        """(m,) thresholds of new rows; (m, K) under label shift, the same in every row."""
        rows = row_count(X)
        if self.weights is None:
            return np.repeat(conformal_quantile(self.scores, level=self.level), rows)
        if isinstance(self.shift, LabelShift) and self.classes is not None:
            at = self.shift.weights(self.classes)
            return np.tile(conformal_quantile(self.scores, weights=self.weights, at=at, level=self.level), (rows, 1))
        at = weights_of(self.shift, X, None, name="shift")
        return conformal_quantile(self.scores, weights=self.weights, at=at, level=self.level)

    def plot(self, X: Any, ax: Any = None) -> Axes:
        """Intervals along the column that the predictions follow most, or how large the sets are; see `upweight.plots.conformal`.

        X : (m, d) new rows, as `interval` takes them.
        """
        from ...plots import conformal as picture

        return picture(self, X, ax=ax)

    def _sentences(self) -> list[str]:
        n = self.scores.size
        what = "intervals" if self.classes is None else f"sets of {len(self.classes)} classes"
        plainly = float(conformal_quantile(self.scores, level=self.level)[0])
        first = f"Conformal {what} at level {self.level:g}, from {counted(n, 'calibration row')}"
        if self.weights is None:
            return [first + ".", f"Threshold {plainly:.4g}; promised to rows like the calibration rows only."]
        heavy = n * (1 - self.level) / self.level
        worth = f"{first} worth {rows_worth(float(self.weights.ess))}."
        if follows_labels(self.shift) and self.classes is not None:
            q = conformal_quantile(
                self.scores, weights=self.weights, at=self.shift.weights(self.classes), level=self.level
            )
            each = ", ".join(f"{plain(c)} {x:.3g}" for c, x in zip(self.classes[:8], q, strict=False))
            return [
                worth,
                f"Thresholds by class: {each}{', ...' if len(q) > 8 else ''}; {plainly:.3g} without weights.",
            ]
        return [
            worth,
            f"Threshold {plainly:.4g} without weights; with them it depends on the row, and a row that weighs more than {heavy:.3g} "
            "average calibration rows has none.",
        ]

    def __str__(self) -> str:
        return "\n".join(self._sentences())

    def __repr__(self) -> str:
        return f"Conformal({'intervals' if self.classes is None else 'sets'}, level {self.level:g}, {self.scores.size:,} rows)"

    def _repr_html_(self) -> str:
        return html.block(self._sentences())


def conformal(model: Any, X: Any, y: Any, *, shift: Any = None, level: float = 0.9) -> Conformal:
    """Give a fitted model intervals (regressor) or sets (classifier) that hold in the target with probability `level`.

        |y - yhat(x)| <= q(x),  or  1 - p_y(x) <= q(x);     q by `conformal_quantile`, the new row's own weight counted

    Parameters
    ----------
    model : fitted; with `predict_proba` and `classes_` a classifier, else `predict` answers numbers.
    X, y : (n, d) calibration rows and (n,) what came true, rows that neither the model nor the ratio was fitted on.
    shift : None (the target is like these rows), a `DensityRatio`, a function X -> `Weights`, or a `LabelShift` (classifiers only).
    level : what is promised, in (0, 1).

    Returns
    -------
    Conformal: `interval(X)` or `sets(X)`, `infinite(X)`.

    Raises
    ------
    InputError : label shift for a regressor, labels that the model does not know, NaN, a level outside (0, 1), lengths that differ.

    Costs: on average over rows, not for every kind of row. With estimated weights the promise is as good as they are.
    Source: Tibshirani et al. (2019); Podkopaev and Ramdas (2021).

    >>> class Zero:
    ...     def predict(self, X): return np.zeros(len(X))
    >>> c = conformal(Zero(), np.zeros((99, 1)), np.arange(99.0), level=0.9)
    >>> [float(end[0]) for end in c.interval([[0.0]])]
    [-89.0, 89.0]
    """
    read_level(level)
    classifier = hasattr(model, "predict_proba")
    if shift is not None:
        refuse_no_ratio(shift, "shift")
    if isinstance(shift, LabelShift) and not classifier:
        raise InputError(
            "label shift is about classes, and this model has no predict_proba. Cut y into classes, or pass a DensityRatio."
        )
    if not classifier and not hasattr(model, "predict"):
        raise InputError(f"`model` must be fitted and have `predict` or `predict_proba`; got {type(model).__name__}.")
    scores, classes = _class_scores(model, X, y) if classifier else (_distances(model, X, y), None)
    weights = None if shift is None else weights_of(shift, X, y, name="shift")
    scores.flags.writeable = False
    return Conformal(model, shift, float(level), scores, weights, classes)


def _distances(model: Any, X: Any, y: Any) -> np.ndarray:
    truth = read(y, "y")[0]
    predicted = _predicted(model, X)
    if truth.shape != predicted.shape:
        raise InputError(f"`y` must hold one number a row; got shape {truth.shape} for {predicted.size:,} predictions.")
    require(~np.isnan(truth), "`y`", "be numbers", truth, "Drop those rows first.", "NaN")
    return np.abs(truth - predicted)


def _predicted(model: Any, X: Any) -> np.ndarray:
    found = np.asarray(model.predict(X), dtype=np.float64)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1:
        raise InputError(
            f"`model` must predict one number a row; got shape {found.shape}. Make one Conformal for each output."
        )
    require(~np.isnan(found), "predictions", "be numbers", found, "Mend the model.", "NaN")
    return found


def _class_scores(model: Any, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    classes, p = np.asarray(model.classes_), _proba(model, X)
    truth = np.asarray(y)
    if truth.shape != (len(p),):
        raise InputError(f"`y` must hold one label a row; got shape {truth.shape} for {counted(len(p), 'row')} of `X`.")
    hit = truth[:, None] == classes
    known = hit.any(axis=1)
    if not known.all():
        row = int(np.argmin(known))
        raise InputError(
            f"`y` must hold classes of the model; got {plain(truth[row])!r}, first at row {row}. Fit the model on all classes."
        )
    return 1 - p[hit], classes


def _proba(model: Any, X: Any) -> np.ndarray:
    p = np.asarray(model.predict_proba(X), dtype=np.float64)
    require(~np.isnan(p), "predict_proba", "be numbers", p, "Mend the model.", "NaN")
    return p
