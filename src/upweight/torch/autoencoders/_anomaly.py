"""Scores of strangeness that know which of them are unreliable.

The trouble: minus the log-likelihood is the obvious score of strangeness, and a K-sample one the obvious refinement; on digits it adds
nothing to speak of over the ELBO. What the weights add is the flag.

What is inside: `AnomalyScore`, made by `IWAE.anomaly`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _html as html
from ..._errors import counted
from ..._set_module import set_module

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["AnomalyScore"]


@set_module("upweight.torch")
@dataclass(frozen=True, eq=False, repr=False)
class AnomalyScore:
    """Minus log p(x) of rows, arrays (n,); made by `IWAE.anomaly`.

    Attributes
    ----------
    score : in nats, larger is stranger. ess : effective draws of the row. khat : tail index, nan "not judged".
    ok : whether the row's own score may be believed. k : draws a row.

    Costs: simple odd things score as normal. Where not ok a score is too high on the average.

    >>> import numpy as np
    >>> score = np.array([17.0, 18.0, 40.0])
    >>> a = AnomalyScore(score, np.array([300.0, 250.0, 3.0]), np.array([0.3, 0.4, 0.9]), score < 30, 1000)
    >>> a.ok.tolist(), a.plot().get_xlabel()
    ([True, True, False], 'score, -log p(x) (nats)')
    """

    score: np.ndarray
    ess: np.ndarray
    khat: np.ndarray
    ok: np.ndarray
    k: int

    def __len__(self) -> int:
        return len(self.score)

    def __repr__(self) -> str:
        wrong = int((~self.ok).sum())
        return (
            f"AnomalyScore({counted(len(self), 'row')}, {counted(self.k, 'draw')} each, {wrong:,} not to be believed)"
        )

    def _repr_html_(self) -> str:
        named = {"score (nats)": self.score, "ESS": self.ess, "k-hat": self.khat}
        rows = []
        for name, x in named.items():
            known = x[~np.isnan(x)]
            at = np.quantile(known, (0, 0.5, 1), method="nearest") if len(known) else np.full(3, np.nan)
            rows.append([name, *(f"{q:.4g}" for q in at)])
        return html.block([repr(self)], ["", "least", "median", "largest"], rows)

    def plot(self, ax: Any = None) -> Axes:
        """Score against effective draws, rows not ok marked; see `upweight.plots.anomaly`."""
        from ...plots import anomaly

        return anomaly(self, ax=ax)
