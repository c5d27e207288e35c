"""The verbs that tame weights: each a one-line call of a pure function, each with its price on the trail.

The trouble: a few huge weights carry an average. Taming them lowers the variance and buys bias, and afterwards nobody can say how
much. Here every verb returns new weights, keeps the ones before as ``raw`` (verdicts and tails look there), drops the promise of a
mean of one, and records

    moved = 1/2 sum_i |W'_i - W_i|,   the most by which the average of any f in [0, 1] can have moved.

Which, if unsure: `smooth` below k-hat 0.7; from 0.7 on nothing rescues an average, and `temper` says openly that it changes
the question. Sources stand at each verb.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import arrays
from ._kinds import Step, forbid

if TYPE_CHECKING:
    from ._weights import Weights

__all__ = ["Tameable", "scalar"]


def scalar(x: Any) -> Any:
    """A plain float for one vector of weights, an array for a batch."""
    return float(x) if np.ndim(x) == 0 else np.asarray(x)


class Tameable(ABC):
    """The five taming verbs of `Weights`; abstract, `Weights` is the one final class."""

    log_w: np.ndarray
    kind: str

    @abstractmethod
    def _tamed_to(self, log_w: np.ndarray, step: Step) -> Weights: ...

    @abstractmethod
    def _taming_scale(self) -> str: ...

    def smooth(self, *, r_eff: float = 1.0) -> Weights:
        """Replace the largest weights by expected order statistics of a fitted Pareto tail: less variance, little bias.

        w_(r)' = u + sigma ((1 - p_r)^(-k) - 1)/k,  p_r = (r - 1/2)/M, never above the largest weight.

        r_eff : relative efficiency of correlated draws, in (0, 1]; it widens the tail that is fitted.

        Costs: a small bias. From k-hat 0.7 on it does not rescue an average, and `check` never advises it there.
        Source: Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto smoothed importance sampling.

        >>> from upweight import Weights
        >>> w = Weights.of_log(np.linspace(0, 5, 400) ** 1.4, kind="importance")
        >>> w.smooth().trail[-1].name
        'smooth'
        """
        return self._tame("smooth", lambda l: arrays.psis(l, r_eff=r_eff)[0], {"r_eff": r_eff})

    def truncate(self) -> Weights:
        """Cap every weight at the mean weight times sqrt(S), S the number of positive weights: variance O(1), bias that fades.

        w_i' = min(w_i, mean(w) sqrt(S))

        Costs: pulls every average toward the unweighted one, by at most the step's `moved`.
        Source: Ionides (2008), Truncated importance sampling.

        >>> from upweight import Weights
        >>> w = Weights.of([1.0] * 99 + [1000.0], kind="importance").truncate()
        >>> round(w.ess, 1), round(w.trail[-1].moved, 2)
        (3.6, 0.38)
        """
        return self._tame("truncate", arrays.truncate, {})

    def clip(self, *, at: float) -> Weights:
        """Cap every weight at `at`: less variance, some bias.

        w_i' = min(w_i, at)

        at : float > 0, on the scale of the weights as given; for logs without a promise (their constant means nothing) on
            the scale where the mean weight is one. The step records which.

        Costs: pulls every average toward the unweighted one, by at most the step's `moved` times the range of f.
        Source: Ionides (2008), Truncated importance sampling.

        >>> from upweight import Weights
        >>> w = Weights.of([1, 1, 98], kind="importance").clip(at=10)
        >>> round(w.ess, 2), round(w.trail[-1].moved, 4)
        (1.41, 0.1467)
        """
        return self._tame("clip", lambda l: arrays.clip(l, at=at), {"at": at})

    def temper(self, *, power: float | None = None, ess: float | None = None) -> Weights:
        """Raise every weight to a power in (0, 1]: the tail index is multiplied by it, averages move toward the source.

        w_i' = w_i^power

        power : the power itself, or
        ess : the effective sample size wanted, as a share in (0, 1) of the positive weights; weights worth that much already are kept.

        Costs: bias toward the unweighted average; with power 0 it would be complete.
        Source: Koblents and Miguez (2015), nonlinear transformation of importance weights.

        >>> from upweight import Weights
        >>> w = Weights.of_log(np.linspace(0, 5, 400) ** 1.4, kind="importance").temper(ess=0.5)
        >>> round(w.ess / w.n, 3)
        0.5
        """
        return self._tame("temper", lambda l: arrays.temper(l, power=power, ess=ess), {"power": power, "ess": ess})

    def shrink(self, *, lam: float, how: str = "square") -> Weights:
        """Shrink large weights smoothly: less variance, bias that grows as `lam` falls ("square") or rises ("harmonic").

        square: w' = lam w/(w^2 + lam);   harmonic: w' = w/((1 - lam) + lam w)

        lam : > 0 for "square", in [0, 1] for "harmonic".

        Costs: "square" sends the largest weights toward zero, so the ordering of rows by weight is not kept.
        Source: Su, Dimakopoulou, Krishnamurthy and Dudik (2020); Metelli, Russo and Restelli (2021).

        >>> from upweight import Weights
        >>> Weights.of([0.5, 1.0, 8.0], kind="importance").shrink(lam=1.0, how="harmonic").values
        array([1., 1., 1.])
        """
        return self._tame("shrink", lambda l: arrays.shrink(l, lam=lam, how=how), {"lam": lam, "how": how})

    def _tame(self, verb: str, f: Callable[[np.ndarray], np.ndarray], params: dict[str, Any]) -> Weights:
        forbid(self.kind, verb)
        scale = self._taming_scale()
        start = self.log_w if scale == "own" else self.log_w - arrays.log_mean_exp(self.log_w)[..., None]
        log_w = f(start)
        before = np.exp(start - arrays.log_sum_exp(start)[..., None])
        before -= np.exp(log_w - arrays.log_sum_exp(log_w)[..., None])
        moved = scalar(0.5 * np.abs(before, out=before).sum(axis=-1))
        said = {k: v for k, v in params.items() if v is not None} | {"scale": scale}
        sizes = scalar(arrays.ess(self.log_w)), scalar(arrays.ess(log_w))
        return self._tamed_to(log_w, Step(verb, said, *sizes, moved))
