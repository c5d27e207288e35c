"""How far each labelled and each unlabelled row moves the estimated class ratio, by implicit differentiation.

The trouble: the usual (Fisher) error of an estimated prior knows the unlabelled rows only; the labelled rows that calibrated the model
and told its average promise are taken for exact, and a nominal 95 % interval covers .85. The estimates are roots of equations, whose
derivatives give the influence of every row of both samples. With rho = q/pi, posterior shares t_k = rho_k s_k and s_kj = c_kj / sum_l
rho_l c_lj of target row j,

    maximum likelihood   mean_j s_kj = pi_k :     A d rho = (s_kj - pi_k) - d pi_k + B d theta,     A_kl = mean_j s_kj s_lj
                         B_kl = mean_j s_kj (1{k = l} - t_lj),     B_k,slope = mean_j s_kj (x_kj - sum_l t_lj x_lj)
    black box            C rho = mu :             d rho = C^-1 (p_j - mu)  and  -C^-1 (p_i rho_{y_i} - mu)

theta are slope and biases of the calibration; in the black box estimate they matter to second order only, since C rho = mu holds for any
function of the model's answer.

A class that was not found may come back: it stays in the equations, so that the others' errors are too large rather than too small (with
ten classes, most of them gone, .95 covers .98 to .99; without the lost classes a model that is wrong covers .80).

What is inside: `RatioInfluence`; `of_likelihood`, `of_black_box`.

Sources: Huber (1967); Alexandari et al. (2020) and Lipton, Wang and Smola (2018) for the equations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._calibrated import Bcts, logs

__all__ = ["RatioInfluence", "of_black_box", "of_likelihood"]

UNSEEN = 1e-12  # of a class that no target row could be: its interval has no end


@dataclass(frozen=True, eq=False)
class RatioInfluence:
    """(K, n + m) what each row, source first, adds to the ratio and to the source's shares; not divided by n or m yet."""

    ratio: np.ndarray
    shares: np.ndarray
    n: int

    def of_ratio(self) -> list[np.ndarray]:
        """One vector (n + m,) a class, whose squares add up to the ratio's squared error."""
        return list(self.ratio / self._sizes)

    def of_prior(self, ratio: np.ndarray, before: np.ndarray) -> list[np.ndarray]:
        """The same for q = before * ratio."""
        return list((before[:, None] * self.ratio + ratio[:, None] * self.shares) / self._sizes)

    @property
    def _sizes(self) -> np.ndarray:
        m = self.ratio.shape[1] - self.n
        return np.concatenate([np.full(self.n, self.n), np.full(m, m)])


def of_likelihood(
    ratio: np.ndarray, source: np.ndarray, codes: np.ndarray, target: np.ndarray, raw: np.ndarray, bcts: Bcts
) -> RatioInfluence | None:
    """Influences on the maximum-likelihood ratio; source (K, n) and target (K, m) calibrated, `raw` (K, m) the target's as it came.

    None where the target rows cannot tell two classes apart.
    """
    s = target / (ratio @ target)
    m = s.shape[1]
    a = s @ s.T / m
    a[np.diag_indices_from(a)] += UNSEEN
    fitted = bcts.influence is not None  # then mean c is the share of labels, exactly: the likelihood's own equation
    shares = _centred(_seen(codes, len(s)) if fitted else source)
    by_source = -shares
    if fitted:
        by_source = by_source + _mixture_slopes(s, ratio, logs(raw)) @ bcts.influence
    d = np.sqrt(np.diag(a))
    scaled = a / np.outer(d, d)
    if np.linalg.cond(scaled) > 1e12:
        return None
    both = np.linalg.solve(scaled, np.hstack([by_source, _centred(s)]) / d[:, None]) / d[:, None]
    return RatioInfluence(both, np.hstack([shares, np.zeros((len(s), m))]), len(codes))


def _centred(x: np.ndarray) -> np.ndarray:
    return x - x.mean(axis=1, keepdims=True)


def _seen(codes: np.ndarray, k: int) -> np.ndarray:
    """(K, n) one where the row is of the class."""
    return (codes == np.arange(k)[:, None]).astype(np.float64)


def _mixture_slopes(s: np.ndarray, ratio: np.ndarray, x: np.ndarray) -> np.ndarray:
    """B of the head of this file, in (slope, a_1 .., a_{K-1})."""
    t = ratio[:, None] * s
    by_slope = (s * (x - (t * x).sum(axis=0))).mean(axis=1)
    by_bias = np.diag(s.mean(axis=1)) - s @ t.T / s.shape[1]
    return np.column_stack([by_slope, by_bias[:, 1:]])


def of_black_box(
    ratio: np.ndarray, c: np.ndarray, source: np.ndarray, codes: np.ndarray, target: np.ndarray
) -> RatioInfluence:
    """Influences on the ratio that solves C ratio = mu; c (K, K) is C, source (K, n) and target (K, m) what the model says."""
    k, m = target.shape
    both = np.hstack(
        [-_centred(source * ratio[codes]), _centred(target)]
    )  # mean of p_i rho_{y_i} is mu, if none is raised to 0
    shares = np.hstack([_centred(_seen(codes, k)), np.zeros((k, m))])
    return RatioInfluence(np.linalg.solve(c, both), shares, len(codes))
