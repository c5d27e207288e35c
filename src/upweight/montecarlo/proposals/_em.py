"""A mixture fitted to weighted points by expectation and maximisation, in logs.

    E   log r_ik = log a_k + log q_k(x_i) - log q(x_i)         M   part k from the weights W_i r_ik,  a_k = sum_i W_i r_ik

A component lives while its share exceeds 0.001 and its own ESS exceeds 2 min(d, 10) + 2: what fewer points say of a shape is noise. Seeds
are those of k-means++ on weighted points; the first parts are fitted to the points nearest to each.

What is inside: `fitted_mixture`; `mean_log`, sum W max(log q, -1000), by which fits are compared.

Sources: Dempster, Laird and Rubin (1977); Arthur and Vassilvitskii (2007), k-means++; Cappé, Douc, Guillin, Marin and Robert (2008), Adaptive
importance sampling in general mixture classes, for points with weights.
"""

from __future__ import annotations

import numpy as np

from ._families import FAMILIES, Family
from ._mixture import Mixture

__all__ = ["fitted_mixture", "mean_log"]

LEAST_SHARE = 1e-3
FLOOR = -1000.0  # a point that a fit misses costs this much and no more
STILL = 1e-4  # a round that gains less in mean log-density is the last


def fitted_mixture(
    x: np.ndarray, w: np.ndarray, family: str, k: int, *, rounds: int, rng: np.random.Generator
) -> Mixture:
    """A mixture of at most k parts of a family, fitted to points (n, d) of weights w (n,), sum one, in at most `rounds` rounds."""
    kind = FAMILIES[family]
    r = _nearest(kind.seen(x), w, k, rng)
    mixture = _maximised(x, w, r, kind, family)
    best = -np.inf
    for _ in range(rounds if k > 1 else 0):
        l = mixture.log_parts(x) + np.log(mixture.shares)[:, None]
        top = l.max(axis=0)
        total = top + np.log(np.exp(l - top).sum(axis=0))
        gained = float(w @ np.maximum(total, FLOOR))
        if gained - best < STILL:
            break
        best = gained
        mixture = _maximised(x, w, np.exp(l - total), kind, family)
    return mixture


def mean_log(mixture: Mixture, x: np.ndarray, w: np.ndarray) -> float:
    """sum W max(log q, -1000): how well points that were not fitted to are covered."""
    return float(w @ np.maximum(mixture.log_prob(x), FLOOR)) / float(w.sum())


def _maximised(x: np.ndarray, w: np.ndarray, r: np.ndarray, kind: Family, family: str) -> Mixture:
    """Parts from responsibilities (K, n); those that too few points carry are left out."""
    mass = r * w
    shares = mass.sum(axis=1)
    squares = (mass**2).sum(axis=1)
    worth = np.divide(shares**2, squares, out=np.zeros_like(shares), where=squares > 0)
    alive = (shares > LEAST_SHARE) & (worth > 2 * min(x.shape[1], 10) + 2)
    if not alive.any():
        return Mixture((kind.fit(x, w),), (1.0,), family)
    shares, mass = shares[alive], mass[alive]
    parts = tuple(kind.fit(x, m / share) for m, share in zip(mass, shares, strict=True))
    return Mixture(parts, tuple((shares / shares.sum()).tolist()), family)


def _nearest(x: np.ndarray, w: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """(k, n) zeros and ones: which of k seeds each point is nearest to."""
    seeds = [x[rng.choice(len(x), p=w)]]
    far = ((x - seeds[0]) ** 2).sum(axis=1)
    which = np.zeros(len(x), dtype=np.int64)
    for j in range(1, k):
        chance = w * far
        total = chance.sum()
        if not total > 0:
            break
        seeds.append(x[rng.choice(len(x), p=chance / total)])
        squares = ((x - seeds[-1]) ** 2).sum(axis=1)
        which[squares < far] = j
        np.minimum(far, squares, out=far)
    return (which == np.arange(k)[:, None]).astype(np.float64)
