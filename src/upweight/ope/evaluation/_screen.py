"""The words of an evaluation: one screen, every sentence of it true given the table.

    better: 10,000 decisions; the target earns 0.797 each, the logged policy 0.432
      weights  mean 1.021 ± 0.020, promised 1 (z = 1.1); day: 10 segments, none breaks the promise
      ...
      do       what to do, where something is to be done

Where the probabilities do not fit together no value is said, for none of the formulas means anything then. The error of the mean weight is one
standard error, widened for the tail; those of values are half a 95 % interval.

What is inside: `screen`, the whole; `headline` and `lines`, its parts; `truth` and `source` are said of demos only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..._errors import counted, printable
from ..._estimate import Estimate, plus_minus, tail_said
from ..._weights import rows_worth
from ._decision import DETERMINISTIC, MISFIT

if TYPE_CHECKING:
    from ._evaluation import Evaluation

__all__ = ["headline", "lines", "screen"]

SHOWN = 8  # labels that are named


def screen(e: Evaluation, *, source: str = "", truth: tuple[float, float] | None = None) -> str:
    """The whole screen. source : said behind the headline; truth : of the target and of the log, where it is known."""
    first = headline(e) + (f"  [{source}]" if source else "")
    said = [*lines(e)]
    if truth is not None and not e.mean.fails:
        said.append(("truth", f"{truth[0]:.3f} and {truth[1]:.3f}: this demo knows them"))
    return "\n".join([first, *(f"  {name:<8} {text}" for name, text in said)])


def headline(e: Evaluation) -> str:
    """The decision, how many rows, and what they say."""
    word, rows = e.decision.lower(), counted(e.n, "decision")
    if e.decision != "UNTRUSTED":
        target, logged = _like(e.value.value, e.value), _like(e.logged.value, e.value)
        return f"{word}: {rows}; the target earns {target} each, the logged policy {logged}"
    if e.why.startswith(DETERMINISTIC):
        return f"{word}: {rows}; {DETERMINISTIC}"
    if e.mean.fails:
        return f"{word}: {rows}; {MISFIT}"
    return f"{word}: {rows} worth {rows_worth(e.verdict.ess)}"


def lines(e: Evaluation) -> Iterator[tuple[str, str]]:
    """Name and text of each line below the headline."""
    yield "weights", _weights(e)
    if not e.mean.fails:
        yield from _values(e)
    elif e.bounds is not None:
        yield "certain", _certain(e)
    if e.decision in ("UNTRUSTED", "UNDECIDED"):
        yield "do", e.advice


def _values(e: Evaluation) -> Iterator[tuple[str, str]]:
    v = e.verdict
    top = v.max_share * v.mean * v.n
    yield (
        "support",
        f"worth {_rows(v.ess)} ({_percent(v.ess_share)}); the largest weight is {top:.3g}; {tail_said(v.khat)}",
    )
    low, high = e.value.interval()
    doubt = "" if e.value.ok else f"; {_short(e.value.why)}"
    yield "value", f"{plus_minus(e.value.value, (high - low) / 2)} ({e.how}{doubt})"
    low, high = e.gain.interval()
    sign = "+" if e.gain.value > 0 else ""
    yield "gain", f"{sign}{plus_minus(e.gain.value, (high - low) / 2)} over the logged policy"
    if e.bounds is not None:
        yield "certain", _certain(e)
    if e.path is not None:
        yield "path", _path(e)


def _weights(e: Evaluation) -> str:
    m = e.mean
    if math.isnan(m.mean):
        first = f"mean {e.verdict.mean:.3g}, no mean is promised"
    elif math.isfinite(m.se):
        first = f"mean {plus_minus(m.mean, m.se)}, promised 1 (z = {m.z:.1f})"
    else:
        first = f"mean {m.mean:.4g}, promised 1; no error can be told"
    return "; ".join([first, *_segments(e)])


def _segments(e: Evaluation) -> Iterator[str]:
    if not e.by or math.isnan(e.mean.mean):
        return
    bad = sorted(((-abs(s.mean_z), printable(label)) for label, s in e.by.items() if s.broken), key=lambda x: x[0])
    if not bad:
        yield f"{e.by_name}: {counted(len(e.by), 'segment')}, none breaks the promise"
        return
    named = ", ".join(label for _, label in bad[:SHOWN]) + (", ..." if len(bad) > SHOWN else "")
    verb = "breaks" if len(bad) == 1 else "break"
    yield f"{e.by_name}: {len(bad)} of {counted(len(e.by), 'segment')} {verb} the promise: {named}"


def _certain(e: Evaluation) -> str:
    if e.guarantee is None or e.bounds is None:
        return f"nothing: {e.unproven}"
    low, high = _ends(*e.guarantee)
    return f"{low} to {high} (proven, rewards in {e.bounds[0]:.15g} to {e.bounds[1]:.15g})"


def _ends(low: float, high: float) -> tuple[str, str]:
    """Both ends to three digits, or as many as tell them apart."""
    most, wide = max(abs(low), abs(high)), high - low
    digits = 3 if not wide > 0 else max(3, math.ceil(math.log10(most / wide)) + 1)
    if not 1000 <= most < 1e15:
        low_said, high_said = (f"{x:#.{digits}g}" for x in (low, high))
        return low_said, high_said
    places = max(0, digits - 1 - math.floor(math.log10(most)))
    return f"{low:,.{places}f}", f"{high:,.{places}f}"


def _path(e: Evaluation) -> str:
    assert e.path is not None
    each = list(zip(e.path.at, e.path.values, e.path.moved, strict=True))[1:]
    first = "clipped at {}: {} ({} of the weight moved)"
    said = [
        (first if i == 0 else "{}: {} ({})").format(f"{at:g}", _like(v, e.value), _percent(m))
        for i, (at, v, m) in enumerate(each)
    ]
    return "; ".join(said)


def _like(x: float, e: Estimate) -> str:
    """A number to the digits that the estimate is worth."""
    low, high = e.interval()
    half = (high - low) / 2
    if not (math.isfinite(half) and half > 0):
        return f"{x:.3g}"
    said = plus_minus(x, half)
    if not said.startswith("("):
        return said.split(" ± ")[0]
    return said[1:].split(" ± ")[0] + said.split(")")[1]


def _short(why: str) -> str:
    return why.split(": ")[0].rstrip(".")


def _rows(ess: float) -> str:
    said = rows_worth(ess)
    return f"{said} row" if said == "1" else f"{said} rows"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.005 or share == 0 else f"{100 * share:.2g} %"
