"""SMOTE: new rows of the rare class, between rows of it that are there.

The trouble: repeated rows teach a flexible learner the rows and not the region. SMOTE fills the space between a row and a
neighbour of its class instead. What it makes follows no formula any more, so its probabilities need repair by crossfit, and
its gain over moving the threshold must be shown (`compare` does).

    x = a + u (b - a),   a in the class, b uniform among the k nearest rows of the class at distance > 0,   u ~ U(0, 1)

    plain         every row of the class is a base, equally often (+-1)
    borderline1   bases in danger: m/2 <= m' < m of their m nearest rows are of other classes
    borderline2   the same bases; b may also be the nearest row of another class, then u ~ U(0, 1/2)
    adasyn        G r_i / sum r rows from base i, r_i the share of other classes among its k nearest rows

Categorical columns make it SMOTE-NC, nothing but categorical columns SMOTE-N (`_categorical`). If unsure: plain, or nothing.

Sources: Chawla, Bowyer, Hall and Kegelmeyer, JAIR 16 (2002); Han, Wang and Mao, ICIC (2005); He, Bai, Garcia and Li, IJCNN
(2008).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError, counted, did_you_mean, plain
from ..._foreign_keywords import own_keywords
from ..._rng import as_generator
from ..._set_module import set_module
from ...neighbours import donors_of, nearest_by_tables, points
from ...tables import Labels, first_rows
from ._bases import Bases, bases_of
from ._labelled_points import LabelledPoints
from ._resample import Resample
from ._sampler import Sampler, read_inputs, rows_wanted
from ._synthesis import Pairs, draw_pairs, neighbours_apart, stream_of
from ._synthetic_rows import SyntheticRows, joined

__all__ = ["SMOTE"]

KINDS = ("plain", "borderline1", "borderline2", "adasyn")


@set_module("upweight.imbalance")
@own_keywords
class SMOTE(Sampler):
    """Make synthetic rows of the smaller classes until they are as many as asked.

        x = a + u (b - a),   u ~ U(0, 1)

    Parameters
    ----------
    kind : "plain", "borderline1", "borderline2" or "adasyn": which rows are bases, and how often.
    k : neighbours of the class to choose from. m : nearest rows of any class that say whether a base is in danger.
    categorical : "auto" (text, category, bool and two-valued columns), names or positions of columns, a mask, or ().
    to : "balanced" (as many rows as the largest class), a ratio rare/common in (0, 1], or {label: rows in the end}.
    rng : int, Generator or None.

    Raises
    ------
    InputError : fewer than two rows of a class to be filled up; gaps or infinities in X; a `to` out of reach; bad settings.

    Costs: probabilities that no formula repairs (status impossible); rows between clusters where none belong; the variance of
    the class shrinks, as means of two rows vary less than rows. Distances are Euclidean on X as given: scale it first.
    Source: Chawla et al. (2002); Han et al. (2005); He et al. (2008).

    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> r = SMOTE(rng=0).resample(X, [0] * 90 + [1] * 10)
    >>> r, r.take(X).shape
    (Resample(180 rows, 80 synthetic, 0 removed, impossible), (180, 2))
    >>> a, b = r.parents[100]
    >>> bool(np.allclose(r.take(X)[100], X[a] + r.step[100] * (X[b] - X[a])))
    True
    """

    _reads_text = True

    def __init__(
        self,
        *,
        kind: str = "plain",
        k: int = 5,
        m: int = 10,
        categorical: Any = "auto",
        to: Any = "balanced",
        rng: Any = None,
    ):
        self.kind = kind
        self.k = k
        self.m = m
        self.categorical = categorical
        self.to = to
        self.rng = rng

    def resample(self, X: Any, y: Any, *, sample_weight: Any = None, neighbours: Any = None) -> Resample:
        """All rows in order, then the synthetic ones, class by class in order of first appearance.

        X : (n, d) table. y : (n,) labels. sample_weight : (n,) weights or `Weights`; rows of zero weight are as if removed; a
        synthetic row has (1-u) w_a + u w_b, scaled to the mean weight of its class. neighbours : a `Neighbours` of X, or an
        object with `kneighbors`. Returns `Resample`; no formula undoes it.

        Raises InputError as the class does: a class of one row, gaps, columns that cannot be measured, bad weights.
        """
        self._check()
        labels, w, live = read_inputs(X, y, sample_weight)
        rows = np.flatnonzero(live)
        codes = labels.codes[rows]
        counts = np.bincount(codes, minlength=len(labels.classes))
        extra = rows_wanted(labels, counts, self.to, fewer=False) - counts
        _refuse_lone_rows(labels, counts, extra)
        seed = int(as_generator(self.rng).integers(2**63 - 1))
        table = points(X, rows=rows, categorical=self.categorical, who="SMOTE")
        keys = first_rows(codes, len(counts))
        made = []
        for c in np.argsort(keys, kind="stable"):
            if extra[c]:
                labelled = LabelledPoints.about(int(c), table, labels, rows, X=X, neighbours=neighbours)
                made.append(self._fill(labelled, labels, int(extra[c]), stream_of(seed, int(keys[c]))))
        return joined(labels, w, rows, table, made)

    def _check(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"unknown kind {self.kind!r} of SMOTE.{did_you_mean(self.kind, KINDS)}")
        for name, value in (("k", self.k), ("m", self.m)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"`{name}` must be a number of neighbours, 1 or more; got {value!r}.")

    def _check_table(self, X: Any, rows: np.ndarray) -> None:
        points(X, rows=rows, categorical=self.categorical, who="SMOTE")

    def _fill(self, labelled: LabelledPoints, labels: Labels, extra: int, stream: np.random.Generator) -> SyntheticRows:
        """`extra` synthetic rows of the class that the points are about."""
        code, shown = labelled.minority, plain(labels.classes[labelled.minority])
        members, n = labelled.of_class(code), len(labelled.codes)
        k, m = min(self.k, len(members) - 1), min(self.m, n - 1)
        notes = list(labelled.notes)
        if k < self.k:
            notes.append(f"k={k} for class {shown!r}: it has {counted(len(members), 'row')}")
        if m < self.m and self.kind.startswith("border"):
            notes.append(f"m={m}: there are {counted(m + 1, 'row')}")
        bases = bases_of(self.kind, labelled, extra, k=min(self.k, n - 1), m=m, stream=stream)
        if bases.fallback:
            notes.append(f"{bases.fallback}; class {shown!r} is filled as plain SMOTE does")
        if not labelled.table.numbers.shape[1]:
            return _voted(labelled, bases, members, k, notes)
        near = neighbours_apart(labelled.search, bases.rows, members, k)
        other = None
        if self.kind == "borderline2" and not bases.fallback:
            other = labelled.search(bases.rows, np.flatnonzero(labelled.codes != code), 1)[0][:, 0]
        pairs = draw_pairs(bases.rows, bases.times, near, other, stream)
        if pairs.copies:
            copies = f"{counted(pairs.copies, 'row')} of class {shown!r} {'is a copy' if pairs.copies == 1 else 'are copies'}"
            notes.append(f"{copies}: it has no row at a distance > 0")
        donors = donors_of(labelled.table.codes, near, bases.rows) if labelled.table.codes.shape[1] else None
        return SyntheticRows(code, pairs, bases.times, donors, tuple(notes))


def _voted(labelled: LabelledPoints, bases: Bases, members: np.ndarray, k: int, notes: list[str]) -> SyntheticRows:
    """SMOTE-N: every value by vote of the base row and its k nearest of the class."""
    codes, at = labelled.table.codes, np.searchsorted(members, bases.rows)
    tables, kinds = labelled.space.tables, np.asarray(labelled.space.codes)
    near = nearest_by_tables(tuple(np.asarray(t) for t in tables), kinds[members], at, k)
    near = np.where(near >= 0, members[near], -1)
    donors = donors_of(codes, np.concatenate([bases.rows[:, None], near], axis=1), bases.rows)
    again = np.repeat(np.arange(len(bases.rows)), bases.times)
    pairs = Pairs(bases.rows[again], near[again, 0], np.zeros(len(again)))
    return SyntheticRows(labelled.minority, pairs, bases.times, donors, tuple(notes))


def _refuse_lone_rows(labels: Labels, counts: np.ndarray, extra: np.ndarray) -> None:
    lone = np.flatnonzero((extra > 0) & (counts < 2))
    if len(lone):
        raise InputError(
            f"SMOTE needs two rows of class {plain(labels.classes[lone[0]])!r}; got {counts[lone[0]]}. Use weights."
        )
