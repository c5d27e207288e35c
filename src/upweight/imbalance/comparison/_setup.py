"""The question of a comparison: everything checked at the door, before anything is fitted.

The trouble: an hour into a run is the wrong moment to learn that a class has three rows, that the cost is negative or that
the learner counts classes itself. So the data, the folds, the methods and the settings are read and refused here; what comes
out is a `Question`, ready to run, which knows its first line, its fingerprint and how to fit the winner.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._errors import InputError
from ..._rng import as_generator
from ..._version import versions
from ...learners import Prepared, Task, as_learner, learner_name, refuse_double_count
from ...tables import (
    Labels,
    Schema,
    group_codes,
    inner_default,
    live_labels,
    mean_one,
    outer_folds,
    read_cv,
    row_count,
    row_slice,
    row_weights,
    seldom_seen,
    weights_line,
)
from ..rebalance import read_cost
from ._cells import Plan, learner_and_steps
from ._facts import Facts, columns_line, facts_of, header
from ._methods import rows_for

__all__ = ["Question", "question"]


@dataclass(frozen=True)
class Question:
    """A comparison that is ready to run: the plan, what is known of the data, and how to fit the winner."""

    plan: Plan
    labels: Labels
    schema: Schema
    facts: Facts
    cv: tuple[int, int]
    fingerprint: str
    settings: Mapping[str, Any]
    given: tuple[Any, ...]
    name: str = "X"
    target: str = "y"
    shown: tuple[str, str] | None = None
    weighing: str = ""

    @property
    def header(self) -> str:
        """The first line of the answer."""
        return header(self.facts, self.labels, self.cv)

    @property
    def opening(self) -> list[str]:
        """The first line, and more where columns were not all plain numbers or weights not taken as they came."""
        return [line for line in (self.header, columns_line(self.schema), self.weighing) if line]

    def mark(self) -> str:
        """Fingerprint of the settings that decide what a cell holds; which methods run is not among them."""
        kept = {k: v for k, v in self.settings.items() if k not in ("methods", "command")}
        text = json.dumps([kept, versions()], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def question(
    X: Any, y: Any, *, learner: Any, methods: Any, cv: Any, cost: Any, rng: Any, sample_weight: Any, group: Any
) -> Question:
    """Everything at the door is checked here, before anything is fitted."""
    refuse_no_methods(methods)
    rows = rows_for(methods)
    made = as_learner(learner)
    made = made if isinstance(made, Prepared) or hasattr(made, "steps") else Prepared(made)
    if len(rows) > 2:
        refuse_double_count(made, rows[2].name)
    labels = Labels.of(y, rows=row_count(X))
    w, mean = mean_one(row_weights(sample_weight, len(labels.codes)))
    weighing, groups = weights_line(w, mean), group_codes(group, len(labels.codes))
    given = (X, labels.classes[labels.codes], w, None if group is None else np.asarray(group))
    X, labels, w, groups = live(X, labels, w, groups)
    schema = Schema.of(X)
    table = schema.read(X)
    cv = read_cv(cv, len(labels.codes))
    cost = binary_cost(cost, labels)
    drawn = as_generator(rng)
    seed = int(rng) if isinstance(rng, (int, np.integer)) else int(drawn.integers(2**31 - 1))
    tests = outer_folds(labels, cv, seed, groups)
    task = Task(
        table if isinstance(made, Prepared) else X, labels.codes, labels.classes, labels.positive, w, groups, schema
    )
    inner = inner_default(len(labels.codes))
    plan = Plan(task, made, tuple(rows), fold_numbers(tests, len(labels.codes)), cv[0], inner, cost, seed)
    for method in rows:
        refuse_class(method.name, learner_and_steps(plan, method)[0])
    settings = {
        "learner": learner_name(learner),
        "cv": f"{cv[0]}x{cv[1]}",
        "folds": cv[0],
        "repeats": cv[1],
        "inner": inner,
        "cost": cost,
        "rng": seed,
        "methods": [m.name for m in rows],
    }
    facts = facts_of(schema, table, labels, w)
    content = table.fingerprint() + (" unseen averaged" if seldom_seen(table, groups) else "")
    mark = fingerprint(content, schema, labels, w, groups)
    return Question(plan, labels, schema, facts, cv, mark, settings, given, weighing=weighing)


def refuse_no_methods(methods: Any) -> None:
    """`methods` is a set, names, or {label: object}; an object alone has no label."""
    if isinstance(methods, (str, Mapping, list, tuple)):
        return
    mine = (
        f"{{'mine': {type(methods).__name__}(...)}}" if hasattr(methods, "fit") or hasattr(methods, "resample") else ""
    )
    raise InputError(
        "`methods` must be 'quick', 'standard', 'survey', 'all', names such as 'weights,smote', or {label: object}; got "
        f"{methods!r} ({type(methods).__name__}). {f'Say methods={mine}.' if mine else 'Leave it out for standard.'}"
    )


def refuse_class(label: str, learner: Any) -> None:
    made = learner.learner if isinstance(learner, Prepared) else learner
    if isinstance(made, type):
        raise InputError(f"method {label!r}: {made.__name__} is a class; give an object, {made.__name__}().")


def live(X: Any, labels: Labels, w: np.ndarray | None, groups: np.ndarray | None) -> tuple[Any, ...]:
    """Only the rows of positive weight."""
    if w is None or w.all():
        return X, labels, w, groups
    fewer, keep = live_labels(labels, w)
    return row_slice(X, keep), fewer, w[keep], None if groups is None else groups[keep]


def binary_cost(cost: Any, labels: Labels) -> float | None:
    cost = read_cost(cost)
    if cost is not None and len(labels.classes) > 2:
        raise InputError(f"`cost` is for two classes; `y` has {len(labels.classes)}. Ask about one class: y == label.")
    return cost


def fold_numbers(tests: list[list[np.ndarray]], rows: int) -> np.ndarray:
    """(repeats, rows) fold of each row."""
    out = np.zeros((len(tests), rows), dtype=np.int16)
    for r, folds in enumerate(tests):
        for f, test in enumerate(folds):
            out[r, test] = f
    return out


def fingerprint(table: str, schema: Schema, labels: Labels, w: Any, groups: Any) -> str:
    """SHA-256 of table, columns, labels, weights and groups, 16 hex digits."""
    digest = hashlib.sha256(f"{table} {schema.mark()} {labels.classes.tolist()} {labels.positive}".encode())
    for part in (labels.codes.astype(np.int64), w, groups):
        digest.update(b"-" if part is None else np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()[:16]
