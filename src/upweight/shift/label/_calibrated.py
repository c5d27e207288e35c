"""Probabilities that mean what they say before anything is concluded from their averages.

The trouble: class shares are read off averages of predicted probabilities, and a model that is too sure, or promises one class too
often, moves every average. A temperature and one bias a class mend most of it (bias-corrected temperature scaling):

    c_k  proportional to  exp(log p_k / T + b_k),    sum_k b_k = 0,    by maximum likelihood on labelled held-out rows

What is inside: `Bcts`, the map; `fit_bcts`, which fits it, by the damped Newton iteration that recalibration uses, and keeps the
influence of every labelled row on it.

Source: Alexandari, Kundaje and Shrikumar, Maximum likelihood with bias-corrected calibration is hard-to-beat at label shift
adaptation, ICML (2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..._undo import HeldOut, fit_logits, softmax

__all__ = ["FLOOR", "Bcts", "fit_bcts", "logs"]

FLOOR = float(np.log(1e-12))  # least log-probability: a promise of exactly 0 is mended too


def logs(p: np.ndarray) -> np.ndarray:
    """Natural logs of probabilities, not below `FLOOR`."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), FLOOR)


@dataclass(frozen=True, eq=False)
class Bcts:
    """softmax(slope log p + bias): slope is 1/T, bias (K,) sums to zero; `same` if it changes nothing.

    influence : (K, n) what each labelled row adds to (slope, bias_1 - bias_0, ..), times n; None where nothing was fitted.
    separated : whether the labels were separated, so that no maximum exists and nothing was fitted.
    """

    slope: float
    bias: np.ndarray
    influence: np.ndarray | None = None
    separated: bool = False

    @classmethod
    def same(cls, k: int, *, separated: bool = False) -> Bcts:
        """The map that changes nothing."""
        return cls(1.0, np.zeros(k), None, separated)

    @property
    def identity(self) -> bool:
        return self.slope == 1.0 and not self.bias.any()

    def __call__(self, p: np.ndarray) -> np.ndarray:
        """Calibrated probabilities (K, n)."""
        return p if self.identity else softmax(self.slope * logs(p) + self.bias[:, None])


def fit_bcts(p: np.ndarray, codes: np.ndarray) -> Bcts | None:
    """The map fitted on probabilities (K, n) of rows with these class numbers; None if the probabilities never differ."""
    k, n = p.shape
    x, ones = logs(p), np.ones(n)
    held = HeldOut(x, x, codes, ones, ones, tuple(np.bincount(codes, minlength=k).tolist()), 0, None)
    fit = fit_logits(held, slope=True)
    if fit.separated:
        return Bcts.same(k, separated=True)
    if np.isnan(fit.b):
        return None
    c = softmax(fit.b * x + fit.a[:, None])
    return Bcts(fit.b, fit.a - fit.a.mean(), _influence(x, c, codes))


def _influence(x: np.ndarray, c: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """H^-1 U_i of the likelihood's score in (slope, a_1 .., a_{K-1}); H its mean negative Hessian."""
    k, n = x.shape
    miss = -c.copy()
    miss[codes, np.arange(n)] += 1
    score = np.vstack([(miss * x).sum(axis=0), miss[1:]])
    mean = (c * x).sum(axis=0)
    far = c[1:] * (x[1:] - mean)
    h = np.empty((k, k))
    h[0, 0] = (c * (x - mean) ** 2).sum() / n
    h[0, 1:] = h[1:, 0] = far.sum(axis=1) / n
    h[1:, 1:] = np.diag(c[1:].mean(axis=1)) - c[1:] @ c[1:].T / n
    return np.linalg.pinv(h, hermitian=True) @ score
