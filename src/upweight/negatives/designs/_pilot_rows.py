"""The rows that a pilot is fitted and scaled on: those of smallest pilot draw, of each class, from one pass.

    counts     N0, N1, exact
    kept       per class the k rows of smallest u(key, "uw/pilot/v1"); rows tied at the cut all enter
    P, F, W    first positives;  as many first negatives;  the next negatives (all of them if few are left)

The smallest of two parts are the smallest of the smallest of each, so parts merge in any split and order; equal draws are ordered by
label, then by the values in plan order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

__all__ = ["PURPOSE", "PilotRows", "PilotSets"]

compute: Any = pyarrow.compute  # its functions are made at run time, which type checkers do not see
PURPOSE = "uw/pilot/v1"
DRAWN, POSITIVE = "_uw_u", "_uw_y"
FEW = 1000


@dataclass(frozen=True)
class PilotSets:
    """P, F and W as tables of the columns that were asked for, in draw order; `all_negatives` if W holds every one."""

    positives: pa.Table
    negatives: pa.Table
    normaliser: pa.Table
    all_negatives: bool


@dataclass(frozen=True)
class PilotRows:
    """Counts and the rows of smallest draw so far, of each class; `most` (k0, k1), None for no limit; `below`, only draws under it were looked at."""

    counts: tuple[int, int]
    kept: tuple[pa.Table, pa.Table]
    most: tuple[int | None, int | None]
    below: tuple[float, float] = (1.0, 1.0)

    @staticmethod
    def of(
        rows: pa.Table,
        positive: np.ndarray,
        u: np.ndarray,
        *,
        most: tuple[int | None, int | None],
        below: tuple[float, float] = (1.0, 1.0),
    ) -> PilotRows:
        """One part: `rows` with the columns to keep, `positive` (n,) bool, `u` (n,) the pilot draws."""
        kept = []
        for code in (0, 1):
            at = np.flatnonzero((positive == bool(code)) & (u < below[code]))
            at = at[smallest(u[at], most[code])]
            part = rows.take(pa.array(at))
            kept.append(part.append_column(DRAWN, pa.array(u[at])).append_column(POSITIVE, pa.array(positive[at])))
        ones = int(np.count_nonzero(positive))
        return PilotRows((len(u) - ones, ones), (kept[0], kept[1]), most, below)

    def __add__(self, other: PilotRows) -> PilotRows:
        kept = []
        for code in (0, 1):
            both = pa.concat_tables([self.kept[code], other.kept[code]])
            most = self.most[code]
            if most is not None and both.num_rows > 2 * most:
                both = both.take(pa.array(smallest(both.column(DRAWN).to_numpy(), most)))
            kept.append(both)
        counts = (self.counts[0] + other.counts[0], self.counts[1] + other.counts[1])
        return PilotRows(counts, (kept[0], kept[1]), self.most, self.below)

    @property
    def short(self) -> bool:
        """Whether rows above the limit on draws are needed too."""
        for code in (0, 1):
            wanted = self.counts[code] if (most := self.most[code]) is None else min(most, self.counts[code])
            if self.kept[code].num_rows < wanted:
                return True
        return False

    def result(self, *, rows: int, fitted: bool, normaliser: int | None) -> PilotSets:
        """The three sets; `fitted`: whether a pilot is fitted, which takes the first negatives."""
        zeros, ones = (_in_draw_order(_first_of(t, most)) for t, most in zip(self.kept, self.most, strict=True))
        first = min(rows, ones.num_rows, zeros.num_rows) if fitted else 0
        rest = zeros.slice(first, normaliser)
        everything = normaliser is None or zeros.num_rows - first < FEW
        if everything:
            rest = zeros
        return PilotSets(
            ones.slice(0, rows), zeros.slice(0, first), rest, everything and zeros.num_rows == self.counts[0]
        )


def smallest(u: np.ndarray, k: int | None) -> np.ndarray:
    """Numbers of the k smallest entries and of all that equal the last of them, ascending by number."""
    if k is None or len(u) <= k:
        return np.arange(len(u))
    return np.flatnonzero(u <= np.partition(u, k - 1)[k - 1])


def _first_of(table: pa.Table, most: int | None) -> pa.Table:
    """The rows of smallest draw, and all that tie with the last of them."""
    return table.take(pa.array(smallest(table.column(DRAWN).to_numpy(), most)))


def _in_draw_order(table: pa.Table) -> pa.Table:
    """By draw, then label, then the values in the order of the columns."""
    names = [n for n in table.schema.names if n not in (DRAWN, POSITIVE)]
    u = table.column(DRAWN).to_numpy()
    order = np.argsort(u, kind="stable")
    if (np.diff(u[order]) == 0).any():
        keys = [(POSITIVE, "ascending"), *((n, "ascending") for n in names if _sortable(table.schema.field(n).type))]
        order = compute.sort_indices(table, sort_keys=[(DRAWN, "ascending"), *keys])
    return table.take(pa.array(order)).select(names)


def _sortable(kind: Any) -> bool:
    return not (pa.types.is_nested(kind) or pa.types.is_dictionary(kind))
