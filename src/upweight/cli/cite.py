"""upweight cite: the references of what a result rests on.

The trouble: a verdict or a comparison is written to a file, and when the paper is written nobody remembers which methods it used. The
file does: this command reads it and prints BibTeX.

What is inside: `register`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from .._cite import cite
from .._errors import InputError
from .check import tell

__all__ = ["register"]

HELP = """The references of what a result rests on, as BibTeX: those of the methods it
names, sorted, none twice.

RESULT.json is what `upweight check --json` or `upweight compare --json` wrote.

[bold]Examples[/bold]

  upweight check weights.csv --json verdict.json

  upweight cite verdict.json > references.bib
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cite", help=HELP)(run)


def run(
    result: Annotated[str, typer.Argument(metavar="RESULT.json", help="What --json wrote", show_default=False)],
) -> None:
    """Read the result, print its references."""
    try:
        tell(cite(_document(result)))
    except InputError as error:
        raise InputError(f"{result}: {error}" if not str(error).startswith(result) else str(error)) from error


def _document(path: str) -> dict[str, Any]:
    try:
        document = json.loads(Path(path).read_text(encoding="utf8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). Name a file that --json wrote.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON that upweight wrote ({error}). Name a file that --json wrote.") from error
    if not isinstance(document, dict):
        raise InputError(f"{path}: holds a {type(document).__name__}, not a result. Name a file that --json wrote.")
    return document
