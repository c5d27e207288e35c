"""A small world of episodes whose truth is known: the ring of four states, for the papers on episodes and for the tests.

States 0 to 3 in a row; action 1 goes right with .8, action 0 left with .8, else the other way, walls hold; an episode ends with .1 a step, and after T
steps. Rewards are Bernoulli: .1 and .05 (actions 0 and 1) in states 0 to 2, .5 and .9 in state 3. Starts are (.7, .1, .1, .1); the log takes both
actions alike, the target action 1 with .8.
"""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np

START = np.array([0.7, 0.1, 0.1, 0.1])
REWARD = np.array([[0.1, 0.05], [0.1, 0.05], [0.1, 0.05], [0.5, 0.9]])
TARGET, LOGGED = np.array([0.2, 0.8]), np.array([0.5, 0.5])
MOVES = np.zeros((4, 2, 4))
for s, a, right in itertools.product(range(4), range(2), range(2)):
    MOVES[s, a, min(s + 1, 3) if right else max(s - 1, 0)] += 0.8 if right == a else 0.2
END = 0.1


class Ring:
    """States 0 to 3 in a row; action 1 goes right, mostly; state 3 pays; an episode ends with .1 a step, and after T steps."""

    def __init__(self, steps, discount, end=END):
        self.steps, self.discount, self.end = steps, discount, end

    def action_values(self, policy=TARGET):
        """Q (T, 4, 2) of a policy."""
        q, v = np.zeros((self.steps, 4, 2)), np.zeros(4)
        for t in reversed(range(self.steps)):
            q[t] = REWARD + self.discount * (1 - self.end) * MOVES @ v
            v = q[t] @ policy
        return q

    def truth(self, policy=TARGET):
        return float(START @ self.action_values(policy)[0] @ policy)

    def model(self):
        """A model that is wrong: .8 Q + .05 (T, 4, 2), and its mean under the target (T, 4)."""
        q = 0.8 * self.action_values() + 0.05
        return q, q @ TARGET

    def columns(self, group, t, s, a, r):
        q, v = self.model()
        return SimpleNamespace(group=group, t=t, s=s, a=a, r=r, rho=(TARGET / LOGGED)[a], q=q[t, s, a], v=v[t, s])

    def draw(self, n, rng):
        """Rows of n episodes, one step of all after the other."""
        s = rng.choice(4, n, p=START)
        alive, parts = np.arange(n), []
        for t in range(self.steps):
            a = (rng.random(alive.size) < LOGGED[1]).astype(int)
            r = (rng.random(alive.size) < REWARD[s, a]).astype(float)
            parts.append((alive, np.full(alive.size, t), s, a, r))
            right = (rng.random(alive.size) < 0.8) == (a == 1)
            s = np.where(right, np.minimum(s + 1, 3), np.maximum(s - 1, 0))
            on = rng.random(alive.size) >= self.end
            alive, s = alive[on], s[on]
        return self.columns(*map(np.concatenate, zip(*parts, strict=True)))

    def paths(self):
        """Every path with its probability under the log; rewards by their means, in which every formula is linear."""
        rows, chance = [], []

        def walk(path, p, s, t):
            for a in range(2):
                here = [*path, (t, s, a)]
                if t + 1 == self.steps:
                    rows.append(here)
                    chance.append(p * LOGGED[a])
                    continue
                rows.append(here)
                chance.append(p * LOGGED[a] * self.end)
                for s_next in np.flatnonzero(MOVES[s, a]):
                    walk(here, p * LOGGED[a] * (1 - self.end) * MOVES[s, a, s_next], int(s_next), t + 1)

        for s, p in enumerate(START):
            walk([], p, s, 0)
        group = np.repeat(np.arange(len(rows)), [len(x) for x in rows])
        t, s, a = np.concatenate(rows).T
        return np.array(chance), self.columns(group, t, s, a, REWARD[s, a])
