"""Weights under which the source's kernel mean is the target's.

    min 1/2 w'(K + rho I)w - kappa'w,   0 <= w <= cap,     kappa_i = (n_s/n_t) sum_j k(x_i, x_j)

With rho > 0 its conditions are a function of the row: r(x) = clip((kappa(x) - sum_i b_i w_i k(x, x_i))/rho, 0, cap), equal to the vector at the
source rows. Base weights b (mean one) weigh the source's side of K.

The trouble: K has a row and a column for every source row. Up to a gigabyte it is kept; above, blocks of 64 MB are made anew in every step.

What is inside: `kernel_means`, accelerated projected gradients with restarts.

Sources: Huang et al. (2007), NIPS 19; Beck and Teboulle (2009) and O'Donoghue and Candes (2015) for the iteration.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from ._kernels import gaussian

__all__ = ["kernel_means", "kernel_sums"]

BLOCK = 64 << 20
KEPT = 1 << 30
STEPS = 20_000
STILL = 1e-9  # largest gap between the vector and the function at the source rows; 1e-12 of a step where rounding forbids it


def kernel_sums(x: np.ndarray, points: np.ndarray, v: np.ndarray, width: float) -> np.ndarray:
    """(n,) sum_j v_j k(x_i, point_j), in blocks of rows."""
    step = max(1, BLOCK // (8 * len(points)))
    return np.concatenate([gaussian(x[i : i + step], points, width) @ v for i in range(0, len(x), step)])


def kernel_means(
    source: np.ndarray, target: np.ndarray, b: np.ndarray, *, width: float, ridge: float, cap: float
) -> np.ndarray:
    """(n_s,) weights in [0, cap]; b (n_s,) weights that the source has already, of mean one."""
    kappa = len(source) / len(target) * kernel_sums(source, target, np.ones(len(target)), width)
    times = _product(source, width)
    steep = _largest(times, b) + ridge
    least = max(1e-12, STILL * ridge / steep)
    w = ahead = np.clip(kappa / max(float(kappa.mean()), 1e-300), 0.0, cap)
    t = 1.0
    for _ in range(STEPS):
        slope = times(b * ahead) + ridge * ahead - kappa
        new = np.clip(ahead - slope / steep, 0.0, cap)
        moved = new - w
        if np.abs(new - ahead).max() <= least * max(1.0, float(new.max())):
            return new
        if (b * (ahead - new)) @ moved > 0:  # against the way it goes: start the acceleration anew
            t, ahead, w = 1.0, new, new
            continue
        after = (1 + np.sqrt(1 + 4 * t * t)) / 2
        ahead, w, t = new + (t - 1) / after * moved, new, after
    return w


def _product(x: np.ndarray, width: float) -> Callable[[np.ndarray], np.ndarray]:
    """v -> K v."""
    size = 8 * len(x) ** 2
    if size <= KEPT:
        K = gaussian(x, x, width)
        return lambda v: K @ v
    warnings.warn(
        f"kernel means of {len(x):,} source rows have a matrix of {size / 2**30:.1f} GB; it is made in blocks of 64 MB in every step, which "
        "is slow. Use fewer source rows, or method='ulsif'.",
        UserWarning,
        stacklevel=2,
    )
    return lambda v: kernel_sums(x, x, v, width)


def _largest(times: Callable[[np.ndarray], np.ndarray], b: np.ndarray) -> float:
    """An upper bound on the largest eigenvalue of K diag(b): that of the matrix of positive entries by its ratios."""
    v = np.ones(len(b))
    bound = np.inf
    for _ in range(30):
        new = times(b * v)
        bound = min(bound, float((new / v).max()))
        v = new / new.max()
    return bound
