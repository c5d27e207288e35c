"""What a cleaning method sees: live rows as points, their classes, who is the minority, and lists if somebody has them.

    rows of zero weight are gone;   minority: fewest rows, ties by first appearance;   majority: every other class

`Selecting` is the shell of all methods that only choose rows: settings in, `Resample` out. A method says which rows stay;
the shell does the rest. What selects by the features changes p(x given y), so no formula gives the odds back, and the status of the
correction is "impossible": `Rebalanced` repairs by crossfit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._undo import Correction
from ...neighbours import (
    Lists,
    Neighbours,
    Points,
    Space,
    kinds_of,
    lists_from,
    points,
    typed,
    typical_spread,
    value_tables,
)
from ...tables import Labels, first_rows
from ._resample import Resample, mass_correction
from ._sampler import Sampler, read_inputs

__all__ = ["Scene", "Selecting", "measured"]


@dataclass(frozen=True)
class Scene:
    """The live rows, numbered 0 .. m-1.

    rows : (m,) their numbers in X. codes : (m,) classes. counts : (K,) rows of each class. minority : its code.
    space : the rows and their distance. lists : neighbours of every row, or None. notes : for the reader.
    """

    rows: np.ndarray
    codes: np.ndarray
    counts: np.ndarray
    minority: int
    space: Space
    lists: Lists | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, X: Any, labels: Labels, live: np.ndarray, *, who: str, neighbours: Any = None) -> Scene:
        """Read the live rows of X as points; `who` names the method in messages."""
        rows = np.flatnonzero(live)
        codes = labels.codes[rows]
        counts = np.bincount(codes, minlength=len(labels.classes))
        minority = rarest(codes, counts)
        categorical = neighbours.categorical if isinstance(neighbours, Neighbours) else "auto"
        table = points(X, rows=rows, categorical=typed(X, categorical), who=who)
        space = measured(table, codes, np.flatnonzero(codes == minority))
        lists, notes = lists_from(neighbours, X, table, space, rows)
        return cls(rows, codes, counts, minority, space, lists, notes)

    @property
    def majority(self) -> list[int]:
        """Codes of the classes that are not the minority."""
        return [int(c) for c in np.flatnonzero(self.counts) if c != self.minority]

    def of_class(self, code: int) -> np.ndarray:
        return np.flatnonzero(self.codes == code)


class Selecting(Sampler):
    """A resampler that keeps some of the rows: subclasses say which, in `_stay`."""

    def resample(self, X: Any, y: Any, *, sample_weight: Any = None, neighbours: Any = None) -> Resample:
        """Rows to keep, in the order they stand.

        X : (n, d) table of finite numbers and categories, measured as given: scale it first. y : (n,) labels. sample_weight :
        (n,) weights or `Weights`; rows of zero weight are as if removed, the others keep theirs. neighbours : `Neighbours` of
        X, or an object with `kneighbors`. Returns `Resample`; no formula undoes a selection.
        """
        self._check()
        labels, w, live = read_inputs(X, y, sample_weight)
        scene = Scene.of(X, labels, live, who=type(self).__name__, neighbours=neighbours)
        stays, notes = self._stay(scene, labels)
        return self._chosen(labels, w, scene.rows, stays, (*scene.notes, *notes))

    def _chosen(
        self, labels: Labels, w: np.ndarray, rows: np.ndarray, stays: np.ndarray, notes: tuple[str, ...]
    ) -> Resample:
        """The `Resample` that keeps the live `rows` where `stays`."""
        keep, name, classes = rows[stays], type(self).__name__, len(labels.classes)
        two = len(np.unique(labels.codes[rows])) == 2
        why = f"{name} changed which negatives exist" if two else f"{name} chose rows by where they lie"
        correction = Correction.impossible(why)
        if len(keep):
            correction = mass_correction((labels.codes, w), (labels.codes[keep], w[keep]), classes, "impossible", why)
        y = labels.classes[labels.codes[keep]]
        return Resample.of_rows(keep, y, w[keep], correction, removed=rows[~stays], notes=notes)

    def _check(self) -> None:
        """Refuse settings that mean nothing."""

    def _stay(self, scene: Scene, labels: Labels) -> tuple[np.ndarray, tuple[str, ...]]:
        """(m,) bool, the live rows that stay, and notes."""
        raise TypeError(f"{type(self).__name__} chooses no rows; use one of its subclasses.")


def measured(table: Points, codes: np.ndarray, minority: np.ndarray) -> Space:
    """The distance between points: Euclidean, with Med^2 a mismatch; VDM if there are levels only."""
    if not table.codes.shape[1]:
        return Space.of(table.numbers)
    if table.numbers.shape[1]:
        gap = typical_spread(table.numbers, minority) ** 2
        return Space.of(table.numbers, table.codes, (gap,) * table.codes.shape[1])
    kinds, tables = value_tables(table.codes, codes, table.sizes)
    return Space.of(table.numbers, kinds_of(table.codes, kinds), tables)


def rarest(codes: np.ndarray, counts: np.ndarray) -> int:
    """The class with the fewest rows; ties go to the one that appears first."""
    there = np.flatnonzero(counts)
    order = np.lexsort((first_rows(codes, len(counts))[there], counts[there]))
    return int(there[order[0]])
