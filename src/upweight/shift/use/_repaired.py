"""How far each labelled row moves a recalibration, and what that does to probabilities elsewhere.

The trouble: probabilities repaired on 300 weighted rows carry the error of those rows to every row they are applied to. The repair is a
maximum of a weighted likelihood in intercepts a and slope b, so its influence is one linear solve,

    p'  proportional to  exp(a_k + b log p_k),      d(a, b) = H^-1 w_i U_i,    U_i = (1{y_i = k} - p'_ik, sum_k (1{y_i = k} - p'_ik) log p_ik)

What is inside: `Repaired`, a repair with its influences.

Source: Huber (1967); Cox (1958) for the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..._undo import Repair, softmax

__all__ = ["STEP", "Repaired"]

CLIP = float(np.log(1e-6))  # as `recalibrate` clips
STEP = 1e-4  # of a derivative by differences; error of order its square


@dataclass(frozen=True, eq=False)
class Repaired:
    """Intercepts (K,), slope, and `influence` (K - 1 or K, n): what row i moves a_1 .., and the slope where it was fitted."""

    intercept: np.ndarray
    slope: float
    influence: np.ndarray

    @classmethod
    def of(cls, repair: Repair, p: np.ndarray, codes: np.ndarray, w: np.ndarray) -> Repaired:
        """Of a repair that was fitted on p (K, n), class numbers and weights w (n,) of sum one."""
        assert repair.intercept is not None
        k, _n = p.shape
        x = _logs(p)
        q = softmax(repair.intercept[:, None] + repair.slope * x)
        miss = (codes == np.arange(k)[:, None]) - q
        score = np.vstack([miss[1:], (miss * x).sum(axis=0)])
        far = x - (q * x).sum(axis=0)
        wq = w * q
        h = np.empty((k, k))
        h[:-1, :-1] = np.diag(wq[1:].sum(axis=1)) - wq[1:] @ q[1:].T
        h[:-1, -1] = h[-1, :-1] = (wq[1:] * far[1:]).sum(axis=1)
        h[-1, -1] = (wq * far**2).sum()
        free = k if repair.how == "platt" else k - 1
        influence = np.linalg.pinv(h[:free, :free], hermitian=True) @ (w * score[:free])
        return cls(repair.intercept, repair.slope, influence)

    def __call__(self, p: np.ndarray) -> np.ndarray:
        """Repaired probabilities (K, m)."""
        return softmax(self.intercept[:, None] + self.slope * _logs(p))

    def moved(self) -> list[tuple[Repaired, Repaired]]:
        """For every free number, the repair a little below and a little above: what a derivative by differences needs."""
        return [(self._at(i, -STEP), self._at(i, STEP)) for i in range(len(self.influence))]

    def _at(self, i: int, by: float) -> Repaired:
        if i == len(self.intercept) - 1:
            return replace(self, slope=self.slope + by)
        a = self.intercept.copy()
        a[i + 1] += by
        return replace(self, intercept=a)


def _logs(p: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), CLIP)
