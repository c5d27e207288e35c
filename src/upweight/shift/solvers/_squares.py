"""Relative least squares of kernels, and its leave-one-out score in closed form.

    r_alpha = p_t/(alpha p_t + (1 - alpha) p_s) <= 1/alpha        r(x) = sum_l a_l k(x, c_l)
    H = (1 - alpha) sum b_i p_i p_i' + alpha Q'Q/n_t,   h = mean Q,   a = max(0, (H + lam I)^-1 h)
    J = (1 - alpha)/2 mean (Pa)^2 + alpha/2 mean (Qa)^2 - mean Qa

P (n_s, b) and Q (n_t, b) are the kernels of source and target, b_i the weights of the source rows (sum one), alpha 0 the plain ratio.

The trouble: a width and a ridge must be chosen by rows that were left out, and a fit for each row left out is n fits. One is enough: leaving out
the pair (u, v) takes two vectors from H, and Woodbury gives every a_i from one eigendecomposition,

    a_i = max(0, H_lam^-1 (h_i + sqrt(c) k_1 u + sqrt(e) k_2 v)),     c = (1 - alpha) b_i n_s/(n_s - 1),  e = alpha/(n_t - 1)

with (k_1, k_2) of a system of two, H over n - 1 in its denominators and h_i = (sum Q - v)/(n_t - 1). With equal b it is exact.

What is inside: `leave_one_out`, J of every ridge; `least_squares`, a.

Sources: Kanamori, Hido and Sugiyama (2009), JMLR 10; Yamada et al. (2013), Neural Computation 25.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["least_squares", "leave_one_out"]

BLOCK = 1000  # pairs at a time, so that what they need stays in the cache


def least_squares(P: np.ndarray, Q: np.ndarray, b: np.ndarray, alpha: float, ridge: float) -> np.ndarray:
    """(b,) coefficients >= 0; b (n_s,) of sum one."""
    H = (1 - alpha) * (P * b[:, None]).T @ P
    if alpha:
        H += alpha / len(Q) * Q.T @ Q
    H[np.diag_indices_from(H)] += ridge
    return np.maximum(0.0, np.linalg.solve(H, Q.mean(axis=0)))


def leave_one_out(P: np.ndarray, Q: np.ndarray, b: np.ndarray, alpha: float, ridges: Sequence[float]) -> list[float]:
    """J of each ridge, every pair of a source and a target row left out in turn, as many as the smaller sample has."""
    n_s, n_t = len(P), len(Q)
    m = min(n_s, n_t)
    H = (1 - alpha) * n_s / (n_s - 1) * (P * b[:, None]).T @ P
    if alpha:
        H += alpha / (n_t - 1) * Q.T @ Q
    values, V = np.linalg.eigh(H)
    total = Q.sum(axis=0) @ V
    c, e = (1 - alpha) * b[:m] * n_s / (n_s - 1), alpha / (n_t - 1)
    share = b[:m] / b[:m].sum()
    scores = np.zeros(len(ridges))
    for i in range(0, m, BLOCK):
        rows = slice(i, min(i + BLOCK, m))
        u, v = P[rows], Q[rows]
        U, W = u @ V, v @ V
        h = (total - W) / (n_t - 1)
        for k, ridge in enumerate(ridges):
            a = _left_out(values + ridge, V, U, W, h, c[rows], e)
            scores[k] += _score(u, v, a, share[rows], alpha, m)
    return scores.tolist()


def _left_out(
    values: np.ndarray, V: np.ndarray, U: np.ndarray, W: np.ndarray, h: np.ndarray, c: np.ndarray, e: float
) -> np.ndarray:
    """(m, b) the coefficients without each pair; U, W, h (m, b) in the eigenvectors V, whose values hold the ridge."""
    D = 1 / values
    of = lambda x, y: np.einsum("ij,ij,j->i", x, y, D)
    s, t = np.sqrt(c), np.sqrt(e)
    first, second, cross = 1 - c * of(U, U), 1 - e * of(W, W), -s * t * of(U, W)
    g, k = s * of(U, h), t * of(W, h)
    det = first * second - cross**2
    k_1, k_2 = (second * g - cross * k) / det, (first * k - cross * g) / det
    inside = (h + (s * k_1)[:, None] * U + (t * k_2)[:, None] * W) * D
    return np.maximum(0.0, inside @ V.T)


def _score(u: np.ndarray, v: np.ndarray, a: np.ndarray, share: np.ndarray, alpha: float, m: int) -> float:
    """The part of J that these of the m pairs have."""
    at_source, at_target = np.einsum("ij,ij->i", u, a), np.einsum("ij,ij->i", v, a)
    square = (1 - alpha) / 2 * float(share @ at_source**2)
    return square + (alpha / 2 * float(at_target @ at_target) - float(at_target.sum())) / m
