"""What was typed, as a result records it, so that it can be typed again.

The trouble: a program that calls `main([...])` has a command line of its own, which is not the one that gave the answer. So a command gets the words it
was given with its context, and not from `sys.argv`.

What is inside: `with_bare_json`, the words with what `--json` alone means; `command_line`, one line without the files it writes to.
"""

from __future__ import annotations

import shlex

import typer

from ._outputs import STANDARD_OUTPUT

__all__ = ["command_line", "with_bare_json"]

NO_DIFFERENCE = ("--journal", "--report", "--save", "--json", "--strict")  # options that leave the answer as it is


def with_bare_json(args: list[str]) -> list[str]:
    """`--json` may stand alone: then it is standard output."""
    out = []
    for i, arg in enumerate(args):
        bare = arg == "--json" and (i + 1 == len(args) or (args[i + 1].startswith("-") and args[i + 1] != "-"))
        out += ["--json", STANDARD_OUTPUT] if bare else [arg]
    return out


def command_line(context: typer.Context) -> str:
    """The command without the files it writes to: it gives the same answer wherever that is put."""
    kept, skip = ["upweight"], False
    for arg in context.find_root().obj or ():
        name, value = arg.partition("=")[::2]
        if skip:
            skip = False
        elif name in NO_DIFFERENCE:
            skip = not value and name != "--strict"
        else:
            kept.append(arg)
    return shlex.join(kept)
