"""Rows on their way to a learner: table, labels and weights change together, step by step.

The trouble: a resampler changes the number of rows, and everything that belongs to a row must change with it. `[SMOTE(to=.3), "weights"]`
must end balanced and not beyond, so each step sees the rows and the weights that the step before left. And what the steps did to the
log-odds adds up.

    transformer      X -> X',  told of weights only if its metadata request asks for `sample_weight`
    resampler        (X, y, w) -> (X', y', w'),  correction += delta
    f(y, base)       w -> w',  of mean as before,  correction += delta

What is inside: `TrainingSet`, of which `apply` gives the next one; a method of `Rebalanced` and the steps of a `Pipeline` go through it
alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sklearn
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.metadata_routing import get_routing_for_object

from ..._errors import InputError, plain
from ..._undo import Correction
from ..._weights import Weights
from ...tables import Labels, label_rows, labels_like, live_rows, row_count, row_slice, row_weights
from ..resamplers import Resample, adopt, mass_correction, require_two_classes
from ._step_kinds import kind_of, name_of

__all__ = ["TrainingSet"]


@dataclass(frozen=True)
class TrainingSet:
    """What a learner gets, and what happened to it on the way.

    Attributes
    ----------
    X : table (m, d). y : (m,) labels, in the kind they came in. w : (m,) weights; None: never given and all one.
    correction : what the steps did to the log-odds. notes : what they noted.
    origin : (m, n) CSR, which source rows an output row is made of; None when every row is itself. synthetic : made-up rows.
    classes : (K,) sorted labels, of which y may lack some; None: those of y. array : y as a plain array, once rows have changed.
    """

    X: Any
    y: Any
    w: np.ndarray | None = None
    correction: Correction = field(default_factory=Correction.none)
    notes: tuple[str, ...] = ()
    origin: sparse.csr_array | None = None
    synthetic: int = 0
    classes: np.ndarray | None = None
    array: np.ndarray | None = None

    @classmethod
    def of(cls, X: Any, y: Any, w: np.ndarray | None, *, labels: bool) -> TrainingSet:
        """The rows of positive weight; y is left as it came unless rows go. `labels`: y is classes, so one may go with its rows."""
        if w is None or w.all():
            return cls(X, y, w)
        live = np.flatnonzero(w > 0)
        if y is None:
            return cls(row_slice(X, live), None, w[live])
        gone = live_rows(None, Labels.of(y), w).gone if labels else ""
        notes = (gone,) if gone else ()
        return cls(row_slice(X, live), label_rows(y, live), w[live], notes=notes, array=np.asarray(y)[live])

    @property
    def target(self) -> Any:
        """What steps are fitted on."""
        return self.y if self.array is None else self.array

    @property
    def codes(self) -> np.ndarray:
        """(m,) labels as numbers into the classes."""
        labels = np.asarray(self.target)
        return np.searchsorted(np.unique(labels) if self.classes is None else self.classes, labels)

    def __len__(self) -> int:
        return row_count(self.X)

    def apply(self, step: Any, *, rng: Any = None) -> TrainingSet:
        """The set after one step, which is fitted on this one. `rng` drives samplers that have none; then they are copied first."""
        kind = kind_of(step)
        if kind == "nothing":
            return self
        if kind == "pipeline":
            return self.apply_all((inner for _, inner in step.steps), rng=rng)
        if kind == "sampler":
            return resampled(self, _seeded_sampler(step, rng))
        return replace(self, X=_fitted_and_applied(step, self)) if kind == "transformer" else _weighed(self, step)

    def apply_all(self, steps: Iterable[Any], *, rng: Any = None) -> TrainingSet:
        """The set after several steps, in order."""
        out = self
        for step in steps:
            out = out.apply(step, rng=rng)
        return out

    def ess_of(self, code: int) -> float:
        """Kish effective number of distinct source rows behind the output rows of a class, by its number."""
        mine = self.codes == code
        w = np.ones(len(mine)) if self.w is None else self.w
        if self.origin is None:
            mass = w[mine]
        else:
            mass = np.asarray(w[mine] @ self.origin[np.flatnonzero(mine)]).ravel()
        return float(mass.sum() ** 2 / max((mass**2).sum(), np.finfo(float).tiny))


# ---- transformers -----------------------------------------------------------------------------------------------------------


def _fitted_and_applied(step: Any, before: TrainingSet) -> Any:
    """The transformed rows; weights are handed over only on request."""
    wants_weights = get_routing_for_object(step).consumes("fit_transform", ["sample_weight"])
    if before.w is not None and wants_weights:
        with sklearn.config_context(enable_metadata_routing=True):
            return step.fit_transform(before.X, before.target, sample_weight=before.w)
    if hasattr(step, "fit_transform"):
        return step.fit_transform(before.X, before.target)
    return step.fit(before.X, before.target).transform(before.X)


# ---- weights ----------------------------------------------------------------------------------------------------------------


def _weighed(before: TrainingSet, weigh: Callable[..., Any]) -> TrainingSet:
    """Weights on top of those that are there, of mean as before."""
    labels, n = np.asarray(before.target), len(before)
    old = np.ones(n) if before.w is None else before.w
    given = weigh(labels, before.w)
    if isinstance(given, Weights) and given.n != n:
        raise InputError(f"{name_of(weigh)} gave {given.n:,} weights for {n:,} rows; one a row is needed.")
    new = row_weights(given, n, name=name_of(weigh))
    if new is None:
        raise InputError(f"{name_of(weigh)}(y, base) must return Weights or one number a row; got None.")
    new = new * (old.mean() / new.mean())
    codes = before.codes
    classes = np.unique(labels) if before.classes is None else before.classes
    notes = _refuse_one_class(weigh, classes, np.bincount(codes, old), np.bincount(codes, new))
    why = "loss weights moved the class shares; a flexible learner follows them in part"
    delta = mass_correction((codes, old), (codes, new), len(classes), "approximate", why)
    return replace(before, w=new, correction=before.correction + delta, notes=(*before.notes, *notes))


def _refuse_one_class(weigh: Any, classes: np.ndarray, old: np.ndarray, new: np.ndarray) -> tuple[str, ...]:
    """Notes on classes that had weight and have none now; InputError if one class is left that has any."""
    gone = [repr(plain(classes[c])) for c in np.flatnonzero((old > 0) & (new <= 0))]
    if gone and np.count_nonzero(new > 0) < 2:
        raise InputError(
            f"{name_of(weigh)} gives class {gone[0]} no weight, and one class is left to train on. Give every class some."
        )
    return tuple(f"no row of class {name} has weight after {name_of(weigh)}" for name in gone)


# ---- resamplers -------------------------------------------------------------------------------------------------------------


def resampled(before: TrainingSet, sampler: Any) -> TrainingSet:
    """What a resampler leaves and makes, with what every row of it is made of."""
    r = require_two_classes(sampler.resample(before.X, before.y, sample_weight=before.w), sampler)
    new = _origin_of(r, len(before))
    taken = r.take(before.X)
    return replace(
        before,
        X=taken,
        y=labels_like(before.y, r, taken),
        w=None if before.w is None and (r.weights == 1.0).all() else r.weights,
        correction=before.correction + r.correction,
        notes=(*before.notes, *r.notes),
        origin=new if before.origin is None else sparse.csr_array(new @ before.origin),
        synthetic=int(r.is_synthetic.sum()) + carried(before, r),
        array=r.y,
    )


def carried(before: TrainingSet, r: Resample) -> int:
    """Output rows that copy rows an earlier step had made up."""
    if not before.synthetic or before.origin is None:
        return 0
    made_up = np.diff(before.origin.indptr) != 1
    return int(made_up[r.indices[~r.is_synthetic]].sum())


def _origin_of(r: Resample, rows: int) -> sparse.csr_array:
    """(m, rows): 1 - step at the first parent, step at the second; nothing for made-up rows."""
    real = np.flatnonzero(r.indices >= 0)
    if len(real) and (r.parents[real].min() < 0 or r.parents[real].max() >= rows):
        raise AssertionError("a resampled row has a parent outside the training fold")
    two = real[r.parents[real, 0] != r.parents[real, 1]]
    at = np.concatenate([real, two])
    source = np.concatenate([r.parents[real, 0], r.parents[two, 1]])
    share = np.concatenate([1 - r.step[real], r.step[two]])
    return sparse.csr_array((share, (at, source)), shape=(len(r), rows))


def _seeded_sampler(step: Any, rng: Any) -> Any:
    """The resampler itself without `rng`; else a copy whose own, if None, is that. Foreign samplers are adopted."""
    if not hasattr(step, "resample"):
        return adopt(step) if rng is None else adopt(step, rng=rng)
    if rng is None or not hasattr(step, "get_params"):
        return step
    fresh: Any = clone(step)
    if "rng" in fresh.get_params(deep=False) and fresh.rng is None:
        fresh.set_params(rng=rng)
    return fresh
