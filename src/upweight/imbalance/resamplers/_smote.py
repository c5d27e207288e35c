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

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._errors import InputError, counted, did_you_mean, plain
from ..._foreign_keywords import own_keywords
from ..._rng import as_generator
from ..._set_module import set_module
from ...neighbours import Lists, Neighbours, Points, Space, donors_of, lists_from, nearest_by_tables, points
from ...neighbours import nearest as nearest_rows
from ...tables import Labels, first_rows
from ._labelled_points import measured
from ._resample import Resample, mass_correction
from ._sampler import Sampler, read_inputs, rows_wanted
from ._synthesis import Pairs, draw_pairs, equal_shares, largest_remainder, neighbours_apart, stream_of

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
        """
        self._check()
        labels, w, live = read_inputs(X, y, sample_weight)
        rows = np.flatnonzero(live)
        codes = labels.codes[rows]
        counts = np.bincount(codes, minlength=len(labels.classes))
        extra = rows_wanted(labels, counts, self.to, fewer=False) - counts
        refuse_lone_rows(labels, counts, extra)
        seed = int(as_generator(self.rng).integers(2**63 - 1))
        table = points(X, rows=rows, categorical=self.categorical, who="SMOTE")
        ground = Ground(table, codes, rows, X, neighbours)
        keys = first_rows(codes, len(counts))
        filled = [c for c in np.argsort(keys, kind="stable") if extra[c]]
        made = [self._fill(ground, labels, c, int(extra[c]), stream_of(seed, int(keys[c]))) for c in filled]
        return assembled(labels, w, rows, table, filled, made)

    def _check(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"unknown kind {self.kind!r} of SMOTE.{did_you_mean(self.kind, KINDS)}")
        for name, value in (("k", self.k), ("m", self.m)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"`{name}` must be a number of neighbours, 1 or more; got {value!r}.")

    def _check_table(self, X: Any, rows: np.ndarray) -> None:
        points(X, rows=rows, categorical=self.categorical, who="SMOTE")

    def _fill(self, ground: Ground, labels: Labels, c: int, extra: int, stream: np.random.Generator) -> Made:
        """Synthetic rows of class `c`."""
        shown = plain(labels.classes[c])
        mine = np.flatnonzero(ground.codes == c)
        space, notes = ground.of_class(mine)
        k, m = min(self.k, len(mine) - 1), min(self.m, len(ground.codes) - 1)
        if k < self.k:
            notes.append(f"k={k} for class {shown!r}: it has {counted(len(mine), 'row')}")
        if m < self.m and self.kind.startswith("border"):
            notes.append(f"m={m}: there are {counted(m + 1, 'row')}")
        base, times, why = self._bases(ground, space, mine, extra, min(self.k, len(ground.codes) - 1), m, stream)
        notes += [f"{why}; class {shown!r} is filled as plain SMOTE does"] if why else []
        base, times = base[times > 0], times[times > 0]
        if not ground.points.numbers.shape[1]:
            return voted(ground, space, mine, base, times, k, tuple(notes))
        near = neighbours_apart(space.search, base, mine, k)
        other = (
            space.search(base, np.flatnonzero(ground.codes != c), 1)[0][:, 0]
            if self.kind == "borderline2" and not why
            else None
        )
        pairs = draw_pairs(base, times, near, other, stream)
        if pairs.copies:
            made = f"{counted(pairs.copies, 'row')} of class {shown!r} {'is a copy' if pairs.copies == 1 else 'are copies'}"
            notes.append(f"{made}: it has no row at a distance > 0")
        donors = None
        if ground.points.codes.shape[1]:
            donors = np.repeat(donors_of(ground.points.codes, near, base), times, axis=0)
        return Made(pairs, donors, tuple(notes))

    def _bases(
        self, ground: Ground, space: Measure, mine: np.ndarray, extra: int, k: int, m: int, stream: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, str]:
        """Base rows, how often each is used, and why the kind fell back to plain."""
        if self.kind == "plain":
            return mine, equal_shares(extra, len(mine), stream), ""
        everyone = np.arange(len(ground.codes))
        if self.kind == "adasyn":
            share = others_among(ground, space.search(mine, everyone, k)[0], mine) / k
            if not share.any():
                return mine, equal_shares(extra, len(mine), stream), "no row of another class is near"
            return mine, largest_remainder(extra, share), ""
        others = others_among(ground, space.search(mine, everyone, m)[0], mine)
        danger = mine[(2 * others >= m) & (others < m)]
        if not len(danger):
            return mine, equal_shares(extra, len(mine), stream), "no row is in danger"
        return danger, equal_shares(extra, len(danger), stream), ""


@dataclass(frozen=True)
class Made:
    """Synthetic rows of one class: pairs, donors (m, q) or None, and notes; all rows are positions among the live rows."""

    pairs: Pairs
    donors: np.ndarray | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Measure:
    """A distance between the live rows, and the search in it: by the lists that were passed, or from scratch."""

    space: Space
    lists: Lists | None = None

    def search(self, queries: np.ndarray, pool: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k rows of `pool` nearest to each query, by (distance, row), and their squared distances."""
        if self.lists is None:
            return nearest_rows(self.space, queries, pool, k)
        alive = np.zeros(self.space.n, dtype=bool)
        alive[pool] = True
        return self.lists.of(queries).first(k, alive)


@dataclass(frozen=True)
class Ground:
    """The live `rows` of X as points, their class codes, and the neighbours somebody passed."""

    points: Points
    codes: np.ndarray
    rows: np.ndarray
    X: Any
    given: Any = None

    def of_class(self, mine: np.ndarray) -> tuple[Measure, list[str]]:
        """The distance that counts for a class (Med is the class's own), and a note if the neighbours are not ours."""
        space = measured(self.points, self.codes, mine)
        if isinstance(self.given, Neighbours) and self.given.table.codes.shape[1] != self.points.codes.shape[1]:
            return Measure(space), []  # searched with two-valued columns as numbers: another distance
        lists, notes = lists_from(self.given, self.X, self.points, space, self.rows)
        return Measure(space, lists), list(notes)


def others_among(ground: Ground, near: np.ndarray, mine: np.ndarray) -> np.ndarray:
    """(q,) how many of the listed neighbours are of another class."""
    return (ground.codes[near] != ground.codes[mine][:, None]).sum(axis=1)


def voted(
    ground: Ground,
    measure: Measure,
    mine: np.ndarray,
    base: np.ndarray,
    times: np.ndarray,
    k: int,
    notes: tuple[str, ...],
) -> Made:
    """SMOTE-N: every value by vote of the base row and its k nearest of the class."""
    codes, at = ground.points.codes, np.searchsorted(mine, base)
    tables, kinds = measure.space.tables, np.asarray(measure.space.codes)
    near = nearest_by_tables(tuple(np.asarray(t) for t in tables), kinds[mine], at, k)
    near = np.where(near >= 0, mine[near], -1)
    donors = donors_of(codes, np.concatenate([base[:, None], near], axis=1), base)
    again = np.repeat(np.arange(len(base)), times)
    return Made(Pairs(base[again], near[again, 0], np.zeros(len(again))), donors[again], notes)


def assembled(
    labels: Labels, w: np.ndarray, rows: np.ndarray, table: Points, filled: list[int], made: list[Made]
) -> Resample:
    """Real rows, then synthetic ones, with weights, donors and the correction from weighted masses."""
    empty = np.empty(0, np.int64)
    base = rows[np.concatenate([m.pairs.base for m in made] or [empty])]
    partner = rows[np.concatenate([m.pairs.partner for m in made] or [empty])]
    step = np.concatenate([m.pairs.step for m in made] or [np.empty(0)])
    class_of = np.repeat(np.array(filled, dtype=np.int64), [len(m.pairs.base) for m in made])
    codes = np.concatenate([labels.codes[rows], class_of])
    weights = np.concatenate([w[rows], synthetic_weights(labels, w, rows, base, partner, step, class_of)])
    donors = None
    if table.categorical:
        voted_rows = [rows[m.donors] for m in made if m.donors is not None]
        donors = np.concatenate([np.repeat(rows[:, None], len(table.categorical), axis=1), *voted_rows])
    why = "SMOTE made rows that never were"
    before, after = (labels.codes, w), (codes, weights)
    whole = tuple(f"synthetic values of {name!r} are fractions; it holds whole numbers" for name in table.whole[:1])
    if len(table.whole) > 1:
        whole = (
            f"synthetic values of {len(table.whole)} columns of whole numbers are fractions, first {table.whole[0]!r}",
        )
    return Resample(
        np.concatenate([rows, base]),
        np.concatenate([np.stack([rows, rows], axis=1), np.stack([base, partner], axis=1)]),
        np.concatenate([np.zeros(len(rows)), step]),
        labels.classes[codes],
        weights,
        mass_correction(before, after, len(labels.classes), "impossible", why),
        donors=donors,
        categorical=table.categorical,
        notes=tuple(n for m in made for n in m.notes) + (whole if made else ()),
    )


def synthetic_weights(
    labels: Labels,
    w: np.ndarray,
    rows: np.ndarray,
    base: np.ndarray,
    partner: np.ndarray,
    step: np.ndarray,
    class_of: np.ndarray,
) -> np.ndarray:
    """(1-u) w_a + u w_b, scaled so that the synthetic rows of a class have its mean weight."""
    k = len(labels.classes)
    between = (1 - step) * w[base] + step * w[partner]
    real = np.bincount(labels.codes[rows], w[rows], k) / np.maximum(np.bincount(labels.codes[rows], minlength=k), 1)
    now = np.bincount(class_of, between, k) / np.maximum(np.bincount(class_of, minlength=k), 1)
    return between * (real / np.where(now > 0, now, 1.0))[class_of]


def refuse_lone_rows(labels: Labels, counts: np.ndarray, extra: np.ndarray) -> None:
    lone = np.flatnonzero((extra > 0) & (counts < 2))
    if len(lone):
        raise InputError(
            f"SMOTE needs two rows of class {plain(labels.classes[lone[0]])!r}; got {counts[lone[0]]}. Use weights."
        )
