"""Three logs whose truth is known: one that tells, one with wrong probabilities, one that is too thin.

Handwritten digits are recognised by the nearest of ten centroids. The logged policy has seen 100 images, the target half of all; both act at
random in a share e of cases, and the reward is 1 if the digit is right. 10,000 decisions are drawn from the other half:

    digits   the log acts at random in half of the cases, the target in a tenth
    wrong    the same, but from day 5 on the logged probabilities are 40 % too small
    thin     the log acts at random in a fiftieth of the cases

What is inside: `demo`, which makes one; `Demo`, its columns and its truth; `DEMOS`, their names.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..._errors import InputError, did_you_mean, require_package

__all__ = ["DEMOS", "Demo", "demo"]

DEMOS = {"digits": (0.5, 0.1), "wrong": (0.5, 0.1), "thin": (0.02, 0.1)}  # share of random actions, logged and target
ROWS = 10_000
SEEN = 898  # images that the target was trained on; decisions are about the others
FEW = 100  # images that the logged policy was trained on


class Demo(NamedTuple):
    """Columns of a log, and the true mean rewards of target and logged policy."""

    reward: np.ndarray
    logged: np.ndarray
    target: np.ndarray
    day: np.ndarray
    truth: tuple[float, float]


def demo(name: str) -> Demo:
    """The log of a name: "digits", "wrong" or "thin".

    >>> log = demo("digits")
    >>> [round(x, 3) for x in log.truth], round(float(log.reward.mean()), 3)
    ([0.798, 0.429], 0.432)
    """
    if name not in DEMOS:
        raise InputError(f"no demo {name!r}.{did_you_mean(name, DEMOS)} Name demo:digits, demo:wrong or demo:thin.")
    require_package("sklearn", extra="dev", room="ope")
    from sklearn.datasets import load_digits

    data = load_digits()
    X, y = np.asarray(data.data), np.asarray(data.target)  # type: ignore[union-attr]
    right = y[SEEN:]
    logged_e, target_e = DEMOS[name]
    logged = _policy(_nearest(X, y, FEW), logged_e)
    target = _policy(_nearest(X, y, SEEN), target_e)
    g = np.random.default_rng(0)
    image = g.integers(len(right), size=ROWS)
    action = np.minimum((np.cumsum(logged, axis=1)[image] < g.random(ROWS)[:, None]).sum(axis=1), 9)
    day = np.arange(ROWS) // 1000
    truth = tuple(float(p[np.arange(len(right)), right].mean()) for p in (target, logged))
    p = logged[image, action]
    if name == "wrong":
        p = np.where(day >= 5, 0.6 * p, p)
    return Demo((action == right[image]).astype(float), p, target[image, action], day, (truth[0], truth[1]))


def _nearest(X: np.ndarray, y: np.ndarray, seen: int) -> np.ndarray:
    """The digit whose centroid, of the first images, is nearest to each image after the first 898."""
    centroids = np.stack([X[:seen][y[:seen] == digit].mean(axis=0) for digit in range(10)])
    far = ((X[SEEN:, None, :] - centroids) ** 2).sum(axis=2)
    return far.argmin(axis=1)


def _policy(best: np.ndarray, e: float) -> np.ndarray:
    """(1 - e) on the best digit, and e spread over all ten."""
    pi = np.full((best.size, 10), e / 10)
    pi[np.arange(best.size), best] += 1 - e
    return pi
