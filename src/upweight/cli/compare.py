"""upweight compare: which remedy for a rare class, if any, earned its place?

Standard output carries the answer (header, table, sentences; or the JSON document), standard error the progress and the
notices, so that either can be redirected. Whatever can be refused is refused before the first fit; files appear only at
the end, each whole.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._command_line import command_line
from ._outputs import STANDARD_OUTPUT, check_writable, refuse_taken, taken_by, write_text, writing
from ._terminal import write_line, write_notice

if TYPE_CHECKING:
    from ..imbalance.comparison import Comparison, ComparisonSetup
    from ..work import Watch

__all__ = ["register"]

DEMO = ("a rare class", "upweight compare demo:digits --target eight --report out.html")
HELP = """Try every remedy for a rare class on the same folds, repair its probabilities, say which one earned its place.

DATA is a CSV, Parquet, .npz, .npy, JSON lines or Excel file, a folder of Parquet files (folders named key=value become columns), - for standard input, or data that is always there: demo:digits (targets eight, digit), demo:cancer (malignant), demo:wine (cultivar). Text, dates and gaps are fine; a file without a header line has columns c0, c1, ... What was guessed is told. Often the answer is: move the threshold, change nothing else.

[bold]Examples[/bold]

  upweight compare demo:digits --target eight --report out.html

  upweight compare churn.csv --target churned --positive yes --cost 20 --save model.skops

  upweight compare loans.parquet --target default --learner boosting --group customer

  upweight compare loans.parquet --target default --learner lightgbm:LGBMClassifier --set num_leaves=15

  upweight compare cases.csv --target ill --cv 5x2 --journal run1 --json result.json

[bold]Reading the table[/bold]  AP is average precision, beside it the difference to moving the threshold with its 95 % interval. O/E is observed over expected positives: 0.5 promises twice too many. Alerts and cost are per 1,000 rows.

[bold]Exit codes[/bold]  0 done; 1 the verdict is unusable under --strict; 2 bad use or input, told with file, column and row; 130 interrupted.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compare", help=HELP)(run)


def run(
    context: typer.Context,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="CSV, Parquet or other file, folder of Parquet, -, or demo:NAME", show_default=False
        ),
    ],
    target: Annotated[str, typer.Option(metavar="COL", help="Column to predict", show_default=False)],
    positive: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL",
            help="The class in question; yes,Yes: both as one  \\[default: true, or 1 beside 0 or -1, else the rarest]",
        ),
    ] = None,
    learner: Annotated[
        str, typer.Option(help="logistic, boosting or MODULE:CLASS, say lightgbm:LGBMClassifier")
    ] = "logistic",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of the learner; may be repeated")
    ] = None,
    methods: Annotated[str, typer.Option(help="quick, standard, survey, all, or names a,b")] = "standard",
    cv: Annotated[
        str | None,
        typer.Option(
            metavar="K",
            help="Folds, once (5), or folds x repeats (5x2)  \\[default: 5 folds, 5 times below 10,000 rows, twice below 100,000]",
        ),
    ] = None,
    cost: Annotated[
        float | None, typer.Option(metavar="R", help="False alarms that one miss is worth; cost then decides")
    ] = None,
    weights: Annotated[str | None, typer.Option(metavar="COL", help="Column of row weights")] = None,
    group: Annotated[
        str | None, typer.Option(metavar="COL", help="Column naming rows that belong together (a patient)")
    ] = None,
    exclude: Annotated[str, typer.Option(metavar="A,B", help="Columns to leave out")] = "",
    rng: Annotated[int, typer.Option(min=0, help="Seed: the same seed gives the same answer")] = 0,
    journal: Annotated[
        str | None, typer.Option(metavar="DIR", help="Keep finished fits here; the same call goes on from there")
    ] = None,
    report: Annotated[str | None, typer.Option(metavar="F", help="Write one self-contained HTML page")] = None,
    save: Annotated[
        str | None, typer.Option(metavar="F", help="Write the chosen model (upweight.imbalance.load reads it)")
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="[F]", help="Write the result as JSON, to F or instead of the table")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if the verdict is unusable")] = False,
) -> None:
    """Read, check, run, tell, write; see HELP."""
    outputs = Outputs.checked(data, report=report, save=save, json=json, journal=journal)
    more = {"learner": _learner_with(learner, settings or []), "methods": methods, "cv": cv, "cost": cost, "rng": rng}
    setup = _read_setup(data, target, positive, weights, group, exclude, more)
    setup = replace(setup, settings={**setup.settings, "command": command_line(context)})
    write_line("\n".join(setup.opening), sys.stderr if outputs.json_aside else sys.stdout)
    from ..imbalance.comparison import run_comparison

    with _named_errors(setup.name):
        result = run_comparison(setup, journal, watch())
    resume = (
        "The same call goes on from the journal."
        if journal
        else "With --journal DIR the same call would go on from here."
    )
    _finish(result, outputs, resume, strict=strict)


def _learner_with(learner: str, words: list[str]) -> str:
    """The learner's name, settings in brackets."""
    from ..learners import with_settings

    return with_settings(learner, words)


@dataclass(frozen=True)
class Outputs:
    """Where results go; checked to be writable."""

    report: Path | None
    save: Path | None
    json: Path | None
    json_aside: bool

    @classmethod
    def checked(
        cls, data: str, *, report: str | None, save: str | None, json: str | None, journal: str | None
    ) -> Outputs:
        taken = taken_by(data)
        if journal is not None:
            refuse_taken(Path(journal).resolve(), journal, "--journal", taken)
        named = {"--report": report, "--save": save, "--json": None if json == STANDARD_OUTPUT else json}
        paths = {
            o: None if p is None else check_writable(p, o, taken=taken, stream=o != "--save") for o, p in named.items()
        }
        return cls(paths["--report"], paths["--save"], paths["--json"], json == STANDARD_OUTPUT)


@contextmanager
def _named_errors(file: str) -> Iterator[None]:
    """Complaints of what knows no files, with the name of the file in front."""
    from .._errors import InputError, UndoError

    try:
        yield
    except (InputError, UndoError) as error:
        if str(error).startswith(f"{file}: "):
            raise
        raise type(error)(f"{file}: {error}") from error


def _read_setup(
    data: str,
    target: str,
    positive: str | None,
    weights: str | None,
    group: str | None,
    exclude: str,
    more: dict[str, Any],
) -> ComparisonSetup:
    """Everything that can be refused, refused; complaints name the file."""
    from ..files import read_source
    from ..imbalance.comparison import Settings, setup_comparison
    from ._target import take_apart

    settings = Settings.read(**more)
    source = read_source(data, write_notice)
    left_out = [n for n in exclude.split(",") if n.strip()]
    with _named_errors(source.name):
        parts = take_apart(source, target, positive=positive, weights=weights, group=group, exclude=left_out)
        setup = setup_comparison(parts.X, parts.y, settings, sample_weight=parts.weights, group=parts.group)
    weighing = " ".join(line for line in (parts.others, setup.weighing) if line)
    return replace(setup, name=source.name, target=parts.target, shown=parts.shown, weighing=weighing)


def _finish(result: Comparison, outputs: Outputs, resume: str, *, strict: bool) -> None:
    """Tell, write, and exit with the code that says how it went."""
    if outputs.json_aside:
        write_line(result.to_json().rstrip())
    else:
        width = _screen_width()
        sentences = [wrapped(s, width) if sys.stdout.isatty() else s for s in result.verdict.sentences]
        write_line("\n".join(["", result.table(width=width), "", *sentences]))
    for text in result.warnings:
        write_notice(f"warning: {text}")
    if not result.complete:
        write_notice(f"interrupted: no file was written. {resume}")
        raise typer.Exit(130)
    _write_files(result, outputs)
    raise typer.Exit(1 if strict and not result.verdict.ok else 0)


def _write_files(result: Comparison, outputs: Outputs) -> None:
    if outputs.json is not None:
        write_text(outputs.json, result.to_json())
        write_notice(f"wrote {outputs.json}")
    if outputs.save is not None:
        from ..imbalance.rebalance import strange_types

        result.save(outputs.save)
        strange = strange_types(outputs.save)
        trusted = f", trusted={strange!r}" if strange else ""
        write_notice(f"wrote {outputs.save}: upweight.imbalance.load({str(outputs.save)!r}{trusted}).predict(X_new)")
    if outputs.report is not None:
        from ..imbalance.comparison import with_seconds
        from ..report import write

        page = outputs.report
        writing(page, lambda: write(with_seconds(result.to_dict()), page))
        write_notice(f"wrote {outputs.report}")


def _screen_width() -> int:
    """Columns of the terminal, or 120 where the text goes to a file."""
    return max(60, shutil.get_terminal_size((120, 24)).columns) if sys.stdout.isatty() else 120


def wrapped(sentence: str, width: int) -> str:
    return textwrap.fill(sentence, width, subsequent_indent="  ", break_on_hyphens=False)


def watch() -> Watch:
    """Progress on stderr: a line with the estimate always, a bar on terminals."""
    from ..imbalance.comparison import Spoken
    from ..work import terminal_watch

    return Spoken(terminal_watch(), write_notice)
