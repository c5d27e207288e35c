"""Finding: what was measured about the weights of a training run, said as a verdict says it.

The trouble: a number such as "13 % delivered" needs a judge, and a judge needs words. A finding has the face of a `Verdict`: figures, reasons with
codes, the grade of the worst of them, and one thing to do; the figures are those of a training run and not of the weights alone.

    grade = the worst of the reasons' grades;   advice = that of the first reason that has one

What is inside: `Finding`, and `said`, a figure in the digits that a sentence needs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import _html as html
from .._check import GRADES, Reason
from .._check import plain as plain_types
from .._set_module import set_module

__all__ = ["Finding", "said"]

SCHEMA = "upweight.finding/1"


@set_module("upweight.training")
@dataclass(frozen=True, eq=False, repr=False)
class Finding:
    """Figures of a training run, the reasons they give, a grade and one thing to do; made by `Meter.report` and `memorised`.

    Attributes
    ----------
    grade : "good", "usable", "unreliable" or "unusable". reasons : tuple of Reason, strings such as "washed_out" with grade, text and advice.
    figures : mapping of name to number, or to a mapping of group to number; nan is not known.
    state : in a word, what became of the weights: "acting", "settled", "washed out" ...; empty where nothing has a state.

    >>> import numpy as np
    >>> from upweight.training import memorised
    >>> w = np.r_[np.ones(900), np.full(100, 9.0)]
    >>> f = memorised(np.zeros(1000), np.random.default_rng(0).exponential(np.where(w > 1, 2.0, 0.2)), w)
    >>> print(f)
    Unreliable. The heaviest 100 rows lose 1.91 more where they were not trained on, the others 0.21 (SE of the difference 0.19).
    Flatten the weights, w.temper(ess=0.3), and stop on the weighted held-out loss.
    >>> f.ok, f.advice == f.reasons[0].advice, f.to_dict()["grade"], f.to_json()[:1]
    (False, True, 'unreliable', '{')
    """

    grade: str
    reasons: tuple[Reason, ...]
    figures: Mapping[str, Any]
    state: str = ""

    @property
    def ok(self) -> bool:
        """Whether the grade is good or usable."""
        return GRADES.index(self.grade) < 2

    @property
    def advice(self) -> str:
        """The one thing to do next; empty if nothing needs doing."""
        return next((reason.advice for reason in self.reasons if reason.advice), "")

    @property
    def sentences(self) -> list[str]:
        """Every sentence of `print`, in order."""
        head = f"Weights: {self.state}." if self.state else f"{self.grade.capitalize()}."
        return [s for s in (head, *(reason.text for reason in self.reasons), self.advice) if s]

    def to_dict(self) -> dict[str, Any]:
        """Schema "upweight.finding/1": plain types only; infinities as "inf" and "-inf", nan as None."""
        reasons = [{"code": r.code, "grade": r.grade, "text": r.text, "advice": r.advice} for r in self.reasons]
        head = {"schema": SCHEMA, "state": self.state, "grade": self.grade, "ok": self.ok, "advice": self.advice}
        return head | {"reasons": reasons, "figures": plain_types(self.figures)}

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), allow_nan=False, indent=1, ensure_ascii=False)

    def __str__(self) -> str:
        return " ".join(self.sentences)

    def __repr__(self) -> str:
        return f"<Finding {self.state or self.grade}: {', '.join(self.reasons) or 'no reason to doubt'}>"

    def _repr_html_(self) -> str:
        return html.block(self.sentences)


def said(x: float) -> str:
    """A figure for people: two digits that count, and none that do not.

    >>> said(0.04), said(0.5), said(12.34), said(3210.0)
    ('0.04', '0.50', '12', '3,210')
    """
    return f"{x:,.0f}" if abs(x) >= 9.95 else f"{x:.1f}" if abs(x) >= 2.995 else f"{x:.2f}"
