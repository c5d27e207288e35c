"""What weights of states were estimated from, and how much each group moves a mean that rests on them.

The trouble: kappa_t(s) is a mean over the same groups that are averaged afterwards. An interval that takes it for known leaves out its error, and that a group
with a large weight has raised the weight of every group that it met: too short at 20 steps of an episode that may end, twice too long at 80 that may not.

    V = mean_g sum_t g^t w_gt r_gt,   w_gt = kappa_t(s_gt) rho_gt,   kappa_t(s) = mean of W over the groups in s at t,   W <- W/mean W before each step

Groups get masses, 1/m each, and the influence of a group is the derivative of V with respect to its mass: what it adds itself, W less kappa wherever it
enters a kappa, and W wherever it enters a mean of W, each times what depends on that figure later on. One walk forwards, one backwards.

What is inside: `StateWeights`, the columns and both walks.

Sources: Jaeckel (1972), The infinitesimal jackknife; Xie, Ma and Wang (2019) for the weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..._errors import InputError
from ._groups import GroupedRows

__all__ = ["StateWeights"]


class TimeRows(NamedTuple):
    """The rows of one time: their places, groups and states, numbered from 0; how many groups are met in each state."""

    rows: np.ndarray
    group: np.ndarray
    state: np.ndarray
    met: np.ndarray


class Walk(NamedTuple):
    """What the walk forwards found at one time: the mean of W, W over it of all groups, and kappa of each state."""

    mean: float
    carried: np.ndarray
    kappa: np.ndarray


@dataclass(frozen=True, eq=False)
class StateWeights:
    """Sorted rows of groups with their states and the logs of their ratios."""

    groups: GroupedRows
    states: np.ndarray
    log_rho: np.ndarray
    given: np.ndarray  # log-weights as they were handed out, in the order of the user's rows

    def belongs_to(self, log_w: np.ndarray, groups: GroupedRows) -> bool:
        """Whether these are the weights that were handed out, unchanged, over the same groups."""
        if log_w is not self.given or not np.array_equal(groups.lengths, self.groups.lengths):
            return False
        one, other = groups.order, self.groups.order
        return one is other or (one is not None and other is not None and np.array_equal(one, other))

    def steps(self) -> Iterator[TimeRows]:
        """The rows of each time."""
        by_time = np.argsort(self.groups.time, kind="stable")
        ends = np.cumsum(self.groups.alive)
        row_group = np.repeat(np.arange(self.groups.count), self.groups.lengths)
        for start, end in zip(ends - self.groups.alive, ends, strict=True):
            rows = by_time[start:end]
            _, state = np.unique(self.states[rows], return_inverse=True)
            yield TimeRows(rows, row_group[rows], state, np.bincount(state))

    def log_weights(self) -> np.ndarray:
        """log w of sorted rows."""
        out = np.empty(self.log_rho.size)
        for step, seen in zip(self.steps(), self._forwards(), strict=True):
            with np.errstate(divide="ignore"):
                out[step.rows] = np.log(seen.kappa)[step.state] + self.log_rho[step.rows]
        return out

    def _forwards(self) -> Iterator[Walk]:
        carried = np.ones(self.groups.count)
        for t, step in enumerate(self.steps()):
            mean = float(carried.mean())
            if not mean > 0:
                raise InputError(f"every weight is zero at step {t}: the log never follows the target that far.")
            carried = carried / mean
            kappa = np.bincount(step.state, carried[step.group]) / step.met
            yield Walk(mean, carried, kappa)
            carried = carried.copy()
            carried[step.group] = kappa[step.state] * np.exp(self.log_rho[step.rows])

    def influences(self, r: np.ndarray, discount: float) -> np.ndarray:
        """Derivatives (m,) of V with respect to the masses of the groups, of sum zero; r (n,) rewards of sorted rows."""
        known = list(zip(self.steps(), self._forwards(), strict=True))
        psi, later = (
            np.zeros(self.groups.count),
            np.zeros(self.groups.count),
        )  # later: derivatives with respect to W, times m
        for t in range(len(known) - 1, -1, -1):
            (rows, group, state, met), (mean, carried, kappa) = known[t]
            rho, reward = np.exp(self.log_rho[rows]), discount**t * r[rows]
            psi[group] += kappa[state] * rho * reward
            by_kappa = (np.bincount(state, (reward + later[group]) * rho) / met)[state]
            psi[group] += by_kappa * (carried[group] - kappa[state])
            later[group] = by_kappa
            by_mean = float(later @ carried) / later.size
            psi -= by_mean * carried
            later = (later - by_mean) / mean
        return psi - psi.mean()
