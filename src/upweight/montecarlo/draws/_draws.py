"""Draws: points with weights, the densities they came from, and the averages that are made of them.

The trouble: weighted points are saved as two arrays, and what an average of them needs is lost: whether the weights' mean is one, which points
belong to one run, which proposal each came from, whether points of weight zero were left out.

    mean(f) = sum W f        integral(f) = mean(w f) over all rows        evidence = log mean(w)

What is inside: `Draws`.

Sources: Owen (2013), Monte Carlo theory, methods and examples, chapter 9; Owen and Zhou (2000) for how="control".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._errors import InputError, counted, require_choice
from ..._estimate import Estimate, estimate, read_values
from ..._html import block
from ..._set_module import set_module
from ..._weights import Step, Weights
from ._control import controlled
from ._evidence import Evidence, evidence_of_integral

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..._check import Verdict

__all__ = ["Draws"]

Points = np.ndarray | dict[str, np.ndarray]


@set_module("upweight.montecarlo")
@dataclass(frozen=True, eq=False, repr=False)
class Draws:
    """Weighted points; made by `draw`, `adapt`, `evidence`, `integrate` and `rare`.

    Attributes
    ----------
    x : (n, d) points in the units of the target or of the inputs, or a dict {name: (n,)} where those are named.
    weights : `Weights` of kind importance, one a row, on the scale of target over proposal.
    log_q : (J, n) log-density of each component of the proposal at each row, in the space it was drawn in; J is 0 where none is known.
    counts : (J,) rows that each component drew. cluster : (n,) labels where rows come in independent repeats, else None.
    failures : whether only rows of positive weight were kept, so that the number of all rows is not known here.

    >>> import numpy as np
    >>> from scipy import stats
    >>> import upweight as uw
    >>> d = uw.montecarlo.draw(lambda x: -abs(x[:, 0]), stats.norm(0, 2), 4000, rng=0)     # exp(-|x|), whose integral is 2
    >>> print(d.integral(1.0), "|", d.evidence)
    1.971 ± 0.036 (k-hat -0.93, ESS 2,962 of 4,000) | 0.679 ± 0.018
    >>> abs(d.mean(lambda x: abs(x[:, 0])).value - 1) < 0.05
    True

    >>> d.check().grade, d.resample(3, rng=0).shape, d.plot().get_xlabel()
    ('good', (3, 1), 'x0')
    """

    x: Points
    weights: Weights
    log_q: np.ndarray
    counts: np.ndarray
    cluster: np.ndarray | None = None
    failures: bool = False

    @property
    def n(self) -> int:
        """Rows kept."""
        return self.weights.n

    def mean(self, f: Any, *, how: str = "self") -> Estimate:
        """Average of `f` under the target, with a tail-adjusted interval.

            self   sum W f        plain   mean(w f)        control   mean of w f - sum_j beta_j (q_j/q - 1)

        f : a function of x, or an array (n,) or (n, c). how : "self", of any weights; "plain", of exact ones; "control", of both, with the
        densities of the components as control variates.

        Raises InputError (values that are not finite where the weight is positive; "plain" and "control" of failures; "control" of repeats or
        where no densities are known), KindError ("plain" without the promise of a mean of one).

        Costs: "self" has a bias of order 1/ESS, "control" one of order J/n. Source: Owen and Zhou (2000), Safe and effective importance sampling.
        """
        require_choice("how", how, ("self", "plain", "control"))
        if how != "self":
            self._refuse_failures()
        values = self._values(f)
        if how != "control":
            return self.weights.mean(values, how=how, cluster=self.cluster)
        if self.cluster is not None or len(self.log_q) == 0:
            raise InputError(
                "how='control' needs the densities of independent rows; these come in repeats. Use how='self'."
            )
        columns = read_values(self.weights, values)
        each = controlled(self.weights, columns, self.log_q, self.counts)
        return estimate(columns.terms(each), (*self.weights.trail, Step("mean", {"how": "component control"})))

    def integral(self, f: Any) -> Estimate:
        """Integral of `f` against the target as it stands, normalised or not: the mean of w f over all rows.

        f : as in `mean`, or a number. Raises InputError for failures, of which the other rows were not kept, and for logs beyond a float.
        """
        self._refuse_failures()
        values = np.full(self.n, float(f)) if np.ndim(f) == 0 and not callable(f) else self._values(f)
        return self.weights.integral(values, cluster=self.cluster)

    @cached_property
    def evidence(self) -> Evidence:
        """Log of the mean weight: of the target's normalising constant. Raises InputError for failures."""
        self._refuse_failures()
        l = self.weights.log_w
        peak = float(l.max())
        return evidence_of_integral(Weights.of_log(l - peak, kind="importance").integral(cluster=self.cluster), peak)

    def resample(self, m: int, *, rng: Any = None) -> Points:
        """m rows of x with equal weights, drawn systematically in proportion to the weights: (m, d), or a dict of columns.

        Costs: Monte Carlo error; rows of large weight come several times.
        """
        rows = self.weights.resample(m, rng=rng)
        return {k: v[rows] for k, v in self.x.items()} if isinstance(self.x, dict) else self.x[rows]

    def check(self) -> Verdict:
        """Everything known about the weights, in sentences."""
        return self.weights.check()

    def plot(self, ax: Any = None) -> Axes:
        """The points over two of their columns, as large as their weights; see `upweight.plots.draws`."""
        from ...plots import draws

        return draws(self, ax=ax)

    def __str__(self) -> str:
        columns = len(self.x) if isinstance(self.x, dict) else self.x.shape[1]
        what = "failure" if self.failures else "row"
        repeats = "" if self.cluster is None else f" in {len(np.unique(self.cluster))} repeats"
        return f"{counted(self.n, what)} of {counted(columns, 'column')}{repeats}, worth {self.weights.ess:,.4g}"

    def __repr__(self) -> str:
        return f"Draws({self})"

    def _repr_html_(self) -> str:
        return block([str(self)])

    def _values(self, f: Any) -> Any:
        """f at the rows: what a function gives for a copy of x, or the array that was given."""
        if not callable(f):
            return f
        given = {k: v.copy() for k, v in self.x.items()} if isinstance(self.x, dict) else self.x.copy()
        return f(given)

    def _refuse_failures(self) -> None:
        if self.failures:
            raise InputError(
                "only failing rows are kept: r.probability is their integral. Averages over failures are mean(f)."
            )
