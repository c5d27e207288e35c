"""upweight cite: the references of what a result rests on.

The trouble: a verdict or a comparison is written to a file, and when the paper is written nobody remembers which methods it used. The
file does: this command reads it and prints BibTeX.

What is inside: `register`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from .._cite import cite
from .._errors import InputError
from ._document import read_document
from ._terminal import write_line

__all__ = ["register"]

HELP = """The references of what a result rests on, as BibTeX: those of the methods it
names, sorted, none twice.

RESULT.json is what `upweight check --json` or `upweight compare --json` wrote;
- is standard input.

[bold]Examples[/bold]

  upweight check weights.csv --json verdict.json

  upweight cite verdict.json > references.bib

  upweight check demo:heavy --json | upweight cite -

[bold]Exit codes[/bold]  0 done; 2 bad use or input: not JSON, or not a result.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cite", help=HELP)(run)


def run(
    result: Annotated[str, typer.Argument(metavar="RESULT.json", help="What --json wrote", show_default=False)],
) -> None:
    """Read the result, print its references."""
    document = read_document(result)
    try:
        references = cite(document)
    except InputError as error:
        raise InputError(f"{result}: {error}") from error
    write_line(references)
