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
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError
from .._estimate._average import multipliers, rows_of
from .._estimate._estimate import Estimate, Terms, make
from .._estimate._influence import Dense, Rows
from .._frames import read, require, same_rows
from .._weights import Step, forbid

if TYPE_CHECKING:
    from .._weights import Weights

__all__ = ["c2st"]


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
    Estimate of the area, in [0, 1]; its influence has n + m rows, source first; its interval is not cut at 0 and 1.

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
    rows = _rows(rows_of(w, u, "self", None, 0), t.size)
    order = np.argsort(s)
    weight, t_up = u.whole()[order], np.sort(t)
    ranks = _ranks(t_up, s[order])
    above = 1 - ranks.sum(axis=0) / (2 * t.size)
    area = float(np.einsum("i,i", weight, above))
    each = weight * weight if u.copies is None else weight * u.scale
    far = _below(ranks, weight, t.size) - area
    square = float(np.einsum("i,i,i", each, above - area, above - area) + np.einsum("i,i", far, far) / t.size**2)

    terms = Terms(rows, partial(_lines, w, s, t, area), s.size + t.size, True, partial(float, "nan"))
    return make(np.array([area]), [square], [[]], terms, (*w.trail, Step("c2st", {"targets": t.size})))


def _lines(w: Weights, s: np.ndarray, t: np.ndarray, area: float, raw: bool) -> list[Dense]:
    """Influences of the area, source rows first."""
    v = multipliers(w.raw if raw else w, "self").whole()
    order = np.argsort(t, kind="stable")
    ranks = _ranks(t[order], s)
    phi = np.empty(s.size + t.size)
    phi[: s.size] = v * (1 - ranks.sum(axis=0) / (2 * t.size) - area)
    phi[s.size + order] = (_below(ranks, v, t.size) - area) / t.size
    return [Dense(phi)]


def _rows(source: Rows, targets: int) -> Rows:
    """Source and target rows in one: as sure as the smaller of the two is large; placements are bounded, so no tail of f."""
    factor = math.inf if math.isinf(source.factor) or targets < 2 else 1.0
    return replace(source, factor=factor, worth=min(source.ess, targets), flat=True, copies=None)


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


def _ranks(t_up: np.ndarray, s: np.ndarray) -> np.ndarray:
    """How many targets lie below each source score, and how many not above it, (2, n); `t_up` ascending."""
    return np.stack([np.searchsorted(t_up, s, side="left"), np.searchsorted(t_up, s, side="right")])


def _below(ranks: np.ndarray, weight: np.ndarray, targets: int) -> np.ndarray:
    """Weighted share of sources below each target in ascending order, ties half: s < t_j where at most j targets are <= s."""
    at_most, less = (np.cumsum(np.bincount(rank, weight, targets + 1))[:-1] for rank in ranks)
    return (at_most + less) / (2 * weight.sum())
