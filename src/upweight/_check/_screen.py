"""A verdict on one screen.

The trouble: thirty figures are a table that nobody reads. On the screen every figure that decides something has its own line, named for
what it is about, in the words of the reason it gives; figures that decide nothing are silent; and the last line is the one thing to do.

    usable: importance weights, 4,000 rows worth 1,095 (27 %)
      tail     k-hat 0.55 (want < 0.50): a plain average has infinite variance; intervals widen ×2.0
      do       smooth before averaging: w.smooth().mean(f)

What is inside: `screen`, the text of a verdict, from its `headline` and `lines`; `USE`, what to do with weights that give no reason for doubt. Latin-1 only, apart from
labels that the user brings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .._errors import counted, printable
from .._estimate import tail_said
from .._weights import rows_worth
from ._digits import number, percent, promise, z_text
from ._reasons import RATIOS, flagged, is_one

if TYPE_CHECKING:
    from ._verdict import Verdict

__all__ = ["USE", "headline", "lines", "screen"]

SHOWN = 5  # labels named
TOP_ROWS = 30_000  # rows of the "top 1 %" at most

TRAIN = (
    "train with sample_weight=w.sample_weight, then give the odds back: Correction.weighted(y, w).\n"
    "Not for averages: class weights do not estimate a population mean"
)
USE = {
    "importance": "use them: w.mean(f), or sample_weight=w.sample_weight",
    "inclusion": 'use them: w.mean(f), or w.mean(f, how="total") for a sum over the population',
    "frequency": "use them: w.mean(f); every row counts as its copies",
    "class": TRAIN,
    "cost": "train with sample_weight=w.sample_weight.\nNot for averages: cost weights do not estimate a population mean",
}


def screen(v: Verdict) -> str:
    """The grade and the sizes, a line for every figure that matters, and what to do."""
    indent = "\n" + " " * 11
    body = [f"  {label:<9}" + text.replace("\n", indent) for label, text in lines(v)]
    return "\n".join([headline(v), *body])


def headline(v: Verdict) -> str:
    """The grade and the sizes."""
    share = "" if v.ess == 0 or v.kind == "frequency" else f" ({percent(v.ess_share)})"
    return (
        f"{v.grade}: {v.kind} weights{' (assumed)' * v.assumed}, {counted(v.n, 'row')} worth {rows_worth(v.ess)}{share}"
    )


def lines(v: Verdict) -> Iterator[tuple[str, str]]:
    """(label, sentence) of every line under the header; a reason speaks on the line of its figure, or on one of its own."""
    texts: dict[str, list[str]] = {}
    for reason in v.reasons:
        texts.setdefault(reason.line, []).append(reason.text)
    for label in ORDER:
        if label not in _STANDARD:
            yield from ((label, text) for text in texts.get(label, ()))
        elif v.n_zero < v.n and (text := _STANDARD[label](v, texts.get(label, [""])[0])):
            yield label, text
    yield "do", v.lines_of_advice


def _values(v: Verdict, _: str) -> str:
    if v.kind not in ("class", "cost"):
        return ""
    if not v.values:
        return "more than 10 distinct weights"
    shown = ", ".join(f"{value:.4g} on {counted(rows, 'row')}" for value, rows in v.values)
    if len(v.values) == 1:
        return shown
    between = "them" if len(v.values) == 2 else "the first and the last"
    odds = math.log(v.values[-1][0]) - math.log(v.values[0][0])
    return f"{shown}; log-odds between {between} moved by {odds:.3f}"


def _tail(v: Verdict, reason: str) -> str:
    if reason or v.kind not in RATIOS:
        return reason
    if v.khat == -math.inf:
        return "none: the largest weights are equal"
    meaning = "averages and their intervals can be believed" if v.ok else "the tail is light"
    return f"k-hat {v.khat:.2f} (want < {v.threshold:.2f}): {meaning}"


def _largest(v: Verdict, _: str) -> str:
    text = f"row {v.max_row} holds {percent(v.max_share)} of the total"
    if v.n < 200:
        return text
    top = "top 1 % of" if -(-v.n // 100) <= TOP_ROWS else f"top {TOP_ROWS:,}"
    return f"{text}; the {top} rows hold {percent(v.top_share)}"


def _mean(v: Verdict, reason: str) -> str:
    return reason or (promise(v) if v.exact and v.kind in RATIOS else "")


def _by(v: Verdict, _: str) -> str:
    if not v.by:
        return ""
    if not v.exact or (v.normalised and not is_one(v.mean)):
        sizes = [s.ess for s in v.by.values()]
        return f"{len(v.by):,} segments, worth {rows_worth(min(sizes))} to {rows_worth(max(sizes))} rows"
    bad = flagged(v)
    means = [s.mean for s in v.by.values()]
    head = f"{len(v.by):,} segments, means {number(min(means))} to {number(max(means))}: "
    if not bad:
        return head + "none breaks the promise"
    named = [
        f"{printable(label)}: mean {number(s.mean)} (z = {z_text(s.z)}), {counted(s.n, 'row')}"
        for label, s in bad[:SHOWN]
    ]
    more = [f"and {len(bad) - SHOWN:,} more"] if len(bad) > SHOWN else []
    return "\n".join([head + f"{len(bad):,} {'breaks' if len(bad) == 1 else 'break'} the promise", *named, *more])


def _balance(v: Verdict, _: str) -> str:
    b = v.balance
    if b is None:
        return ""
    worst = f"worst {b.worst_after:.2f} ({printable(b.column)}), {b.worst_before:.2f} before"
    return f"|SMD| {worst}; mean {b.mean_after:.2f}, {b.mean_before:.2f} before (want < 0.10)"


def _for_f(v: Verdict, reason: str) -> str:
    if math.isnan(v.ess_f):
        return ""
    return f"worth {rows_worth(v.ess_f)} rows for this f; {reason or tail_said(v.khat_f)}"


def _draws(v: Verdict, _: str) -> str:
    return "" if v.r_eff == 1 else f"each counts as {v.r_eff:.2g} independent ones (r_eff)"


ORDER = (
    "kind",
    "support",
    "draws",
    "values",
    "tail",
    "largest",
    "size",
    "mean",
    "sign",
    "by",
    "balance",
    "f",
    "tamed",
    "note",
)
_STANDARD = {  # lines that are there without a reason
    "draws": _draws,
    "values": _values,
    "tail": _tail,
    "largest": _largest,
    "mean": _mean,
    "by": _by,
    "balance": _balance,
    "f": _for_f,
}
