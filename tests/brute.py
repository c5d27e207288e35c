"""The rules as they are written, one row after the other, on all distances: slow, short, and nothing pruned.

Distances are sums of squared differences in float64, columns added in order; the order of neighbours is (distance, row number),
a row is never its own neighbour. Every function takes the full matrix of squared distances.
"""

from __future__ import annotations

import numpy as np

KINDS = [
    "continuous", "tied grid", "tied decimals", "far from the origin", "single precision", "copies", "conflicting copies",
    "constant column", "one column", "one tied column", "unlike columns", "whole numbers",
]  # fmt: skip


def table(seed):
    """X (n, d), y (n,) codes, and what is special about it: kinds take turns, K is 2, 3 or 4, n at most 400."""
    rng = np.random.default_rng(seed)
    kind, n, d = KINDS[seed % len(KINDS)], int(rng.integers(12, 400)), int(rng.integers(2, 7))
    if seed % 3:
        n = min(n, 120)
    classes = int(rng.integers(2, 5)) if seed % 2 else 2
    shares = np.sort(rng.dirichlet(np.full(classes, 2.0)))[::-1]
    y = np.append(np.arange(classes), rng.choice(classes, n - classes, p=shares))
    rng.shuffle(y)
    X = rng.normal(size=(n, d)) + rng.uniform(0, 1.2) * y[:, None]
    if kind in ("copies", "conflicting copies"):
        X = X[rng.integers(0, max(2, n // 3), n)]
        if kind == "copies":
            y = np.array([np.flatnonzero((x == X).all(axis=1))[0] for x in X]) % classes
    X = {
        "tied grid": np.round(X),
        "tied decimals": np.round(X, 1),
        "far from the origin": X + 1e8,
        "single precision": X.astype(np.float32),
        "constant column": np.where(np.arange(d) == 0, 0.1, X),
        "one column": X[:, :1],
        "one tied column": np.round(X[:, :1], 1),
        "unlike columns": X * 10.0 ** rng.integers(-5, 5, d),
        "whole numbers": np.round(10 * X).astype(np.int64),
    }.get(kind, X)
    if len(np.unique(y)) < 2:
        y[0] = 1 - y[0]
    return X, y, kind


def square_distances(X):
    """(n, n) float64."""
    X = np.asarray(X, dtype=np.float64)
    total = np.zeros((len(X), len(X)))
    for column in X.T:
        total += (column[:, None] - column[None, :]) ** 2
    return total


def in_order(d2):
    """For each row the other rows by (distance, row number): (n, n - 1)."""
    n = len(d2)
    rows = np.broadcast_to(np.arange(n), (n, n))
    order = np.lexsort((rows, d2), axis=-1)
    return order[order != np.arange(n)[:, None]].reshape(n, n - 1)


def minority_of(y):
    counts = {c: int((y == c).sum()) for c in np.unique(y)}
    return min(counts, key=lambda c: (counts[c], int(np.flatnonzero(y == c)[0])))


def outvoted(order, y, alive, k, vote):
    """(n,) bool: the first k alive rows of each row's order hold another class, or hold more than half of others."""
    first = alive[order] & (np.cumsum(alive[order], axis=1) <= k)
    others = (first & (y[order] != y[:, None])).sum(axis=1)
    return others >= 1 if vote == "all" else others > first.sum(axis=1) / 2


def edited(d2, y, *, k, vote, scheme, drop, rounds=100):
    order, few = in_order(d2), minority_of(y)
    alive, floor = np.ones(len(y), dtype=bool), int((y == few).sum())
    sizes = {"once": [k], "repeated": [k] * rounds, "growing": list(range(1, k + 1))}[scheme]
    classes = np.unique(y)
    for size in sizes:
        gone = outvoted(order, y, alive, size, vote) & alive & ((y != few) | (drop == "all"))
        alive &= ~gone
        left = [(alive & (y == c)).sum() for c in classes]
        fell = any(m == 0 or (c != few and m < floor) for c, m in zip(classes, left, strict=True))
        if scheme != "once" and (fell or (scheme == "repeated" and not gone.any())):
            break
    return np.flatnonzero(alive)


def linked(d2, y, rows):
    """Pairs (i, j), i < j, of linked rows among `rows`."""
    d = d2[np.ix_(rows, rows)].copy()
    np.fill_diagonal(d, np.inf)
    least = d.min(axis=1)
    both = (d == least[:, None]) & (d == least[None, :]) & (y[rows][:, None] != y[rows][None, :])
    return [(int(rows[i]), int(rows[j])) for i, j in np.argwhere(both) if i < j]


def tomek(d2, y, *, drop, rows=None):
    rows = np.arange(len(y)) if rows is None else rows
    few = minority_of(y)
    ends = {i for pair in linked(d2, y, rows) for i in pair if drop == "all" or y[i] != few}
    return np.array([i for i in rows if i not in ends], dtype=int)


def near_miss(d2, y, *, version, k, reach, wanted):
    d, few = np.sqrt(d2), minority_of(y)
    rare = np.flatnonzero(y == few)
    keep = list(rare)
    for c in np.unique(y):
        if c == few:
            continue
        rows = np.flatnonzero(y == c)
        if len(rows) == wanted[c]:
            keep += list(rows)  # nothing to choose
            continue
        if version == 3:
            rows = np.unique([j for i in rare for j in rows[np.lexsort((rows, d2[i, rows]))][:reach]])
        ranked = np.sort(d[np.ix_(rows, rare)], axis=1)
        value = (ranked[:, -k:] if version == 2 else ranked[:, :k]).mean(axis=1)
        keep += list(rows[np.lexsort((rows, -value if version == 3 else value))][: wanted[c]])
    return np.sort(keep)


def nearest_in(d2, i, members):
    members = np.asarray(members)
    return members[np.lexsort((members, d2[i, members]))[0]]


def condensed(d2, y, start):
    s, joined = list(start), True
    while joined:
        joined = False
        for i in range(len(y)):
            if i not in s and y[nearest_in(d2, i, s)] != y[i]:
                s.append(i)
                joined = True
    return np.sort(s)


def one_sided(d2, y, start):
    wrong = [i for i in range(len(y)) if i not in set(start) and y[nearest_in(d2, i, start)] != y[i]]
    return tomek(d2, y, drop="majority", rows=np.sort([*start, *wrong]))


def cleaned(d2, y, *, k, share):
    order, few = in_order(d2), minority_of(y)
    alive = np.ones(len(y), dtype=bool)
    lost = outvoted(order, y, alive, k, "most")
    gone = set(np.flatnonzero(lost & (y != few)))
    for i in np.flatnonzero(lost & (y == few)):
        gone |= {j for j in order[i][:k] if y[j] != few and (y == y[j]).sum() > share * (y == few).sum()}
    return np.array([i for i in range(len(y)) if i not in gone])
