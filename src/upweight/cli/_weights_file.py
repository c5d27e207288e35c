"""From a file of weights to a `Tally`: batch by batch in constant memory, and what no weight can be refused with its row.

The trouble: weights of a billion rows are tallied while they are read. What is wrong with them must be said as the user knows it: file,
column, row and value, before anything is written.

What is inside: `WeightOptions`, what the options ask for; `tally`, from a file to a `Tally`; `_demo_weights`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from .._check import Tally
from .._errors import InputError, did_you_mean
from .._weights import Weights, known, log_ratio, ratio
from ._terminal import harmless, write_notice

if TYPE_CHECKING:
    from ..files import Batch, Columns

__all__ = ["WeightOptions", "finite_number", "progress", "refuse_unlawful", "tally"]

DEMOS = ("good", "heavy", "class")
WORTH_A_BAR = 10_000_000  # rows


@dataclass(frozen=True)
class WeightOptions:
    """What the options ask for: one column of weights, or target over source."""

    column: str | None = None
    log: bool = False
    source: str | None = None
    target: str | None = None
    kind: str | None = None
    exact: bool = False
    by: str | None = None

    def refuse_contradictions(self) -> None:
        """Refuse options that do not belong together."""
        if (self.source is None) != (self.target is None):
            have, lack = ("--source", "--target") if self.target is None else ("--target", "--source")
            raise InputError(
                f"{have} needs {lack}: a weight is target over source. Name both columns, or one as a number: --target 0.0125."
            )
        if self.source is not None and self.column is not None:
            raise InputError(
                "--column names weights that are there, --source and --target make them. Say one of the two."
            )
        if self.source is not None and known(self.kind) != "importance":
            raise InputError(
                f"--kind {self.kind} does not fit --source and --target, whose ratio is an importance weight. Leave --kind out."
            )
        known(self.kind)


def tally(data: str, options: WeightOptions) -> Tally:
    """The tally of all rows of a file, read in batches."""
    if data.startswith("demo:"):
        return Tally.of(_demo_weights(data.removeprefix("demo:"), options))
    from ..files import open_columns

    columns = open_columns(data, write_notice)
    maker = WeightMaker.of(columns, options)
    total: Tally | None = None
    for part in tallies(columns, maker):
        total = part if total is None else total + part
    if total is None:
        raise InputError(f"{columns.name}: holds no rows. Is this the right file?")
    return total


def tallies(columns: Columns, maker: WeightMaker) -> Iterator[Tally]:
    by = maker.by
    with progress(columns) as advance, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what they say is a note of the verdict
        for batch in columns.read(maker.numbers, () if by is None else (by,)):
            if len(batch):
                yield Tally.of(maker.weights(batch), by=None if by is None else batch.labels(by))
            advance(len(batch))


@dataclass(frozen=True)
class WeightMaker:
    """The columns to read, by the names they have in the file, and how to make weights of them.

    `numbers` holds the column of weights; or the source; or source and target. `target` is the target if it is one number.
    """

    options: WeightOptions
    numbers: tuple[str, ...]
    by: str | None
    target: float | None = None

    @classmethod
    def of(cls, columns: Columns, options: WeightOptions) -> WeightMaker:
        by = None if options.by is None else columns.require(options.by, "--by")
        if options.source is None or options.target is None:
            return cls(options, (_weight_column(columns, options.column),), by)
        source = columns.require(options.source, "--source")
        number = None if options.target in columns.names else finite_number(options.target)
        if number is None:
            return cls(options, (source, columns.require(options.target, "--target")), by)
        return cls(options, (source,), by, number)

    def weights(self, batch: Batch) -> Weights:
        """The weights of one batch."""
        options, name = self.options, self.numbers[0]
        where = lambda column: f"{batch.file}: column {column!r}"
        values = batch.numbers(name)
        if options.source is None:
            refuse_unlawful(values, where(name), batch.first, log=options.log, whole=options.kind == "frequency")
            return (Weights.of_log if options.log else Weights.of)(values, kind=options.kind, exact=options.exact)
        refuse_unlawful(values, where(name), batch.first, log=options.log, source=True)
        target: Any = self.target
        if target is None:
            target = batch.numbers(self.numbers[1])
            refuse_unlawful(target, where(self.numbers[1]), batch.first, log=options.log)
        return (log_ratio if options.log else ratio)(target, values, exact=options.exact)


def _weight_column(columns: Columns, name: str | None) -> str:
    """The column that was named, else w, else the only one."""
    if name is None and "w" not in columns.names and len(columns.names) == 1:
        return columns.names[0]
    return columns.require("w" if name is None else name, "--column")


def finite_number(text: str, option: str = "--target") -> float | None:
    """The finite number that stands for a column, None if the text is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not np.isfinite(value):
        raise InputError(f"{option} {text} must be a finite number or the name of a column.")
    return value


@contextmanager
def progress(columns: Columns) -> Iterator[Any]:
    """A bar on standard error for files that take a while, if somebody is looking."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal or (columns.rows or 0) < WORTH_A_BAR:
        yield lambda rows: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(escape(harmless(columns.name)), total=columns.rows)
        yield lambda rows: bar.advance(task, rows)


NOT_DRAWN = "Such a row cannot have been drawn: drop it or mend the propensity."


def refuse_unlawful(
    values: np.ndarray, where: str, first: int, *, log: bool, source: bool = False, whole: bool = False
) -> None:
    """Refuse what no weight can be, naming value and row."""
    if log:
        rules = [
            (values == values, "logs must not be NaN", "Drop those rows first."),
            (values < np.inf, "logs must be below +inf", "Cap or drop them first."),
            (values > -np.inf if source else None, "the source must be above -inf", NOT_DRAWN),
        ]
    else:
        rules = [
            (np.isfinite(values), "weights must be finite", "Drop those rows first."),
            (values >= 0, "weights must be >= 0", "Logs? Use --log."),
            (values > 0 if source else None, "the source must be > 0", NOT_DRAWN),
            (
                values == np.rint(values) if whole else None,
                "frequencies must be whole numbers",
                "They count copies; use --kind importance for ratios.",
            ),
        ]
    for ok, rule, remedy in rules:
        if ok is not None and not ok.all():
            row = int(np.argmin(ok))
            raise InputError(f"{where}: {rule}; got {values[row]:g} at row {first + row}. {remedy}")


def _demo_weights(name: str, options: WeightOptions) -> Weights:
    """Weights that show a verdict: good, heavy, class."""
    if name not in DEMOS:
        raise InputError(f"no demo {name!r}.{did_you_mean(name, DEMOS)} Name demo:good, demo:heavy or demo:class.")
    if (options.column, options.source, options.by) != (None, None, None):
        raise InputError(f"demo:{name} has no columns. Leave --column, --source, --target and --by out.")
    p = (np.arange(4000) + 0.5) / 4000
    if name == "good":
        normal = np.array([NormalDist().inv_cdf(u) for u in p])
        return Weights.of_log(0.5 * normal - 0.125, kind="importance", exact=True)
    if name == "heavy":
        return Weights.of_log(-0.8 * np.log1p(-p) + np.log(0.2), kind="importance", exact=True)
    return Weights.of(np.repeat([1.0, 10.0], [900, 100]), kind="class")
