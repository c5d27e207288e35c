"""upweight impute: gaps of a table filled by an autoencoder, once or many times, and what each filling is worth.

The trouble: means in the gaps make columns agree less than they do, and one filling of any kind makes the rest of an analysis believe that
nothing was missing. This command trains a model on what was observed, fills each gap from the row's own values, or draws many
fillings, and says how many draws each rests on.

What is inside: `register`, the options; the table is taken apart in `_fill_table`, the model is `upweight.torch.IWAEImputer`.
"""

from __future__ import annotations

import json as json_module
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import typer

from .._errors import InputError, MissingExtra, UpweightError, counted, printable
from ._outputs import STANDARD_OUTPUT, check_writable, taken_by, write_text, writing
from ._terminal import write_line, write_notice

__all__ = ["register"]

CHECKED = 10_000  # rows whose weights are looked at
DEMO = ("a table with gaps, PyTorch at hand", "upweight impute demo:gaps -o full.csv")
GAPPY = "demo:gaps"  # demo:wine, of which a fifth of the entries is missing
BELIEVED = 30.0  # effective draws that a filling should rest on
SHOWN = 20
ASSUMED = "Assumed: missing at random. Whether an entry is missing may depend on what is observed, not on the entry itself; no table can show it."
HELP = """Fill the gaps of a table: a model is trained on what was observed, and every gap is filled from the other values of its row.

DATA is a CSV, Parquet, .npz, JSON lines or Excel file, a folder of Parquet files, - for standard input, or demo:gaps. OUT ends in .csv, .tsv or
.parquet. Numbers, true and false, and text of few values are modelled; dates and text that hardly
repeats, keys and comments, are carried through as they are; a key of numbers is taken for a measurement: leave it out. Columns,
types and every observed value stay as they came; whole numbers stay whole. It needs PyTorch: pip install 'upweight\\[torch]'.

[bold]Examples[/bold]

  upweight impute demo:gaps -o full.csv

  upweight impute patients.csv -o full.csv

  upweight impute patients.parquet -o twenty.parquet --draws 20 --rng 1

  upweight impute survey.csv -o full.csv --json facts.json

[bold]One filling or many[/bold]  Without --draws each gap gets its best guess: the mean of numbers, the likeliest of levels. A table of best
guesses looks more certain than it is. With --draws 20 OUT holds twenty random fillings, one below the other, in the columns draw and row in
front: analyse each, and pool the results by Rubin's rules. The model's own uncertainty is not in them, so pooled intervals come out short.

[bold]Reading the screen[/bold]  Each row is filled by 1,000 weighted draws; "ESS 17" says that they are worth 17. Rows below 30 are counted.

[bold]Exit codes[/bold]  0 done; 2 bad use or bad input, told with file, column and row; 130 interrupted, nothing is written.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("impute", help=HELP)(run)


def run(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="CSV, Parquet or other file, folder of Parquet, -, or demo:gaps", show_default=False
        ),
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="OUT", help="The filled table to write", show_default=False)
    ],
    draws: Annotated[
        int | None, typer.Option(metavar="M", min=1, help="Write M random fillings instead of one best guess")
    ] = None,
    rng: Annotated[int, typer.Option(min=0, help="Seed: the same seed gives the same answer")] = 0,
    json: Annotated[
        str | None, typer.Option(metavar="[F]", help="Write the facts as JSON, to F or instead of the screen")
    ] = None,
) -> None:
    """Read, train, fill, tell, write; see HELP."""
    from ._fill_table import FillTable, as_bytes, refuse_format, refuse_numbered

    ending = refuse_format(output)
    taken = taken_by(data)
    out = check_writable(output, "-o", taken=taken, stream=False)
    aside = None if json in (None, STANDARD_OUTPUT) else check_writable(json, "--json", taken=taken)
    _need_torch()
    source = _source(data)
    with _named_errors(source.name):
        parts = FillTable.of(source)
        if draws is not None:
            refuse_numbered(parts)
        tables, figures = _fillings(parts, draws, rng)
        content = as_bytes(parts, tables, ending, draws=draws is not None)
    facts = _facts(parts, figures, draws, rng) | {"data": data, "out": output}
    document = json_module.dumps(facts, allow_nan=False, indent=1, ensure_ascii=False)
    writing(out, lambda: _write(out, content))
    write_line(document if json == STANDARD_OUTPUT else _screen(facts))
    write_notice(f"wrote {out}")
    if aside is not None:
        write_text(aside, document + "\n")
        write_notice(f"wrote {aside}")


def _source(data: str) -> Any:
    """The table that was named."""
    from ..files import read_source

    if data != GAPPY:
        return read_source(data, write_notice)
    from ._fill_table import with_gaps

    whole = read_source("demo:wine", write_notice)
    return replace(whole, table=with_gaps(whole.table), name=data)


def _write(out: Any, content: bytes) -> None:
    from ..files import write_whole

    write_whole(out, content)


def _need_torch() -> None:
    """One line that says what to install, before anything is read."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise MissingExtra("upweight impute needs torch, which is not installed: pip install 'upweight[torch]'")


@contextmanager
def _named_errors(file: str) -> Iterator[None]:
    """Complaints with the name of the file in front."""
    try:
        yield
    except UpweightError as error:
        told = str(error)
        raise error if told.startswith(f"{file}: ") else InputError(f"{file}: {' '.join(told.split())}") from error


def _fillings(parts: Any, draws: int | None, rng: int) -> tuple[list[Any], dict[str, Any] | None]:
    """The filled models, one or many, and what their weights say; a table without gaps is its own filling."""
    if not parts.gaps():
        return [parts.model] * (draws or 1), None
    imputer = _trained(parts.model, rng)
    tables = [imputer.transform(parts.model)] if draws is None else imputer.draw(parts.model, draws)
    return tables, _weights_of(imputer, parts)


def _trained(model: Any, rng: int) -> Any:
    """The imputer, fitted; Ctrl-C ends the command and not only the training."""
    from ..torch import IWAEImputer

    imputer = IWAEImputer(rng=rng)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        imputer.fit(model)
    if any(note.startswith("training was interrupted") for note in imputer.model_.notes_):
        raise KeyboardInterrupt
    for text in dict.fromkeys(str(w.message) for w in told):
        write_notice(f"warning: {text}")
    return imputer


def _weights_of(imputer: Any, parts: Any) -> dict[str, Any]:
    """How many draws the fillings rest on, over the rows with gaps."""
    rows = parts.rows_with_gaps()
    looked = rows[np.linspace(0, len(rows) - 1, min(len(rows), CHECKED)).round().astype(int)]
    d = imputer.check(parts.model.take(looked))
    ess, khat = d.ess.double().numpy(), d.khat.double().numpy()
    judged = khat[~np.isnan(khat)]
    middle = float(np.quantile(judged, 0.5, method="nearest")) if len(judged) else None
    return {
        "k": d.k,
        "rows": len(looked),
        "ess_median": float(np.median(ess)),
        "ess_least": float(ess.min()),
        "khat_median": None if middle is None or not np.isfinite(middle) else middle,
        "rows_of_few_draws": int((ess < BELIEVED).sum()),
        "kinds": dict(zip(parts.model.column_names, imputer.model_.density_.kinds, strict=True)),
        "epochs": len(imputer.model_.history_),
        "notes": [note for note in imputer.model_.notes_ if "missing at random" not in note],
    }


def _facts(parts: Any, figures: dict[str, Any] | None, draws: int | None, rng: int) -> dict[str, Any]:
    """Everything that is told, as plain types."""
    table, gaps = parts.source.table, parts.gaps()
    kinds = {} if figures is None else figures.pop("kinds")
    return {
        "schema": "upweight.impute/1",
        "rows": table.num_rows,
        "columns": table.num_columns,
        "gaps": sum(gaps.values()),
        "rows_with_gaps": len(parts.rows_with_gaps()),
        "filled": [{"column": n, "kind": kinds.get(n), "gaps": g} for n, g in gaps.items()],
        "carried": [{"column": n, "why": why, "gaps": parts.carried_gaps().get(n, 0)} for n, why in parts.carried],
        "draws": draws,
        "rng": rng,
        "weights": figures,
    }


def _screen(facts: dict[str, Any]) -> str:
    """What was filled, what was not, and what the fillings are worth."""
    many = "" if facts["draws"] is None else f", {facts['draws']:,} random fillings"
    entries = facts["rows"] * facts["columns"]
    head = (
        f"{facts['data']}: {counted(facts['gaps'], 'gap')} filled in {counted(facts['rows_with_gaps'], 'row')} of {facts['rows']:,} "
        f"({100 * facts['gaps'] / entries:.1f} % of all entries){many}"
    )
    lines = [head, "", *_columns(facts)]
    if facts["weights"] is None:
        return "\n".join(
            [f"{facts['data']}: no gap that can be filled; the table is written as it came", *_carried(facts)]
        )
    return "\n".join([*lines, *_carried(facts), "", *_worth(facts["weights"], facts["draws"]), ASSUMED])


def _columns(facts: dict[str, Any]) -> list[str]:
    """Gaps by column, most first."""
    filled = sorted(facts["filled"], key=lambda c: -c["gaps"])
    rows = [
        ("column", "gaps", "read as"),
        *((printable(c["column"]), f"{c['gaps']:,}", c["kind"] or "") for c in filled[:SHOWN]),
    ]
    widths = [max(len(row[j]) for row in rows) for j in range(2)]
    lines = [f"{a.ljust(widths[0])}  {b.rjust(widths[1])}  {c}".rstrip() for a, b, c in rows]
    return [*lines, f"and {counted(len(filled) - SHOWN, 'column')} more"] if len(filled) > SHOWN else lines


def _carried(facts: dict[str, Any]) -> list[str]:
    """Columns that were not looked at, and the gaps that stay in them."""
    told = []
    for c in facts["carried"]:
        stay = f"; {counted(c['gaps'], 'gap')} stay" if c["gaps"] else ""
        told.append(f"{printable(c['column'])} ({c['why']}{stay})")
    more = f" and {len(told) - SHOWN:,} more" if len(told) > SHOWN else ""
    return ["", f"Carried through, not modelled: {', '.join(told[:SHOWN])}{more}."] if told else []


def _worth(w: dict[str, Any], draws: int | None) -> list[str]:
    """What the weights say."""
    tail = "" if w["khat_median"] is None else f", k-hat {w['khat_median']:.2f} (median)"
    check = f"check: ESS {w['ess_median']:.3g} of {w['k']:,} draws (median; least {w['ess_least']:.3g}){tail}, over {counted(w['rows'], 'row')} with gaps"
    few = w["rows_of_few_draws"]
    lines = [check, *(f"Note: {note}." for note in w["notes"])]
    if few:
        lines.append(
            f"{counted(few, 'row')} of {w['rows']:,} rest on fewer than {BELIEVED:.0f} effective draws: their "
            f"{'best guesses are rough' if draws is None else 'random fillings repeat each other'}."
        )
    if draws is None:
        lines.append("One filling hides that anything was missing: for standard errors, --draws 20 and Rubin's rules.")
    else:
        lines.append(
            "Analyse each draw, pool by Rubin's rules; the model's own uncertainty is not in them, so intervals come out short."
        )
    return lines
