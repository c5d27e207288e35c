"""From a method to a training set: weights and resamplers, applied in order to what is there.

The trouble: `[SMOTE(to=.3), "weights"]` must end balanced and not beyond, so each step sees the rows and weights the step
before left. What the steps did to the log-odds adds up.

A method is a name of the registry, a resampler, a sampler with `fit_resample` (adopted), a function
`f(y, base) -> Weights`, or a list of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone

from ..._errors import InputError
from ..._undo import Correction
from ..._weights import Weights
from ...tables import row_count, row_weights
from ..resamplers import Resample, adopt, mass_correction, require_two_classes, step_of
from ._flow import is_pipeline, kind_of

__all__ = ["Training", "as_steps", "train_with"]


@dataclass(frozen=True)
class Training:
    """What the learner gets: rows `X`, `codes` (m,), weights `w` (m,) or None, and what that did to the odds.

    `origin` (m, n) CSR says which source rows an output row is made of; None when every row is itself.
    """

    X: Any
    codes: np.ndarray
    w: np.ndarray | None
    correction: Correction
    origin: sparse.csr_array | None = None
    synthetic: int = 0
    notes: tuple[str, ...] = ()

    def ess_of(self, code: int, rows: int) -> float:
        """Kish effective number of distinct source rows behind the output rows of a class."""
        w = np.ones(len(self.codes)) if self.w is None else self.w
        mine = self.codes == code
        if self.origin is None:
            mass = w[mine]
        else:
            mass = np.asarray(w[mine] @ self.origin[np.flatnonzero(mine)]).ravel()
        return float(mass.sum() ** 2 / max((mass**2).sum(), np.finfo(float).tiny))


def as_steps(method: Any) -> tuple[Any, ...]:
    """The steps of a method: resamplers and weight functions; () for "none"."""
    if isinstance(method, (list, tuple)):
        return tuple(step for one in method for step in as_steps(one))
    if isinstance(method, str):
        step = step_of(method)
        return () if step is None else (step,)
    if isinstance(method, type):
        raise InputError(f"method {method.__name__} is a class; give an object, {method.__name__}().")
    if is_pipeline(method):
        return steps_of_pipeline(method)
    if hasattr(method, "resample") or hasattr(method, "fit_resample"):
        return (method,)
    if callable(method):
        return (called_with_two(method),)
    if method is None:
        raise InputError("`method` is None. To change nothing but the threshold say 'none'.")
    raise InputError(
        "`method` must be a name, a resampler, a sampler with fit_resample, a function f(y, base) -> Weights, or a list of "
        f"them; got {method!r} ({type(method).__name__}). To change nothing say 'none'."
    )


def steps_of_pipeline(method: Any) -> tuple[Any, ...]:
    """The samplers of a pipeline; a transformer among them would be lost in prediction, so it is refused."""
    for name, step in method.steps:
        if kind_of(step) not in ("sampler", "nothing", "pipeline"):
            raise InputError(
                f"method {type(method).__name__}: step {name!r} ({type(step).__name__}) is no sampler, and what it does would "
                "be missing where the learner predicts. Put it into a pipeline with the learner; give the samplers as a list."
            )
    return tuple(one for _, step in method.steps if kind_of(step) != "nothing" for one in as_steps(step))


def called_with_two(weigh: Callable[..., Any]) -> Callable[..., Any]:
    """The function, if it can be called as f(y, base)."""
    try:
        signature = inspect.signature(weigh)
    except (TypeError, ValueError):  # written in C: nothing is known before the call
        return weigh
    try:
        signature.bind(None, None)
    except TypeError as error:
        name = name_of(weigh)
        raise InputError(
            f"method {name}{signature} is called as {name}(y, base), labels and the weights that are there (or None), and "
            f"cannot be: {error}. Say lambda y, base: ..."
        ) from error
    return weigh


def train_with(
    steps: tuple[Any, ...], X: Any, codes: np.ndarray, w: np.ndarray | None, *, classes: np.ndarray, rng: Any
) -> Training:
    """Apply the steps in order; `codes` index `classes`, which the steps see."""
    training = Training(X, codes, w, Correction.none())
    for step in steps:
        if hasattr(step, "resample") or hasattr(step, "fit_resample"):
            training = resampled(training, seeded_sampler(step, rng), classes)
        else:
            training = weighted(training, step, classes)
    return training


def weighted(before: Training, weigh: Callable[..., Any], classes: np.ndarray) -> Training:
    """Weights on top of those that are there, of mean as before."""
    n = len(before.codes)
    old = np.ones(n) if before.w is None else before.w
    made = weigh(classes[before.codes], before.w)
    if isinstance(made, Weights) and made.n != n:
        raise InputError(f"{name_of(weigh)} gave {made.n:,} weights for {n:,} rows; one a row is needed.")
    new = row_weights(made, n, name=name_of(weigh))
    if new is None:
        raise InputError(f"{name_of(weigh)}(y, base) must return Weights or one number a row; got None.")
    new = new * (old.mean() / new.mean())
    why = "loss weights moved the class shares; a flexible learner follows them in part"
    delta = mass_correction((before.codes, old), (before.codes, new), len(classes), "approximate", why)
    return Training(
        before.X, before.codes, new, before.correction + delta, before.origin, before.synthetic, before.notes
    )


def resampled(before: Training, sampler: Any, classes: np.ndarray) -> Training:
    r = require_two_classes(sampler.resample(before.X, classes[before.codes], sample_weight=before.w), sampler)
    if r.correction.by == "row":
        raise InputError(f"{name_of(sampler)} corrects row by row, so it says nothing about held-out rows.")
    codes = np.searchsorted(classes, r.y)
    new = origin_of(r, row_count(before.X))
    return Training(
        r.take(before.X),
        codes,
        None if before.w is None and (r.weights == 1.0).all() else r.weights,
        before.correction + r.correction,
        new if before.origin is None else sparse.csr_array(new @ before.origin),
        int(r.is_synthetic.sum()) + carried(before, r),
        (*before.notes, *r.notes),
    )


def carried(before: Training, r: Resample) -> int:
    """Output rows that copy rows an earlier step had made up."""
    if not before.synthetic or before.origin is None:
        return 0
    made = np.diff(before.origin.indptr) != 1
    return int(made[r.indices[~r.is_synthetic]].sum())


def origin_of(r: Resample, rows: int) -> sparse.csr_array:
    """(m, rows): 1 - step at the first parent, step at the second; nothing for made-up rows."""
    real = np.flatnonzero(r.indices >= 0)
    if len(real) and (r.parents[real].min() < 0 or r.parents[real].max() >= rows):
        raise AssertionError("a resampled row has a parent outside the training fold")
    two = real[r.parents[real, 0] != r.parents[real, 1]]
    at = np.concatenate([real, two])
    source = np.concatenate([r.parents[real, 0], r.parents[two, 1]])
    share = np.concatenate([1 - r.step[real], r.step[two]])
    return sparse.csr_array((share, (at, source)), shape=(len(r), rows))


def seeded_sampler(step: Any, rng: Any) -> Any:
    """A copy of the resampler whose `rng`, if None, is a child of ours; foreign samplers are adopted."""
    if not hasattr(step, "resample"):
        return adopt(step, rng=rng)
    if not hasattr(step, "get_params"):
        return step
    fresh: Any = clone(step)
    if "rng" in fresh.get_params(deep=False) and fresh.rng is None:
        fresh.set_params(rng=rng)
    return fresh


def name_of(step: Any) -> str:
    return getattr(step, "__name__", None) or type(step).__name__
