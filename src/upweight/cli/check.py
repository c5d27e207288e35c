"""upweight check: everything known about the weights in a file, on one screen.

The trouble: weights are written by one program and used by another, and nobody looks at them in between. This command reads a file of
any size in batches, tallies it in constant memory, and says what `upweight.check` says; `--strict` makes it a gate in a pipeline.

What is inside: `register`, the options; the file is read in `_weights_file`.
"""

from __future__ import annotations

import json as json_module
from typing import Annotated

import typer

from ._outputs import STANDARD_OUTPUT, check_writable, taken_by, write_text, writing
from ._terminal import write_line, write_notice
from ._weights_file import WeightOptions, tally

__all__ = ["register"]

DEMO = ("weights you were given", "upweight check demo:heavy")
HELP = """Everything known about some weights, on one screen: how many rows they are
worth, whether averages can be believed, and the one thing to do next.

WEIGHTS is a CSV, Parquet, .npy, .npz, JSON lines or Excel file, a folder of
Parquet files (folders named key=value become columns), - for standard input,
or demo:good, demo:heavy, demo:class. CSV, Parquet and .npy may be larger than
memory. The weights are a column, or the ratio of two: target over source.
What was guessed of the file is told.

[bold]Examples[/bold]

  upweight check demo:heavy

  upweight check weights.csv --column w --kind importance

  upweight check weights.parquet --column log_w --log --exact --by day

  upweight check log.csv --source propensity --target pi_new --exact --strict

  upweight check log.csv --source propensity --target 0.0125 --json out.json

  upweight check weights.csv --report weights.html

  zcat weights.csv.gz | upweight check - --column w

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
            metavar="WEIGHTS", help="CSV, Parquet or other file, folder of Parquet, -, or demo:NAME", show_default=False
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
    report: Annotated[str | None, typer.Option(metavar="F", help="Write one self-contained HTML page")] = None,
    json: Annotated[
        str | None, typer.Option(metavar="[F]", help="Write the verdict as JSON, to F or instead of the screen")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if the verdict is unusable")] = False,
) -> None:
    """Read, tally, judge, tell, write; see HELP."""
    options = WeightOptions(column, log, source, target, kind, exact, by)
    options.refuse_contradictions()
    taken = taken_by(weights)
    page = None if report is None else check_writable(report, "--report", taken=taken)
    document_file = None if json in (None, STANDARD_OUTPUT) else check_writable(json, "--json", taken=taken)
    verdict = tally(weights, options).result()
    facts = verdict.to_dict() | {"data": weights}
    document = json_module.dumps(facts, allow_nan=False, indent=1, ensure_ascii=False)
    write_line(document if json == STANDARD_OUTPUT else str(verdict))
    if document_file is not None:
        write_text(document_file, document + "\n")
        write_notice(f"wrote {document_file}")
    if page is not None:
        from ..report import write_verdict

        writing(page, lambda: write_verdict(facts, page))
        write_notice(f"wrote {page}")
    raise typer.Exit(1 if strict and verdict.grade == "unusable" else 0)
