"""upweight report: the page of a result that was written with --json."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .._errors import InputError
from ._outputs import check_writable, writing

__all__ = ["register"]

HELP = """Make the self-contained HTML page of a result that `upweight compare --json` wrote.

[bold]Example[/bold]

  upweight report result.json -o out.html
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", help=HELP)(run)


def run(
    result: Annotated[str, typer.Argument(metavar="RESULT.json", help="What --json wrote", show_default=False)],
    output: Annotated[str, typer.Option("-o", "--output", metavar="F", help="The page to write")] = "report.html",
) -> None:
    """Read the result, write the page."""
    target = check_writable(output, "-o", taken={os.path.realpath(result): "the result itself"})
    facts = read_result(result)
    from ..imbalance.comparison import with_seconds
    from ..report import write

    writing(target, lambda: write(with_seconds(facts), target))
    sys.stderr.write(f"wrote {target}\n")


def read_result(path: str) -> dict[str, Any]:
    """The document, if it is one of ours."""
    try:
        facts = json.loads(Path(path).read_text(encoding="utf8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}). Write it with `upweight compare ... --json {path}`.") from error
    schema = facts.get("schema") if isinstance(facts, dict) else None
    if schema != "upweight.compare/1":
        raise InputError(f"{path}: schema {schema!r}; a report is made from 'upweight.compare/1', as --json writes it.")
    return facts
