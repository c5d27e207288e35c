"""The scale of a classifier's logits, from rows it has not seen.

The trouble: a classifier that was regularised is too timid, one that was not is too bold, and a ratio inherits either as a wrong power. Two
numbers mend it,

    log w = a f + b,   a >= 0,   maximising sum_i w_i log sigma(s_i (a f_i + b)),   s = +1 target, -1 source

and a classifier that ranks source above target gets a = 0: weights of one.

What is inside: `platt`, the fit; `losses`, the log loss of every row under it.

Source: Platt (1999), Probabilistic outputs for support vector machines.
"""

from __future__ import annotations

import numpy as np

__all__ = ["losses", "platt", "platt_losses"]

STEPS = 100
STEEPEST = 20.0  # a slope beyond it means that the samples are separated: then the classifier's own scale stays


def platt(f: np.ndarray, sign: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    """(a, b) of logits f (n,), signs (n,) +1 or -1, weights (n,)."""
    x = np.column_stack([f, np.ones(len(f))])
    theta = np.array([1.0, 0.0])
    level = float(w @ losses(x @ theta, sign))
    for _ in range(STEPS):
        slack = 1 / (1 + np.exp(np.clip(sign * (x @ theta), -700, 700)))
        gradient = x.T @ (w * sign * slack)
        hessian = (x * (w * slack * (1 - slack))[:, None]).T @ x
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-14)[0]
        theta, level, moved = _descend(x, sign, w, theta, step, level)
        if moved < 1e-10 * w.sum() or abs(theta[0]) > STEEPEST:
            break
    if theta[0] > STEEPEST:
        return 1.0, 0.0
    return (float(theta[0]), float(theta[1])) if theta[0] > 0 else (0.0, 0.0)


def _descend(
    x: np.ndarray, sign: np.ndarray, w: np.ndarray, theta: np.ndarray, step: np.ndarray, level: float
) -> tuple[np.ndarray, float, float]:
    """The Newton step, or the first of its halves that does not lose; and what it gained."""
    for halving in range(30):
        trial = theta + step / 2**halving
        found = float(w @ losses(x @ trial, sign))
        if found <= level:
            return trial, found, level - found
    return theta, level, 0.0


def losses(log_w: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """(n,) log loss of each row, in nats."""
    return np.logaddexp(0.0, -sign * log_w)


def platt_losses(f: np.ndarray, sign: np.ndarray, w: np.ndarray, tests: list[np.ndarray]) -> np.ndarray:
    """(n,) log loss of each row, its scale fitted on the rows of the other folds."""
    out = np.empty(len(f))
    for test in tests:
        train = np.setdiff1d(np.arange(len(f)), test, assume_unique=True)
        a, b = platt(f[train], sign[train], w[train])
        out[test] = losses(a * f[test] + b, sign[test])
    return out
