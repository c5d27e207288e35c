"""A figure that two samples made: weighted source rows and target rows, each with its own influences.

The trouble: a figure of both samples is often given the error of one of them, as if the other were known. Its influences lie side by
side, source first, and their squares add up:

    estimate - truth ~ sum_i phi_i + sum_j psi_j,    se^2 = sum_i phi_i^2 + sum_j psi_j^2

phi and psi sum to zero each. The figure is as sure as the smaller sample is large: effective rows of the source, rows of the target.

What is inside: `TwoSamples`, both samples as one, whose method `estimate` makes an `Estimate` of n + m rows; `Within`, an interval cut to what
a share or a ratio can be.

Source: Huber (1967), The behavior of maximum likelihood estimates under nonstandard conditions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError
from .._frames import labels
from .._weights import Step
from ._belief import Average, average
from ._estimate import Estimate, estimate
from ._influence import Dense
from ._interval import IntervalRule
from ._sample import WeightedSample, multipliers, sample_of
from ._terms import Terms

if TYPE_CHECKING:
    from .._weights import Weights

__all__ = ["TwoSamples", "Within"]


@dataclass(frozen=True, eq=False)
class TwoSamples:
    """Weighted source rows and `targets` target rows; `cluster` holds n + m labels, source first, or is None."""

    weights: Weights
    targets: int
    cluster: Any = None

    @property
    def rows(self) -> int:
        return self.weights.n + self.targets

    def sample(self) -> WeightedSample:
        """The figures that all estimates over these rows share."""
        w = self.weights
        source = sample_of(w, multipliers(w, "self"))
        both = source.support + self.targets
        lost = math.isinf(source.factor) or self.targets < 2
        one = replace(
            source,
            support=both,
            size=both,
            factor=math.inf if lost else both / (both - 1),
            worth=min(source.ess, self.targets),
            copies=None,
        )
        return one if self.cluster is None else self._clustered(one)

    def _clustered(self, one: WeightedSample) -> WeightedSample:
        codes, levels, _ = labels(self.cluster, "cluster")
        if codes.size != self.rows:
            raise InputError(
                f"`cluster` must have one label a row, source first, {self.weights.n:,} + {self.targets:,}; got {codes.size:,}."
            )
        share = np.append(multipliers(self.weights, "self").whole(), np.full(self.targets, 1 / self.targets))
        n, k = self.weights.n, len(levels)
        worth = [
            float(t.sum() ** 2 / (t @ t))
            for t in (np.bincount(codes[part], share[part], k) for part in (slice(0, n), slice(n, None)))
        ]
        factor = math.inf if k < 2 else k / (k - 1)
        return replace(one, codes=codes, groups=k, factor=factor, worth=min(worth))

    def estimate(
        self,
        values: Sequence[float] | np.ndarray,
        influences: Sequence[np.ndarray],
        *,
        step: Step,
        raw: Sequence[np.ndarray] | None = None,
        bounded: bool = False,
        names: tuple[Any, ...] | None = None,
        change: Callable[[int, Average], Average] | None = None,
    ) -> Estimate:
        """The estimate of these values, whose influences (n + m,), source first, add up to each one's error.

        raw : the same before taming, whose tails count. names : None for a single number, else one a value. change : what to make of average i, such as another interval.
        """
        sample, lines = self.sample(), [Dense(np.asarray(phi)) for phi in influences]
        each = [
            average(float(v), phi, sample, self.rows, raw=before, bounded=bounded)
            for v, phi, before in zip(values, lines, lines if raw is None else map(Dense, raw), strict=True)
        ]
        if change is not None:
            each = [change(i, a) for i, a in enumerate(each)]
        shape = () if names is None else (len(each),)
        return estimate(Terms(tuple(each), shape, self.rows, names or ()), (*self.weights.trail, step))


@dataclass(frozen=True)
class Within:
    """Another interval, cut to what the figure can be."""

    inner: IntervalRule
    low: float
    high: float

    def ends(self, level: float, df: float) -> tuple[float, float]:
        low, high = self.inner.ends(level, df)
        return min(max(low, self.low), self.high), max(min(high, self.high), self.low)
