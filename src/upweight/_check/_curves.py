"""The curves behind a verdict: who holds the total, how the tail falls, what tempering would buy.

The trouble: a verdict is some thirty figures, and a figure hides how it came about. Three curves show it, each a few hundred numbers:

    share held by the r largest rows        sum of the r largest w / sum w                        (Lorenz)
    share of rows with a larger weight      (r - 1/2)/S at the r-th largest of S weights > 0,  M/S (1 + k (w - u)/sigma)^(-1/k) fitted
    effective rows after tempering          ESS(a) = (sum w^a)^2 / sum w^2a,   0 <= a <= 1

They are made when somebody asks, from the log-weights that the verdict still points to, so that a check costs nothing more. A verdict
of a tally has the largest 30 001 weights and no others, one that was read from a document has its figures only: then a curve holds
what is known, and `missing` says what is not.

What is inside: `Curves`, and `curves_of`, which makes them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import fit_logs
from ._largest import blocks
from ._summary import WeightSummary

if TYPE_CHECKING:
    from ._verdict import Verdict

__all__ = ["Curves", "TailFit", "curves_of"]

POINTS = 200  # of a curve
STEPS = 20  # of the power, from 0 to 1
CONTEXT = 10  # times as many rows as the tail has are shown with it
FAINTEST = -690.0  # log of a weight over the mean that a plot can still show


@dataclass(frozen=True)
class TailFit:
    """The Pareto fit that k-hat is read from, weights in multiples of the mean weight.

    share(w > x) = above * (1 + khat (x - cut)/sigma)^(-1/khat)   for x >= cut; `above` is the share of rows beyond the cut
    """

    cut: float
    sigma: float
    khat: float
    above: float

    def share(self, x: np.ndarray) -> np.ndarray:
        """Share of rows of positive weight that the fit expects beyond x >= cut."""
        with np.errstate(divide="ignore", over="ignore"):
            if self.khat > 0:  # in logs, where no quotient is too large for a float
                log_y = np.log(np.maximum(x - self.cut, 0.0)) - math.log(self.sigma)
                return self.above * np.exp(-np.logaddexp(0.0, math.log(self.khat) + log_y) / self.khat)
            y = np.maximum(x - self.cut, 0.0) / self.sigma
            if self.khat == 0:
                return self.above * np.exp(-y)
            return self.above * np.exp(-np.log(np.maximum(1 + self.khat * y, 0.0)) / self.khat)


@dataclass(frozen=True, eq=False)
class Curves:
    """The numbers of the three panels of `Verdict.plot`.

    Attributes
    ----------
    rows, held : (r,) counts of the largest rows, ascending, and the share in [0, 1] of the total that they hold.
    weight, beyond : (t,) largest weights, ascending, in multiples of the mean weight, and the share of rows (of positive weight)
        that are larger. fit : TailFit, or None where there is no k-hat, or one so large that the fit
        cannot be written down in multiples of the mean.
    power, ess : (a,) powers from 0 to 1 and the effective rows after tempering by each.
    missing : {"held" | "weight" | "ess": sentence}, what is not known and why; a curve may be short or empty then.
    """

    rows: np.ndarray
    held: np.ndarray
    weight: np.ndarray
    beyond: np.ndarray
    fit: TailFit | None
    power: np.ndarray
    ess: np.ndarray
    missing: dict[str, str]


def curves_of(v: Verdict, summary: WeightSummary | None, log_w: np.ndarray | None) -> Curves:
    """The curves of a verdict, from all its log-weights (before taming), from their sums, or from its figures."""
    missing: dict[str, str] = {}
    rows, held = _held(v, summary, log_w, missing)
    weight, beyond, fit = _tail(v, summary, missing)
    power, ess = _tempered(v, log_w, missing)
    return Curves(rows, held, weight, beyond, fit, power, ess, missing)


# ---- who holds the total --------------------------------------------------------------------------------------------


def _held(
    v: Verdict, summary: WeightSummary | None, log_w: np.ndarray | None, missing: dict[str, str]
) -> tuple[np.ndarray, np.ndarray]:
    if v.n_zero == v.n:
        missing["held"] = "every weight is zero"
        return np.empty(0), np.empty(0)
    if log_w is not None:
        return _lorenz(np.sort(log_w)[::-1], v.n)
    if summary is not None:
        rows, held = _lorenz(summary.top[::-1], v.n, summary.total)
        if summary.positive > len(summary.top):
            missing["held"] = f"beyond the largest {len(summary.top):,} rows a tally keeps none"
        return rows, held
    top = min(-(-v.n // 100), v.n)
    missing["held"] = "a document keeps these figures only"
    rows, place = np.unique([1, top, v.n], return_index=True)
    return rows.astype(float), np.array([v.max_share, v.top_share, 1.0])[place]


def _lorenz(log_w: np.ndarray, n: int, total: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Share of the total held by the r largest, at some r, from logs in descending order; the last point is all n rows."""
    sums = np.cumsum(np.exp(log_w - log_w[0]))
    whole = float(sums[-1]) if total is None else total
    r = np.geomspace(1, len(sums), min(POINTS, len(sums))).round().astype(np.int64)
    r = np.unique([*r, min(-(-n // 100), len(sums))])
    held = np.minimum(sums[r - 1] / whole, 1.0)
    if r[-1] == n:
        return r.astype(float), held
    return np.append(r, n).astype(float), np.append(held, 1.0)


# ---- the tail -------------------------------------------------------------------------------------------------------


def _tail(
    v: Verdict, summary: WeightSummary | None, missing: dict[str, str]
) -> tuple[np.ndarray, np.ndarray, TailFit | None]:
    if summary is None or not summary.positive:
        missing["weight"] = "every weight is zero" if v.n_zero == v.n else "a document does not keep the weights"
        return np.empty(0), np.empty(0), None
    shown = min(len(summary.top), CONTEXT * max(len(summary.tail[0]), 25))
    r = np.unique(np.geomspace(shown, 1, min(POINTS, shown)).round().astype(np.int64))[::-1]
    log = summary.top[-r] - summary.log_mean
    seen = log > FAINTEST
    weight, beyond = np.exp(log[seen]), (r[seen] - 0.5) / summary.positive
    return weight, beyond, _fit(summary) if math.isfinite(v.khat) else None


def _fit(summary: WeightSummary) -> TailFit | None:
    """The fit of `WeightSummary.khat`, on the scale of the mean weight; None if its sigma is too small there for a float."""
    top, above = summary.tail
    fit = fit_logs(above[None], top[:1])
    scale = math.exp(float(fit.unit[0]) - summary.log_mean)
    cut = math.exp(top[0] - summary.log_mean) if top[0] - summary.log_mean > FAINTEST else 0.0
    if float(fit.sigma[0]) * scale == 0:
        return None
    return TailFit(cut, float(fit.sigma[0]) * scale, float(fit.k[0]), len(above) / summary.positive)


# ---- tempering ------------------------------------------------------------------------------------------------------


def _tempered(v: Verdict, log_w: np.ndarray | None, missing: dict[str, str]) -> tuple[np.ndarray, np.ndarray]:
    if v.kind == "frequency":
        missing["ess"] = "copies of rows are not tempered"
        return np.empty(0), np.empty(0)
    if v.n_zero == v.n:
        missing["ess"] = "every weight is zero"
        return np.empty(0), np.empty(0)
    if log_w is None:
        missing["ess"] = "the other powers need the weights, which are gone: w.check().plot()"
        return np.array([0.0, 1.0]), np.array([v.n - v.n_zero, v.ess])
    return np.arange(STEPS + 1) / STEPS, ess_by_power(log_w, STEPS)


def ess_by_power(log_w: np.ndarray, steps: int) -> np.ndarray:
    """ESS of w^(j/steps), j = 0..steps, in rows, from one exponential a row: the sums of w^(j/steps) up to j = 2 steps."""
    peak = log_w.max()
    sums = np.zeros(2 * steps + 1)
    for _, block in blocks(log_w, False):
        root = np.exp((block - peak) / steps)
        power = (block > -np.inf).astype(np.float64)
        for j in range(2 * steps + 1):
            sums[j] += power.sum()
            power *= root
    return sums[: steps + 1] ** 2 / sums[::2]
