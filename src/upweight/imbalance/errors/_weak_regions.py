"""Where a learner is wrong on rows it has not seen: groups, regions of X, single rows; and how far those may be lifted.

The trouble: every learner is worse somewhere, and on the rows it was trained on it does not show. So losses are taken out of fold,
and a part is called weak only if its loss stands out of the noise:

    loss_i = -log p_{y_i}(x_i), out of fold;      weak: mean loss of the part > mean of all + 2 s.e. of the part
    group    the parts are given                  region   leaves of a depth-3 tree of the losses, grown on one half of the rows,
    row      every row that is got wrong                   judged on the other

    ESS/n of weights 1 and l, a share q lifted:   (1 - q + q l)^2 / (1 - q + q l^2)

What is inside: `find_weak`, what is weak and a rule for other rows; `allowed_lift`, the largest l up to the one asked for at which
ESS/n keeps its floor; `suspects`, lifted rows that all their neighbours contradict.

Sources: Liu et al., Just train twice, ICML (2021), for "row"; Kish, Survey Sampling (1965), for the effective size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.tree import DecisionTreeRegressor

from ...learners import Task, inner_folds, learner_out_of_fold
from ...tables import Preparation, Schema, Table, stratified

__all__ = ["SearchRows", "WeakRegions", "allowed_lift", "find_weak", "suspects"]

DEPTH, LEAF_ROWS, STANDS_OUT = 3, 20, 2.0
NEAREST = 10
LEAST = 1e-15  # a probability below which a loss is counted as this


@dataclass(frozen=True)
class SearchRows:
    """Rows to search: `task` for the learner, the same rows as a `table` for regions and neighbours, `part` (n,) group codes."""

    task: Task
    table: Table
    schema: Schema
    part: np.ndarray | None = None

    def take(self, keep: np.ndarray) -> SearchRows:
        part = None if self.part is None else self.part[keep]
        return replace(self, task=self.task.take(keep), table=self.table.take(keep), part=part)

    @property
    def w(self) -> np.ndarray:
        """(n,) weights, ones if none were given."""
        return np.ones(len(self.task.codes)) if self.task.w is None else self.task.w

    @property
    def parts(self) -> np.ndarray:
        """(n,) group codes, all zero if none were given."""
        return np.zeros(len(self.task.codes), np.intp) if self.part is None else self.part

    def prepared(self) -> Preparation:
        return Preparation.fit(self.schema, self.table, self.task.w)


@dataclass(frozen=True)
class WeakRegions:
    """`flags` (n,) bool: the weak rows searched; `where` tells which of other rows lie in the same parts (None: it cannot)."""

    flags: np.ndarray
    where: Callable[[SearchRows], np.ndarray] | None


def find_weak(learner: Any, rows: SearchRows, *, by: str, folds: int, rng: np.random.Generator) -> WeakRegions:
    """What `learner` gets wrong on these rows, out of fold."""
    tests = stratified(rows.task.codes, inner_folds(rows.task, folds), rng, rows.task.group)
    p = learner_out_of_fold(learner, rows.task, tests, rng)
    if by == "row":
        return WeakRegions(p.argmax(axis=1) != rows.task.codes, None)
    loss = -np.log(np.maximum(p[np.arange(len(p)), rows.task.codes], LEAST))
    if by == "group":
        return _weak_groups(loss, rows)
    return _weak_regions(loss, rows, rng)


def _weak_groups(loss: np.ndarray, rows: SearchRows) -> WeakRegions:
    weak = weak_parts(loss, rows.parts, rows.w)
    return WeakRegions(np.isin(rows.parts, weak), lambda other: np.isin(other.parts, weak))


def _weak_regions(loss: np.ndarray, rows: SearchRows, rng: np.random.Generator) -> WeakRegions:
    """Leaves grown on one half of the rows and judged on the other."""
    preparation = rows.prepared()
    Z = preparation.matrix(preparation.table(rows.table))
    half = rng.permutation(len(loss)) < len(loss) // 2
    tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=LEAF_ROWS, random_state=int(rng.integers(2**31 - 1)))
    tree.fit(Z[half], loss[half], sample_weight=rows.w[half])
    leaf = tree.apply(Z)
    weak = weak_parts(loss[~half], leaf[~half], rows.w[~half])

    def where(other: SearchRows) -> np.ndarray:
        return np.isin(tree.apply(preparation.matrix(preparation.table(other.table))), weak)

    return WeakRegions(np.isin(leaf, weak), where)


def weak_parts(loss: np.ndarray, part: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Codes of the parts of ten rows or more whose weighted mean loss is 2 s.e. above that of all."""
    overall = np.average(loss, weights=w)
    weak = []
    for code in np.unique(part):
        mine = part == code
        if mine.sum() < NEAREST:
            continue
        mean = np.average(loss[mine], weights=w[mine])
        se = np.sqrt((w[mine] ** 2 * (loss[mine] - mean) ** 2).sum()) / w[mine].sum()
        if mean - overall > STANDS_OUT * se:
            weak.append(code)
    return np.array(weak, dtype=part.dtype)


def allowed_lift(flags: np.ndarray, w: np.ndarray, *, lift: float, ess: float) -> float:
    """The largest factor up to `lift` at which the effective rows are a share `ess` or more of what they were without it.

        (1 - a + a l)^2 / (1 - b + b l^2) >= ess,    a = share of sum w lifted, b = share of sum w^2; a = b = q if w = 1

    >>> flags = np.arange(100) < 10
    >>> round(allowed_lift(flags, np.ones(100), lift=20.0, ess=0.5), 4), allowed_lift(flags, np.ones(100), lift=4.0, ess=0.5)
    (6.0, 4.0)
    """
    a = w[flags].sum() / w.sum()
    b = (w[flags] ** 2).sum() / (w**2).sum()
    if _effective_share(a, b, lift) >= ess:
        return float(lift)
    # a crossing between 1, where the share is 1, and `lift`: a root of l^2 (a^2 - e b) + 2 a (1-a) l + (1-a)^2 - e (1-b)
    roots = np.roots([a * a - ess * b, 2 * a * (1 - a), (1 - a) ** 2 - ess * (1 - b)])
    inside = [r.real for r in roots if abs(r.imag) < 1e-9 and 1 - 1e-9 <= r.real <= lift]
    return float(max(1.0, min(inside, default=1.0)))


def _effective_share(a: float, b: float, lift: float) -> float:
    """Effective rows with the lift over those without it."""
    return (1 - a + a * lift) ** 2 / (1 - b + b * lift**2)


def suspects(rows: SearchRows, lifted: np.ndarray) -> np.ndarray:
    """Rows among `lifted` (row numbers) whose ten nearest other rows all carry another label, columns scaled."""
    k = min(NEAREST, len(rows.task.codes) - 1)
    if not len(lifted) or k < 1:
        return np.empty(0, dtype=np.intp)
    preparation = rows.prepared()
    Z = preparation.matrix(preparation.table(rows.table))
    near = NearestNeighbors(n_neighbors=k + 1).fit(Z).kneighbors(Z[lifted], return_distance=False)
    others = [row[row != i][:k] for i, row in zip(lifted.tolist(), near, strict=True)]
    codes = rows.task.codes
    alone = [bool((codes[o] != codes[i]).all()) for i, o in zip(lifted.tolist(), others, strict=True)]
    return lifted[np.array(alone, dtype=bool)]
