"""Did the weights change the model? Train again with the same weights on the wrong rows, and compare.

The trouble: a model trained with weights differs from one trained without, always: weights of any kind disturb the path of training, and a
network takes another path to another place. So the difference from the unweighted twin is held against what *shuffled* weights do, which
disturb as much and mean nothing:

    T(v) = share of probe rows whose label differs from that of the twin with w = 1      (labels)
    T(v) = mean |f_v - f_1| / sd(f_1)                                                    (scores, regression)
    p    = (1 + #{T(shuffled_b) >= T(w)}) / (B + 1),     b = 1..B

Under the hypothesis that which row carries which weight does not matter, w is one more shuffle, so p is exact; below 19 twins it cannot reach .05.

What is inside: `trace`; `Trace`, its answer.

Source: the null is a permutation test, Phipson and Smyth (2010); the question is Byrd and Lipton, ICML (2019).
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _html as html
from .._errors import InputError, require_int
from .._rng import as_generator
from .._set_module import set_module
from .._weights import Weights
from ..work import Job, Journal, Run, array_parts, run_job, terminal_watch

__all__ = ["Trace", "trace"]

FEWEST = 19  # twins: 1/(B+1) = .05
FEW_FLIPPED = 5  # labels flipped in all fits together, below which nothing is known
LEVEL, CLEAR = 0.05, 2.0
WEIGHTED, ONES, AGAIN = -3, -2, -1  # keys of the fits that are no twins


@set_module("upweight.training")
@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """How far weights moved a model, beside what the same weights, shuffled, do; made by `trace`.

    Attributes
    ----------
    value : float, T of the weights: a share of probe rows (labels), or a mean change in standard deviations (scores).
    null : (B,) float64, T of the twins with shuffled weights. p : float, of the permutation test.
    ratio : float, `value` over the mean of `null`; infinite where no twin moved anything.
    labels : bool, whether the fits gave labels. repeats : float, T of a second fit with w = 1; 0 where a fit repeats.
    known : bool, False where labels differ on fewer than five rows in all fits together: then no answer can be read from labels.

    >>> import numpy as np
    >>> from upweight.training import trace
    >>> x = np.random.default_rng(0).normal(size=200)
    >>> t = trace(lambda w: np.average(x, weights=w) + np.arange(9.0), np.exp(x))
    >>> t.amount(t.value), t.plot().get_xlabel()
    ('0.31 sd of the predictions', 'mean change of predictions (sd)')
    """

    value: float
    null: np.ndarray
    p: float
    ratio: float
    labels: bool
    repeats: float
    known: bool = True

    @property
    def beyond_chance(self) -> bool:
        """Whether p <= .05."""
        return self.known and self.p <= LEVEL

    @property
    def clear(self) -> bool:
        """Whether T is at least twice what shuffled weights do on average."""
        return self.ratio >= CLEAR

    def plot(self, ax: Any = None) -> Any:
        """T of the weights among its twins; see `upweight.plots.trace`."""
        from ..plots import trace as picture

        return picture(self, ax=ax)

    def amount(self, x: float) -> str:
        """A value of T in words: '8.7 % of predictions', '0.31 sd'."""
        return f"{100 * x:.1f} % of predictions" if self.labels else f"{x:.2g} sd of the predictions"

    def __str__(self) -> str:
        if not self.known:
            return "Fewer than 5 labels flipped in all fits together: labels cannot tell. Return logits from `fit`."
        moved = f"The weights move {self.amount(self.value)}, shuffled ones {self.amount(float(self.null.mean()))}"
        return f"{moved} (mean of {len(self.null)} twins); p = {self.p:.3g}."

    def __repr__(self) -> str:
        return f"Trace({self.value:.3g}, null {self.null.mean():.3g}, p {self.p:.3g}, ratio {self.ratio:.3g})"

    def _repr_html_(self) -> str:
        return html.block([str(self)])


def trace(
    fit: Callable[[np.ndarray], Any],
    weight: Any,
    *,
    twins: int = FEWEST,
    batched: bool = False,
    rng: Any = 0,
    journal: str | os.PathLike[str] | None = None,
) -> Trace:
    """Whether weights changed the model, told from what shuffled weights do.

        p = (1 + #{T(shuffled_b) >= T(w)}) / (B + 1),    T(v) the distance of the model fitted with v from that fitted with w = 1

    Parameters
    ----------
    fit : function of weights (n,) float64, mean one, that trains from the same seed each call and gives predictions on probe rows: labels
        (integers, booleans, text) or scores (floats; logits say more than labels). With `batched`, of weights (K, n), giving K of them.
    weight : `Weights` or (n,) numbers >= 0. twins : B, 19 or more. rng : int or Generator, for the shuffles.
    journal : folder for finished fits, or None. The next call with the same weights, twins and rng goes on from it; `fit` itself cannot be
        told apart, so give another folder to another model. Not with `batched`.

    Returns
    -------
    Trace: `value`, `null`, `p`, `ratio`.

    Raises
    ------
    InputError : fewer than 19 twins, weights that are no weights or all equal, predictions of another length or not finite.
    KeyboardInterrupt : Ctrl-C before 19 twins are done; after them the answer comes from the twins that are done.

    Warns
    -----
    UserWarning : two fits with w = 1 differ. The test stays valid, since twins vary as much, but loses power.

    Costs: B + 3 trainings, one after the other in this process, since a network brings threads of its own.
    Source: Phipson and Smyth (2010), permutation p-values; Byrd and Lipton, ICML (2019).

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=200)
    >>> t = trace(lambda w: np.average(x, weights=w) + np.zeros(9) + np.arange(9), np.exp(x))
    >>> t.p, t.ratio > 2
    (0.05, True)
    """
    w = mean_one(weight)
    require_int("twins", twins, FEWEST)
    if np.ptp(w) == 0:
        raise InputError(f"trace needs weights that differ; all {len(w):,} are equal. There is nothing to trace.")
    seed = int(as_generator(rng).integers(2**31 - 1))
    fits = _all_at_once(fit, w, twins, seed) if batched else _one_by_one(fit, w, twins, seed, journal)
    return _compared(fits)


def mean_one(weight: Any) -> np.ndarray:
    """(n,) float64 with mean one."""
    w = weight if isinstance(weight, Weights) else Weights.of(weight, kind="cost")
    w._one_vector("sample_weight")
    return np.asarray(w)


def _weights_of(w: np.ndarray, seed: int, key: int) -> np.ndarray:
    """The weights of one fit: those given, ones, or the twin's shuffle."""
    if key < 0:
        return w.copy() if key == WEIGHTED else np.ones_like(w)
    return np.random.default_rng([seed, key]).permutation(w)


def as_array(predictions: Any) -> np.ndarray:
    """Predictions of any array library as an array of NumPy."""
    if hasattr(predictions, "detach"):
        predictions = predictions.detach().cpu()
        predictions = predictions.float() if str(predictions.dtype) == "torch.bfloat16" else predictions
    return np.asarray(predictions)


def _one_by_one(
    fit: Callable[[np.ndarray], Any], w: np.ndarray, twins: int, seed: int, journal: str | os.PathLike[str] | None
) -> dict[int, np.ndarray]:
    """{key: predictions} of every fit that was finished."""
    keys = [WEIGHTED, ONES, AGAIN, *range(twins)]
    names = {WEIGHTED: "the weights", ONES: "no weights", AGAIN: "no weights, again"}
    job = Job(
        lambda key: as_array(fit(_weights_of(w, seed, key))), keys, label=lambda key: names.get(key, f"twin {key + 1}")
    )
    digest = hashlib.sha256(w.tobytes()).hexdigest()[:16]
    kept = None if journal is None else Journal(journal, array_parts("fit"), data=digest, settings=f"trace {seed}")
    run: Run = run_job(job, journal=kept, watch=terminal_watch(), jobs=1)
    if not run.complete and (AGAIN not in run.parts or len(run.parts) < FEWEST + 3):
        raise KeyboardInterrupt
    return run.parts


def _all_at_once(fit: Callable[[np.ndarray], Any], w: np.ndarray, twins: int, seed: int) -> dict[int, np.ndarray]:
    """{key: predictions} of one call of a fit that trains many models side by side."""
    keys = [WEIGHTED, ONES, AGAIN, *range(twins)]
    found = as_array(fit(np.stack([_weights_of(w, seed, key) for key in keys])))
    if found.ndim < 2 or len(found) != len(keys):
        raise InputError(
            f"a batched `fit` must give one line of predictions a line of weights, shape ({len(keys)}, rows); got {found.shape}. "
            "Stack them."
        )
    return dict(zip(keys, found, strict=True))


def _compared(fits: dict[int, np.ndarray]) -> Trace:
    """The trace of finished fits."""
    one = fits[ONES]
    labels = one.dtype.kind not in "fc"
    for key, f in fits.items():
        _require_alike(f, one, key)
    scale = 1.0 if labels else float(one.std()) or 1.0
    distance = {k: float(np.mean(f != one) if labels else np.mean(np.abs(f - one)) / scale) for k, f in fits.items()}
    null = np.array([d for key, d in sorted(distance.items()) if key >= 0])
    value = distance[WEIGHTED]
    flipped = round((value + float(null.sum())) * one.size)
    if distance[AGAIN] > 0:
        what = f"on {100 * distance[AGAIN]:.2g} % of rows" if labels else f"by {distance[AGAIN]:.2g} sd"
        warnings.warn(f"two fits with w = 1 differ {what}: `fit` does not repeat. Seed it.", stacklevel=3)
    return Trace(
        value,
        null,
        (1 + int((null >= value).sum())) / (len(null) + 1),
        value / float(null.mean()) if null.mean() > 0 else np.inf if value > 0 else np.nan,
        labels,
        distance[AGAIN],
        not labels or flipped >= FEW_FLIPPED,
    )


def _require_alike(f: np.ndarray, one: np.ndarray, key: int) -> None:
    """Refuse predictions of another shape than those of the first fit, or not finite."""
    if f.ndim == 0 or f.shape != one.shape or not f.size:
        raise InputError(
            f"`fit` must give one prediction a probe row, the same rows each call; got {f.shape} after {one.shape}."
        )
    if f.dtype.kind == "f" and not np.isfinite(f).all():
        row = int(np.argmax(~np.isfinite(f).reshape(len(f), -1).all(axis=1)))
        what = "weights" if key == WEIGHTED else "twin"
        raise InputError(
            f"`fit` gave a prediction that is not finite ({what}), first at row {row}. Lower the learning rate."
        )
