"""Columns on one scale, by what was observed of them.

    mean_d, sd_d: weighted, over the observed entries of rows of positive weight;   u = (x - mean_d) / sd_d

A column with one value has no scale: its sd is one, it stays out of every density, and is given back as that value. Sums are taken around
the first observed value, so that dates and identifiers far from zero keep their digits.

What is inside: `Standard`, made by `standard_of`; `repeated_note`, what is said of whole numbers that repeat.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._errors import InputError
from ._density import refuse_empty
from ._read_columns import ReadColumns

__all__ = ["Standard", "repeated_note", "standard_of", "warn_constant"]

FEW_VALUES = 20
OFTEN = 0.1
NAMED = 5
FARTHEST = 1e18
TINY = 1e-300
FLAT = 1e-12  # a spread this small beside the mean is rounding
ROUNDING = 1e-9  # one row of a million may be so far from the others at that spread


@dataclass(frozen=True, eq=False)
class Standard:
    """mean (D,), sd (D,) and whether each column varies (D,)."""

    mean: np.ndarray
    sd: np.ndarray
    varies: np.ndarray

    def standardised(self, values: np.ndarray) -> np.ndarray:
        """(n, D) in standard deviations from the mean; zero in columns that do not vary."""
        with np.errstate(over="ignore"):
            return np.where(self.varies, (values - self.mean) / self.sd, 0.0)

    def refuse_far(self, x: np.ndarray, columns: ReadColumns) -> None:
        """Numbers so many standard deviations away that float32 has no square for them."""
        far = np.abs(x) > FARTHEST
        if far.any():
            row, j = (int(i) for i in np.argwhere(far)[0])
            raise InputError(
                f"`X`: {columns.label(j)} is {x[row, j]:.3g} standard deviations from its mean of fit at row {row}. Another unit?"
            )

    def raw(self, x: np.ndarray) -> np.ndarray:
        """(n, D) standardised values in the user's units; columns that do not vary are their one value."""
        return np.where(self.varies, self.mean + self.sd * x, self.mean)

    def warn_of_change(self, values: np.ndarray, columns: ReadColumns) -> None:
        """A column that fit never saw vary has another value."""
        near = np.maximum(ROUNDING * np.abs(self.mean), TINY)
        other = ~self.varies & (np.abs(values - self.mean) > near)
        if other.any():
            row, j = (int(i) for i in np.argwhere(other)[0])
            warnings.warn(
                f"{columns.label(j)} was {_shown(self.mean[j])} in every row of fit, but for rounding, and is kept out of the "
                f"density; now it is {_shown(values[row, j])} at row {row}, which no score can see.",
                UserWarning,
                stacklevel=4,
            )

    def to_dict(self) -> dict[str, Any]:
        return {"mean": self.mean.tolist(), "sd": self.sd.tolist(), "varies": self.varies.tolist()}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> Standard:
        return cls(np.array(d["mean"], float), np.array(d["sd"], float), np.array(d["varies"], bool))


def standard_of(values: np.ndarray, weights: np.ndarray | None, columns: ReadColumns) -> Standard:
    """Weighted means and standard deviations of the observed entries; columns that do not vary are warned of by name."""
    w = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    values, w = values[w > 0], w[w > 0]
    seen = ~np.isnan(values)
    refuse_empty(seen, columns)
    first = values[seen.argmax(0), np.arange(values.shape[1])]
    with np.errstate(over="ignore"):
        apart = np.where(seen, values - first, 0.0)
    _refuse_too_far(apart, columns)
    reach = np.abs(apart).max(0)
    reach[reach < TINY] = 1.0  # squares of what is farther or nearer than floats reach stay floats
    share = w / w.max()
    over = share @ seen
    middle = reach * (share @ (apart / reach) / over)
    sd = reach * np.sqrt(share @ np.where(seen, ((apart - middle) / reach) ** 2, 0.0) / over)
    varies = apart.any(0) & (sd > FLAT * np.abs(first))
    if not varies.all():
        warn_constant(columns, varies, hardly=apart.any(0) & ~varies)
    mean = np.where(varies, first + middle, first)
    return Standard(mean, np.where(varies, sd, 1.0), varies)


def _shown(number: float) -> str:
    """A number in six digits if they are all of it."""
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))


def _refuse_too_far(apart: np.ndarray, columns: ReadColumns) -> None:
    far = ~np.isfinite(apart)
    if far.any():
        row, j = (int(i) for i in np.argwhere(far)[0])
        raise InputError(
            f"`X`: {columns.label(j)} holds numbers too far apart for floats, first at row {row}. Rescale it."
        )


def warn_constant(columns: ReadColumns, varies: np.ndarray, hardly: np.ndarray | None = None) -> None:
    """Warn of the columns that do not vary, by name; `hardly`: which of them do, by no more than counts as rounding."""
    flat = [columns.label(int(j)) for j in np.flatnonzero(~varies)]
    shown = ", ".join(flat[:NAMED]) + (f" and {len(flat) - NAMED:,} more" if len(flat) > NAMED else "")
    one = len(flat) == 1
    beyond = (
        ""
        if hardly is None or not hardly.any()
        else " by more than a trillionth of their size, which counts as rounding"
    )
    warnings.warn(
        f"{shown} {'does' if one else 'do'} not vary{beyond.replace('their', 'its') if one else beyond}: kept out of the density, given back as {'it is' if one else 'they are'}.",
        UserWarning,
        stacklevel=6,
    )


def repeated_note(values: np.ndarray, columns: ReadColumns) -> str:
    """What is said of columns of whole numbers with few values, or with one in a tenth of the rows; empty if there are none."""
    told = [columns.label(j) for j in range(values.shape[1]) if _repeats(values[:, j])]
    if not told:
        return ""
    shown = ", ".join(told[:NAMED]) + (f" and {len(told) - NAMED:,} more" if len(told) > NAMED else "")
    return f"whole numbers that repeat are taken as continuous, and their density is no probability: {shown}"


def _repeats(column: np.ndarray) -> bool:
    known = column[~np.isnan(column)]
    if not len(known) or (known != np.rint(known)).any():
        return False
    distinct, counts = np.unique(known, return_counts=True)
    return len(distinct) > 1 and bool(len(distinct) < FEW_VALUES or counts.max() >= OFTEN * len(known))
