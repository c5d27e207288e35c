"""The best mixture of given columns: a concave function on a simplex, with its certificate.

    max over beta >= 0, sum beta = 1, of  mean_j log sum_l A_jl beta_l

Optimal where g = A'(1/(A beta))/m is at most one in every entry; max g - 1 bounds how far the value is from the best.

The trouble: kernels overlap, so a hundred columns look like five, and steps along the gradient (EM among them) stall a thousandth away and
look converged. A primal-dual interior point takes some fifteen steps to a certificate of 1e-9.

What is inside: `best_mixture`.

Source: Kim, Carbonetto, Stephens and Anitescu (2020), J. Computational and Graphical Statistics 29, for this problem at scale.
"""

from __future__ import annotations

import numpy as np

from ..._errors import InputError

__all__ = ["best_mixture"]

GAP = 1e-9
STEPS = 200
SHRINK, SHORT = 0.1, 0.99  # of the complementarity a step, and of the way to the boundary


def best_mixture(A: np.ndarray) -> tuple[np.ndarray, float, int]:
    """beta (b,) of the best mixture of the columns of A (m, b) >= 0, its certificate max g - 1, and the steps taken.

    Every row of A needs a positive entry.
    """
    m, b = A.shape
    beta, slack = np.full(b, 1 / b), np.ones(b)
    best, least = beta, np.inf
    for step in range(1, STEPS + 1):
        value = A @ beta
        g = A.T @ (1 / value) / m
        gap = float(g.max() * beta.sum() - 1)
        if gap < least:
            best, least = beta / beta.sum(), gap
        if gap < GAP:
            return best, least, step
        mu = SHRINK * float(beta @ slack) / b
        scaled = A / value[:, None]
        hessian = scaled.T @ scaled / m
        hessian[np.diag_indices(b)] += slack / beta
        way = np.linalg.solve(hessian, g - 1 + mu / beta)
        other = mu / beta - slack - slack / beta * way
        length = min(_room(beta, way), _room(slack, other))
        beta, slack = beta + length * way, slack + length * other
    if least > 1e-8:
        raise InputError(
            f"the mixture of kernels was not found: its certificate is {least:.2g} after {STEPS} steps. Use fewer centres or a smaller "
            "bandwidth."
        )
    return best, least, STEPS


def _room(x: np.ndarray, way: np.ndarray) -> float:
    """How far x > 0 can go along the way and stay positive, one at most."""
    falling = way < 0
    return min(1.0, SHORT * float((-x[falling] / way[falling]).min())) if falling.any() else 1.0
