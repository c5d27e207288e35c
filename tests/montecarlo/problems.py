"""Failure probabilities known to ten digits, by quadrature or in closed form: name -> (g, inputs, p)."""

from __future__ import annotations

import numpy as np
from scipy import special, stats


def rp110(x):
    a = np.where(x[:, 0] <= 3.5, 0.85 - 0.1 * x[:, 0], 4 - x[:, 0])
    return np.minimum(a, np.where(x[:, 1] <= 2, 2.3 - x[:, 1], 0.5 - 0.1 * x[:, 1]))


def rp14(x):
    inside = x[:, 2] ** 2 * x[:, 3] ** 2 / 16 + x[:, 4] ** 2
    return x[:, 0] - 32 / (np.pi * x[:, 1] ** 3) * np.sqrt(inside)


def rp53(x):
    return np.sin(5 * x[:, 0] / 2) + 2 - (x[:, 0] ** 2 + 4) * (x[:, 1] - 1) / 20


def four_branch(x):
    a, b = x[:, 0], x[:, 1]
    bent = 3 + 0.1 * (a - b) ** 2
    return np.minimum.reduce([bent - (a + b) / 2**0.5, bent + (a + b) / 2**0.5, a - b + 7 / 2**0.5, b - a + 7 / 2**0.5])


def gumbel(mean, sd):
    scale = sd * np.sqrt(6) / np.pi
    return stats.gumbel_r(mean - np.euler_gamma * scale, scale)


RP14_INPUTS = [
    stats.uniform(70, 10),
    stats.norm(39, 0.1),
    gumbel(1500, 350),
    stats.norm(400, 0.1),
    stats.norm(250_000, 35_000),
]

PROBLEMS = {
    "RP107": (lambda x: 5 * 10**0.5 - x.sum(1), 10, 2.866515719e-07),
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
    "RP63": (lambda x: 0.1 * (x[:, 1:] ** 2).sum(1) - x[:, 0] - 4.5, 100, 3.769436118e-04),
    "four-branch": (four_branch, 2, 2.222795066e-03),
    "exp-sum": (lambda x: 140 - x.sum(1), [stats.expon()] * 100, 1.610571747e-04),
    "parabola": (lambda x: 5 - x[:, 1] - 0.5 * (x[:, 0] - 0.1) ** 2, 2, 3.016311901e-03),
    "far island": (
        lambda x: np.minimum(3.5 - x[:, 0], (x[:, 0] + 3) ** 2 + (x[:, 1] + 3) ** 2 - 1),
        2,
        4.863168879e-04,
    ),
    "two-sided": (lambda x: 4 - abs(x.sum(1)) / 50**0.5, 50, 6.334248367e-05),
    "twelve modes": (lambda x: 4 - abs(x).max(1), 6, 3.799947230e-04),
    "linear": (lambda x: 3.5 - x.sum(1) / 2, 4, float(special.ndtr(-3.5))),
    "shell": (lambda x: 30 - (x * x).sum(1), 5, 1.474858104e-05),
}
