"""Can a classifier still tell weighted source rows from target rows? The weighted area under the ROC curve, with its error.

The trouble: balanced means do not prove balanced distributions. A score that was trained to tell the two samples apart, and is asked
on rows it has not seen, proves more: if the weights are right, its area under the curve is a half.

    A = sum_i W_i F_i = mean_j G_j,    F_i = share of targets above score i,  G_j = weighted share of sources below score j,  ties 1/2
    se^2 = sum_i W_i^2 (F_i - A)^2 + sum_j (G_j - A)^2 / n_t^2

What is inside: `c2st`. Two sorts, no pair is ever formed.

Sources: Lopez-Paz and Oquab (2017), Revisiting classifier two-sample tests; DeLong, DeLong and Clarke-Pearson (1988), for
the error of an area by its placements F and G.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError
from .._estimate import (
    Average,
    Estimate,
    NeverSeen,
    OnScale,
    Terms,
    WeightedSample,
    estimate,
    kish,
    multipliers,
    sample_of,
)
from .._frames import read, require, same_rows
from .._weights import Step, forbid

if TYPE_CHECKING:
    from .._weights import Weights

__all__ = ["c2st"]

FEWEST = 10.0  # effective rows on the wrong side of the other sample from which an error can be told


def c2st(source_score: Any, target_score: Any, *, weights: Weights | None = None) -> Estimate:
    """Area under the ROC curve of a score that tells target from weighted source rows: 0.5 means they look the same.

        A = P(target score > source score) + P(equal)/2,    source rows drawn with probability W

    Parameters
    ----------
    source_score : (n,) scores of the source rows, from a classifier of your own on rows held out of its training; higher
        means more like the target, any scale.
    target_score : (m,) scores of the target rows, from the same classifier.
    weights : Weights of the source rows, kind importance, inclusion or frequency; equal by default.

    Returns
    -------
    Estimate of the area, in [0, 1]; its influence has n + m rows, source first; its interval is symmetric on the logit scale.
    Not `ok` where under ten effective rows lie on the wrong side of the other sample; of separated samples the interval reaches to the
    exact bound.

    Raises
    ------
    InputError : NaN scores or lengths that differ, with count and first row. KindError : class and cost weights.

    Costs: nothing is changed. A weak classifier sees no difference where there is one; scores of training rows see one
    where there is none.
    Source: Lopez-Paz and Oquab (2017).

    >>> e = c2st([0.1, 0.4, 0.35, 0.8], [0.9, 0.7, 0.4])
    >>> round(e.value, 4), round(e.se, 4)
    (0.7917, 0.1636)
    """
    s, t = _scores(source_score, "source_score"), _scores(target_score, "target_score")
    w = _checked(weights, s, source_score)
    u = multipliers(w, "self")
    sample = _both(sample_of(w, u), t.size)
    order = np.argsort(s)
    weight = u.whole()[order]
    above, below = _placements(s[order], np.sort(t), weight)
    apart = above[0] == above[-1] and above[0] in (0.0, 1.0)  # then no rounding either
    area = float(above[0]) if apart else float(np.einsum("i,i", weight, above))
    each = weight * weight if u.copies is None else weight * u.scale
    far = below - area
    square = float(np.einsum("i,i,i", each, above - area, above - area) + np.einsum("i,i", far, far) / t.size**2)

    line = Placements(w, s, t, area)
    a = Average(area, sample, line, replace(line, w=w.raw), math.sqrt(square), bounded=True)
    rows = _misplaced(above, below, weight, sample)
    step = Step("c2st", {"targets": t.size})
    return estimate(Terms((_on_logits(a, rows),), (), s.size + t.size), (*w.trail, step))


def _on_logits(a: Average, rows: float) -> Average:
    """The area with an interval that stays within 0 and 1, and a doubt where a handful of rows decides it."""
    if a.value in (0.0, 1.0):
        why = "the samples do not overlap: the interval reaches to the exact bound on the effective rows."
        return replace(a, interval=NeverSeen(a.value, min(a.sample.ess, a.sample.worth), 1.0, a.sample.khat), doubt=why)
    few = f"the rows on the wrong side of the other sample are worth {rows:.3g}, {FEWEST:.0f} needed."
    return replace(a, interval=OnScale(a.value, a.spread, "logit"), doubt=few if rows < FEWEST else "")


def _misplaced(above: np.ndarray, below: np.ndarray, weight: np.ndarray, sample: WeightedSample) -> float:
    """Effective rows behind the smaller of A and 1 - A, in the sample that has fewer."""
    if float(np.einsum("i,i", weight, above)) > 0.5:
        above, below = 1 - above, 1 - below
    share = weight * above
    source = kish(share) if sample.copies is None else float(share.sum()) ** 2 / float(share @ above) * sample.ess
    return min(source, kish(below))


@dataclass(frozen=True, eq=False)
class Placements:
    """Influences of the area, source rows first; written out when asked for."""

    w: Weights
    s: np.ndarray
    t: np.ndarray
    area: float

    def part(self, rows: slice) -> np.ndarray:
        return self._phi[rows]

    @cached_property
    def _phi(self) -> np.ndarray:
        v = multipliers(self.w, "self").whole()
        by_score, by_target = np.argsort(self.s), np.argsort(self.t)
        weight = v[by_score]
        above, below = _placements(self.s[by_score], self.t[by_target], weight)
        phi = np.empty(self.s.size + self.t.size)
        phi[by_score] = weight * (above - float(np.einsum("i,i", weight, above)))
        phi[self.s.size + by_target] = (below - float(below.mean())) / self.t.size
        return phi


def _both(source: WeightedSample, targets: int) -> WeightedSample:
    """Source and target rows in one: as sure as the smaller of the two is large; placements are bounded, so no tail of f."""
    factor = math.inf if math.isinf(source.factor) or targets < 2 else 1.0
    return replace(source, factor=factor, worth=min(source.ess, targets), equal=True, copies=None)


def _scores(x: Any, name: str) -> np.ndarray:
    a = read(x, name)[0]
    if a.ndim != 1 or a.size == 0:
        raise InputError(f"`{name}` must be one column of scores, one a row; got shape {a.shape}.")
    require(~np.isnan(a), f"`{name}`", "be numbers", a, "Drop those rows on both sides of the fit.", "NaN")
    return a


def _checked(weights: Weights | None, s: np.ndarray, given: Any) -> Weights:
    from .._weights import Weights as Kind

    if weights is None:
        return Kind.of(np.ones(s.size), kind="importance")
    if not isinstance(weights, Kind):
        raise InputError("`weights` must be Weights: say what they are first: uw.Weights.of(x, kind=...).")
    weights._one_vector("c2st")
    weights._refuse_all_zero()
    forbid(weights.kind, "mean")
    if weights.n != s.size:
        raise InputError(f"`weights` must have one entry a source score; got {weights.n:,} for {s.size:,} scores.")
    same_rows(weights._container, read(given, "source_score")[1], ("weights", "source_score"))
    return weights


def _placements(s: np.ndarray, t: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of targets above each source, and weighted share of sources below each target; both ascending in score, ties half."""
    first = np.searchsorted(t, s, side="left")
    tied = t[np.minimum(first, t.size - 1)] == s
    last = np.searchsorted(t, s, side="right") if tied.any() else first
    above = 1 - (first + last) / (2 * t.size)
    # s < t_j where at most j targets are <= s, and s <= t_j where at most j are < s
    ranks = (last,) if last is first else (last, first)
    below = [np.cumsum(np.bincount(rank, weight, t.size + 1))[:-1] for rank in ranks]
    return above, (below[0] + below[-1]) / (2 * weight.sum())
