"""The nearest weights with given averages: one convex function of one number a term.

    min sum q_i D(w_i/q_i)   subject to   sum w = 1,  |sum w_i z_ik| <= t for every term k

is solved by w_i = q_i F(u_i), u = lam_0 + z lam, where lam minimises

    sum q_i G(u_i) - lam_0 + t sum |lam_k| + ridge/2 sum lam_k^2,     F = G'

The trouble: Newton's method on it takes ten steps where a solution exists, and walks off for ever where none does, leaving numbers behind that
look like weights. Here it stops at a sub-gradient under 1e-9 or says that it did not.

    kl                  F = exp u;  a lower bound L: L + (1-L) exp(u/(1-L))
    kl, L and U         the logit between them (Deville and Sarndal 1992)
    chi2, L and U       clip(1 + u, L, U);  L = 0 and no U: the least variance that is not negative

What is inside: `Distance`, F, G and F' of each; `minimise`, damped Newton with an active set: a term is free where its multiplier is not zero
or its gap exceeds t, and steps stay within the orthant.

Sources: Deville and Sarndal (1992), JASA 87; Hainmueller (2012), Political Analysis 20; Zubizarreta (2015), JASA 110; for steps within an orthant
Andrew and Gao (2007), ICML.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ._term_matrix import TermMatrix

__all__ = ["Distance", "DualPoint", "minimise"]

STILL = 1e-9  # largest sub-gradient, in sd, of a solution
STEPS = 500
FARTHEST = 1e8  # a multiplier beyond it: no solution, or none that doubles can hold
HALVINGS = 40
WALK = 0.05  # a last step that leaves more than this share of the gap; toward an edge each leaves 1/e


@dataclass(frozen=True)
class Distance:
    """How far weights are from the ones they start from: "kl" or "chi2", and the bounds on w over base."""

    name: str = "kl"
    low: float = 0.0
    high: float = math.inf

    def weights(self, u: np.ndarray) -> np.ndarray:
        """F(u)."""
        low, high = self.low, self.high
        if self.name == "chi2":
            return np.clip(1 + u, low, high)
        if math.isinf(high):
            return low + (1 - low) * np.exp(u / (1 - low))
        return low + (high - low) * expit(self._logit(u))

    def slope(self, u: np.ndarray) -> np.ndarray:
        """F'(u)."""
        low, high = self.low, self.high
        if self.name == "chi2":
            return ((1 + u > low) & (1 + u < high)).astype(float)
        if math.isinf(high):
            return np.exp(u / (1 - low))
        s = expit(self._logit(u))
        return (high - low) * self._steepness * s * (1 - s)

    def value(self, u: np.ndarray) -> np.ndarray:
        """G(u), up to a constant."""
        low, high = self.low, self.high
        if self.name == "chi2":
            c = np.clip(1 + u, low, high)
            return c * (1 + u) - c * c / 2
        if math.isinf(high):
            return low * u + (1 - low) ** 2 * np.exp(u / (1 - low))
        return low * u + (high - low) / self._steepness * np.logaddexp(0.0, self._logit(u))

    @property
    def _steepness(self) -> float:
        return (self.high - self.low) / ((1 - self.low) * (self.high - 1))

    def _logit(self, u: np.ndarray) -> np.ndarray:
        return self._steepness * u + math.log((1 - self.low) / (self.high - 1))

    def settled(self, v: np.ndarray, q: np.ndarray, start: float) -> float:
        """lam_0 for which the weights of u = lam_0 + v sum to one, where a formula says it; else `start`."""
        if self.name == "chi2" or not math.isinf(self.high):
            return start
        free = 1 - self.low
        peak = float(v.max())
        return -peak - free * math.log(float(q @ np.exp((v - peak) / free)))


@dataclass(frozen=True, eq=False)
class DualPoint:
    """Weights (n,) of sum one, multipliers lam (K + 1,), steps taken, and the largest sub-gradient, now and a step before.

    Newton's method ends by squaring its gap. One that ends by a constant factor walks toward infinity: some weights go to zero.
    """

    w: np.ndarray
    lam: np.ndarray
    steps: int
    gap: float
    gap_before: float

    @property
    def solved(self) -> bool:
        return self.gap < STILL

    @property
    def walking(self) -> bool:
        """Whether it came near by walking, as toward an edge, and not by arriving."""
        return self.steps > 2 and self.gap > WALK * self.gap_before


def minimise(
    z: TermMatrix, q: np.ndarray, distance: Distance, *, tolerance: float = 0.0, ridge: float = 0.0, steps: int = STEPS
) -> DualPoint:
    """Weights q F(lam'z) with sum one whose averages of z are within `tolerance` of zero.

    z : the terms, (n, K). q : (n,) > 0, of sum one where no row was left out. tolerance, ridge : >= 0.
    """
    problem = _Problem(z, q, distance, tolerance, ridge)
    lam, step, gap, before = problem.start(), 0, math.inf, math.inf
    u = problem.u(lam)
    for step in range(steps + 1):
        gradient = problem.gradient(u, lam)
        pull = problem.sub_gradient(gradient, lam)
        gap, before = float(np.abs(pull).max()), gap
        if gap < STILL or step == steps or np.abs(lam).max() > FARTHEST:
            break
        trial = problem.stepped(lam, u, pull)
        if trial is None:
            break
        lam, u = trial
    w = q * distance.weights(u)
    return DualPoint(w, lam, step, gap, before)


@dataclass(frozen=True, eq=False)
class _Problem:
    z: TermMatrix
    q: np.ndarray
    distance: Distance
    tolerance: float
    ridge: float

    def start(self) -> np.ndarray:
        return np.zeros(self.z.terms + 1)

    def u(self, lam: np.ndarray) -> np.ndarray:
        return lam[0] + self.z.dot(lam[1:])

    def settled(self, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same multipliers with the best lam_0, where a formula says it, and their u (n,)."""
        out, u = lam.copy(), self.z.dot(lam[1:])
        out[0] = self.distance.settled(u, self.q, float(lam[0]))
        u += out[0]
        return out, u

    def level(self, u: np.ndarray, lam: np.ndarray) -> float:
        """The function that is minimised."""
        with np.errstate(over="ignore", invalid="ignore"):
            smooth = float(self.q @ self.distance.value(u)) - float(lam[0])
        size = np.abs(lam[1:])
        return smooth + self.tolerance * float(size.sum()) + self.ridge / 2 * float(size @ size)

    def gradient(self, u: np.ndarray, lam: np.ndarray) -> np.ndarray:
        """(K + 1,) of its smooth part."""
        w = self.q * self.distance.weights(u)
        return np.append(w.sum() - 1, self.z.sums(w) + self.ridge * lam[1:])

    def sub_gradient(self, gradient: np.ndarray, lam: np.ndarray) -> np.ndarray:
        """The steepest sub-gradient (K + 1,); zero where the tolerance holds a term still."""
        pull = gradient.copy()
        if self.tolerance:
            g, at = gradient[1:], lam[1:]
            resting = np.sign(g) * np.maximum(np.abs(g) - self.tolerance, 0.0)
            pull[1:] = np.where(at != 0, g + self.tolerance * np.sign(at), resting)
        return pull

    def stepped(self, lam: np.ndarray, u: np.ndarray, pull: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """The first of the halved Newton steps that lowers the function enough, and its u; None if none does."""
        hessian = self.z.gram(self.q * self.distance.slope(u))
        hessian[np.diag_indices_from(hessian)] += np.append(0.0, np.full(self.z.terms, self.ridge))
        way = self._direction(hessian, lam, pull)
        way *= min(1.0, FARTHEST / max(float(np.abs(way).max()), 1e-300))
        signs = np.where(lam != 0, np.sign(lam), -np.sign(pull))
        before = self.level(u, lam)
        rounding = 1e-14 * (1 + float(np.abs(lam).sum()))  # of sums of terms as large as the multipliers
        for halving in range(HALVINGS):
            trial = lam + way / 2**halving
            if self.tolerance:
                trial[1:] = np.where(trial[1:] * signs[1:] > 0, trial[1:], 0.0)
            trial, there = self.settled(trial)
            after = self.level(there, trial)
            wanted = 1e-4 * float(pull[1:] @ (trial - lam)[1:] + pull[0] * way[0] / 2**halving)
            if after <= before + min(wanted, 0.0) + rounding:
                return trial, there
        return None

    def _direction(self, hessian: np.ndarray, lam: np.ndarray, pull: np.ndarray) -> np.ndarray:
        """Newton's direction (K + 1,) over the free terms; a term that would leave its orthant from zero is held."""
        free = (lam != 0) | (pull != 0)
        free[0] = True
        way, flat = np.zeros_like(lam), False
        for _ in range(len(lam)):
            way[:] = 0.0
            way[free], flat = _least_norm(hessian[np.ix_(free, free)], -pull[free])
            against = free & (lam == 0) & (way * pull > 0)
            against[0] = False
            if not self.tolerance or not against.any():
                break
            free &= ~against
        return way * self._reach(lam, way) if flat else way

    def _reach(self, lam: np.ndarray, way: np.ndarray) -> float:
        """How far a straight way leads: to the first multiplier that it brings to zero, else as far as any may go."""
        falling = way[1:] * lam[1:] < 0
        if self.tolerance and falling.any():
            return float((-lam[1:] / np.where(falling, way[1:], 1.0))[falling].min())
        return FARTHEST / max(float(np.abs(way).max()), 1e-300)


def _least_norm(hessian: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, bool]:
    """The shortest x with hessian x = g; or where a tenth of g lies along what the Hessian does not see, that way, and True."""
    size = np.sqrt(np.maximum(np.diag(hessian), 0.0))
    size = np.where(size > 0, size, 1.0)
    values, vectors = np.linalg.eigh(hessian / np.outer(size, size))
    along = vectors.T @ (g / size)
    seen = values > 1e-13 * max(values[-1], 1e-300)
    unseen = np.where(seen, 0.0, along)
    if np.abs(unseen).max() > max(1e-10, 0.1 * float(np.abs(along[seen]).max(initial=0.0))):
        return vectors @ unseen / size, True
    return vectors @ np.where(seen, along / np.where(seen, values, 1.0), 0.0) / size, False
