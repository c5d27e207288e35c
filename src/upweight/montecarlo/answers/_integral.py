"""Integral: the value of an integral over a box with the eight repeats it rests on, and the weighted points.

What is inside: `Integral`, the result of `integrate`.

Source: Lepage (1978), A new algorithm for adaptive multidimensional integration, J. Comput. Phys. 27.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._estimate import Estimate
from ..._html import block
from ..._set_module import set_module
from ..._weights import Step
from ..draws import Draws

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Integral"]


@set_module("upweight.montecarlo")
@dataclass(frozen=True, eq=False, repr=False)
class Integral:
    """The integral of a function over a box, from eight repeats with a frozen map; made by `integrate`.

    Attributes
    ----------
    value : `Estimate` of the repeats, one number or (c,), in the unit of f times the volume.
    draws : `Draws`, the repeats' points, weights one over the density, cluster the repeat; `draws.integral(h)` is the integral of another h.
    calls : rows given to f. history : list of dicts, one an iteration.

    >>> import numpy as np
    >>> from upweight.montecarlo import integrate
    >>> i = integrate(lambda x: np.exp(x.sum(axis=1)), [(0, 1)] * 2, budget=13_000, rng=0)
    >>> sorted(i.to_dict())[:2], len(i.to_json()) > 100, i.plot().get_xlabel()
    (['calls', 'high'], True, 'repeat, the map frozen')
    """

    value: Estimate
    draws: Draws
    calls: int
    history: list[dict[str, Any]]

    @property
    def trail(self) -> tuple[Step, ...]:
        """What was done, for `upweight.cite`."""
        return (Step("integrate"), *self.value.trail)

    def to_dict(self) -> dict[str, Any]:
        """Plain types, schema "upweight.integral/1"; infinities and nan are None."""
        e = self.value
        low, high = e.interval()
        figures = {"value": e.value, "se": e.se, "low": low, "high": high}
        columns = {k: [_plain(x) for x in np.ravel(v).tolist()] for k, v in figures.items()}
        scalar = np.ndim(e.value) == 0
        return {
            "schema": "upweight.integral/1",
            **({k: v[0] for k, v in columns.items()} if scalar else columns),
            "repeats": e.n,
            "ok": e.ok,
            "why": e.why,
            "calls": self.calls,
            "rows": self.draws.n,
            "history": self.history,
        }

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_dict(), allow_nan=False, indent=1, ensure_ascii=False)

    def plot(self, ax: Any = None) -> Axes:
        """The repeats around their mean; see `upweight.plots.integral`."""
        from ...plots import integral

        return integral(self, ax=ax)

    def __str__(self) -> str:
        why = f"\n  why    {self.value.why}" if self.value.why else ""
        return f"integral {self.value}{why}\n  calls  {self.calls:,}, of which {self.draws.n:,} with the map frozen"

    def __repr__(self) -> str:
        return f"Integral({self.value}, {self.calls:,} calls)"

    def _repr_html_(self) -> str:
        return block(str(self).split("\n"))


def _plain(x: float) -> float | None:
    return x if math.isfinite(x) else None
