"""trajectory: the weight of each whole group, the product of its rows' ratios.

The trouble: an average over steps may look healthy while a handful of episodes carries it. The product over an episode is the weight that
importance sampling of episodes rests on, and the one to look at first: `trajectory(w, group=).check()`.

    W_g = prod_{t in g} rho_t

What is inside: `trajectory`, and `made_of`, weights that were computed from other weights, with their history.

Source: Precup, Sutton and Singh (2000), Eligibility traces for off-policy policy evaluation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..._frames import NUMPY, Container
from ..._weights import Step, Weights
from ..values import require_weights
from ._groups import GroupedRows, read_groups
from ._running import running_logs

__all__ = ["made_of", "of_groups", "trajectory"]


def trajectory(w: Weights, *, group: Any) -> Weights:
    """Importance weights of whole groups: the product of the ratios of their rows, in order of first appearance.

        W_g = prod_{t in g} rho_t

    Parameters
    ----------
    w : Weights (n,), kind importance, the ratio of each row: slots of a ranking, steps of an episode.
    group : (n,) labels; groups may interleave and differ in length.

    Returns
    -------
    Weights (m,), one a group; exact if w is, for products of exact ratios have a mean of one too.

    Raises
    ------
    InputError : no Weights, labels of another length or with gaps. KindError : other kinds.

    Costs: no bias; the variance grows exponentially with the length of a group. Source: Precup, Sutton and Singh (2000).

    >>> import upweight as uw
    >>> w = uw.ratio(target=[0.5, 0.9, 0.9], source=[0.25, 0.6, 0.3])
    >>> uw.ope.trajectory(w, group=["a", "b", "a"]).values.round(4)
    array([6. , 1.5])
    """
    w = require_weights(w, "trajectory")
    return of_groups(w, read_groups(w, group))


def of_groups(w: Weights, groups: GroupedRows) -> Weights:
    """The same, groups known."""
    raw = of_groups(w.raw, groups) if w.tamed else None
    log_w = running_logs(groups.sort(w.log_w), groups.starts, groups.lengths)[groups.ends]
    return made_of(w, log_w, Step("trajectory", {"groups": groups.count}), raw, exact=w.exact)


def made_of(
    w: Weights, log_w: np.ndarray, step: Step, raw: Weights | None, *, exact: bool, box: Container = NUMPY
) -> Weights:
    """Importance weights that were computed from `w`, its trail carried along."""
    log_w.flags.writeable = False
    return replace(w, log_w=log_w, exact=exact, trail=(*w.trail, step), _container=box, _raw=raw)
