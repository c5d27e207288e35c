"""Weighted quantiles and distribution functions, with intervals that know the tail.

The trouble: a weighted quantile has several definitions, and most of them break on ties: NumPy's own `inverted_cdf` answers
differently for weights (2, 3, 4)/20 and for the rows repeated 2, 3 and 4 times, because a rounded running sum misses q by one
unit in the last place. And its error is not an average's: it is the distribution function that has one.

    F(x) = sum W 1{f <= x},    Q(q) = the first f whose running sum of W reaches q (1 - 8 eps)
    interval of Q(q) = [Q(q - h), Q(q + h)],    h = t_df · se(F) · inflation

What is inside: `quantile` and `cdf`, which `Weights.quantile` and `Weights.cdf` call. Both sort once.

Sources: Woodruff (1952), Confidence intervals for medians and other position measures, for inverting the interval of F.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ._average import clusters_of, multipliers, one_column, rows_of, without_gaps
from ._errors import InputError
from ._estimate import Estimate, Interval, Terms, make, t_quantile
from ._frames import read, require
from ._influence import Dense, Rows
from ._kinds import Step

if TYPE_CHECKING:
    from ._weights import Weights

__all__ = ["cdf", "quantile"]

ROUNDING = 8 * np.finfo(np.float64).eps  # a running sum this close below q has reached it


@dataclass(frozen=True, eq=False)
class Sorted:
    """Rows sorted by f: the distribution function of weighted rows."""

    f: np.ndarray  # (n,) as given
    u: np.ndarray  # (n,) W as given
    rows: Rows
    order: np.ndarray  # (n,) stable order
    f_up: np.ndarray  # (n,) f ascending, rows of weight zero included
    mass: np.ndarray  # (n,) running sum of W in that order, its last entry exactly 1
    square: np.ndarray | None  # (n,) running sum of the rows' variances W^2 (W/N for copies); None with clusters

    @classmethod
    def of(cls, w: Weights, f: Any, cluster: Any, verb: str) -> tuple[Sorted, Any]:
        w._one_vector(verb)
        w._refuse_all_zero()
        column, container = one_column(w, f)
        codes, groups = clusters_of(w, cluster)
        u = multipliers(w, "self")
        rows = rows_of(w, u, "self", codes, groups)
        if rows.support < w.n:  # rows of weight zero are not there
            column = without_gaps(column, w.log_w == -np.inf)
        else:
            column = without_gaps(column, None)
        order = np.argsort(column, kind="stable")
        order = order if rows.support == rows.n or rows.copies is not None else order[w.log_w[order] > -np.inf]
        mass = np.cumsum(u[order])
        mass /= mass[-1]
        each = u * u if rows.copies is None else u / rows.support
        square = np.cumsum(each[order]) if codes is None else None
        return cls(column, u, rows, order, column[order], mass, square), container

    def share(self, at: np.ndarray) -> np.ndarray:
        """F at points (m,): the weight of rows with f <= at."""
        below = np.searchsorted(self.f_up, at, side="right")
        return np.where(below > 0, self.mass[np.maximum(below, 1) - 1], 0.0)

    def reach(self, q: np.ndarray) -> np.ndarray:
        """Q at levels (m,): the first value whose running share reaches q."""
        place = np.searchsorted(self.mass, q * (1 - ROUNDING), side="left")
        return self.f_up[np.minimum(place, self.f_up.size - 1)]

    def squares(self, at: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Sum of squared influences of F at each point: W (1{f <= at} - F), added up by cluster."""
        if self.square is None:
            sums = [self.rows.sums(self.influence(x, p)) for x, p in zip(at, share, strict=True)]
            return np.array([np.einsum("i,i", s, s) for s in sums])
        below = np.searchsorted(self.f_up, at, side="right")
        low = np.where(below > 0, self.square[np.maximum(below, 1) - 1], 0.0)
        return (1 - share) ** 2 * low + share**2 * np.maximum(self.square[-1] - low, 0.0)

    def influence(self, at: float, share: float) -> np.ndarray:
        return self.u * ((self.f <= at) - share)

    def ess_f(self, share: np.ndarray, squares: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return share * (1 - share) / squares
