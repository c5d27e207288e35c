"""Tally: a verdict on more rows than fit into memory.

The trouble: logs of a billion rows arrive in batches, from many machines, and the two usual ways out are wrong: a sample of the rows
misses exactly the few huge weights that decide, and averages of per-batch figures are not the figures of the whole. A tally keeps
what a verdict needs, a few hundred kilobytes whatever the number of rows,

    Tally.of(first) + Tally.of(second) + ...  =  the tally of all rows,   in any split and any order

with counts, the largest weight and k-hat equal to the last bit to those of the whole, and sizes to 1e-12. It travels as JSON.

What is inside: `Tally`. Its sums are `WeightSummary` (the weights, and 1/w where the promise of a mean of one may turn out to be upside down),
`Moments` (f) and `Segments` (labels); its verdict is made by the very rules of `check`.

Source: Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance, Am. Stat. 37.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .._errors import InputError, reading
from .._set_module import set_module
from .._weights import Step, Weights, forbid
from ._check import judge, segments_of
from ._documents import plain
from ._moments import Moments
from ._provenance import TAMINGS, Provenance
from ._segments import Segments
from ._summary import WeightSummary
from ._verdict import Verdict

if TYPE_CHECKING:
    from .._estimate import Estimate

__all__ = ["Gone", "Tally"]

SCHEMA = "upweight.tally/1"
_WRITTEN = {"said": "provenance", "pile": "summary", "inverse": "inverse", "moments": "moments", "segments": "segments"}
_UNWATCHED = "the tail of f is not watched in a tally, only that of the weights: if f has bounds, say so, Tally.of(w, f=f, bounds=(low, high))."
_UNSEEN = "0 and 1 were not both seen: the interval reaches to the exact bound on the effective rows."


@set_module("upweight")
@dataclass(frozen=True, eq=False, repr=False)
class Tally:
    """The sums of some weights, and of f and labels if given; tallies of batches add up to the tally of all rows.

    Made by `Tally.of`; `a + b` has the rows of `b` after those of `a`, which matters for the number of the largest row only.

    >>> import numpy as np
    >>> from upweight import Weights
    >>> l = np.random.default_rng(0).normal(-0.5, 1.0, 100_000)
    >>> w = Weights.of_log(l, kind="importance", exact=True)
    >>> parts = [Tally.of(w[rows].declare(exact=True)) for rows in np.array_split(np.arange(w.n), 7)]
    >>> whole = parts[0]
    >>> for part in parts[1:]:
    ...     whole = whole + part
    >>> whole.result().khat == w.khat, whole.result().grade
    (True, 'good')
    """

    provenance: Provenance  # kind, promise and taming that all batches share
    summary: WeightSummary  # sums of the weights and the largest of them
    inverse: WeightSummary | None = None  # the same of the inverse weights, of exact weights without a zero
    moments: Moments | None = None  # sums of w f and their kin, if f was given
    segments: Segments | None = None  # sums by label, if labels were given

    @classmethod
    def of(cls, w: Weights, *, f: Any = None, bounds: tuple[float, float] | None = None, by: Any = None) -> Tally:
        """The tally of one batch.

        Parameters
        ----------
        w : Weights, one vector (n,). Of tamed weights the verdict judges them as they were before, and `mean` uses them as they are;
            only tamings that look at one row at a time (clip, temper(power=), shrink, drop) may be tallied.
        f : (n,) or (n, c) numbers to average, finite where w > 0.
        bounds : (low, high) between which every f is known to lie, of every batch; f then has no tail of its own.
        by : (n,) labels; the promise of a mean of one is then tested in every segment.

        Raises
        ------
        InputError : an array instead of Weights, a batch of vectors, columns of another length, or a taming that depends on the whole.

        Costs: 0.5 MB a tally, and one pass over the rows (two for exact weights).
        """
        if not isinstance(w, Weights):
            raise InputError(
                f"Tally.of takes Weights; got {type(w).__name__}. Say what they are first: uw.Weights.of(x, kind=...)."
            )
        w._one_vector("tally")
        raw = w.raw
        _refuse_whole_taming(w)
        summary = WeightSummary.of(raw.log_w)
        inverse = WeightSummary.of(raw.log_w, flip=True) if raw.exact and not summary.zeros else None
        moments = None if f is None else _moments(w, f, bounds)
        return cls(Provenance.of(w), summary, inverse, moments, segments_of(raw, by))

    def __add__(self, other: Any) -> Tally:
        if not isinstance(other, Tally):
            return NotImplemented
        for name in ("moments", "segments"):
            if (getattr(self, name) is None) != (getattr(other, name) is None):
                what = {"moments": "f", "segments": "by"}[name]
                raise InputError(
                    f"both tallies must have `{what}`, or neither; one of them has not. Tally every batch alike."
                )
        if self.moments and other.moments and self.moments.pivot.shape != other.moments.pivot.shape:
            counts = len(self.moments.pivot), len(other.moments.pivot)
            raise InputError(f"both tallies must have as many columns of `f`; got {counts[0]} and {counts[1]}.")
        inverse = self.inverse + other.inverse if self.inverse and other.inverse else None
        moments = _both(self.moments, other.moments)
        segments = _both(self.segments, other.segments)
        return Tally(self.provenance + other.provenance, self.summary + other.summary, inverse, moments, segments)

    def __radd__(self, other: Any) -> Tally:
        return self if other == 0 else NotImplemented  # sum(tallies) starts at 0

    @property
    def n(self) -> int:
        """Rows tallied, zero weights counted."""
        return self.summary.n

    @property
    def khat(self) -> float:
        """Tail index of all the weights, to the last bit that of `Weights.khat`; -inf for frequencies."""
        return -math.inf if self.provenance.kind == "frequency" else self.summary.khat

    def result(self) -> Verdict:
        """The verdict on all rows tallied, by the rules of `upweight.check`; with f, the effective rows for its average as well."""
        flip = lambda: None if self.inverse is None else (self.inverse, self.inverse.relative_se)
        v = judge(self.provenance, self.summary, self.summary.relative_se, flip, self.segments)
        if self.moments is None or self.summary.positive == 0 or self.provenance.tamed:
            return v
        with np.errstate(invalid="ignore"):
            worth = self.moments.spread / self.moments.squares
        return replace(v, ess_f=float(np.min(worth)))

    def mean(self) -> Estimate:
        """Weighted average of f over all rows tallied, self-normalised, with the interval of `Weights.mean`.

            mu = sum w f / sum w,   se^2 = S/(S-1) sum W^2 (f - mu)^2

        Returns
        -------
        Estimate without influences: rows are gone, so no clusters, differences or ratios. Its k-hat is that of the weights. Of an f of
        one or two values, or between bounds, it is `ok` when `Weights.mean` is; any other f has a tail that sums do not show, and
        what was not judged is not `ok`.

        Raises
        ------
        InputError : no f was tallied, or every weight is zero. KindError : class and cost weights have no average.

        Costs: an interval that is too narrow where f is large on rare rows.

        >>> import numpy as np
        >>> from upweight import Weights
        >>> w = Weights.of([1.0, 2.0, 3.0], kind="importance")
        >>> e = Tally.of(w, f=np.array([0.0, 1.0, 1.0])).mean()
        >>> round(e.value, 4), round(e.se, 4)
        (0.8333, 0.2097)
        """
        forbid(self.provenance.kind, "mean")
        if self.moments is None:
            raise InputError("this tally has no f; tally every batch with Tally.of(w, f=...).")
        if self.summary.positive == 0:
            raise InputError("every weight is zero: the source never visits the target. See tally.result().")
        return _estimate(self, self.moments)

    def to_dict(self) -> dict[str, Any]:
        """Schema "upweight.tally/1": plain types that survive JSON without losing a bit.

        >>> from upweight import Weights
        >>> t = Tally.of(Weights.of([1.0, 2.0, 9.0], kind="importance"))
        >>> Tally.from_dict(t.to_dict()).n
        3
        """
        parts = {name: getattr(self, field) for name, field in _WRITTEN.items()}
        return {"schema": SCHEMA} | plain({name: part and part.to_dict() for name, part in parts.items()})

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Tally:
        """The tally that `to_dict` wrote.

        Raises InputError if the document is damaged, lacks a part, or is of another schema.
        """
        found = d.get("schema") if isinstance(d, Mapping) else type(d).__name__
        if found != SCHEMA:
            raise InputError(f"a tally has schema {SCHEMA!r}; got {found!r}. Pass what Tally.to_dict gave.")
        kinds = {"inverse": WeightSummary, "moments": Moments, "segments": Segments}
        with reading("this tally", "Tally.to_dict"):
            parts = {name: None if d[name] is None else kind.from_dict(d[name]) for name, kind in kinds.items()}
            provenance, summary = Provenance.from_dict(d["said"]), WeightSummary.from_dict(d["pile"])
            tally = cls(provenance, summary, parts["inverse"], parts["moments"], parts["segments"])
            _read_out(tally)
        return tally

    def __repr__(self) -> str:
        extras = [name for name, part in (("f", self.moments), ("by", self.segments)) if part is not None]
        return f"Tally({self.provenance.kind}, {self.n:,} rows{''.join(', with ' + name for name in extras)})"


def _read_out(t: Tally) -> None:
    """Everything that a tally says, said once, so that a damaged document is told where it is read and not when it is used."""
    str(t.result())
    if t.moments is not None and t.summary.positive:
        str(_estimate(t, t.moments))


def _both(a: Any, b: Any) -> Any:
    return None if a is None else a + b


def _refuse_whole_taming(w: Weights) -> None:
    for step in w.trail:
        whole = step.name in ("smooth", "truncate") or step.params.get("ess") or step.params.get("scale") == "mean one"
        if step.name in TAMINGS and whole:
            raise InputError(
                f"w.{step.name}() of a batch is not that of all rows. Tally the raw weights, or tame row by row: clip, temper(power=), shrink, drop."
            )


def _moments(w: Weights, f: Any, bounds: Any) -> Moments:
    from .._estimate import read_values

    columns = read_values(w, f, bounds)
    zero = w.log_w == -np.inf
    table = np.stack([x.values * x.unit for x in columns.each])
    if zero.any():
        table = np.where(zero, 0.0, table)  # what f is there does not matter
    seen = tuple(tuple(value * x.unit for value in x.seen) for x in columns.each)
    return Moments.of(w.log_w, table, columns.scalar, seen, bounded=bounds is not None)


def _estimate(t: Tally, m: Moments) -> Estimate:
    """The Estimate that `Weights.mean` would give, from sums."""
    from .._estimate import Average, NeverSeen, Terms, WeightedSample, estimate

    s = t.summary
    copies = round(s.at_own_scale(s.total)) if t.provenance.kind == "frequency" else 0
    support = copies or s.positive
    worth = float(copies) if copies else m.ess
    factor = support / (support - 1) if support > 1 else math.inf
    sample = WeightedSample(
        copies or t.n, support, support, factor, worth, worth, t.khat, bool(copies) or s.alike, doubt=_broken(t)
    )
    with np.errstate(invalid="ignore"):
        sizes = np.full(len(m.values), worth) if copies else m.spread / m.squares
    each, gone = [], Gone()
    figures = zip(m.values.tolist(), m.norms(copies).tolist(), sizes.tolist(), strict=True)
    for column, (value, norm, ess_f) in enumerate(figures):
        unseen = norm == 0 and value in (0.0, 1.0) and math.isfinite(factor)
        interval = NeverSeen(value, worth, 1.0, t.khat) if unseen else None
        doubt = _UNSEEN if unseen else _doubt(m, column, copies)
        each.append(Average(value, sample, gone, gone, norm, interval=interval, doubt=doubt, ess_f=ess_f))
    shape = () if m.scalar else (len(each),)
    trail = (*t.provenance.trail, Step("mean", {"how": "self", "tally": True}))
    return estimate(Terms(tuple(each), shape, t.n), trail)


def _broken(t: Tally) -> str:
    """What `Weights.mean` says of a broken promise, from sums."""
    from .._estimate import MeanWeight, broken_by

    s = t.summary
    if not t.provenance.exact or s.n < 2 or t.provenance.kind == "frequency":
        return ""
    return broken_by(MeanWeight(s.peak, s.mean, s.relative_se, s.n, t.khat, s.alike))


def _doubt(m: Moments, column: int, copies: int) -> str:
    """What `Weights.mean` says of an f of few values; of more values what a tally cannot tell."""
    from .._estimate import too_few

    values = m.values_of(column)
    if values is not None and len(values) == 2:
        return too_few(m.rarer_side(column, values, copies), two=True)
    return "" if m.bounded or (values is not None and len(values) == 1) else _UNWATCHED


class Gone:
    """Influences of rows that no longer exist."""

    def part(self, rows: slice) -> NoReturn:
        raise InputError(
            "a tally keeps no rows, so its average has no influences, clusters, differences or ratios. Use w.mean(f) on the rows."
        )
