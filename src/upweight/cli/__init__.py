"""The command line: one file per command, each with a `register(app)`; this file only lists them.

Exit codes: 0 done; 1 the verdict is unusable under --strict; 2 bad use or bad input, told on one line; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import typer

from .._errors import UpweightError

__all__ = ["COMMANDS", "main"]

COMMANDS = ("check", "cite", "compare", "report")
HELP = "Importance weights you can trust: make them, check them, tame them, use them, undo their bias."
ASIDE = "-"  # what a bare --json stands for: standard output


def app() -> typer.Typer:
    """All commands; their files import what is heavy only when they run."""
    made = typer.Typer(
        name="upweight",
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @made.callback()
    def every_command() -> None:
        """Keep `upweight` a group of commands even while it has one."""

    every_command.__doc__ = HELP
    for name in COMMANDS:
        importlib.import_module(f".{name}", __name__).register(made)
    return made


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        app()(args=with_bare_json(given), prog_name="upweight")
    except UpweightError as error:
        print(f"upweight: {error}", file=sys.stderr)  # noqa: T201  the command line's own voice
        sys.exit(2)
    except KeyboardInterrupt:
        print("upweight: interrupted", file=sys.stderr)  # noqa: T201
        sys.exit(130)
    except BrokenPipeError:  # the reader, `head` say, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def with_bare_json(args: list[str]) -> list[str]:
    """`--json` may stand alone: then it is standard output."""
    out = []
    for i, arg in enumerate(args):
        bare = arg == "--json" and (i + 1 == len(args) or args[i + 1].startswith("--"))
        out += ["--json", ASIDE] if bare else [arg]
    return out
