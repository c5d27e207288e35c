"""From which rows of a class synthetic rows start, and how often each: what tells the kinds of SMOTE apart.

    plain         every row of the class, equally often (+-1)
    borderline    the rows in danger, equally often: m/2 <= m' < m of their m nearest rows are of other classes
    adasyn        row i G r_i / sum r times, r_i the share of other classes among its k nearest rows

The trouble: there may be no row in danger, and no row with another class near. Then every row of the class is a base, as in plain
SMOTE, and the fallback is told.

Sources: Chawla et al. (2002); Han, Wang and Mao (2005); He, Bai, Garcia and Li (2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._labelled_points import LabelledPoints
from ._synthesis import equal_shares, largest_remainder

__all__ = ["Bases", "bases_of"]


@dataclass(frozen=True)
class Bases:
    """rows : (b,) base rows. times : (b,) how often each is used, at least once. fallback : why they are those of plain SMOTE,
    though another kind was asked for; "" if they are not."""

    rows: np.ndarray
    times: np.ndarray
    fallback: str = ""

    @classmethod
    def used(cls, rows: np.ndarray, times: np.ndarray, fallback: str = "") -> Bases:
        """Without the rows that are not used at all."""
        return cls(rows[times > 0], times[times > 0], fallback)


def bases_of(kind: str, points: LabelledPoints, extra: int, *, k: int, m: int, stream: np.random.Generator) -> Bases:
    """`extra` uses of rows of the class that `points` is about."""
    if kind == "adasyn":
        return _by_share(points, extra, k, stream)
    if kind in ("borderline1", "borderline2"):
        return _in_danger(points, extra, m, stream)
    return equally(points.of_class(points.minority), extra, stream)


def equally(rows: np.ndarray, extra: int, stream: np.random.Generator, fallback: str = "") -> Bases:
    """Every one of the rows, equally often."""
    return Bases.used(rows, equal_shares(extra, len(rows), stream), fallback)


def _in_danger(points: LabelledPoints, extra: int, m: int, stream: np.random.Generator) -> Bases:
    """The rows of which most neighbours, and not all, are of other classes."""
    rows = points.of_class(points.minority)
    others = _others_among(points, rows, m)
    danger = rows[(2 * others >= m) & (others < m)]
    return equally(danger, extra, stream) if len(danger) else equally(rows, extra, stream, "no row is in danger")


def _by_share(points: LabelledPoints, extra: int, k: int, stream: np.random.Generator) -> Bases:
    """The more often, the more neighbours are of other classes."""
    rows = points.of_class(points.minority)
    share = _others_among(points, rows, k) / k
    if not share.any():
        return equally(rows, extra, stream, "no row of another class is near")
    return Bases.used(rows, largest_remainder(extra, share))


def _others_among(points: LabelledPoints, rows: np.ndarray, k: int) -> np.ndarray:
    """(q,) how many of the k rows nearest to each are of another class."""
    near, _ = points.search(rows, np.arange(len(points.codes)), k)
    return (points.codes[near] != points.codes[rows][:, None]).sum(axis=1)
