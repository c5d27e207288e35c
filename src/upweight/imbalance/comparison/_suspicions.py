"""What is suspicious about a table before anything is fitted.

leak      one column alone tells the classes apart, or its gaps do: it was probably written after the label
              AUC > .999;  gaps alone at AUC >= .95;  or AUC >= .95 with half as much again over chance as any other column
copies    more than 5 % of the rows, or of the rare rows, equal another in every column, and chance does not explain it
repeats   a column that is called like an identifier and repeats: its rows belong together

Rates of a category's levels are those of the other half of the rows, so that many levels do not look telling by chance. Equal rows
may be chance where columns have few values: a row counts as a copy only if no row differs from it in exactly one column, and none
counts if agreement column by column comes to nearly as many pairs:

    pairs of equal rows <= 10 n (n - 1)/2 prod_j P(agree in j)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.stats import rankdata

from ...tables import Schema, Table, frame_of, is_frame

__all__ = ["Leak", "Repeat", "auc", "copied", "leaking", "repeating"]

CERTAIN, TELLING, DWARFS = 0.999, 0.95, 1.5
COPIES = 0.05
BY_CHANCE = 10.0  # pairs of equal rows up to so many times what chance explains are not told
LOOK_AT = 50_000  # rows that the search for leaks looks at
MOST_COLUMNS = 200  # that the search for what chance explains looks at
NAMES = re.compile(r"(^|[_ .-])(id|ids|key|uuid|guid)$|^(id|customer|client|patient|person|subject|user|account|member|household|device|session|case|company|store|school)([_ .-]?(id|no|nr|number|key|code))?$")  # fmt: skip
SPLIT_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Leak(NamedTuple):
    """A column that knows too much: the AUC of its values (or of `gaps` alone), and of the best column beside the suspects."""

    name: str
    auc: float
    gaps: bool = False
    next_best: float = 0.5


class Repeat(NamedTuple):
    """A column called like an identifier, and how many values it has."""

    name: str
    values: int


# ---- leaks ------------------------------------------------------------------------------------------------------------------


def leaking(
    schema: Schema, table: Table, hit: np.ndarray, unread: Sequence[tuple[str, np.ndarray]] = ()
) -> tuple[Leak, ...]:
    """Columns that alone tell the classes apart, by their values or by their gaps; of `unread` ones the gaps only are known."""
    if sparse.issparse(table.numbers):
        return ()
    rows = _looked_at(hit)
    y = hit[rows]
    found = [(name, auc(y, values), auc(y, gaps)) for name, values, gaps in _scores(schema, table, rows, y)]
    found += [(name, 0.5, auc(y, empty[rows].astype(float))) for name, empty in unread]
    rest = [max(a, g) for _, a, g in found if a < TELLING and g < TELLING]
    best = max(rest, default=0.5)
    leaks = []
    for name, a, g in found:
        if g >= TELLING:
            leaks.append(Leak(name, g, True, best))
        elif a > CERTAIN or (a >= TELLING and a - 0.5 >= DWARFS * (best - 0.5)):
            leaks.append(Leak(name, a, False, best))
    return tuple(leaks)


def _looked_at(hit: np.ndarray) -> np.ndarray:
    """Rows of both classes, at most about `LOOK_AT`."""
    rows = np.flatnonzero(hit) if hit.mean() < 0.5 else np.flatnonzero(~hit)
    others = np.setdiff1d(np.arange(len(hit)), rows, assume_unique=True)
    return np.concatenate([rows[:: max(1, 2 * len(rows) // LOOK_AT)], others[:: max(1, 2 * len(others) // LOOK_AT)]])


def _scores(
    schema: Schema, table: Table, rows: np.ndarray, y: np.ndarray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(name, what a column says of each row, whether it is empty) of every column."""
    p = table.numbers.shape[1]
    for j, name in enumerate(schema.names):
        if j < p:
            x = table.numbers[rows, j]
            gaps = np.isnan(x)
            yield name, np.where(gaps, np.finfo(float).max, x), gaps.astype(float)
        else:
            codes = table.codes[rows, j - p]
            yield name, level_rates(codes, y), (codes == -1).astype(float)


def level_rates(codes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n,) share of hits of each row's level in the half of the rows that the row is not in."""
    half = np.empty(len(y), dtype=bool)
    for value in (False, True):
        at = np.flatnonzero(y == value)
        half[at] = np.arange(len(at)) % 2 == 1
    shifted = codes - codes.min()
    out = np.empty(len(y))
    for mine in (False, True):
        other = half != mine
        total = np.bincount(shifted[other], minlength=shifted.max() + 1)
        hits = np.bincount(shifted[other], weights=y[other], minlength=len(total))
        rate = np.where(total > 0, hits / np.maximum(total, 1), y.mean())
        out[~other] = rate[shifted[~other]]
    return out


def auc(y: np.ndarray, x: np.ndarray) -> float:
    """Area under the ROC curve in the better direction."""
    n1, n0 = int(y.sum()), int((~y).sum())
    a = (rankdata(x)[y].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)
    return float(max(a, 1 - a))


# ---- copies -----------------------------------------------------------------------------------------------------------------


def copied(table: Table, rare: np.ndarray) -> int:
    """Rows that equal another in every column, where they are many, also among the `rare` ones, and more than chance; else 0."""
    if sparse.issparse(table.numbers) or len(table) * (table.numbers.shape[1] + table.codes.shape[1]) > 2e8:
        return 0
    values = np.hstack(
        [np.where(np.isnan(table.numbers), np.finfo(float).max, table.numbers) + 0.0, table.codes, table.word_sums()]
    )
    if not values.shape[1]:
        return 0
    whole = np.ascontiguousarray(values).view(f"V{8 * values.shape[1]}").ravel()
    copies = _times_met(whole) > 1
    explained = table.words is None and values.shape[1] <= MOST_COLUMNS  # equal texts of several words are no chance
    if not _are_many(copies, rare) or not explained:
        return int(copies.sum()) if _are_many(copies, rare) else 0
    copies = _beyond_chance(values, copies)
    return int(copies.sum()) if _are_many(copies, rare) else 0


def _are_many(copies: np.ndarray, rare: np.ndarray) -> bool:
    return bool(copies.mean() > COPIES or copies[rare].mean() > COPIES)


def _beyond_chance(values: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Those of the copies that columns of few values do not explain."""
    rng = np.random.default_rng(0)  # draws hashes: the same answer for the same table
    n = len(values)
    coded = [np.unique(column, return_inverse=True)[1].reshape(-1) for column in values.T]
    hashes = [rng.integers(0, 2**63, c.max() + 1, dtype=np.uint64)[c] for c in coded]
    whole = np.asarray(np.sum(hashes, axis=0, dtype=np.uint64))
    met = _times_met(whole)
    alike = np.prod([(_times_met(c) - 1.0).mean() / (n - 1.0) for c in coded])
    if (met - 1.0).mean() / (n - 1.0) <= BY_CHANCE * alike:
        return np.zeros(n, dtype=bool)
    for one in hashes:
        copies = copies & (_times_met(np.subtract(whole, one)) == met)
    return copies


def _times_met(values: np.ndarray) -> np.ndarray:
    """(n,) how often the value of each row occurs."""
    _, at, times = np.unique(values, return_inverse=True, return_counts=True)
    return times[at.reshape(-1)]


# ---- rows that belong together ----------------------------------------------------------------------------------------------


def repeating(X: Any) -> Repeat | None:
    """The first column that is called like an identifier, has many values, and repeats them."""
    if not is_frame(X):
        return None
    frame = frame_of(X)
    n = len(frame)
    for name in frame.columns:
        if NAMES.search("_".join(SPLIT_WORDS.split(str(name).strip())).lower()):
            values = frame[name].n_unique()
            if 20 <= values <= n / 1.2 and values > n / 100:
                return Repeat(str(name), values)
    return None
