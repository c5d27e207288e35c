"""The table of a comparison as text: aligned, and no wider than the terminal or the page it goes to.

Columns give way in a fixed order when there is less room: seconds, status, log loss, specificity. Nothing is cut in the
middle; what remains is always name, AP with the interval of its difference, O/E raw and repaired, recall, precision, alerts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ._method_result import MethodResult

__all__ = ["difference", "p_value", "share", "table_cells", "table_text"]

GIVES_WAY = ("seconds", "status", "log loss", "spec.")


@dataclass(frozen=True)
class Field:
    head: str
    text: Callable[[MethodResult], str]
    left: bool = False


def number(value: float, digits: int) -> str:
    return "-" if not np.isfinite(value) else f"{value:.{digits}f}"


def share(value: float, digits: int) -> str:
    """A number in [0, 1] without the zero before the point."""
    text = number(value, digits)
    return text[1:] if text.startswith("0.") else text


def _signed(value: float) -> str:
    """+.012, -.340, .000."""
    text = f"{value:+.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:+.3f}"
    return " .000" if text in ("+.000", "-.000") else text


def difference(row: MethodResult) -> str:
    """AP less that of moving the threshold, with its interval."""
    if not np.isfinite(row.ap_low):
        return ""
    return f"{_signed(row.ap_diff)} [{_signed(row.ap_low).strip()}, {_signed(row.ap_high).strip()}]"


def p_value(p: float) -> str:
    """A p-value: .12, .052, below .001."""
    if not np.isfinite(p):
        return "-"
    return "below .001" if p < 0.001 else share(p, 3 if p < 0.1 else 2)


FIELDS = (
    Field("", lambda r: r.name, left=True),
    Field("status", lambda r: r.status, left=True),
    Field("folds", lambda r: f"{r.folds}"),
    Field("AP", lambda r: share(r.ap, 3)),
    Field("less threshold's", difference, left=True),
    Field("O/E raw", lambda r: number(r.oe_raw, 2)),
    Field("O/E", lambda r: number(r.oe, 2)),
    Field("log loss", lambda r: share(r.log_loss, 4)),
    Field("recall", lambda r: share(r.recall, 2)),
    Field("prec.", lambda r: share(r.precision, 2)),
    Field("spec.", lambda r: share(r.specificity, 2)),
    Field("alerts", lambda r: number(r.alerts, 0)),
    Field("cost", lambda r: number(r.cost, 1)),
    Field("seconds", lambda r: number(r.seconds, 1)),
)


def table_text(rows: Sequence[MethodResult], *, width: int = 120) -> str:
    """The rows as aligned text of at most `width` columns, if the least set of columns fits."""
    fields = _used_fields(rows)
    lines: list[str] = []
    for head in ("", *GIVES_WAY):
        fields = [f for f in fields if not head or f.head != head]
        lines = aligned(rows, fields)
        if max(map(len, lines)) <= width:
            break
    return "\n".join(lines)


def table_cells(rows: Sequence[MethodResult]) -> list[list[str]]:
    """Names of the columns and the cells under them, all columns that say something of these rows."""
    fields = _used_fields(rows)
    blank = [""] * (len(fields) - 2)
    cells = ([r.name, "failed", *blank] if r.error is not None else [f.text(r) for f in fields] for r in rows)
    return [[f.head for f in fields], *cells]


def _used_fields(rows: Sequence[MethodResult]) -> list[Field]:
    """The columns that say something of these rows."""
    unused = {"cost"} if not any(np.isfinite(r.cost) for r in rows) else set()
    unused |= {"folds"} if len({r.folds for r in rows if r.error is None}) <= 1 else set()
    return [f for f in FIELDS if f.head not in unused]


def aligned(rows: Sequence[MethodResult], fields: Sequence[Field]) -> list[str]:
    cells = [[f.head for f in fields], *([f.text(r) for f in fields] for r in rows if r.error is None)]
    widths = [max(len(line[j]) for line in cells) for j in range(len(fields))]
    lines = [
        "  ".join(c.ljust(w) if f.left else c.rjust(w) for c, w, f in zip(line, widths, fields, strict=True)).rstrip()
        for line in cells
    ]
    return lines + [f"{r.name.ljust(widths[0])}  failed" for r in rows if r.error is not None]
