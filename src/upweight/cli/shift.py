"""upweight shift: did the world move between two files, where, and can weights repair it?

Standard output carries the answer (sentences, or the JSON document), standard error what was read and written. Whatever can be refused is
refused before the first fit; files appear only at the end, each whole.
"""

from __future__ import annotations

import io
import json as json_module
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._command_line import command_line
from ._outputs import STANDARD_OUTPUT, check_writable, taken_by, write_text, writing
from ._terminal import write_line, write_notice

if TYPE_CHECKING:
    from ..shift import Diagnosis
    from ._two_tables import TwoTables

__all__ = ["register"]

DEMO = ("a world that moved", "upweight shift demo:cancer --report out.html")
HELP = """Did the world move from SOURCE to TARGET, where, can weights repair it, and what are the repaired rows worth?

SOURCE is what you have (labelled, say), TARGET what you must answer for: CSV, Parquet or other files, or folders of Parquet, with the same columns; or one demo alone: demo:digits, demo:cancer, demo:halves, demo:apart. The label is never compared; labels in TARGET, some or all, are used to ask whether it depends on the columns as it did.

[bold]Examples[/bold]

  upweight shift demo:cancer

  upweight shift train.csv live.csv --label bought --report out.html --save weights.parquet

  upweight shift survey.parquet census.parquet --exclude id,wave --method quadratic

  upweight shift train.csv live.csv --label bought --json result.json --strict

[bold]Reading the answer[/bold]  AUC is how well a classifier tells the two apart on rows it has not seen: .5 is not at all. SMD is a column's difference of means in standard deviations: below 0.1 is small. "311 rows are worth 77" is the effective sample size of the weights.

[bold]Exit codes[/bold]  0 done; 1 the verdict is unusable under --strict; 2 bad use or input, told with file, column and remedy; 130 interrupted.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("shift", help=HELP)(run)


def run(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="File or folder of the rows you have, or demo:NAME", show_default=False),
    ],
    target: Annotated[
        str | None,
        typer.Argument(metavar="TARGET", help="File or folder of the rows you must answer for", show_default=False),
    ] = None,
    label: Annotated[str | None, typer.Option(metavar="COL", help="Column of the label, never compared")] = None,
    learner: Annotated[str, typer.Option(help="Models the label: logistic, boosting or MODULE:CLASS")] = "logistic",
    columns: Annotated[str, typer.Option(metavar="A,B", help="Columns to compare  \\[default: all]")] = "",
    exclude: Annotated[str, typer.Option(metavar="A,B", help="Columns to leave out")] = "",
    method: Annotated[
        str, typer.Option(metavar="NAME", help="Of the ratio: auto, none, linear, quadratic, boosting, ...")
    ] = "auto",
    save: Annotated[
        str | None, typer.Option(metavar="F", help="Write SOURCE with a column `weight`, to .parquet or .csv")
    ] = None,
    report: Annotated[str | None, typer.Option(metavar="F", help="Write one self-contained HTML page")] = None,
    json: Annotated[
        str | None, typer.Option(metavar="[F]", help="Write the result as JSON, to F or instead of the sentences")
    ] = None,
    rng: Annotated[int, typer.Option(min=0, help="Seed: the same seed gives the same answer")] = 0,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if the verdict is unusable")] = False,
) -> None:
    """Read, check, diagnose, tell, write; see HELP."""
    from .._errors import InputError, counted
    from ._two_tables import read_two

    taken = taken_by(source) | ({} if target is None else taken_by(target))
    paths = _output_paths(_save_path(save, taken), report, json, taken)
    if columns.strip() and exclude.strip():
        raise InputError("--columns and --exclude: one says which columns, the other which not. Give one of them.")
    listed = [[n for n in text.split(",") if n.strip()] for text in (columns, exclude)]
    two = read_two(source, target, label=label, columns=listed[0], exclude=listed[1], tell=write_notice)
    _refuse_column(two, save)
    sizes = (two.source.num_rows, "source row"), (two.target.num_rows, "target row"), (two.source.num_columns, "column")
    write_notice(", ".join(counted(n, what) for n, what in sizes))
    with _named_errors(two):
        found = _diagnosed(two, learner, method, rng)
    settings = {"learner": learner, "method": method, "rng": rng, "command": command_line(context)}
    facts = found.to_dict() | {"settings": settings}
    document = json_module.dumps(facts, allow_nan=False, indent=1, ensure_ascii=False)
    write_line(document if json == STANDARD_OUTPUT else str(found))
    _write_files(found, facts, document, two, paths)
    raise typer.Exit(1 if strict and found.verdict.grade == "unusable" else 0)


def _output_paths(
    save: str | None, report: str | None, json: str | None, taken: dict[str, str]
) -> dict[str, Path | None]:
    """Where to write, by option, each path seen to be writable."""
    outputs = {"--save": save, "--report": report, "--json": None if json == STANDARD_OUTPUT else json}
    return {
        o: None if p is None else check_writable(p, o, taken=taken, stream=o != "--save") for o, p in outputs.items()
    }


def _diagnosed(two: TwoTables, learner: str, method: str, rng: int) -> Diagnosis:
    import warnings

    from ..shift import diagnose

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        found = diagnose(
            two.source, two.target, y=two.y, y_target=two.y_target, learner=learner, method=method, rng=rng
        )
    for one in told:
        if issubclass(one.category, UserWarning):
            write_notice(f"warning: {one.message}")
    return found.named(*two.names, None if two.label is None else f"`{two.label}`")


@contextmanager
def _named_errors(two: TwoTables) -> Iterator[None]:
    """Complaints of what knows no files, with the names of the files in front, and of the label's column for `y`."""
    from .._errors import InputError, UpweightError

    try:
        yield
    except UpweightError as error:
        kind = InputError if isinstance(error, InputError) else type(error)
        told = str(error)
        for name, side in (("`y_target`", "TARGET"), ("`y`", "SOURCE")):
            told = told.replace(name, f"column {two.label!r} of {side}")
        raise kind(f"{two.files}: {told}") from error


# ---- files ------------------------------------------------------------------------------------------------------------------


def _save_path(save: str | None, taken: dict[str, str]) -> str | None:
    from .._errors import InputError

    if save is not None and not save.lower().endswith((".parquet", ".csv")):
        raise InputError(f"--save {save}: the weights are written as .parquet or .csv. End the name with one of them.")
    return save


def _refuse_column(two: TwoTables, save: str | None) -> None:
    from .._errors import InputError

    if save is not None and "weight" in two.whole.column_names:
        raise InputError(f"{two.files}: there is a column 'weight' already, which --save would write over. Rename it.")


def _write_files(
    found: Diagnosis, facts: dict[str, Any], document: str, two: TwoTables, paths: dict[str, Path | None]
) -> None:
    page, saved, result = paths["--report"], paths["--save"], paths["--json"]
    if result is not None:
        write_text(result, document + "\n")
        write_notice(f"wrote {result}")
    if saved is not None:
        _write_weights(saved, two, found)
        write_notice(f"wrote {saved}: {found.weights.n:,} rows with their weight, mean one")
    if page is not None:
        from ..report import write_shift

        writing(page, lambda: write_shift(facts, page))
        write_notice(f"wrote {page}")


def _write_weights(path: Path, two: TwoTables, found: Diagnosis) -> None:
    """SOURCE's rows, in order, with a column `weight`, whole or not at all."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    from ..files import write_whole

    table = two.whole.append_column("weight", pa.array(np.asarray(found.weights)))
    buffer = io.BytesIO()
    if path.suffix.lower() == ".csv":
        pa_csv.write_csv(table, buffer)
    else:
        pq.write_table(table, buffer)
    writing(path, lambda: write_whole(path, buffer.getvalue()))
