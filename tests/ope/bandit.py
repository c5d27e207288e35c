"""Worlds of single decisions whose truth is known: B1, three contexts and four actions; B2, fifty contexts and ten actions; a hand table."""

import numpy as np

import upweight as uw

P = np.array([0.5, 0.3, 0.2])
P0 = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4], [0.25] * 4])
PI = np.array([[0.1, 0.1, 0.2, 0.6], [0.7, 0.1, 0.1, 0.1], [0.05, 0.05, 0.1, 0.8]])
MEAN = np.array([[0.2, 0.3, 0.5, 0.6], [0.7, 0.4, 0.3, 0.2], [0.1, 0.2, 0.3, 0.9]])
Q = np.array([[0.25, 0.35, 0.45, 0.55], [0.6, 0.45, 0.35, 0.25], [0.2, 0.2, 0.35, 0.8]])
V = 0.582

HAND_W = [2, 0.5, 1.5, 0.25, 3, 0.75]
HAND_R = np.array([1.0, 0, 1, 0, 0, 1])
HAND_OUTCOME = np.array([0.6, 0.3, 0.5, 0.2, 0.4, 0.7]), np.array([0.5, 0.4, 0.5, 0.3, 0.6, 0.5])


def hand():
    return uw.Weights.of(HAND_W, kind="importance", exact=True)


def drawn(p, context, u):
    """The number of cumulative probabilities below a uniform draw."""
    return np.minimum((np.cumsum(p, axis=1)[context] < u[:, None]).sum(axis=1), p.shape[1] - 1)


def b1(n=4000, seed=7):
    """(reward, weights, (q, v)) of n rows of B1."""
    g = np.random.default_rng(seed)
    x = np.searchsorted(np.cumsum(P), g.random(n))
    a = drawn(P0, x, g.random(n))
    r = (g.random(n) < MEAN[x, a]).astype(float)
    return r, uw.ratio(PI[x, a], P0[x, a]), (Q[x, a], (PI * Q).sum(axis=1)[x])


def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class B2:
    """Fifty contexts, ten actions; s0, s1 sharpen the two policies, c scales the mean reward."""

    def __init__(self, s0, s1, c):
        z, u = np.random.default_rng(1).normal(size=(2, 50, 10))
        self.p0, self.pi, self.mean = softmax(s0 * u), softmax(s1 * (z + 0.3 * u)), c / (1 + np.exp(-z))
        self.c, self.value = c, float((self.pi * self.mean).sum(axis=1).mean())

    def fair(self):
        noise = np.random.default_rng(5).normal(size=self.mean.shape)
        return np.clip(self.mean + 0.3 * self.c * noise, 0, 1)

    def log(self, n, rng, model=None):
        x = rng.integers(50, size=n)
        a = drawn(self.p0, x, rng.random(n))
        r = (rng.random(n) < self.mean[x, a]).astype(float)
        w = uw.ratio(self.pi[x, a], self.p0[x, a])
        return (r, w) if model is None else (r, w, (model[x, a], (self.pi * model).sum(axis=1)[x]))


EASY, HARD, VERY_HARD, RARE = (0.7, 1.5, 0.8), (1.5, 2.5, 0.8), (2.5, 3.5, 0.8), (1, 2, 0.05)
