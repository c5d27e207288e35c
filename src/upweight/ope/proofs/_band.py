"""band: the distribution of rewards under the target, with a band that holds at all points at once.

The trouble: intervals of 95 % at a hundred points of a distribution function all cover together in much fewer than 95 of a hundred logs, and
whoever reads a quantile off the curve chose the point after seeing it. The half-width is se times a larger number, the quantile of the
largest of all the errors at once, which is simulated from the influences:

    half_j = se_j c,     c the `level` quantile of max_j |sum_g xi_g S_gj|/norm_j,   xi Gaussian,   S_gj what group g adds to the error at point j

What is inside: `band` and `Band`.

Sources: Montiel Olea and Plagborg-Moller (2019) for the simultaneous band; Chernozhukov, Chetverikov and Kato (2013) for Gaussian multipliers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _html as html
from ..._errors import InputError, counted, is_number
from ..._estimate import clusters_of
from ..._rng import as_generator
from ..._set_module import set_module
from ..._weights import Weights, rows_worth
from ..values import read_reward, require_weights

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Band", "band"]

KNOTS = 100
SIDE = 30.0  # effective rows beyond either end of the band
GROUPS = 1000
DRAWS = 1000


@set_module("upweight.ope")
@dataclass(frozen=True, eq=False, repr=False)
class Band:
    """A distribution function under the target and a band that covers all of it at once; a step function between its points.

    Attributes
    ----------
    at : (m,) rewards, ascending. share : (m,) of weight at most `at`. low, high : (m,) the band, in [0, 1].
    level : the probability with which it covers everywhere at once, approximately.

    >>> import upweight as uw
    >>> g = np.random.default_rng(0)
    >>> b = uw.ope.band(g.normal(size=2000), uw.Weights.of(np.exp(0.3 * g.normal(size=2000)), kind="importance"), rng=0)
    >>> b.level, b.plot().get_ylabel()
    (0.95, 'share of weight at most there')
    """

    at: np.ndarray
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    level: float

    def plot(self, ax: Any = None) -> Axes:
        """The distribution function and its band; see `upweight.plots.distribution`."""
        from ...plots import distribution

        return distribution(self, ax=ax)

    def __str__(self) -> str:
        wide = float((self.high - self.low).max()) / 2
        return f"{counted(len(self.at), 'point')} from {self.at[0]:.4g} to {self.at[-1]:.4g}; at {100 * self.level:.0f} % ± {wide:.2g} at most, all at once"

    def __repr__(self) -> str:
        return f"Band({self})"

    def _repr_html_(self) -> str:
        chosen = np.unique(np.linspace(0, len(self.at) - 1, 9).astype(int))
        rows = [[f"{self.at[i]:.4g}", *(f"{x[i]:.3f}" for x in (self.share, self.low, self.high))] for i in chosen]
        return html.block([str(self)], ["reward at most", "share", "low", "high"], rows)


def band(reward: Any, w: Weights, *, level: float = 0.95, cluster: Any = None, rng: Any = None) -> Band:
    """The distribution of rewards under the target, with a band that covers it everywhere at once.

        share(x) = sum W 1{r <= x},   share ± se c

    Parameters
    ----------
    reward : (n,) numbers in any unit. w : Weights of kind importance.
    level : in (0, 1). cluster : (n,) labels of rows that belong together. rng : int, Generator or None, for the simulation.

    Returns
    -------
    Band at up to 100 weighted quantiles, from 30 effective rows at either end; beyond them nothing is claimed.

    Raises
    ------
    InputError : an effective sample size under 75, gaps, a level outside (0, 1). KindError : other kinds of weights.

    Costs: a third wider than intervals at a single point. Source: Chernozhukov, Chetverikov and Kato (2013).

    >>> import upweight as uw
    >>> g = np.random.default_rng(0)
    >>> w = uw.Weights.of(np.exp(0.3 * g.normal(size=2000)), kind="importance")
    >>> b = band(g.normal(size=2000), w, rng=0)
    >>> i = int(np.searchsorted(b.at, 0.0))
    >>> bool(b.low[i] < 0.5 < b.high[i])
    True
    """
    w = require_weights(w, "band")
    if not (is_number(level) and 0 < level < 1):
        raise InputError(f"`level` must lie between 0 and 1; got {level!r}. For 95 % pass level=0.95.")
    generator = as_generator(rng)
    groups = clusters_of(w, cluster)
    r = read_reward(w, reward)
    ess = w.ess if groups.codes is None else min(w.ess, _worth(w, groups.codes, groups.count))
    if ess < 2.5 * SIDE:
        raise InputError(
            f"a band needs an effective sample size of {2.5 * SIDE:.0f}; got {rows_worth(ess)}. Take w.cdf at one point."
        )
    end = SIDE / ess
    at = np.unique(np.asarray(w.quantile(r, np.linspace(end, 1 - end, KNOTS)).value))
    curve = w.cdf(r, at, cluster=cluster)
    factor = _simultaneous(_by_group(w, r, at, curve.value, groups.codes, generator), float(level), generator)
    half = factor * curve.se * curve.inflation
    return Band(
        at, np.asarray(curve.value), np.clip(curve.value - half, 0, 1), np.clip(curve.value + half, 0, 1), float(level)
    )


def _worth(w: Weights, codes: np.ndarray, count: int) -> float:
    totals = np.bincount(codes, np.asarray(w), count)
    return float(totals.sum() ** 2 / np.einsum("i,i", totals, totals))


def _by_group(
    w: Weights, r: np.ndarray, at: np.ndarray, share: np.ndarray, codes: np.ndarray | None, rng: np.random.Generator
) -> np.ndarray:
    """What each of at most 1,000 groups of rows, or of clusters, adds to the error at every point: (groups, m)."""
    units = np.arange(r.size) if codes is None else codes
    count = int(units.max()) + 1
    group = (rng.permutation(count) % min(count, GROUPS))[units]
    groups, points = min(count, GROUPS), at.size
    share_of_row = np.asarray(w) / w.n
    place = np.searchsorted(at, r)  # the first point that the row lies at or below; `points` for none
    sums = np.bincount(group * (points + 1) + place, share_of_row, groups * (points + 1)).reshape(groups, points + 1)
    below = np.cumsum(sums, axis=1)
    return below[:, :-1] - below[:, -1:] * share


def _simultaneous(sums: np.ndarray, level: float, rng: np.random.Generator) -> float:
    """The quantile of the largest standardised error of all points."""
    norm = np.sqrt(np.einsum("gj,gj->j", sums, sums))
    seen = norm > 0
    if not seen.any():
        return 0.0
    errors = rng.normal(size=(DRAWS, len(sums))) @ (sums[:, seen] / norm[seen])
    return float(np.quantile(np.abs(errors).max(axis=1), level))
