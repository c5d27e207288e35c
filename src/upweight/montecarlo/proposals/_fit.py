"""A proposal from weighted points: which family, and how many components, by points that the fit has not seen.

The trouble: more components always fit the points in hand better, and a proposal that fits only them has gaps where the weights explode. Two
random halves of the points are each scored by what was fitted to the other,

    score = sum over halves of sum W max(log q, -1000)

and the best wins, by 10^-3 at least; the number of components doubles from one until the score falls or ESS < 8 K. Then all points are
fitted.

What is inside: `fit_proposal`.

Source: van der Laan, Dudoit and Keles (2004), Asymptotic optimality of likelihood-based cross-validation, Stat. Appl. Genet. Mol. Biol. 3.
"""

from __future__ import annotations

import numpy as np

from ...arrays import resample
from ._em import fitted_mixture, mean_log
from ._mixture import Mixture

__all__ = ["fit_proposal"]

MOST = 2000  # rows that a fit looks at
LIGHT = np.log(1e-12)  # rows lighter than this share of the heaviest say nothing
FEW = 10  # rows below which a shape is not chosen
LARGEST = {"mixture": 16, "projected": 4, "vmfn": 4}
BETTER = 1e-3
TO_CHOOSE, TO_FIT = 12, 30  # rounds of expectation and maximisation


def fit_proposal(x: np.ndarray, log_w: np.ndarray, *, rng: np.random.Generator, family: str = "auto") -> Mixture:
    """A mixture fitted to points x (n, d), in units of a standard normal, of log-weights (n,), -inf for none; at least one has weight.

    family : "auto", "mixture" (Gaussians), "projected" or "vmfn" (d >= 2).
    """
    x, w = _points(x, log_w, rng)
    d = x.shape[1]
    if len(x) < FEW:
        name = family if family != "auto" else "mixture" if d < 15 else "projected"
        return fitted_mixture(x, w, name, 1, rounds=TO_FIT, rng=rng)
    ess = 1 / float(w @ w)
    halves = np.array_split(rng.permutation(len(x)), 2)
    best = (-np.inf, "", 1)
    for name in _families(d) if family == "auto" else [family]:
        for k, score in _scores(x, w, halves, name, ess, rng):
            if score > best[0] + BETTER:
                best = score, name, k
    _, name, k = best
    return fitted_mixture(x, w, name or "mixture", k, rounds=TO_FIT, rng=rng)


def _points(x: np.ndarray, log_w: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The rows that count, each once, 2000 at most, and their weights, sum one."""
    l = log_w - log_w.max()
    kept = np.flatnonzero(l > LIGHT)
    if kept.size > MOST:
        rows, copies = np.unique(resample(l[kept], MOST, method="systematic", rng=rng), return_counts=True)
        return x[kept[rows]], copies / MOST  # each row once: a copy in both halves would make every fit look good
    w = np.exp(l[kept])
    return x[kept], w / w.sum()


def _families(d: int) -> list[str]:
    """The families under "auto"."""
    if d == 1:
        return ["mixture"]
    return ["mixture", "vmfn"] if d <= 10 else ["mixture", "projected", "vmfn"]


def _scores(x, w, halves, name: str, ess: float, rng: np.random.Generator):
    """(K, score) for K = 1, 2, 4 ..., until the score falls or the points do not suffice."""
    last, k, d = -np.inf, 1, x.shape[1]
    while k <= LARGEST[name] and (k == 1 or ess >= 8 * k):
        if name == "mixture" and d > 10 and ess < 2.5 * d * k:
            return
        score = sum(_held_out(x, w, a, b, name, k, rng) for a, b in (halves, halves[::-1]))
        yield k, score
        if score < last:
            return
        last, k = score, 2 * k


def _held_out(x, w, fitted: np.ndarray, left: np.ndarray, name: str, k: int, rng: np.random.Generator) -> float:
    """The score of one half by a fit to the other."""
    inside, outside = w[fitted], w[left]
    if not (inside.sum() > 0 and outside.sum() > 0):
        return -np.inf
    q = fitted_mixture(x[fitted], inside / inside.sum(), name, k, rounds=TO_CHOOSE, rng=rng)
    return mean_log(q, x[left], outside)
