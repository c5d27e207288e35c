"""Weights: frozen log-weights that know their kind, their promise and their history.

The trouble: a weight vector is passed about as a bare array, and then somebody takes logs for linear weights, normalised for
raw ones, class weights for importance weights, or corrects the same thinning twice. Four bugs, and no array can object.

    w_i = p_target(x_i) / p_source(x_i),   kept as  l_i = log w_i,   E_source[w] = 1 if the promise (``exact``) is true

What is inside: one class. `Weights.of` and `Weights.of_log` take what somebody already has; `upweight.ratio`, `log_ratio`
and `mixture` make weights from probabilities, and their names fix direction and scale. If unsure, use `ratio`.

Taming follows Ionides (2008, truncation), Vehtari et al. (2024, smoothing), Su et al. (2020) and Metelli et al. (2021,
shrinkage); the sizes are Hill numbers (Martino, Elvira and Louzada, 2017).
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import arrays
from .._errors import InputError, KindError, is_number, require_flag
from .._foreign_keywords import own_keywords
from .._frames import NUMPY, Container, arrow_stream, read
from .._set_module import set_module
from ._algebra import counts_kept, declared, frozen, of_rows, picked, quiet_log, scaled, times
from ._estimators import cdf, corr, cov, integral, mean, quantile, std, var
from ._kinds import Step, known, refuse_shape, refuse_wrong_kind, require_linear, require_logs, rows_worth
from ._scaleless import SCALES, refuse_arithmetic
from ._taming import scalar, shares, smoothed, tamed

if TYPE_CHECKING:
    from .._check import Verdict

__all__ = ["Weights"]


@set_module("upweight")
@refuse_arithmetic
@dataclass(frozen=True, eq=False, repr=False)
class Weights:
    """Log-weights of n rows, with what they are for, what they promise and what was done to them.

    Made by `Weights.of`, `Weights.of_log`, `upweight.ratio`, `upweight.log_ratio` and `upweight.mixture`, never by the constructor. The last axis of `log_w` is the row; leading axes are a batch of weight vectors. Nothing on it can change: every verb returns new `Weights`.

    Attributes
    ----------
    log_w : ndarray (..., n), float64, natural logs; -inf is a weight of zero. Read-only.
    kind : "importance", "inclusion" (1/sampling probability), "class", "cost" or "frequency" (copies of a row).
    exact : bool, whether a mean of one is promised, so that it can be tested.
    assumed : bool, whether the kind was assumed because nobody said it.
    trail : tuple of Step, oldest first.
    notes : tuple of codes that `check` will print.
    designs : frozenset of names of known thinnings these weights already pay for.

    >>> w = Weights.of([1, 1, 10], kind="class")
    >>> w
    Weights(class, 3 rows worth 1.41)
    >>> w.sample_weight
    array([0.25, 0.25, 2.5 ])
    """

    log_w: np.ndarray
    kind: str
    exact: bool
    trail: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    assumed: bool = False
    designs: frozenset[str] = frozenset()
    _linear: bool = True  # given on a scale that means something, not as logs up to a constant
    _container: Container = NUMPY
    _roots: frozenset[str] = field(default_factory=lambda: frozenset([os.urandom(8).hex()]))
    _raw: Weights | None = None
    _estimated_from: Any = (
        None  # what estimated weights were made of, read by the room that made them; void once log_w is another array
    )
    _counts: np.ndarray | None = None  # copies too many for their logs to tell apart

    # ---- make -------------------------------------------------------------------------------------------------------

    @classmethod
    def of(cls, values: Any, *, kind: str | None = None, exact: bool = False, design: str | None = None) -> Weights:
        """Weights from linear numbers that somebody already has.

        Parameters
        ----------
        values : (..., n) numbers >= 0 on their own scale: array, list, pandas, polars or Arrow column, tensor (detached).
        kind : what they are for; None means importance, noted as assumed.
        exact : promise that their mean over the source is one, so that `check` may test it.
        design : name of the known thinning these weights undo; `Correction.apply` then refuses to undo it again.

        Raises
        ------
        InputError : negative, NaN, infinite, empty, or not of the kind (frequencies must be whole numbers; inclusion weights are 1/probability), with count and first row. Weights themselves, which would lose kind and history: keep them, or say what they are with `declare`.

        Costs: nothing; the numbers are kept as logs, exact to one rounding.

        >>> Weights.of([900, 100], kind="frequency").ess
        1000.0
        """
        v, container = read(values, "values")
        refuse_shape(v)
        require_linear(v, "weights")
        name = known(kind)
        refuse_wrong_kind(v, name)
        made = cls._made(quiet_log(v), "of", name, exact, design, assumed=kind is None, container=container)
        return replace(made, _counts=counts_kept(made.log_w, np.rint(v))) if name == "frequency" else made

    @classmethod
    def of_log(cls, log_w: Any, *, kind: str | None = None, exact: bool = False, design: str | None = None) -> Weights:
        """Weights from natural logs; the constant in them is kept, and means something only if `exact`.

        Parameters
        ----------
        log_w : (..., n) logs, -inf for a weight of zero; containers as in `Weights.of`.
        kind, exact, design : as in `Weights.of`.

        Raises
        ------
        InputError : NaN or +inf, with count and first row.

        Warns
        -----
        UserWarning : logs that lie in [0, 1] and sum to one look like probabilities.

        Costs: nothing.

        >>> round(Weights.of_log([-1000.0, -1001.0]).ess, 4)
        1.6481
        """
        l, container = read(log_w, "log_w")
        refuse_shape(l)
        require_logs(l, "log-weights")
        name = known(kind)
        if name in ("frequency", "inclusion"):
            refuse_wrong_kind(np.exp(l), name)
        notes = ()
        if l.size > 1 and l.min() >= 0 and l.max() <= 1 and abs(l.sum() - 1) < 1e-9:
            warnings.warn("`log_w` lies in [0, 1], sum one: probabilities? use Weights.of.", UserWarning, stacklevel=2)
            notes = ("LOOKS_LINEAR",)
        made = cls._made(np.array(l), "of_log", name, exact, design, assumed=kind is None, container=container)
        return replace(made, notes=notes, _linear=made.exact)

    @classmethod
    def _made(
        cls,
        log_w: np.ndarray,
        how: str,
        kind: str,
        exact: bool,
        design: str | None = None,
        *,
        assumed: bool = False,
        container: Container = NUMPY,
    ) -> Weights:
        exact = require_flag("exact", exact)
        params = {"kind": kind, "exact": exact} | ({"design": design} if design is not None else {})
        designs = frozenset([design] if design is not None else [])
        trail = (Step(how, params),)
        return cls(frozen(log_w), kind, exact, trail, assumed=assumed, designs=designs, _container=container)

    # ---- read -------------------------------------------------------------------------------------------------------

    @property
    def n(self) -> int:
        """Number of rows, zero weights counted."""
        return self.log_w.shape[-1]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the log-weights; the last axis is the row."""
        return self.log_w.shape

    @property
    def ndim(self) -> int:
        """Number of axes; 1 for a single vector of weights."""
        return self.log_w.ndim

    def __len__(self) -> int:
        return self.n

    @property
    def raw(self) -> Weights:
        """The weights before the first taming, with their promise; untamed weights are their own raw."""
        return self if self._raw is None else self._raw

    @property
    def tamed(self) -> bool:
        """Whether anything was capped, smoothed, tempered or shrunk."""
        return self._raw is not None

    @cached_property
    def _sums(self) -> arrays.LogSums:
        """Sums of the weights and of their squares relative to the largest; for the rooms that average, which share them."""
        return arrays.log_sums(self.log_w, squares=True)

    @cached_property
    def ess(self) -> Any:
        """Effective sample size in rows (Kish): (sum w)^2 / sum w^2; for frequencies the number of copies, sum w."""
        return self.ess_of(2.0) if self.kind == "frequency" else scalar(arrays.hill(self.log_w, self._sums, 2.0)[()])

    def ess_of(self, order: float) -> Any:
        """Effective sample size of any order in rows: 0 counts the support, 1 is perplexity, 2 Kish, inf 1/max share.

        Source: Martino, Elvira and Louzada (2017); orders are those of Hill numbers.

        >>> [round(Weights.of([1] * 900 + [10] * 100, kind="class").ess_of(b), 2) for b in (0, 1, 2, np.inf)]
        [1000.0, 565.51, 331.19, 190.0]
        """
        if self.kind == "frequency":
            return scalar(self._copies().sum(axis=-1))
        return scalar(arrays.ess(self.log_w, order=order))

    @cached_property
    def khat(self) -> Any:
        """Tail index of the weights as they are: below 0.5 finite variance, from 0.7 averages cannot be believed.

        -inf means bounded, nan not judged (fewer than 25 positive weights, or too few distinct large ones). Taming changes it; verdicts look at ``raw.khat``.
        """
        if self.kind == "frequency":
            return -np.inf
        return arrays.tail_index(self.log_w) if self.ndim == 1 else scalar(arrays.khat(self.log_w))

    @cached_property
    def log_mean(self) -> Any:
        """Log of the mean weight, zero weights counted: an estimate of log(Z_target/Z_source)."""
        return scalar(arrays.log_mean_exp(self.log_w))

    @property
    def design_effect(self) -> Any:
        """Support over effective sample size: the factor by which unequal weights raise a variance; 1 for frequencies."""
        return 1.0 if self.kind == "frequency" else scalar(arrays.design_effect(self.log_w))

    @cached_property
    def max_share(self) -> Any:
        """The largest weight's share of the total, in [0, 1]."""
        total = np.asarray(self._sums.w)  # relative to the largest
        return scalar(np.divide(1.0, total, out=np.full(total.shape, np.nan), where=total > 0))

    @property
    def values(self) -> Any:
        """The weights on their own scale, in the container they came in.

        Raises InputError if every weight is zero or a log is too large for a float; other scales have no such limit.
        """
        self._refuse_all_zero()
        if self.log_w.max() > 709.0:
            raise InputError(
                f"w.values overflows: the largest log-weight is {self.log_w.max():.6g}. Use w.sample_weight or w.log_w."
            )
        return self._container.wrap(self._copies() if self.kind == "frequency" else np.exp(self.log_w))

    @property
    def sample_weight(self) -> Any:
        """The weights with mean one, float64, in the container they came in: what ``fit(sample_weight=)`` wants."""
        return self._container.wrap(self._shares() * self.n)

    @property
    def probabilities(self) -> Any:
        """The weights with sum one, in the container they came in."""
        return self._container.wrap(self._shares())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        out = self._shares() * self.n
        return out if dtype is None else out.astype(dtype)

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any:
        return np.asarray(self).__dlpack__(stream=stream)  # a fresh copy, which PyTorch takes as it takes arrays

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)  # the memory of the processor

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        self._one_vector("__arrow_c_stream__")
        return arrow_stream(np.asarray(self), requested_schema)  # how polars and Arrow read a column

    # ---- tame -------------------------------------------------------------------------------------------------------

    def smooth(self, *, r_eff: float = 1.0) -> Weights:
        """Replace the largest weights by expected order statistics of a fitted Pareto tail: less variance, little bias.

        w_(r)' = u + sigma ((1 - p_r)^(-k) - 1)/k,  p_r = (r - 1/2)/M, never above the largest weight.

        r_eff : relative efficiency of the draws, above 0: below 1 for correlated ones, whose fitted tail is wider; above 1 for antithetic ones.

        Raises InputError if `r_eff` is not above 0; KindError for class and cost weights and for frequencies.
        Costs: a small bias. From k-hat 0.7 on it does not rescue an average, and `check` never advises it there. Source: Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto smoothed importance sampling.

        >>> w = Weights.of_log(np.linspace(0, 5, 400) ** 1.4, kind="importance")
        >>> w.smooth().trail[-1].name
        'smooth'
        """
        return tamed(self, "smooth", partial(smoothed, self, r_eff=r_eff))

    def truncate(self) -> Weights:
        """Cap every weight at the mean weight times sqrt(S), S the number of positive weights: variance O(1), bias that fades.

        w_i' = min(w_i, mean(w) sqrt(S))

        Raises KindError for class and cost weights and for frequencies.
        Costs: pulls every average toward the unweighted one, by at most the step's `moved`.
        Source: Ionides (2008), Truncated importance sampling.

        >>> w = Weights.of([1.0] * 99 + [1000.0], kind="importance").truncate()
        >>> round(w.ess, 1), round(w.trail[-1].moved, 2)
        (3.6, 0.38)
        """
        return tamed(self, "truncate", partial(arrays.truncate))

    def clip(self, *, at: float | None = None, quantile: float | None = None, ess: float | None = None) -> Weights:
        """Cap the largest weights: less variance, some bias.

        w_i' = min(w_i, at)

        at : float > 0, on the scale of the weights as given; for logs without a promise (their constant means nothing) on the scale where the mean weight is one. The step records which. Or
        quantile : level in (0, 1) of the positive weights, unweighted, whose quantile is the cap; or
        ess : the effective sample size wanted, as a share in (0, 1) of the positive weights: one over the design effect wanted.

        Raises InputError if `at` is not above zero, a share does not lie in (0, 1), or not exactly one of the three is given; KindError for frequencies.
        Costs: pulls every average toward the unweighted one, by at most the step's `moved` times the range of f.
        Source: Ionides (2008), Truncated importance sampling; Potter (1990) for trimming at a quantile of sampling weights.

        >>> w = Weights.of([1, 1, 98], kind="importance").clip(at=10)
        >>> round(w.ess, 2), round(w.trail[-1].moved, 4)
        (1.41, 0.1467)
        >>> round(Weights.of([1.0, 1.0, 98.0], kind="importance").clip(ess=0.5).ess, 4)
        1.5
        """
        return tamed(self, "clip", partial(arrays.clip, at=at, quantile=quantile, ess=ess))

    def temper(self, *, power: float | None = None, ess: float | None = None) -> Weights:
        """Raise every weight to a power in (0, 1]: the tail index is multiplied by it, averages move toward the source.

        w_i' = w_i^power

        power : the power itself, or
        ess : the effective sample size wanted, as a share in (0, 1) of the positive weights; weights worth that much already are kept.

        Raises InputError if `power` or `ess` lies outside its bounds, or not exactly one of them is given; KindError for frequencies.
        Costs: bias toward the unweighted average; with power 0 it would be complete.
        Source: Koblents and Miguez (2015), nonlinear transformation of importance weights.

        >>> w = Weights.of_log(np.linspace(0, 5, 400) ** 1.4, kind="importance").temper(ess=0.5)
        >>> round(w.ess / w.n, 3)
        0.5
        """
        return tamed(self, "temper", partial(arrays.temper, power=power, ess=ess))

    def shrink(self, *, lam: float, how: str = "square") -> Weights:
        """Shrink large weights smoothly: less variance, bias that grows as `lam` falls ("square") or rises ("harmonic").

        square: w' = lam w/(w^2 + lam);   harmonic: w' = w/((1 - lam) + lam w)

        lam : > 0 for "square", in [0, 1] for "harmonic".

        Raises InputError if `lam` is outside its bounds; KindError for any but importance weights.
        Costs: "square" sends the largest weights toward zero, so the ordering of rows by weight is not kept.
        Source: Su, Dimakopoulou, Krishnamurthy and Dudik (2020); Metelli, Russo and Restelli (2021).

        >>> Weights.of([0.5, 1.0, 8.0], kind="importance").shrink(lam=1.0, how="harmonic").values
        array([1., 1., 1.])
        """
        return tamed(self, "shrink", partial(arrays.shrink, lam=lam, how=how))

    def drop(self, *, above: float) -> Weights:
        """Give weight zero to rows whose weight is above a threshold: less variance, some bias.

        w_i' = w_i 1{w_i <= above}

        above : float > 0, on the scale of the weights as given; for logs without a promise on the scale where the mean weight is one.

        Raises InputError if no weight is left; KindError for any but importance weights.
        Costs: the target's share of those rows is lost, the step's `moved`; a model of the reward may answer for them
        (`upweight.ope.value` with an outcome). Source: Wang, Agarwal and Dudik (2017), the switch estimator.

        >>> Weights.of([0.5, 2.0, 7.0], kind="importance").drop(above=2.0).values.round(9)
        array([0.5, 2. , 0. ])
        """
        return tamed(self, "drop", partial(arrays.drop, above=above))

    # ---- use --------------------------------------------------------------------------------------------------------

    mean = mean
    integral = integral
    quantile = quantile
    cdf = cdf
    var = var
    std = std
    cov = cov
    corr = corr

    @own_keywords
    def resample(self, m: int | None = None, *, method: str = "systematic", rng: Any = None) -> np.ndarray:
        """Row numbers drawn in proportion to the weights, ascending (m,), int64; m defaults to n.

        method : systematic, stratified, residual, ssp or multinomial; systematic and ssp draw each row floor(mW) or ceil(mW) times. Costs: Monte Carlo error, smallest for ssp and systematic.

        >>> Weights.of([0.0, 1.0, 3.0], kind="importance").resample(4, rng=0)
        array([1, 2, 2, 2])
        """
        self._one_vector("resample")
        self._refuse_all_zero()
        return arrays.resample(self.log_w, self.n if m is None else m, method=method, rng=rng)

    def check(
        self,
        *,
        by: Any = None,
        f: Any = None,
        bounds: tuple[float, float] | None = None,
        cluster: Any = None,
        balance: Any = None,
        r_eff: float = 1.0,
        strict: bool = False,
    ) -> Verdict:
        """Everything known about these weights, in sentences, with a grade and the one thing to do; see `upweight.check`.

        >>> print(Weights.of(np.ones(1000), kind="importance").check().grade)
        good
        """
        from .._check import check

        return check(self, by=by, f=f, bounds=bounds, cluster=cluster, balance=balance, r_eff=r_eff, strict=strict)

    # ---- algebra ----------------------------------------------------------------------------------------------------

    def __mul__(self, other: Any) -> Weights:
        if isinstance(other, Weights):
            return times(self, other)
        if is_number(other):
            return scaled(self, float(other))
        raise KindError(f"which scale? Weights times {type(other).__name__} is not defined: take {SCALES}.")

    __rmul__ = __mul__

    def __getitem__(self, rows: Any) -> Weights:
        """The weights of some rows: a slice, a boolean mask or row numbers, repeats allowed; ``w[rows, ...]`` means the same."""
        return of_rows(self, rows)

    def pick(self, i: Any) -> Weights:
        """One vector of weights of a batch: index `i` (an int, or a tuple of them) of the leading axes.

        Raises InputError of a single vector of weights, and for an index outside the batch.

        >>> round(Weights.of([[1, 1], [1, 3]], kind="importance").pick(1).ess, 4)
        1.6
        """
        return picked(self, i)

    def declare(self, *, kind: str | None = None, exact: bool | None = None) -> Weights:
        """Say what these weights are; it goes on the trail.

        Under label shift p_world(y)/p_train(y) is both a class weight and an importance weight, so saying so is lawful.

        Raises InputError for a kind that is none, or that these values cannot be; KindError if a promise is declared for tamed weights.

        >>> Weights.of([1, 1, 10], kind="class").declare(kind="importance").kind
        'importance'
        """
        return declared(self, kind, exact)

    # ---- inside -----------------------------------------------------------------------------------------------------

    def _refuse_all_zero(self) -> None:
        if not (self.log_w[..., 0] > -np.inf).all() and not (self.log_w.max(axis=-1) > -np.inf).all():
            raise InputError("every weight is zero: the source never visits the target. See w.check().")

    def _copies(self) -> np.ndarray:
        """Whole numbers, as given: the logs of large counts come back a rounding off, those of huge ones several."""
        return np.rint(np.exp(self.log_w)) if self._counts is None else self._counts

    def _shares(self) -> np.ndarray:
        """The weights with sum one, (..., n): exp(l - max l) over its own sum, exact at every level of the logs."""
        self._refuse_all_zero()
        return shares(self.log_w)

    def __getstate__(self) -> dict[str, Any]:
        sets = {name: tuple(sorted(getattr(self, name))) for name in ("designs", "_roots")}
        return vars(self) | sets  # plain types, which skops loads without being told to trust them

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)  # pickle and copy: what was read-only is read-only again
        vars(self).update({name: frozenset(state[name]) for name in ("designs", "_roots") if name in state})
        self.log_w.flags.writeable = False

    def _one_vector(self, verb: str) -> None:
        if self.ndim != 1:
            raise InputError(f"w.{verb}: one vector of weights at a time: w.pick(i); these have shape {self.shape}.")

    def __repr__(self) -> str:
        batch = f"{' x '.join(str(s) for s in self.shape[:-1])} batch of " if self.ndim > 1 else ""
        what = ("" if batch else f" worth {rows_worth(self.ess)}") + ", exact" * self.exact
        tamed = ", tamed by " + ", ".join(s.name for s in self.trail if s.moved is not None) if self.tamed else ""
        return f"Weights({self.kind}{' (assumed)' * self.assumed}, {batch}{self.n:,} rows{what}{tamed})"
