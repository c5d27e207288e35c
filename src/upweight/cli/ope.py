"""upweight ope: what another policy would have earned, from a log of decisions, on one screen.

The trouble: whether a new policy is better is asked of a table with three columns, and answered by a notebook. This command reads the columns,
says whether the probabilities fit together, what the target would have earned and how certain that is, and decides; `--strict` makes it
a gate in a pipeline.

What is inside: `register`, the options; the log is read in `_decision_log`.
"""

from __future__ import annotations

import json as json_module
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ._decision_log import LogOptions, read_log
from ._outputs import STANDARD_OUTPUT, check_writable, taken_by, write_text, writing
from ._terminal import write_line, write_notice

__all__ = ["register"]

DEMO = ("a log of decisions", "upweight ope demo:digits")

HELP = """What another policy would have earned, from a log of decisions: whether the
probabilities fit together, the value with its interval, and one decision.

LOG is a CSV, Parquet, .npy, .npz, JSON lines or Excel file, a folder of Parquet
files, - for standard input, Vowpal Wabbit's decision log (.dsjson), or
demo:digits, demo:wrong, demo:thin, whose truth is known and printed. Only the
named columns are read. One row is one decision.

[bold]Examples[/bold]

  upweight ope demo:digits

  upweight ope log.parquet --reward click --logged p --target pi_new

  upweight ope log.csv --reward r --logged p --target 0.0125 --bounds 0,1

  upweight ope log.csv --reward r --logged p --target pi --cluster user --by day

  upweight ope events.dsjson --target uniform

  upweight ope log.csv --reward r --logged p --target pi --report ope.html

[bold]Reading the screen[/bold]  better and worse: the interval of the gain does not
hold 0. undecided: it does; "do" says about how many rows would tell. untrusted:
this log cannot tell, and "do" says why. "certain" is an interval with a proof,
for rewards between --bounds. The error of the mean weight is one standard
error; those of value and gain are half a 95 % interval.

[bold]Exit codes[/bold]  0 done; 1 untrusted under --strict; 2 bad use
or bad input, told with file, column and row.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ope", help=HELP)(run)


def run(
    log_file: Annotated[
        str,
        typer.Argument(
            metavar="LOG", help="CSV, Parquet, .dsjson or other file, folder, -, or demo:NAME", show_default=False
        ),
    ],
    reward: Annotated[str | None, typer.Option(metavar="COL", help="Column of the reward")] = None,
    logged: Annotated[
        str | None, typer.Option(metavar="COL|NUMBER", help="Probability with which the action was taken")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="COL|NUMBER", help="The target's probability of that action; of .dsjson uniform, baseline or greedy"
        ),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="The probabilities are natural logarithms")] = False,
    cluster: Annotated[str | None, typer.Option(metavar="COL", help="Rows that belong together, such as users")] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COL", help="Test the probabilities for every label of this column")
    ] = None,
    bounds: Annotated[
        str | None, typer.Option(metavar="A,B", help="The least and the largest reward there can be")
    ] = None,
    report: Annotated[str | None, typer.Option(metavar="F", help="Write one self-contained HTML page")] = None,
    json: Annotated[
        str | None, typer.Option(metavar="[F]", help="Write the result as JSON, to F or instead of the screen")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if the decision is untrusted")] = False,
) -> None:
    """Read, evaluate, tell, write; see HELP."""
    options = LogOptions(reward, logged, target, log, cluster, by, bounds)
    taken = taken_by(log_file)
    page = None if report is None else check_writable(report, "--report", taken=taken)
    document_file = None if json in (None, STANDARD_OUTPUT) else check_writable(json, "--json", taken=taken)
    decision = _evaluated(log_file, options, page, document_file, bare=json == STANDARD_OUTPUT)
    raise typer.Exit(1 if strict and decision == "UNTRUSTED" else 0)


def _evaluated(log_file: str, options: LogOptions, page: Path | None, document_file: Path | None, *, bare: bool) -> str:
    """The decision, once it is told; bare : whether the document stands in the place of the screen."""
    from ..ope import evaluate
    from ..ope.evaluation import screen

    read = read_log(log_file, options)
    e = evaluate(read.reward, read.w, cluster=read.cluster, by=read.by, bounds=read.bounds, kept=read.kept)
    e = replace(e, by_name=read.by_name)
    facts = e.to_dict() | {"data": log_file} | ({} if read.truth is None else {"truth": list(read.truth)})
    document = json_module.dumps(facts, allow_nan=False, indent=1, ensure_ascii=False)
    source = log_file if log_file.startswith("demo:") else ""
    write_line(document if bare else screen(e, source=source, truth=read.truth))
    if document_file is not None:
        write_text(document_file, document + "\n")
        write_notice(f"wrote {document_file}")
    if page is not None:
        from ..report import write_evaluation

        writing(page, lambda: write_evaluation(facts, page))
        write_notice(f"wrote {page}")
    return e.decision
