"""Synthetic rows of all classes put behind the real ones: parents, steps, donors, weights, and what that did to the odds.

    weight of a synthetic row   (1-u) w_a + u w_b, scaled so that those of a class have its mean weight

What is inside: `SyntheticRows`, of one class; `joined`, the `Resample`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...neighbours import Points
from ...tables import Labels
from ._donors import Donors
from ._resample import Resample, mass_correction
from ._synthesis import Pairs

__all__ = ["SyntheticRows", "joined"]


@dataclass(frozen=True)
class SyntheticRows:
    """Synthetic rows of class `code`; all rows are positions among the live rows.

    pairs : base, partner and step of each. voted : (b, q) donors of the categories for each of the b bases, or None. times :
    (b,) how many rows each base has, in order. notes : for the reader.
    """

    code: int
    pairs: Pairs
    times: np.ndarray
    voted: np.ndarray | None
    notes: tuple[str, ...]


def joined(labels: Labels, w: np.ndarray, rows: np.ndarray, table: Points, made: list[SyntheticRows]) -> Resample:
    """The live `rows`, then the synthetic ones, class by class, with the correction from weighted masses."""
    empty = [np.empty(0, np.int64)]
    base = rows[np.concatenate([m.pairs.base for m in made] or empty)]
    partner = rows[np.concatenate([m.pairs.partner for m in made] or empty)]
    step = np.concatenate([m.pairs.step for m in made] or [np.empty(0)])
    class_of = np.repeat([m.code for m in made], [len(m.pairs.base) for m in made]).astype(np.int64)
    codes = np.concatenate([labels.codes[rows], class_of])
    pairs = Pairs(base, partner, step)
    weights = np.concatenate([w[rows], _synthetic_weights(labels, w, rows, pairs, class_of)])
    indices = np.concatenate([rows, base])
    parents = np.stack([indices, indices], axis=1)
    parents[len(rows) :, 1] = partner
    why = "SMOTE made rows that never were"
    return Resample(
        indices,
        parents,
        np.concatenate([np.zeros(len(rows)), step]),
        labels.classes[codes],
        weights,
        mass_correction((labels.codes, w), (codes, weights), len(labels.classes), "impossible", why),
        copied=_donors_of_all(indices, rows, table, made) if table.categorical else None,
        categorical=table.categorical,
        notes=tuple(n for m in made for n in m.notes) + (_fractions(table) if made else ()),
    )


def _donors_of_all(indices: np.ndarray, rows: np.ndarray, table: Points, made: list[SyntheticRows]) -> Donors:
    """Real rows are their own donors; synthetic rows follow the vote that was held for their base."""
    votes = [m for m in made if m.voted is not None]
    number = np.int32 if len(rows) and rows[-1] < 2**31 else np.int64
    lines = [rows[m.voted].astype(number) for m in votes]
    voted = np.concatenate(lines) if lines else np.empty((0, len(table.categorical)), number)
    which = np.full(len(indices), -1, dtype=np.int32)
    times = np.concatenate([m.times for m in votes] or [np.empty(0, np.int64)])
    which[len(rows) :] = np.repeat(np.arange(len(times), dtype=np.int32), times)
    return Donors(indices, voted, which)


def _fractions(table: Points) -> tuple[str, ...]:
    """A note where whole numbers become fractions."""
    if len(table.whole) > 1:
        return (
            f"synthetic values of {len(table.whole)} columns of whole numbers are fractions, first {table.whole[0]!r}",
        )
    return tuple(f"synthetic values of {name!r} are fractions; it holds whole numbers" for name in table.whole)


def _synthetic_weights(
    labels: Labels, w: np.ndarray, rows: np.ndarray, pairs: Pairs, class_of: np.ndarray
) -> np.ndarray:
    """(1-u) w_a + u w_b, scaled so that the synthetic rows of a class have its mean weight; pairs in row numbers of X."""
    k = len(labels.classes)
    between = (1 - pairs.step) * w[pairs.base] + pairs.step * w[pairs.partner]
    real = np.bincount(labels.codes[rows], w[rows], k) / np.maximum(np.bincount(labels.codes[rows], minlength=k), 1)
    now = np.bincount(class_of, between, k) / np.maximum(np.bincount(class_of, minlength=k), 1)
    return between * (real / np.where(now > 0, now, 1.0))[class_of]
