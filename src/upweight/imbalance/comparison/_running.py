"""Run the cells of a plan: what `work` needs to know of them.

The estimate of time rests on the row "threshold": what its cell takes, times what a method is known to take of that, plus what it
takes a row and column besides.

    seconds(method) = work(minority share) * seconds(threshold) + extra * 1e-9 * rows * columns * busy

A cell of "threshold" in the first repeat also tries every column (`_importance`), so it is foreseen to take what the first such cell took.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from ..._errors import InputError
from ...tables import Table
from ...work import Job, Journal, Run, Watch, run_job
from ._cells import Cell, ComparisonPlan, Key, run_cell
from ._watching import Forewarned

__all__ = ["run_plan"]

ALONE = "the learner fails on its own, without any remedy"


def run_plan(plan: ComparisonPlan, journal: Journal | None, watch: Watch) -> Run:
    """Run every cell that the journal does not hold. Ctrl-C ends it early, with `complete` False."""
    forecast = CellForecast(plan)
    job = Job(
        partial(run_cell, plan),
        plan.keys,
        label=_name_of,
        first=partial(reference_first, plan),
        check=partial(refuse_hopeless, plan),
        foresee=forecast,
    )
    return run_job(job, journal=journal, watch=Relay(watch, forecast))


class CellForecast:
    """Foresees cells, and remembers what that comes to for each method."""

    def __init__(self, plan: ComparisonPlan):
        self.plan = plan
        self.by_method: dict[str, float] = {}

    def by_choice(self) -> dict[str, float]:
        """Seconds of each method that could be left out; those of the two that are always there together, without a name."""
        always = {m.name for m in self.plan.methods if m.untouched or m.reference}
        chosen = {name: s for name, s in self.by_method.items() if name not in always}
        return chosen | {"": sum(s for name, s in self.by_method.items() if name in always)}

    def __call__(self, key: Key, cells: Mapping[Key, Cell], seconds: float, busy: float) -> float:
        ahead = foresee(self.plan, key, cells, seconds, busy)
        self.by_method[key.name] = self.by_method.get(key.name, 0.0) + ahead
        return ahead


class Relay(Watch):
    """Another watch, told besides what each method will take, if it cares."""

    def __init__(self, inner: Watch, forecast: CellForecast):
        self.inner, self.forecast = inner, forecast

    def estimate(self, seconds: float, parts: int, processes: int) -> None:
        if isinstance(self.inner, Forewarned):
            self.inner.forecast(self.forecast.by_choice())
        self.inner.estimate(seconds, parts, processes)

    def step(self, label: str) -> None:
        self.inner.step(label)

    def close(self) -> None:
        self.inner.close()


def _name_of(key: Key) -> str:
    """The method of a cell."""
    return key.name


def reference_first(plan: ComparisonPlan, left: list[Key]) -> Key:
    """A cell of "threshold", by which the others are foreseen."""
    return next((k for k in left if k.name == plan.reference.name), left[0])


def refuse_hopeless(plan: ComparisonPlan, first: Cell) -> None:
    """A learner that fails without any remedy fails with all of them."""
    if first.error is not None and first.key.name == plan.reference.name:
        plain = first.error.removeprefix("InputError: ")  # ours says what to do without any more words
        raise InputError(plain if plain != first.error else f"{ALONE}: {first.error}")


def foresee(plan: ComparisonPlan, key: Key, cells: Mapping[Key, Cell], seconds: float, busy: float) -> float:
    """Seconds of a cell, from one of "threshold" that is done."""
    unit = next((c.seconds for c in cells.values() if c.key.name == plan.reference.name), seconds)
    method = plan.method(key.name)
    if method.reference and key.repeat == 0:
        return max(unit, seconds)
    return method.work(float(plan.task.prior.min())) * unit + method.extra * 1e-9 * size(plan) * busy


def size(plan: ComparisonPlan) -> float:
    """Rows times columns that all models of a cell see together."""
    rows = plan.fold_of.shape[1] * (1 - 1 / plan.folds) * (plan.inner - 1)
    table = plan.task.X
    return rows * (table.numbers.shape[1] + table.codes.shape[1] if isinstance(table, Table) else table.shape[1])
