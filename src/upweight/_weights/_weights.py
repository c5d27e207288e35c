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
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import arrays
from .._errors import InputError, KindError, UndoError
from .._frames import NUMPY, Container, read, require, same_rows
from .._set_module import set_module
from ._kinds import Step, forbid, known, product_kind, refuse_shape, refuse_wrong_kind, rows_worth
from ._scaleless import SCALES, Scaleless
from ._taming import Tameable, scalar

if TYPE_CHECKING:
    from .._check._check import Verdict
    from .._estimate import Estimate

__all__ = ["Weights"]


def _quiet_log(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(values)


def _frozen(log_w: np.ndarray) -> np.ndarray:
    log_w = np.asarray(log_w, dtype=np.float64)
    log_w.flags.writeable = False
    return log_w


@set_module("upweight")
@dataclass(frozen=True, eq=False, repr=False)
class Weights(Tameable, Scaleless):
    """Log-weights of n rows, with what they are for, what they promise and what was done to them.

    Made by `Weights.of`, `Weights.of_log`, `upweight.ratio`, `upweight.log_ratio` and `upweight.mixture`, never by the
    constructor. The last axis of `log_w` is the row; leading axes are a batch of weight vectors. Nothing on it can change:
    every verb returns new `Weights`.

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
        InputError : negative, NaN, infinite, empty, or not of the kind (frequencies must be whole numbers; inclusion
            weights are 1/probability), with count and first row.

        Costs: nothing; the numbers are kept as logs, exact to one rounding.

        >>> Weights.of([900, 100], kind="frequency").ess
        1000.0
        """
        v, container = read(values, "values")
        refuse_shape(v)
        require(~np.isnan(v), "weights", "be finite", v, "Drop them first.", "NaN")
        require(v >= 0, "weights", "be >= 0", v, "Logs? Use Weights.of_log or log_ratio.", "negative")
        require(np.isfinite(v), "weights", "be finite", v, "Cap or drop them first.", "infinite")
        said = known(kind)
        refuse_wrong_kind(v, said)
        return cls._made(_quiet_log(v), "of", said, exact, design, assumed=kind is None, container=container)

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
        require(~np.isnan(l), "log-weights", "not be NaN", l, "Drop them first.", "NaN")
        require(l < np.inf, "log-weights", "be below +inf", l, "Cap or drop them first.", "infinite")
        said = known(kind)
        if said in ("frequency", "inclusion"):
            refuse_wrong_kind(np.exp(l), said)
        notes = ()
        if l.size > 1 and l.min() >= 0 and l.max() <= 1 and abs(l.sum() - 1) < 1e-9:
            warnings.warn("`log_w` lies in [0, 1], sum one: probabilities? use Weights.of.", UserWarning, stacklevel=2)
            notes = ("LOOKS_LINEAR",)
        made = cls._made(np.array(l), "of_log", said, exact, design, assumed=kind is None, container=container)
        return replace(made, notes=notes, _linear=exact)

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
        params = {"kind": kind, "exact": exact} | ({"design": design} if design is not None else {})
        designs = frozenset([design] if design is not None else [])
        trail = (Step(how, params),)
        return cls(_frozen(log_w), kind, exact, trail, assumed=assumed, designs=designs, _container=container)

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
    def ess(self) -> Any:
        """Effective sample size in rows (Kish): (sum w)^2 / sum w^2; for frequencies the number of copies, sum w."""
        return self.ess_of(2.0)

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

        -inf means bounded, nan not judged (fewer than 25 positive weights, or too few distinct large ones). Taming changes
        it; verdicts look at ``raw.khat``.
        """
        if self.kind == "frequency":
            return -np.inf
        return scalar(arrays.khat(self.log_w))

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
        with np.errstate(invalid="ignore"):
            return scalar(np.exp(self.log_w.max(axis=-1) - arrays.log_sum_exp(self.log_w)))

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
        self._refuse_all_zero()
        return self._container.wrap(np.exp(self.log_w - arrays.log_mean_exp(self.log_w)[..., None]))

    @property
    def probabilities(self) -> Any:
        """The weights with sum one, in the container they came in."""
        self._refuse_all_zero()
        return self._container.wrap(np.exp(self.log_w - arrays.log_sum_exp(self.log_w)[..., None]))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        self._refuse_all_zero()
        out = np.exp(self.log_w - arrays.log_mean_exp(self.log_w)[..., None])
        return out if dtype is None else out.astype(dtype)

    # ---- use --------------------------------------------------------------------------------------------------------

    def mean(self, f: Any, *, how: str = "self", cluster: Any = None) -> Estimate:
        """Weighted average of `f` with a tail-adjusted interval; see `upweight.Estimate`.

        f : (n,) or (n, c) numbers in any unit, one row a weight; where the weight is zero they are not looked at.
        how : "self", sum W f; "plain", mean(w f); "control", plain with the weights' mean of one as control variate (exact
            weights); "total", sum w f (inclusion). If unsure, "self".
        cluster : (n,) labels of rows that belong together: their errors are added up first.

        Raises InputError (other lengths or indexes, NaN where the weight is positive), KindError (class and cost weights).
        Costs: "self" has a bias of order 1/ESS; from k-hat 0.7 on no formula helps. Source: Owen (2013), chapter 9.

        >>> print(Weights.of([1.0] * 10, kind="importance").mean(np.arange(10.0)))
        4.5 ± 2.2 (k-hat not judged, ESS 10 of 10)
        """
        from .._estimate import mean

        forbid(self.kind, "mean")
        return mean(self, f, how=how, cluster=cluster)

    def quantile(self, f: Any, q: Any, *, cluster: Any = None) -> Estimate:
        """Weighted quantile of `f` (n,) at `q`, one level in [0, 1] or several: the first value whose share of weight reaches q.

        Costs: near 0 and 1 the interval is infinite. Source: Woodruff (1952), who turns round the interval of the share.

        >>> Weights.of([3, 2, 1], kind="frequency").quantile(np.array([1.0, 2.0, 4.0]), 0.5).value
        1.0
        """
        from .._estimate import quantile

        forbid(self.kind, "quantile")
        return quantile(self, f, q, cluster=cluster)

    def cdf(self, f: Any, at: Any, *, cluster: Any = None) -> Estimate:
        """Weighted share of rows with `f` (n,) at most `at`, one point or several: the mean of an indicator, sorted once.

        Costs: those of `mean`; the interval is not cut at 0 and 1.

        >>> round(Weights.of([3, 2, 1], kind="frequency").cdf(np.array([1.0, 2.0, 4.0]), 2.0).value, 4)
        0.8333
        """
        from .._estimate import cdf

        forbid(self.kind, "cdf")
        return cdf(self, f, at, cluster=cluster)

    def resample(self, m: int | None = None, *, method: str = "systematic", rng: Any = None) -> np.ndarray:
        """Row numbers drawn in proportion to the weights, ascending (m,), int64; m defaults to n.

        method : systematic, stratified, residual, ssp or multinomial; systematic and ssp draw each row floor(mW) or
        ceil(mW) times. Costs: Monte Carlo error, smallest for ssp and systematic.

        >>> Weights.of([0.0, 1.0, 3.0], kind="importance").resample(4, rng=0)
        array([1, 2, 2, 2])
        """
        self._one_vector("resample")
        self._refuse_all_zero()
        return arrays.resample(self.log_w, self.n if m is None else m, method=method, rng=rng)

    def check(
        self, *, by: Any = None, f: Any = None, cluster: Any = None, balance: Any = None, strict: bool = False
    ) -> Verdict:
        """Everything known about these weights, in sentences, with a grade and the one thing to do; see `upweight.check`.

        >>> print(Weights.of(np.ones(1000), kind="importance").check().grade)
        good
        """
        from .._check import check

        return check(self, by=by, f=f, cluster=cluster, balance=balance, strict=strict)

    # ---- algebra ----------------------------------------------------------------------------------------------------

    def __mul__(self, other: Any) -> Weights:
        if isinstance(other, Weights):
            return self._times(other)
        if isinstance(other, Real) and not isinstance(other, bool):
            return self._scaled(float(other))
        raise TypeError(f"which scale? Weights times {type(other).__name__} is not defined: take {SCALES}.")

    __rmul__ = __mul__

    def _times(self, other: Weights) -> Weights:
        if self._roots & other._roots:
            raise KindError("the same ratio twice: both factors come from the same weights, and a ratio counts once.")
        if self.designs & other.designs:
            both = ", ".join(sorted(self.designs & other.designs))
            raise UndoError(f"both factors already undo the design {both!r}; the same thinning is undone once.")
        if self.shape[-1] != other.shape[-1]:
            raise InputError(f"both factors must have the same rows; got {self.n:,} and {other.n:,}.")
        same_rows(self._container, other._container, ("left factor", "right factor"))
        kind = product_kind(self.kind, other.kind)
        notes = tuple(dict.fromkeys((*self.notes, *other.notes)))
        if kind == "class" and self.kind == other.kind:
            notes = (*notes, "CLASS_TWICE")
        raw = None
        if self.tamed or other.tamed:
            raw = replace(self.raw, _roots=self._roots)._times(replace(other.raw, _roots=other._roots))
        return replace(
            self,
            log_w=_frozen(self.log_w + other.log_w),
            kind=kind,
            exact=self.exact and other.exact,
            assumed=self.assumed or other.assumed,
            trail=(*self.trail, *other.trail, Step("times", {"kinds": (self.kind, other.kind)})),
            notes=notes,
            designs=self.designs | other.designs,
            _linear=self._linear and other._linear,
            _roots=self._roots | other._roots,
            _raw=raw,
        )

    def _scaled(self, scale: float) -> Weights:
        if not (np.isfinite(scale) and scale > 0):
            raise InputError(f"weights can be scaled by a finite number > 0 only; got {scale:g}.")
        if scale == 1.0:
            return self
        if self.kind == "frequency":
            refuse_wrong_kind(np.exp(self.log_w) * scale, "frequency")
        return replace(
            self,
            log_w=_frozen(self.log_w + np.log(scale)),
            exact=False,
            trail=(*self.trail, Step("scale", {"by": scale})),
            _raw=None if self._raw is None else self._raw._scaled(scale),
        )

    def __getitem__(self, rows: Any) -> Weights:
        """The weights of some rows: a slice, a boolean mask or row numbers, repeats allowed."""
        if isinstance(rows, tuple):
            raise InputError(
                f"w[rows] takes one index, for the rows; got {len(rows)}. Of a batch choose with w.pick(i)."
            )
        rows = rows if isinstance(rows, slice) else np.atleast_1d(np.asarray(rows))
        if not isinstance(rows, slice) and (rows.ndim != 1 or rows.size == 0):
            raise InputError(f"w[rows] takes a slice, mask or list of at least one row; got shape {rows.shape}.")
        chosen = np.arange(self.n)[rows]
        if chosen.size == 0:
            raise InputError("w[rows] takes a slice, mask or list of at least one row; got none.")
        whole = chosen.size == self.n and np.array_equal(np.bincount(chosen, minlength=self.n), np.ones(self.n, int))
        return replace(
            self,
            log_w=_frozen(self.log_w[..., chosen]),
            exact=self.exact and whole,
            trail=self.trail if whole else (*self.trail, Step("rows", {"kept": chosen.size, "of": self.n})),
            _container=self._container.take(chosen),
            _raw=None if self._raw is None else self._raw[chosen],
        )

    def pick(self, i: Any) -> Weights:
        """One vector of weights of a batch: index `i` (an int, or a tuple of them) of the leading axes.

        >>> round(Weights.of([[1, 1], [1, 3]], kind="importance").pick(1).ess, 4)
        1.6
        """
        if self.ndim < 2:
            raise InputError("w.pick(i) chooses from a batch; these are one vector of weights already.")
        which = i if isinstance(i, tuple) else (i,)
        sizes = self.shape[: len(which)]
        if len(which) >= self.ndim or any(not -size <= k < size for k, size in zip(which, sizes, strict=True)):
            raise InputError(f"w.pick({i}) is outside the batch of shape {self.shape[:-1]}.")
        trail = tuple(step.pick(which) for step in self.trail)
        raw = None if self._raw is None else self._raw.pick(i)
        return replace(self, log_w=_frozen(self.log_w[which]), trail=trail, _raw=raw)

    def declare(self, *, kind: str | None = None, exact: bool | None = None) -> Weights:
        """Say what these weights are; it goes on the trail.

        Under label shift p_world(y)/p_train(y) is both a class weight and an importance weight, so saying so is lawful.

        >>> Weights.of([1, 1, 10], kind="class").declare(kind="importance").kind
        'importance'
        """
        said = self.kind if kind is None else known(kind)
        if exact and self.tamed:
            raise KindError("tamed weights keep no promise of a mean of one; declare it on w.raw, then tame.")
        if said != self.kind and said in ("frequency", "inclusion"):
            refuse_wrong_kind(np.exp(self.log_w), said)
        promise = self.exact if exact is None else bool(exact)
        return replace(
            self,
            kind=said,
            exact=promise,
            assumed=self.assumed and kind is None,
            trail=(*self.trail, Step("declare", {"kind": said, "exact": promise})),
            _raw=None if self._raw is None else self._raw.declare(kind=said),
        )

    # ---- inside -----------------------------------------------------------------------------------------------------

    def _tamed_to(self, log_w: np.ndarray, step: Step) -> Weights:
        return replace(self, log_w=_frozen(log_w), exact=False, trail=(*self.trail, step), _raw=self.raw)

    def _taming_scale(self) -> str:
        """Own scale where it means something; mean one for logs without a promise, whose constant does not."""
        self._refuse_all_zero()
        return "own" if self.raw.exact or self.raw._linear or self.kind == "inclusion" else "mean one"

    def _refuse_all_zero(self) -> None:
        if not (self.log_w[..., 0] > -np.inf).all() and not (self.log_w.max(axis=-1) > -np.inf).all():
            raise InputError("every weight is zero: the source never visits the target. See w.check().")

    def _copies(self) -> np.ndarray:
        """Whole numbers, as given: the logs of large counts come back a rounding off."""
        return np.rint(np.exp(self.log_w))

    def _one_vector(self, verb: str) -> None:
        if self.ndim != 1:
            raise InputError(f"w.{verb}: one vector of weights at a time: w.pick(i); these have shape {self.shape}.")

    def __repr__(self) -> str:
        batch = f"{' x '.join(str(s) for s in self.shape[:-1])} batch of " if self.ndim > 1 else ""
        worth = "" if self.ndim > 1 else f" worth {rows_worth(self.ess)}"
        promise = ", exact" if self.exact else ""
        tamed = ", tamed by " + ", ".join(s.name for s in self.trail if s.moved is not None) if self.tamed else ""
        return f"Weights({self.kind}{' (assumed)' * self.assumed}, {batch}{self.n:,} rows{worth}{promise}{tamed})"
