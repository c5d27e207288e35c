"""The command line: one file per command, each with a `register(app)`; this file only lists them.

Exit codes: 0 done; 1 the verdict is unusable under --strict; 2 bad use or bad input, told on one line; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer
import typer.core

from .._errors import UpweightError
from .._version import __version__
from ._command_line import with_bare_json
from ._terminal import unwrapped, write_notice

__all__ = ["COMMANDS", "main"]

UsageError: Any = typer.BadParameter.__mro__[1]  # of click, or of the copy that newer typers hold

COMMANDS = ("check", "cite", "compare", "delivered", "demo", "impute", "negatives", "ope", "rare", "report", "shift")
HELP = "Importance weights you can trust: make them, check them, tame them, use them, undo their bias."


def app() -> typer.Typer:
    """All commands; their files import what is heavy only when they run."""
    commands = typer.Typer(
        name="upweight",
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @commands.callback()
    def every_command(
        version: Annotated[
            bool, typer.Option("--version", help="Print the version", callback=print_version, is_eager=True)
        ] = False,
    ) -> None:
        """Keep `upweight` a group of commands even while it has one."""

    every_command.__doc__ = HELP
    for name in COMMANDS:
        importlib.import_module(f".{name}", __name__).register(commands)
    for command in commands.registered_commands:
        command.cls = Interruptible
        command.help = unwrapped(command.help or "")
    return commands


def print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"upweight {__version__}\n")
        raise typer.Exit(0)


class Interruptible(typer.core.TyperCommand):
    """A command that Ctrl-C ends with code 130 wherever it comes, and not with typer's own word and code 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            write_notice("upweight: interrupted")
            raise typer.Exit(130) from None


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    given = list(sys.argv[1:] if argv is None else argv)
    open_closed_outputs()
    try:
        try:
            code = run_command(with_bare_json(given))
        finally:
            sys.stdout.flush()  # while what goes wrong can still be told
        exit_with(code)
    except UpweightError as error:
        exit_with(2, f"upweight: {error}")
    except KeyboardInterrupt:
        exit_with(130, "upweight: interrupted")
    except BrokenPipeError:  # the reader, `head` say, has gone
        drop_output()
        exit_with(0)
    except OSError as error:
        if not output_fails():
            raise
        drop_output()
        exit_with(2, f"upweight: standard output: {error.strerror or error}")


def run_command(args: list[str]) -> int:
    """Run a command; its exit code. What is typed wrong is told on one line, as all else is."""
    try:
        code = app()(args=args, obj=args, prog_name="upweight", standalone_mode=False)
    except UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            told = error.format_message().strip("\n")  # empty where rich has shown the help when the error was made
            sys.stdout.write(f"{told}\n" if told else "")
        else:
            write_notice(bad_use(error))
        return error.exit_code
    except typer.Abort:
        write_notice("upweight: interrupted")
        return 130
    return code if isinstance(code, int) else 0


def bad_use(error: Any) -> str:
    """The command, the file, what is wrong with the words behind them, and where to look."""
    command = "upweight" if error.ctx is None else error.ctx.command_path
    data = None if error.ctx is None else error.ctx.params.get("data")
    what = " ".join(error.format_message().split()).rstrip(".")
    missing: Any = getattr(error, "param", None)
    told = ""
    if "Missing" in what and missing is not None and missing.help:
        acronym = missing.help[:2].isupper()
        told = f", {missing.help if acronym else missing.help[:1].lower() + missing.help[1:]}"
        flagged = missing.opts[0].startswith("--") and missing.metavar
        told += f": say {missing.opts[0]} {missing.metavar}" if flagged else ""
    return (
        f"{command}: {f'{data}: ' if data else ''}{what[:1].lower()}{what[1:]}{told}. {command} -h shows what it takes."
    )


def open_closed_outputs() -> None:
    """Started with `>&-` or without a console there is nowhere to print; the descriptors must not go to files of the user."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  for the whole life of the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


def exit_with(code: int, why: str | None = None) -> NoReturn:
    """Exit, after one line on standard error."""
    if why is not None:
        write_notice(why)
    sys.exit(code)


def output_fails() -> bool:
    """Whether standard output cannot take another line; asked by writing an empty one, for what failed may be lost already."""
    try:
        sys.stdout.write("\n")
        sys.stdout.flush()
    except OSError:
        return True
    return False


def drop_output() -> None:
    """What is left to print goes nowhere, so that Python does not try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
