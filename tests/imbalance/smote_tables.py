"""Tables and oracles that the tests of SMOTE share."""

import numpy as np
import pandas as pd


def blobs(seed, n=90, rare=24, d=3, grid=False, shift=1.0):
    """Two overlapping classes in random order; on a grid there are ties and copies."""
    rng = np.random.default_rng(seed)
    y = (rng.permutation(n) < rare).astype(int)
    X = rng.normal(size=(n, d)) + shift * y[:, None]
    return (np.round(2 * X) / 2 if grid else X), y


def brute_near(X, q, pool, k, apart=False):
    """k rows of `pool` by (distance, row), never q; `apart`: at a distance > 0."""
    gap = ((X[pool] - X[q]) ** 2).sum(axis=1)
    return [int(pool[j]) for j in np.lexsort((pool, gap)) if pool[j] != q and not (apart and gap[j] == 0)][:k]


def others(X, y, q, m):
    return sum(y[r] != y[q] for r in brute_near(X, q, np.arange(len(y)), m))


def same(r, s):
    return all(np.array_equal(getattr(r, f), getattr(s, f)) for f in ("indices", "parents", "step", "weights"))


def mixed(seed, n=120, rare=30):
    rng = np.random.default_rng(seed)
    y = (rng.permutation(n) < rare).astype(int)
    return pd.DataFrame(
        {
            "colour": rng.choice(["red", "green", "blue"], n),
            "size": rng.normal(size=n) + y,
            "flag": rng.integers(0, 2, n),
            "mass": rng.normal(size=n) * 3,
            "kind": pd.Categorical(rng.choice(list("pqrs"), n)),
        }
    ), y
