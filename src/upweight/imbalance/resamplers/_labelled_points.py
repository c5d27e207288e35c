"""What a method that looks for neighbours sees: the live rows as points, their classes, and a distance that fits one of them.

    rows of zero weight are gone;   minority: fewest rows, ties by first appearance;   majority: every other class
    a mismatch of categories counts Med^2, Med the median standard deviation of the numbers in that class

Cleaning measures everything by the minority's distance. SMOTE fills one class after the other, each by its own.

What is inside: `LabelledPoints`, which searches the lists that somebody brought, or from scratch; `_distance_for`, the distance
that fits a class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...neighbours import (
    Lists,
    Neighbours,
    Points,
    Space,
    kinds_of,
    lists_from,
    nearest,
    points,
    typed,
    typical_spread,
    value_tables,
)
from ...tables import Labels, first_rows

__all__ = ["LabelledPoints"]


@dataclass(frozen=True)
class LabelledPoints:
    """The live rows, numbered 0 .. m-1.

    table : the rows as numbers and levels. rows : (m,) their numbers in X. codes : (m,) classes. counts : (K,) rows of each
    class. minority : code of the class whose distance this is. space : the rows and their distance. lists : neighbours of
    every row, or None. notes : for the reader.
    """

    table: Points
    rows: np.ndarray
    codes: np.ndarray
    counts: np.ndarray
    minority: int
    space: Space
    lists: Lists | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, X: Any, labels: Labels, live: np.ndarray, *, who: str, neighbours: Any = None) -> LabelledPoints:
        """Read the live rows of X as points, by the minority's distance; `who` names the method in messages."""
        rows = np.flatnonzero(live)
        codes = labels.codes[rows]
        categorical = neighbours.categorical if isinstance(neighbours, Neighbours) else "auto"
        table = points(X, rows=rows, categorical=typed(X, categorical), who=who)
        minority = _rarest(codes, np.bincount(codes, minlength=len(labels.classes)))
        return cls.about(minority, table, labels, rows, X=X, neighbours=neighbours)

    @classmethod
    def about(
        cls, code: int, table: Points, labels: Labels, rows: np.ndarray, *, X: Any, neighbours: Any
    ) -> LabelledPoints:
        """Live `rows` of X, read already, by the distance of class `code`; neighbours searched by another one are passed over."""
        codes = labels.codes[rows]
        space = _distance_for(table, codes, np.flatnonzero(codes == code))
        if isinstance(neighbours, Neighbours) and neighbours.table.codes.shape[1] != table.codes.shape[1]:
            neighbours = None  # two-valued columns were numbers in that search
        lists, notes = lists_from(neighbours, X, table, space, rows)
        return cls(table, rows, codes, np.bincount(codes, minlength=len(labels.classes)), code, space, lists, notes)

    @property
    def majority(self) -> list[int]:
        """Codes of the classes that are not the minority."""
        return [int(c) for c in np.flatnonzero(self.counts) if c != self.minority]

    def of_class(self, code: int) -> np.ndarray:
        return np.flatnonzero(self.codes == code)

    def search(self, queries: np.ndarray, pool: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k rows of `pool` nearest to each query, by (distance, row), and their squared distances."""
        if self.lists is None:
            return nearest(self.space, queries, pool, k)
        alive = np.zeros(self.space.n, dtype=bool)
        alive[pool] = True
        return self.lists.of(queries).first(k, alive)


def _distance_for(table: Points, codes: np.ndarray, minority: np.ndarray) -> Space:
    """The distance between points: Euclidean, with Med^2 a mismatch; VDM if there are levels only."""
    if not table.codes.shape[1]:
        return Space.of(table.numbers)
    if table.numbers.shape[1]:
        gap = typical_spread(table.numbers, minority) ** 2
        return Space.of(table.numbers, table.codes, (gap,) * table.codes.shape[1])
    kinds, tables = value_tables(table.codes, codes, table.sizes)
    return Space.of(table.numbers, kinds_of(table.codes, kinds), tables)


def _rarest(codes: np.ndarray, counts: np.ndarray) -> int:
    """The class with the fewest rows; ties go to the one that appears first."""
    there = np.flatnonzero(counts)
    order = np.lexsort((first_rows(codes, len(counts))[there], counts[there]))
    return int(there[order[0]])
