"""Evaluation: everything said of another policy, as data that speaks.

The trouble: a value without the check of its weights, a gain without its covariance, an interval without its assumption, and a decision
without the sentence that forbids it lie in four notebooks. Here they are one object with one decision, and one screen.

What is inside: `Evaluation`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ... import _html as html
from ..._check import Verdict, plain
from ..._estimate import Estimate
from ..._set_module import set_module
from ..tuning import Path
from ..values import MeanFigures
from ._by_label import ByLabel
from ._decision import Decision
from ._screen import headline, lines, screen

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Evaluation"]

SCHEMA = "upweight.evaluation/1"


@set_module("upweight.ope")
@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """What a log says of another policy; made by `evaluate`. Printing it shows one screen.

    Attributes
    ----------
    decision : "BETTER", "WORSE", "UNDECIDED" or "UNTRUSTED"; why : a sentence if it is the last; advice : what to do.
    verdict : Verdict on the weights. mean : mean weight, its error widened for the tail, z of the test that it is one.
    value, logged, gain : Estimates of the target, of the log, and of their difference, in the unit of the reward. how : the formula.
    path : Path over caps of the weights, None where no weight is above one.
    guarantee : (low, high) with a proof, or None; bounds : those of the reward, or None; unproven : why there is no guarantee.
    by : dict of label -> figures of its rows; by_name : what the labels are. n : decisions.

    >>> import upweight as uw
    >>> from upweight.ope.evaluation import demo
    >>> log = demo("digits")
    >>> e = uw.ope.evaluate(log.reward, uw.ratio(log.target, log.logged))
    >>> e.to_dict()["decision"], len(e.to_json()) > 1000, len(e.plot().axes)
    ('BETTER', True, 3)
    """

    n: int
    verdict: Verdict
    mean: MeanFigures
    value: Estimate
    logged: Estimate
    gain: Estimate
    how: str
    path: Path | None
    guarantee: tuple[float, float] | None
    bounds: tuple[float, float] | None
    unproven: str
    by: Mapping[Any, ByLabel]
    by_name: str
    judged: Decision = field(repr=False)  # the decision with its reasons: `decision`, `why` and `advice` read it

    @property
    def decision(self) -> str:
        """BETTER, WORSE, UNDECIDED or UNTRUSTED."""
        return self.judged.decision

    @property
    def why(self) -> str:
        """One sentence why the log is not trusted; empty if it is."""
        return self.judged.why

    @property
    def advice(self) -> str:
        """The one thing to do next."""
        return self.judged.advice

    def plot(self, ax: Any = None) -> Figure:
        """Logged, target, gain and guarantee, mean weight by label, value over caps; see `upweight.plots.evaluation`."""
        from ...plots import evaluation

        return evaluation(self, ax=ax)

    def to_dict(self) -> dict[str, Any]:
        """Schema "upweight.evaluation/1": plain types only; infinities as "inf" and "-inf", nan as None."""
        import sys

        made = {"schema": SCHEMA, "upweight": sys.modules["upweight"].__version__}
        made |= {"decision": self.decision, "why": self.why, "advice": self.advice, "n": self.n, "how": self.how}
        made |= {name: _figures(e) for name, e in (("value", self.value), ("logged", self.logged), ("gain", self.gain))}
        made |= {"mean_weight": self.mean._asdict(), "guarantee": self.guarantee, "bounds": self.bounds}
        made["unproven"] = self.unproven
        made["path"] = [] if self.path is None else _points(self.path)
        made["by"] = {"name": self.by_name, "labels": [{"label": k} | v._asdict() for k, v in self.by.items()]}
        made["largest"] = [{"row": row, "weight": w} for row, w in largest(self.verdict)]
        return plain(made) | {"verdict": self.verdict.to_dict()}

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), allow_nan=False, indent=1, ensure_ascii=False)

    def __str__(self) -> str:
        return screen(self)

    def _repr_html_(self) -> str:
        return html.block([headline(self)], rows=lines(self), left=2)

    def __repr__(self) -> str:
        return f"<Evaluation {self.decision}: {self.n:,} decisions>"


def _figures(e: Estimate) -> dict[str, Any]:
    low, high = e.interval()
    made = {"value": e.value, "se": e.se, "low": low, "high": high, "khat": e.khat, "inflation": e.inflation}
    return made | {"ok": e.ok, "why": e.why}


def _points(path: Path) -> list[dict[str, Any]]:
    each = zip(path.at, path.values, path.moved, strict=True)
    return [{"clip": at, "value": v, "moved": m} for at, v, m in each if at != math.inf]


def largest(verdict: Verdict) -> list[tuple[int, float]]:
    """Row and weight of the ten largest weights; of a verdict that has no weights any more the largest alone."""
    import numpy as np

    log_w = verdict._log_w
    if log_w is None:
        return [(verdict.max_row, verdict.mean * verdict.n * verdict.max_share)]
    count = min(10, log_w.size)
    rows = np.argpartition(log_w, log_w.size - count)[log_w.size - count :]
    rows = rows[np.argsort(-log_w[rows], kind="stable")]
    return [(int(i), math.exp(min(float(log_w[i]), 709.0))) for i in rows]
