"""upweight demo: what runs on a machine that has nothing but upweight, one line a field.

The trouble: who has installed a tool wants to see it work, and has no file at hand that fits.

What is inside: `register`. A command that has data of its own says so by `DEMO`, (field, what to type); this one lists them.
"""

from __future__ import annotations

import importlib

import typer

from ._terminal import write_line

__all__ = ["register"]

HELP = """What can be tried at once: commands on data that are always there, one line a
field. Nothing is downloaded.

[bold]Examples[/bold]

  upweight demo

  upweight compare demo:digits --target eight --report out.html

[bold]Exit codes[/bold]  0 done; 2 bad use.
"""
FIELDS = ("check", "compare", "negatives", "shift", "ope", "rare", "delivered", "impute")  # commands with a DEMO


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", help=HELP)(run)


def run() -> None:
    """Print the lines."""
    demos = [importlib.import_module(f"..{name}", __name__).DEMO for name in FIELDS]
    width = max(len(field) for field, _ in demos)
    for field, typed in demos:
        write_line(f"{field:<{width}}  {typed}")
