"""Posterior: weighted points of a target with their evidence, whether to believe them, and what they cost.

What is inside: `Posterior`, the result of `evidence` and `adapt`; `PosteriorFacts`, what its screen tells beside the figures.

Source: Kass and Raftery (1995), Bayes factors, J. Am. Stat. Assoc. 90.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._estimate import Estimate, plus_minus, tail_said
from ..._html import block
from ..._set_module import set_module
from ..._weights import Step, rows_worth
from ..draws import Draws, Evidence
from ..proposals import Proposal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Posterior", "PosteriorFacts"]

SHOWN = 8  # columns whose means the screen tells


@dataclass(frozen=True)
class PosteriorFacts:
    """asked : "evidence" or "adapt", what was called. budget : calls allowed, or None. explorers : how many went out. fresh : points of the fresh draw. lone : share that one explorer alone covers, or nan."""

    asked: str
    budget: int | None
    explorers: int
    fresh: int
    lone: float


@set_module("upweight.montecarlo")
@dataclass(frozen=True, eq=False, repr=False)
class Posterior:
    """Weighted points of a posterior, or of any density known up to a constant; made by `evidence` and `adapt`.

    Attributes
    ----------
    evidence : `Evidence`, log of the normalising constant.
    converged : whether evidence and averages are to be believed. why : the first rule that is broken, with its number; empty if converged.
    method : "draw", points that shaped nothing; "smc", particles of whole runs; "recycled", points that shaped their own proposals.
    calls : rows given to the function, all phases. history : list of dicts, one a temperature, round or draw.
    draws : `Draws`, whose `mean(f)` is a posterior expectation; None where the budget ended before any.
    proposal : what the fresh points came from (in standard space for `evidence`), or None.

    >>> from scipy import stats
    >>> from upweight.montecarlo import evidence
    >>> post = evidence(lambda x: stats.binom(20, x["p"]).logpmf(7), {"p": stats.beta(2, 5)}, rng=0)
    >>> post.to_dict()["converged"], len(post.to_json()) > 100, post.plot() is not None
    (True, True, True)
    """

    evidence: Evidence
    converged: bool
    why: str
    method: str
    calls: int
    history: list[dict[str, Any]]
    draws: Draws | None
    proposal: Proposal | None
    _facts: PosteriorFacts

    @property
    def trail(self) -> tuple[Step, ...]:
        """What was done, for `upweight.cite`."""
        rest = () if self.draws is None else self.draws.weights.trail
        return (Step(self._facts.asked, {"method": self.method}), *rest)

    def to_dict(self) -> dict[str, Any]:
        """Plain types, schema "upweight.posterior/1"; nan and infinities are None."""
        draws = self.draws
        found = (
            None
            if draws is None
            else {"rows": draws.n, "ess": _plain(draws.weights.ess), "khat": _plain(draws.weights.khat)}
        )
        means = [{"name": str(name)} | _figures(e) for name, e in self._means()]
        facts = self._facts
        return {
            "schema": "upweight.posterior/1",
            "evidence": self.evidence.to_dict(),
            "converged": self.converged,
            "why": self.why,
            "method": self.method,
            "calls": self.calls,
            "budget": facts.budget,
            "explorers": facts.explorers,
            "fresh": facts.fresh,
            "lone": _plain(facts.lone),
            "draws": found,
            "means": means,
            "history": [{k: _plain(v) for k, v in one.items()} for one in self.history],
        }

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_dict(), allow_nan=False, indent=1, ensure_ascii=False)

    def plot(self, ax: Any = None) -> Figure:
        """Log evidence step by step, and the points over two columns; see `upweight.plots.posterior`."""
        from ...plots import posterior

        return posterior(self, ax=ax)

    def __str__(self) -> str:
        head = "converged" if self.converged else "not converged"
        rows = [("why", self.why)] if self.why else []
        rows += [("calls", self._calls_said()), ("explorers", self._explorers_said())]
        if self.draws is not None:
            w = self.draws.weights
            rows.append(("draws", f"{self.draws.n:,} rows worth {rows_worth(w.ess)}; {tail_said(w.khat)}"))
            rows += [(f"mean {name}", _interval_said(e)) for name, e in self._means()]
        width = max(9, *(len(name) for name, _ in rows))
        lines = [f"  {name:<{width}}  {text}" for name, text in rows]
        known = "" if math.isfinite(self.evidence.log_value) else "is "
        return "\n".join([f"{head}: log evidence {known}{self.evidence}", *lines])

    def __repr__(self) -> str:
        said = "converged" if self.converged else "not converged"
        value = "unknown" if math.isnan(self.evidence.log_value) else f"{self.evidence.log_value:.6g}"
        return f"Posterior({said}, log evidence {value}, {self.calls:,} calls)"

    def _repr_html_(self) -> str:
        first, *rest = str(self).split("\n")
        return block([first], ["", ""], [line.strip().split("  ", 1) for line in rest], left=2)

    def _calls_said(self) -> str:
        budget = "" if self._facts.budget is None else f" of {self._facts.budget:,}"
        fresh = f"; {self._facts.fresh:,} of them fresh, the rest to explore" if self._facts.fresh else ""
        return f"{self.calls:,}{budget}{fresh}"

    def _explorers_said(self) -> str:
        count = f"{self._facts.explorers}"
        if math.isnan(self._facts.lone):
            return count
        return f"{count}; {100 * self._facts.lone:.0f} % of the answer was found by one of them only (want <= 10 %)"

    def _means(self) -> list[tuple[Any, Estimate]]:
        """The means of the first columns, for people."""
        if self.draws is None or not (self.draws.weights.log_w > -np.inf).any():
            return []
        x = self.draws.x
        named = list(x.items()) if isinstance(x, dict) else [(f"x{j}", x[:, j]) for j in range(min(SHOWN, x.shape[1]))]
        return [(name, self.draws.mean(column)) for name, column in named[:SHOWN]]


def _interval_said(e: Estimate) -> str:
    low, high = e.interval()
    return plus_minus(e.value, (high - low) / 2)


def _figures(e: Estimate) -> dict[str, Any]:
    low, high = e.interval()
    return {k: _plain(v) for k, v in {"value": e.value, "se": e.se, "low": low, "high": high}.items()}


def _plain(value: Any) -> Any:
    """A figure that JSON can hold."""
    if isinstance(value, (bool, str)) or value is None:
        return value
    number = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(number, float) and not math.isfinite(number) else number
