"""upweight check: everything known about the weights in a file, on one screen.

The trouble: weights are written by one program and used by another, and nobody looks at them in between. This command reads a file of
any size in batches, tallies it in constant memory, and says what `upweight.check` says; `--strict` makes it a gate in a pipeline.

What is inside: `register`, the options; `tally`, from a file to a `Tally`; the rules at the door, which name file, column and row.
"""

from __future__ import annotations

import json as json_module
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from .._check import Tally
from .._errors import InputError
from .._weights import Weights, known, log_ratio, ratio

if TYPE_CHECKING:
    from ..files import Batch, Columns

__all__ = ["Wanted", "register", "tally"]

HELP = """Everything known about some weights, on one screen: how many rows they are
worth, whether averages can be believed, and the one thing to do next.

WEIGHTS is a CSV or Parquet file, a folder of Parquet files, a .npy file, or
demo:good, demo:heavy, demo:class. It may be larger than memory. The weights
are a column, or the ratio of two: target over source.

[bold]Examples[/bold]

  upweight check demo:heavy

  upweight check weights.csv --column w --kind importance

  upweight check weights.parquet --column log_w --log --exact --by day

  upweight check log.csv --source propensity --target pi_new --exact --strict

  upweight check log.csv --source propensity --target 0.0125 --json out.json

[bold]Reading the screen[/bold]  "4,000 rows worth 1,095" is the effective sample size;
k-hat is the tail index: below 0.5 averages behave, from 0.7 on nothing
rescues them. --exact says that both columns are probabilities, so that the
mean weight must be 1; --by tests that for every label of a column that was
known before the row was drawn, such as a day. "do" is the advice.

[bold]Exit codes[/bold]  0 done; 1 the weights are unusable under --strict; 2 bad use
or bad input, told with file, column and row.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check", help=HELP)(run)


def run(
    weights: Annotated[
        str,
        typer.Argument(
            metavar="WEIGHTS", help="CSV, Parquet, folder of Parquet, .npy, or demo:NAME", show_default=False
        ),
    ],
    column: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of weights  \\[default: w, or the only column]")
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="The numbers are natural logarithms")] = False,
    source: Annotated[str | None, typer.Option(metavar="COL", help="Probability with which a row was drawn")] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COL|NUMBER", help="Probability under the target; with --source")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="importance, inclusion, frequency, class or cost  \\[default: importance, assumed]"),
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="A mean weight of 1 is promised: test it")] = False,
    by: Annotated[
        str | None, typer.Option(metavar="COL", help="Test the promise for every label of this column")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if the weights are unusable")] = False,
    json: Annotated[
        str | None, typer.Option(metavar="[F]", help="Write the verdict as JSON, to F or instead of the screen")
    ] = None,
) -> None:
    """Read, tally, judge, tell; see HELP."""
    from . import ASIDE
    from ._outputs import check_writable, taken_by, write_text

    wanted = Wanted.checked(column, log, source, target, kind, exact, by)
    target_file = None if json in (None, ASIDE) else check_writable(json, "--json", taken=taken_by(weights))
    verdict = tally(weights, wanted).result()
    document = json_module.dumps(verdict.to_dict() | {"data": weights}, allow_nan=False, indent=1, ensure_ascii=False)
    tell(document if json == ASIDE else str(verdict))
    if target_file is not None:
        write_text(target_file, document + "\n")
    if strict and verdict.grade == "unusable":
        raise typer.Exit(1)


def tell(text: str) -> None:
    """Write to standard output; characters that its encoding lacks (labels of the user) are escaped."""
    encoding = sys.stdout.encoding or "utf8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


@dataclass(frozen=True)
class Wanted:
    """What the options ask for: one column of weights, or target over source."""

    column: str | None = None
    log: bool = False
    source: str | None = None
    target: str | None = None
    kind: str | None = None
    exact: bool = False
    by: str | None = None

    @classmethod
    def checked(
        cls,
        column: str | None,
        log: bool,
        source: str | None,
        target: str | None,
        kind: str | None,
        exact: bool,
        by: str | None,
    ) -> Wanted:
        """The options, if they belong together."""
        if (source is None) != (target is None):
            have, lack = ("--source", "--target") if target is None else ("--target", "--source")
            raise InputError(
                f"{have} needs {lack}: a weight is target over source. Name both columns, or one as a number: --target 0.0125."
            )
        if source is not None and column is not None:
            raise InputError(
                "--column names weights that are there, --source and --target make them. Say one of the two."
            )
        if source is not None and known(kind) != "importance":
            raise InputError(
                f"--kind {kind} does not fit --source and --target, whose ratio is an importance weight. Leave --kind out."
            )
        known(kind)
        return cls(column, log, source, target, kind, exact, by)


def tally(data: str, wanted: Wanted) -> Tally:
    """The tally of all rows of a file, read in batches."""
    if data.startswith("demo:"):
        return Tally.of(demo(data.removeprefix("demo:"), wanted))
    from ..files import open_columns

    columns = open_columns(data)
    plan = _Plan.of(columns, wanted)
    total: Tally | None = None
    for part in _tallies(columns, plan):
        total = part if total is None else total + part
    if total is None:
        raise InputError(f"{columns.name}: holds no rows. Is this the right file?")
    return total


@dataclass(frozen=True)
class _Plan:
    """Columns to read, and how to make weights of them."""

    wanted: Wanted
    numbers: tuple[str, ...]
    number: float | None = None  # the target, if it is one number for all rows

    @classmethod
    def of(cls, columns: Columns, wanted: Wanted) -> _Plan:
        if wanted.by is not None:
            columns.require(wanted.by, "--by")
        if wanted.source is None or wanted.target is None:
            return cls(wanted, (_column(columns, wanted.column),))
        columns.require(wanted.source, "--source")
        number = None if wanted.target in columns.names else _number(wanted.target)
        if number is None:
            columns.require(wanted.target, "--target")
            return cls(wanted, (wanted.source, wanted.target))
        return cls(wanted, (wanted.source,), number)

    def weights(self, batch: Batch) -> Weights:
        """The weights of one batch."""
        w, first = self.wanted, batch.first
        where = lambda column: f"{batch.file}: column {column!r}"
        if w.source is None:
            (column,) = self.numbers
            values = batch.values[column]
            _refuse(values, where(column), first, log=w.log, whole=w.kind == "frequency")
            return (Weights.of_log if w.log else Weights.of)(values, kind=w.kind, exact=w.exact)
        below = batch.values[w.source]
        _refuse(below, where(w.source), first, log=w.log, source=True)
        above: Any = self.number
        if self.number is None:
            above = batch.values[self.numbers[1]]
            _refuse(above, where(self.numbers[1]), first, log=w.log)
        return (log_ratio if w.log else ratio)(above, below, exact=w.exact)


def _column(columns: Columns, asked: str | None) -> str:
    if asked is not None:
        return columns.require(asked, "--column")
    if "w" in columns.names or len(columns.names) != 1:
        return columns.require("w", "--column")
    return columns.names[0]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    if not np.isfinite(value):
        raise InputError(f"--target {text} must be a finite number or the name of a column.")
    return value


def _tallies(columns: Columns, plan: _Plan) -> Iterator[Tally]:
    by = plan.wanted.by
    with _progress(columns) as advance, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what they say is a note of the verdict
        for batch in columns.read(tuple(dict.fromkeys(plan.numbers)), () if by is None else (by,)):
            rows = len(batch.values[plan.numbers[0]])
            if rows:
                yield Tally.of(plan.weights(batch), by=None if by is None else batch.values[by])
            advance(rows)


def _progress(columns: Columns) -> Any:
    """A bar on standard error for files that take a while, if somebody is looking."""
    from contextlib import contextmanager

    from rich.console import Console
    from rich.progress import Progress

    @contextmanager
    def bar() -> Iterator[Any]:
        console = Console(stderr=True)
        if not console.is_terminal or (columns.rows or 0) < 10_000_000:
            yield lambda rows: None
            return
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task(columns.name, total=columns.rows)
            yield lambda rows: progress.advance(task, rows)

    return bar()


def _refuse(
    values: np.ndarray, where: str, first: int, *, log: bool, source: bool = False, whole: bool = False
) -> None:
    """Refuse what no weight can be, naming value and row."""
    if log:
        rules = [
            (values == values, "logs must not be NaN", "Drop those rows first."),
            (values < np.inf, "logs must be below +inf", "Cap or drop them first."),
        ]
        if source:
            rules.append(
                (
                    values > -np.inf,
                    "the source must be above -inf",
                    "Such a row cannot have been drawn: drop it or mend the propensity.",
                )
            )
    else:
        rules = [
            (np.isfinite(values), "weights must be finite", "Drop those rows first."),
            (values >= 0, "weights must be >= 0", "Logs? Use --log."),
        ]
        if source:
            rules.append(
                (
                    values > 0,
                    "the source must be > 0",
                    "Such a row cannot have been drawn: drop it or mend the propensity.",
                )
            )
        if whole:
            rules.append(
                (
                    values == np.rint(values),
                    "frequencies must be whole numbers",
                    "They count copies; use --kind importance for ratios.",
                )
            )
    for ok, rule, remedy in rules:
        if not ok.all():
            row = int(np.argmin(ok))
            raise InputError(f"{where}: {rule}; got {values[row]:g} at row {first + row}. {remedy}")


def demo(name: str, wanted: Wanted) -> Weights:
    """Weights that show a verdict: good, heavy, class."""
    from statistics import NormalDist

    p = (np.arange(4000) + 0.5) / 4000
    x = -np.log1p(-p)
    if (wanted.column, wanted.source, wanted.by) != (None, None, None):
        raise InputError(f"demo:{name} has no columns. Leave --column, --source, --target and --by out.")
    if name == "good":
        normal = np.array([NormalDist().inv_cdf(u) for u in p])
        return Weights.of_log(0.5 * normal - 0.125, kind="importance", exact=True)
    if name == "heavy":
        return Weights.of_log(0.8 * x + np.log(0.2), kind="importance", exact=True)
    if name == "class":
        return Weights.of(np.repeat([1.0, 10.0], [900, 100]), kind="class")
    raise InputError(f"no demo {name!r}. Name demo:good, demo:heavy or demo:class.")
