"""In few dimensions a k-d tree: it looks at some dozens of rows where a product looks at all.

The trouble: with two to five columns a tree finds a neighbour in microseconds; with twenty it visits nearly every row, slowly.
And a tree knows nothing of row numbers: which of several tied rows it returns is an accident.

    ask for a few rows more than k, measure them exactly:   d_k < r_last (1 - 1e-9) proves that none was missed

The tree computes sums of squared differences without cancellation, so its distances r are right to about d units in the last place.
Where the proof fails, at ties, more rows are asked for, and what is still open after that is left to the caller.

What is inside: `few_dimensions`, whether a tree pays, and `ask_tree`.

Sources: Bentley (1975), CACM 18(9); SciPy's `KDTree` does the work.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from ._distances import Space

__all__ = ["ask_tree", "few_dimensions"]

FEW = 5  # columns up to which a tree is faster than products
SMALL = 1 << 21  # pairs below which nothing is worth a tree
SPARE = 1  # rows beyond k and the row itself
DEEPEST = 64  # rows asked for before ties are left to the caller
ENTRIES = 1 << 20


def few_dimensions(space: Space, pairs: float = np.inf) -> bool:
    """Would a tree be faster than products, for that many pairs?"""
    return not space.sparse and not space.tables and 0 < space.values.shape[1] <= FEW and pairs > SMALL


def ask_tree(space: Space, queries: np.ndarray, pool: np.ndarray, k: int, own: bool):
    """The k nearest by (distance, row number), their d2, and which queries (bool) the tree could not answer for certain.

    The pool must be larger than k + 2.
    """
    tree = KDTree(space.dense(pool), balanced_tree=False, compact_nodes=False)
    rows, d2 = np.full((len(queries), k), -1, dtype=np.int64), np.full((len(queries), k), np.inf)
    open_, depth = np.ones(len(queries), dtype=bool), k + own + SPARE
    while open_.any() and depth <= max(DEEPEST, 2 * k):
        asks = np.flatnonzero(open_)
        for part in np.split(asks, range(ENTRIES // depth, len(asks), ENTRIES // depth)):
            rows[part], d2[part], sure = _ask(tree, space, queries[part], pool, k, min(depth, len(pool)), own)
            open_[part[sure]] = False
        depth = 4 * depth
    return rows, d2, open_


def _ask(tree: KDTree, space: Space, queries: np.ndarray, pool: np.ndarray, k: int, depth: int, own: bool):
    reach, at = tree.query(space.dense(queries), depth)
    rows = pool[at]
    if own:
        rows = _without(rows, queries)
    d2 = space.pairs(np.repeat(queries, rows.shape[1]), rows.ravel()).reshape(rows.shape)
    mixed = np.flatnonzero((np.diff(d2, axis=1) <= 0).any(axis=1))
    order = np.lexsort((rows[mixed], d2[mixed]), axis=-1)
    rows[mixed], d2[mixed] = np.take_along_axis(rows[mixed], order, 1), np.take_along_axis(d2[mixed], order, 1)
    rows, d2 = rows[:, :k], d2[:, :k]
    sure = (d2[:, -1] < reach[:, -1] ** 2 * (1 - 1e-9)) | (depth == len(pool))
    missing = ((0, 0), (0, k - rows.shape[1]))
    return np.pad(rows, missing, constant_values=-1), np.pad(d2, missing, constant_values=np.inf), sure


def _without(rows: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Lists one shorter: without the query itself, or, where copies crowded it out, without the last row."""
    own = rows == queries[:, None]
    if own[:, 0].all():
        return rows[:, 1:]
    out = np.where(own.any(axis=1), own.argmax(axis=1), rows.shape[1] - 1)
    return rows[np.arange(rows.shape[1]) != out[:, None]].reshape(len(rows), -1)
