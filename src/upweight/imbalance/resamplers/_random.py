"""Random resampling: throw rows of the common class away, or repeat rows of the rare one.

The trouble: both change the prevalence the learner sees, and with it every probability; nobody gives the odds back. Here
they come with the number that does.

    thinning     keep n'_c of n_c rows at random:  log-odds of class c moved by delta_c, exactly   (undo="offset")
                 or weigh every kept row n_c / n'_c and nothing is moved                           (undo="weights")
    repeating    every row of class c stands floor(n'_c/n_c) or one more times; approximate: learners memorise copies

`RandomUnder` is negative sampling; the offset is the more efficient of its two repairs (smaller standard errors). If unsure
between the two samplers take `RandomUnder`: it is faster, and its repair is exact.

Sources: King and Zeng (2001); Dal Pozzolo et al. (2015); Fithian and Hastie, Annals of Statistics 42 (2014).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import UndoError
from ..._foreign_keywords import own_keywords
from ..._rng import as_generator
from ..._set_module import set_module
from ...tables import Labels, first_rows
from ._resample import Resample, mass_correction
from ._sampler import Sampler, read_inputs, rows_wanted

__all__ = ["RandomOver", "RandomUnder"]


@set_module("upweight.imbalance")
@own_keywords
class RandomUnder(Sampler):
    """Keep every row of the minority and a random part of each other class: faster, with an exact repair.

        delta_c = log(W'_c/W') - log(W_c/W)   with undo="offset";      w = n_c/n'_c   with undo="weights"

    Parameters
    ----------
    to : "balanced" (as many rows as the minority has), a ratio rare/common in (0, 1], or {label: rows to keep}.
    undo : "offset", unit weights and a `Correction` to apply afterwards, or "weights", inclusion weights and none. Never both.
    rng : int, Generator or None.

    Raises
    ------
    InputError : a `to` that asks for more rows than there are; unknown label; bad weights.

    Costs: the variance of the rows thrown away; no bias once the odds are given back. With undo="weights" a weighted fit
    has larger standard errors than with the offset.
    Source: King and Zeng (2001); Dal Pozzolo et al. (2015).

    >>> y = [0] * 90 + [1] * 10
    >>> r = RandomUnder(rng=0).resample(np.zeros((100, 1)), y)
    >>> r, round(r.correction.log_odds, 4)
    (Resample(20 rows, 0 synthetic, 80 removed, exact), 2.1972)
    """

    _reads_text = _reads_gaps = True

    def __init__(self, *, to: Any = "balanced", undo: str = "offset", rng: Any = None):
        self.to = to
        self.undo = undo
        self.rng = rng

    def _check(self) -> None:
        if self.undo not in ("offset", "weights"):
            raise UndoError(f"`undo` must be 'offset' or 'weights', one of them, never both; got {self.undo!r}.")

    def resample(self, X: Any, y: Any, *, sample_weight: Any = None, neighbours: Any = None) -> Resample:
        """Rows to keep, in the order they stand.

        X : the table, n rows, read only for its length. y : (n,) labels. sample_weight : (n,) weights or `Weights`; rows of
        zero weight are as if removed, the others keep theirs. Returns `Resample`; its correction is exact.

        Raises InputError as the class does: one class, bad weights, other indexes, a bad `rng`.
        """
        self._check()
        labels, w, live = read_inputs(X, y, sample_weight)
        counts = np.bincount(labels.codes[live], minlength=len(labels.classes))
        wanted = rows_wanted(labels, counts, self.to, fewer=True)
        keep = np.sort(np.concatenate(_drawn(labels, live, wanted, self.rng)))
        removed = np.setdiff1d(np.flatnonzero(live), keep, assume_unique=True)
        weights = w[keep]
        if self.undo == "weights":
            weights = weights * (counts / np.maximum(wanted, 1))[labels.codes[keep]]
        before, after = (labels.codes, w), (labels.codes[keep], weights)
        correction = mass_correction(before, after, len(counts), "exact", "rows were kept at random, given the class")
        if self.undo == "weights":
            correction = type(correction).none()
        return Resample.of_rows(keep, labels.classes[labels.codes[keep]], weights, correction, removed=removed)


@set_module("upweight.imbalance")
@own_keywords
class RandomOver(Sampler):
    """Repeat rows of the smaller classes at random until they are as many as asked.

        n'_c = floor(n_c q) copies of all, the rest drawn without replacement: rows are used equally often, give or take one

    Parameters
    ----------
    to : "balanced" (as many rows as the largest class), a ratio rare/common in (0, 1], or {label: rows in the end}.
    rng : int, Generator or None.

    Raises
    ------
    InputError : a `to` that asks for fewer rows than there are; unknown label; bad weights.

    Costs: a bigger table for the same fit as class weights. The repair is approximate: a flexible learner memorises copies,
    and a copy in both halves of a later split flatters it.
    Source: the oldest remedy; see Japkowicz and Stephen, Intelligent Data Analysis 6 (2002).

    >>> r = RandomOver(rng=0).resample(np.zeros((100, 1)), [0] * 90 + [1] * 10)
    >>> r, np.bincount(r.y).tolist()
    (Resample(180 rows, 0 synthetic, 0 removed, approximate), [90, 90])
    """

    _reads_text = _reads_gaps = True

    def __init__(self, *, to: Any = "balanced", rng: Any = None):
        self.to = to
        self.rng = rng

    def resample(self, X: Any, y: Any, *, sample_weight: Any = None, neighbours: Any = None) -> Resample:
        """All rows in order, then the copies.

        X : the table, n rows, read only for its length. y : (n,) labels. sample_weight : (n,) weights or `Weights`; rows of
        zero weight are as if removed, copies keep the weight of their row. Returns `Resample`, approximate.

        Raises InputError as the class does: one class, bad weights, other indexes, a bad `rng`.
        """
        labels, w, live = read_inputs(X, y, sample_weight)
        counts = np.bincount(labels.codes[live], minlength=len(labels.classes))
        extra = rows_wanted(labels, counts, self.to, fewer=False) - counts
        copies = np.concatenate(_drawn(labels, live, extra, self.rng))
        rows = np.concatenate([np.flatnonzero(live), copies]).astype(np.int64)
        before, after = (labels.codes, w), (labels.codes[rows], w[rows])
        why = "rows were repeated; a flexible learner memorises copies"
        correction = mass_correction(before, after, len(counts), "approximate", why)
        return Resample.of_rows(rows, labels.classes[labels.codes[rows]], w[rows], correction)


def _drawn(labels: Labels, live: np.ndarray, wanted: np.ndarray, rng: Any) -> list[np.ndarray]:
    """For every class `wanted` of its live rows, used equally often (give or take one), from a stream of its own.

    A stream is keyed by the first row of the class, so that renaming labels changes nothing.
    """
    seed = int(as_generator(rng).integers(2**63 - 1))
    keys = first_rows(labels.codes[live], len(wanted))
    chosen = []
    for code, m in enumerate(wanted):
        rows = np.flatnonzero(live & (labels.codes == code))
        if not len(rows) or m == 0:
            continue
        whole, rest = divmod(int(m), len(rows))
        stream = np.random.default_rng([seed, int(keys[code])])
        some = stream.choice(len(rows), size=rest, replace=False, shuffle=False) if rest else np.empty(0, int)
        chosen.append(np.concatenate([np.tile(rows, whole), np.sort(rows[some])]))
    return chosen or [np.empty(0, np.int64)]
