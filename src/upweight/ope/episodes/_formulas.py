"""The value of groups by each formula: one number a group whose mean, or whose ratio, it is.

The trouble: rankings and episodes are judged by a dozen names that are four ideas: which ratios a reward is weighted by (its own, all up to it, all of
its group, a sum of them), whether their mean is promised or divided by, and whether a model takes away what can be known.

    step  sum g^t rho_t r_t        pdis  sum g^t W_t r_t        is  W_T G        pi  (1 - L + sum rho_t) G        G = sum g^t r_t
    wis   sum W_T G / sum W_T      dr    sum g^t [W_t (r_t - q_t) + W_{t-1} v_t]                  each the mean over groups
    cwpdis  sum_t g^t mean(W_t r_t)/mean W_t               wdr  as dr, W_t/mean W_t and W_{t-1}/mean W_{t-1} for W_t and W_{t-1}

t from 0, W_{-1} = 1. After its end a group keeps its last W, with r = q = v = 0, and counts in every mean.

What is inside: `SequenceRows`, what a formula reads; `SequenceFit`, a value with its influences and the weights it rests on; `FORMULAS`.

Sources: Precup, Sutton and Singh (2000) for is, wis, pdis; Jiang and Li (2016) for dr; Thomas and Brunskill (2016) for cwpdis and wdr; Swaminathan et
al. (2017) for pi; Li et al. (2018) and McInerney et al. (2020) for step and pdis of rankings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..._errors import InputError
from ..._estimate import kish
from ._groups import GroupedRows, LogMeans, log_means
from ._running import running_logs

__all__ = ["FORMULAS", "SequenceFit", "SequenceRows"]

LARGEST_LOG = 709.0  # what the exponential of is a float


class SequenceFit(NamedTuple):
    """A value, its influences (m,) of sum zero, one a group, and how many groups its weights are worth."""

    value: float
    psi: np.ndarray
    ess: float


@dataclass(frozen=True, eq=False)
class SequenceRows:
    """Sorted rows: logs of their ratios, rewards, the model's q and v, and the discount of each."""

    groups: GroupedRows
    log_rho: np.ndarray
    r: np.ndarray
    q: np.ndarray | None
    v: np.ndarray | None
    discount: float

    @cached_property
    def powers(self) -> np.ndarray:
        """g^t (T,)."""
        return self.discount ** np.arange(self.groups.longest, dtype=np.float64)

    @cached_property
    def log_w(self) -> np.ndarray:
        """log W_t of each row."""
        return running_logs(self.log_rho, self.groups.starts, self.groups.lengths)

    @cached_property
    def end(self) -> np.ndarray:
        """log W_T of each group."""
        return self.log_w[self.groups.ends]

    @cached_property
    def means(self) -> LogMeans:
        """Mean W at each time."""
        found = log_means(self.groups, self.log_w)
        if np.isneginf(found.log).any():
            t = int(np.isneginf(found.log).argmax())
            raise InputError(
                f"every weight is zero from row {t} of the groups on: the log never follows the target that far. Shorten the groups."
            )
        return found

    def linear(self, log_w: np.ndarray) -> np.ndarray:
        """Weights on their own scale."""
        if log_w.max() > LARGEST_LOG:
            raise InputError(
                f"a product of weights overflows: its log reaches {log_w.max():.6g}. Use 'wis', 'cwpdis' or 'wdr'."
            )
        return np.exp(log_w)

    def discounted(self, x: np.ndarray) -> np.ndarray:
        """sum g^t x_t (m,) of each group."""
        return self.groups.sums(x if self.discount == 1.0 else self.powers[self.groups.time] * x)

    def size(self, ess: np.ndarray) -> float:
        """Mean over time of effective sizes (T,), by g^t and the rows at t."""
        weight = self.powers * self.groups.alive
        return float(weight @ ess / weight.sum())


def _mean(z: np.ndarray, ess: float) -> SequenceFit:
    """The mean of z, less a value of it, so that a constant is exact."""
    mean = float(z[0] + (z - z[0]).mean())
    return SequenceFit(mean, z - mean, ess)


def _step(x: SequenceRows) -> SequenceFit:
    rho = x.linear(x.log_rho)
    one, two = x.groups.by_time(rho), x.groups.by_time(rho * rho)
    worth = np.divide(one * one, two, out=np.zeros_like(one), where=two > 0)
    return _mean(x.discounted(rho * x.r), x.size(worth))


def _pdis(x: SequenceRows) -> SequenceFit:
    return _mean(x.discounted(x.linear(x.log_w) * x.r), x.size(x.means.ess))


def _is(x: SequenceRows) -> SequenceFit:
    w = x.linear(x.end)
    if not w.any():
        raise InputError(
            f"every product of weights underflows: the largest log is {x.end.max():.6g}. Use 'wis', 'cwpdis' or 'wdr'."
        )
    return _mean(w * x.discounted(x.r), kish(w / w.max()))


def _wis(x: SequenceRows) -> SequenceFit:
    w, total = np.exp(x.end - x.end.max()), x.discounted(x.r)
    pivot = total[int(w.argmax())]
    value = pivot + float(w @ (total - pivot)) / w.sum()
    return SequenceFit(float(value), w / w.mean() * (total - value), kish(w))


def _pi(x: SequenceRows) -> SequenceFit:
    u = 1 - x.groups.lengths + x.groups.sums(x.linear(x.log_rho))
    return _mean(u * x.discounted(x.r), kish(u))


def _dr(x: SequenceRows) -> SequenceFit:
    assert x.q is not None
    assert x.v is not None
    w = x.linear(x.log_w)
    return _mean(x.discounted(w * (x.r - x.q) + x.groups.before(w, 1.0) * x.v), x.size(x.means.ess))


def _cwpdis(x: SequenceRows) -> SequenceFit:
    value, psi = _normalised(x, x.log_w, x.means.log, x.r)
    return SequenceFit(value, psi, x.size(x.means.ess))


def _wdr(x: SequenceRows) -> SequenceFit:
    assert x.q is not None
    assert x.v is not None
    far, psi = _normalised(x, x.log_w, x.means.log, x.r - x.q)
    before = np.concatenate([[0.0], x.means.log[:-1]])
    known, more = _normalised(x, x.groups.before(x.log_w, 0.0), before, x.v)
    return SequenceFit(far + known, psi + more, x.size(x.means.ess))


def _normalised(x: SequenceRows, log_w: np.ndarray, log_mean: np.ndarray, f: np.ndarray) -> tuple[float, np.ndarray]:
    """sum_t g^t mu_t, mu_t = mean(W_t f_t)/mean W_t, and its influences sum_t g^t W_t (f_t - mu_t)/mean W_t, ended groups included."""
    groups, n = x.groups, x.groups.count
    share = np.exp(log_w - log_mean[groups.time])
    mu = groups.by_time(share * f) / n
    psi = x.discounted(share * (f - mu[groups.time]))
    rest = _still_counted(x.powers * mu, log_mean)
    short = groups.lengths < groups.longest
    at = groups.lengths[short]
    psi[short] -= np.exp(x.end[short] - log_mean[at]) * rest[at]
    return float(x.powers @ mu), psi


def _still_counted(terms: np.ndarray, log_mean: np.ndarray) -> np.ndarray:
    """sum over s >= t of terms_s exp(log_mean_t - log_mean_s), (T,): what a group that ended at t still counts with."""
    out, ratios = terms.copy(), np.exp(-np.diff(log_mean))
    for t in range(out.size - 2, -1, -1):
        out[t] += ratios[t] * out[t + 1]
    return out


FORMULAS: dict[str, Callable[[SequenceRows], SequenceFit]] = {
    "step": _step,
    "pdis": _pdis,
    "is": _is,
    "wis": _wis,
    "cwpdis": _cwpdis,
    "dr": _dr,
    "wdr": _wdr,
    "pi": _pi,
}
