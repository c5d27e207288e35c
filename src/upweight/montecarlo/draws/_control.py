"""Control variates that a mixture brings along: every component's share of the density has a known mean.

    c_j = q_j/q,  mean one under q;      mu = mean of w f - sum_j beta_j (c_j - 1),   beta by least squares,  n - J degrees of freedom

The trouble: a mixture of proposals is safe, and noisier than its best part would have been alone. With its own densities as controls it is
never worse than the best part with that part's rows, up to O(1/n). With exact weights w - 1 is a control too, and a constant is exact; without,
the average is a ratio of two such means.

What is inside: `controlled`, the averages of columns.

Source: Owen and Zhou (2000), Safe and effective importance sampling, J. Am. Stat. Assoc. 95.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..._estimate import Average, Dense, NamedValues, average, multipliers, sample_of
from ..._weights import Weights
from ...arrays import log_sum_exp

__all__ = ["controlled"]


def controlled(w: Weights, columns: NamedValues, log_q: np.ndarray, counts: np.ndarray) -> list[Average]:
    """Each column's average with controls: log_q (J, n) of every proposal at every row, counts (J,) of their rows."""
    controls = _controls(log_q, counts)
    raw = w.raw
    if not w.exact:
        raw = Weights.of_log(raw.log_w - raw.log_w.max(), kind="importance")  # a ratio has no scale
    sample = sample_of(raw, multipliers(raw, "integral"), "integral")
    drawn = max(1, w.n - len(counts))
    sample = replace(sample, factor=w.n / drawn)
    weights = np.exp(raw.log_w)
    if w.exact:
        controls = np.vstack([controls, weights - 1])
    return [_one(x, weights, controls, sample, w.exact) for x in columns.each]


def _controls(log_q: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """c_j - 1 (J - 1, n), of all components that rows were drawn from but the last."""
    drawn = np.flatnonzero(counts > 0)
    log_q, shares = log_q[drawn], counts[drawn] / counts.sum()
    pooled = log_sum_exp((log_q + np.log(shares)[:, None]).T)
    return np.exp(log_q[:-1] - pooled) - 1


def _one(x, weights: np.ndarray, controls: np.ndarray, sample, exact: bool) -> Average:
    """One column, read less a value that it takes, so that a constant is exact."""
    pivot = x.seen[0]
    top, psi = _residuals(weights * (x.values - pivot), controls)
    if not exact:
        below, far = _residuals(weights, controls)
        top, psi = top / below, (psi - top / below * far) / below
    found = average(pivot + top, Dense(psi / psi.size), sample, psi.size, bounded=x.bounded)
    return found if x.unit == 1.0 else found.moved(x.unit)


def _residuals(y: np.ndarray, controls: np.ndarray) -> tuple[float, np.ndarray]:
    """(mean of y - beta c, its residuals (n,)), beta by least squares of least norm."""
    if not y.any():
        return 0.0, np.zeros_like(y)
    means = controls.mean(axis=1)
    far = (controls - means[:, None]).T
    beta = np.linalg.lstsq(far, y - y.mean(), rcond=None)[0]
    return float(y.mean() - beta @ means), (y - y.mean()) - far @ beta
