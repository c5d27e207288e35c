"""Logs of decisions whose truth is known, for the papers on off-policy evaluation.

    Classified   a public table of classes: the right class pays 1; target and logged policy are nearest centroids, acting at random at times
    B1, B2       small worlds of contexts and actions with Bernoulli rewards

Tables are read from the folder in UPWEIGHT_DATA (default ../shared/data beside the checkout).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

import upweight as uw

FOLDER = Path(os.environ.get("UPWEIGHT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "bandit"
FILES = {"optdigits": "optdigits.data", "letter": "letter-recognition.data"}


def drawn(p: np.ndarray, u: np.ndarray) -> np.ndarray:
    """The action of each row of p (n, K): the number of cumulative probabilities below u (n,)."""
    return np.minimum((np.cumsum(p, axis=1) < u[:, None]).sum(axis=1), p.shape[1] - 1)


def table(name: str, folder: Path | None = None) -> tuple[np.ndarray, np.ndarray] | None:
    """Standardised columns and class numbers; None where the file is not there."""
    path = (FOLDER if folder is None else folder) / FILES[name]
    if not path.exists():
        return None
    rows = np.array([line.split(",") for line in path.read_text().split()])
    label, X = (rows[:, 0], rows[:, 1:]) if name == "letter" else (rows[:, -1], rows[:, :-1])
    X = X.astype(float)
    spread = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1), np.unique(label, return_inverse=True)[1]


class Classified:
    """A quarter of a table trains the two policies; the rest are contexts, and the right class pays 1."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        order = np.random.default_rng(0).permutation(len(y))
        train, test = order[: len(y) // 4], order[len(y) // 4 :]
        self.X, self.y, self.k = X[test], y[test], int(y.max()) + 1
        few = train[: len(train) // 4]
        self.target = self._policy(X, y, train, slice(None), 0.9)
        self.logged = self._policy(X, y, few, slice(0, None, 2), 0.5)
        right = np.arange(len(test)), self.y
        self.value, self.value_logged = float(self.target[right].mean()), float(self.logged[right].mean())
        self.square = float((self.target**2 / self.logged).sum(axis=1).mean())

    def _policy(self, X: np.ndarray, y: np.ndarray, rows: np.ndarray, columns: slice, sure: float) -> np.ndarray:
        centroids = np.stack([X[rows][y[rows] == c][:, columns].mean(axis=0) for c in range(self.k)])
        far = [((self.X[:, columns] - centroid) ** 2).sum(axis=1) for centroid in centroids]
        pi = np.full((len(self.y), self.k), (1 - sure) / self.k)
        pi[np.arange(len(self.y)), np.argmin(far, axis=0)] += sure
        return pi

    def log(self, run: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, uw.Weights, np.ndarray]:
        """(contexts, actions, rewards, weights, target (n, K)) of as many decisions as there are contexts."""
        g = np.random.default_rng(1000 + run)
        rows = g.choice(len(self.y), size=len(self.y))
        action = drawn(self.logged[rows], g.random(len(rows)))
        reward = (action == self.y[rows]).astype(float)
        w = uw.ratio(self.target[rows, action], self.logged[rows, action])
        return self.X[rows], action, reward, w, self.target[rows]


class B1:
    """Three contexts and four actions."""

    context = np.array([0.5, 0.3, 0.2])
    logged = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4], [0.25] * 4])
    target = np.array([[0.1, 0.1, 0.2, 0.6], [0.7, 0.1, 0.1, 0.1], [0.05, 0.05, 0.1, 0.8]])
    mean = np.array([[0.2, 0.3, 0.5, 0.6], [0.7, 0.4, 0.3, 0.2], [0.1, 0.2, 0.3, 0.9]])
    value = float((context[:, None] * target * mean).sum())

    def log(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, uw.Weights]:
        """(rewards, weights) of n decisions."""
        x = np.searchsorted(np.cumsum(self.context), rng.random(n))
        a = drawn(self.logged[x], rng.random(n))
        return (rng.random(n) < self.mean[x, a]).astype(float), uw.ratio(self.target[x, a], self.logged[x, a])


class B2:
    """Fifty contexts and ten actions; sharp policies make heavy weights."""

    def __init__(self, logged: float, target: float, scale: float) -> None:
        z, u = np.random.default_rng(1).normal(size=(2, 50, 10))
        soft = lambda s: (
            np.exp(s - s.max(axis=1, keepdims=True))
            / np.exp(s - s.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)
        )
        self.logged, self.target, self.mean = soft(logged * u), soft(target * (z + 0.3 * u)), scale / (1 + np.exp(-z))
        noise = np.random.default_rng(5).normal(size=self.mean.shape)
        self.model = np.clip(self.mean + 0.3 * scale * noise, 0, 1)
        self.value = float((self.target * self.mean).sum(axis=1).mean())

    def log(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, uw.Weights, tuple[np.ndarray, np.ndarray]]:
        """(rewards, weights, (q, v)) of n decisions."""
        x = rng.integers(50, size=n)
        a = drawn(self.logged[x], rng.random(n))
        r = (rng.random(n) < self.mean[x, a]).astype(float)
        w = uw.ratio(self.target[x, a], self.logged[x, a])
        return r, w, (self.model[x, a], (self.target * self.model).sum(axis=1)[x])


def rmse(errors: list[float] | np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(errors))))
