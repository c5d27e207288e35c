"""upweight delivered: what class weights would really deliver to a network, batch size by batch size.

The trouble: class weights are passed to a loss that divides by the weights of the batch, and nobody sees that of the half they were meant to
give a rare class an eighth arrives. The answer needs the class counts only: no network is run, none needs to be installed.

What is inside: `register`, the options; the arithmetic is `upweight.training.delivered_share`.
"""

from __future__ import annotations

import json as json_module
from typing import Annotated, Any

import numpy as np
import typer

from .._errors import InputError, did_you_mean, plain, printable
from ..files import SourceTable, read_source
from ..training import class_weights, delivered_share
from ._outputs import STANDARD_OUTPUT, check_writable, taken_by, write_text
from ._target import MANY, class_values, column
from ._terminal import write_line, write_notice

__all__ = ["register"]

NEAR = 0.8  # of what was intended; below it the weights do not arrive
DEMO = ("weights in networks", "upweight delivered demo:digits --target eight")
HELP = """What class weights would really deliver to a network: the share of the loss that each class is meant to have, and the share it gets if the loss divides by the weights of the batch, as most libraries do.

DATA is a CSV, Parquet, .npz, .npy, JSON lines or Excel file, a folder of Parquet files, - for standard input, or data that is always there: demo:digits (targets eight, digit), demo:cancer (malignant), demo:wine (cultivar). Only the target is looked at. Rows are drawn into batches at random.

[bold]Examples[/bold]

  upweight delivered demo:digits --target eight

  upweight delivered clicks.parquet --target clicked --batch-size 32,256

  upweight delivered images.csv --target species --weights effective --json

[bold]Remedy[/bold]  upweight.torch.weighted_loss delivers what is intended at every batch size.

[bold]Exit codes[/bold]  0 done; 2 bad use or bad input, told with file, column and row.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("delivered", help=HELP)(run)


def run(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="CSV, Parquet or other file, folder of Parquet, -, or demo:NAME", show_default=False
        ),
    ],
    target: Annotated[str, typer.Option(metavar="COL", help="Column of the classes", show_default=False)],
    batch_size: Annotated[str, typer.Option(metavar="A,B", help="Rows a batch, one or several")] = "16,64",
    weights: Annotated[str, typer.Option(help="balanced, or effective (effective number of rows)")] = "balanced",
    json: Annotated[
        str | None, typer.Option(metavar="[F]", help="Write the shares as JSON, to F or instead of the screen")
    ] = None,
) -> None:
    """Read, count, integrate, tell; see HELP."""
    sizes = _batch_sizes(batch_size)
    if weights not in ("balanced", "effective"):
        raise InputError(
            f"--weights must be balanced or effective; got {weights!r}.{did_you_mean(weights, ('balanced', 'effective'))}"
        )
    aside = None if json in (None, STANDARD_OUTPUT) else check_writable(json, "--json", taken=taken_by(data))
    facts = _shares_of(read_source(data, write_notice), target, weights, sizes) | {"data": data}
    document = json_module.dumps(facts, allow_nan=False, indent=1, ensure_ascii=False)
    write_line(document if json == STANDARD_OUTPUT else _screen(facts))
    if aside is not None:
        write_text(aside, document + "\n")
        write_notice(f"wrote {aside}")


def _batch_sizes(text: str) -> list[int]:
    """Whole numbers between commas, each once, ascending."""
    parts = [p.strip() for p in text.split(",") if p.strip()]
    if not parts or not all(p.isdecimal() and int(p) > 0 for p in parts):
        raise InputError(f"--batch-size must be whole numbers above 0 with commas between; got {text!r}. Say 16,64.")
    return sorted({int(p) for p in parts})


def _shares_of(source: SourceTable, target: str, weights: str, sizes: list[int]) -> dict[str, Any]:
    """Classes, rows, weights, the intended shares, and those delivered by batch size, as plain types."""
    target = column(source, target, "--target")
    classes, counts = np.unique(class_values(source, target), return_counts=True)
    _refuse_no_classes(source, target, classes)
    w = np.asarray(class_weights(counts, kind=weights).values)
    delivered = {str(b): delivered_share(counts, w, batch_size=b).tolist() for b in sizes}
    intended = delivered_share(counts, w, batch_size=1, by="population")
    figures = {"rows": counts.tolist(), "weight": w.tolist(), "intended": intended.tolist(), "delivered": delivered}
    named = [plain(c) for c in classes]
    return {"schema": "upweight.delivered/1", "target": target, "weights": weights, "classes": named} | figures


def _refuse_no_classes(source: SourceTable, target: str, classes: np.ndarray) -> None:
    if len(classes) == 1:
        raise InputError(
            f"{source.name}: column {target!r} holds one class only, {plain(classes[0])!r}. Is it the target?"
        )
    if len(classes) > MANY and classes.dtype.kind == "f":
        raise InputError(
            f"{source.name}: column {target!r} has {len(classes):,} different values, so it looks like a number to predict. "
            "Name a column of classes."
        )


def _screen(facts: dict[str, Any]) -> str:
    """The table and what follows from it."""
    sizes = list(facts["delivered"])
    head = ["class", "rows", "weight", "intended", *(f"{int(b):,} a batch" for b in sizes)]
    columns = [facts["intended"], *(facts["delivered"][b] for b in sizes)]
    lines = [head]
    for k, name in enumerate(facts["classes"]):
        shares = [f"{100 * c[k]:.1f} %" for c in columns]
        lines.append([printable(name), f"{facts['rows'][k]:,}", f"{facts['weight'][k]:.4g}", *shares])
    widths = [max(len(line[j]) for line in lines) for j in range(len(head))]
    table = [
        "  ".join([line[0].ljust(widths[0]), *(x.rjust(n) for x, n in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    ]
    said = f"{facts['target']}: {facts['weights']} weights, in a loss that divides by the weights of the batch"
    return "\n".join([said, "", *table, "", _conclusion(facts)])


def _conclusion(facts: dict[str, Any]) -> str:
    """The class that loses most in the smallest batch, and the remedy."""
    size, shares = next(iter(facts["delivered"].items()))
    kept = np.asarray(shares) / np.asarray(facts["intended"])
    k = int(kept.argmin())
    name, got, meant = printable(facts["classes"][k]), shares[k], facts["intended"][k]
    arrives = f"class {name}: {100 * got:.1f} % of an intended {100 * meant:.1f} % in batches of {int(size):,}"
    if kept[k] >= NEAR:
        return f"Delivered: {arrives} is the largest loss."
    return f"Not delivered: {arrives}. Take upweight.torch.weighted_loss, which divides by the population's mean, or larger batches."
