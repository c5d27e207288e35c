"""A comparison ready to run: everything checked at the door, before anything is fitted.

The trouble: an hour into a run is the wrong moment to learn that a class has three rows, that weights are negative or that groups
cannot be spread over the folds. So settings (`_settings`) and data are read and refused first; what comes out is a
`ComparisonSetup`, which knows its first lines, its fingerprint and the rows to fit the winner on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..._errors import InputError
from ..._version import versions
from ...learners import Prepared, Task
from ...tables import (
    Column,
    Labels,
    Schema,
    Table,
    frame_of,
    gap_columns,
    group_codes,
    inner_default,
    is_frame,
    live_rows,
    mean_one,
    outer_folds,
    refuse_other_index,
    row_count,
    row_weights,
    seldom_seen,
    weights_line,
)
from ._cells import ComparisonPlan, learner_and_steps
from ._facts import Facts, columns_line, facts_of, header
from ._settings import Settings

__all__ = ["ComparisonSetup", "setup_comparison"]


@dataclass(frozen=True)
class GivenData:
    """The rows as they were given, for a model on all of them."""

    X: Any
    y: np.ndarray
    w: np.ndarray | None
    group: np.ndarray | None


@dataclass(frozen=True)
class ComparisonSetup:
    """A comparison that is ready to run: the plan, what is known of the data, and the rows to fit the winner on."""

    plan: ComparisonPlan
    labels: Labels
    schema: Schema
    facts: Facts
    cv: tuple[int, int]
    fingerprint: str
    settings: Mapping[str, Any]
    given: GivenData
    name: str = "X"
    target: str = "y"
    shown: tuple[str, str] | None = None
    weighing: str = ""
    cv_by_rows: bool = False
    formerly: Mapping[str, str] = field(default_factory=dict)

    @property
    def prepared(self) -> bool:
        """Whether columns are read and prepared here; a pipeline gets them as they are."""
        return isinstance(self.plan.learner, Prepared)

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in the order in which a learner's rows have them."""
        X = self.plan.task.X
        if isinstance(X, Table):
            return self.schema.names
        return [str(n) for n in frame_of(X).columns] if is_frame(X) else [c.name for c in self.schema.columns]

    @property
    def header(self) -> str:
        """The first line of the answer."""
        more = {"target": self.target, "shown": self.shown, "by_rows": self.cv_by_rows}
        return header(self.facts, self.labels, self.cv, **more)

    @property
    def opening(self) -> list[str]:
        """The first line, and more where columns were not all plain numbers or weights not taken as they came."""
        columns = columns_line(self.schema) if self.prepared else "The learner prepares the columns itself."
        return [line for line in (self.header, columns, self.weighing) if line]

    def mark(self) -> str:
        """Fingerprint of the settings that decide what a cell holds; which methods run is not among them."""
        kept = {k: v for k, v in self.settings.items() if k not in ("methods", "command")}
        text = json.dumps([kept, versions()], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def setup_comparison(
    X: Any, y: Any, settings: Settings, *, sample_weight: Any = None, group: Any = None
) -> ComparisonSetup:
    """Data and settings together, checked before anything is fitted."""
    labels = Labels.of(y, rows=row_count(X))
    refuse_other_index({"X": X, "y": y, "sample_weight": sample_weight, "group": group})
    w, mean = mean_one(row_weights(sample_weight, len(labels.codes)))
    live = live_rows(X, labels, w, group_codes(group, len(labels.codes)))
    weighing = " ".join(line for line in (weights_line(w, mean), _sentence(live.gone)) if line)
    gone = _sentence(live.gone)
    X, labels, w, groups = live.X, live.labels, live.w, live.group
    given = GivenData(X, labels.classes[labels.codes], w, None if group is None else np.asarray(group)[live.rows])
    prepared = isinstance(settings.learner, Prepared)
    schema = Schema.of(X) if prepared else _schema_as_given(X)
    table = schema.read(X)
    cost = _binary_cost(settings.cost, labels)
    cv = settings.cv(len(labels.codes))
    task = Task(table if prepared else X, labels.codes, labels.classes, labels.positive, w, groups, schema)
    fold_of = _fold_numbers(outer_folds(labels, cv, settings.seed, groups), len(labels.codes))
    inner = inner_default(len(labels.codes))
    plan = ComparisonPlan(task, settings.learner, settings.methods, fold_of, cv[0], inner, cost, settings.seed)
    for method in plan.methods:
        _refuse_class(method.name, learner_and_steps(plan, method)[0])
    facts = facts_of(X, schema, table, labels, w, as_given=not prepared)
    facts = replace(facts, gone=gone)
    content = table.fingerprint() if prepared else _as_given_fingerprint(X, schema, table)
    since = _rules_since(table, groups) if prepared else {}
    mark_of = lambda rules: fingerprint(" ".join([content, *rules]), schema, labels, w, groups)
    formerly = {mark_of([]): " and ".join(since.values())} if since else {}
    written = settings.written(cv, inner)
    by_rows = settings.repeats is None
    return ComparisonSetup(
        plan,
        labels,
        schema,
        facts,
        cv,
        mark_of(since),
        written,
        given,
        weighing=weighing,
        cv_by_rows=by_rows,
        formerly=formerly,
    )


def _rules_since(table: Table, groups: Any) -> dict[str, str]:
    """Rules that version 0.1.0 did not have and that matter for these columns: a word of the fingerprint, and what it says."""
    rules = {}
    if seldom_seen(table, groups):
        rules["unseen averaged"] = "categories never met in training were scored by the mean of those met"
    if gap_columns(table.numbers).size:
        rules["gaps told"] = "gaps of numbers were told to the learner"
    return rules


def _schema_as_given(X: Any) -> Schema:
    """The columns of rows that the learner prepares itself: nothing among them need be a number or vary."""
    try:
        return Schema.of(X)
    except InputError:
        if not is_frame(X) or not len(X):
            raise
        return Schema(tuple(Column(str(n), "dropped") for n in frame_of(X).columns), named=True)


def _as_given_fingerprint(X: Any, schema: Schema, table: Table) -> str:
    """The content of the rows with that of the columns which no table reads, and a pipeline does."""
    unread = [c.name for c in schema.columns if c.kind in ("dropped", "text")]
    if not is_frame(X) or not unread:
        return table.fingerprint()
    frame = frame_of(X)
    digest = hashlib.sha256(table.fingerprint().encode())
    for name in frame.columns:
        if str(name) in unread:
            digest.update(repr((str(name), frame[name].to_list())).encode())
    return digest.hexdigest()[:16]


def _refuse_class(label: str, learner: Any) -> None:
    made = learner.learner if isinstance(learner, Prepared) else learner
    if isinstance(made, type):
        raise InputError(f"method {label!r}: {made.__name__} is a class; give an object, {made.__name__}().")


def _sentence(line: str) -> str:
    """A line with a capital and a full stop; empty as it is."""
    return f"{line[:1].upper()}{line[1:]}." if line else ""


def _binary_cost(cost: float | None, labels: Labels) -> float | None:
    """A cost is for two classes."""
    if cost is not None and len(labels.classes) > 2:
        raise InputError(f"`cost` is for two classes; `y` has {len(labels.classes)}. Ask about one class: y == label.")
    return cost


def _fold_numbers(tests: list[list[np.ndarray]], rows: int) -> np.ndarray:
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
