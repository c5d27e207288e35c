"""Verdict: everything known about some weights, on one screen.

The trouble: an ESS alone hides a heavy tail, a k-hat alone hides one huge row, and neither says what to do. A verdict holds all the
figures, judges them by one list of rules (`_reasons`), and speaks:

    usable: importance weights, 4,000 rows worth 1,095 (27 %)
      tail     k-hat 0.55 (want < 0.50): a plain average has infinite variance; intervals widen ×2.0
      ...
      do       smooth before averaging: w.smooth().mean(f)

The grade is that of the worst reason; the advice belongs to the first. Figures are stored, sentences are derived from them, so a
verdict from a tally of a billion rows and one from weights in memory cannot disagree.

What is inside: `Verdict`; `Segment`, the figures of one label of `by`; `Flipped`, those of 1/w; `BalanceFigures`, the little of a
balance table that a verdict needs. Texts keep to Latin-1.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from ._kinds import Step, rows_worth
from ._reasons import GRADES, RATIOS, Reason, flagged, number, percent, promise, reasons

__all__ = ["BalanceFigures", "Flipped", "Segment", "Verdict", "plain"]

SCHEMA = "upweight.verdict/1"
_SHOWN = 5  # labels named on the screen
_TOP_ROWS = 30_000


@dataclass(frozen=True)
class Segment:
    """The weights of one label: rows, effective rows, mean with its plain standard error, z of the mean test (nan: not tested)."""

    n: int
    ess: float
    mean: float
    mean_se: float
    z: float


@dataclass(frozen=True)
class Flipped:
    """The weights the other way up, 1/w: mean, z of the mean test, tail index."""

    mean: float
    z: float
    khat: float


@dataclass(frozen=True)
class BalanceFigures:
    """Absolute standardised mean differences: average before, after and with 1/w; the worst column after weighting."""

    mean_before: float
    mean_after: float
    worst_before: float
    worst_after: float
    column: str
    mean_inverse: float | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Verdict:
    """The figures of some weights, the reasons they give to trust or distrust averages, and one thing to do.

    Made by `Weights.check`, `upweight.check` and `Tally.result`. Printing it shows one screen.

    Attributes
    ----------
    grade : "good", "usable", "unreliable" or "unusable", that of the worst reason; ok is whether it is one of the first two.
    reasons : tuple of Reason, strings such as "HEAVY_TAIL" with grade, text and advice, in the order of their advice.
    advice : what to do, the advice of the first reason that has one.
    n, n_zero : rows, and rows of weight zero. kind, assumed, exact : as in `Weights`.
    ess, ess_share, perplexity : effective rows (Kish), the same over n, effective rows by entropy. design_effect : (n - n_zero)/ess.
    khat, threshold, widening, min_rows : tail index, the index from which so few rows are not believed, the factor on intervals, and
        the rows this tail needs.
    max_share, max_row, top_share : share of the total in the largest row (counted from 0) and in the largest hundredth of rows.
    mean, mean_se, mean_z : mean weight on its own scale, its plain standard error, and z of the test that it is one (nan unless
        exact).
    distinct : distinct positive weights, 11 for more than ten.
    ess_f, khat_f : effective rows and tail index for the average of the f that was given (nan without).
    by : dict of label -> Segment. trail : tuple of Step.

    >>> import numpy as np
    >>> from upweight import Weights
    >>> print(Weights.of(np.repeat([1.0, 10.0], [900, 100]), kind="class").check())
    good: class weights, 1,000 rows worth 331 (33 %)
      values   1 on 900 rows, 10 on 100 rows; log-odds between them moved by 2.303
      largest  row 900 holds 0.53 % of the total; the top 1 % of rows hold 5.3 %
      do       train with sample_weight=w.sample_weight, then give the odds back: Correction.weighted(y, w).
               Not for averages: class weights do not estimate a population mean
    """

    n: int
    n_zero: int
    kind: str
    assumed: bool
    exact: bool
    ess: float
    ess_share: float
    perplexity: float
    khat: float
    threshold: float
    widening: float
    min_rows: float
    design_effect: float
    max_share: float
    max_row: int
    top_share: float
    mean: float
    mean_se: float
    mean_z: float
    distinct: int
    ess_f: float = math.nan
    khat_f: float = math.nan
    by: Mapping[Any, Segment] = field(default_factory=dict)
    trail: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    values: tuple[tuple[float, int], ...] = ()
    constant: bool = False
    normalised: bool = False
    inverse: Flipped | None = None
    balance: BalanceFigures | None = None

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """Every reason that holds, in the order in which advice is taken; notes, which force no grade, come last."""
        return reasons(self)

    @property
    def grade(self) -> str:
        """The grade of the worst reason: good, usable, unreliable or unusable."""
        return max((reason.grade for reason in self.reasons), key=GRADES.index, default="good")

    @property
    def ok(self) -> bool:
        """Whether the weights are good or usable."""
        return GRADES.index(self.grade) < 2

    @property
    def advice(self) -> str:
        """The one thing to do next."""
        return " ".join(self._advice.split("\n"))

    @property
    def _advice(self) -> str:
        return next((reason.advice for reason in self.reasons if reason.advice), _USE[self.kind])

    @property
    def rows_needed(self) -> int:
        """Rows of positive weight that this tail needs before a smoothed average is believed; nan and infinity as 0."""
        return math.ceil(self.min_rows) if math.isfinite(self.min_rows) else 0

    def __str__(self) -> str:
        indent = "\n" + " " * 11
        body = [f"  {label:<9}" + text.replace("\n", indent) for label, text in _lines(self)]
        return "\n".join([_header(self), *body])

    def __repr__(self) -> str:
        return f"<Verdict {self.grade}: {', '.join(self.reasons) or 'no reason to doubt'}>"

    def to_dict(self) -> dict[str, Any]:
        """Schema "upweight.verdict/1": plain types only; infinities as "inf" and "-inf", nan as None."""
        import sys

        made = {"schema": SCHEMA, "upweight": sys.modules["upweight"].__version__}
        made |= {"grade": self.grade, "ok": self.ok, "advice": self.advice}
        made["reasons"] = [{"code": r.code, "grade": r.grade, "text": r.text} for r in self.reasons]
        figures = {f.name: getattr(self, f.name) for f in fields(self)}
        figures["by"] = [{"label": label} | vars(s) for label, s in self.by.items()]
        figures["trail"] = [vars(step) for step in self.trail]
        figures["values"] = [{"weight": value, "rows": rows} for value, rows in self.values]
        figures |= {name: None if figures[name] is None else vars(figures[name]) for name in ("inverse", "balance")}
        return made | plain(figures)

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), allow_nan=False, indent=1, ensure_ascii=False)


_TRAIN = (
    "train with sample_weight=w.sample_weight, then give the odds back: Correction.weighted(y, w).\n"
    "Not for averages: class weights do not estimate a population mean"
)
_USE = {
    "importance": "use them: w.mean(f), or sample_weight=w.sample_weight",
    "inclusion": 'use them: w.mean(f), or w.mean(f, how="total") for a sum over the population',
    "frequency": "use them: w.mean(f); every row counts as its copies",
    "class": _TRAIN,
    "cost": "train with sample_weight=w.sample_weight.\nNot for averages: cost weights do not estimate a population mean",
}


def plain(x: Any) -> Any:
    """`x` in the types of JSON: mappings, lists, strings, finite numbers; infinities as "inf" and "-inf", nan as None."""
    if isinstance(x, Mapping):
        return {str(key): plain(value) for key, value in x.items()}
    if isinstance(x, (list, tuple, set, frozenset)):
        return [plain(value) for value in x]
    if hasattr(x, "tolist"):
        return plain(x.tolist())
    if isinstance(x, float):
        return x if math.isfinite(x) else None if math.isnan(x) else "inf" if x > 0 else "-inf"
    return x if x is None or isinstance(x, (str, int, bool)) else str(x)


# ---- the screen -----------------------------------------------------------------------------------------------------


def _header(v: Verdict) -> str:
    share = "" if v.ess == 0 or v.kind == "frequency" else f" ({percent(v.ess_share)})"
    rows = "1 row" if v.n == 1 else f"{v.n:,} rows"
    return f"{v.grade}: {v.kind} weights{' (assumed)' * v.assumed}, {rows} worth {rows_worth(v.ess)}{share}"


def _lines(v: Verdict) -> Iterator[tuple[str, str]]:
    """(label, sentence) of every line under the header; a reason speaks on the line of its figure, or on one of its own."""
    said: dict[str, list[str]] = {}
    for reason in v.reasons:
        said.setdefault(reason.line, []).append(reason.text)
    own = {"kind", "support", "size", "sign", "tamed", "note"}
    for label, standard in _STANDARD.items():
        if label in own:
            yield from ((label, text) for text in said.get(label, ()))
        elif v.n_zero < v.n and (text := standard(v, said.get(label, [""])[0])):
            yield label, text
    yield "do", v._advice


def _values(v: Verdict, _: str) -> str:
    if v.kind not in ("class", "cost"):
        return ""
    if not v.values:
        return "more than 10 distinct weights"
    shown = ", ".join(f"{value:.4g} on {rows:,} {'row' if rows == 1 else 'rows'}" for value, rows in v.values)
    if len(v.values) == 1:
        return shown
    between = "them" if len(v.values) == 2 else "the first and the last"
    odds = math.log(v.values[-1][0]) - math.log(v.values[0][0])
    return f"{shown}; log-odds between {between} moved by {odds:.3f}"


def _tail(v: Verdict, said: str) -> str:
    if said or v.kind not in RATIOS:
        return said
    if v.khat == -math.inf:
        return "none: the largest weights are equal"
    found = "averages and their intervals can be believed" if v.ok else "the tail is light"
    return f"k-hat {v.khat:.2f} (want < {v.threshold:.2f}): {found}"


def _largest(v: Verdict, _: str) -> str:
    text = f"row {v.max_row} holds {percent(v.max_share)} of the total"
    if v.n < 200:
        return text
    top = "top 1 % of" if -(-v.n // 100) <= _TOP_ROWS else f"top {_TOP_ROWS:,}"
    return f"{text}; the {top} rows hold {percent(v.top_share)}"


def _mean(v: Verdict, said: str) -> str:
    return said or (promise(v) if v.exact and v.kind in RATIOS else "")


def _by(v: Verdict, _: str) -> str:
    if not v.by:
        return ""
    if not v.exact or v.normalised:
        sizes = [s.ess for s in v.by.values()]
        return f"{len(v.by):,} segments, worth {rows_worth(min(sizes))} to {rows_worth(max(sizes))} rows"
    bad = flagged(v)
    means = [s.mean for s in v.by.values()]
    head = f"{len(v.by):,} segments, means {number(min(means))} to {number(max(means))}: "
    if not bad:
        return head + "none breaks the promise"
    named = [f"{label}: mean {number(s.mean)} (z = {s.z:.1f}), {s.n:,} rows" for label, s in bad[:_SHOWN]]
    more = [f"and {len(bad) - _SHOWN:,} more"] if len(bad) > _SHOWN else []
    return "\n".join([head + f"{len(bad):,} {'breaks' if len(bad) == 1 else 'break'} the promise", *named, *more])


def _balance(v: Verdict, _: str) -> str:
    b = v.balance
    if b is None:
        return ""
    worst = f"worst {b.worst_after:.2f} ({b.column}), {b.worst_before:.2f} before"
    return f"|SMD| {worst}; mean {b.mean_after:.2f}, {b.mean_before:.2f} before (want < 0.10)"


def _for_f(v: Verdict, said: str) -> str:
    if math.isnan(v.ess_f):
        return ""
    tail = said or (f"k-hat {v.khat_f:.2f}" if math.isfinite(v.khat_f) else "no tail of its own")
    return f"worth {rows_worth(v.ess_f)} rows for this f; {tail}"


_STANDARD = {
    "kind": None,
    "support": None,
    "values": _values,
    "tail": _tail,
    "largest": _largest,
    "size": None,
    "mean": _mean,
    "sign": None,
    "by": _by,
    "balance": _balance,
    "f": _for_f,
    "tamed": None,
    "note": None,
}
