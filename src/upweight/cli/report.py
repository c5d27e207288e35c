"""upweight report: the page of a result that was written with --json."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from .._errors import InputError
from ._document import read_document
from ._outputs import check_writable, writing
from ._terminal import write_notice

__all__ = ["register"]

COMPARISON = "upweight.compare/1"
OTHERS = ("verdict", "shift", "evaluation", "rare", "posterior", "integral")  # upweight.NAME/1 has a page too
HELP = """Make the self-contained HTML page of a result that `upweight compare --json`, `upweight check --json`, `upweight shift --json`,
`upweight ope --json` or `upweight rare --json` wrote, or of the `to_json()` of a posterior or an integral; - is standard input.

[bold]Examples[/bold]

  upweight report result.json -o out.html

  upweight check weights.csv --json | upweight report - -o weights.html

[bold]Exit codes[/bold]  0 done; 2 bad use or input: not JSON, not a result, or a page that cannot be written.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", help=HELP)(run)


def run(
    result: Annotated[str, typer.Argument(metavar="RESULT.json", help="What --json wrote", show_default=False)],
    output: Annotated[str, typer.Option("-o", "--output", metavar="F", help="The page to write")] = "report.html",
) -> None:
    """Read the result, write the page."""
    taken = {} if result == "-" else {os.path.realpath(result): "the result itself"}
    page = check_writable(output, "-o", taken=taken)
    facts = _read_result(result)
    try:
        writing(page, lambda: _write_page(facts, page))
    except InputError as error:
        raise error if str(error).startswith(str(page)) else InputError(f"{result}: {error}") from error
    write_notice(f"wrote {page}")


def _write_page(facts: dict[str, Any], page: Path) -> None:
    """The page that belongs to the schema."""
    from .. import report
    from ..imbalance.comparison import with_seconds

    for name in OTHERS:
        if facts["schema"] == f"upweight.{name}/1":
            return getattr(report, f"write_{name}")(facts, page)
    report.write(with_seconds(facts) if _has_seconds(facts) else facts, page)


def _has_seconds(facts: dict[str, Any]) -> bool:
    """Whether the document is whole enough to look for seconds; what is wrong with the rest, the page will say."""
    timing, rows = facts.get("timing"), facts.get("rows")
    return (
        isinstance(timing, dict)
        and isinstance(timing.get("rows", {}), dict)
        and isinstance(rows, list)
        and all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in rows)
    )


def _read_result(path: str) -> dict[str, Any]:
    """The document, if it is one that has a page."""
    facts = read_document(path)
    others = [f"upweight.{name}/1" for name in OTHERS]
    if facts.get("schema") not in (COMPARISON, *others):
        schemas = ", ".join(map(repr, (COMPARISON, *others[:-1]))) + f" or {others[-1]!r}"
        raise InputError(
            f"{path}: schema {facts.get('schema')!r}; a report is made from {schemas}, as --json or to_json() writes it."
        )
    return facts
