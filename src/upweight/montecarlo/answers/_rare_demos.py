"""Rare events to try at once: one that is easy, one from practice, one that nobody can be sure of.

    four-branch   four sides of a polygon, p = 0.002222795
    beam          resistance against load of a beam
    needle        a slope on one side, and a ball of failure where nothing slopes to, with 67 % of p

What is inside: `DEMOS`, name -> (g, inputs, what to know of it).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["DEMOS"]

BALL, RADIUS = (-2.5, -2.5), 0.25


def _four_branch(x: np.ndarray) -> np.ndarray:
    """Least of four margins; Waarts (2000)."""
    a, b = x[:, 0], x[:, 1]
    bent = 3 + 0.1 * (a - b) ** 2
    side = (a + b) / np.sqrt(2)
    return np.minimum.reduce([bent - side, bent + side, a - b + 7 / np.sqrt(2), b - a + 7 / np.sqrt(2)])


def _beam(x: dict[str, np.ndarray]) -> np.ndarray:
    """Resistance less load."""
    return x["R"] - x["S"]


def _needle(x: np.ndarray) -> np.ndarray:
    """A slope to the right, and a ball that fails at the lower left."""
    away = np.hypot(x[:, 0] - BALL[0], x[:, 1] - BALL[1])
    return np.where(away < RADIUS, -1.0, 4 - x[:, 0])


def _standard() -> Any:
    return 2


def _beam_inputs() -> Any:
    from scipy import stats

    return {"R": stats.lognorm(0.1, scale=300), "S": stats.gumbel_r(150, 12)}


DEMOS: dict[str, tuple[Callable[[Any], Any], Callable[[], Any], str]] = {
    "four-branch": (_four_branch, _standard, "The truth, by quadrature, is 0.002222795."),
    "beam": (_beam, _beam_inputs, "R is the resistance of the beam, S the load, in kN m."),
    "needle": (
        _needle,
        _standard,
        "The truth is 9.7e-05. A region that no call ever hit leaves no trace: most of it lies in a ball that nothing slopes to; where no "
        "call hit it, the answer is 3.2e-05 and looks right.",
    ),
}
