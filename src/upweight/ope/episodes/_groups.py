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

ORDINARY = 300.0  # logs whose exponentials, squared and added up, are normal floats


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

    @cached_property
    def alive(self) -> np.ndarray:
        """Groups (T,) that have a row at each time."""
        return self.count - np.cumsum(np.bincount(self.lengths, minlength=self.longest + 1))[:-1]

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
    codes, order = _by_first_row(codes, len(levels)), None
    lengths = np.bincount(codes, minlength=len(levels))
    if not (codes[1:] >= codes[:-1]).all():
        order = np.argsort(codes, kind="stable")
    return GroupedRows(order, lengths, np.cumsum(lengths) - lengths)


def _by_first_row(codes: np.ndarray, count: int) -> np.ndarray:
    """Numbers of groups in order of first appearance."""
    if codes[0] == 0 and (codes[1:] >= codes[:-1]).all():
        return codes
    first = np.full(count, codes.size)
    first[codes[::-1]] = np.arange(codes.size)[::-1]
    place = np.empty(count, dtype=np.intp)
    place[np.argsort(first)] = np.arange(count)
    return place[codes]


class LogMeans(NamedTuple):
    """Mean over all groups at each time (T,), in logs, and its effective number of groups."""

    log: np.ndarray
    ess: np.ndarray


def log_means(groups: GroupedRows, log_w: np.ndarray) -> LogMeans:
    """Of products log_w (n,) of sorted rows; groups that have ended keep their last."""
    alive = _log_sums(groups.time, log_w, groups.longest)
    ended = _log_sums(groups.lengths, log_w[groups.ends], groups.longest + 1)
    one, two = (
        np.logaddexp(a, np.logaddexp.accumulate(e)[: groups.longest]) for a, e in zip(alive, ended, strict=True)
    )
    with np.errstate(invalid="ignore"):
        ess = np.exp(2 * one - two)
    return LogMeans(one - np.log(groups.count), np.where(np.isneginf(one), 0.0, ess))


def _log_sums(key: np.ndarray, l: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """log of the sum of exp(l), and of exp(2 l), at each key 0 ... size - 1; -inf over nothing."""
    shift = np.zeros(size)
    if l.max() > ORDINARY or l.min(where=l > -np.inf, initial=np.inf) < -ORDINARY:
        peak = np.full(size, -np.inf)
        np.maximum.at(peak, key, l)
        shift = np.where(np.isfinite(peak), peak, 0.0)
        l = l - shift[key]
    e = np.exp(l)
    with np.errstate(divide="ignore"):
        one = np.log(np.bincount(key, e, size))
        e *= e
        return shift + one, 2 * shift + np.log(np.bincount(key, e, size))
