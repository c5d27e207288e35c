"""upweight rare: the probability that something with random inputs fails, from a terminal.

Standard output carries the answer (the screen, or the JSON document), standard error what was written. The function is imported from
MODULE:FUNCTION with the current folder in sight; inputs are literals and never run as code.
"""

from __future__ import annotations

import importlib
import json as json_module
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from .._errors import InputError, did_you_mean
from ._command_line import command_line
from ._outputs import STANDARD_OUTPUT, check_writable, write_text
from ._terminal import write_line, write_notice

__all__ = ["register"]

DEMO = ("a rare event", "upweight rare demo:beam")
HELP = """The probability that FUNCTION gives a number <= 0 when its inputs are random, with an interval, whether to believe it, and where it fails.

FUNCTION is MODULE:FUNCTION, imported with the current folder in sight, or demo:four-branch, demo:beam, demo:needle. It gets a dict of arrays, one a named input, and gives one number a row: <= 0 is failure. The number never comes from the points that shaped the search.

[bold]Examples[/bold]

  upweight rare demo:beam

  upweight rare beam:g --input "R=lognorm(0.1, scale=300)" --input "S=gumbel_r(150, 12)"

  upweight rare beam:g --input "R=norm(4, 1)" --input "S=norm(2, 1)" --correlation c.csv --rows --workers 2

  upweight rare beam:g --input "R=norm(4, 1)" --journal run.uwj --json out.json --strict

[bold]Reading the answer[/bold]  beta is the probability as a distance in standard deviations. "failures worth 536" is the effective number of failing points; k-hat is the tail index of their weights. A region that no call ever hit leaves no trace: nothing can warn of it.

[bold]Exit codes[/bold]  0 done; 1 not converged under --strict; 2 bad use or input; 130 interrupted, and the journal keeps what was answered.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rare", help=HELP)(run)


def run(
    context: typer.Context,
    function: Annotated[
        str, typer.Argument(metavar="FUNCTION", help="MODULE:FUNCTION or demo:NAME", show_default=False)
    ],
    input: Annotated[
        list[str] | None, typer.Option("--input", metavar="NAME=DIST(...)", help="A random input; once for each")
    ] = None,
    correlation: Annotated[
        str | None, typer.Option(metavar="FILE.csv", help="Correlations of the normal scores, no head")
    ] = None,
    relative_error: Annotated[float, typer.Option(metavar="E", help="Standard error over p that is aimed at")] = 0.05,
    budget: Annotated[int, typer.Option(min=1, help="Calls at most")] = 50_000,
    family: Annotated[str, typer.Option(help="auto, mixture, projected, vmfn or subset")] = "auto",
    rng: Annotated[int, typer.Option(min=0, help="Seed: the same seed gives the same answer")] = 0,
    rows: Annotated[bool, typer.Option("--rows", help="Call the function with one row at a time")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes that call it")] = 1,
    journal: Annotated[
        str | None, typer.Option(metavar="F", help="Keep every answer; the same command goes on from there")
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="[F]", help="Write the result as JSON, to F or instead of the screen")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if it did not converge")] = False,
) -> None:
    """Import, search, tell, write; see HELP."""
    from ..montecarlo import Run, rare

    taken = {} if journal is None else {os.path.realpath(journal): "the journal"}
    document_file = None if json in (None, STANDARD_OUTPUT) else check_writable(json, "--json", taken=taken)
    g, inputs, known = (
        _demo(function, input, correlation) if function.startswith("demo:") else _given(function, input, correlation)
    )
    how = Run(rows=rows, workers=workers, journal=journal)
    with _told(function):
        found = rare(g, inputs, relative_error=relative_error, budget=budget, family=family, run=how, rng=rng)
    facts = found.to_dict() | {
        "function": function,
        "note": known,
        "settings": {"rng": rng, "command": command_line(context)},
    }
    document = json_module.dumps(facts, allow_nan=False, indent=1, ensure_ascii=False)
    write_line(document if json == STANDARD_OUTPUT else "\n".join([str(found), *([known] if known else [])]))
    if document_file is not None:
        write_text(document_file, document + "\n")
        write_notice(f"wrote {document_file}")
    raise typer.Exit(1 if strict and not found.converged else 0)


def _demo(function: str, given: list[str] | None, correlation: str | None) -> tuple[Callable[[Any], Any], Any, str]:
    from ..montecarlo.answers import DEMOS

    name = function.removeprefix("demo:")
    if name not in DEMOS:
        raise InputError(f"no demo {name!r}.{did_you_mean(name, DEMOS)}")
    if given or correlation:
        raise InputError(f"{function} has inputs of its own; got --input or --correlation. Leave them out.")
    g, inputs, known = DEMOS[name]
    return g, inputs(), known


def _given(function: str, given: list[str] | None, correlation: str | None) -> tuple[Callable[[Any], Any], Any, str]:
    from ..montecarlo import Inputs
    from ._distributions import read_correlation, read_inputs

    if not given:
        raise InputError(f"{function}: no input is random. Say --input NAME=DIST(...), once for each.")
    marginals = read_inputs(given)
    matrix = None if correlation is None else read_correlation(correlation)
    return _imported(function), Inputs(marginals, correlation=matrix), ""


@contextmanager
def _told(function: str) -> Iterator[None]:
    """What the function raises is told on one line, with its place, its inputs and the calls that are kept; what we raise is ours."""
    from ..montecarlo.calls import raised_at

    try:
        yield
    except InputError:
        raise
    except Exception as error:
        notes = [str(note) for note in getattr(error, "__notes__", ())]
        if not any(note.startswith("raised ") for note in notes):
            raise
        kept = notes[-1] if notes[-1].endswith("in the journal") else "no call is kept: --journal FILE keeps them"
        said = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": ")
        where = ", ".join(note.removeprefix("raised ") for note in notes[:-1])
        place = f"{raised_at(error)}, ".lstrip(", ")
        raise InputError(f"{function} raised {said}; {place}{where}; {kept}. Mend it and run again.") from error


def _imported(text: str) -> Callable[[Any], Any]:
    """The function of MODULE:FUNCTION, looked for in the current folder too."""
    module, sign, name = text.partition(":")
    if not (sign and module and name):
        raise InputError(f"{text}: no function. Write MODULE:FUNCTION, such as beam:g.")
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.split(".")[0] and error.name != module:
            raise InputError(f"{text}: {module} needs {error.name}, which is not installed. Install it.") from error
        beside = _modules_here()
        raise InputError(
            f"{text}: there is no module {module!r}.{did_you_mean(module, beside) if beside else ''}"
        ) from error
    except Exception as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": ")
        raise InputError(f"{text}: {module} cannot be imported ({said}{_line_of(error)}). Mend it.") from error
    if not callable(g := getattr(found, name, None)):
        functions = [n for n, f in vars(found).items() if callable(f) and not n.startswith("_")]
        raise InputError(f"{text}: {module} has no function {name!r}.{did_you_mean(name, functions)}")
    return g


def _line_of(error: Exception) -> str:
    """The file and line that raised an error on import; a syntax error has told its own."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError) or not frames:
        return ""
    return f", {os.path.basename(frames[-1].filename)} line {frames[-1].lineno}"


def _modules_here() -> list[str]:
    """Modules in the current folder."""
    return sorted(name.removesuffix(".py") for name in os.listdir() if name.endswith(".py"))
