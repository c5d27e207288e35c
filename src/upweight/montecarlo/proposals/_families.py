"""One part of a fitted mixture from weighted points, family by family: the M-step.

    mixture     N(m, (1 - a) C + a tr(C)/d I + 10^-3 I),  a = (d + 1)/(ESS + d + 1)           m, C weighted
    projected   N(m, I + (v - 1) e e'),  e = m/|m|,  v >= 10^-3 the weighted variance along e
    vmfn        mu = sum W a/R,  R = |sum W a|,  k = (R d - R^3)/(1 - R^2), or 0 if R < 2/sqrt(ESS);  W = sum W r^2,  m = W^2/Var(r^2) in [0.5, 20 d]

What is inside: `FAMILIES`, a name to its fit and to the points in which its clusters are sought.

Sources: Ledoit and Wolf (2004) for shrinking a covariance toward a multiple of the identity; El Masri, Morio and Simatos (2021) for projected;
Banerjee, Dhillon, Ghosh and Sra (2005), J. Mach. Learn. Res. 6, for k; Papaioannou, Geyer and Straub (2019) for the lengths.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ._normal import Normal
from ._projected import Projected
from ._protocol import Proposal
from ._vmfn import VonMisesNakagami

__all__ = ["FAMILIES", "Family", "fit_normal"]

RIDGE = 1e-3  # variance added in every direction, in units of a standard normal
LEAST_VARIANCE = 1e-3
CONCENTRATED = 1 - 1e-9  # the largest mean direction's length that is told from one


class Family(NamedTuple):
    """fit(x (n, d), W (n,) of sum one) -> a part; seen(x) -> the points among which clusters are sought."""

    fit: Callable[[np.ndarray, np.ndarray], Proposal]
    seen: Callable[[np.ndarray], np.ndarray]


def fit_normal(x: np.ndarray, w: np.ndarray) -> Normal:
    """The normal of weighted points (n, d), its covariance shrunk; w (n,) of sum one."""
    d = x.shape[1]
    m = w @ x
    z = x - m
    c = (w[:, None] * z).T @ z
    a = (d + 1) / (1 / float(w @ w) + d + 1)
    c = (1 - a) * c + (a * np.trace(c) / d + RIDGE) * np.eye(d)
    return Normal(m, np.linalg.cholesky(c))


def _projected(x: np.ndarray, w: np.ndarray) -> Projected:
    m = w @ x
    size = float(np.linalg.norm(m))
    e = m / size if size > 0 else np.eye(m.size)[0]
    v = float(w @ ((x - m) @ e) ** 2)
    return Projected(m, e, max(LEAST_VARIANCE, v))


def _vmfn(x: np.ndarray, w: np.ndarray) -> VonMisesNakagami:
    d = x.shape[1]
    r = np.maximum(np.linalg.norm(x, axis=1), 1e-150)
    towards = w @ (x / r[:, None])
    length = float(np.linalg.norm(towards))
    mu = towards / length if length > 0 else np.eye(d)[0]
    R = min(length, CONCENTRATED)
    told = length >= 2 * math.sqrt(float(w @ w))
    k = (R * d - R**3) / (1 - R * R) if told else 0.0
    square = float(w @ (r * r))
    variance = float(w @ (r * r - square) ** 2)
    shape = square**2 / variance if variance > 0 else math.inf
    return VonMisesNakagami(mu, k, min(max(shape, 0.5), 20.0 * d), square)


def _as_it_is(x: np.ndarray) -> np.ndarray:
    return x


def _direction(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-150)


FAMILIES = {
    "mixture": Family(fit_normal, _as_it_is),
    "projected": Family(_projected, _as_it_is),
    "vmfn": Family(_vmfn, _direction),
}
