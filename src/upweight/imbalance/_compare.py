"""compare: which remedy for a rare class, if any, earned its place?

The trouble: most remedies for class imbalance only move the threshold, and ruin the probabilities on the way. A comparison
at 0.5 then praises them, because the untouched learner was never given its threshold. Here every remedy gets the same
folds, its probabilities repaired, the right threshold, and an interval for its difference to moving the threshold and
changing nothing else. Often that is the answer.

    repeated stratified K-fold; in each training fold: impute, scale, join rare levels, resample, one-hot, fit, repair
    difference per fold, mean +- t sqrt((1/J + n_test/n_train) s^2), Holm over rows

Sources: Nadeau and Bengio (2003); Holm (1979); Elkan (2001); van den Goorbergh et al., JAMIA 29 (2022), for the trouble.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import InputError
from ._cells import Plan, learner_and_steps
from ._classes import Labels, row_weights
from ._document import data_part, document, text_of, versions
from ._facts import Facts, columns_line, facts_of, header
from ._folds import group_codes, inner_default, read_cv, test_folds
from ._journal import Journal
from ._learners import Prepared, as_learner, learner_name, refuse_double_count
from ._members import Task
from ._methods import METHODS, rows_for
from ._random import as_generator
from ._rebalanced import Rebalanced, read_cost
from ._resample import row_slice
from ._rows import Figures, Row, rows_of
from ._running import Run, Watch, run_plan, terminal_watch
from ._save import save_model
from ._screen import table_text
from ._sentences import sentences_of
from ._table import Schema, row_count
from ._verdict import Verdict, read_figures

__all__ = ["Comparison", "Question", "compare"]


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

    @property
    def header(self) -> str:
        """The first line of the answer."""
        return header(self.facts, self.labels, self.cv)

    @property
    def opening(self) -> list[str]:
        """The first line, and a second where columns were not all plain numbers."""
        return [line for line in (self.header, columns_line(self.schema)) if line]

    def run(self, journal: str | os.PathLike[str] | None, watch: Watch) -> Comparison:
        """Run what the journal does not hold, and judge."""
        book = None if journal is None else Journal(journal, self.plan, self.fingerprint, self.mark())
        result = judged(self, run_plan(self.plan, book, watch))
        return (
            result
            if book is None or book.trouble is None
            else replace(result, warnings=(*result.warnings, book.trouble))
        )

    def mark(self) -> str:
        """Fingerprint of the settings that decide what a cell holds; which methods run is not among them."""
        kept = {k: v for k, v in self.settings.items() if k not in ("methods", "command")}
        text = json.dumps([kept, versions()], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Every row, the verdict, and the model to use; made by `compare`.

    Attributes
    ----------
    rows : tuple of `Row`, one a method. verdict : `Verdict` (code, grade, reasons, sentences).
    complete : False if it was interrupted. warnings : what the learners warned of, once a row.
    """

    question: Question
    figures: Figures
    verdict: Verdict
    done: Run
    warnings: tuple[str, ...]
    fitted: list[Rebalanced]

    @property
    def rows(self) -> tuple[Row, ...]:
        """One a method, in the order asked for."""
        return self.figures.rows

    @property
    def complete(self) -> bool:
        """Whether every cell is in."""
        return self.done.complete

    @property
    def model(self) -> Rebalanced:
        """The model the verdict names, fitted on all rows (at the first call): repaired probabilities, its threshold."""
        if not self.fitted:
            self.fitted.append(chosen_model(self))
        return self.fitted[0]

    def table(self, *, width: int = 120) -> str:
        """The rows as aligned text."""
        return table_text(self.rows, width=width)

    def to_dict(self) -> dict[str, Any]:
        """The document `upweight.compare/1`."""
        q = self.question
        data = data_part(q.name, q.target, q.schema, q.facts, q.labels, q.fingerprint, q.shown)
        return document(q.plan, self.done, self.figures, self.verdict, data, q.settings)

    def to_json(self) -> str:
        """The document as text; the same bytes for one `rng`, but for `timing`."""
        return text_of(self.to_dict())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model, so that `load(path)` gives it back; the old file stays until the new one is whole."""
        save_model(self.model, Path(path))

    def __str__(self) -> str:
        return "\n".join([*self.question.opening, "", self.table(), "", str(self.verdict)])

    def __repr__(self) -> str:
        return f"Comparison({self.verdict.code}, {self.verdict.grade}, {len(self.rows)} rows)"


def compare(
    X: Any,
    y: Any,
    *,
    learner: Any = "logistic",
    methods: Any = "standard",
    cv: Any = 5,
    cost: float | None = None,
    rng: Any = None,
    journal: Any = None,
    sample_weight: Any = None,
    group: Any = None,
) -> Comparison:
    """Try every remedy on the same folds, repair its probabilities, and say which, if any, earned its place.

        d = AP(method) - AP(moving the threshold) per fold;    mean d +- t_{J-1} sqrt((1/J + n_test/n_train) s^2)

    Parameters
    ----------
    X : (n, d) frame (pandas, polars, Arrow), array or CSR matrix; text, dates and gaps are fine in frames.
    y : (n,) labels. The positive class is True, or 1 beside 0 or -1, else the rarest.
    learner : "logistic", "boosting", "MODULE:CLASS" or a classifier; a pipeline object is given `X` as it is.
    methods : "quick", "standard", "survey", "all", names ("weights,random_under" or a list), or {label: resampler, sampler,
        classifier}. The rows none and threshold and the controls are always there.
    cv : folds, or "folds x repeats"; 5 repeats below 10,000 rows, 2 below 100,000, else 1.
    cost : false alarms that one miss is worth; then cost decides, at the threshold 1/(1 + cost), instead of AP.
    rng : int, Generator or None. One seed, one answer, whatever the number of processes.
    journal : folder for finished fits; the same call goes on from there.
    sample_weight : (n,) weights or `Weights`, used in fits and figures. group : (n,) labels of rows that stay together.

    Returns
    -------
    Comparison: `rows`, `verdict`, `model` (fitted), `complete`, `table()`, `to_json()`, `save(path)`.

    Raises
    ------
    InputError : one class, a class smaller than the folds, gaps in y, infinities, unknown names, another journal.

    Costs: methods x folds x (inner folds) fits. Intervals are for differences on data like these; the chosen model is one
    of several tried, so its own figures flatter a little.
    Source: Nadeau and Bengio (2003); Holm (1979).

    >>> from sklearn.datasets import load_digits
    >>> X, digit = load_digits(return_X_y=True)
    >>> c = compare(X[:600], digit[:600] == 8, methods="weights", cv="3x1", rng=0)
    >>> c.verdict.code, round(c.rows[2].oe_raw, 1), round(c.rows[2].oe, 1)
    ('move_threshold', 0.7, 1.0)
    """
    asked = question(
        X, y, learner=learner, methods=methods, cv=cv, cost=cost, rng=rng, sample_weight=sample_weight, group=group
    )
    return asked.run(journal, terminal_watch())


def question(
    X: Any, y: Any, *, learner: Any, methods: Any, cv: Any, cost: Any, rng: Any, sample_weight: Any, group: Any
) -> Question:
    """Everything at the door is checked here, before anything is fitted."""
    rows = rows_for(methods)
    made = as_learner(learner)
    made = made if isinstance(made, Prepared) or hasattr(made, "steps") else Prepared(made)
    if len(rows) > 2:
        refuse_double_count(made, rows[2].name)
    labels = Labels.of(y, rows=row_count(X))
    w, groups = row_weights(sample_weight, len(labels.codes)), group_codes(group, len(labels.codes))
    given = (X, labels.classes[labels.codes], w, None if group is None else np.asarray(group))
    X, labels, w, groups = live(X, labels, w, groups)
    schema = Schema.of(X)
    table = schema.read(X)
    cv = read_cv(cv, len(labels.codes))
    cost = binary_cost(cost, labels)
    drawn = as_generator(rng)
    seed = int(rng) if isinstance(rng, (int, np.integer)) else int(drawn.integers(2**31 - 1))
    tests = test_folds(labels, cv, seed, groups)
    task = Task(
        table if isinstance(made, Prepared) else X, labels.codes, labels.classes, labels.positive, w, groups, schema
    )
    inner = inner_default(len(labels.codes))
    plan = Plan(task, made, tuple(rows), fold_numbers(tests, len(labels.codes)), cv[0], inner, cost, seed)
    for method in rows:
        learner_and_steps(plan, method)
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
    mark = fingerprint(table.fingerprint(), schema, labels, w, groups)
    return Question(plan, labels, schema, facts, cv, mark, settings, given)


def live(X: Any, labels: Labels, w: np.ndarray | None, groups: np.ndarray | None) -> tuple[Any, ...]:
    """Only the rows of positive weight."""
    if w is None or w.all():
        return X, labels, w, groups
    keep = np.flatnonzero(w > 0)
    fewer = Labels.of(labels.classes[labels.codes[keep]])
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
    digest = hashlib.sha256(f"{table} {schema} {labels.classes.tolist()} {labels.positive}".encode())
    for part in (labels.codes.astype(np.int64), w, groups):
        digest.update(b"-" if part is None else np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()[:16]


def judged(asked: Question, run: Run) -> Comparison:
    """Rows, verdict and sentences from the cells that are there."""
    figures = rows_of(asked.plan, run.cells)
    reading = read_figures(asked.plan, asked.facts, figures)
    sentences = sentences_of(reading, complete=run.complete, done=len(run.cells))
    verdict = Verdict(reading.code, reading.grade, reading.reasons, sentences)
    return Comparison(asked, figures, verdict, run, said(run), [])


def said(run: Run) -> tuple[str, ...]:
    """What learners warned of: once a row, with the number of fits."""
    count: dict[tuple[str, str], int] = {}
    for cell in run.cells.values():
        for text in cell.said:
            count[cell.key.name, text] = count.get((cell.key.name, text), 0) + 1
    return tuple(f"{name}: {text} (in {n} of its folds)" for (name, text), n in sorted(count.items()))


def chosen_model(c: Comparison) -> Rebalanced:
    """The verdict's method on all rows."""
    q = c.question
    name = c.verdict.code.removeprefix("use:") if c.verdict.code.startswith("use:") else "threshold"
    row = q.plan.method(name)
    learner, steps = learner_and_steps(q.plan, row)
    method = "none" if not steps else name if METHODS.get(name) is row else list(steps)
    X, y, w, group = q.given
    model = Rebalanced(learner, method, inner=q.plan.inner, cost=q.plan.cost, rng=q.plan.seed)
    return model.fit(X, y, sample_weight=w, group=group)
