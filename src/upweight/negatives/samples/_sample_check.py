"""SampleCheck: everything known about a sample, on one screen: is it whole, does it add up, may one train on it?"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ... import _html as html
from ..._check import Reason, Verdict, first_advice, passes, worst_grade
from ..._errors import counted
from ..._set_module import set_module
from ..._version import __version__

__all__ = ["SampleCheck", "ScoreBin"]

SCHEMA = "upweight.sample-check/1"


@dataclass(frozen=True)
class ScoreBin:
    """Kept rows between two of the pilot's probabilities: rows, weighted positives seen and expected of the pilot, z of their difference."""

    low: float
    high: float
    rows: int
    observed: float
    expected: float
    z: float


@set_module("upweight.negatives")
@dataclass(frozen=True, eq=False, repr=False)
class SampleCheck:
    """The figures of a sample, the reasons they give to trust or distrust it, and one thing to do; made by `check`.

    reasons : tuple of `Reason`, strings such as "HORVITZ" with grade, text and advice. grade : that of the worst. ok : good or usable. advice : of the
    first reason that has one. figures : numbers by name. bins : ten score bins, empty where the pilot's columns were not kept. weights : the
    `Verdict` of the kept negatives' 1/pi; None if none is kept.

    >>> import numpy as np
    >>> import pyarrow as pa
    >>> from tempfile import TemporaryDirectory
    >>> from upweight.negatives import check, plan, sample
    >>> rows = pa.table({"id": np.arange(100_000), "y": (np.arange(100_000) % 1000 == 0).astype("int8")})
    >>> with TemporaryDirectory() as folder:
    ...     found = check(sample(rows, plan(rows, label="y", key="id", rule="uniform", rng=7), f"{folder}/thin"))
    >>> found.to_dict()["grade"], len(found.to_json()) > 100, found.plot().get_xlabel()
    ('good', True, "the pilot's probability (logarithmic axis)")
    """

    out: str  # the folder that was checked
    plan: str  # its `Plan`
    reasons: tuple[Reason, ...]
    figures: Mapping[str, float]
    bins: tuple[ScoreBin, ...] = ()
    weights: Verdict | None = field(default=None)

    @property
    def grade(self) -> str:
        """The grade of the worst reason: good, usable, unreliable or unusable."""
        return worst_grade(self.reasons)

    @property
    def ok(self) -> bool:
        """Whether the sample is good or usable."""
        return passes(self.grade)

    @property
    def advice(self) -> str:
        """The one thing to do next."""
        return first_advice(self.reasons, USE)

    def __str__(self) -> str:
        f = self.figures
        head = (
            f"{self.grade}: {counted(f['kept_positives'], 'positive')} and {counted(f['kept_negatives'], 'negative')} of {counted(f['rows'], 'row')} "
            f"({f['per_positive']:.2f} negatives a positive)"
        )
        lines = [f"  {reason.line:<9}{reason.text}" for reason in self.reasons]
        return "\n".join([head, *lines, f"  do       {self.advice}"])

    def _repr_html_(self) -> str:
        head, *_ = str(self).split("\n")
        lines = [(reason.line, reason.text) for reason in self.reasons]
        return html.block([head], rows=[*lines, ("do", self.advice)], left=2)

    def __repr__(self) -> str:
        return f"<SampleCheck {self.grade}: {', '.join(self.reasons) or 'no reason to doubt'}>"

    def plot(self, ax: Any = None) -> Any:
        """The picture of `upweight.plots.sample_check`; gives back the Axes."""
        from ...plots import sample_check

        return sample_check(self, ax=ax)

    def to_dict(self) -> dict[str, Any]:
        """Schema "upweight.sample-check/1": plain types only; what is not a finite number is None."""
        reasons = [{"code": r.code, "grade": r.grade, "text": r.text, "advice": r.advice} for r in self.reasons]
        bins = [{k: _finite(v) for k, v in vars(b).items()} for b in self.bins]
        made = {
            "schema": SCHEMA,
            "upweight": __version__,
            "out": self.out,
            "plan": self.plan,
            "grade": self.grade,
            "ok": self.ok,
        }
        made |= {"advice": self.advice, "reasons": reasons, "figures": {k: _finite(v) for k, v in self.figures.items()}}
        return made | {"bins": bins, "weights": None if self.weights is None else self.weights.to_dict()}

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), allow_nan=False, indent=1, ensure_ascii=False)


USE = "train with offset=thin.correction, or with sample_weight=thin.weights; never with both"


def _finite(x: Any) -> Any:
    return None if isinstance(x, float) and not math.isfinite(x) else x
