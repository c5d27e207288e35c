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
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _html as html
from .._errors import InputError, reading
from .._set_module import set_module
from .._weights import Step
from ._curves import Curves, curves_of
from ._documents import float_of, own, plain, refuse_unknown_kind
from ._reasons import Reason, first_advice, passes, reasons, worst_grade
from ._screen import USE, headline, lines, screen
from ._summary import WeightSummary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["BalanceFigures", "Flipped", "Segment", "Verdict"]

SCHEMA = "upweight.verdict/1"


@dataclass(frozen=True)
class Segment:
    """The weights of one label: rows, effective rows, mean with its plain standard error, and z of the mean test, which takes the
    larger of the label's own sd and that of all rows (nan: not tested)."""

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


@set_module("upweight")
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
    r_eff : independent draws that each row counts as, in the sizes, the tail and the mean test.
    by : dict of label -> Segment. trail : tuple of Step.
    curves : who holds the total, the tail with its fit, effective rows by power of tempering; `plot` draws them.

    For `curves` and `plot` a verdict of `check` points to the log-weights it judged, so they live as long as it does; copies of a
    verdict, pickled ones too, leave them behind.

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
    notes: tuple[str, ...] = ()  # codes of what was noted when the weights were made
    values: tuple[tuple[float, int], ...] = ()  # (weight, rows) of each distinct weight, if there are ten or fewer
    constant: bool = False  # whether all positive weights are equal
    normalised: bool = False  # whether weights that promise a mean of one were divided by their sum or their mean
    inverse: Flipped | None = None  # the weights the other way up, where they look exchanged
    balance: BalanceFigures | None = None  # figures of the `Balance` that was given
    r_eff: float = 1.0
    _summary: WeightSummary | None = None
    _log_w: np.ndarray | None = None  # the weights as they were judged, before taming; not a copy

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """Every reason that holds, in the order in which advice is taken; notes, which force no grade, come last."""
        return reasons(self)

    @property
    def grade(self) -> str:
        """The grade of the worst reason: good, usable, unreliable or unusable."""
        return worst_grade(self.reasons)

    @property
    def ok(self) -> bool:
        """Whether the weights are good or usable."""
        return passes(self.grade)

    @property
    def advice(self) -> str:
        """The one thing to do next."""
        return " ".join(self.lines_of_advice.split("\n"))

    @property
    def lines_of_advice(self) -> str:
        """`advice` as it is broken into lines on the screen."""
        return first_advice(self.reasons, USE[self.kind])

    @property
    def rows_needed(self) -> int:
        """Rows of positive weight that this tail needs before a smoothed average is believed; nan and infinity as 0."""
        return math.ceil(self.min_rows) if math.isfinite(self.min_rows) else 0

    @cached_property
    def curves(self) -> Curves:
        """The numbers of `plot`, made at the first call: one sort and 41 multiplications a row; see `Curves`."""
        return curves_of(self, self._summary, self._log_w)

    def plot(self, ax: Any = None) -> Figure:
        """Three panels: who holds the total, the tail with its Pareto fit, and what tempering would buy; see `upweight.plots.verdict`.

        >>> import numpy as np
        >>> from upweight import Weights
        >>> figure = Weights.of(np.arange(1.0, 1001.0), kind="importance").check().plot()
        >>> [ax.get_ylabel() for ax in figure.axes]
        ['share of the total (%)', 'rows with a larger weight (share)', 'effective rows']
        """
        from ..plots import verdict

        return verdict(self, ax=ax)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_log_w": None}

    def __str__(self) -> str:
        return screen(self)

    def _repr_html_(self) -> str:
        return html.block([headline(self)], rows=lines(self), left=2)

    def __repr__(self) -> str:
        return f"<Verdict {self.grade}: {', '.join(self.reasons) or 'no reason to doubt'}>"

    def to_dict(self) -> dict[str, Any]:
        """Schema "upweight.verdict/1": plain types only; infinities as "inf" and "-inf", nan as None.

        >>> import upweight as uw
        >>> uw.Weights.of([1, 1, 10], kind="class").check().to_dict()["grade"]
        'unusable'
        """
        import sys

        made = {"schema": SCHEMA, "upweight": sys.modules["upweight"].__version__}
        made |= {"grade": self.grade, "ok": self.ok, "advice": self.advice}
        made["reasons"] = [{"code": r.code, "grade": r.grade, "text": r.text} for r in self.reasons]
        figures = own(self)
        figures["by"] = [{"label": label} | own(s) for label, s in self.by.items()]
        figures["trail"] = [own(step) for step in self.trail]
        figures["values"] = [{"weight": value, "rows": rows} for value, rows in self.values]
        figures |= {name: None if figures[name] is None else own(figures[name]) for name in ("inverse", "balance")}
        return made | plain(figures)

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), allow_nan=False, indent=1, ensure_ascii=False)

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Verdict:
        """The verdict that `to_dict` wrote: the same figures, so the same sentences. The weights are not in a document, so
        `plot` draws what the figures say.

        Raises InputError if the document is damaged, lacks a part, or is of another schema.

        >>> import numpy as np
        >>> from upweight import Weights
        >>> v = Weights.of(np.arange(1.0, 1001.0), kind="importance").check()
        >>> str(Verdict.from_dict(json.loads(v.to_json()))) == str(v)
        True
        """
        found = d.get("schema") if isinstance(d, Mapping) else type(d).__name__
        if found != SCHEMA:
            raise InputError(f"a verdict has schema {SCHEMA!r}; got {found!r}. Pass what Verdict.to_dict gave.")
        with reading("this verdict", "Verdict.to_dict"):
            v = cls(**cls._figures(d))
            _ = str(v), repr(v)  # whatever cannot be said is told here, not when it is printed
        return v

    @classmethod
    def _figures(cls, d: Mapping[str, Any]) -> dict[str, Any]:
        """The fields, of the types that they had."""
        refuse_unknown_kind(d["kind"])
        figures: dict[str, Any] = {
            f.name: float_of(d[f.name]) if f.type == "float" else d[f.name] for f in fields(cls) if f.name in d
        }
        figures["by"] = {_label(s["label"]): _read(Segment, s) for s in d["by"]}
        figures["trail"] = tuple(Step(**step) for step in d["trail"])
        figures["notes"] = tuple(d["notes"])
        figures["values"] = tuple((v["weight"], v["rows"]) for v in d["values"])
        for name, kind in (("inverse", Flipped), ("balance", BalanceFigures)):
            figures[name] = None if d[name] is None else _read(kind, d[name])
        return figures


def _read(kind: Any, d: Mapping[str, Any]) -> Any:
    """One of the small records of a verdict, from its document."""
    return kind(**{f.name: float_of(d[f.name]) if f.type == "float" else d[f.name] for f in fields(kind)})


def _label(label: Any) -> Any:
    return str(label) if isinstance(label, (list, dict)) else label
