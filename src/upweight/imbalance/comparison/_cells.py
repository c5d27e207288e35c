"""A comparison is a table of cells: one method, one repeat, one fold. This file knows the plan and runs one cell.

The trouble: whatever is fitted outside the training fold leaks, and whatever depends on the order in which cells run, or on
how many processes run them, cannot be resumed or believed. So a cell is a function of the plan and its three coordinates:
its random stream is keyed by them, its inner folds are the same for all methods, one thread computes it, and what it
returns are the held-out probabilities, from which every figure is computed later.
"""

from __future__ import annotations

import time
import warnings
import zlib
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from ..._rng import as_generator
from ...learners import Prepared, Task
from ...tables import row_slice
from ..rebalance import Fitted, Recipe, as_steps, fit_member, fit_task
from ._importance import permutation_importance
from ._methods import Method

__all__ = ["Cell", "ComparisonPlan", "Key", "run_cell"]

IMPORTANCE_STREAM = zlib.crc32(b"importance")


class Key(NamedTuple):
    """Coordinates of a cell."""

    name: str
    repeat: int
    fold: int


@dataclass(frozen=True)
class ComparisonPlan:
    """Everything a cell needs: the rows, the learner, the methods, the folds (`fold_of` (repeats, n)) and one seed."""

    task: Task
    learner: Any
    methods: tuple[Method, ...]
    fold_of: np.ndarray
    folds: int
    inner: int
    cost: float | None
    seed: int

    @property
    def keys(self) -> list[Key]:
        """All cells, fold by fold, so that a comparison cut short is cut at a fold."""
        repeats = range(len(self.fold_of))
        return [Key(m.name, r, f) for r in repeats for f in range(self.folds) for m in self.methods]

    def method(self, name: str) -> Method:
        return next(m for m in self.methods if m.name == name)

    @property
    def reference(self) -> Method:
        """What the others are held against: moving the threshold."""
        return next(m for m in self.methods if m.reference)

    @property
    def untouched(self) -> Method:
        """The learner as it is."""
        return next(m for m in self.methods if m.untouched)

    def test(self, repeat: int, fold: int) -> np.ndarray:
        """Rows that are held out in this fold of this repeat."""
        return np.flatnonzero(self.fold_of[repeat] == fold)

    @property
    def binary(self) -> bool:
        return len(self.task.classes) == 2


@dataclass(frozen=True)
class Cell:
    """What one cell gave: held-out probabilities `p` (repaired) and `raw`, (n_test,) of the positive class or (n_test, K).

    `threshold` is on the scale of `p`; `status` that of the correction; `importance` (d,) AP lost by shuffling a column, only of the
    reference in the first repeat; `warned` what the learner warned of; `error` one line if the method failed, and then the rest is
    empty.
    """

    key: Key
    p: np.ndarray
    raw: np.ndarray
    threshold: float = np.nan
    status: str = "impossible"
    n_train: float = np.nan
    ess_min: float = np.nan
    synthetic_share: float = np.nan
    seconds: float = 0.0
    importance: np.ndarray = field(default_factory=lambda: np.empty(0))
    warned: tuple[str, ...] = ()
    error: str | None = None


def run_cell(plan: ComparisonPlan, key: Key) -> Cell:
    """Fit on the training fold, predict the held-out one. A method that fails is a cell with its error."""
    start = time.perf_counter()
    with threadpool_limits(1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            cell, fitted = _fitted_cell(plan, key)
            cell = replace(cell, seconds=time.perf_counter() - start)
            if plan.method(key.name).reference and key.repeat == 0:
                cell = replace(cell, importance=_importance_of(plan, key, fitted))
        except Exception as error:  # noqa: BLE001  a method may fail in any way; the others go on
            empty, told = np.empty((0,)), " ".join(f"{type(error).__name__}: {error}".split())
            cell = Cell(key, empty, empty, seconds=time.perf_counter() - start, error=told)
    return replace(cell, warned=tuple(sorted({f"{w.category.__name__}: {first_line(str(w.message))}" for w in caught})))


def _fitted_cell(plan: ComparisonPlan, key: Key) -> tuple[Cell, Fitted]:
    """The cell, and the model behind it."""
    method = plan.method(key.name)
    task = plan.task.take(np.flatnonzero(plan.fold_of[key.repeat] != key.fold))
    split = np.random.default_rng([plan.seed, key.repeat, key.fold])
    rng = np.random.default_rng([plan.seed, key.repeat, key.fold, zlib.crc32(key.name.encode())])
    if method.untouched:
        member = fit_member(plan.learner, (), task, rng)
        fitted = Fitted((member,), member.correction, None, "none", task.prior, 0.5)
    else:
        fitted = _fit_method(plan, method, task, rng, split)
    raw, p = fitted.both(row_slice(plan.task.X, plan.test(key.repeat, key.fold)))
    members = fitted.members
    cell = Cell(
        key,
        p[:, task.positive] if plan.binary else p,
        raw[:, task.positive] if plan.binary else raw,
        threshold=fitted.threshold,
        status="untouched" if method.untouched else fitted.correction.status,
        n_train=float(np.mean([m.rows for m in members])),
        ess_min=float(np.mean([m.ess_rare for m in members])),
        synthetic_share=float(np.mean([m.synthetic_share for m in members])),
    )
    return cell, fitted


def _importance_of(plan: ComparisonPlan, key: Key, fitted: Fitted) -> np.ndarray:
    """(d,) AP lost on the held-out rows of a cell by shuffling each column; empty if the learner cannot take shuffled columns."""
    held = plan.task.take(plan.test(key.repeat, key.fold))
    rng = np.random.default_rng([plan.seed, key.fold, IMPORTANCE_STREAM])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return permutation_importance(fitted.proba, held, rng)
        except Exception:  # noqa: BLE001  what is shown besides must not cost the cell
            return np.empty(0)


def _fit_method(plan: ComparisonPlan, method: Method, task: Task, rng: Any, split: Any = None) -> Fitted:
    """A method by crossfit on some rows, inner folds from `split`."""
    learner, steps = learner_and_steps(plan, method)
    return fit_task(Recipe(learner, steps, inner=plan.inner, cost=plan.cost), task, as_generator(rng), split)


def learner_and_steps(plan: ComparisonPlan, method: Method) -> tuple[Any, tuple[Any, ...]]:
    """What to fit and what to do before; a classifier that is a remedy in itself takes the learner's place."""
    if not method.whole:
        made = method.make()
        return plan.learner, () if made is None else as_steps(made)
    made = method.make(plan.learner)
    return (Prepared(made) if isinstance(plan.learner, Prepared) else made), ()


def first_line(text: str) -> str:
    """The first sentence or line of a warning."""
    return text.strip().split("\n")[0].split(". ")[0][:240]
