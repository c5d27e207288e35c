"""Rows of groups: slots of a ranking or steps of an episode, in their order.

The trouble: rows of one group may lie anywhere among those of others, and groups differ in length. A table groups x time would hold mostly
nothing. Here rows are sorted by group once, groups in order of first appearance, and everything about time is a sum over rows plus a running sum
over the groups that have ended:

    sum over groups at t  =  sum of rows at t  +  sum of the last values of groups of length <= t

What is inside: `GroupedRows`, the rows in that order; `read_groups`, which reads the labels; `LogMeans` and `log_means`, the mean product and its effective
size at each time, in logs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..._errors import InputError
from ..._frames import labels, same_rows
from ..._weights import Weights

__all__ = ["GroupedRows", "LogMeans", "log_means", "read_groups"]


@dataclass(frozen=True, eq=False)
class GroupedRows:
    """Rows sorted by group, each group's in the order they came."""

    order: np.ndarray | None  # row numbers, or None where rows lie so already
    lengths: np.ndarray  # (m,) rows of each group
    starts: np.ndarray  # (m,) where each begins among the sorted rows

    @property
    def count(self) -> int:
        """Number of groups."""
        return self.lengths.size

    @property
    def longest(self) -> int:
        """Rows of the longest group, T."""
        return int(self.lengths.max())

    @cached_property
    def time(self) -> np.ndarray:
        """Place of each sorted row in its group, from 0."""
        return np.arange(int(self.lengths.sum())) - np.repeat(self.starts, self.lengths)

    @property
    def ends(self) -> np.ndarray:
        """The last row of each group, among the sorted rows."""
        return self.starts + self.lengths - 1

    def sort(self, x: np.ndarray) -> np.ndarray:
        """Values of rows as sorted."""
        return x if self.order is None else x[self.order]

    def unsort(self, x: np.ndarray) -> np.ndarray:
        """Values of sorted rows as they came."""
        if self.order is None:
            return x
        out = np.empty_like(x)
        out[self.order] = x
        return out

    def sums(self, x: np.ndarray) -> np.ndarray:
        """Sums (m,) of values of sorted rows over each group."""
        return np.add.reduceat(x, self.starts)

    def by_time(self, x: np.ndarray) -> np.ndarray:
        """Sums (T,) of values of sorted rows at each time; groups that have ended add nothing."""
        return np.bincount(self.time, x, self.longest)

    def before(self, x: np.ndarray, first: np.ndarray | float) -> np.ndarray:
        """Values of sorted rows one step earlier in their group; `first` at its start."""
        out = np.empty_like(x)
        out[1:] = x[:-1]
        out[self.starts] = first
        return out


def read_groups(w: Weights, group: Any) -> GroupedRows:
    """The groups of a column of labels, one a weight, in order of first appearance."""
    codes, levels, container = labels(group, "group")
    if codes.size != w.n:
        raise InputError(
            f"`group` must have one entry a weight; got {codes.size:,} for {w.n:,} weights. Pass both of the same rows."
        )
    same_rows(w._container, container, ("weights", "group"))
    first = np.full(len(levels), codes.size)
    first[codes[::-1]] = np.arange(codes.size)[::-1]
    place = np.empty(len(levels), dtype=np.intp)
    place[np.argsort(first)] = np.arange(len(levels))
    codes = place[codes]
    lengths = np.bincount(codes, minlength=len(levels))
    order = None if (np.diff(codes) >= 0).all() else np.argsort(codes, kind="stable")
    return GroupedRows(order, lengths, np.cumsum(lengths) - lengths)


class LogMeans(NamedTuple):
    """Mean over all groups at each time (T,), in logs, and its effective number of groups."""

    log: np.ndarray
    ess: np.ndarray


def log_means(groups: GroupedRows, log_w: np.ndarray) -> LogMeans:
    """Of products log_w (n,) of sorted rows; groups that have ended keep their last."""
    time, longest, end = groups.time, groups.longest, log_w[groups.ends]
    found = []
    for power in (1.0, 2.0):
        alive = _log_sums(time, power * log_w, longest)
        ended = np.logaddexp.accumulate(_log_sums(groups.lengths, power * end, longest + 1))[:longest]
        found.append(np.logaddexp(alive, ended))
    with np.errstate(invalid="ignore"):
        ess = np.exp(2 * found[0] - found[1])
    return LogMeans(found[0] - np.log(groups.count), np.where(np.isneginf(found[0]), 0.0, ess))


def _log_sums(key: np.ndarray, l: np.ndarray, size: int) -> np.ndarray:
    """log of the sum of exp(l) at each key 0 ... size - 1; -inf over nothing."""
    peak = np.full(size, -np.inf)
    np.maximum.at(peak, key, l)
    shift = np.where(np.isfinite(peak), peak, 0.0)
    with np.errstate(divide="ignore"):
        return shift + np.log(np.bincount(key, np.exp(l - shift[key]), size))
