"""RareEvent: a failure probability with its interval, whether to believe it, where it fails, and what it cost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._errors import InputError, is_number
from ..._estimate import Estimate
from ..._set_module import set_module
from ..._weights import Step
from ..draws import Draws
from ..proposals import Proposal
from ._rare_document import rare_document
from ._rare_words import html_of, screen

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RareEvent", "RareFacts"]


@dataclass(frozen=True)
class RareFacts:
    """What the screen and the document tell beside the figures.

    labels : of the standard normals. budget, asked : calls, and the relative error asked for. explorers, reached : how many went out and arrived.
    lone : share of p that one explorer alone covers, or nan. fresh, worth : points of the fresh draw and what its failures are worth.
    repeats : p of each repeat of subset simulation. distance : of the nearest failure in standard space.
    failures : (m, d) the failures of `draws` in standard space.
    """

    labels: tuple[str, ...]
    budget: int
    asked: float
    explorers: int
    reached: int
    levels: tuple[int, ...]
    lone: float
    fresh: int
    worth: float
    repeats: tuple[float, ...]
    distance: float
    failures: np.ndarray


@set_module("upweight.montecarlo")
@dataclass(frozen=True, eq=False, repr=False)
class RareEvent:
    """P(g <= 0) from points that shaped nothing, and whether to believe it; made by `rare`.

    Attributes
    ----------
    probability : `Estimate` of p, also where it is not to be believed; None if no call of the last
        road failed, or the budget left one repeat only.
    converged : whether p is to be believed. why : the first rule that is broken, with its number; empty if converged.
    method : "cross-entropy", "subset+draw" or "subset". calls : rows given to g, all phases.
    history : list of dicts, one a level or draw. draws : `Draws` of the failures, or None. proposal : what the fresh points came from, in
        standard space, or None. design_point : the failing inputs nearest to the origin of standard space, array (d,) or dict, or None.
    sensitivity : `Estimate` (d,) of d log p / d shift of each input's normal score, or None.

    >>> from upweight.montecarlo import rare
    >>> r = rare(lambda x: 3.5 - x.sum(axis=1) / 2, 4, rng=0)
    >>> low, high = r.interval()
    >>> bool(low < 0.000233 < high), r.to_dict()["calls"], len(r.to_json()) > 100, len(r.plot().axes)
    (True, 6500, True, 3)
    """

    probability: Estimate | None
    converged: bool
    why: str
    method: str
    calls: int
    history: list[dict[str, Any]]
    draws: Draws | None
    proposal: Proposal | None
    design_point: Any
    sensitivity: Estimate | None
    _told: RareFacts

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval of p at a level in (0, 1), cut to [0, 1]; (0, 1) where nothing is known.

        Raises InputError if `level` does not lie between 0 and 1.
        """
        if not is_number(level) or not 0 < level < 1:
            raise InputError(f"`level` must lie between 0 and 1; got {level!r}. For 95 % pass level=0.95.")
        if self.probability is None:
            return 0.0, 1.0
        low, high = self.probability.interval(level)
        return float(np.clip(low, 0.0, 1.0)), float(np.clip(high, 0.0, 1.0))

    @property
    def beta(self) -> float:
        """Reliability index -Phi^-1(p), in standard deviations; nan where p is not known."""
        from scipy.special import ndtri

        return float("nan") if self.probability is None else float(-ndtri(np.clip(self.probability.value, 0.0, 1.0)))

    @property
    def trail(self) -> tuple[Step, ...]:
        """What was done, for `upweight.cite`."""
        rest = () if self.probability is None else self.probability.trail
        families = sorted({str(row["family"]) for row in self.history if row.get("family")})
        return (Step("rare", {"method": self.method}), *(Step("fit_proposal", {"method": f}) for f in families), *rest)

    def to_dict(self) -> dict[str, Any]:
        """Plain types, schema "upweight.rare/1"; nan and infinities are None."""
        return rare_document(self)

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_dict(), allow_nan=False, indent=1, ensure_ascii=False)

    def plot(self, ax: Any = None) -> Axes:
        """Levels, p with its interval against calls, and the failures; see `upweight.plots.rare_event`."""
        from ...plots import rare_event

        return rare_event(self, ax=ax)

    def __str__(self) -> str:
        return "\n".join(screen(self))

    def __repr__(self) -> str:
        p = "unknown" if self.probability is None else f"{min(float(self.probability.value), 1.0):.3g}"
        return f"RareEvent({'converged' if self.converged else 'not converged'}, p {p}, {self.calls:,} calls)"

    def _repr_html_(self) -> str:
        return html_of(self)
