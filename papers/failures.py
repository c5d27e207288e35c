"""Failure probabilities known to ten digits, by quadrature or in closed form: name -> (g, inputs, p); failure is g <= 0.

RP numbers are those of the repository of black-box reliability problems (Rozsas and Slobbe, 2019), without its rounded reference values. For the papers,
the benches and the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special, stats

G = Callable[[np.ndarray], np.ndarray]


def linear(x: np.ndarray) -> np.ndarray:
    """At distance 3.5 in every dimension."""
    return 3.5 - x.sum(axis=1) / np.sqrt(x.shape[1])


def rp110(x: np.ndarray) -> np.ndarray:
    a = np.where(x[:, 0] <= 3.5, 0.85 - 0.1 * x[:, 0], 4 - x[:, 0])
    return np.minimum(a, np.where(x[:, 1] <= 2, 2.3 - x[:, 1], 0.5 - 0.1 * x[:, 1]))


def rp14(x: np.ndarray) -> np.ndarray:
    inside = x[:, 2] ** 2 * x[:, 3] ** 2 / 16 + x[:, 4] ** 2
    return x[:, 0] - 32 / (np.pi * x[:, 1] ** 3) * np.sqrt(inside)


def rp53(x: np.ndarray) -> np.ndarray:
    return np.sin(5 * x[:, 0] / 2) + 2 - (x[:, 0] ** 2 + 4) * (x[:, 1] - 1) / 20


def rp89(x: np.ndarray) -> np.ndarray:
    return np.minimum(8 - x[:, 0] ** 2 - x[:, 1], 6 - x[:, 0] / 5 - x[:, 1])


def four_branch(x: np.ndarray) -> np.ndarray:
    a, b = x[:, 0], x[:, 1]
    bent, side = 3 + 0.1 * (a - b) ** 2, (a + b) / np.sqrt(2)
    return np.minimum.reduce([bent - side, bent + side, a - b + 7 / np.sqrt(2), b - a + 7 / np.sqrt(2)])


def gumbel(mean: float, sd: float) -> Any:
    scale = sd * np.sqrt(6) / np.pi
    return stats.gumbel_r(mean - np.euler_gamma * scale, scale)


RP14_INPUTS = [
    stats.uniform(70, 10),
    stats.norm(39, 0.1),
    gumbel(1500, 350),
    stats.norm(400, 0.1),
    stats.norm(250_000, 35_000),
]

PROBLEMS: dict[str, tuple[G, Any, float]] = {
    "RP107": (lambda x: 5 * 10**0.5 - x.sum(axis=1), 10, 2.866515719e-07),
    "RP110": (rp110, 2, 3.195788433e-05),
    "RP111": (lambda x: 12.5 - abs(x[:, 0] * x[:, 1]), 2, 8.035085965e-07),
    "RP14": (rp14, RP14_INPUTS, 7.728523884e-04),
    "RP22": (lambda x: 2.5 - (x[:, 0] + x[:, 1]) / 2**0.5 + 0.1 * (x[:, 0] - x[:, 1]) ** 2, 2, 4.207305511e-03),
    "RP25": (
        lambda x: np.maximum(x[:, 0] ** 2 - 8 * x[:, 1] + 16, -16 * x[:, 0] + x[:, 1] + 32),
        2,
        4.148566294e-05,
    ),
    "RP28": (
        lambda x: x[:, 0] * x[:, 1] - 146.14,
        [stats.norm(78064, 11710), stats.norm(0.0104, 0.00156)],
        1.453294655e-07,
    ),
    "RP53": (rp53, [stats.norm(1.5, 1), stats.norm(2.5, 1)], 3.132048569e-02),
    "RP63": (lambda x: 0.1 * (x[:, 1:] ** 2).sum(axis=1) - x[:, 0] - 4.5, 100, 3.769436118e-04),
    "RP89": (rp89, 2, 5.471280529e-03),
    "four-branch": (four_branch, 2, 2.222795066e-03),
    "exp-sum": (lambda x: 140 - x.sum(axis=1), [stats.expon()] * 100, 1.610571747e-04),
    "parabola": (lambda x: 5 - x[:, 1] - 0.5 * (x[:, 0] - 0.1) ** 2, 2, 3.016311901e-03),
    "far island": (
        lambda x: np.minimum(3.5 - x[:, 0], (x[:, 0] + 3) ** 2 + (x[:, 1] + 3) ** 2 - 1),
        2,
        4.863168879e-04,
    ),
    "two-sided": (lambda x: 4 - abs(x.sum(axis=1)) / 50**0.5, 50, 6.334248367e-05),
    "twelve modes": (lambda x: 4 - abs(x).max(axis=1), 6, 3.799947230e-04),
    "linear 4": (linear, 4, float(special.ndtr(-3.5))),
    "linear 50": (linear, 50, float(special.ndtr(-3.5))),
    "linear 100": (linear, 100, float(special.ndtr(-3.5))),
    "linear 300, at 5": (lambda x: 5 - x.sum(axis=1) / 300**0.5, 300, float(special.ndtr(-5))),
    "shell 5": (lambda x: 30 - (x * x).sum(axis=1), 5, float(stats.chi2(5).sf(30))),
    "shell 100": (lambda x: 170 - (x * x).sum(axis=1), 100, float(stats.chi2(100).sf(170))),
    "sum of 50": (lambda x: 83 - x.sum(axis=1), [stats.expon()] * 50, float(stats.gamma(50).sf(83))),
    "sum of 30, low": (lambda x: x.sum(axis=1) - 13, [stats.expon()] * 30, float(stats.gamma(30).cdf(13))),
}
