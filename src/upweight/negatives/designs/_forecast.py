"""What a sample will cost, before it is drawn.

    a(x) = p/pi0 + (1 - p)/pi1          what a row's information is thinned by
    weights   mean a                    times the variance of training on everything
    offset    1 / mean(1/a)             never more than that; means over positives, each weighted by 1 - p
    kept      N0 mean pi0 +- sqrt( N0 mean pi0 (1 - pi0) + N0^2 var(pi0)/m (1 - m/N0) )      m negatives looked at

Where a is constant, which pi0 proportional to p makes it, both are 1 + 1/kappa.

Source: Wang, Zhang and Wang, NeurIPS (2021); the information of the two likelihoods.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ... import _html as html
from ..._errors import counted
from ..._set_module import set_module

__all__ = ["Forecast", "kept_error", "variance_factors"]


@set_module("upweight.negatives")
@dataclass(frozen=True)
class Forecast:
    """What `plan` foresees.

    rows, positives, negatives : counts, exact. kept_negatives : expected, with standard error `kept_negatives_se`. bytes : of the sample, if the
    size of the data is known. factor_offset, factor_weights : variance of coefficients over that of training on everything, by each correction.
    optimal_gain : share by which "optimal" would shrink what sampling adds; None where it is not known. distinct_keys, rows_per_key : of the data.

    >>> import numpy as np
    >>> import pyarrow as pa
    >>> from upweight.negatives import plan
    >>> rows = pa.table({"id": np.arange(100_000), "y": (np.arange(100_000) % 1000 == 0).astype("int8")})
    >>> f = plan(rows, label="y", key="id", rule="uniform", rng=7).forecast
    >>> f.positives, round(f.kept_negatives), round(f.factor_weights, 3), f.to_dict()["rows"]
    (100, 500, 1.199, 100000)
    >>> f.plot().get_xlabel()
    'negatives kept for each positive'
    """

    rows: int
    positives: int
    negatives: int
    kept_negatives: float
    kept_negatives_se: float  # standard error of `kept_negatives`, from the draws
    bytes: int | None
    factor_offset: float
    factor_weights: float
    optimal_gain: float | None
    distinct_keys: float | None
    rows_per_key: float | None

    def to_dict(self) -> dict[str, Any]:
        """As plain numbers."""
        return asdict(self)

    @property
    def kept_share(self) -> float:
        """Kept rows over all rows."""
        return (self.kept_negatives + self.positives) / self.rows

    def plot(self, ax: Any = None) -> Any:
        """The picture of `upweight.plots.forecast`; gives back the Axes."""
        from ...plots import forecast

        return forecast(self, ax=ax)

    def _repr_html_(self) -> str:
        lines = [
            ("rows", f"{self.rows:,}"),
            ("positives", f"{self.positives:,}"),
            ("negatives that stay", f"{self.kept_negatives:,.0f} ± {self.kept_negatives_se:,.0f}"),
            ("share of the rows", f"{100 * self.kept_share:.2f} %"),
            ("variance by offset, over that of all rows", f"{self.factor_offset:.2f}"),
            ("variance by weights, over that of all rows", f"{self.factor_weights:.2f}"),
        ]
        return html.block(
            [f"{100 * self.kept_share:.2f} % of the rows cost {self.factor_offset:.2f} times the variance of all"],
            rows=lines,
        )

    def __str__(self) -> str:
        """What will be kept and what it costs, in words."""
        factor = f"{self.factor_offset:.2f} times the variance of training on all rows (by weights {self.factor_weights:.2f})"
        return (
            f"{counted(self.rows, 'row')}, {counted(self.positives, 'positive')}; {self.kept_negatives:,.0f} ± {self.kept_negatives_se:,.0f} negatives stay "
            f"({100 * self.kept_share:.2f} % of the rows): {factor}"
        )


def variance_factors(p: np.ndarray, pi0: np.ndarray, pi1: np.ndarray) -> tuple[float, float]:
    """(offset, weights) from probabilities and keep-probabilities of positives, (m,) each.

    >>> p = np.array([0.001, 0.002])
    >>> variance_factors(p, 5 * p / (1 + 5 * p), np.ones(2))
    (1.2, 1.2)
    """
    a = p / pi0 + (1 - p) / pi1
    share = (1 - p) / (1 - p).sum()
    return round(float(1 / (share / a).sum()), 12), round(float((share * a).sum()), 12)


def kept_error(pi0: np.ndarray, negatives: int, *, everything: bool) -> float:
    """Standard error of the number of kept negatives, from the keep-probabilities of some of them."""
    drawn = negatives * float((pi0 * (1 - pi0)).mean())
    seen = 0.0 if everything or len(pi0) < 2 else float(pi0.var(ddof=1)) / len(pi0) * (1 - len(pi0) / negatives)
    return float(np.sqrt(drawn + negatives**2 * max(seen, 0.0)))
