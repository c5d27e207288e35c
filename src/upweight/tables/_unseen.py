"""Rows with a category that training did not have: the average over the categories it had.

The trouble: in the learner's matrix such a row looks like some other. In a single column of 0 and 1 it is the first category; in one
column a category it is whatever is left when a tree has asked for all others but one. Its score is then that of a category it does not
belong to, and which one hangs on the alphabet.

    p(row) = sum_k share_k p(row with category k),     share_k the weighted share of category k in the training rows, gaps included

which is what is known of a row whose category says nothing. With several such columns the shares multiply, up to MOST versions of a
row; columns beyond that get their most frequent category.

Rare categories are no such case: training has them as "rest", and a value never met is one of them.
"""

from __future__ import annotations

import numpy as np

from ._prepare import Preparation
from ._table import Table

__all__ = ["known_versions", "seldom_seen"]

MOST = 64
SELDOM = 30  # rows (or groups) of a category below which a training fold may lack it


def known_versions(preparation: Preparation, table: Table) -> tuple[Table, np.ndarray, np.ndarray] | None:
    """(rows with known categories only, the row each is a version of, its share); None if there is nothing to do.

    table : made by `preparation.table`. Versions stand in the order of their rows.
    """
    known = [np.isin(table.codes[:, j], shown) for j, shown in enumerate(preparation.shown)]
    if preparation.shares is None or all(k.all() for k in known):
        return None
    rows, share = np.arange(len(table)), np.ones(len(table))
    codes, versions = table.codes, np.ones(len(table), np.int64)
    for j, (shown, shares) in enumerate(zip(preparation.shown, preparation.shares, strict=True)):
        unseen = ~known[j][rows]
        spread = unseen & (versions[rows] * len(shown) <= MOST)
        versions[rows[spread]] *= len(shown)
        times = np.where(spread, len(shown), 1)
        old = np.repeat(np.arange(len(rows)), times)
        which = np.arange(len(old)) - np.repeat(np.cumsum(times) - times, times)
        rows, share, codes = (
            rows[old],
            share[old] * np.where(spread[old], shares[which % len(shown)], 1.0),
            codes[old].copy(),
        )
        most = shown[shares.argmax()]
        codes[unseen[old], j] = np.where(spread[old], shown[which % len(shown)], most)[unseen[old]]
    return Table(table.numbers[rows], codes), rows, share


def seldom_seen(table: Table, group: np.ndarray | None) -> bool:
    """Whether some category, or the gaps of a column, may be missing from a training fold: a comparison then differs from that of 0.1.0.

    A category of SELDOM rows lies in one of two folds alone once in 2^28 times; rows of one group count once.
    """
    for column in table.codes.T:
        pairs = column + 2 if group is None else np.unique(np.stack([column + 2, group]), axis=1)[0]
        counts = np.bincount(pairs)
        if ((counts > 0) & (counts < SELDOM)).any():
            return True
    return False
