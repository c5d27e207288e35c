"""upweight negatives: plan which negatives of a log to keep, sample them, check the sample, explain a row.

The trouble: a log of a billion rows with one positive in a thousand is too large to train on, and thinned at random it loses what the trainer needs
and the scale of its probabilities. `plan` decides from one pass; `sample` writes the rows, in processes, resumable; `check` says whether they add up;
`explain` says why a row was kept.
"""

from __future__ import annotations

import json as json_module
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from .._errors import InputError, counted, require_choice
from ._outputs import STANDARD_OUTPUT, check_writable, taken_by, write_text
from ._terminal import unwrapped, write_line, write_notice

__all__ = ["register"]

DEMO = ("too many negatives", "upweight negatives plan demo:clicks --label clicked --key impression_id -o plan.json")
HELP = """Too many negatives: keep few of them, choose them well, give the odds back.

[bold]Examples[/bold]

  upweight negatives plan demo:clicks --label clicked --key impression_id -o plan.json

  upweight negatives sample demo:clicks --plan plan.json -o thin

  upweight negatives check thin

  upweight negatives explain --plan plan.json --key 641 --data demo:clicks

Kept in proportion to a cheap pilot's score, K negatives a positive cost
(1 + 1/K) times the variance of training on everything. Which rows stay depends
on their keys alone: the same on any machine, number of processes and order.
"""
PLAN_HELP = """Decide how many negatives to keep, and which; nothing is thrown away yet.

DATA is Parquet or CSV: files, folders, patterns, URIs, or demo:clicks. One
pass over label, key and features counts the classes and fits a pilot on a few
thousand rows. The plan is a JSON document of a few kilobytes.

[bold]Example[/bold]

  upweight negatives plan data/ --label clicked --key impression_id -o plan.json

[bold]Exit codes[/bold]  0 done; 2 bad use or bad input, told with file and row;
130 interrupted.
"""
SAMPLE_HELP = """Keep the rows that a plan keeps, into a folder of Parquet files.

Each row gets _uw_pi, _uw_offset (train with it as init_score, base_margin or
offset) and _uw_weight (or with this as sample_weight; never with both). A run
that was killed goes on with --resume and writes the same bytes. --engine spark
and --engine ray (local ones, or what spark-submit and Ray start) keep the same
rows, of Parquet.

[bold]Example[/bold]

  upweight negatives sample data/ --plan plan.json -o thin/ --jobs 8

[bold]Exit codes[/bold]  0 done, or done before; 2 bad use or bad input, told with file
and row groups; 130 interrupted.
"""
CHECK_HELP = """Is a sample whole, does it add up to what there was, may one train on it?

[bold]Example[/bold]

  upweight negatives check thin/ --strict

[bold]Exit codes[/bold]  0 done; 1 the sample is unusable under --strict; 2 bad use or
bad input.
"""
EXPLAIN_HELP = """Why the rows of a key are kept, or not: draw, score, probability.

[bold]Example[/bold]

  upweight negatives explain --plan plan.json --key 641 --data demo:clicks

[bold]Exit codes[/bold]  0 done; 2 bad use or bad input.
"""
DATA = "Files, folders, patterns or URIs of Parquet or CSV, or demo:clicks"
Data = Annotated[list[str], typer.Argument(metavar="DATA...", help=DATA, show_default=False)]
Json = Annotated[
    str | None, typer.Option(metavar="[F]", help="Write the result as JSON, to F or instead of the screen")
]
PlanFile = Annotated[str, typer.Option("--plan", metavar="F", help="The plan", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    from . import Interruptible

    group = typer.Typer(help=unwrapped(HELP), no_args_is_help=True, rich_markup_mode="rich")
    for name, function, text in (
        ("plan", plan, PLAN_HELP),
        ("sample", sample, SAMPLE_HELP),
        ("check", check, CHECK_HELP),
        ("explain", explain, EXPLAIN_HELP),
    ):
        group.command(name, help=unwrapped(text), cls=Interruptible)(function)
    app.add_typer(group, name="negatives", help=unwrapped(HELP))


def plan(
    data: Data,
    label: Annotated[str, typer.Option(metavar="COL", help="Column of 0/1 or booleans", show_default=False)],
    key: Annotated[
        str, typer.Option(metavar="A[,B]", help="Columns that identify a row for ever; 'position' if there are none")
    ],
    output: Annotated[str, typer.Option("--output", "-o", metavar="F", help="Where the plan goes", show_default=False)],
    positive: Annotated[str | None, typer.Option(metavar="VALUE", help="The label that is positive")] = None,
    per_positive: Annotated[float, typer.Option(help="Negatives kept for each positive")] = 5.0,
    pilot: Annotated[
        str, typer.Option(help="linear, column:NAME with probabilities, or a model's file (.skops, LightGBM's .txt)")
    ] = "linear",
    features: Annotated[
        str | None, typer.Option(metavar="A,B:level", help="Columns of the pilot: what the model will see")
    ] = None,
    rule: Annotated[str, typer.Option(help="proportional, optimal, local or uniform")] = "proportional",
    floor: Annotated[float, typer.Option(help="Least keep-probability, as a share of the rate")] = 0.1,
    rng: Annotated[int, typer.Option(help="Seed of the draws")] = 0,
    json: Json = None,
) -> None:
    """Read once, decide, write the plan; see PLAN_HELP."""
    from .. import negatives

    taken = {path: what for one in data for path, what in taken_by(one).items()}
    target = check_writable(output, "--output", taken=taken)
    result = None if json in (None, STANDARD_OUTPUT) else check_writable(json, "--json", taken=taken)
    if features is not None and pilot.startswith("column:"):
        raise InputError(f"--features belong to a linear pilot or a model; got --pilot {pilot}. Leave one out.")
    chosen: Any = pilot
    if features is not None:
        names = names_of(features, "--features")
        chosen = negatives.Pilot.linear(names) if pilot == "linear" else negatives.Pilot.model(pilot, names)
    rows = _source_told(_data_of(data))
    with told():
        made = negatives.plan(
            rows,
            label=label if positive is None else (label, _label_value(rows, label, positive)),
            key=None if key == "position" else names_of(key, "--key"),
            per_positive=per_positive,
            pilot=chosen,
            rule=negatives.Rule(rule, floor=floor),
            rng=rng,
        )
    write_notice(str(made.cost(rows)))
    text = made.to_json()
    made.save_model(Path(output).parent)
    write_text(target, text)
    if result is not None:
        write_text(result, text)
    write_line(text.rstrip("\n") if json == STANDARD_OUTPUT else f"{made.summary()}\nwrote {output}")


def sample(
    data: Data,
    plan: PlanFile,
    output: Annotated[str, typer.Option("--output", "-o", metavar="OUT", help="A new folder", show_default=False)],
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes  \\[default: all cores]")] = None,
    columns: Annotated[str | None, typer.Option(metavar="A,B", help="Columns to keep  \\[default: all]")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an unfinished run")] = False,
    engine: Annotated[str, typer.Option(help="local, spark or ray")] = "local",
    strict: Annotated[bool, typer.Option("--strict", help="Refuse files that the plan has not seen")] = False,
    json: Json = None,
) -> None:
    """Draw the sample; see SAMPLE_HELP."""
    from .. import negatives

    require_choice("--engine", engine, ("local", "spark", "ray"))

    taken = {path: what for one in data for path, what in taken_by(one).items()}
    result = None if json in (None, STANDARD_OUTPUT) else check_writable(json, "--json", taken=taken)
    made = negatives.Plan.load(plan)
    rows = (
        _source_told(_data_of(data), made.types)
        if engine == "local"
        else _engine_rows(data, engine, made, strict=strict)
    )
    write_notice(f"foreseen: {made.forecast}{_size_said(made.forecast.bytes)}")
    if engine == "local":
        write_notice(str(made.cost(rows)))
    keep = None if columns is None else names_of(columns, "--columns")
    with told():
        thin = negatives.sample(rows, made, output, columns=keep, jobs=jobs, resume=resume, strict=strict)
    m = thin.manifest
    size = sum(t["bytes"] for t in m["tasks"])
    said = (
        f"kept {counted(m['kept_positives'], 'positive')} and {counted(m['kept_negatives'], 'negative')} of {counted(m['rows'], 'row')} "
        f"({size / 1e6:,.1f} MB) in {output}\n"
        "train with _uw_offset as init_score, base_margin or offset, or with _uw_weight; never with both"
    )
    _finish(json, result, dict(m), said)


def check(
    out: Annotated[str, typer.Argument(metavar="OUT", help="Folder of a sample", show_default=False)],
    plan: Annotated[
        str | None, typer.Option("--plan", metavar="F", help="The plan, of rows that another engine wrote")
    ] = None,
    data: Annotated[
        list[str] | None, typer.Option("--data", metavar="DATA", help="Where the rows came from; may be repeated")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if the sample is unusable")] = False,
    json: Json = None,
) -> None:
    """Check a sample; see CHECK_HELP."""
    from .. import negatives

    result = None if json in (None, STANDARD_OUTPUT) else check_writable(json, "--json", taken=taken_by(out))
    found = negatives.check(out, plan=plan, data=None if data is None else _data_of(data))
    _finish(json, result, found.to_dict(), str(found))
    if strict and found.grade == "unusable":
        raise typer.Exit(1)


def explain(
    plan: PlanFile,
    key: Annotated[
        list[str], typer.Option("--key", metavar="V", help="The key's value; once a key column", show_default=False)
    ],
    data: Annotated[
        list[str] | None, typer.Option("--data", metavar="DATA", help="Where to look for its rows; may be repeated")
    ] = None,
    json: Json = None,
) -> None:
    """Explain a key; see EXPLAIN_HELP."""
    from .. import negatives

    result = None if json in (None, STANDARD_OUTPUT) else check_writable(json, "--json", taken=taken_by(plan))
    found = negatives.Plan.load(plan).explain(tuple(key), data=None if data is None else _data_of(data))
    _finish(json, result, found.to_dict(), str(found))


# ---- in and out -------------------------------------------------------------------------------------------------------------


def _data_of(given: list[str]) -> Any:
    """What was named as DATA: paths, or the demo as a table."""
    demos = [d for d in given if d.startswith("demo:")]
    if not demos:
        return given if len(given) > 1 else given[0]
    if given != ["demo:clicks"]:
        raise InputError(f"no demo {demos[0]!r} here, alone. Name demo:clicks.")
    from ..negatives import demo_clicks

    return demo_clicks()


def _source_told(data: Any, types: Any = None) -> Any:
    """The data, opened once; rows and bytes are told before anything is read. `types` of columns of text that are known."""
    from .. import stream

    if not isinstance(data, (str, list)):
        return data
    with told():
        source = stream.open(data, types=types or {})
    write_notice(
        f"{source.root}: {source.rows:,} rows in {counted(len(source.files), 'file')}{_size_said(source.bytes)}"
    )
    return source


def _size_said(size: int | None) -> str:
    return "" if not size else f", {size / 1e6:,.1f} MB"


def _engine_rows(given: list[str], engine: str, plan: Any, *, strict: bool) -> Any:
    """The files as what an engine holds; those that the plan has not seen are told, or refused."""
    from ..stream import open_on_engine, source_of

    paths = _data_of(given)
    said = source_of(paths, types=plan.types).changes_since(plan.source)
    if said and strict:
        raise InputError(f"{said}. Plan again, or leave --strict out.")
    if said:
        write_notice(f"upweight: {said}; they are sampled by the same plan")
    return open_on_engine(paths, engine)


def names_of(text: str, option: str) -> list[str]:
    """Names between commas."""
    names = [n.strip() for n in text.split(",")]
    if not all(names):
        raise InputError(f"{option} must be names with commas between them; got {text!r}.")
    return names


def _label_value(data: Any, label: str, text: str) -> Any:
    """The positive label in the type of its column."""
    from ..stream import source_of

    schema = source_of(data).schema
    if label not in schema.names:
        raise InputError(
            f"there is no column {label!r} for --label; there are {', '.join(map(repr, schema.names[:12]))}."
        )
    kind = str(schema.field(label).type)
    try:
        if kind == "bool":
            return {"true": True, "false": False}[text.lower()]
        return int(text) if "int" in kind else float(text) if kind in ("float", "double") else text
    except (KeyError, ValueError) as error:
        raise InputError(
            f"--positive {text!r} is no value of label {label!r}, which is {kind}. Name one that is."
        ) from error


@contextmanager
def told() -> Iterator[None]:
    """What a library would warn of goes to standard error, a line each."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for one in caught:
        write_notice(f"upweight: {one.message}")


def _finish(json: str | None, target: Path | None, facts: dict[str, Any], said: str) -> None:
    """Show the result, or write it as JSON."""
    document = json_module.dumps(facts, allow_nan=False, indent=1, ensure_ascii=False)
    if target is not None:
        write_text(target, document + "\n")
    write_line(document if json == STANDARD_OUTPUT else said)
